"""
What is asked about collectors: who can what, who is here on a day, who may never have which case.

`staff` and `conflicts` are for jobs; `led`, `colleagues` and `own_conflicts` take a viewer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from recoup.kernel.actors import Viewer
from recoup.kernel.errors import Refused
from recoup.people import scopes, vault
from recoup.people.models import (
    Absence,
    Conflict,
    Language,
    Licence,
    Sealed,
    Seat,
    Skill,
    Team,
    User,
)
from recoup.people.models.staff import EVERY_DAY, Tier
from recoup.people.sealing import vault_key
from recoup.people.staffing import EMPLOYER

CHUNK = 500


@dataclass(frozen=True)
class Colleague:
    """
    A collector on a day. `skills` gives the tier of each, the team's among them; `languages` and
    `places` are empty where nothing is kept. `back_on` is the first day after an absence that has
    begun, or nothing for who is not away; `works` is whether this weekday is one of theirs.
    """

    user: int
    username: str
    name: str
    team: int
    tier: str = Tier.JUNIOR
    capacity: int | None = None
    weekdays: str = EVERY_DAY
    skills: dict[str, str] = field(default_factory=dict)
    languages: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()
    back_on: date | None = None
    works: bool = True

    @property
    def is_here(self) -> bool:
        """Whether they work on the day."""
        return self.works and self.back_on is None


@dataclass(frozen=True)
class Barred:
    """
    Who may never have whose cases: pairs of a user and a person of the vault, and users by the
    blind index of an employer. Ids and hashes only.
    """

    persons: frozenset[tuple[int, int]] = frozenset()
    employers: dict[str, frozenset[int]] = field(default_factory=dict)


def collectors(*, creditor: int) -> QuerySet[User]:
    """The active collectors in a creditor's own teams."""
    return User.objects.filter(
        role=User.Role.COLLECTOR, is_active=True, creditors=creditor,
        team__creditor=creditor, team__agency=None,
    ).order_by("pk")  # fmt: skip


def staff(*, creditor: int, on: date) -> list[Colleague]:
    """The collectors in a creditor's own teams, as they are on a day; in the order of accounts."""
    return _made(collectors(creditor=creditor), on)


def skilled(*, creditor: int, code: str) -> frozenset[int]:
    """The collectors in a creditor's own teams who have a skill, or whose team has it."""
    rows = collectors(creditor=creditor)
    having = Q(skills__code=code) | Q(team__skills__code=code)
    return frozenset(rows.filter(having).values_list("pk", flat=True))


def empty_teams(*, creditor: int) -> list[Team]:
    """The creditor's own teams in which nobody collects: they take cases as a team."""
    staffed = collectors(creditor=creditor).values("team")
    rows = Team.objects.filter(creditor=creditor, agency=None).exclude(pk__in=staffed)
    return list(rows.order_by("pk"))


def as_colleagues(teams: Iterable[Team], on: date) -> list[Colleague]:
    """Teams that take cases as one: what everybody in them would be able to do."""
    found = {team.pk: team for team in teams}
    skills = _kept(Skill.objects.values_list("user_id", "team_id", "code", "tier"), [], set(found))
    spoken = _kept(Language.objects.values_list("user_id", "team_id", "code"), [], set(found))
    valid = _valid(on).values_list("user_id", "team_id", "place")
    places = _kept(valid, [], set(found))
    return [
        Colleague(
            user=0, username="", name=team.name, team=pk, skills=dict(skills["team", pk]),
            languages=frozenset(code for (code,) in spoken["team", pk]),
            places=frozenset(place for (place,) in places["team", pk]),
        )
        for pk, team in found.items()
    ]  # fmt: skip


def colleagues(*, viewer: Viewer, on: date) -> list[Colleague]:
    """
    The collectors whom a viewer leads, as they are on a day: a leader's team, an administrator's
    every team.

    :raises Refused: if the viewer leads nobody
    """
    return _made(_led(viewer), on)


def led(*, viewer: Viewer, username: str) -> User:
    """
    A collector whom the viewer leads.

    :raises Refused: if there is none of that name; whether another team has one is not said
    """
    found = _led(viewer).filter(username=username).first()
    if found is None:
        raise Refused(
            _("You lead nobody called {name}.").format(name=username), rules=("people.tenant",),
            hint=_("Ask an administrator, or the leader of the team."),
        )  # fmt: skip
    return found


