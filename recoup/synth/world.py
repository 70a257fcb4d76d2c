"""
The outside world of a demo book: borrowers who answer and pay, carriers' receipts, a cashier.

    world = World(book=book, seed=7, carriers=carriers)
    world.morning(on=day)          # after the night has aged the book
    world.ring(at=instant)         # as often as wanted in the day: collectors and an agency call
    world.answer(at=instant)       # as often as wanted in the day, after sending
    path = world.evening(on=day)   # the bank's file of the day, or None

All is simulated. The borrowers are those of `recoup.simulator`, recreated from the seed and the
lender's references, so a book written by `synth.lender` with the same seed behaves as its history
did. What they carry from day to day is kept under the data folder when the day ends: a day that
was cut short can be played again, and what it did already is not done twice.

There is no understanding of language here: when a borrower promises or pleads hardship, the world
hands the meaning, with figures, to a simulated clerk beside the text.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Protocol

import numpy as np
from django.conf import settings

from recoup.kernel.errors import Invalid
from recoup.people import scopes
from recoup.people.models import Book
from recoup.synth import world_book, world_cashier
from recoup.synth.dialler import Dialler, Rung
from recoup.synth.world_book import Known
from recoup.synth.world_post import Post, Postman, Received, Told

LETTER_DAYS = 3


class Carriers(Protocol):
    """Where the world sees what was sent."""

    def received(self, since: int = 0) -> Sequence[Received]:
        """What came after a number, in order."""


class World:
    """
    Borrowers and cashier of one demo book.

    :raises Invalid: for a live book
    """

    def __init__(self, *, book: Book, seed: int, carriers: Carriers) -> None:
        if not book.is_demo:
            raise Invalid(
                f"{book.code} is a live book: its borrowers are real.",
                hint="Simulated borrowers attach to demo books only.",
            )
        self.book, self.seed, self.carriers = book, seed, carriers
        self._folder = Path(settings.DATA_DIR) / "world"
        self._kept = self._folder / f"{book.code}.npz"
        self._known: Known | None = None
        self._on: date | None = None
        self._dialler: Dialler | None = None
        self._letters: list[tuple[date, str, str]] = []
        self._last = self._answered = 0

    def morning(self, *, on: date) -> int:
        """Meet the borrowers as the ledger has them today; gives how many are in arrears."""
        carried = world_book.recall(self._kept)
        self._last = int(carried["last"]) if carried else 0
        self._letters = world_book.letters_of(carried)
        with scopes.acting_for(self.book):
            self._known = world_book.meet(book=self.book, seed=self.seed, carried=carried)
        self._on, self._answered, self._dialler = on, 0, None
        return int((self._known.population.arrears > 0).sum())

    def answer(self, *, at: datetime) -> Told:
        """
        Let the borrowers answer what the carriers have received since the last time.

        Letters are answered some days later, when they have arrived.
        """
        known, on = self._today()
        self._answered += 1
        with scopes.acting_for(self.book):
            postman = Postman(self.book, known, self._rng(on, self._answered), at, on)
            return postman.bring(self._arrived(on))

    def ring(self, *, at: datetime) -> Rung:
        """A round of calls; gives the counts of the day so far."""
        known, on = self._today()
        if self._dialler is None:
            self._dialler = Dialler(book=self.book, known=known, seed=self.seed, on=on)
        with scopes.acting_for(self.book):
            return self._dialler.ring(at=at)

    def evening(self, *, on: date) -> Path | None:
        """
        Let the day's payments come in: some at once, the rest in the bank's file, which is given.

        Played twice, the day keeps the payments of the first time.

        :raises Invalid: if the morning was another day's
        """
        known, today = self._today()
        if on != today:
            raise Invalid(f"The world's morning was on {today}, not on {on}.")
        bank = self._folder / f"simulated-bank-{self.book.code}-{on}.csv"
        told = self._folder / f"simulated-webhook-{self.book.code}-{on}.csv"
        carried = world_book.recall(self._kept)
        if not carried or int(carried["on"]) < world_book.day_number(on):
            self._pay(known, on, bank, told)
        # What is posted comes from the file, so that a day cut short here is finished the same.
        if told.exists():
            with scopes.acting_for(self.book):
                world_cashier.post(told, book=self.book, on=on)
        return bank if bank.exists() else None

    def _pay(self, known: Known, on: date, bank: Path, told: Path) -> None:
        rng = self._rng(on, 0)
        paid = known.population.pay(on=world_book.day_number(on), rng=rng)
        lines = world_cashier.lines_of(known, paid, on=on, rng=rng)
        now, later = world_cashier.told_at_once(lines, rng=rng)
        slips = world_cashier.miswritten(later, rng=rng)
        self._folder.mkdir(parents=True, exist_ok=True)
        for path, some, wrong in (
            (told, now, np.zeros(len(now), dtype=bool)),
            (bank, later, slips),
        ):
            if some:
                world_cashier.write(some, path=path, book=self.book, on=on, slips=wrong)
        known.population.grow_older()
        world_book.remember(
            path=self._kept, known=known, last=self._last, on=on, letters=self._letters
        )

    def _today(self) -> tuple[Known, date]:
        if self._known is None or self._on is None:
            raise Invalid("The world has not had its morning.", hint="Call `morning` first.")
        return self._known, self._on

    def _rng(self, on: date, nth: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, world_book.day_number(on), nth])

    def _arrived(self, on: date) -> list[Post]:
        """What has reached the borrowers: messages at once, letters when they have travelled."""
        posts = []
        for message in self.carriers.received(self._last):
            self._last = max(self._last, message.number)
            if message.channel == "letter":
                self._letters.append((on, message.key, message.provider_id))
            else:
                posts.append(Post.of(message))
        due = [row for row in self._letters if row[0] + timedelta(days=LETTER_DAYS) <= on]
        self._letters = [row for row in self._letters if row not in due]
        posts += [Post("letter", key, "", "", provider_id) for _, key, provider_id in due]
        return posts
