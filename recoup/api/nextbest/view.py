"""The same answer through Django, where the site is served without the ASGI application's shortcut."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from ninja import Field, Router, Schema

from recoup.api.nextbest.service import LARGEST, Missing, NotHere, service
from recoup.kernel.clock import now


class NextIn(Schema):
    """What is known now: session facts, sums in minor units, declared features by name."""

    facts: dict[str, bool | int | float] = Field(default_factory=dict)


class OptionOut(Schema):
    """A lawful action: its worth before and after prices, the budget that weighs most on it."""

    action: str
    value: float
    after_prices: float
    dearest: str
    room: bool


class NextOut(Schema):
    """The action to take next, or why there is none."""

    case: int
    action: str | None
    why: str
    channel: str | None = None
    template: str | None = None
    contact_point: int | None = None
    window: dict[str, str] = Field(default_factory=dict)
    offer: dict[str, Any] = Field(default_factory=dict)
    decision: int | None = None
    segment: str = ""
    step: str = ""
    rules: list[str] = Field(default_factory=list)
    scores: dict[str, float | None] = Field(default_factory=dict)
    prices_on: str | None = None
    plan: int | None = None
    strategy: int | None = None
    options: list[OptionOut] = Field(default_factory=list)


def router() -> Router:
    """The address; it checks the signature itself, as the shortcut does, with the same nonces."""
    made = Router(tags=["decisions"])

    @made.post("/cases/{case}/next-action", auth=None, response=NextOut, exclude_unset=True)
    def next_action(request: HttpRequest, case: int, given: NextIn) -> Any:
        """
        The next best action of a case now, at the night's prices, all rules applied.

        Advice, and no leave: whoever sends asks for a permit. Nothing is asked of the borrower.
        """
        if not 0 < case <= LARGEST:
            raise Http404
        headers = {name.lower(): value for name, value in request.headers.items()}
        path, body, at = request.get_full_path(), request.body, now()
        try:
            signed, answer = service.quick(case, headers, body, path=path, at=at)
            if isinstance(answer, Missing) and answer.key:
                if not service.load_key(headers.get("x-recoup-key", "")):
                    service.refuse_unknown(headers, body, path=path, at=at)
                signed, answer = service.quick(case, headers, body, path=path, at=at)
            if isinstance(answer, Missing):
                if signed is None:
                    raise Http404
                answer = service.slow(case, signed, body, at=at)
        except NotHere:
            raise Http404 from None
        return answer

    return made
