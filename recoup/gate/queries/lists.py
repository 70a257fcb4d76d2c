"""Lists and figures for people, within what they may see."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet

from recoup.gate import counters, signature, texts
from recoup.gate.gather import MEDIUM, Ask, gather
from recoup.gate.judging import forbidden
from recoup.gate.models import Consent, OptOut, Permit, Refusal, Stop, Template
from recoup.kernel.actors import Viewer
from recoup.kernel.clock import aware, day_bounds
from recoup.kernel.errors import Refused
from recoup.people.models import Book
from recoup.people.scopes import acting_for, visible
from recoup.portfolio.models import Case, ContactPoint
from recoup.strategy.models import Decision

ORDER = ("-preferred", "-state", "pk")


@dataclass(frozen=True, slots=True)
class Budget:
    """How many contacts of one kind are left for a person, out of how many, and until when."""

    channel: str
    unit: str
    left: int
    most: int
    until: datetime


def remaining(*, viewer: Viewer, case: Case, at: datetime) -> list[Budget]:
    """
    The contacts left for the person of a case, channel by channel.

    :raises Refused: if the viewer may not see the case
    """
    with acting_for(viewer):
        if not visible(Case.objects.filter(pk=case.pk), viewer).exists():
            raise Refused("You may not see this case.", rules=("people.case",))
        points = _first_points(case)
        asks = [
            Ask(case.pk, channel, points[medium], "")
            for channel, medium in MEDIUM.items() if medium in points
        ]  # fmt: skip
        contacts = gather(asks, at=at)
        keys = {k for contact in contacts for claim in contact.claims for k in claim.keys}
        rows = counters.read(keys, lock=False)
        found: dict[tuple[str, str], Budget] = {}
        for contact in contacts:
            for claim in contact.claims:
                _enter(found, contact.ask.channel, claim, rows, at)
        return list(found.values())


def unused(*, book: Book, at: datetime) -> list[Permit]:
    """
    Permits of waiting decisions that were issued and neither used nor run out: a crash came in
    between. One that was issued after `at` waits until the clock has caught up.
    """
    rows = Permit.objects.filter(
        book=book, state=Permit.State.ISSUED, issued_at__lte=at, expires_at__gt=at,
        decision__state=Decision.State.WAITING,
    )  # fmt: skip
    return list(rows.order_by("pk"))


def no_longer(*, permits: Sequence[Permit], at: datetime) -> dict[str, tuple[str, ...]]:
    """
    The used permits whose contact may not be made any more, each with the rules or reasons.

    For contacts that were begun and not made: what was true when the permit was used may not be.
    """
    found = {}
    for row in permits:
        if not signature.is_genuine(row):
            found[row.pk] = ("gate.signature",)
        elif row.state != Permit.State.USED:
            found[row.pk] = (f"gate.{row.state}",)
        elif aware(at) >= row.expires_at:
            found[row.pk] = ("gate.expired",)
    against = forbidden([row for row in permits if row.pk not in found], at=at)
    return found | {
        pk: tuple(fired.id for fired in verdict.fired) for pk, verdict in against.items()
    }


def _first_points(case: Case) -> dict[str, int]:
    rows = ContactPoint.objects.filter(borrower=case.borrower_id).exclude(state="invalid")
    return {row.medium: row.pk for row in reversed(rows.order_by(*ORDER))}


def _enter(
    found: dict[tuple[str, str], Budget], channel: str, claim: counters.Claim,
    rows: dict[str, counters.Row], at: datetime,
) -> None:  # fmt: skip
    if claim.most is None:
        return
    left = max(claim.most - counters.used(claim, rows, at), 0)
    until = claim.ends_at
    if claim.is_rolling:
        until = counters.free_at(claim, rows, at) or at
    before = found.get((channel, claim.unit))
    if before is None or left < before.left:
        found[channel, claim.unit] = Budget(channel, claim.unit, left, claim.most, until)


def refusals(
    *, viewer: Viewer, book: Book | None = None, since: datetime | None = None,
    rule: str | None = None, channel: str | None = None, on: date | None = None,
    books: Sequence[Book] = (),
) -> QuerySet[Refusal]:  # fmt: skip
    """The contacts that were refused, newest first; `on` is a day of each of some `books`' place."""
    rows = visible(Refusal.objects.filter(book__creditor__in=viewer.creditors), viewer,
                   case="case__")  # fmt: skip
    if book is not None:
        rows = rows.filter(book=book)
    if since is not None:
        rows = rows.filter(at__gte=since)
    if on is not None:
        rows = rows.filter(day_of(books, on, "at")) if books else rows.none()
    if channel is not None:
        rows = rows.filter(channel=channel)
    if rule is not None:
        rows = rows.filter(rules__icontains=f'"{rule}"')
    return rows.select_related("case__borrower", "book").order_by("-at", "-pk")


def day_of(books: Sequence[Book], on: date, name: str) -> Q:
    """The condition that an instant is on a day of its book's own place."""
    inside = Q()
    for book in books:
        start, end = day_bounds(on, book.time_zone)
        inside |= Q(book=book, **{f"{name}__gte": start, f"{name}__lt": end})
    return inside


def refusals_by_rule(
    *, viewer: Viewer, most: int = 10_000, **narrowed: Any
) -> list[dict[str, Any]]:  # fmt: skip
    """
    How often each rule stood in the way, most often first, with its words and source; narrowed
    as `refusals`.
    """
    tally: Tally[str] = Tally()
    words: dict[str, dict[str, Any]] = {}
    rows = refusals(viewer=viewer, **narrowed)
    for rules in rows.values_list("rules", flat=True)[:most]:
        for rule in rules:
            tally[rule["id"]] += 1
            words.setdefault(rule["id"], rule)
    return [{**words[name], "count": count} for name, count in tally.most_common()]


def permits(*, viewer: Viewer, case: Case) -> QuerySet[Permit]:
    """The permits of a case, newest first."""
    rows = visible(Permit.objects.filter(case=case), viewer, case="case__")
    return rows.select_related("template").order_by("-issued_at")


def stops(*, viewer: Viewer, case: Case) -> QuerySet[Stop]:
    """What stops contact with a case, lifted ones too, newest first."""
    return visible(Stop.objects.filter(case=case), viewer, case="case__").order_by("-since")


def opt_outs(*, viewer: Viewer, case: Case) -> QuerySet[OptOut]:
    """What the borrower of a case has refused, newest first."""
    rows = OptOut.objects.filter(borrower__case=case)
    return visible(rows, viewer, case="borrower__case__").order_by("-at")


def consents(*, viewer: Viewer, case: Case) -> QuerySet[Consent]:
    """What the borrower of a case has agreed to, newest first."""
    rows = Consent.objects.filter(borrower__case=case)
    return visible(rows, viewer, case="borrower__case__").order_by("-given_at")


def fill(permit: Permit) -> tuple[str, str]:
    """The subject and the text that a permit allows, from its template and slots."""
    if permit.template is None:
        return "", ""
    slots = permit.slots
    subject = texts.fill(permit.template.subject, slots) if permit.template.subject else ""
    return subject, texts.fill(permit.template.text, slots)


def templates(
    *, jurisdiction: str, channel: str | None = None, approved: bool = True
) -> QuerySet[Template]:
    """The texts of a jurisdiction, newest version first; only approved ones unless asked."""
    rows = Template.objects.filter(jurisdiction=jurisdiction)
    if channel is not None:
        rows = rows.filter(channel=channel)
    if approved:
        rows = rows.filter(state=Template.State.APPROVED)
    return rows.order_by("code", "-version")
