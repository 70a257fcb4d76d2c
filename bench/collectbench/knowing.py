"""
What a policy would net that knew everything: every hidden trait and state, and the parameters.

    python -m bench.collectbench.knowing [--size full] [--variants mid stress] [--seeds 3]

Nobody can enter it. It is the product's own plan with the truth in place of all that the product
learns, on the seeds for tuning, under the referee. It splits the regret to `bound` in two: between the
product and it lies the price of not knowing; what lies between it and the bound is not known to be
within anybody's reach.
"""

from __future__ import annotations

import argparse
import copy
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bench.collectbench import bound as bounding
from bench.collectbench.bound import Cases
from bench.collectbench.contest import SIZES, TUNING, VARIANTS, Size, past_of
from bench.collectbench.house import Way
from bench.collectbench.policies.recoup.policy import Recoup
from bench.collectbench.protocol import Log, Terms
from bench.collectbench.referee import Referee
from bench.collectbench.world import Book, terms
from recoup.decision.restraint import waiting
from recoup.simulator import answers, hazard

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
GROUPS = 6  # of patience: the cases of a group are planned together
LOUD = 6.0  # irritation at which its grid ends


class Knowing(Recoup):
    """The product's plan, with the truth about a book. `sit` before every book."""

    harm = 0.0  # the bound counts no harm either

    def sit(self, book: Book, the_terms: Terms) -> None:
        """Begin a book, seeing it."""
        self._begin(the_terms)
        self._truth = Cases(book, the_terms)
        patience = self._truth.hidden.traits.patience.astype(np.float64)
        edges = np.quantile(patience, np.linspace(0, 1, GROUPS + 1)[1:-1])
        self._group = np.searchsorted(edges, patience)
        self._usual = np.exp([np.log(patience[self._group == g]).mean() for g in range(GROUPS)])
        self._by_group: list[waiting.Tables] = []

    def _plan(self, log: Log, cases: Ints, days: int, day: int) -> None:
        ways = [self._menu[same[0]] for same in self._kinds]
        charged = self._spend + self._uses @ self._price
        cost = np.array([charged[same].mean() for same in self._kinds])
        cost[[way.channel == "letter" for way in ways]] = np.inf
        self._rows[:] = -1
        self._by_group = []
        for group in range(GROUPS):
            of = cases[self._group[cases] == group]
            self._by_group.append(waiting.plan(
                ahead=self._ahead(log, of, days), ways=self._true_ways(log, of, ways, cost, group),
                fading=self._fading(group), first=day,
            ))  # fmt: skip
            self._rows[of] = np.arange(len(of))
        self._tables = self._by_group[0]

    def _values(self, log: Log, cases: Ints, day: int) -> Floats:
        hidden, out = self._truth.hidden, np.zeros((len(cases), len(self._menu)))
        for group, tables in enumerate(self._by_group):
            at = np.flatnonzero(self._group[cases] == group)
            of = cases[at]
            own = hidden.traits.patience[of] / self._usual[group]
            out[at], _ = waiting.ask(
                tables, day=day, lift=hidden.lift[of].astype(np.float64),
                level=(hidden.irritation[of] * own).astype(np.float64),
                ways=self._true_ways(log, of, self._menu, self._spend, group),
                rows=self._rows[of],
            )  # fmt: skip
        return out

    def _fading(self, group: int) -> waiting.Fading:
        p = self._truth.p
        often = p["irritation.sms"] / (1 - 0.5 ** (1 / p["irritation.half_life"]))
        return waiting.Fading(
            lift=0.5 ** (1 / p["effect.half_life"]), level=0.5 ** (1 / p["irritation.half_life"]),
            effect=p["effect.nth"] ** 0.4, knots=np.array([1.0]),
            strain=np.array([p["irritation.cost"]]),
            top=float(min(often / self._usual[group], LOUD)), harm=self.harm,
        )  # fmt: skip

    def _ahead(self, log: Log, cases: Ints, days: int) -> waiting.Ahead:
        hidden, p, ahead = self._truth.hidden, self._truth.p, np.arange(days)
        base = hazard.baseline(p)
        late = np.minimum(hidden.days[cases][:, None] + ahead, hazard.LONGEST)
        market = np.exp(self._truth.economy[self._truth.days - days :])
        full = base.cure[late] * np.exp(hidden.traits.drive[cases])[:, None] * market
        some = base.partial[late] * np.exp(hidden.traits.partial[cases])[:, None] * market
        excited = hidden.excite[cases][:, None] * 0.5 ** (ahead / p["excite.half_life"])
        rate = (full + some + excited).astype(np.float64)
        exact, mean = p["partial.instalment_share"], (p["partial.least"] + p["partial.most"]) / 2
        part = log.instalment[cases] * ((1 - exact) * mean + exact)
        return waiting.Ahead(
            rate, self._known.amounts.clears(log, days)[cases],
            ((full + p["excite.whole"] * excited) / rate).mean(axis=1),
            np.minimum(part, log.arrears[cases]),
        )  # fmt: skip

    def _true_ways(
        self, log: Log, cases: Ints, ways: Sequence[Way], cost: Floats, group: int
    ) -> waiting.Ways:
        hidden, p = self._truth.hidden, self._truth.p
        shape = (len(cases), len(ways))
        heard, arrives, effect, promises = (np.zeros(shape) for _ in range(4))
        added = np.zeros((len(ways), 2))
        fading = p["effect.nth"] ** hidden.contacts[cases].astype(np.float64)
        force = np.exp(hidden.wear - hidden.hardened[cases]) * hidden.traits.warmth[cases] * fading
        amount = self._promised(log, cases)
        for column, way in enumerate(ways):
            calls = way.channel in ("call", "robot")
            given = self._called(cases, way) if calls else self._written(cases, way)
            heard[:, column], arrives[:, column], says = given
            binds = p["promise.robot_binds"] if way.channel == "robot" else 1.0
            keeps = hidden.keeping(cases, binds, hidden.hardened[cases])
            promises[:, column] = np.minimum(says * fading, 1.0) * keeps * amount
            one = p[f"irritation.{way.channel}"] / self._usual[group]
            added[column] = one, one / 3 if calls else one
            strongest = answers.strength(way.channel, way.tone, way.tier, p)  # type: ignore[arg-type]
            effect[:, column] = strongest * force
        loud = np.full(len(ways), np.log(p["complaint.base"]))
        return waiting.Ways(
            heard, np.maximum(arrives - heard, 0.0), effect, promises,
            np.broadcast_to(cost, shape).copy(), added[:, 0], added[:, 1], loud, loud,
            np.full(len(ways), np.log(p["opt_out.base"])),
        )  # fmt: skip

    def _promised(self, log: Log, cases: Ints) -> Floats:
        p, arrears = self._truth.p, log.arrears[cases].astype(np.float64)
        months = self._truth.hidden.days[cases] / 30.0
        whole = np.minimum(0.6 * np.exp(-p["promise.late"] * months), 1.0)
        some = np.minimum(0.5 * arrears, 1.5 * log.instalment[cases])
        return np.asarray(whole * arrears + (1 - whole) * some)

    def _called(self, cases: Ints, way: Way) -> tuple[Floats, Floats, Floats]:
        """The chances to be heard, to arrive, and of a promise if heard."""
        hidden, p = self._truth.hidden, self._truth.p
        traits = hidden.traits.take(cases)
        alive = hidden.days[cases] < traits.lost_after
        slot = answers.slot_of(np.full(len(cases), way.hour))
        willing = float(answers.promising(way.channel, way.tier, p))  # type: ignore[arg-type]
        return (
            np.minimum(answers.reached(traits, slot, hidden.reach, p), 1.0) * alive,
            alive.astype(np.float64), np.asarray(willing * np.exp(0.45 * traits.willingness - 0.1)),
        )  # fmt: skip

    def _written(self, cases: Ints, way: Way) -> tuple[Floats, Floats, Floats]:
        hidden, p = self._truth.hidden, self._truth.p
        traits = hidden.traits.take(cases)
        lives = {
            "sms": hidden.days[cases] < traits.lost_after, "email": traits.email_lives,
            "letter": traits.address_lives,
        }[way.channel]  # fmt: skip
        arrives = lives * p[f"reach.{way.channel}_delivered"]
        usual = p[f"reach.{way.channel}_read"] / p["reach.sms_read"]
        writes = np.minimum(p["reply.message"] * np.exp(0.3 * traits.willingness), 1.0)
        says = np.minimum(p["promise.reply"] * np.exp(0.35 * traits.willingness), 1.0)
        answered = writes * says * (way.channel != "letter")
        return arrives * np.minimum(traits.reads * usual, 1.0), arrives, answered


