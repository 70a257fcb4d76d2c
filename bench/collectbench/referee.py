"""
The referee: counts for itself what every policy uses, day by day, and stops who breaks a cap.

It trusts neither the policy's bookkeeping nor the simulator's own refusal: rules and budgets are
counted here from the contacts asked for, and what the simulator reports as used is compared with
the budgets once more after the day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bench.collectbench.protocol import LINES, Contact, Log, Terms, kind, slot_name

CHANNELS = ("sms", "email", "letter", "call", "robot")
TONES = ("reminder", "moral", "officer")
TIERS = ("junior", "senior")
CALLS, LETTERS = ("call", "robot"), ("letter",)
MONTH = 30
ROUNDING = 1e-9


class BrokenError(Exception):
    """A policy broke its terms: on which day, and everything that was wrong on it."""

    def __init__(self, day: int, problems: Sequence[str]) -> None:
        super().__init__(f"Day {day}: " + " ".join(problems))
        self.day, self.problems = day, tuple(problems)


class Referee:
    """Counts one policy on one book. Call `admit` before a day is played and `count` after it."""

    def __init__(self, terms: Terms) -> None:
        n = terms.cases
        self.terms = terms
        self._letters = np.zeros((MONTH, n), dtype=np.int64)
        self._complaints = np.zeros(MONTH, dtype=np.int64)
        self._opted_out = np.zeros(n, dtype=bool)
        self._complained = np.zeros(n, dtype=bool)

    def admit(self, contacts: object, log: Log, *, day: int) -> list[Contact]:
        """
        The contacts asked for, if every one of them and all together keep the terms.

        :raises BrokenError: with all that is wrong, nothing having been done
        """
        self._opted_out |= np.asarray(log.opted_out, dtype=bool)
        self._complained |= np.asarray(log.complained, dtype=bool)
        asked = _list(contacts, day)
        problems = [
            f"Contact {number}: {problem}"
            for number, contact in enumerate(asked)
            for problem in self._misshapen(contact)
        ]
        if problems:
            raise BrokenError(day, problems)
        asked = [contact for contact in asked if len(contact.cases)]
        problems = [*self._people(asked, log, day), *self._budgets(asked, log)]
        if problems:
            raise BrokenError(day, problems)
        return asked

    def count(self, contacts: Sequence[Contact], used: Mapping[str, float], complaints: int,
              *, day: int) -> None:  # fmt: skip
        """
        Remember a day that was played.

        :raises BrokenError: if the simulator says that more was used than a budget holds
        """
        n = self.terms.cases
        self._letters[day % MONTH] = _times(contacts, LETTERS, n)
        self._complaints[day % MONTH] = complaints
        problems = [
            f"The day used {amount:g} of {name}; the budget is {self.terms.budgets[name]:g}."
            for name, amount in used.items()
            if name in self.terms.budgets
            and amount > self.terms.budgets[name] * (1 + ROUNDING) + ROUNDING
        ]
        if problems:
            raise BrokenError(day, problems)

    def _misshapen(self, contact: object) -> list[str]:
        """What is wrong with one contact by itself."""
        if not isinstance(contact, Contact):
            return [f"A {type(contact).__name__} is not a Contact."]
        problems = []
        if contact.channel not in CHANNELS:
            problems.append(f"no channel {contact.channel!r}; there are {', '.join(CHANNELS)}.")
        if contact.tone not in TONES:
            problems.append(f"no tone {contact.tone!r}; there are {', '.join(TONES)}.")
        if contact.tier not in TIERS:
            problems.append(f"no tier {contact.tier!r}; there are {', '.join(TIERS)}.")
        rules, hour = self.terms.rules, contact.hour
        if not isinstance(hour, int | np.integer) or isinstance(hour, bool):
            problems.append(f"the hour is a whole number, not {hour!r}.")
        elif not rules.first_hour <= hour <= rules.last_hour:
            problems.append(
                f"hour {hour} is outside {rules.first_hour} to {rules.last_hour}."
            )  # fmt: skip
        cases = contact.cases
        if not isinstance(cases, np.ndarray) or cases.ndim != 1 or cases.dtype.kind not in "iu":
            problems.append("cases is one array of whole numbers.")
        elif len(cases):
            if cases.min() < 0 or cases.max() >= self.terms.cases:
                problems.append(f"cases are numbered 0 to {self.terms.cases - 1}.")
            if len(np.unique(cases)) < len(cases):
                problems.append("a case is named twice in one contact.")
        return problems + _bad_offer(contact.offer, self.terms.rules.offers)

    def _people(self, asked: Sequence[Contact], log: Log, day: int) -> list[str]:
        """Which rules about single persons are broken."""
        n, rules = self.terms.cases, self.terms.rules
        now = _times(asked, CHANNELS, n)
        month = _times(asked, LETTERS, n)
        month = month + (self._letters.sum(axis=0) - self._letters[day % MONTH])
        touched, settled = now > 0, np.asarray(log.arrears) <= 0
        calls = _times(asked, CALLS, n)
        since = self._complaints.sum() - self._complaints[day % MONTH]
        checks = [
            (touched & self._opted_out, "opted out and may not be contacted"),
            (touched & self._complained, "complained and may not be contacted"),
            (touched & settled, "owes nothing that is due"),
            (now > rules.contacts_a_day, f"is contacted more than {rules.contacts_a_day} time(s) a day"),
            (calls > rules.calls_a_day, f"is called more than {rules.calls_a_day} times a day"),
            ((_times(asked, LETTERS, n) > 0) & (month > rules.letters_a_month),
             f"gets more than {rules.letters_a_month} letter(s) in {MONTH} days"),
        ]  # fmt: skip
        problems = [
            f"Case {np.flatnonzero(broken)[0]} {what} ({broken.sum()} such)."
            for broken, what in checks
            if broken.any()
        ]
        if touched.any() and since >= self.terms.complaint_ceiling:
            problems.append(
                f"{since} complaints in {MONTH} days have reached the ceiling of "
                f"{self.terms.complaint_ceiling}: nobody may be contacted today."
            )
        return problems

    def _budgets(self, asked: Sequence[Contact], log: Log) -> list[str]:
        """Which budgets of the day are exceeded."""
        used: Counter[str] = Counter()
        for contact in asked:
            for name, amount in self.terms.uses[kind(contact)].items():
                full = f"{name}_{slot_name(contact.hour)}" if name in LINES else name
                used[full] += amount * len(contact.cases)
            if contact.offer is not None and contact.offer[0] == "write_down":
                face = np.floor(contact.offer[1] * np.asarray(log.arrears)[contact.cases])
                used["concession"] += float(face.sum())
        most = self.terms.budgets
        return [
            f"{amount:g} of {name} asked for; the budget is {most[name]:g}."
            for name, amount in sorted(used.items())
            if amount > most[name] * (1 + ROUNDING) + ROUNDING
        ]


def _list(contacts: object, day: int) -> list[Contact]:
    if isinstance(contacts, str | bytes) or not isinstance(contacts, Sequence):
        raise BrokenError(day, [f"`act` gives a list of Contact, not {type(contacts).__name__}."])
    return list(contacts)


def _bad_offer(offer: object, open_: Sequence[str]) -> list[str]:
    if offer is None:
        return []
    if not isinstance(offer, tuple) or len(offer) != 2 or not isinstance(offer[0], str):
        return ["an offer is (kind, share) or None."]
    if offer[0] not in open_:
        return [f"{offer[0]!r} may not be offered; open are: {', '.join(open_) or 'none'}."]
    share = offer[1]
    if not isinstance(share, float | int) or not np.isfinite(share) or not 0 < share <= 1:
        return [f"the share of an offer is above 0 and at most 1, not {share!r}."]
    return []


def _times(contacts: Sequence[Contact], channels: Sequence[str], cases: int) -> NDArray[np.int64]:
    """How many contacts on these channels each case gets."""
    times = np.zeros(cases, dtype=np.int64)
    for contact in contacts:
        if contact.channel in channels:
            times += np.bincount(contact.cases, minlength=cases)
    return times
