"""What a contact point must be, and whom nobody contacts."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.packs.base import PACK


@PACK.rule(
    "HOUSE-POINT-001", instrument="house", force="HOUSE", confidence="HOUSE", effect="deny",
    needs=("point_valid",), zh="该联系方式已失效或已过期。",
)  # fmt: skip
def valid_point(f: Facts, p: Any) -> Mask:
    """A number or address known to be dead, or past its date, is not used."""
    return ~f.point_valid


@PACK.rule(
    "HOUSE-MINOR-001", instrument="house", force="HOUSE", confidence="HOUSE", effect="deny",
    firm=True,
    needs=("stops",), may_read=("age_least", "birth_year"),
    zh="不得就债务联系未成年人。",
)  # fmt: skip
def no_minors(f: Facts, p: Any) -> Mask:
    """
    Never contact a person known or believed to be under 18 about a debt.

    Of a birth year only, the younger of the two possible ages counts.
    """
    return f.stops.has("minor") | (~f.missing("birth_year") & (f.age_least < p.adult_age))