def kept_of(*, viewer: Viewer, username: str) -> dict[str, str]:
    """
    What is kept of a collector alone, without the team's, as it is typed in a list: skills, languages
    and licences, those that ran out too.

    :raises Refused: if the viewer does not lead them
    """
    user = led(viewer=viewer, username=username)
    held = [
        ":".join([row.place, row.number, *([row.valid_until.isoformat()] if row.valid_until else [])])
        for row in user.licences.order_by("place")
    ]  # fmt: skip
    skills = user.skills.order_by("code").values_list("code", "tier")
    return {
        "skills": "; ".join(f"{code}:{tier}" for code, tier in skills),
        "languages": "; ".join(user.languages.order_by("code").values_list("code", flat=True)),
        "licences": "; ".join(held),
    }


@dataclass(frozen=True)
class Abilities:
    """
    What is kept of a collector alone, without the team's: tiers of skills by code, languages, and
    licences as place, number and last day, those that ran out too.
    """

    username: str
    team: str
    skills: dict[str, str]
    languages: tuple[str, ...]
    licences: tuple[tuple[str, str, date | None], ...]


def abilities(*, viewer: Viewer, username: str = "") -> list[Abilities]:
    """
    What the collectors can whom a viewer leads, by name, or one of them.

    :raises Refused: if the viewer leads nobody, or nobody of that name
    """
    users = _led(viewer)
    if username:
        users = users.filter(pk=led(viewer=viewer, username=username).pk)
    keys = list(users.values_list("pk", flat=True))
    skills = _kept(Skill.objects.values_list("user_id", "team_id", "code", "tier"), keys, set())
    spoken = _kept(Language.objects.values_list("user_id", "team_id", "code"), keys, set())
    held = _kept(
        Licence.objects.values_list("user_id", "team_id", "place", "number", "valid_until"),
        keys, set(),
    )  # fmt: skip
    rows = users.order_by("username").values_list("pk", "username", "team__code")
    return [
        Abilities(
            name, team or "", dict(sorted(skills["user", pk])),
            tuple(sorted(code for (code,) in spoken["user", pk])),
            tuple(sorted(held["user", pk], key=lambda one: one[0])),
        )
        for pk, name, team in rows
    ]  # fmt: skip


def absences(*, viewer: Viewer, on: date) -> list[Absence]:
    """The absences that stand on a day or later, of whom the viewer leads; the first first."""
    rows = Absence.objects.filter(user__in=_led(viewer), withdrawn_at=None, until__gt=on)
    return list(rows.select_related("user").order_by("since", "pk"))


def _led(viewer: Viewer) -> QuerySet[User]:
    scopes.demand(viewer, scopes.LEAD)
    rows = User.objects.filter(
        role=User.Role.COLLECTOR, is_active=True, creditors__in=viewer.creditors,
        team__creditor__in=viewer.creditors, team__agency=viewer.agency,
    )  # fmt: skip
    if viewer.team is not None:
        rows = rows.filter(team=viewer.team)
    found = rows.distinct().order_by("pk")
    return found.none() if scopes.belongs_nowhere(viewer) else found


def own_conflicts(*, viewer: Viewer) -> list[Conflict]:
    """What a viewer has declared and not taken back, the newest first; nobody else's."""
    rows = Conflict.objects.filter(user=viewer.user, lifted_at=None)
    return list(rows.order_by("-declared_at", "-pk"))


def has_conflict(
    *, viewer: Viewer, creditor: int, person: int, employers: Callable[[], Iterable[str]]
) -> bool:
    """
    Whether a viewer declared a conflict of interest with a natural person, by their row of a
    creditor or another of theirs, a value of theirs, or one of their `employers` (asked only where it
    matters).
    """
    rows = Conflict.objects.filter(user=viewer.user, creditor=creditor, lifted_at=None)
    mine = list(rows.values_list("person_id", "kind", "index"))
    if not mine:
        return False
    if any(who == person for who, _kind, _index in mine):
        return True
    values = {(kind, index) for who, kind, index in mine if who is None}
    told = [who for who, _kind, _index in mine if who is not None]
    alike = Sealed.objects.filter(person__in=told, kind__in=("identity", "phone"))
    by_kind: dict[int, dict[str, set[tuple[str, str]]]] = defaultdict(lambda: defaultdict(set))
    for who, kind, index in alike.exclude(index="").values_list("person_id", "kind", "index"):
        by_kind[who][kind].add((kind, index))
    for kinds in by_kind.values():  # as `conflicts` joins them: by identity number, else by phone
        values |= kinds["identity"] or kinds["phone"]
    theirs = set(Sealed.objects.filter(person=person).values_list("kind", "index"))
    if values & theirs:
        return True
    where = {index for kind, index in values if kind == EMPLOYER}
    known = employer_index(creditor=creditor, values=employers()) if where else {}
    return bool(where & {*known.values()})


