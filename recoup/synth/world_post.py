"""
What the borrowers of a demo book do with what the carriers received: receipts, replies, meanings.

Work is done a batch at a time: one query for the attempts, one call for the receipts of a carrier,
and a call for each reply, of which there are few.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol, cast

import numpy as np

from recoup.contact import operations as contact
from recoup.contact.models import Attempt
from recoup.gate import operations as gate
from recoup.kernel.actors import Actor
from recoup.kernel.errors import RecoupError
from recoup.kernel.money import Money
from recoup.people.models import Book
from recoup.portfolio.models import Case, ContactPoint
from recoup.repayment import operations as repayment
from recoup.simulator.answers import Answers, Channel, Outcome, Reply
from recoup.synth import world_texts
from recoup.synth.world_book import EPOCH, Known, day_number

CLERK = Actor.system("simulated clerk")
HEARD = frozenset({"sms", "email", "letter"})
DEBTOR = ContactPoint.Party.DEBTOR
# What a clerk sets for a meaning that stops contact; opting out and complaining stop it by
# themselves.
STOPS = {
    Reply.HARDSHIP: "hardship", Reply.DISPUTE: "dispute", Reply.WRONG_NUMBER: "wrong_person",
}  # fmt: skip


class Received(Protocol):
    """One thing that a simulated carrier was handed."""

    number: int
    channel: str
    key: str
    address: str
    text: str
    at: datetime
    provider_id: str


@dataclass(slots=True)
class Post:
    """A message on its way to a borrower: what was handed over, and the case it is about."""

    channel: str
    key: str
    address: str
    text: str
    provider_id: str
    case: int = 0
    carrier: str = ""
    party: str = ""

    @classmethod
    def of(cls, message: Received) -> Post:
        """From what a carrier received."""
        return cls(
            message.channel, message.key, message.address, message.text, message.provider_id
        )  # fmt: skip


@dataclass(slots=True)
class Told:
    """Counts of what came of it; `unrecorded` is what a rule or a state forbade the clerk."""

    receipts: int = 0
    replies: int = 0
    promises: int = 0
    stops: int = 0
    unrecorded: int = 0


@dataclass(slots=True)
class Postman:
    """Brings messages to the borrowers of a book, and their answers back."""

    book: Book
    known: Known
    rng: np.random.Generator
    at: datetime
    on: date
    told: Told = field(default_factory=Told)

    def bring(self, posts: Sequence[Post]) -> Told:
        """Deliver all; whoever gets several on a channel reads them one after another."""
        known_posts = _matched(self.book, posts)
        for channel, some in _rounds(known_posts):
            self._bring_one_each(channel, some)
        return self.told

    def _bring_one_each(self, channel: str, posts: list[Post]) -> None:
        place = self.known.places(np.array([post.case for post in posts], dtype=np.int64))
        posts = [post for post, spot in zip(posts, place, strict=True) if spot >= 0]
        place = place[place >= 0]
        kinds: dict[tuple[str, str], list[int]] = defaultdict(list)
        for i, post in enumerate(posts):
            tone = world_texts.tone_of(post.text) if channel in ("sms", "email") else "reminder"
            kinds["circle" if post.party not in ("", DEBTOR) else channel, tone].append(i)
        for (kind, tone), some in sorted(kinds.items()):
            index = place[some]
            given = self.known.population.contact(
                index=index, channel=cast("Channel", kind), tone=tone,  # type: ignore[arg-type]
                hour=np.full(len(some), _hour(self.at)), rng=self.rng,
            )  # fmt: skip
            mine = [posts[i] for i in some]
            self._receipts(mine, given)
            self._replies(mine, index, given)

    def _receipts(self, posts: Sequence[Post], given: Answers) -> None:
        news: dict[str, list[contact.News]] = defaultdict(list)
        for post, outcome in zip(posts, given.outcome.tolist(), strict=True):
            lost = outcome == Outcome.UNDELIVERED
            if post.channel == "email" and not lost:
                continue  # mail servers say only what did not arrive
            news[post.carrier].append(
                contact.News(
                    status="undelivered" if lost else "delivered", at=self.at, key=post.key,
                    provider_id=post.provider_id, detail="SIMULATED:UNREACHABLE" if lost else "",
                )
            )  # fmt: skip
        for carrier, items in news.items():
            self.told.receipts += contact.take_receipts(carrier=carrier, news=items, at=self.at)

    def _replies(self, posts: Sequence[Post], index: np.ndarray, given: Answers) -> None:
        says = np.flatnonzero(given.reply != Reply.NONE)
        promising = says[given.reply[says] == Reply.PROMISE]
        owing = promising[self.known.population.arrears[index[promising]] > 0]
        made = self.known.population.promise(
            index=index[owing], on=day_number(self.on), rng=self.rng
        )
        promised = {
            int(i): (int(amount), date.fromordinal(int(due) + EPOCH))
            for i, amount, due in zip(owing, made.amount, made.due_on, strict=True)
        }
        cases = Case.objects.select_related("book", "borrower").in_bulk(
            [posts[i].case for i in says]
        )
        for i in says.tolist():
            post, meaning = posts[i], Reply(int(given.reply[i]))
            if meaning == Reply.PROMISE and i not in promised:
                meaning = Reply.PAID
            self._reply(post, meaning, cases[post.case], promised.get(i))

    def _reply(
        self, post: Post, meaning: Reply, case: Case, promised: tuple[int, date] | None
    ) -> None:
        amount, due = promised or (0, None)
        text = world_texts.say(meaning, rng=self.rng, amount=amount, due=due)
        contact.take_reply(
            book=self.book, channel=post.channel, sender_value=post.address, text=text,
            provider_id=f"simulated:{post.key}", at=self.at,
        )  # fmt: skip
        self.told.replies += 1
        try:
            if due is not None:
                repayment.promise(
                    case=case, amount=Money(amount, self.book.currency), due_on=due, by=CLERK,
                    at=self.at, channel=post.channel,
                )  # fmt: skip
                self.told.promises += 1
            elif meaning in STOPS:
                gate.stop(
                    case=case, reason=STOPS[meaning], source=f"simulated reply {post.key}",
                    by=CLERK, at=self.at,
                )  # fmt: skip
                self.told.stops += 1
        except RecoupError:
            self.told.unrecorded += 1


def _hour(at: datetime) -> int:
    # Borrowers of a demo book live by China's clock.
    return (at.hour + 8) % 24


def _matched(book: Book, posts: Sequence[Post]) -> list[Post]:
    """The posts of this book, with the case, carrier and party that their attempts name."""
    found: dict[str, tuple[int, str, str]] = {}
    keys = [post.key for post in posts if post.key]
    for start in range(0, len(keys), 500):
        rows = Attempt.objects.filter(book=book, key__in=keys[start : start + 500]).values_list(
            "key", "case_id", "carrier", "contact_point__party"
        )
        found |= {key: (case, carrier, party) for key, case, carrier, party in rows}
    mine = []
    for post in posts:
        if post.key in found and post.channel in HEARD:
            post.case, post.carrier, post.party = found[post.key]
            mine.append(post)
    return mine


def _rounds(posts: Iterable[Post]) -> list[tuple[str, list[Post]]]:
    """By channel, and nobody twice in a round."""
    rounds: dict[tuple[int, str], list[Post]] = defaultdict(list)
    seen: dict[tuple[int, str], int] = defaultdict(int)
    for post in posts:
        nth = seen[post.case, post.channel]
        seen[post.case, post.channel] += 1
        rounds[nth, post.channel].append(post)
    return [(channel, some) for (_, channel), some in sorted(rounds.items())]
