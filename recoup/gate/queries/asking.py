"""Whether a contact might be made: the verdict without a permit, without a trace, reserving nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from recoup.gate import counters
from recoup.gate.gather import MEDIUM, Ask, gather
from recoup.gate.judging import judge
from recoup.gate.queries.law import laid_by
from recoup.gate.reading import snapshot
from recoup.kernel.actors import Viewer
from recoup.kernel.errors import Invalid, Refused
from recoup.people import scopes
from recoup.portfolio.models import Case, ContactPoint
from recoup.rulebook import casebook, engine, layers
from recoup.rulebook.verdict import Fired, Outcome, Verdict
from recoup.rulebook.vocabulary import FACTS

# Facts that say more of a person than the question needs: shown as known, not what they are.
PERSONAL = frozenset({"birth_year"})


@dataclass(frozen=True, slots=True)
class Told:
    """
    The answer to "may I?".

    `facts` are those the rules looked at, with `None` for what is known and not shown; `missing`
    those that a rule lacked. `may_ask` names the rules to set aside if somebody may; it is empty
    where a law stands in the way too, since an approval would change nothing.
    """

    outcome: Outcome
    until: datetime | None
    fired: tuple[Fired, ...]
    exempted: tuple[tuple[str, str], ...]
    must_say: tuple[str, ...]
    record: tuple[str, ...]
    facts: tuple[tuple[str, Any], ...]
    missing: tuple[str, ...]
    may_ask: tuple[str, ...]
    channel: str
    at: datetime
    rulebook: str
    point: str = ""


def points(*, viewer: Viewer, case: Case) -> list[ContactPoint]:
    """The contact points of a case that a contact could go to, the first choice first."""
    _demand_case(viewer, case)
    rows = ContactPoint.objects.filter(borrower=case.borrower_id).exclude(state="invalid")
    return list(rows.order_by("-preferred", "-state", "pk"))


def may_i(
    *, viewer: Viewer, case: Case, channel: str, at: datetime, point: int | None = None,
    session: Mapping[str, object] | None = None,
) -> Told:  # fmt: skip
    """
    Whether a case may be contacted on a channel at an instant, as the gate would say.

    It is not a permit: nothing is reserved or recorded, and the gate judges anew when it is asked.

    :raises Refused: if the viewer may not see the case, or may not ask at all
    :raises Invalid: for a channel that Recoup does not contact by
    """
    _demand(viewer)
    usable = points(viewer=viewer, case=case)
    if channel not in MEDIUM:
        raise Invalid(f"{channel!r} is no channel.", hint=f"Use one of {', '.join(MEDIUM)}.")
    fitting = [row for row in usable if row.medium == MEDIUM[channel]]
    chosen = next((row for row in fitting if point in (None, row.pk)), None)
    with scopes.acting_for(viewer):
        ask = Ask(case.pk, channel, chosen.pk if chosen else None, "")
        contact = gather([ask], at=at, session=session)[0]
        rows = counters.read({key for claim in contact.claims for key in claim.keys}, lock=False)
        contact.count(rows, at)
        verdict = judge([contact], at)[0]
    return _told(verdict, contact.facts, channel, at, point=chosen.masked if chosen else "")


def may_one(
    *, viewer: Viewer, jurisdiction: str, channel: str, at: datetime, facts: Mapping[str, object]
) -> Told:
    """
    Whether somebody like that might be contacted: facts alone, of nobody.

    What is not among `facts` is as in the country's ordinary contact, which nothing stands in the
    way of. :raises Refused: for those who may ask about their cases only
    :raises Invalid: if there are no rules for the country
    """
    scopes.demand(viewer, scopes.SEE_JOURNAL)
    usual = ordinary(viewer=viewer, jurisdiction=jurisdiction, channel=channel)
    whole = usual | dict(facts) | {"channel": channel}
    verdict = engine.load(jurisdiction, at, overlay=laid_by(viewer, jurisdiction)).judge(whole, at)
    return _told(verdict, whole, channel, at, hide=False)


def ordinary(*, viewer: Viewer, jurisdiction: str, channel: str) -> dict[str, object]:
    """The contact of a country that nothing stands in the way of, as its pack's cases have it."""
    scopes.demand(viewer, scopes.SEE_JOURNAL)
    stack = layers.stack(jurisdiction, drafts=True)
    country = next(layer.name for layer in stack if layer.layer == "country")
    base = casebook.base_of(country)
    return dict(base.get(channel) or {**next(iter(base.values())), "channel": channel})


def clock_of(jurisdiction: str) -> str:
    """The time zone by which a country's days are counted."""
    stack = layers.stack(jurisdiction, drafts=True)
    return next((layer.time_zone for layer in stack if layer.time_zone), None) or "UTC"


def _told(
    verdict: Verdict, facts: Mapping[str, object], channel: str, at: datetime, *,
    point: str = "", hide: bool = True,
) -> Told:  # fmt: skip
    known = snapshot(facts)
    shown = tuple(
        (name, None if hide and name in PERSONAL else known[name])
        for name in FACTS if name in known and known[name] not in ([], "")
    )  # fmt: skip
    may = all(one.override for one in verdict.fired)
    return Told(
        outcome=verdict.outcome, until=verdict.until, fired=verdict.fired,
        exempted=verdict.exempted, must_say=verdict.must_say, record=verdict.record,
        facts=shown, missing=tuple(dict.fromkeys(m for one in verdict.fired for m in one.missing)),
        may_ask=tuple(one.id for one in verdict.fired) if may else (),
        channel=channel, at=at, rulebook=verdict.rulebook, point=point,
    )  # fmt: skip


def _demand(viewer: Viewer) -> None:
    if scopes.SEE_JOURNAL not in viewer.may:
        scopes.demand(viewer, scopes.ASK_PERMIT)


def _demand_case(viewer: Viewer, case: Case) -> None:
    scopes.demand(viewer, scopes.SEE_CASES)
    if not scopes.visible(Case.objects.filter(pk=case.pk), viewer).exists():
        raise Refused("You may not see this case.", rules=("people.case",))
