"""The days that a board is about: `?from=` and `?to=` in the address, else the last thirty."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.http import HttpRequest

from recoup.kernel.clock import local_day, now
from recoup.kernel.errors import Invalid
from recoup.people.models import Book

USUAL = 30
LONGEST = 732


@dataclass(frozen=True, slots=True)
class Span:
    """From a day to a day, both included."""

    since: date
    until: date


def asked(request: HttpRequest, book: Book, last: date | None) -> Span:
    """
    The days that the address names. :raises Invalid: for what is no day, or too many of them
    """
    until = _day(request, "to") or last or local_day(now(), book.time_zone)
    since = _day(request, "from") or max(until - timedelta(days=USUAL - 1), book.opened_on)
    if since > until:
        since = until
    if (until - since).days >= LONGEST:
        raise Invalid("A board shows at most two years.", hint="Choose a shorter span.")
    return Span(since, until)


def _day(request: HttpRequest, name: str) -> date | None:
    text = request.GET.get(name, "").strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid(f"{text!r} is not a day.", hint="Write it as 2026-11-23.") from None
