"""What every page's frame needs."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def frame(request: HttpRequest) -> dict[str, Any]:
    """The viewer, the version."""
    return {"viewer": getattr(request, "viewer", None), "version": settings.VERSION}
