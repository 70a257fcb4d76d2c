"""
Borrowers in arrears, day by day: contacted, promising, paying, growing older.

Arrays of n for n cases. Days are numbers since 1970 or since a start, amounts minor units.
Payments are a self-exciting point process (Chehrazi, Weber 2015, 10.1287/mnsc.2015.2203;
Chehrazi, Glynn, Weber 2019): each raises the intensity of the next, by a jump and by its size,
and the rise decays. The baseline, the drive and the contacts are in `hazard` and `answers`.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recoup.simulator import answers, chargeoff, daily, hazard
from recoup.simulator.answers import Answers, Channel, Outcome, Tone
from recoup.simulator.parameters import Parameters
from recoup.simulator.traits import Traits, logit, sigmoid

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]
NEVER = -1
OFFER_DAYS = 30
ROUND = 1000  # part payments are whole tens of yuan
TALKED = (Outcome.RIGHT_PARTY, Outcome.PROMISE, Outcome.REFUSED)


@dataclass(frozen=True, slots=True)
class Paid:
    """
    Payments of a day: who, how much, and whether that cleared the arrears or kept a promise.

    `forgiven` is what was written off for it, `fee` what an agency keeps of it.
    """

    index: Ints
    amount: Ints
    clears: Flags
    promised: Flags
    forgiven: Ints
    fee: Ints


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
    `instalment` is what falls due in a month. `economy` (log hazard), `reach` (log odds of
    answering) and `wear` (log of what contacts do) are common to all and drift.
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
        self.excite = np.zeros(n, dtype=np.float32)
        self.irritation = np.zeros(n, dtype=np.float32)
        self.hardened = np.zeros(n, dtype=np.float32)
        self.contacts = np.zeros(n, dtype=np.int16)
        self.promised_on = np.full(n, NEVER, dtype=np.int32)
        self.promised = np.zeros(n, dtype=np.int64)
        self.will_keep = np.zeros(n, dtype=bool)
        self.relief = np.zeros(n, dtype=np.float32)
        self.relief_until = np.full(n, NEVER, dtype=np.int32)
        self.regime = np.zeros(n, dtype=np.int8)
        self.sold_on = np.full(n, NEVER, dtype=np.int32)
        self.economy = self.reach = self.wear = 0.0
        self._cure_weight = np.exp(traits.drive)
        self._partial_weight = np.exp(traits.partial)
        self._base = hazard.baseline(parameters)
        self._factor = chargeoff.factors(parameters)

    def __len__(self) -> int:
        return len(self.days)

    def copy(self) -> Population:
        """One that goes its own way; traits and parameters, which never change, are shared."""
        other = copy.copy(self)
        for name, value in vars(self).items():
            if isinstance(value, np.ndarray):
                setattr(other, name, value.copy())
        return other

    # -- What is done to them ----------------------------------------------------------------------
    def contact(
        self, *, index: Ints, channel: Channel, tone: Tone, hour: Ints,
        rng: np.random.Generator, tier: str = "junior",
    ) -> Answers:  # fmt: skip
        """
        Contact some borrowers once each at local hours; they answer and are changed by it.

        `index` holds nobody twice; `tier` says who calls.
        """
        traits = self.traits.take(index)
        given = answers.answer(
            channel=channel, tone=tone, tier=tier, traits=traits, slot=answers.slot_of(hour),
            dead=self.days[index] >= traits.lost_after, nth=self.contacts[index],
            irritation=self.irritation[index], hardened=self.hardened[index],
            reach=self.reach, wear=self.wear, draws=_draws(index, answers.DRAWS, rng),
            parameters=self.parameters,
        )  # fmt: skip
        self.lift[index] += given.effect
        self.irritation[index] += given.irritation
        self.contacts[index] += given.irritation > 0
        if channel == "robot":
            talked = index[np.isin(given.outcome, TALKED)]
            self.hardened[talked] += np.float32(self.parameters["robot.hardens"])
        return given

    def offer(self, *, index: Ints, kind: str, share: float, on: int) -> None:
        """Let some borrowers, who heard of it, have an offer: a month, or for good."""
        if kind == "write_down":
            self.relief[index] = share
            self.relief_until[index] = on + OFFER_DAYS
            return
        self.lift[index] += np.float32(self.parameters["effect.lower_minimum"] * share)
        lower = (self.instalment[index] * (1.0 - share)).astype(np.int64)
        self.instalment[index] = np.maximum(lower, 1)

    def promise(
        self, *, index: Ints, on: int, rng: np.random.Generator, binding: float = 1.0
    ) -> Promised:
        """
        Let some borrowers promise: mostly all arrears where they are few, else a part.

        `binding` multiplies the chance that a promise is kept; so do the months in arrears, and
        what hardened the borrower.
        """
        p = self.parameters
        draws = _draws(index, 4, rng)
        wait = 1 + _waited(draws[0], p["promise.days"] - 1.0)
        due = self._asked(index, on)
        whole = draws[1] < 0.6 * np.exp(-p["promise.late"] * self.days[index] / 30.0)
        some = np.minimum((0.2 + 0.6 * draws[2]) * due, 1.5 * self.instalment[index])
        part = np.maximum(some.astype(np.int64) // ROUND * ROUND, ROUND)
        amount = np.minimum(np.where(whole, due, part), due)
        self.promised_on[index] = on + wait
        self.promised[index] = amount
        self.will_keep[index] = draws[3] < self.keeping(index, binding, self.hardened[index])
        return Promised(index, amount, (on + wait).astype(np.int64))

    def keeping(
        self, index: Ints, binding: float, hardened: NDArray[Any]
    ) -> NDArray[np.float64]:  # fmt: skip
        """The chances that a promise made today is kept."""
        months = self.days[index] / 30.0
        odds = logit(self.traits.keeps[index]) - self.parameters["promise.late"] * months
        return sigmoid(odds) * binding * np.exp(-hardened.astype(np.float64))

    def charge_off(self, *, index: Ints, on: int, rng: np.random.Generator) -> None:
        """Let some borrowers leave the house: all is due at once, and `chargeoff` says to whom."""
        draws = _draws(index, 2, rng)
        self.regime[index] = chargeoff.drawn(draws[0], self.traits.drive[index], self.parameters)
        self.arrears[index] = self.owed[index]
        wait = (self.parameters["chargeoff.sale_days"] * 2 * draws[1]).astype(np.int32)
        sold = self.regime[index] == chargeoff.SOLD
        self.sold_on[index] = np.where(sold, on + wait, NEVER)

    # -- What they do --------------------------------------------------------------------------------
    def pay(self, *, on: int, rng: np.random.Generator) -> Paid:
        """The payments of a day: unasked, moved by contacts, for promises due, from sales."""
        hit, clears = self._moved(on, rng)
        draws = _draws(hit, 3, rng)
        settles = clears & (self.regime[hit] == chargeoff.AGENCY)
        amount = np.where(clears, self._asked(hit, on), self._parts(hit, on, draws))
        amount = np.where(settles, self._settlement(hit, draws[2]), amount)
        kept = self._keeping(on)
        kept = kept[~np.isin(kept, hit)]
        promised = np.minimum(self.promised[kept], self._asked(kept, on))
        sold, price = self._sold(on, rng)
        index = np.concatenate([hit, kept, sold])
        order = np.arange(len(index))
        is_promise = (order >= len(hit)) & (order < len(hit) + len(kept))
        closes = np.concatenate([settles, np.zeros(len(kept), bool), np.ones(len(sold), bool)])
        return self._book(
            index, np.concatenate([amount, promised, price]), closes, is_promise, on
        )  # fmt: skip

    def fall_due(self, index: Ints, rng: np.random.Generator) -> Paid:
        """
        An instalment of some borrowers falls due: added to arrears, missed anew, or paid in time.

        Who has no arrears misses it by the chance of falling late again.
        """
        more = np.minimum(self.instalment[index], self.owed[index] - self.arrears[index])
        more = np.maximum(more, 0)
        p, behind = self.parameters, self.arrears[index] > 0
        odds = (
            logit(p["relapse.month"])
            - p["relapse.drive"] * self.traits.drive[index] / p["drive.spread"]
            + p["relapse.hardened"] * self.hardened[index]
            - self.economy
        )  # fmt: skip
        missed = _draws(index, 1, rng)[0] < sigmoid(np.asarray(odds, dtype=np.float64))
        late = index[~behind & missed & (more > 0)]
        adds = behind | missed
        self.arrears[index[adds]] += more[adds]
        self.days[late] = 1
        good = ~adds & (more > 0)
        paying, amount = index[good], more[good]
        self.owed[paying] -= amount
        nothing = np.zeros(len(paying), dtype=np.int64)
        no = np.zeros(len(paying), dtype=bool)
        return Paid(paying, amount, no, no, nothing, nothing)

    def grow_older(self) -> None:
        """Let a day pass: another day late; effects, excitement and irritation fade."""
        p = self.parameters
        daily.fade(
            self.days, self.arrears, self.lift, self.excite, self.irritation,
            *(float(0.5 ** (1.0 / p[f"{name}.half_life"]))
              for name in ("effect", "excite", "irritation")),
        )  # fmt: skip

    def _moved(self, on: int, rng: np.random.Generator) -> tuple[Ints, Flags]:
        """Who pays today without a promise falling due, and who of them pays everything."""
        salts = _salts(2, rng)
        index, whole = np.empty(len(self), dtype=np.int64), np.empty(len(self), dtype=bool)
        count = daily.pay(
            self.days, self.arrears, self.lift, self.excite, self._cure_weight,
            self._partial_weight, self.relief, self.relief_until, self.regime, self._base.cure,
            self._base.partial, *self._factor, self.economy, self.parameters["effect.write_down"],
            self.parameters["excite.whole"], on, salts[0], salts[1], index, whole,
        )  # fmt: skip
        return index[:count].copy(), whole[:count].copy()

    def _keeping(self, on: int) -> Ints:
        """Who keeps a promise that falls due today; whoever breaks one is hardened by it."""
        due = np.flatnonzero(self.promised_on == on)
        self.promised_on[due] = NEVER
        due = due[self.arrears[due] > 0]
        broken = due[~self.will_keep[due]]
        self.hardened[broken] += np.float32(self.parameters["promise.break_costs"])
        return due[self.will_keep[due]]

    def _asked(self, index: Ints, on: int) -> Ints:
        """What clears the arrears of some borrowers today: less where a write-down is open."""
        relief = np.where(self.relief_until[index] >= on, self.relief[index], 0.0)
        return np.asarray(self.arrears[index] - np.floor(relief * self.arrears[index]), np.int64)

    def _parts(self, index: Ints, on: int, draws: NDArray[np.float64]) -> Ints:
        """Amounts of part payments, never more than the arrears."""
        p = self.parameters
        share = p["partial.least"] + draws[0] * (p["partial.most"] - p["partial.least"])
        share = np.where(draws[1] < p["partial.instalment_share"], 1.0, share)
        wish = (share * self.instalment[index]).astype(np.int64) // ROUND * ROUND
        return np.minimum(np.maximum(wish, ROUND), self._asked(index, on))

    def _settlement(self, index: Ints, draw: NDArray[np.float64]) -> Ints:
        """What clears a charged-off debt: a part of the balance, agreed with the agency."""
        least, wide = chargeoff.settlement(self.parameters)
        return np.maximum(((least + wide * draw) * self.arrears[index]).astype(np.int64), 1)

    def _sold(self, on: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
        """The proceeds of debts sold today."""
        sold = np.flatnonzero(self.sold_on == on)
        sold = sold[self.arrears[sold] > 0]
        least, wide = chargeoff.price(self.parameters)
        share = least + wide * _draws(sold, 1, rng)[0]
        return sold, np.maximum((share * self.arrears[sold]).astype(np.int64), 1)

    def _book(self, index: Ints, amount: Ints, closes: Flags, promised: Flags, on: int) -> Paid:
        """Take payments off what is owed, forgive the rest of what is settled, and excite."""
        before = np.maximum(self.arrears[index], 1)
        cleared = closes | (amount >= self._asked(index, on))
        forgiven = np.where(cleared, self.arrears[index] - amount, 0)
        self.arrears[index] -= amount + forgiven
        self.owed[index] -= amount + forgiven
        p = self.parameters
        jump = p["excite.jump"] + p["excite.size"] * np.minimum(amount / before, 1.0)
        self.excite[index] += jump.astype(np.float32)
        self.days[index[cleared]] = 0
        agency = self.regime[index] == chargeoff.AGENCY
        fee = np.where(agency, np.round(p["chargeoff.fee"] * amount), 0).astype(np.int64)
        return Paid(index, amount, cleared, promised, forgiven, fee)


def _salts(count: int, rng: np.random.Generator) -> NDArray[np.uint64]:
    return rng.integers(0, 2**64, size=count, dtype=np.uint64)


def _draws(index: Ints, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Uniform numbers, `count` for each of these borrowers, that depend on nobody else."""
    out = np.empty((count, len(index)))
    daily.draw(index.astype(np.int64), _salts(count, rng), out)
    return out


def _waited(draw: NDArray[np.float64], mean: float) -> Ints:
    """Poisson numbers from uniform ones, by adding up the distribution."""
    step, count = np.exp(-mean), np.zeros(len(draw), dtype=np.int64)
    term = total = step
    for k in range(1, 40):
        count += draw > total
        term *= mean / k
        total += term
    return count
