"""
The facts of a batch of contacts as they stand now, with a few queries for all of them.

Every fact is read here and nowhere else, for the request and again for the use of a permit.
What cannot be known is left out, and the rulebook refuses.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q

from recoup.gate import counters, texts
from recoup.gate.lost import asked_before, lost_debtors
from recoup.gate.models import (
    Approval,
    Consent,
    OptOut,
    Permit,
    SenderIdentity,
    Stop,
    Template,
)
from recoup.gate.onfile import declared_of
from recoup.gate.reading import (
    agreed_hours,
    collector_of,
    demands_payment,
    one_product,
    opted,
    product_of,
    regions_of,
)
from recoup.gate.subjects import Subjects, subjects, with_same_numbers
from recoup.kernel.clock import local_day
from recoup.kernel.errors import Invalid
from recoup.people.law import law_of
from recoup.people.models import Agency, Book
from recoup.portfolio.models import Case, ContactPoint, Loan
from recoup.rulebook.vocabulary import CONSENTS

OPEN = frozenset({Case.State.OPEN, Case.State.RETAINED})
# What a person is, stands for all of their cases; what was said about one debt, for that one.
PERSONAL = frozenset(
    {Stop.Reason.DECEASED, Stop.Reason.MINOR, Stop.Reason.BANKRUPTCY, Stop.Reason.ATTORNEY}
)
MEDIUM = {
    "sms": "phone", "call": "phone", "robot_call": "phone", "email": "email", "letter": "address",
}  # fmt: skip
SESSION = frozenset({"identity_confirmed", "recording_ready"})
WRITTEN = frozenset({"sms", "email", "letter"})


@dataclass(frozen=True)
class Ask:
    """One contact somebody wants to make; `own` is the permit where one is being used."""

    case: int
    channel: str
    contact_point: int | None
    template: str
    decision: int | None = None
    own: Permit | None = None


@dataclass
class Contact:
    """One contact with its facts, its text and the slots it would use up."""

    ask: Ask
    case: Case
    point: ContactPoint | None
    template: Template | None
    facts: dict[str, object]
    slots: dict[str, str] = field(default_factory=dict)
    text: str = ""
    claims: list[counters.Claim] = field(default_factory=list)
    # Rules that a named person has set aside for this case and channel.
    approved: dict[str, str] = field(default_factory=dict)

    def count(self, rows: Mapping[str, counters.Row], at: datetime) -> None:
        """Enter how much of each cap is used, without what the contact's own permit holds."""
        own = counters.keys_of(self.ask.own.counters) if self.ask.own else set()
        self.facts |= counters.facts_of(self.claims, dict(rows), at=at, own=own, known=self.facts)


def gather(
    asks: Sequence[Ask], *, at: datetime, session: Mapping[str, object] | None = None
) -> list[Contact]:
    """The contacts asked for, with all their facts but the counts."""
    world = _World(asks, at)
    known = {name: value for name, value in (session or {}).items() if name in SESSION}
    return [world.contact(ask, known) for ask in asks]


