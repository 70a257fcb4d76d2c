"""Errors as `application/problem+json` (RFC 9457), with what to do about them."""

from __future__ import annotations

import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from recoup.api.keys import TooMany
from recoup.kernel.errors import Failed, Invalid, RecoupError, Refused
from recoup.repayment.errors import DifferentPayment

TYPE = "application/problem+json"
MOST = 100  # problems listed; a bad file can have millions


def problem(status: int, title: str, *, hint: str = "", **more: Any) -> HttpResponse:
    """One problem."""
    said = {"type": "about:blank", "status": status, "title": title, "hint": hint, **more}
    return HttpResponse(json.dumps(said, ensure_ascii=False), status=status, content_type=TYPE)


def of(error: RecoupError) -> HttpResponse:
    """The problem that an error is."""
    if isinstance(error, TooMany):
        answer = problem(429, error.message, hint=error.hint)
        answer["Retry-After"] = str(error.seconds)
        return answer
    if isinstance(error, Refused):
        status = 401 if any(rule.startswith("api.") for rule in error.rules) else 403
        return problem(status, error.message, hint=error.hint, rules=list(error.rules))
    if isinstance(error, DifferentPayment):
        return problem(409, error.message, hint=error.hint)
    if isinstance(error, Invalid):
        listed = [
            {"where": one.where, "what": one.what, "hint": one.hint}
            for one in error.problems[:MOST]
        ]
        return problem(422, error.message, hint=error.hint, problems=listed)
    status = 503 if isinstance(error, Failed) else 500
    return problem(status, error.message, hint=error.hint)


def install(api: NinjaAPI) -> None:
    """Teach an API to answer so."""

    @api.exception_handler(RecoupError)
    def _anticipated(request: HttpRequest, error: RecoupError) -> HttpResponse:
        return of(error)

    @api.exception_handler(AuthenticationError)
    def _unsigned(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
        return problem(
            401, "The request is not signed.",
            hint="Send X-Recoup-Key, -Time, -Nonce and -Signature; see docs/api.md.",
        )  # fmt: skip

    @api.exception_handler(ValidationError)
    def _misshapen(request: HttpRequest, error: ValidationError) -> HttpResponse:
        listed = [
            {"where": ".".join(str(part) for part in one["loc"]), "what": one["msg"], "hint": ""}
            for one in error.errors[:MOST]
        ]
        return problem(
            422, "The request has not the right shape.", hint="See /api/v1/openapi.json.",
            problems=listed,
        )  # fmt: skip

    @api.exception_handler(HttpError)
    def _http(request: HttpRequest, error: HttpError) -> HttpResponse:
        return problem(error.status_code, str(error), hint="See /api/v1/openapi.json.")

    @api.exception_handler(Http404)
    def _absent(request: HttpRequest, error: Http404) -> HttpResponse:
        return problem(404, "There is no such thing here.", hint="Check the identifier.")
