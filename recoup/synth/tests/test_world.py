"""The outside world of a demo book: real gate, real sending, carriers on the loopback."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recoup.contact import operations as contact
from recoup.contact.models import Attempt, Reply
from recoup.gate import operations as gate
from recoup.gate.models import OptOut, Permit, Stop
from recoup.gate.tests import asking
from recoup.kernel.errors import Invalid
from recoup.portfolio.models import Case, Loan
from recoup.repayment import operations as repayment
from recoup.repayment.models import Payment, Promise
from recoup.simulator.answers import Answers, Outcome
from recoup.simulator.answers import Reply as Meaning
from recoup.synth import carriers as street
from recoup.synth import world_texts
from recoup.synth.world import World
from recoup.synth.world_post import Post, Postman
from tests.cast import place

ON = date(2026, 11, 23)
CROWD = 12


@pytest.fixture
def carriers(data_dir: Path) -> Iterator[street.Carriers]:
    """All simulated carriers, listening."""
    with street.start(home=data_dir) as running:
        yield running


@pytest.fixture
def crowd(book: Any, team: Any) -> list[Case]:
    """So many borrowers with numbers of their own, ten days late."""
    return [
        place(
            book=book, team=team, reference=f"B{n:09d}", name=f"王{n}", phone=f"1540000{n:04d}",
            days_past_due=10,
        )
        for n in range(CROWD)
    ]  # fmt: skip


def send(book: Any, cases: list[Case], by: Any, at: datetime) -> list[Attempt]:
    asking.ready(book, by, at)
    decisions = [asking.decision_for(case, "sms", at=at) for case in cases]
    permits = [
        answer
        for answer in gate.request_many(decisions=decisions, at=at, by=by)
        if isinstance(answer, Permit)
    ]
    return contact.send_many(permits=permits, by=by, at=at)


def fixed(monkeypatch: pytest.MonkeyPatch, meaning: Meaning) -> None:
    """Every borrower who is contacted answers this."""
    from recoup.simulator.population import Population

    def answer(self: Population, *, index: Any, **_: Any) -> Answers:
        n = len(index)
        none, zero = np.zeros(n, dtype=bool), np.zeros(n, dtype=np.float32)
        replied = np.full(n, Outcome.REPLIED, dtype=np.int8)
        return Answers(replied, np.full(n, meaning, dtype=np.int8), zero, zero, none, none)

    monkeypatch.setattr(Population, "contact", answer)


def test_a_live_book_has_no_simulated_borrowers(live_book: Any, carriers: street.Carriers) -> None:
    with pytest.raises(Invalid, match="live"):
        World(book=live_book, seed=1, carriers=carriers)


def test_the_world_needs_its_morning(book: Any, carriers: street.Carriers, at: datetime) -> None:
    with pytest.raises(Invalid):
        World(book=book, seed=1, carriers=carriers).answer(at=at)


@pytest.mark.django_db(transaction=True)
def test_what_was_sent_gets_receipts_and_each_message_is_answered_once(
    book: Any, crowd: list[Case], carriers: street.Carriers, system: Any, at: datetime
) -> None:
    sent = send(book, crowd, system, at)
    world = World(book=book, seed=7, carriers=carriers)
    world.morning(on=ON)

    first, second = world.answer(at=at), world.answer(at=at + timedelta(hours=1))

    states = set(Attempt.objects.values_list("state", flat=True))
    assert first.receipts == len(sent) == CROWD
    assert states <= {"delivered", "undelivered"}
    assert second.receipts == second.replies == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("meaning", "stop"),
    [
        (Meaning.HARDSHIP, "hardship"), (Meaning.DISPUTE, "dispute"),
        (Meaning.WRONG_NUMBER, "wrong_person"), (Meaning.COMPLAINT, "complaint"),
    ],
)  # fmt: skip
def test_a_meaning_that_stops_contact_reaches_the_gate(
    book: Any, crowd: list[Case], carriers: street.Carriers, system: Any, at: datetime,
    monkeypatch: pytest.MonkeyPatch, meaning: Meaning, stop: str,
) -> None:  # fmt: skip
    send(book, crowd[:2], system, at)
    fixed(monkeypatch, meaning)
    world = World(book=book, seed=7, carriers=carriers)
    world.morning(on=ON)

    world.answer(at=at)

    assert Stop.objects.filter(reason=stop).count() == 2
    assert Reply.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_who_wants_no_more_messages_is_opted_out(
    book: Any, crowd: list[Case], carriers: street.Carriers, system: Any, at: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    send(book, crowd[:1], system, at)
    fixed(monkeypatch, Meaning.STOP)
    world = World(book=book, seed=7, carriers=carriers)
    world.morning(on=ON)

    world.answer(at=at)

    assert OptOut.objects.filter(scope="sms").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_promise_is_recorded_with_its_figures(
    book: Any, crowd: list[Case], carriers: street.Carriers, system: Any, at: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    send(book, crowd[:3], system, at)
    fixed(monkeypatch, Meaning.PROMISE)
    world = World(book=book, seed=7, carriers=carriers)
    world.morning(on=ON)

    told = world.answer(at=at)

    made = list(Promise.objects.all())
    assert told.promises == len(made) == 3
    assert all(0 < row.amount <= row.case.overdue and row.due_on > ON for row in made)
    assert all("simulated" in row.made_to for row in made)


def test_a_letter_is_answered_when_it_has_travelled(
    book: Any, carriers: street.Carriers, at: datetime
) -> None:
    carriers.log.add(channel="letter", key="k", address="", text="", provider_id="p")
    world = World(book=book, seed=7, carriers=carriers)
    world.morning(on=ON)

    at_once = world._arrived(ON)
    later = world._arrived(ON + timedelta(days=3))

    assert at_once == []
    assert [(post.channel, post.key) for post in later] == [("letter", "k")]


def test_a_message_of_another_book_is_not_ours(
    book: Any, crowd: list[Case], carriers: street.Carriers, at: datetime
) -> None:
    world = World(book=book, seed=7, carriers=carriers)
    world.morning(on=ON)
    known, _ = world._today()
    postman = Postman(book, known, np.random.default_rng(1), at, ON)

    told = postman.bring([Post("sms", "somebody-elses", "15400000001", "…", "x")])

    assert told.receipts == told.replies == 0


def play(world: World, days: int) -> list[Path]:
    paths = []
    for day in range(days):
        on = ON + timedelta(days=day)
        world.morning(on=on)
        path = world.evening(on=on)
        if path:
            paths.append(path)
    return paths


def test_payments_come_by_webhook_and_in_a_bank_file_that_repayment_takes_in(
    book: Any, crowd: list[Case], carriers: street.Carriers, system: Any, at: datetime
) -> None:
    before = sum(Loan.objects.values_list("owed", flat=True))

    paths = play(World(book=book, seed=7, carriers=carriers), 12)
    later = at + timedelta(days=12)
    files = [
        repayment.import_bank_file(book=book, path=path, by=system, at=later) for path in paths
    ]

    sources = set(Payment.objects.values_list("source", flat=True))
    paid = sum(Payment.objects.values_list("amount", flat=True))
    assert sources == {"webhook", "bank_file"}
    assert 0 < paid <= before
    assert sum(file.lines for file in files) == Payment.objects.filter(source="bank_file").count()
    assert all("simulated" in path.name for path in paths)


def test_an_evening_played_twice_pays_once(
    book: Any, crowd: list[Case], carriers: street.Carriers, at: datetime
) -> None:
    world = World(book=book, seed=7, carriers=carriers)
    first = []
    for day in range(8):
        on = ON + timedelta(days=day)
        world.morning(on=on)
        first.append(world.evening(on=on))
    texts = [path.read_text() if path else "" for path in first]
    payments = set(Payment.objects.values_list("external_id", "amount"))

    again = World(book=book, seed=7, carriers=carriers)
    again.morning(on=on)
    path = again.evening(on=on)

    assert payments
    assert path == first[-1] and (path.read_text() if path else "") == texts[-1]
    assert set(Payment.objects.values_list("external_id", "amount")) == payments


def test_a_day_cut_short_after_paying_is_finished_from_its_file(
    book: Any, crowd: list[Case], carriers: street.Carriers, monkeypatch: pytest.MonkeyPatch
) -> None:
    from recoup.synth import world_cashier

    monkeypatch.setattr(world_cashier, "BY_WEBHOOK", 1.0)
    monkeypatch.setattr(world_cashier, "BY_DAY", range(24))
    post = world_cashier.post

    def killed(*_: Any, **__: Any) -> int:
        raise KeyboardInterrupt

    world = World(book=book, seed=7, carriers=carriers)
    for day in range(30):
        on = ON + timedelta(days=day)
        world.morning(on=on)
        monkeypatch.setattr(world_cashier, "post", killed)
        try:
            world.evening(on=on)
        except KeyboardInterrupt:
            break
    told = next((Path(world._folder)).glob("simulated-webhook-*.csv"))
    monkeypatch.setattr(world_cashier, "post", post)

    again = World(book=book, seed=7, carriers=carriers)
    again.morning(on=on)
    again.evening(on=on)

    with told.open(encoding="utf-8") as file:
        promised = {row["external_id"] for row in csv.DictReader(file)}
    assert set(Payment.objects.values_list("external_id", flat=True)) == promised


def test_a_friendly_text_is_heard_as_personal() -> None:
    assert world_texts.tone_of("我们可以一起商量") == "moral"
    assert world_texts.tone_of("您有一项服务事项待您本人确认") == "reminder"
    assert world_texts.tone_of("我是您的客户经理小李") == "officer"


def test_every_meaning_has_words() -> None:
    rng = np.random.default_rng(1)
    for meaning in Meaning:
        if meaning != Meaning.NONE:
            assert world_texts.say(meaning, rng=rng, amount=100, due=ON)
