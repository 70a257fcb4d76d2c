"""What people may ask of the gate, and what 外人 may not."""

from __future__ import annotations

from typing import Any

import pytest

from recoup.gate import operations, queries
from recoup.kernel.errors import Refused
from recoup.people.scopes import acting_for, viewer_of

from .asking import decision_for, ready

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def gate_ready(book: Any, system: Any, at: Any) -> None:
    ready(book, system, at)


def left(budgets: list[queries.Budget]) -> dict[tuple[str, str], int]:
    return {(one.channel, one.unit): one.left for one in budgets}


def test_what_is_left_goes_down_with_each_permit(wang_ming, li_na, system, at):
    before = left(queries.remaining(viewer=viewer_of(li_na), case=wang_ming, at=at))
    for channel in ("sms", "letter"):
        operations.request(decision=decision_for(wang_ming, channel, at=at), at=at, by=system)

    after = left(queries.remaining(viewer=viewer_of(li_na), case=wang_ming, at=at))

    assert before["sms", "channel.sms"] == 2 and after["sms", "channel.sms"] == 1
    assert before["letter", "channel.letter"] == 1 and after["letter", "channel.letter"] == 0
    assert after["call", "effective_call"] == 3 and after["call", "attempt"] == 6


def test_a_collector_sees_refusals_of_their_team_by_rule(wang_ming, li_na, book, system, at):
    operations.stop(case=wang_ming, reason="dispute", source="x", by=system, at=at)
    operations.request(decision=decision_for(wang_ming, "sms", at=at), at=at, by=system)
    viewer = viewer_of(li_na)

    rows = queries.refusals(viewer=viewer, book=book, since=at)
    tally = queries.refusals_by_rule(viewer=viewer, book=book)

    assert rows.count() == 1
    assert queries.refusals(viewer=viewer, rule="HOUSE-HOLD-DISPUTE").count() == 1
    assert queries.refusals(viewer=viewer, rule="CN-TIME-001").count() == 0
    assert [(one["id"], one["count"]) for one in tally] == [("HOUSE-HOLD-DISPUTE", 1)]


def test_an_outsider_sees_nothing(wang_ming, outsider, book, system, at):
    operations.stop(case=wang_ming, reason="dispute", source="x", by=system, at=at)
    operations.request(decision=decision_for(wang_ming, "sms", at=at), at=at, by=system)
    operations.opt_out(borrower=wang_ming.borrower, scope="sms", source="x", at=at, by=system)
    operations.consent(borrower=wang_ming.borrower, purpose="hours", source="x", at=at, by=system)
    viewer = viewer_of(outsider)

    with pytest.raises(Refused):
        queries.remaining(viewer=viewer, case=wang_ming, at=at)
    with acting_for(viewer):
        assert not queries.refusals(viewer=viewer, book=book).exists()
        assert queries.refusals_by_rule(viewer=viewer, book=book) == []
        for ask in (queries.permits, queries.stops, queries.opt_outs, queries.consents):
            assert not ask(viewer=viewer, case=wang_ming).exists()
    assert not queries.refusals(viewer=viewer, book=book).exists()


def test_a_viewer_sees_what_stands_in_the_way(wang_ming, leader, system, at):
    operations.stop(case=wang_ming, reason="plan", source="x", by=system, at=at)
    viewer = viewer_of(leader)

    assert [str(row) for row in queries.stops(viewer=viewer, case=wang_ming)] == ["plan"]
