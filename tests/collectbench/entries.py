"""Policies for the tests: honest ones, and one for each way of cheating."""

from __future__ import annotations

import numpy as np

from bench.collectbench.protocol import Contact


class Base:
    """Learns nothing; `day_of_crime` is when it does what it is here for."""

    day_of_crime = 2

    def learn(self, past, terms, *, seed):
        self.rng = np.random.default_rng(seed)

    def act(self, log, terms, *, day, yesterday):
        return self.crime(log, terms) if day == self.day_of_crime else []

    def crime(self, log, terms):
        return []


def some(log, count):
    """So many cases that may be contacted."""
    return np.flatnonzero((log.arrears > 0) & ~log.opted_out & ~log.complained)[:count]


class Honest(Base):
    """A text to a few every day."""

    def act(self, log, terms, *, day, yesterday):
        cases = some(log, len(log))
        count = int(min(terms.budgets["sms"], 40, len(cases)))
        return [Contact("sms", "moral", np.sort(self.rng.permutation(cases)[:count]))]


class Texts(Base):
    """One text more than there are."""

    def crime(self, log, terms):
        return [Contact("sms", "moral", some(log, int(terms.budgets["sms"]) + 1))]


class Letters(Base):
    def crime(self, log, terms):
        return [Contact("letter", "moral", some(log, int(terms.budgets["letter"]) + 1))]


class Minutes(Base):
    """Spread over all slots, so that lines are enough and minutes are not."""

    tier = "senior"

    def crime(self, log, terms):
        each = terms.uses[f"call_{self.tier}"][f"{self.tier}_minutes"]
        cases = some(log, int(terms.budgets[f"{self.tier}_minutes"] / each) + 1)
        return [
            Contact("call", "moral", part, hour=8 + 2 * slot, tier=self.tier)
            for slot, part in enumerate(np.array_split(cases, 6))
        ]


class Lines(Base):
    """All calls at once."""

    def crime(self, log, terms):
        cases = some(log, int(terms.budgets["call_lines_08"]) + 1)
        return [Contact("call", "moral", cases, hour=9)]


class RobotLines(Base):
    def crime(self, log, terms):
        cases = some(log, int(terms.budgets["robot_lines_12"]) + 1)
        return [Contact("robot", "moral", cases, hour=12)]


class RobotMinutes(Base):
    def crime(self, log, terms):
        each = terms.uses["robot"]["robot_minutes"]
        cases = some(log, int(terms.budgets["robot_minutes"] / each) + 1)
        return [
            Contact("robot", "moral", part, hour=8 + 2 * slot)
            for slot, part in enumerate(np.array_split(cases, 6))
        ]


class Gifts(Base):
    """Writes off more than may be."""

    def crime(self, log, terms):
        return [Contact("sms", "moral", some(log, 50), offer=("write_down", 0.99))]


class Twice(Base):
    """The same case by two channels on a day."""

    def crime(self, log, terms):
        one = some(log, 1)
        return [Contact("sms", "moral", one), Contact("call", "moral", one)]


class Twins(Base):
    """The same case twice in one contact."""

    def crime(self, log, terms):
        one = some(log, 1)
        return [Contact("sms", "moral", np.r_[one, one])]


class Writer(Base):
    """A letter to the same case on two days."""

    def act(self, log, terms, *, day, yesterday):
        if day == 0:
            self.first = some(log, len(log))[:1]
        due = log.arrears[self.first] > 0
        return [Contact("letter", "moral", self.first)] if day in (0, 1) and due.all() else []


class Night(Base):
    def crime(self, log, terms):
        return [Contact("call", "moral", some(log, 1), hour=23)]


class Circle(Base):
    """The channel that no policy may use."""

    def crime(self, log, terms):
        return [Contact("circle", "moral", some(log, 1))]


class Settled(Base):
    """Whoever owes nothing that is due."""

    day_of_crime = 5

    def crime(self, log, terms):
        return [Contact("sms", "moral", np.flatnonzero(log.arrears <= 0)[:1])]


class Stalker(Honest):
    """Never lets go of who opted out or complained."""

    def act(self, log, terms, *, day, yesterday):
        gone = np.flatnonzero((log.opted_out | log.complained) & (log.arrears > 0))
        if len(gone):
            return [Contact("email", "moral", gone[:1])]
        cases = np.flatnonzero(log.arrears > 0)
        return [Contact("sms", "moral", cases[: int(terms.budgets["sms"])])]


class Nobody(Base):
    def crime(self, log, terms):
        return [Contact("sms", "moral", np.array([len(log)]))]


class Unnumbered(Base):
    """Cases that are not whole numbers, one of them not a number at all."""

    def crime(self, log, terms):
        return [Contact("sms", "moral", np.array([1.0, np.nan]))]


class NanOffer(Base):
    def crime(self, log, terms):
        return [Contact("sms", "moral", some(log, 1), offer=("write_down", float("nan")))]


class Shapeless(Base):
    def crime(self, log, terms):
        return "call everybody"


class Crash(Base):
    def crime(self, log, terms):
        return 1 / 0


class Spy(Base):
    """Looks for what is hidden."""

    def crime(self, log, terms):
        from recoup.simulator.laboratory import Laboratory

        return Laboratory


class Hasty(Base):
    """Imports what is hidden while learning."""

    def learn(self, past, terms, *, seed):
        import bench.collectbench.world

        self.world = bench.collectbench.world


class Vandal(Base):
    """Writes into the log it was given."""

    def crime(self, log, terms):
        log.arrears[:] = 0
        return []


class Nameless:
    """Has no method."""
