"""What a person sees when a request cannot be done: what was wrong and what to do."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from recoup.kernel.errors import Failed, Invalid, RecoupError, Refused


class ErrorPagesMiddleware:
    """Turn an anticipated error that no form caught into a page; bugs stay bugs."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """A page for one of the family; nothing for a bug."""
        if not isinstance(error, RecoupError):
            return None
        status = 403 if isinstance(error, Refused) else 422 if isinstance(error, Invalid) else 409
        if isinstance(error, Failed):
            status = 503
        return render(request, "look/refused.html", {"error": error}, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """The request made no sense."""
    return render(request, "400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Not for this person."""
    return render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """There is no such page, or not for this person: the answer is the same on purpose."""
    return render(request, "404.html", status=404)


def broken(request: HttpRequest) -> HttpResponse:
    """A bug. The page asks nothing of the database, which may be what is broken."""
    return render(request, "500.html", status=500)


def expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form was too old, or came from elsewhere."""
    return render(request, "look/expired.html", status=403)
