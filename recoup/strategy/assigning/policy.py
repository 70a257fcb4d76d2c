"""How a strategy wants cases given out: its `assignment`, as values and read from YAML."""

from __future__ import annotations

from dataclasses import dataclass, field

from recoup.strategy.expressions import NAMES, Condition, compile_condition
from recoup.strategy.yamlnodes import Reader

# The skill of who works with people in distress. Which cases need it the gate's stops say, not a
# condition, and it goes before every other.
VULNERABLE = "vulnerable"
FIELDS = ("bands", "continuity", "margin", "away_days", "tiers", "licences", "skills")
# What is known of a case before the night decides; contacts are counted after.
KNOWN = frozenset(NAMES) - {"arm", "contacts_7", "contacts_30"}
TIERS = ("junior", "senior")


@dataclass(frozen=True)
class Need:
    """A skill, and the cases that need it."""

    code: str
    when: Condition


@dataclass(frozen=True)
class Policy:
    """
    How cases are given out.

    `bands` of value in which room is shared out evenly; `continuity` and `margin` are shares of a
    case's value: what it is worth that the borrower knows the voice, and what a move must win;
    `tiers` the share of a case's value that each brings, an assumption; who is away for more than
    `away_days` loses their cases at night; `licences` are places where nobody works a case without
    one, whoever holds any; `skills` in order, the first that fits and that anybody has.
    """

    bands: int = 10
    continuity: float = 0.05
    margin: float = 0.2
    away_days: int = 5
    tiers: dict[str, float] = field(default_factory=lambda: {"junior": 1.0, "senior": 1.1})
    licences: tuple[str, ...] = ()
    skills: tuple[Need, ...] = ()


def read_policy(top: Reader) -> Policy:
    """The `assignment` of a strategy; the usual one where it says nothing of it."""
    usual = Policy()
    if not top.has("assignment"):
        return usual
    inner = top.at("assignment")
    inner.only(FIELDS)
    skills = tuple(_need(item) for item in inner.items("skills"))
    codes = [need.code for need in skills]
    for code in sorted({code for code in codes if codes.count(code) > 1}):
        inner.problem(f"The code {code!r} stands twice.", "Give each its own.")
    return Policy(
        bands=inner.whole("bands", low=1, high=50, default=usual.bands),
        continuity=inner.number("continuity", low=0, high=1, default=usual.continuity),
        margin=inner.number("margin", low=0, high=10, default=usual.margin),
        away_days=inner.whole("away_days", low=0, high=365, default=usual.away_days),
        tiers=_tiers(inner, usual.tiers), skills=skills,
        licences=tuple(str(item.node.value).upper() for item in inner.items("licences")),
    )  # fmt: skip


def _tiers(reader: Reader, usual: dict[str, float]) -> dict[str, float]:
    if not reader.has("tiers"):
        return usual
    inner = reader.at("tiers")
    inner.only(TIERS)
    return {
        name: inner.number(name, low=0.01, high=10, default=usual[name]) for name in TIERS
    }  # fmt: skip


def _need(reader: Reader) -> Need:
    reader.only(("code", "when"), ("code", "when"))
    need = Need(reader.code(), reader.condition("when") or compile_condition("false"))
    unknown = sorted(need.when.names - KNOWN)
    if unknown:
        reader.problem(f"{', '.join(unknown)} is not known when cases are given out.",
                       f"Known are {', '.join(sorted(KNOWN))}.")  # fmt: skip
    if need.code == VULNERABLE:
        reader.problem(f"{VULNERABLE!r} is needed by the cases that the gate says are.",
                       "Take it out: it needs no condition.")  # fmt: skip
    return need
