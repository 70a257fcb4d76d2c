"""
A contextual bandit with knapsacks: optimism about rewards, prices that follow the budgets.

Badanidiyuru, Kleinberg, Slivkins (2018), Bandits with knapsacks, J. ACM 65(3); Agrawal, Devanur
(2016), Linear contextual bandits with knapsacks, NIPS: each case takes the way with the largest
optimistic reward less priced use; prices rise by multiplicative weights where a day used more than
its budget. The reward is the share of arrears paid within a week; it starts from the log and is
learned on from its own contacts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bench.collectbench.features import table
from bench.collectbench.house import limits
from bench.collectbench.lessons import group, groups_of, lesson
from bench.collectbench.policies.marginal import Marginal
from bench.collectbench.protocol import Contact, Episode, Log, Terms, Yesterday
from bench.collectbench.uplift import Modifiers

Floats = NDArray[np.float64]
WEEK = 7
RIDGE, OPTIMISM, RATE = 50.0, 0.3, 0.1


class Knapsacks(Marginal):
    """Linear rewards by group, optimistic; dual prices by multiplicative weights."""

    def learn(self, past: Sequence[Episode], terms: Terms, *, seed: int) -> None:
        """Begin with the rewards of the log, against those of the uncontacted."""
        groups = groups_of(past)
        rows = lesson(past, groups, horizon=WEEK, every=2)
        share = np.minimum(rows.paid / rows.arrears, 1.0)
        self._prepare(terms, groups)
        self._arms = {one: number for number, one in enumerate(groups, start=1)}
        self._modifiers = Modifiers(rows.x)
        z = self._modifiers(rows.x)
        arms = len(groups) + 1
        self._gram = np.stack([RIDGE * np.eye(z.shape[1])] * arms)
        self._sum = np.zeros((arms, z.shape[1]))
        for arm in range(arms):
            self._add(arm, z[rows.done == arm], share[rows.done == arm])
        self._noise = float(share.std())
        self._lambda = np.zeros(len(self._names))
        self._waiting: deque[tuple[Floats, Floats, NDArray[np.int64]]] = deque()

    def _add(self, arm: int, z: Floats, reward: Floats) -> None:
        self._gram[arm] += z.T @ z
        self._sum[arm] += z.T @ reward

    def act(
        self, log: Log, terms: Terms, *, day: int, yesterday: Yesterday | None
    ) -> list[Contact]:  # fmt: skip
        """Learn from a week ago, choose, and let prices follow."""
        z = self._modifiers(table(log))
        self._learn_on(log)
        mean, width = self._rewards(z)
        won = (mean[:, 1:] - mean[:, :1] + OPTIMISM * width[:, 1:]) * log.arrears[:, None]
        ago = log.contacted_ago
        rested = ((ago < 0) | (ago >= self.rest)).all(axis=1)
        open_ = self._diary.open(log, self._menu, day=day) & rested[:, None]
        value = won[:, self._group] - self._cost - self._uses @ self._lambda
        value = np.where(open_, value, -np.inf)
        contacts = self.take(value, terms, day=day)
        self._charge(value, terms)
        self._wait(log, z, contacts)
        return contacts

    def _rewards(self, z: Floats) -> tuple[Floats, Floats]:
        """Means and widths of the confidence of each arm, (cases, arms) both."""
        inverse = np.linalg.inv(self._gram)
        theta = np.einsum("aij,aj->ai", inverse, self._sum)
        width = np.sqrt(np.einsum("ni,aij,nj->na", z, inverse, z))
        return z @ theta.T, self._noise * width

    def _charge(self, value: Floats, terms: Terms) -> None:
        """Prices rise where everybody's wish would use more than there is, and fall elsewhere."""
        wish = value.argmax(axis=1)
        wishes = self._uses[wish[value.max(axis=1) > 0]].sum(axis=0)
        over = np.clip(wishes / np.maximum(limits(terms, self._names), 1e-9) - 1.0, -1.0, 3.0)
        start = 0.02 * np.median(self._cost[self._cost > 0])
        self._lambda = np.where(
            over > 0, np.maximum(self._lambda, start) * np.exp(RATE * over),
            self._lambda * np.exp(RATE * over),
        )  # fmt: skip

    def _wait(self, log: Log, z: Floats, contacts: Sequence[Contact]) -> None:
        """Keep today's contacts until a week is over."""
        arm = np.zeros(len(log), dtype=np.int64)
        for contact in contacts:
            arm[contact.cases] = self._arms[group(contact)]
        self._waiting.append((z, np.stack([log.paid, log.arrears]).astype(np.float64), arm))

    def _learn_on(self, log: Log) -> None:
        if len(self._waiting) < WEEK:
            return
        z, (paid, arrears), arm = self._waiting.popleft()
        owing = arrears > 0
        reward = np.minimum((log.paid - paid) / np.maximum(arrears, 1.0), 1.0)
        for number in range(len(self._gram)):
            some = owing & (arm == number)
            self._add(number, z[some], reward[some])
