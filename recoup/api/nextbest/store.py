"""
The hot store: cases in memory, forgotten as soon as something happens to them.

Every answer is given at the end of the journal: whoever asks first catches up with it, so that what
an event touched is read again. Reading is slow and done outside the lock; what happened while a case
was read makes it be read again.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime, timedelta

from django_scopes import scopes_disabled

from recoup.api.nextbest import loading
from recoup.api.nextbest.loading import Hot, HotBook
from recoup.api.nextbest.tailing import Tail, Touched
from recoup.kernel import memory
from recoup.kernel.clock import local_day
from recoup.people import scopes
from recoup.portfolio.models import Case
from recoup.strategy import counting

MOST = 100_000  # cases in memory, about 6 KB each; the one asked for longest ago goes
OLDEST = timedelta(minutes=10)  # what ends by itself (a stop, a window of a cap) is seen by then
TRIES = 3
STAY = 64  # cases read until memory is told that they stay


class Store:
    """The cases of one process that are in memory, by id, and their books."""

    def __init__(self, most: int = MOST) -> None:
        self.tail = Tail()
        self.most = most
        self._lock = threading.Lock()
        self._position = -1
        self._cases: OrderedDict[int, Hot] = OrderedDict()
        self._books: dict[int, HotBook] = {}
        self._of_person: dict[int, set[int]] = {}
        self._read = 0
        self.keys_changed = 0  # how often something happened to the keys of machines

    def get(self, case: int, *, at: datetime) -> tuple[Hot, HotBook] | None:
        """A case as of the end of the journal, if it is in memory."""
        with self._lock:
            self._catch_up()
            hot = self._cases.get(case)
            if hot is None:
                return None
            book = self._books.get(hot.book)
            if (  # its day is over, or it was read too long ago
                book is None
                or at - hot.read_at > OLDEST
                or local_day(at, book.book.time_zone) != book.plan.on
            ):
                self._forget(case)
                return None
            self._cases.move_to_end(case)
            return None if book.left_is_old else (hot, book)

    def catch_up(self) -> None:
        """Take note of what happened since the last time."""
        with self._lock:
            self._catch_up()

    def fetch(self, case: int, *, at: datetime) -> None:
        """Make a case ready, by reading what is not in memory: it, or what is left of budgets. Slow."""
        with self._lock:
            hot = self._cases.get(case)
            book = self._books.get(hot.book) if hot else None
        if book is not None and book.left_is_old:
            self._refresh(book)
        if self.get(case, at=at) is None:
            self.warm([case], at=at)

    def warm(self, cases: Iterable[int], *, at: datetime) -> None:
        """Read cases into memory, each book's together. Slow: asks the database some dozens of times."""
        with scopes_disabled():
            rows = Case.objects.filter(pk__in=list(cases)).select_related("book__creditor")
            by_book: dict[int, list[Case]] = {}
            for row in rows:
                by_book.setdefault(row.book_id, []).append(row)
        for some in by_book.values():
            book = some[0].book
            with scopes.acting_for(book):
                self._warm(book, [row.pk for row in some], at)

    def _warm(self, book: object, cases: list[int], at: datetime) -> None:
        for _ in range(TRIES):
            position = self.tail.position()
            with self._lock:
                hotbook = self._books.get(book.pk)  # type: ignore[attr-defined]
            on = local_day(at, book.time_zone)  # type: ignore[attr-defined]
            if hotbook is None or hotbook.plan.on != on:
                hotbook = loading.prepare(book, at=at)  # type: ignore[arg-type]
                if hotbook is None:
                    return
            left = counting.left(hotbook.plan)
            found = loading.load(hotbook, cases, at=at, position=position)
            if self._keep(hotbook, found, left, position):
                self._settle(len(found))
                return

    def _settle(self, read: int) -> None:
        """Say at the first and at every 64th case that what was read stays."""
        with self._lock:
            before, self._read = self._read, self._read + read
        if not before or before // STAY < self._read // STAY:
            memory.stays()

    def _keep(
        self, hotbook: HotBook, found: dict[int, Hot], left: dict[str, int], position: int
    ) -> bool:
        """Keep what was read, unless something touched it meanwhile."""
        with self._lock:
            self._catch_up()
            happened = self.tail.since(position) if self._position != position else []
            touched = {case for each in happened for case in each.cases}
            if any(
                each.everything or (not each.cases and each.book == hotbook.book.pk)
                for each in happened
            ) or any(hot.people & touched for hot in found.values()):  # fmt: skip
                return False
            hotbook.left = left
            hotbook.left_is_old = any(each.kind.startswith("strategy.") for each in happened)
            self._books[hotbook.book.pk] = hotbook
            for case, hot in found.items():
                self._cases[case] = hot
                self._cases.move_to_end(case)
                for one in hot.people:
                    self._of_person.setdefault(one, set()).add(case)
            while len(self._cases) > self.most:
                self._forget(next(iter(self._cases)))
            return True

    def _catch_up(self) -> None:
        end = self.tail.position()
        if end == self._position:
            return
        if self._position >= 0:
            for each in self.tail.since(self._position):
                self._touch(each)
        self._position = end

    def _touch(self, each: Touched) -> None:
        if each.kind.startswith("api."):
            self.keys_changed += 1
            return
        if each.everything:
            self._cases.clear()
            self._books.clear()
            self._of_person.clear()
            return
        if each.kind.startswith("strategy."):
            for book in self._books.values():
                book.left_is_old = True
        if not each.cases and each.book is not None:
            self._books.pop(each.book, None)
            for case in [pk for pk, hot in self._cases.items() if hot.book == each.book]:
                self._forget(case)
        for case in each.cases:
            for one in list(self._of_person.get(case, ())):
                self._forget(one)

    def _forget(self, case: int) -> None:
        hot = self._cases.pop(case, None)
        for one in hot.people if hot else ():
            known = self._of_person.get(one)
            if known is not None:
                known.discard(case)
                if not known:
                    del self._of_person[one]

    def _refresh(self, hotbook: HotBook) -> None:
        """Read again what is left of the budgets of a book's plan."""
        position = self.tail.position()
        left = counting.left(hotbook.plan)
        with self._lock:
            self._catch_up()
            if self._position == position:
                hotbook.left, hotbook.left_is_old = left, False

    def clear(self) -> None:
        """Forget everything, the connection too."""
        with self._lock:
            self._cases.clear()
            self._books.clear()
            self._of_person.clear()
            self._position = -1
            self.tail.close()
