"""
Borrowers in arrears, day by day: contacted, promising, paying, growing older.

Arrays of n for n cases. Days are numbers since 1970, amounts minor units. The daily draw is one
pass over tiles that fit the cache: a borrower pays when an exponential variate falls below the
hazard of the day, `(cure * e^drive + partial * e^partial) * e^lift`.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recoup.simulator import answers, hazard
from recoup.simulator.answers import Answers, Channel, Tone
from recoup.simulator.parameters import Parameters
from recoup.simulator.traits import Traits

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]
TILE = 16_384
NEVER = -1
OFFER_DAYS = 30
ROUND = 1000  # part payments are whole tens of yuan


@dataclass(frozen=True, slots=True)
class Paid:
    """Payments of a day: who, how much, and whether that cleared the arrears or kept a
    promise; `forgiven` is what was written off for it."""

    index: Ints
    amount: Ints
    clears: NDArray[np.bool_]
    promised: NDArray[np.bool_]
    forgiven: Ints


@dataclass(frozen=True, slots=True)
class Promised:
    """Promises made: who, how much, by which day."""

    index: Ints
    amount: Ints
    due_on: Ints


class Population:
    """
    The state of n borrowers. Everything here is hidden from policies; see `Laboratory`.

    `days` past due, `arrears` and `owed` may be set from outside, as a ledger has them;
    `instalment` is what falls due in a month.
    """

    def __init__(
        self, *, traits: Traits, days: Ints, arrears: Ints, owed: Ints, instalment: Ints,
        parameters: Parameters,
    ) -> None:  # fmt: skip
        n = len(traits)
        self.traits, self.parameters = traits, parameters
        self.days = days.astype(np.int32)
        self.arrears, self.owed = arrears.astype(np.int64), owed.astype(np.int64)
        self.instalment = instalment.astype(np.int64)
        self.lift = np.zeros(n, dtype=np.float32)
        self.irritation = np.zeros(n, dtype=np.float32)
        self.contacts = np.zeros(n, dtype=np.int16)
        self.promised_on = np.full(n, NEVER, dtype=np.int32)
        self.promised = np.zeros(n, dtype=np.int64)
        self.will_keep = np.zeros(n, dtype=bool)
        self.relief = np.zeros(n, dtype=np.float32)
        self.relief_left = np.zeros(n, dtype=np.int16)
        self._cure_weight = np.exp(traits.drive)
        self._partial_weight = np.exp(traits.partial)
        self._base = hazard.baseline(parameters)

    def __len__(self) -> int:
        return len(self.days)

    def contact(
        self, *, index: Ints, channel: Channel, tone: Tone, hour: Ints,
        rng: np.random.Generator, tier: str = "junior",
    ) -> Answers:  # fmt: skip
        """
        Contact some borrowers once each at local hours; they answer and are changed by it.

        `index` holds nobody twice.
        """
        traits = self.traits.take(index)
        given = answers.answer(
            channel=channel, tone=tone, traits=traits, slot=answers.slot_of(hour),
            dead=self.days[index] >= traits.lost_after, nth=self.contacts[index],
            irritation=self.irritation[index], rng=rng, parameters=self.parameters,
            tier=tier,
        )  # fmt: skip
        self.lift[index] += given.effect
        self.irritation[index] += given.irritation
        self.contacts[index] += given.irritation > 0
        return given

    def offer(self, *, index: Ints, kind: str, share: float) -> None:
        """Let some borrowers, who heard it, have an offer for a month."""
        if kind == "write_down":
            self.relief[index] = share
            self.relief_left[index] = OFFER_DAYS
            self.lift[index] += np.float32(self.parameters["effect.write_down"] * share)
        else:
            self.instalment[index] = (self.instalment[index] * (1.0 - share)).astype(np.int64)

    def promise(
        self, *, index: Ints, on: int, rng: np.random.Generator, binding: float = 1.0
    ) -> Promised:
        """
        Let some borrowers promise: mostly all arrears, else a part, within some days.

        `binding` multiplies the chance that a promise is kept.
        """
        n = len(index)
        wait = 1 + rng.poisson(self.parameters["promise.days"] - 1.0, n)
        share = np.where(rng.random(n) < 0.6, 1.0, 0.2 + 0.6 * rng.random(n))
        amount = (share * self.arrears[index]).astype(np.int64)
        part = amount < self.arrears[index]
        amount = np.where(part, np.maximum(amount // ROUND * ROUND, ROUND), amount)
        amount = np.minimum(amount, self.arrears[index])
        self.promised_on[index] = on + wait
        self.promised[index] = amount
        self.will_keep[index] = rng.random(n) < binding * self.traits.keeps[index]
        return Promised(index, amount, (on + wait).astype(np.int64))

    def pay(self, *, on: int, rng: np.random.Generator) -> Paid:
        """The payments of a day: unasked, moved by contacts, and for promises due."""
        hit, clears = self._moved(rng)
        clears &= self.arrears[hit] > 0
        amount = np.where(clears, self.arrears[hit], self._parts(hit, rng))
        paid = np.zeros(len(self), dtype=bool)
        paid[hit] = True
        due = np.flatnonzero((self.promised_on == on) & self.will_keep & ~paid)
        due = due[self.arrears[due] > 0]
        promised = np.minimum(self.promised[due], self.arrears[due])
        self.promised_on[self.promised_on == on] = NEVER
        index = np.concatenate([hit, due])
        amount = np.concatenate([amount, promised])
        forgiven = np.zeros(len(index), dtype=np.int64)
        settles = (amount >= self.arrears[index]) & (self.relief_left[index] > 0)
        forgiven[settles] = (self.relief[index] * self.arrears[index]).astype(np.int64)[settles]
        amount = amount - forgiven
        self.arrears[index] -= amount + forgiven
        self.owed[index] -= amount + forgiven
        return Paid(
            index, amount, self.arrears[index] <= 0,
            np.concatenate([np.zeros(len(hit), dtype=bool), np.ones(len(due), dtype=bool)]),
            forgiven,
        )  # fmt: skip

    def _moved(self, rng: np.random.Generator) -> tuple[Ints, NDArray[np.bool_]]:
        """Who pays today without a promise falling due, and who of them pays everything."""
        cure, partial = self._base.cure, self._base.partial
        hits: list[Ints] = []
        whole: list[NDArray[np.bool_]] = []
        for start in range(0, len(self), TILE):
            tile = slice(start, start + TILE)
            days = np.minimum(self.days[tile], hazard.LONGEST)
            full = cure[days] * self._cure_weight[tile]
            rate = partial[days] * self._partial_weight[tile]
            rate += full
            rate *= np.exp(self.lift[tile])
            rate *= self.arrears[tile] > 0
            found = np.flatnonzero(rng.standard_exponential(len(rate), dtype=np.float32) < rate)
            if not len(found):
                continue
            both = full[found] + partial[days[found]] * self._partial_weight[tile][found]
            whole.append(rng.random(len(found)) * both < full[found])
            hits.append(found + start)
        if not hits:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=bool)
        return np.concatenate(hits), np.concatenate(whole)

    def _parts(self, index: Ints, rng: np.random.Generator) -> Ints:
        """Amounts of part payments, never more than the arrears."""
        p, n = self.parameters, len(index)
        share = p["partial.least"] + rng.random(n) * (p["partial.most"] - p["partial.least"])
        share = np.where(rng.random(n) < p["partial.instalment_share"], 1.0, share)
        wish = (share * self.instalment[index]).astype(np.int64) // ROUND * ROUND
        return np.minimum(np.maximum(wish, ROUND), self.arrears[index])

    def grow_older(self) -> None:
        """Let a day pass: another day late, effects and irritation fade."""
        self.days += self.arrears > 0
        self.relief_left -= self.relief_left > 0
        self.lift *= np.float32(0.5 ** (1.0 / self.parameters["effect.half_life"]))
        self.irritation *= np.float32(0.5 ** (1.0 / self.parameters["irritation.half_life"]))

    def fall_due(self, index: Ints) -> None:
        """Add an instalment to the arrears of some borrowers, as far as anything is owed."""
        more = np.minimum(self.instalment[index], self.owed[index] - self.arrears[index])
        self.arrears[index] += np.maximum(more, 0)

    def copy(self) -> Population:
        """One that goes its own way; traits and parameters, which never change, are shared."""
        other = copy.copy(self)
        for name, value in vars(self).items():
            if isinstance(value, np.ndarray):
                setattr(other, name, value.copy())
        return other
