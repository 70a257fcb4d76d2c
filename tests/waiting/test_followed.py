"""Who follows charts of waiting in the world they were drawn for does as well with less."""

from __future__ import annotations

import pytest

from bench.waiting import OFTEN, WEEKS, both


@pytest.mark.parametrize(("steps", "objection"), [(WEEKS, 1e-2), (OFTEN, 3e-3)])
def test_weighing_a_contact_against_waiting_nets_as_much_with_fewer_and_fewer_objections(
    steps, objection
):
    plain, waits = both(steps=steps, objection=objection, cases=2_000)

    assert waits.net > 0.998 * plain.net
    assert waits.contacts < 0.75 * plain.contacts
    assert waits.objections < 0.75 * plain.objections


def test_where_contacts_harm_nobody_looking_ahead_costs_nothing():
    plain, waits = both(steps=WEEKS, objection=0.0, cases=2_000)

    assert waits.net > plain.net


def test_where_anything_may_be_done_soon_again_waiting_wins_money():
    plain, waits = both(steps=OFTEN, objection=1e-2, cases=2_000)

    assert waits.net > 1.01 * plain.net
    assert waits.objections < 0.5 * plain.objections
