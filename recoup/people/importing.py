"""
What people can, from a list: a CSV file with a line for each collector.

    username,tier,capacity,weekdays,hours,skills,languages,licences
    lina,senior,120,12345,09:00-18:00,late:senior;card,zh;yue,US-MA:A-17:2027-01-31

What a line leaves empty stays as it is. Good lines are taken, bad ones refused, each with its line
number and all that is wrong with it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from recoup.journal.operations import record
from recoup.kernel.actors import Actor
from recoup.kernel.errors import Invalid, Problem
from recoup.kernel.text import tidy
from recoup.people import staff
from recoup.people.events import StaffImported
from recoup.people.models import Creditor, User
from recoup.people.models.staff import Tier
from recoup.people.staffing import Leave, keep_abilities, keep_seat

COLUMNS = ("username", "tier", "capacity", "weekdays", "hours", "skills", "languages", "licences")
LONGEST = 1_000_000  # characters
MOST_LINES = 20_000


@dataclass
class Imported:
    """How many lines were taken, and what is wrong with the others; a problem stands by its line."""

    taken: int = 0
    refused: int = 0
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class Line:
    """A line as it is meant."""

    user: User
    seat: dict[str, Any]
    abilities: dict[str, Any]


def import_staff(*, creditor: Creditor, text: str, by: Actor, at: datetime) -> Imported:
    """
    Take what a list says about a creditor's collectors; all good lines in one transaction.

    :raises Invalid: if it is no such list: no header, unknown columns, too long
    """
    lines, found = _lines(text), Imported()
    known = {user.username: user for user in staff.collectors(creditor=creditor.pk)}
    seen: set[str] = set()
    with record(StaffImported, by=by, at=at, creditor=creditor) as event:
        for number, cells in lines:
            problems: list[str] = []
            line = _line(cells, known, seen, problems)
            if line is not None and not problems:
                _keep(line, problems)
            if problems:
                where = _("line {number}").format(number=number)
                found.problems += [Problem(where, what) for what in problems]
                found.refused += 1
            else:
                found.taken += 1
        event.note(people=found.taken, refused=found.refused)
        event.about(creditor)
    return found


def _lines(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    if len(text) > LONGEST:
        raise Invalid(_("The list is too long."), hint=_("Split it."))
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    heads = [tidy(head).lower() for head in reader.fieldnames or ()]
    unknown = sorted(set(heads) - set(COLUMNS))
    if "username" not in heads or unknown or len(set(heads)) < len(heads):
        raise Invalid(
            _("This is no list of people: {heads}.").format(heads=", ".join(unknown or heads) or "-"),
            hint=_("Its first line names columns of: {columns}.").format(columns=", ".join(COLUMNS)),
        )  # fmt: skip
    reader.fieldnames = heads
    return _read(reader)


def _read(reader: csv.DictReader[str]) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        for count, row in enumerate(reader):
            if count >= MOST_LINES:
                raise Invalid(_("The list is too long."), hint=_("Split it."))
            cells = {key: tidy(value or "") for key, value in row.items() if key in COLUMNS}
            if None in row:
                cells["more"] = "x"
            yield reader.line_num, cells
    except csv.Error as broken:
        raise Invalid(
            _("Line {number} cannot be read: {why}.").format(number=reader.line_num, why=broken)
        ) from None


def _line(
    cells: dict[str, str], known: dict[str, User], seen: set[str], problems: list[str]
) -> Line | None:
    name = cells.get("username", "")
    if "more" in cells:
        problems.append(_("There are more cells than columns."))
    if name not in known:
        problems.append(_("There is no collector {name} in a team of this creditor.").format(name=name or "-"))  # fmt: skip
        return None
    if name in seen:
        problems.append(_("{name} stands twice.").format(name=name))
    seen.add(name)
    seat: dict[str, Any] = {}
    abilities: dict[str, Any] = {}
    if tier := cells.get("tier"):
        seat["tier"] = tier
    if weekdays := cells.get("weekdays"):
        seat["weekdays"] = weekdays
    if capacity := cells.get("capacity"):
        _number(capacity, seat, problems)
    if hours := cells.get("hours"):
        _hours(hours, seat, problems)
    if skills := cells.get("skills"):
        abilities["skills"] = dict(skill(part) for part in parts(skills))
    if languages := cells.get("languages"):
        abilities["languages"] = parts(languages)
    if licences := cells.get("licences"):
        abilities["licences"] = [
            leave for part in parts(licences) if (leave := licence(part, problems))
        ]
    return Line(known[name], seat, abilities)


def parts(cell: str) -> list[str]:
    """
    What a cell holds, parted by semicolons.

    >>> parts("late:senior；card;")
    ['late:senior', 'card']
    """
    return [part for part in (part.strip() for part in cell.replace("；", ";").split(";")) if part]


def skill(part: str) -> tuple[str, str]:
    """
    A skill and its tier, as they are typed.

    >>> skill("late:senior"), skill("card")
    (('late', 'senior'), ('card', 'junior'))
    """
    code, _colon, tier = part.partition(":")
    return code.strip().lower(), tier.strip().lower() or str(Tier.JUNIOR)


def _number(cell: str, seat: dict[str, Any], problems: list[str]) -> None:
    if cell in ("=", "equal"):
        seat["equal_share"] = True
    elif cell.isascii() and cell.isdigit():
        seat["capacity"] = int(cell)
    else:
        problems.append(_("{cases} is no number of cases.").format(cases=cell))


def _hours(cell: str, seat: dict[str, Any], problems: list[str]) -> None:
    starts, _dash, ends = cell.partition("-")
    try:
        seat["hours"] = (time.fromisoformat(starts.strip()), time.fromisoformat(ends.strip()))
    except ValueError:
        problems.append(_("{hours} are no hours. Write them as 09:00-18:00.").format(hours=cell))


def licence(part: str, problems: list[str]) -> Leave | None:
    """A licence as it is typed, `PLACE:NUMBER:LAST-DAY`; what is wrong is added to the problems."""
    place, _first, rest = part.partition(":")
    number, _second, until = rest.partition(":")
    try:
        return Leave(place, number, date.fromisoformat(until.strip()) if until.strip() else None)
    except ValueError:
        problems.append(_("{day} is no day. Write it as 2027-01-31.").format(day=until))
        return None


def _keep(line: Line, problems: list[str]) -> None:
    try:
        with transaction.atomic():  # a line is kept whole or not at all
            if line.seat:
                keep_seat(user=line.user, **line.seat)
            if line.abilities:
                keep_abilities(of=line.user, **line.abilities)
    except Invalid as wrong:
        problems += [f"{each.what} {each.hint}".strip() for each in wrong.problems] or [str(wrong)]
