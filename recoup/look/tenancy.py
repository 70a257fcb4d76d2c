"""Every request sees only the rows of its viewer's creditors; nobody's rows before signing in."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from recoup.kernel.actors import OUTSIDER
from recoup.people import scopes


class TenancyMiddleware:
    """Put `request.viewer` in place and open the scope of its creditors."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        viewer = scopes.viewer_of(user) if user.is_authenticated else OUTSIDER  # type: ignore[arg-type]
        request.viewer = viewer  # type: ignore[attr-defined]
        with scopes.acting_for(viewer):
            return self.get_response(request)
