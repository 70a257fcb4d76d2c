"""Facts about who pays unasked: the cure curve, rolls and cures, old books, after charge-off."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from recoup.simulator import facts
from recoup.simulator.laboratory import Laboratory
from recoup.simulator.moments.base import Make, Moment, so

MONTH = 30
YEARS_3 = 3 * 360
FREDDIE = "Freddie Mac, shape"
LENDING = "LendingClub 2007-2010"


def moments(make: Make) -> Iterator[Moment]:
    """All of them."""
    yield from _cure_curve(make)
    yield from _stages(make)
    yield _path_dependence(make)
    yield _pay_again(make)
    yield _long_overdue(make)
    yield from _charged_off(make)


def _cure_curve(make: Make) -> Iterator[Moment]:
    laboratory = make(1)
    open_, paid = [1.0], np.zeros(len(laboratory), dtype=bool)
    for _ in range(90):
        laboratory.play()
        paid |= laboratory.log().arrears <= 0
        open_.append(float(1 - paid.mean()))
    closing = 1.0 - open_[90]
    days, share = facts.cure_curve()
    for day in (1, 7, 30):
        target = float(share[np.searchsorted(days, day)])
        value = (1.0 - open_[day]) / closing
        name = f"of late loans that close, paid by day {day}"
        yield Moment(name, "SuperLender", "fitted", target, 0.03, value)


def _stages(make: Make) -> Iterator[Moment]:
    cures, rolls = [], []
    for days in (31, 61, 91):
        laboratory = make(days)
        cleared = np.zeros(len(laboratory), dtype=bool)
        for _ in range(MONTH):
            laboratory.play()
            cleared |= laboratory.log().arrears <= 0
        cures.append(float(cleared.mean()))
        rolls.append(float((laboratory.log().days_past_due >= days + MONTH).mean()))
    moves = facts.monthly_moves()
    for i, name, kind in ((1, "60 against 30", "held out"), (2, "90 against 60", "fitted")):
        target = float(moves[i, 0] / moves[i - 1, 0])
        label = f"monthly cure at {name} days late"
        yield Moment(label, FREDDIE, kind, target, 0.25, cures[i] / cures[i - 1])  # type: ignore[arg-type]
    yield so("roll rate rises from 30 to 60 days", FREDDIE, "held out", rolls[1] > rolls[0])


def _path_dependence(make: Make) -> Moment:
    """A part payment lately foretells a cure: to a first-order chain it would not matter."""
    laboratory = make(31)
    for _ in range(MONTH):
        laboratory.play()
    log = laboratory.log()
    open_, payer = log.arrears > 0, log.paid > 0
    for _ in range(2 * MONTH):
        laboratory.play()
    cured = laboratory.log().arrears <= 0
    more = cured[open_ & payer].mean() > cured[open_ & ~payer].mean()
    name = "those who paid a part last month cure more often than the rest"
    return so(name, "Freddie Mac, path dependence", "held out", bool(more))


def _pay_again(make: Make) -> Moment:
    """Payment excites payment: the long overdue who paid last month pay again."""
    laboratory = make(91)
    for _ in range(MONTH):
        laboratory.play()
    before = laboratory.log()
    for _ in range(MONTH):
        laboratory.play()
    paid = laboratory.log().paid - before.paid > 0
    open_, payer = before.arrears > 0, before.paid_30 > 0
    ratio = paid[open_ & payer].mean() / paid[open_ & ~payer].mean()
    return Moment(
        "three months late: pay after a month with a payment, against without one",
        "taiwan_cards, self-excitation", "fitted", facts.pay_again(), 0.6, float(ratio),
    )  # fmt: skip


def _long_overdue(make: Make) -> Moment:
    laboratory = make(240)
    start = laboratory.log().owed.sum()
    for _ in range(YEARS_3):
        laboratory.play()
    share = float(laboratory.log().paid.sum() / start)
    return Moment(
        "recovered of a book 240 days late in three years (order of magnitude)",
        "Chinese NPL batches, first quarter 2025", "fitted", 0.069, 0.035, share,
    )  # fmt: skip


def _charged_off(make: Make) -> Iterator[Moment]:
    laboratory = make(180)
    exposure = laboratory.log().owed
    laboratory.charge_off(np.arange(len(laboratory)))
    worked, cost, settled = _three_years(laboratory)
    rate = laboratory.log().paid / exposure
    known = facts.recovery()
    for name, value, within in (
        ("mean", rate.mean(), 0.01),
        ("at_most_0015", (rate <= 0.0015).mean(), 0.05),
        ("from_02_to_06", ((rate > 0.02) & (rate <= 0.06)).mean(), 0.07),
        ("above_10", (rate > 0.10).mean(), 0.05),
    ):
        yield Moment(CHARGED_OFF[name], LENDING, "fitted", known[name], within, float(value))
    yield Moment(
        "fee of an agency, of what it collects", LENDING, "given", known["fee_where_worked"],
        0.01, cost / max(worked, 1),
    )  # fmt: skip
    yield Moment(
        "paid to settle a charged-off debt, of its balance", LENDING, "given",
        known["settlement_of_balance"], 0.05, float(settled.mean()),
    )  # fmt: skip


CHARGED_OFF = {
    "mean": "recovered after charge-off in three years, of the exposure",
    "at_most_0015": "charged-off loans that return at most 0.15 %",
    "from_02_to_06": "charged-off loans that return 2 to 6 %, the price of a sale",
    "above_10": "charged-off loans that return more than 10 %",
}


def _three_years(laboratory: Laboratory) -> tuple[int, int, np.ndarray]:
    """What agencies collected, their fees, and the shares of the balance that settled a debt."""
    hidden = laboratory._population  # calibration may look
    shares, cost, collected = [], 0, 0
    for _ in range(YEARS_3):
        before, paid = hidden.arrears.copy(), laboratory._record.paid.copy()
        cost += laboratory.play().cost
        now = laboratory._record.paid - paid
        worked = hidden.regime == 3
        collected += int(now[worked].sum())
        closed = worked & (before > 0) & (hidden.arrears <= 0)
        whole = now[closed] / before[closed]
        shares.append(whole[whole < 1.0])
    return collected, cost, np.concatenate(shares)
