"""Signing in: accounts are added by an administrator, never by signing up."""

from __future__ import annotations

import math
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


class ClosedAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody signs up by themselves; the language of an account comes with signing in."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """No."""
        return False

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        """Go on, in the language that the person chose."""
        response: HttpResponse = super().post_login(request, user, **kwargs)
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, user.language, samesite="Lax", max_age=31_536_000,
            secure=settings.SESSION_COOKIE_SECURE,
        )  # fmt: skip
        return response


def locked_out(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """The page after too many failed sign-ins: says so, and when to try again."""
    minutes = math.ceil(float(settings.AXES_COOLOFF_TIME) * 60)
    return render(request, "look/locked_out.html", {"minutes": minutes}, status=429)
