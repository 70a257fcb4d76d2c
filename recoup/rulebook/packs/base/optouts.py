"""What a person has refused. Only their own later act ends it, so nobody sets these aside."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.packs.base import PACK


@PACK.rule(
    "HOUSE-OPTOUT-001", instrument="house", force="HOUSE", confidence="HOUSE", effect="deny",
    firm=True,
    needs=("opt_outs",), zh="本人已拒绝一切主动联系。",
)  # fmt: skip
def refused_all(f: Facts, p: Any) -> Mask:
    """The person has refused every contact not asked for."""
    return f.opt_outs.has("all")


@PACK.rule(
    "HOUSE-OPTOUT-002", instrument="house", force="HOUSE", confidence="HOUSE", effect="deny",
    firm=True,
    needs=("opt_outs",), zh="本人已拒绝以该方式联系。",
)  # fmt: skip
def refused_the_medium(f: Facts, p: Any) -> Mask:
    """The person has refused contact by this medium."""
    return f.opt_outs.has("medium")


@PACK.rule(
    "HOUSE-OPTOUT-003", instrument="house", force="HOUSE", confidence="HOUSE", effect="deny",
    firm=True,
    needs=("opt_outs",), zh="本人已拒绝以该号码或地址联系。",
)  # fmt: skip
def refused_the_point(f: Facts, p: Any) -> Mask:
    """The person has refused contact at this number or address."""
    return f.opt_outs.has("point")
