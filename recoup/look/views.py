"""Where a person begins, the account page, help, and the language."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from recoup.kernel.actors import Viewer
from recoup.look import navigation
from recoup.people.models import User


def viewer_of(request: HttpRequest) -> Viewer:
    """The viewer that the tenancy middleware put in place."""
    viewer: Viewer = request.viewer  # type: ignore[attr-defined]
    return viewer


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Go to where the role begins; say so if nothing opens."""
    name = navigation.home_of(viewer_of(request))
    return redirect(name) if name else render(request, "look/nothing.html")


@require_GET
def help_page(request: HttpRequest) -> HttpResponse:
    """How the pages work: words, keys, whom to ask."""
    return render(request, "look/help.html")


@require_GET
def account(request: HttpRequest) -> HttpResponse:
    """The person's own account: password, second factor, language."""
    kinds = Authenticator.objects.filter(user=request.user).values_list("type", flat=True)
    return render(request, "look/account.html", {"factors": set(kinds)})


@login_not_required
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Remember the chosen language with the browser and, if signed in, with the account."""
    wanted = request.POST.get("language", "")
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure()):
        back = "/"
    response = HttpResponseRedirect(back)
    if wanted in dict(settings.LANGUAGES):
        if request.user.is_authenticated:
            User.objects.filter(pk=request.user.pk).update(language=wanted)
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, wanted, samesite="Lax", max_age=31_536_000,
            secure=settings.SESSION_COOKIE_SECURE,
        )  # fmt: skip
    return response


@login_not_required
def ask_administrator(request: HttpRequest) -> HttpResponse:
    """
    Passwords are set by an administrator: accounts have no e-mail, so nothing can be sent there.
    """
    messages.info(request, _("Forgotten the password? Ask your administrator for a new one."))
    return redirect("account" if request.user.is_authenticated else "account_login")
