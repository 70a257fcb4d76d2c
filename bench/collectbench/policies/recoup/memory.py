"""What the policy remembers of its contacts with each case, in the log it learns from and since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.collectbench.lessons import Group, group
from bench.collectbench.protocol import FIRST_HOUR, SLOTS, Contact, Episode, Log

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
REACH = ("sms", "email", "letter", "call")  # robots dial the same phone
PARTS = 5  # text, e-mail, letter, talk, ring
TALK, RING = 3, 4
UNDELIVERED, INVALID, NOT_TRIED = 9, 2, -1
HEARD = np.array([4, 6, 7, 10, 11])  # talked, promised, refused; read, replied


def reach_of(channel: str) -> int:
    """The number of the way a channel reaches somebody."""
    return REACH.index("call" if channel == "robot" else channel)


@dataclass(frozen=True)
class Events:
    """Contacts of a day (m,): how they ended, and what was remembered before: `x` (m, features)."""

    case: Ints
    kind: Ints
    reach: Ints
    part: Ints
    touched: Flags
    heard: Flags
    x: NDArray[np.float32]


class Memory:
    """Tallies of each case: tries, hearings and failures in a row by reach, tries by slot."""

    def __init__(self, cases: int) -> None:
        self.tries = np.zeros((cases, len(REACH)), dtype=np.float32)
        self.heard = np.zeros((cases, len(REACH)), dtype=np.float32)
        self.failed = np.zeros((cases, len(REACH)), dtype=np.float32)  # in a row
        self.dialled = np.zeros((cases, SLOTS), dtype=np.float32)
        self.talked = np.zeros((cases, SLOTS), dtype=np.float32)

    def features(self, log: Log, cases: Ints, reach: int, slot: int) -> NDArray[np.float32]:
        """What is known of how these cases are reached, (m, features)."""
        elsewhere = self.talked[cases].sum(axis=1) - self.talked[cases, slot]
        dialled = self.dialled[cases].sum(axis=1) - self.dialled[cases, slot]
        columns = [
            self.tries[cases, reach], self.heard[cases, reach], self.failed[cases, reach],
            self.heard[cases, reach] / (self.tries[cases, reach] + 1.0),
            self.failed[cases, 0], self.failed[cases, 3], self.heard[cases].sum(axis=1),
            self.dialled[cases, slot], self.talked[cases, slot], dialled, elsewhere,
            log.wrong_number[cases], log.days_past_due[cases], log.credit[cases],
            log.income[cases], log.stability[cases], log.age[cases], log.promises_made[cases],
        ]  # fmt: skip
        return np.stack([np.asarray(one, dtype=np.float32) for one in columns], axis=1)

    def note(
        self, log: Log, contacts: Sequence[Contact], outcomes: Sequence[NDArray[np.int8]],
        place: dict[Group, int],
    ) -> Events:  # fmt: skip
        """Remember a day; gives its contacts as events, with what was remembered before it."""
        found = [self._read(log, one, ended, place)
                 for one, ended in zip(contacts, outcomes, strict=True)]  # fmt: skip
        for event, slot, calls in found:
            self._count(event, slot, calls)
        events = [event for event, _, _ in found]
        if not events:
            none = np.zeros(0, dtype=np.int64)
            no = np.zeros(0, dtype=bool)
            return Events(none, none, none, none, no, no, np.zeros((0, 18), dtype=np.float32))
        return Events(*(np.concatenate([getattr(one, name) for one in events])
                        for name in Events.__dataclass_fields__))  # fmt: skip

    def _read(
        self, log: Log, contact: Contact, ended: NDArray[np.int8], place: dict[Group, int]
    ) -> tuple[Events, int, bool]:
        reach = reach_of(contact.channel)
        slot = min((contact.hour - FIRST_HOUR) // 2, SLOTS - 1)
        heard = np.isin(ended, HEARD)
        touched = ~np.isin(ended, (UNDELIVERED, INVALID, NOT_TRIED))
        cases = np.asarray(contact.cases, dtype=np.int64)
        part = np.full(len(cases), reach)
        if reach == TALK:
            part = np.where(heard, TALK, RING)
        same = np.full(len(cases), reach)
        kind = np.full(len(cases), place.get(group(contact), 0))
        x = self.features(log, cases, reach, slot)
        return Events(cases, kind, same, part, touched, heard, x), slot, reach == TALK

    def _count(self, event: Events, slot: int, calls: bool) -> None:
        cases, reach = event.case, event.reach
        self.tries[cases, reach] += 1
        self.heard[cases, reach] += event.heard
        self.failed[cases, reach] = np.where(event.touched, 0.0, self.failed[cases, reach] + 1)
        if calls:
            self.dialled[cases, slot] += 1
            self.talked[cases, slot] += event.heard


@dataclass(frozen=True)
class Replay:
    """All events of the books of a log, cases numbered on: `day` beside `events`."""

    day: Ints
    events: Events
    book: Ints
    cases: int


def replay(past: Sequence[Episode], place: dict[Group, int]) -> Replay:
    """Read a log from its first morning, book after book."""
    parts: list[Events] = []
    days: list[Ints] = []
    books: list[Ints] = []
    before = 0
    for number, one in enumerate(past):
        size = len(one.logs[0])
        memory = Memory(size)
        for day, contacts in enumerate(one.contacts):
            event = memory.note(one.logs[day], contacts, one.outcomes[day], place)
            parts.append(Events(event.case + before, *(
                getattr(event, name) for name in list(Events.__dataclass_fields__)[1:]
            )))  # fmt: skip
            days.append(np.full(len(event.case), day))
            books.append(np.full(len(event.case), number))
        before += size
    joined = Events(*(np.concatenate([getattr(one, name) for one in parts])
                      for name in Events.__dataclass_fields__))  # fmt: skip
    day, book = np.concatenate(days), np.concatenate(books)
    order = np.lexsort((joined.case, day))
    joined = Events(*(getattr(joined, name)[order] for name in Events.__dataclass_fields__))
    return Replay(day[order], joined, book[order], before)