class _World:
    """What the database says about everybody in a batch."""

    def __init__(self, asks: Sequence[Ask], at: datetime) -> None:
        self.at = at
        self.cases = _cases({ask.case for ask in asks})
        self.points = _points({ask.contact_point for ask in asks if ask.contact_point})
        self.people: Subjects = subjects(case.borrower.person_id for case in self.cases.values())
        self.stops = self._stops()
        self.opt_outs = self._opt_outs()
        self.consents = self._consents()
        self.products = _products(self.cases)
        self.agencies = _agencies()
        self.senders = self._senders()
        self.templates = _templates(asks)
        self.declared = declared_of(self.cases.values(), set(self.points), self.at)
        self.approved = self._approvals()
        self.lost = self._lost()
        self.asked_before = asked_before(
            self.points.values(), but={ask.own.pk for ask in asks if ask.own}
        )
        self.last, self.spent = self._permits(asks)

    def _everybody(self) -> list[int]:
        return sorted({row for rows in self.people.rows.values() for row in rows})

    def _stops(self) -> dict[int, list[Stop]]:
        rows = Stop.objects.filter(lifted_at=None).filter(
            Q(case__in=self.cases)
            | Q(case__borrower__person__in=self._everybody(), reason__in=PERSONAL)
        )
        rows = rows.filter(Q(until=None) | Q(until__gt=self.at)).select_related("case__borrower")
        found: dict[int, list[Stop]] = defaultdict(list)
        for stop in rows:
            found[stop.case.borrower.person_id].append(stop)
        return found

    def _opt_outs(self) -> dict[int, set[str]]:
        rows = OptOut.objects.filter(person__in=self._everybody(), lifted_at=None)
        found: dict[int, set[str]] = defaultdict(set)
        for person, scope in rows.values_list("person_id", "scope"):
            found[person].add(scope)
        return with_same_numbers(found)

    def _consents(self) -> dict[int, dict[str, str]]:
        borrowers = [case.borrower_id for case in self.cases.values()]
        rows = Consent.objects.filter(
            borrower__in=borrowers, withdrawn_at=None, given_at__lte=self.at
        )
        found: dict[int, dict[str, str]] = defaultdict(dict)
        for borrower, purpose, value in rows.order_by("given_at", "pk").values_list(
            "borrower_id", "purpose", "value"
        ):
            found[borrower][purpose] = value
        return found

    def _lost(self) -> dict[int, dict[str, object]]:
        asked = {p.borrower_id for p in self.points.values() if p.party == "contact_person"}
        by_book: dict[Book, set[int]] = defaultdict(set)
        for case in self.cases.values():
            if case.borrower_id in asked:
                by_book[case.book].add(case.borrower_id)
        found: dict[int, dict[str, object]] = {}
        for book, borrowers in by_book.items():
            found |= lost_debtors(borrowers, book=book, at=self.at)
        return found

    def _approvals(self) -> dict[tuple[int, str], dict[str, str]]:
        rows = Approval.objects.filter(
            case__in=self.cases, state=Approval.State.GIVEN, decided_at__lte=self.at,
            until__gt=self.at,
        )  # fmt: skip
        found: dict[tuple[int, str], dict[str, str]] = defaultdict(dict)
        for row in rows:
            found[row.case_id, row.channel] |= dict.fromkeys(row.rules, f"approval:{row.pk}")
        return found

    def _senders(self) -> dict[tuple[int, str], list[SenderIdentity]]:
        found: dict[tuple[int, str], list[SenderIdentity]] = defaultdict(list)
        creditors = {case.book.creditor_id for case in self.cases.values()}
        for row in SenderIdentity.objects.filter(creditor__in=creditors):
            found[row.creditor_id, row.channel].append(row)
        return found

    def _permits(self, asks: Sequence[Ask]) -> tuple[dict[int, datetime], set[int]]:
        own = {ask.own.pk for ask in asks if ask.own}
        decisions = {ask.decision for ask in asks if ask.decision}
        last: dict[int, datetime] = {}
        spent: set[int] = set()
        # Only a permit issued or used after now tells that the clock went back.
        rows = Permit.objects.filter(case__in=self.cases).filter(
            Q(issued_at__gt=self.at) | Q(used_at__gt=self.at)
        )
        for pk, case, issued, used in rows.values_list("pk", "case_id", "issued_at", "used_at"):
            if pk not in own:
                last[case] = max(used or issued, last.get(case, issued))
        held = Permit.objects.filter(decision__in=decisions, state__in=("issued", "used"))
        spent.update(
            decision for pk, decision in held.values_list("pk", "decision_id") if pk not in own
        )
        return last, spent

    # -- One contact -----------------------------------------------------------------------------
    def contact(self, ask: Ask, session: Mapping[str, object]) -> Contact:
        case = self.cases[ask.case]
        point = self.points.get(ask.contact_point) if ask.contact_point else None
        if point and point.borrower_id != case.borrower_id:
            point = None  # somebody else's number: nothing is known about it
        template = self.templates.get((ask.template, ask.channel, case.book.jurisdiction))
        if template is None and not ask.template:
            template = self._default(ask.channel, case)
        if ask.own and ask.own.template_id:
            template = ask.own.template
        made = Contact(ask, case, point, template, {"channel": ask.channel, **session})
        made.approved = self.approved.get((case.pk, ask.channel), {})
        made.facts |= self._about_case(case, ask)
        made.facts |= self._about_point(made)
        made.facts |= self._about_sender(made)
        made.facts |= self.declared.facts(case, point.pk if point else None)
        self._about_text(made)
        self._about_counts(made)
        return made

    def _default(self, channel: str, case: Case) -> Template | None:
        for language in (case.borrower.language, "zh-hans"):
            found = self.templates.get((f"default:{language}", channel, case.book.jurisdiction))
            if found:
                return found
        return None

    def _about_case(self, case: Case, ask: Ask) -> dict[str, object]:
        borrower = case.borrower
        stops = self._stops_of(case)
        ends = [stop.until for stop in stops]
        hours = self.consents[borrower.pk].get("hours", "")
        start, until = agreed_hours(hours)
        return {
            "product": self.products.get(case.pk),
            "lender": case.book.creditor.kind or None,
            "collector": collector_of(agency=case.agency_id, lender=case.book.creditor.kind),
            "regions": regions_of(borrower.region, case.book.jurisdiction),
            "days_past_due": case.days_past_due,
            "consents": sorted(set(CONSENTS).intersection(self.consents[borrower.pk])),
            "placement_open": case.state in OPEN,
            "balance": case.owed,
            "stops": sorted({str(stop.reason) for stop in stops}),
            "stops_until": max(e for e in ends if e) if ends and all(ends) else None,
            "agency_listed": case.agency_id is None
            or (case.agency_id, case.book.creditor_id) in self.agencies,
            "time_zones": borrower.time_zones or None,
            "agreed_from": start,
            "agreed_until": until,
            "attempts_agreed": "attempts" in self.consents[borrower.pk],
            "birth_year": borrower.birth_year,
            "clock_went_back": case.pk in self.last,
            "last_permit_at": self.last.get(case.pk),
            "decision_spent": ask.decision in self.spent,
        }

    def _stops_of(self, case: Case) -> list[Stop]:
        rows = self.people.same(case.borrower.person_id)
        found = [stop for person in rows for stop in self.stops.get(person, ())]
        return [stop for stop in found if stop.case_id == case.pk or stop.reason in PERSONAL]

    def _about_point(self, made: Contact) -> dict[str, object]:
        point, channel = made.point, made.ask.channel
        if point is None:
            return {}
        day = local_day(self.at, made.case.book.time_zone)
        alive = point.state != "invalid" and (point.expires_on is None or point.expires_on >= day)
        scopes = {
            scope
            for person in self.people.same(made.case.borrower.person_id)
            for scope in self.opt_outs.get(person, ())
        }
        lost = self.lost.get(made.case.borrower_id, {}) if point.party == "contact_person" else {}
        return {
            **lost,
            "location_calls": self.asked_before.get(point.pk, 0),
            "party": point.party,
            "party_bound": bool(point.source == "contract" and point.lawful_basis),
            "contact_source": point.source,
            "has_lawful_basis": bool(point.lawful_basis),
            "point_valid": alive and MEDIUM.get(channel) == point.medium,
            "opt_outs": opted(scopes, channel=channel, medium=point.medium, point=point.pk),
            "sealed_to_debtor": channel == "letter" and point.party == "debtor",
        }

    def _about_sender(self, made: Contact) -> dict[str, object]:
        channel = "call" if made.ask.channel == "robot_call" else made.ask.channel
        rows = self.senders.get((made.case.book.creditor_id, channel), [])
        day = local_day(self.at, made.case.book.time_zone)
        valid = any(row.valid_until is None or row.valid_until >= day for row in rows)
        return {"sender_own": bool(rows), "sender_registered": valid}

    def _about_text(self, made: Contact) -> None:
        template, case = made.template, made.case
        purpose = template.purpose if template else "reminder"
        made.facts |= {"purpose": purpose, "demands_payment": demands_payment(purpose)}
        if made.ask.channel not in WRITTEN:
            made.facts["discloses_debt"] = False
            return
        if template is None:
            return
        made.facts["template_state"] = template.state_in(case.book)
        try:
            own = made.ask.own
            body = f"{template.subject}\n{template.text}"
            slots = own.slots if own else texts.slots_for(body, case=case, at=self.at)
            made.slots, filled = dict(slots), texts.fill(body, slots)
            made.text = filled.partition("\n")[2]
            agency = case.agency.name if case.agency else ""
            made.facts |= texts.facts_of(
                body, filled, case.book.jurisdiction, case.book.creditor.name, agency
            )
        except Invalid:
            made.text, made.facts["template_state"] = "", "draft"  # it cannot be filled as it is
        if template.discloses_debt:
            made.facts["discloses_debt"] = True

    def _about_counts(self, made: Contact) -> None:
        case, point = made.case, made.point
        if point is None:
            return
        made.facts.setdefault("contacts_in_window", 0)
        try:
            book = law_of(case.book, self.at)
            made.claims = counters.claims(
                book.counters_for(made.facts, self.at),
                channel=made.ask.channel, creditor=case.book.creditor_id,
                subject=self.people.of[case.borrower.person_id],
                number=point.sealed.index or f"point-{point.pk}", case=case.pk,
                zones=case.borrower.time_zones, at=self.at,
            )  # fmt: skip
        except Invalid:
            made.facts["time_zones"] = None