def net(policy: Recoup, seed: int, the_terms: Terms) -> tuple[float, float]:
    """What a policy nets on a book, and what was owed on it, under the referee."""
    book, referee = Book(terms=the_terms, seed=seed), Referee(the_terms)
    if isinstance(policy, Knowing):
        policy.sit(book, the_terms)
    total, yesterday = 0.0, None
    for day in range(the_terms.days):
        log = book.log()
        asked = policy.act(log, the_terms, day=day, yesterday=yesterday)
        contacts = referee.admit(asked, log, day=day)
        yesterday = book.play(contacts)
        referee.count(contacts, yesterday.used, yesterday.complaints, day=day)
        total += yesterday.paid - yesterday.cost - yesterday.conceded
    return total, float(book.opening)


def over(variant: str, size: Size, seeds: Sequence[int]) -> tuple[float, float, float]:
    """Shares of what was owed: the product's net, that with everything known, and the bound."""
    the_terms = terms(variant=variant, cases=size.cases, days=size.days)
    learned = Recoup()
    learned.learn(past_of(variant=variant, size=size), the_terms, seed=1)
    knowing = Knowing()
    knowing._known, knowing._seed = learned._known, learned._seed
    sums = np.zeros(4)
    for seed in seeds:
        ours, owed = net(copy.deepcopy(learned), seed, the_terms)
        most = bounding.bound(
            Book(terms=the_terms, seed=seed), the_terms, prices={}, sample=size.sample, seed=seed
        )
        sums += ours, net(knowing, seed, the_terms)[0], most.value, owed
    return float(sums[0] / sums[3]), float(sums[1] / sums[3]), float(sums[2] / sums[3])


def main() -> None:
    """Print the three and what lies between them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", choices=SIZES, default="ci")
    parser.add_argument("--variants", nargs="+", choices=VARIANTS)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    size = SIZES[options.size]
    print(f"SIMULATED; net in % of what was owed, {options.seeds} tuning seeds")
    print(f"{'':<10}{'product':>10}{'knowing all':>14}{'bound':>10}{'not knowing costs':>20}"
          f"{'bound above knowing':>22}")  # fmt: skip
    for variant in options.variants or size.variants:
        ours, all_, most = over(variant, size, TUNING[: options.seeds])
        print(f"{variant:<10}{100 * ours:>10.2f}{100 * all_:>14.2f}{100 * most:>10.2f}"
              f"{(all_ - ours) / most:>20.1%}{(most - all_) / most:>22.1%}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
