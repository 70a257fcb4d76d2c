"""Which book a page is about: `?book=code` in the address, else the viewer's first."""

from __future__ import annotations

from django.http import Http404, HttpRequest

from recoup.kernel.actors import OUTSIDER
from recoup.people.models import Book


def known(request: HttpRequest) -> list[Book]:
    """The books of the viewer's creditors, oldest first; read once for a request."""
    if not hasattr(request, "_books"):
        viewer = getattr(request, "viewer", None) or OUTSIDER
        rows = Book.objects.filter(creditor__in=viewer.creditors).select_related("creditor")
        request._books = list(rows.order_by("pk")) if viewer.creditors else []  # type: ignore[attr-defined]
    found: list[Book] = request._books  # type: ignore[attr-defined]
    return found


def chosen(request: HttpRequest) -> Book:
    """
    The book that the address names, else the first. :raises Http404: if there is none to see
    """
    code = request.GET.get("book") or request.POST.get("book")
    for book in known(request):
        if not code or book.code == code:
            return book
    raise Http404("No such book.")


def named(request: HttpRequest) -> Book | None:
    """
    The book that the address names, or `None` for all. :raises Http404: if it is not to be seen
    """
    return chosen(request) if request.GET.get("book") else None
