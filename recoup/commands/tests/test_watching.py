"""While a day is watched, what happens to an account changes its next action within seconds."""

from __future__ import annotations

import time

import pytest

from recoup import path
from recoup.commands import watching
from recoup.gate.tests.asking import ready
from recoup.journal.models import Event
from recoup.kernel.clock import local_day
from recoup.strategy.models import Decision, Reconsideration
from recoup.strategy.tests.test_replanning import crowd, night, pay, strategy_with


@pytest.mark.django_db(transaction=True, reset_sequences=True)
def test_the_next_action_follows_an_event_within_five_seconds(book, team, system, at, time_machine):
    time_machine.move_to(at)
    ready(book, system, at)
    path.lay()
    strategy_with(book, at)
    cases = crowd(book, team, 3)
    night(book, at, local_day(at, book.time_zone))

    with watching.choosing_anew(book, name="test", every=0.05):
        for case in cases:
            pay(case, at)
        begun = time.monotonic()
        while Reconsideration.objects.exists() and time.monotonic() - begun < 20:
            time.sleep(0.02)

    # The machine of a test is busy: the bench measures the seconds.
    assert not Reconsideration.objects.exists()
    # Who is in the holdout hangs on keys that other tests move: of three, one at least is not.
    anew = list(Event.objects.filter(kind="strategy.replanned"))
    assert anew
    assert Decision.objects.filter(case=anew[0].case, state="waiting").count() == 1


@pytest.mark.django_db(transaction=True, reset_sequences=True)
def test_it_goes_on_after_a_failure_and_ends_with_the_block(book, monkeypatch, caplog):
    tried = []

    def broken(moment):
        tried.append(moment.book)
        raise RuntimeError("away")

    monkeypatch.setattr(path, "choose_anew", broken)
    with watching.choosing_anew(book, name="test", every=0.01) as thread:
        while len(tried) < 3:
            time.sleep(0.01)

    assert not thread.is_alive()
    assert "Could not choose anew" in caplog.text
