"""The figures of `limits.yaml`, read once."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class Limits:
    """What repayment allows and forgives; days and shares."""

    version: str
    promise_latest_days: int
    promise_grace_days: int
    promise_enough: Decimal
    card_months: int
    card_items: tuple[str, ...]
    cards: frozenset[str]
    house_months: int
    plan_grace_days: int
    plan_enough: Decimal


@cache
def limits() -> Limits:
    """The limits in force."""
    text = (Path(__file__).parent / "limits.yaml").read_text(encoding="utf-8")
    raw: dict[str, Any] = yaml.safe_load(text)
    promise, plan = raw["promise"], raw["plan"]
    return Limits(
        version=raw["version"],
        promise_latest_days=promise["latest_days"]["value"],
        promise_grace_days=promise["grace_days"]["value"],
        promise_enough=Decimal(promise["enough"]["value"]),
        card_months=plan["most_months"]["value"],
        card_items=tuple(plan["items"]["value"]),
        cards=frozenset(plan["most_months"]["applies_to"]),
        house_months=plan["house_months"]["value"],
        plan_grace_days=plan["grace_days"]["value"],
        plan_enough=Decimal(plan["enough"]["value"]),
    )
