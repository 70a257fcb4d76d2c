"""Why a case is where it is, in sentences of the reader's language."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from recoup.strategy.assigning.dealing import KEPT, MOVED, NEW, TAKEN
from recoup.strategy.assigning.queries import Told
from recoup.strategy.sentences import Part

HOW = {
    NEW: gettext_noop("given to {name}, where it is worth {worth:,.2f}"),
    KEPT: gettext_noop("stays with {name}, where it is worth {worth:,.2f}; a move must win {margin:.0%}"),
    MOVED: gettext_noop("moved to {name}, where it is worth {worth:,.2f}"),
    TAKEN: gettext_noop("taken over by {name}, where it is worth {worth:,.2f}"),
}  # fmt: skip
TO_TEAM = gettext_noop("given to the team as one, where it is worth {worth:,.2f}")
VALUE = gettext_noop("expected to bring {value:,.2f}")
SKILL = gettext_noop("needs the skill “{skill}”")
LANGUAGE = gettext_noop("needs the language “{language}”")
LICENCE = gettext_noop("needs a licence for {place}")
EVERY_LICENCE = gettext_noop("needs every licence of the country: its region is not known")
ABLE = gettext_noop("{count} people could take it")
NEXT = gettext_noop(
    "second best {name}, by {lead:,.2f} after what their places are worth to others"
)
NO_NEXT = gettext_noop("nobody else who may take it has room")
FAIRNESS = gettext_noop(
    "even shares of rich and poor cases cost {cost:.1%} of what all cases bring"
)
CLOSEST = gettext_noop("closest was {name}")

WHY_NOBODY = {
    "no_skill": gettext_noop("nobody who is here has the skill"),
    "no_language": gettext_noop("nobody who is here speaks the language"),
    "no_licence": gettext_noop("nobody who is here holds the licence"),
    "conflict": gettext_noop("everybody who could take it has a conflict of interest"),
    "no_capacity": gettext_noop("nobody who could take it has room"),
    "outbid": gettext_noop("the room of those who could went to cases worth more there"),
    "worthless": gettext_noop("it is worth nothing with anybody"),
    "no_value": gettext_noop("what it is worth is not known"),
    "nobody_here": gettext_noop("there is no team and nobody who collects"),
    "not_yet": gettext_noop("it came in, or was let go, after the last hand-out; tonight decides"),
}


def why_nobody(code: str) -> str:
    """Why nobody has a case, in the reader's language."""
    return _(WHY_NOBODY[code]) if code in WHY_NOBODY else code


def describe_assignment(told: Told) -> list[Part]:
    """Why a case is where it is, part by part."""
    row = told.row
    if row["why"] != "assigned":
        parts = [Part(WHY_NOBODY.get(row["why"], row["why"])), *_needs(row)]
        if row["why"] == "outbid" and told.name("runner"):
            parts.append(Part(CLOSEST, {"name": told.name("runner")}))
        return parts
    parts = [_how(told), Part(VALUE, {"value": row["value"] / 100}), *_needs(row)]
    parts.append(Part(ABLE, {"count": row["able"]}))
    if told.name("runner"):
        parts.append(Part(NEXT, {"name": told.name("runner"), "lead": told.lead / 100}))
    else:
        parts.append(Part(NO_NEXT))
    cost = told.cost_of_fairness
    if cost is not None:
        parts.append(Part(FAIRNESS, {"cost": max(cost, 0.0)}))
    return parts


def _how(told: Told) -> Part:
    worth = {"worth": told.row["score"] / 100}
    if not told.row["collector"]:
        return Part(TO_TEAM, worth)
    margin = told.assignment.certificate.get("margin", 0.0)
    return Part(HOW[told.row["how"]], {**worth, "name": told.name("collector"), "margin": margin})


def _needs(row: dict[str, Any]) -> list[Part]:
    parts = []
    if row["need_skill"]:
        parts.append(Part(SKILL, {"skill": row["need_skill"]}))
    if row["need_language"]:
        parts.append(Part(LANGUAGE, {"language": row["need_language"]}))
    place = row["need_place"]
    if place:
        country, dash, part = place.partition("-")
        known = f"{country.upper()}{dash}{part.upper() if part.isascii() else part}"
        parts.append(
            Part(EVERY_LICENCE) if place.endswith("-?") else Part(LICENCE, {"place": known})
        )
    return parts
