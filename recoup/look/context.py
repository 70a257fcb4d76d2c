"""What every page's frame needs."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import Resolver404, resolve

from recoup.kernel.actors import OUTSIDER
from recoup.look import books, navigation


def frame(request: HttpRequest) -> dict[str, Any]:
    """The viewer, the menu, the books, the version."""
    viewer = getattr(request, "viewer", None) or OUTSIDER
    known = books.known(request)
    return {
        "viewer": viewer,
        "release": settings.VERSION,
        "menu": navigation.menu(viewer),
        "here": _here(request),
        "books": known,
        "demo": any(book.is_demo for book in known),
        "languages": settings.LANGUAGES,
    }


def _here(request: HttpRequest) -> str:
    match = request.resolver_match
    if match is None:
        try:
            match = resolve(request.path_info)
        except Resolver404:
            return ""
    return str(match.extra_kwargs.get("under") or match.url_name or "")
