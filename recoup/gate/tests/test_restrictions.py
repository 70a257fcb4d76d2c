"""Stops, refusals by the person, agreements."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from recoup.gate import operations, queries
from recoup.gate.models import Consent, OptOut, Permit, Stop
from recoup.intake import queries as intake
from recoup.kernel.errors import Invalid
from tests.cast import place, placement_of

from .asking import decision_for, ready

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def gate_ready(book: Any, system: Any, at: Any) -> None:
    ready(book, system, at)


def is_allowed(case: Any, at: Any, by: Any, channel: str = "sms") -> bool:
    answer = operations.request(decision=decision_for(case, channel, at=at), at=at, by=by)
    if isinstance(answer, Permit):
        operations.release(permit=answer, at=at, by=by)
    return isinstance(answer, Permit)


@pytest.mark.parametrize("reason", Stop.Reason.values)
def test_every_stop_stops_and_lifts(wang_ming, system, at, reason):
    operations.stop(case=wang_ming, reason=reason, source="test", by=system, at=at)
    stopped = is_allowed(wang_ming, at, system)

    operations.lift(case=wang_ming, reason=reason, by=system, at=at)

    assert (stopped, is_allowed(wang_ming, at, system)) == (False, True)


def test_a_stop_stands_once_and_only_grows_longer(wang_ming, system, at):
    for days in (2, 5, 3):
        operations.stop(case=wang_ming, reason="promise", source="promise:1", by=system, at=at,
                        until=at + timedelta(days=days))  # fmt: skip

    assert Stop.objects.get().until == at + timedelta(days=5)


def test_a_stop_ends_by_itself(wang_ming, system, at):
    until = at + timedelta(days=2)
    operations.stop(case=wang_ming, reason="promise", source="p", by=system, at=at, until=until)

    assert not is_allowed(wang_ming, until - timedelta(seconds=1), system)
    assert is_allowed(wang_ming, until, system)


def test_lifting_one_source_leaves_the_other(wang_ming, system, at):
    for source in ("a", "b"):
        operations.stop(case=wang_ming, reason="dispute", source=source, by=system, at=at)

    lifted = operations.lift(case=wang_ming, reason="dispute", source="a", by=system, at=at)

    assert lifted == 1 and not is_allowed(wang_ming, at, system)


def test_a_death_known_in_one_book_stops_the_other(wang_ming, live_book, system, at):
    twin = place(book=live_book, reference="C0001")
    operations.stop(case=wang_ming, reason="deceased", source="family", by=system, at=at)

    assert not is_allowed(twin, at, system)


def test_a_dispute_of_one_debt_leaves_another_debt_alone(wang_ming, live_book, system, at):
    twin = place(book=live_book, reference="C0001")
    operations.stop(case=wang_ming, reason="dispute", source="call", by=system, at=at)

    assert is_allowed(twin, at, system)


def test_an_unknown_reason_is_named(wang_ming, system, at):
    with pytest.raises(Invalid, match="no reason to stop"):
        operations.stop(case=wang_ming, reason="mood", source="x", by=system, at=at)


def test_a_refusal_of_messages_leaves_letters(wang_ming, system, at):
    operations.opt_out(borrower=wang_ming.borrower, scope="sms", source="sms", at=at, by=system)

    assert not is_allowed(wang_ming, at, system)
    assert is_allowed(wang_ming, at, system, "letter")


def test_only_the_persons_own_later_act_lifts_a_refusal(wang_ming, system, at):
    row = operations.opt_out(
        borrower=wang_ming.borrower, scope="sms", source="sms", at=at, by=system
    )
    with pytest.raises(Invalid, match="own act"):
        operations.lift_opt_out(opt_out=row, act=" ", by=system, at=at)
    with pytest.raises(Invalid, match="earlier"):
        operations.lift_opt_out(opt_out=row, act="reply 7", by=system, at=at - timedelta(1))

    operations.lift_opt_out(opt_out=row, act="reply 7", by=system, at=at + timedelta(days=1))

    assert is_allowed(wang_ming, at + timedelta(days=1), system)
    assert OptOut.objects.get().lifted_act == "reply 7"


def test_a_scope_we_could_not_keep_to_is_not_taken(wang_ming, system, at):
    with pytest.raises(Invalid, match="refused"):
        operations.opt_out(borrower=wang_ming.borrower, scope="x", source="s", at=at, by=system)


def test_agreed_hours_open_the_night_until_they_are_withdrawn(wang_ming, system, at):
    night = at + timedelta(hours=12, minutes=30)  # 22:30 in Shanghai
    given = operations.consent(borrower=wang_ming.borrower, purpose="hours", value="20:00-23:00",
                               source="portal", at=at, by=system)  # fmt: skip
    before = is_allowed(wang_ming, night, system)

    operations.withdraw(consent=given, at=at, by=system)

    assert (before, is_allowed(wang_ming, night, system)) == (True, False)


@pytest.mark.parametrize("value", ["always", "", "25:00-26:00", "20-23"])
def test_hours_that_cannot_be_read_open_nothing(wang_ming, system, at, value):
    operations.consent(borrower=wang_ming.borrower, purpose="hours", value=value, source="portal",
                       at=at, by=system)  # fmt: skip

    assert not is_allowed(wang_ming, at + timedelta(hours=12, minutes=30), system)


def test_what_came_with_a_placement_is_taken_once(wang_ming, book, system, at, monkeypatch):
    rows = {
        "opt_outs": [
            {"borrower_ref": "C0001", "scope": "sms", "source": "lender", "at": at},
            {"borrower_ref": "C0001", "scope": "微信", "source": "lender", "at": at},
            {"borrower_ref": "nobody", "scope": "all", "source": "lender", "at": at},
        ],
        "consents": [
            {"borrower_ref": "C0001", "purpose": "hours", "value": "20:00-23:00",
             "source": "contract", "given_at": at},
        ],
    }  # fmt: skip
    monkeypatch.setattr(intake, "staged", lambda *, placement, table, size: iter([rows[table]]))
    placement = placement_of(book)

    first = operations.take_restrictions(placement=placement, by=system, at=at)
    operations.take_restrictions(placement=placement, by=system, at=at)

    assert first == {
        "consents": 1, "opt_outs": 2, "strangers": 1, "unclear": 0, "unattached": 0,
    }  # fmt: skip
    assert set(OptOut.objects.values_list("scope", flat=True)) == {"sms", "all"}
    assert Consent.objects.count() == 1


def test_the_frame_of_a_book_knows_every_restriction(book, team, system, at, today):
    cases = {n: place(book=book, team=team, reference=f"R{n}") for n in range(6)}
    operations.stop(case=cases[1], reason="dispute", source="x", by=system, at=at)
    operations.opt_out(borrower=cases[2].borrower, scope="sms", source="x", at=at, by=system)
    for _ in range(2):
        operations.request(decision=decision_for(cases[3], "sms", at=at), at=at, by=system)
    cases[4].borrower.time_zones = ""
    cases[4].borrower.save()
    operations.request(decision=decision_for(cases[5], "letter", at=at), at=at, by=system)

    frame = queries.facts_frame(book=book, on=today)

    assert frame.height == 18 and frame.select("case", "channel").is_unique().all()
    from recoup.rulebook import engine

    judged = engine.load("CN", at).judge_frame(frame, at)
    allowed = frame.filter(pl.Series(judged.allowed)).select("case", "channel").rows()
    expected = {
        (case.pk, channel) for case in cases.values() for channel in ("sms", "email", "letter")
    }
    expected -= {(cases[n].pk, c) for n in (1, 4) for c in ("sms", "email", "letter")}
    expected -= {(cases[2].pk, "sms"), (cases[3].pk, "sms"), (cases[5].pk, "letter")}
    assert set(allowed) == expected


def test_the_frame_and_the_gate_say_the_same(book, team, system, at, today):
    from recoup.rulebook import engine

    cases = [place(book=book, team=team, reference=f"S{n}") for n in range(5)]
    cases[0].loans.update(product="credit_card")
    operations.stop(case=cases[0], reason="plan", source="x", by=system, at=at)
    operations.opt_out(borrower=cases[1].borrower, scope="phone", source="x", at=at, by=system)
    cases[2].borrower.contact_points.update(source="unknown")
    cases[3].borrower.birth_year = 2015
    cases[3].borrower.save()
    frame = queries.facts_frame(book=book, on=today)
    judged = engine.load("CN", at).judge_frame(frame, at)

    for place_, row in enumerate(frame.iter_rows(named=True)):
        case = next(case for case in cases if case.pk == row["case"])
        answer = operations.request(
            decision=decision_for(case, row["channel"], at=at), at=at, by=system
        )
        rules = [] if isinstance(answer, Permit) else [rule["id"] for rule in answer.rules]
        assert rules == [fired.id for fired in judged.verdict(place_).fired]
