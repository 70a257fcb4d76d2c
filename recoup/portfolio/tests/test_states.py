"""The table of legal moves, every pair of it."""

from __future__ import annotations

import itertools

import pytest

from recoup.journal import queries as journal
from recoup.kernel.errors import Invalid, Refused
from recoup.portfolio import operations, states
from recoup.portfolio.models import Case
from recoup.portfolio.states import LEGAL, TERMS, IllegalMove, S

PAIRS = sorted(itertools.product(S.values, S.values))


def test_every_state_has_its_chinese_term_and_its_row():
    assert set(TERMS) == set(LEGAL) == set(S)


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_a_move_is_done_if_it_is_in_the_table_and_raises_if_not(
    wang_ming, system, at, source, target
):
    Case.objects.filter(pk=wang_ming.pk).update(state=source)
    wang_ming.refresh_from_db()

    if target in LEGAL[source]:
        operations.move(case=wang_ming, to=target, reason="by test", by=system, at=at)
        expected = target
    else:
        with pytest.raises(IllegalMove) as caught:
            operations.move(case=wang_ming, to=target, reason="by test", by=system, at=at)
        assert all(state in str(caught.value) for state in LEGAL[source])
        expected = source

    wang_ming.refresh_from_db()
    assert wang_ming.state == expected


def test_a_state_that_does_not_exist_is_refused(wang_ming, system, at):
    with pytest.raises(IllegalMove):
        operations.move(case=wang_ming, to="forgotten", reason="by test", by=system, at=at)


def test_a_move_without_a_reason_is_refused(wang_ming, system, at):
    with pytest.raises(Invalid, match="why"):
        operations.move(case=wang_ming, to="suspended", reason="  ", by=system, at=at)


@pytest.mark.parametrize(
    ("verb", "start", "end"),
    [
        ("retain", "open", "retained"),
        ("suspend", "open", "suspended"),
        ("resume", "suspended", "open"),
        ("recall", "open", "recalled"),
        ("close", "recalled", "closed"),
    ],
)
def test_each_verb_moves_the_case_and_leaves_an_event(wang_ming, system, at, verb, start, end):
    Case.objects.filter(pk=wang_ming.pk).update(state=start)
    wang_ming.refresh_from_db()

    getattr(operations, verb)(case=wang_ming, reason="委托到期", by=system, at=at)

    event = journal.tail(after=journal.position() - 1)[0]
    assert (wang_ming.state, event.kind, event.case) == (end, "portfolio.case_moved", wang_ming.pk)
    assert journal.data_of(event)["source"] == start


def test_a_case_that_owes_cannot_be_settled_by_hand(wang_ming, system, at):
    with pytest.raises(Refused, match="owes"):
        operations.settle(case=wang_ming, reason="说已还清", by=system, at=at)


def test_a_settled_case_is_not_worked():
    assert not states.WORKED & {S.SETTLED, S.SUSPENDED, S.RECALLED, S.CLOSED, S.PLACED}
