"""Templates filled from a closed list of slots, and what the filled text says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from django.conf import settings

from recoup.kernel.clock import local_day
from recoup.kernel.errors import Invalid, Problem
from recoup.kernel.money import Money
from recoup.portfolio.models import Case
from recoup.rulebook import content

SLOT = re.compile(r"\{(\w+)\}")
SLOTS = frozenset({"institution", "complaint_phone", "portal", "date", "agency", "case_number",
                   "owed", "overdue", "days_past_due"})  # fmt: skip


def check_slots(text: str) -> None:
    """
    Go on only if every slot of a template is one we fill. :raises Invalid: naming the others
    """
    unknown = sorted(set(SLOT.findall(text)) - SLOTS)
    if unknown:
        raise Invalid(
            f"The template uses slots that do not exist: {', '.join(unknown)}.",
            problems=[Problem(f"{{{name}}}", "is not a slot.") for name in unknown],
            hint=f"Use {', '.join(sorted(SLOTS))}.",
        )


def slots_for(text: str, *, case: Case, at: datetime) -> dict[str, str]:
    """The values of the slots that a template uses: figures and names of institutions only."""
    return {name: _value(name, case, at) for name in sorted(set(SLOT.findall(text)))}


def _value(name: str, case: Case, at: datetime) -> str:
    book = case.book
    match name:
        case "institution":
            return book.creditor.name
        case "complaint_phone":
            return book.creditor.complaint_phone
        case "portal":
            return str(settings.PORTAL_URL)
        case "date":
            return local_day(at, book.time_zone).isoformat()
        case "agency":
            return case.agency.name if case.agency else book.creditor.name
        case "case_number":
            return f"{case.pk:08d}"
        case "days_past_due":
            return str(case.days_past_due)
        case _:
            return str(Money(getattr(case, name), book.currency))


def fill(text: str, slots: Mapping[str, str]) -> str:
    """
    The text with its slots filled. :raises Invalid: if one has no value
    """
    empty = sorted(name for name in set(SLOT.findall(text)) if not slots.get(name))
    if empty:
        raise Invalid(f"The template needs {', '.join(empty)}, and there is no value.")
    return SLOT.sub(lambda match: slots[match.group(1)], text)


def facts_of(
    template: str, filled: str, jurisdiction: str, institution: str, agency: str
) -> dict[str, object]:
    """What the rulebook asks about a text."""
    said = content.read(
        filled, template=template, jurisdiction=jurisdiction, institution=institution,
        agency=agency,
    )  # fmt: skip
    return {
        "discloses_debt": bool(said.debt),
        "found": sorted(said.found),
        "says": sorted(said.says),
    }
