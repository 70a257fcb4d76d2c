"""What changes about collectors: what they can, what they carry, when they are away, conflicts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils.translation import gettext as _

from recoup.journal.operations import record
from recoup.kernel.actors import Actor
from recoup.kernel.clock import aware
from recoup.kernel.errors import Invalid, Problem, Refused
from recoup.kernel.text import tidy
from recoup.people import vault
from recoup.people.events import (
    AbsenceEnded,
    AbsenceRecorded,
    ConflictDeclared,
    ConflictLifted,
    Qualified,
    Seated,
)
from recoup.people.models import (
    Absence,
    Conflict,
    Creditor,
    Language,
    Licence,
    Person,
    Seat,
    Skill,
    Team,
    User,
)
from recoup.people.models.staff import EVERY_DAY, Tier
from recoup.people.registering import COUNTRIES
from recoup.people.scopes import unjoined
from recoup.people.sealing import vault_key

CODE = re.compile(r"[a-z][a-z0-9_-]{0,39}")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8}){0,2}")
MOST_CASES = 1_000_000
LONGEST_AWAY = 732  # days
EMPLOYER = "employer"
CONFLICT_KINDS = ("name", "phone", "email", "identity", EMPLOYER)


@dataclass(frozen=True, slots=True)
class Leave:
    """A licence to be kept: `place` is a country or `COUNTRY-part`; `valid_until` its last day."""

    place: str
    number: str
    valid_until: date | None = None


def qualify(
    *, of: User | Team, by: Actor, at: datetime, skills: Mapping[str, str] | None = None,
    languages: Iterable[str] | None = None, licences: Iterable[Leave] | None = None,
) -> None:  # fmt: skip
    """
    Set what a collector, or everybody in a team, can: skills with their tier, languages, licences.

    What is given takes the place of what was kept; what is left out stays.

    :raises Invalid: with all that is no code, tier, language, place or number
    """
    with record(Qualified, by=by, at=at, creditor=_creditor(of), whose=_called(of)) as event:
        keep_abilities(of=of, skills=skills, languages=languages, licences=licences)
        owner = _owner(of)
        event.note(
            skills=sorted(Skill.objects.filter(**owner).values_list("code", flat=True)),
            languages=sorted(Language.objects.filter(**owner).values_list("code", flat=True)),
            places=sorted(Licence.objects.filter(**owner).values_list("place", flat=True)),
        )
        event.about(of)


def keep_abilities(
    *, of: User | Team, skills: Mapping[str, str] | None = None,
    languages: Iterable[str] | None = None, licences: Iterable[Leave] | None = None,
) -> None:  # fmt: skip
    """
    The same, inside another operation, which writes the event. :raises Invalid: as `qualify`
    """
    spoken = None if languages is None else [language_of(each) for each in languages]
    held = None if licences is None else [_tidied(each) for each in licences]
    problems = _problems(skills or {}, spoken or [], held or [])
    if problems:
        raise Invalid(_("This cannot be kept."), problems=problems)
    owner = _owner(of)
    if skills is not None:
        _replace(Skill, owner, [{"code": code, "tier": skills[code]} for code in sorted(skills)])
    if spoken is not None:
        _replace(Language, owner, [{"code": code} for code in sorted(set(spoken))])
    if held is not None:
        _replace(Licence, owner, [
            {"place": each.place, "number": each.number, "valid_until": each.valid_until}
            for each in held
        ])  # fmt: skip


def language_of(text: str) -> str:
    """
    A language code in the form that is kept.

    >>> language_of("zh_Hans"), language_of(" EN ")
    ('zh-hans', 'en')
    """
    return tidy(text).replace("_", "-").lower()


def place_of(text: str) -> str:
    """
    A place in the form that is kept: the country in capitals, a part of it as it was written.

    >>> place_of("us-ma"), place_of("cn - 浙江")
    ('US-MA', 'CN-浙江')
    """
    country, dash, part = tidy(text).partition("-")
    part = part.strip()
    return country.strip().upper() + dash + (part.upper() if part.isascii() else part)


def _tidied(leave: Leave) -> Leave:
    return Leave(place_of(leave.place), tidy(leave.number), leave.valid_until)


def _problems(
    skills: Mapping[str, str], languages: list[str], licences: list[Leave]
) -> list[Problem]:
    found = []
    for code, tier in skills.items():
        if not CODE.fullmatch(code):
            found.append(Problem("skills", _("{code} is no code of a skill.").format(code=code),
                                 _("Use small letters, digits and hyphens.")))  # fmt: skip
        if tier not in Tier.values:
            found.append(_no_tier("skills", tier))
    for code in languages:
        if not LANGUAGE.fullmatch(code) or len(code) > 10:
            found.append(Problem("languages", _("{code} is no language.").format(code=code),
                                 _("Use a code such as zh, yue or en.")))  # fmt: skip
    for leave in licences:
        if leave.place.partition("-")[0] not in COUNTRIES or len(leave.place) > 64:
            found.append(Problem("licences", _("{place} is no place.").format(place=leave.place),
                                 _("Use a country, or a part of one: US, US-MA.")))  # fmt: skip
        if not leave.number or len(leave.number) > 60:
            found.append(Problem("licences", _("A licence has a number.")))
    places = [leave.place for leave in licences]
    for place in sorted({place for place in places if places.count(place) > 1}):
        found.append(Problem("licences", _("{place} stands twice.").format(place=place)))
    return found


def _replace(model: Any, owner: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    model.objects.filter(**owner).delete()
    model.objects.bulk_create(model(**owner, **row) for row in rows)


def seat(
    *, user: User, by: Actor, at: datetime, tier: str | None = None,
    capacity: int | None = None, equal_share: bool = False, weekdays: str | None = None,
    hours: tuple[time, time] | None = None,
) -> Seat:  # fmt: skip
    """
    Set how a collector works; what is left out stays. `equal_share` takes a capacity away again.

    :raises Invalid: with all that makes no sense
    """
    with record(Seated, by=by, at=at, creditor=_creditor(user), username=user.username) as event:
        row = keep_seat(
            user=user, tier=tier, capacity=capacity, equal_share=equal_share, weekdays=weekdays,
            hours=hours,
        )  # fmt: skip
        shown = row.capacity if row.capacity is not None else "="
        event.note(tier=str(row.tier), capacity=shown, weekdays=row.weekdays)
        return event.about(row)


def keep_seat(
    *, user: User, tier: str | None = None, capacity: int | None = None,
    equal_share: bool = False, weekdays: str | None = None,
    hours: tuple[time, time] | None = None,
) -> Seat:  # fmt: skip
    """The same, inside another operation, which writes the event. :raises Invalid: as `seat`"""
    problems = []
    if tier is not None and tier not in Tier.values:
        problems.append(_no_tier("tier", tier))
    if capacity is not None and not 0 <= capacity <= MOST_CASES:
        problems.append(Problem("capacity", _("{cases} is no number of cases.").format(cases=capacity),
                                _("From 0 to {most}.").format(most=f"{MOST_CASES:,}")))  # fmt: skip
    if weekdays is not None and (
        not weekdays or set(weekdays) - set(EVERY_DAY) or len(set(weekdays)) < len(weekdays)
    ):
        problems.append(Problem("weekdays", _("{days} are no weekdays.").format(days=weekdays),
                                _("Write them as digits; Monday is 1: 12345.")))  # fmt: skip
    if hours is not None and hours[0] >= hours[1]:
        problems.append(Problem("hours", _("The working day ends before it begins."),
                                _("Write it as 09:00-18:00.")))  # fmt: skip
    if problems:
        raise Invalid(_("This cannot be kept."), problems=problems)
    row = Seat.objects.filter(user=user).first() or Seat(user=user)
    row.tier = tier or row.tier
    row.capacity = None if equal_share else row.capacity if capacity is None else capacity
    row.weekdays = "".join(sorted(weekdays)) if weekdays else row.weekdays
    row.starts, row.ends = hours or (row.starts, row.ends)
    row.save()
    return row


def _no_tier(where: str, tier: str) -> Problem:
    return Problem(where, _("{tier} is no tier.").format(tier=tier), _("Use junior or senior."))


def mark_away(
    *, user: User, since: date, until: date, kind: str, by: Actor, at: datetime
) -> Absence:
    """
    Record that a collector is away on the days `[since, until)`. Twice is once.

    :raises Invalid: for days that make no sense, or a kind that is none
    """
    check_absence(since=since, until=until, kind=kind)
    with record(
        AbsenceRecorded, by=by, at=at, creditor=_creditor(user), username=user.username,
        since=since, last=until - timedelta(days=1),
    ) as event:  # fmt: skip
        return event.about(keep_absence(
            user=user, since=since, until=until, kind=kind, by=by, at=at
        ))  # fmt: skip


def check_absence(*, since: date, until: date, kind: str) -> None:
    """Go on only if these can be days of absence. :raises Invalid: if not"""
    if kind not in Absence.Kind.values:
        raise Invalid(_("{kind} is no kind of absence.").format(kind=kind),
                      hint=f"{', '.join(Absence.Kind.values)}.")  # fmt: skip
    if not 0 < (until - since).days <= LONGEST_AWAY:
        raise Invalid(_("An absence has at least one day and at most two years."),
                      hint=_("Give a later last day."))  # fmt: skip


def keep_absence(
    *, user: User, since: date, until: date, kind: str, by: Actor, at: datetime
) -> Absence:
    """
    Keep an absence inside the operation of a later stage, which writes the event. Twice is once.
    """
    same = {"user": user, "since": since, "until": until, "withdrawn_at": None}
    row: Absence = Absence.objects.filter(**same).first() or Absence.objects.create(
        **same, kind=kind, recorded_at=aware(at), recorded_by=str(by)[:80]
    )
    return row


def end_absence(*, absence: Absence, by: Actor, at: datetime) -> bool:
    """Take an absence back; gives whether it stood."""
    with record(
        AbsenceEnded, by=by, at=at, creditor=_creditor(absence.user),
        username=absence.user.username,
    ) as event:  # fmt: skip
        event.about(absence)
        return drop_absence(absence=absence, at=at)


def drop_absence(*, absence: Absence, at: datetime) -> bool:
    """Take an absence back inside the operation of a later stage, which writes the event."""
    rows = Absence.objects.filter(pk=absence.pk, withdrawn_at=None)
    return bool(rows.update(withdrawn_at=aware(at)))


def declare_conflict(
    *, user: User, creditor: Creditor, tie: str, by: Actor, at: datetime,
    person: Person | None = None, kind: str = "", value: str = "",
) -> Conflict:  # fmt: skip
    """
    Record whose cases a collector may never have: a person, or whoever has a `value` of a `kind`
    (name, phone, email, identity, employer), of which only the blind index is kept. Twice is once.

    The event says who declared, not about whom.

    :raises Refused: for a person of another creditor, or a creditor that the collector does not serve
    :raises Invalid: for a tie or kind that is none, or without a person or a value
    """
    if tie not in Conflict.Tie.values:
        raise Invalid(_("{tie} is no tie.").format(tie=tie),
                      hint=f"{', '.join(Conflict.Tie.values)}.")  # fmt: skip
    ours = user.creditors.filter(pk=creditor.pk).exists()
    if not ours or (person is not None and person.creditor_id != creditor.pk):
        raise Refused(_("This belongs to another creditor."), rules=("people.tenant",))
    named: dict[str, Any] = {"person": person, "kind": "", "index": ""}
    if person is None:
        if kind not in CONFLICT_KINDS or not tidy(value):
            raise Invalid(_("Say with whom: a name, a number or an employer."))
        index = vault.blind_index(vault_key("index"), creditor=creditor.pk, kind=kind, value=value)
        named = {"person": None, "kind": kind, "index": index}
    with record(ConflictDeclared, by=by, at=at, creditor=creditor, username=user.username) as event:
        same = {"user": user, "creditor": creditor, "lifted_at": None, **named}
        row, _made = unjoined(Conflict).get_or_create(
            **same, defaults={"tie": tie, "declared_at": aware(at)}
        )
        return event.about(row)


def lift_conflict(*, conflict: Conflict, by: Actor, at: datetime) -> bool:
    """Take a conflict back; gives whether it stood."""
    with record(
        ConflictLifted, by=by, at=at, creditor=conflict.creditor_id,
        username=conflict.user.username,
    ) as event:  # fmt: skip
        event.about(conflict)
        rows = unjoined(Conflict).filter(pk=conflict.pk, lifted_at=None)
        return bool(rows.update(lifted_at=aware(at)))


def _creditor(of: User | Team) -> int | None:
    if isinstance(of, Team):
        return of.creditor_id
    if of.team is not None:
        return of.team.creditor_id
    first = of.creditors.order_by("pk").values_list("pk", flat=True).first()
    return int(first) if first is not None else None


def _owner(of: User | Team) -> dict[str, Any]:
    return {"user": of} if isinstance(of, User) else {"team": of}


def _called(of: User | Team) -> str:
    return of.username if isinstance(of, User) else of.code
