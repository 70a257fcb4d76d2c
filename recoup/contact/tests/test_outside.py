"""Calls of others, some at once: used once, ended once, in one event each."""

from __future__ import annotations

from typing import Any

import pytest

from recoup.contact import operations, queries
from recoup.contact.models import Attempt
from recoup.gate import operations as gate
from recoup.gate.models import Counter
from recoup.gate.tests import asking
from recoup.journal.models import Event
from recoup.kernel.errors import Invalid, Refused
from recoup.people.scopes import viewer_of

pytestmark = pytest.mark.django_db
SESSION = {"recording_ready": True}


@pytest.fixture
def permits(book: Any, wang_ming: Any, crowd: Any, system: Any, at: Any) -> list[Any]:
    asking.ready(book, system, at)
    gate.register_sender(
        creditor=book.creditor, channel="call", address="95012345", by=system, at=at
    )
    wishes = [
        gate.Wish(case, "call", case.borrower.contact_points.get(medium="phone").pk, f"k{case.pk}")
        for case in [wang_ming, *crowd(2)]
    ]
    return gate.request_contacts(wishes=wishes, at=at, by=system, session=SESSION)


def test_some_calls_begin_and_end_with_one_event_each(permits, wang_ming, li_na, system, at):
    made = operations.begin_calls(permits=permits, by=system, at=at, session=SESSION)
    ended = [
        operations.Ended(row, outcome, seconds)
        for row, (outcome, seconds) in zip(
            made, [("promise", 61), ("busy", 0), ("no_answer", 0)], strict=True
        )
    ]

    first = operations.end_calls(ended=ended, by=system, at=at)
    again = operations.end_calls(ended=ended, by=system, at=at)

    assert (first, again) == (3, 0)
    assert sorted(Attempt.objects.values_list("state", "cost")) == [
        ("delivered", 20), ("undelivered", 0), ("undelivered", 0),
    ]  # fmt: skip
    used = dict.fromkeys(("effective_call", "attempt"), 0)
    for row in Counter.objects.filter(unit__in=used):
        used[row.unit] += row.used
    assert used == {"effective_call": 1, "attempt": 2}
    assert Event.objects.filter(kind="contact.calls_begun").count() == 1
    seen = queries.attempts(viewer=viewer_of(li_na), case=wang_ming)
    assert [row.outcome for row in seen] == ["promise"]


def test_a_permit_that_may_not_be_used_by_now_makes_no_call(permits, wang_ming, system, at):
    gate.stop(case=wang_ming, reason="dispute", source="x", by=system, at=at)

    made = operations.begin_calls(permits=permits, by=system, at=at, session=SESSION)
    again = operations.begin_calls(permits=permits, by=system, at=at, session=SESSION)

    assert [isinstance(row, Refused) for row in made] == [True, False, False]
    assert "HOUSE-HOLD-DISPUTE" in made[0].rules
    assert all(isinstance(row, Refused) for row in again)
    assert Attempt.objects.count() == 2


def test_an_outcome_that_is_none_ends_nothing(permits, system, at):
    made = operations.begin_calls(permits=permits, by=system, at=at, session=SESSION)

    with pytest.raises(Invalid, match="no outcome"):
        operations.end_calls(ended=[operations.Ended(made[0], "fine")], by=system, at=at)
    assert set(Attempt.objects.values_list("state", flat=True)) == {"accepted"}