def _products(cases: Iterable[int]) -> dict[int, str]:
    """One word for each case: of several the first, and cards before all."""
    found: dict[int, set[str]] = defaultdict(set)
    for case, product in Loan.objects.filter(case__in=list(cases)).values_list("case", "product"):
        found[case].add(product_of(product))
    return {case: one_product(kinds) for case, kinds in found.items()}


def _cases(wanted: set[int]) -> dict[int, Case]:
    rows = Case.objects.filter(pk__in=wanted).select_related("borrower", "book__creditor", "agency")
    return {row.pk: row for row in rows}


def _points(wanted: set[int]) -> dict[int, ContactPoint]:
    rows = ContactPoint.objects.filter(pk__in=wanted).select_related("sealed")
    return {row.pk: row for row in rows}


def _agencies() -> set[tuple[int, int]]:
    return set(Agency.creditors.through.objects.values_list("agency_id", "creditor_id"))


def _templates(asks: Sequence[Ask]) -> dict[tuple[str, str, str], Template]:
    """
    The newest approved version of each template asked for, else the newest there is; and under
    `default:<language>` the first approved one of each channel.
    """
    codes = {ask.template for ask in asks if ask.template}
    rows = Template.objects.filter(channel__in={ask.channel for ask in asks})
    if all(ask.template for ask in asks):
        rows = rows.filter(code__in=codes)
    found: dict[tuple[str, str, str], Template] = {}
    for row in rows.order_by("-code", "version"):
        key = (row.code, row.channel, row.jurisdiction)
        approved = row.state == Template.State.APPROVED
        if approved or key not in found or found[key].state != Template.State.APPROVED:
            found[key] = row
        if approved:
            found[f"default:{row.language}", row.channel, row.jurisdiction] = row
    return found
