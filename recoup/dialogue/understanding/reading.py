"""
Understands a turn: normalises it, weighs the intents, orders them, reads the slots.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recoup.dialogue.understanding.dates import day
from recoup.dialogue.understanding.features import hashed, pieces
from recoup.dialogue.understanding.intents import INTENTS, PROTECTED, UNCLEAR, in_order
from recoup.dialogue.understanding.model import Model, shipped
from recoup.dialogue.understanding.normalise import is_wordless, normalise
from recoup.dialogue.understanding.slots import slots

# Below this no intent is believed; the turn is unclear and a person may be asked.
LEAST = 0.15


@dataclass(frozen=True)
class Understanding:
    """
    What a turn means: the intent to answer first, all intents in that order, how sure the first
    one is (0 to 1), and the slots.
    """

    intent: str
    intents: tuple[str, ...]
    confidence: float
    slots: dict[str, Any]
    probabilities: dict[str, float]

    def as_json(self) -> dict[str, Any]:
        """For a machine."""
        return {
            "intent": self.intent,
            "intents": list(self.intents),
            "confidence": round(self.confidence, 3),
            "slots": self.slots,
        }


def _odds(text: str, model: Model) -> NDArray[np.float32]:
    return model.calibrated(model.logits(hashed(pieces(text))))


def _probability(odds: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -30, 30))), np.float32)


def _given(odds: NDArray[np.float32], model: Model, *, dated: bool) -> list[str]:
    """The intents of a turn in the order to answer them."""
    probable = _probability(odds)
    above = {
        name: float(odds[place])
        for place, name in enumerate(INTENTS)
        if probable[place] >= model.thresholds[place]
    }
    # Noise beside a protected intent does not hide it; beside anything else the likelier one holds.
    unclear = above.pop(UNCLEAR, None)
    if not above and unclear is None:
        place = int(probable.argmax())
        if probable[place] >= LEAST:
            above = {INTENTS[place]: float(odds[place])}
    if (
        unclear is not None
        and not set(PROTECTED).intersection(above)
        and unclear > max(above.values(), default=-99.0)
    ):
        return [UNCLEAR]
    above.pop(UNCLEAR, None)
    return in_order(above, dated=dated)


def understand(text: str, *, at: date, model: Model | None = None) -> Understanding:
    """
    What a borrower's turn means, as of the borrower's own day `at`.

    >>> said = understand("下周三之前先还两千三", at=date(2026, 12, 1))
    >>> said.slots["date"], said.slots["amount"]
    ('2026-12-09', 230000)
    """
    model = model or shipped()
    plain = normalise(text)
    if is_wordless(plain) and not any(one.isdigit() for one in plain):
        return Understanding(UNCLEAR, (UNCLEAR,), 1.0, {}, {UNCLEAR: 1.0})
    odds = _odds(plain, model)
    dated = day(plain, at, {"promise_to_pay"}) is not None
    intents = _given(odds, model, dated=dated)
    probable = dict(zip(INTENTS, map(float, _probability(odds)), strict=True))
    confidence = probable[intents[0]]
    if intents == [UNCLEAR]:
        confidence = max(confidence, 1 - max(probable[name] for name in INTENTS if name != UNCLEAR))
    return Understanding(
        intent=intents[0],
        intents=tuple(intents),
        confidence=confidence,
        slots=slots(plain, at=at, intents=set(intents)),
        probabilities=probable,
    )
