"""
Budgets that a strategy names itself, beside the five of the house: what counts, and who draws on it.

    senior-minutes: {most: 600, unit: minutes, tier: senior}
    evening-lines:  {most: 400, unit: contacts, channel: task, slot: ["18:00", "20:00"]}
    south:          {most: 3000, unit: contacts, when: region in ["广东", "海南"]}
    quota-heng:     {most: 500, unit: contacts, when: agency == "heng"}
    concessions:    {most: 5000000, unit: concession}
    complaints:     {most: 12, unit: complaints}

A treatment draws on a budget if it fits everything the budget names; a case, if it fits `when`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any

from recoup.strategy.expressions import Condition
from recoup.strategy.yamlnodes import Reader

# What one action counts: itself, its minutes, its cost, what it may at most give away of the sum
# owed, or the complaints to be expected of it.
UNITS = ("contacts", "minutes", "money", "concession", "complaints")
# Units of which a case has its own multiple, by the column it is made from.
BY_CASE = {"concession": "owed", "complaints": "complaints"}
FIELDS = (
    "most", "unit", "title", "channel", "tier", "skill", "slot", "offer", "treatments", "when",
)  # fmt: skip
MOST = 400  # budgets of one strategy; a plan's time does not grow with them, its pages do
LARGEST = 1e13


@dataclass(frozen=True)
class Budget:
    """One budget for one day. What it does not name, it does not ask."""

    name: str
    most: float
    unit: str
    title: str = ""
    channels: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    slot: tuple[time, time] | None = None
    offer: str = ""
    treatments: tuple[str, ...] = ()
    when: Condition | None = None

    def fits(self, treatment: Any) -> bool:
        """Whether a treatment draws on it."""
        opens, closes = treatment.window
        return (
            (not self.channels or treatment.channel in self.channels)
            and (not self.tiers or treatment.tier in self.tiers)
            and (not self.skills or treatment.skill in self.skills)
            and (not self.treatments or treatment.code in self.treatments)
            and (not self.offer or self.offer in treatment.offer)
            and (self.slot is None or (opens < self.slot[1] and self.slot[0] < closes))
        )

    def rate(self, treatment: Any, minute: float) -> float:
        """What the treatment draws, by what the case multiplies it with (`BY_CASE`)."""
        if not self.fits(treatment):
            return 0.0
        if self.unit == "minutes":
            return float(treatment.minutes)
        if self.unit == "money":
            return float(treatment.spend(minute))
        if self.unit == "concession":
            return float(treatment.offer.get("waive_share", 0.0))
        return 1.0


def read(top: Reader, house: tuple[str, ...]) -> tuple[dict[str, float], tuple[Budget, ...]]:
    """The five of the house by name, and the strategy's own; problems are noted at their place."""
    if not top.has("budgets"):
        return {}, ()
    inner = top.at("budgets")
    own = [name for name in inner.names() if name not in house and inner.at(name).is_fields]
    inner.only([*house, *own], house)
    if len(own) > MOST:
        inner.problem(f"These are {len(own)} budgets.", f"At most {MOST} beside the house's five.")
    amounts = {name: inner.number(name, low=0, high=LARGEST, default=0) for name in house}
    return amounts, tuple(_budget(inner.at(name), name) for name in own)


def _budget(reader: Reader, name: str) -> Budget:
    reader.only(FIELDS, ("most", "unit"))
    if len(name) > 40 or not name.replace("-", "").replace("_", "").isalnum():
        reader.problem(f"{name!r} is not a code.", "Up to 40 letters, digits, - and _.")
    unit = reader.one_of("unit", UNITS)
    return Budget(
        name=name, most=reader.number("most", low=0, high=LARGEST, default=0), unit=unit,
        title=reader.text("title", longest=60), channels=reader.codes("channel"),
        tiers=reader.codes("tier"), skills=reader.codes("skill"),
        slot=reader.window("slot") if reader.has("slot") else None,
        offer=reader.code("offer"), treatments=reader.codes("treatments"),
        when=reader.condition("when"),
    )  # fmt: skip


def check(
    top: Reader, own: tuple[Budget, ...], treatments: Mapping[str, Any], *, complaint: float,
    channels: tuple[str, ...], offers: tuple[str, ...],
) -> None:  # fmt: skip
    """Note what a budget names that is not there, and budgets that nothing draws on."""
    known = {
        "channel": channels, "offer": offers, "treatments": tuple(treatments),
        "tier": tuple(sorted({each.tier for each in treatments.values()} - {""})),
        "skill": tuple(sorted({each.skill for each in treatments.values()} - {""})),
    }  # fmt: skip
    for budget in own:
        reader = top.at("budgets").at(budget.name)
        named = {
            "channel": budget.channels, "tier": budget.tiers, "skill": budget.skills,
            "offer": (budget.offer,) if budget.offer else (), "treatments": budget.treatments,
        }  # fmt: skip
        wrong = False
        for field, words in named.items():
            for word in words:
                if word not in known[field]:
                    wrong = True
                    hint = f"Known are {', '.join(known[field]) or 'none'}."
                    reader.at(field).problem(f"There is no {field} {word!r}.", hint)
        if budget.unit == "complaints" and complaint <= 0:
            reader.problem(
                "Complaints cannot be counted.",
                "Give assumptions.complaint, the chance of a complaint of one contact.",
            )
        elif not wrong and not any(budget.rate(each, 1.0) > 0 for each in treatments.values()):
            reader.problem("No treatment draws on this budget.", "Take it out, or name others.")