def conflicts(*, creditor: int) -> Barred:
    """Who may never have whose cases, within a creditor: every row of the same natural person."""
    rows = Conflict.objects.filter(creditor=creditor, lifted_at=None)
    by_person: dict[int, set[int]] = defaultdict(set)
    by_index: dict[tuple[str, str], set[int]] = defaultdict(set)
    employers: dict[str, set[int]] = defaultdict(set)
    for user, person, kind, index in rows.values_list("user_id", "person_id", "kind", "index"):
        if person is not None:
            by_person[person].add(user)
        elif kind == EMPLOYER:
            employers[index].add(user)
        else:
            by_index[kind, index].add(user)
    # A person stands in the vault once for each book, joined by identity number, else by phone.
    joined: set[int] = set()
    for kind in ("identity", "phone"):
        for person, index in _in_pieces(by_person.keys() - joined, "person_id", kind=kind):
            by_index[kind, index] |= by_person[person]
            joined.add(person)
    pairs = {(user, person) for person, users in by_person.items() for user in users}
    for kind in {kind for kind, _index in by_index}:
        wanted = {index: users for (of, index), users in by_index.items() if of == kind}
        for person, index in _in_pieces(wanted, "index", kind=kind, creditor=creditor):
            pairs |= {(user, person) for user in wanted[index]}
    return Barred(frozenset(pairs), {index: frozenset(users) for index, users in employers.items()})


def _in_pieces(keys: Iterable[Any], column: str, **where: Any) -> Iterable[tuple[int, str]]:
    wanted = sorted(keys)
    for start in range(0, len(wanted), CHUNK):
        some = {f"{column}__in": wanted[start : start + CHUNK]}
        rows = Sealed.objects.filter(**some, **where).exclude(index="")
        yield from rows.values_list("person_id", "index")


def employer_index(*, creditor: int, values: Iterable[str]) -> dict[str, str]:
    """The blind index of each name of an employer, to compare with `Barred.employers`."""
    key = vault_key("index")
    return {
        value: vault.blind_index(key, creditor=creditor, kind=EMPLOYER, value=value)
        for value in values
    }


def _made(users: QuerySet[User], on: date) -> list[Colleague]:
    rows = list(users.values_list("pk", "username", "name", "team_id"))
    keys = [pk for pk, *_rest in rows]
    teams = {team for *_rest, team in rows if team}
    seats = {row.user_id: row for row in _some(Seat.objects.all(), "user", keys)}
    skills = _kept(Skill.objects.values_list("user_id", "team_id", "code", "tier"), keys, teams)
    spoken = _kept(Language.objects.values_list("user_id", "team_id", "code"), keys, teams)
    places = _kept(_valid(on).values_list("user_id", "team_id", "place"), keys, teams)
    away = _away(keys, on)
    made = []
    for pk, username, name, team in rows:
        seat = seats.get(pk)
        weekdays = seat.weekdays if seat else EVERY_DAY
        able = dict(skills["team", team])
        able |= dict(skills["user", pk])
        made.append(Colleague(
            user=pk, username=username, name=name or username, team=team or 0,
            tier=seat.tier if seat else Tier.JUNIOR, capacity=seat.capacity if seat else None,
            weekdays=weekdays, skills=able,
            languages=frozenset(c for (c,) in spoken["user", pk] + spoken["team", team]),
            places=frozenset(c for (c,) in places["user", pk] + places["team", team]),
            back_on=away.get(pk), works=str(on.isoweekday()) in weekdays,
        ))  # fmt: skip
    return made


def _valid(on: date) -> QuerySet[Licence]:
    return Licence.objects.filter(Q(valid_until=None) | Q(valid_until__gte=on))


def _kept(
    rows: Any, users: list[int], teams: set[int]
) -> dict[tuple[str, int | None], list[tuple[Any, ...]]]:
    """The rows of collectors and teams, by whose they are."""
    found: dict[tuple[str, int | None], list[tuple[Any, ...]]] = defaultdict(list)
    for user, team, *what in [*_some(rows, "user", users), *_some(rows, "team", teams)]:
        found["user" if user else "team", user or team].append(tuple(what))
    return found


def _some(rows: Any, column: str, keys: Iterable[int]) -> Iterable[Any]:
    wanted = sorted(keys)
    for start in range(0, len(wanted), CHUNK):
        yield from rows.filter(**{f"{column}__in": wanted[start : start + CHUNK]})


def _away(users: list[int], on: date) -> dict[int, date]:
    """Who is away on a day, and the first day after: absences that touch are one."""
    rows = Absence.objects.filter(withdrawn_at=None, until__gt=on).order_by("since", "pk")
    back: dict[int, date] = {}
    for user, since, until in _some(rows.values_list("user_id", "since", "until"), "user", users):
        if since <= back.get(user, on):
            back[user] = max(until, back.get(user, on + timedelta(days=1)))
    return back
