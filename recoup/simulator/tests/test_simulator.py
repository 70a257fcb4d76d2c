"""The simulator: its numbers, its borrowers, what it hides, and the facts it must reproduce."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.kernel.errors import Invalid
from recoup.simulator import answers, chance, facts, hazard, parameters, traits
from recoup.simulator.actions import BUDGETS, Capacity, Offer
from recoup.simulator.laboratory import Action, Laboratory
from recoup.simulator.moments import moments
from recoup.simulator.parameters import GRADES
from recoup.simulator.population import Population

SHIPPED = parameters.load()


def people(count: int = 2000, seed: int = 3) -> traits.Traits:
    return traits.of(chance.keys_of_numbers(seed, np.arange(count)), SHIPPED)


def population(count: int = 2000, *, days: int = 10) -> Population:
    each = np.full(count, 100_000, dtype=np.int64)
    return Population(
        traits=people(count), days=np.full(count, days), arrears=each, owed=5 * each,
        instalment=each, parameters=SHIPPED,
    )  # fmt: skip


# -- Numbers and chance --------------------------------------------------------------------------


def test_every_parameter_has_a_range_a_source_and_a_grade() -> None:
    for row in SHIPPED.rows.values():
        assert row.low <= row.value <= row.high, row.name
        assert row.source, row.name
        assert row.grade in GRADES, row.name


def test_an_unsourced_number_is_an_assumption_by_name() -> None:
    unsourced = {row.grade for row in SHIPPED.rows.values() if row.source == "none"}

    assert unsourced == {"ASSUMPTION"}


def test_a_value_outside_its_range_does_not_load(tmp_path: Path) -> None:
    path = tmp_path / "parameters.yaml"
    path.write_text("x.y: {value: 2, range: [0, 1], source: s, grade: guess, note: ''}")

    with pytest.raises(Invalid) as caught:
        parameters.read(path)

    assert len(caught.value.problems) == 2


def test_the_facts_are_shares() -> None:
    days, closed = facts.cure_curve()

    assert days[0] == 1 and (np.diff(closed) > 0).all() and closed[-1] <= 1
    assert facts.repay_hour().sum() == pytest.approx(1)
    assert facts.monthly_moves().shape == (3, 3)


def test_the_same_seed_and_reference_is_the_same_borrower_anywhere() -> None:
    alone = traits.of(chance.keys_of(7, ["B000000042"]), SHIPPED)
    among = traits.of(chance.keys_of_numbers(7, np.arange(100)), SHIPPED)

    for field in dataclasses.fields(traits.Traits):
        assert getattr(alone, field.name)[0] == getattr(among, field.name)[42], field.name


@given(st.text(max_size=20), st.integers(0, 2**40))
def test_any_reference_gives_a_key(reference: str, seed: int) -> None:
    keys = chance.keys_of(seed, [reference])

    assert 0 < chance.uniform(keys, 1)[0] < 1


def test_what_a_lender_saw_foretells_the_drive_but_does_not_give_it_away() -> None:
    keys = chance.keys_of_numbers(5, np.arange(20_000))

    seen = np.corrcoef(traits.signs(keys, SHIPPED).credit, traits.drive(keys, SHIPPED))[0, 1]

    assert 0.5 < seen < 0.7


# -- Paying --------------------------------------------------------------------------------------


def test_frail_borrowers_together_follow_the_cure_curve() -> None:
    drive = traits.drive(chance.keys_of_numbers(1, np.arange(50_000)), SHIPPED)
    target = hazard.target_survival(SHIPPED)

    for day in (1, 7, 30, 90, 180):
        left = hazard.survives(np.full(len(drive), day), drive, SHIPPED).mean()
        assert left == pytest.approx(target[day], abs=0.01)


def test_a_delay_lies_between_the_least_and_the_most() -> None:
    drive = people().drive
    chance_ = np.random.default_rng(1).random(len(drive))
    least, most = np.full(len(drive), 8), np.full(len(drive), 85)
    days = hazard.delay(drive, chance_, SHIPPED, most=most, least=least)

    assert days.min() == 9 and days.max() <= 85


def test_nobody_pays_more_than_the_arrears_and_the_books_balance() -> None:
    them, rng = population(days=3), np.random.default_rng(4)
    before = them.owed.sum()

    total = 0
    for day in range(40):
        paid = them.pay(on=day, rng=rng)
        total += int(paid.amount.sum())
        assert (paid.amount > 0).all()
        assert len(np.unique(paid.index)) == len(paid.index)
        them.grow_older()

    assert (them.arrears >= 0).all()
    assert them.owed.sum() == before - total


def test_whoever_owes_nothing_pays_nothing() -> None:
    them = population()
    them.arrears[:] = 0

    paid = them.pay(on=1, rng=np.random.default_rng(1))

    assert len(paid.index) == 0


def test_a_promise_that_will_be_kept_is_paid_on_its_day() -> None:
    them, rng = population(days=10), np.random.default_rng(2)
    made = them.promise(index=np.arange(500), on=10, rng=rng)
    them.days[:] = 400  # hardly anybody pays unasked
    kept = made.index[them.will_keep[made.index]]

    received: dict[int, int] = {}
    for day in range(10, 40):
        paid = them.pay(on=day, rng=rng)
        for index, amount, promised in zip(paid.index, paid.amount, paid.promised, strict=True):
            if promised:
                received[int(index)] = int(amount)

    assert set(received) <= set(kept.tolist())
    assert len(received) > 0.95 * len(kept)
    assert (made.amount <= 100_000).all() and (made.due_on > 10).all()


# -- Being contacted -----------------------------------------------------------------------------


def contacted(channel: answers.Channel, **changes: Any) -> answers.Answers:
    them = people(4000)
    given = {
        "tone": "moral", "slot": np.zeros(len(them), dtype=np.int8),
        "dead": np.zeros(len(them), dtype=bool), "nth": np.zeros(len(them), dtype=np.int16),
        "irritation": np.zeros(len(them), dtype=np.float32),
    } | changes  # fmt: skip
    draws = np.random.default_rng(1).random((answers.DRAWS, len(them)))
    return answers.answer(channel=channel, traits=them, draws=draws, parameters=SHIPPED, **given)


@pytest.mark.parametrize("channel", ["sms", "call"])
def test_a_dead_number_is_neither_heard_nor_annoyed(channel: answers.Channel) -> None:
    given = contacted(channel, dead=np.ones(4000, dtype=bool))

    assert not given.promises.any() and not given.complains.any() and not given.opts_out.any()
    heard = (answers.Outcome.RIGHT_PARTY, answers.Outcome.READ, answers.Outcome.DELIVERED)
    assert not np.isin(given.outcome, heard).any()
    assert (given.effect == 0).all()


def test_the_irritated_complain_more_and_pay_less() -> None:
    calm = contacted("sms")
    angry = contacted("sms", irritation=np.full(4000, 4.0, dtype=np.float32))

    assert angry.complains.sum() > 5 * max(calm.complains.sum(), 1)
    assert angry.opts_out.sum() > calm.opts_out.sum()
    assert angry.effect.mean() < calm.effect.mean()


def test_a_later_contact_does_less() -> None:
    first = contacted("call")
    eighth = contacted("call", nth=np.full(4000, 7, dtype=np.int16))

    assert 0 < eighth.effect.mean() < first.effect.mean()
    assert eighth.promises.mean() < first.promises.mean()


def test_a_call_in_the_best_hours_is_answered_more() -> None:
    them = people(4000)

    best = contacted("call", slot=them.best_slot)
    other = contacted("call", slot=((them.best_slot + 1) % 6).astype(np.int8))

    def reached(given: answers.Answers) -> float:
        return float((given.effect > 0).mean())

    assert reached(best) > 1.3 * reached(other)


def test_an_unknown_channel_is_invalid() -> None:
    with pytest.raises(Invalid):
        contacted("telegram")  # type: ignore[arg-type]


# -- The laboratory ------------------------------------------------------------------------------


# What the ledger and the notes of a lender hold of a population.
KNOWN = {"days", "arrears", "owed", "instalment", "promised_on", "promised"}


def reachable(thing: Any) -> Iterator[Any]:
    """All that a policy can reach from a thing without touching a private name."""
    for name in dir(thing):
        if not name.startswith("_") and not callable(getattr(thing, name)):
            value = getattr(thing, name)
            yield value
            if dataclasses.is_dataclass(value):
                yield from reachable(value)


def test_a_policy_sees_only_what_a_log_holds() -> None:
    laboratory = Laboratory(size=300, seed=2)
    hidden = laboratory._population
    secrets = [getattr(hidden.traits, field.name) for field in dataclasses.fields(hidden.traits)]
    for _ in range(5):
        day = laboratory.play([
            Action("sms", "moral", np.arange(300)),
            Action("robot", "reminder", np.arange(300), offer=Offer("write_down", 0.3)),
        ])  # fmt: skip
    secrets += [
        value for name, value in vars(hidden).items()
        if isinstance(value, np.ndarray) and name not in KNOWN
    ]  # fmt: skip

    seen = [*reachable(laboratory), *reachable(laboratory.log()), *reachable(day)]
    arrays = [value for value in seen if isinstance(value, np.ndarray)]
    assert not any(isinstance(value, Population | traits.Traits) for value in seen)
    for array in arrays:
        assert not any(array.shape == secret.shape and (array == secret).all()
                       and len(np.unique(secret)) > 2 for secret in secrets)  # fmt: skip


def test_the_log_is_a_copy() -> None:
    laboratory = Laboratory(size=50, seed=2)
    log = laboratory.log()

    log.arrears[:] = 0

    assert (laboratory.log().arrears > 0).all()


def test_the_same_seed_is_the_same_month() -> None:
    def month() -> list[int]:
        laboratory = Laboratory(size=500, seed=9)
        everyone = np.arange(500)
        return [laboratory.play([Action("sms", "moral", everyone)]).paid for _ in range(30)]

    assert month() == month()


def test_whoever_opted_out_is_left_alone() -> None:
    laboratory = Laboratory(size=3000, seed=2, days=20)
    for _ in range(30):
        laboratory.play([Action("sms", "reminder", np.arange(3000))])
    out = int(laboratory.log().opted_out.sum())

    day = laboratory.play([Action("sms", "reminder", np.arange(3000))])

    assert out > 0
    assert (day.outcomes[0] == answers.NOT_TRIED).sum() == out
    assert day.used["sms"] == 3000 - out


def test_whoever_opts_out_is_left_alone_for_the_rest_of_the_day() -> None:
    laboratory = Laboratory(size=3000, seed=2, days=20)
    for _ in range(12):
        laboratory.play([Action("sms", "reminder", np.arange(3000))])
    before = laboratory.log().opted_out

    day = laboratory.play([Action("sms", "reminder", np.arange(3000))] * 3)

    after = laboratory.log()
    anew = after.opted_out & ~before
    assert anew.sum() > 10
    assert ((day.outcomes[1] == answers.NOT_TRIED) & anew).any()
    assert (after.contacts[anew, 0] < 15).any()


def test_a_day_that_needs_more_than_there_is_is_refused_whole() -> None:
    laboratory = Laboratory(size=200, seed=4, capacity=Capacity(sms=100, junior_minutes=10))
    everyone = np.arange(200)

    with pytest.raises(Invalid) as caught:
        laboratory.play([Action("sms", "moral", everyone), Action("call", "moral", everyone)])

    assert {problem.where for problem in caught.value.problems} == {"sms", "junior_minutes"}
    assert laboratory.today == 0
    assert (laboratory.log().contacts == 0).all()
    assert laboratory.play([Action("sms", "moral", everyone[:100])]).used["sms"] == 100


@pytest.mark.parametrize(
    "action",
    [
        Action("pigeon", "moral", np.arange(2)),  # type: ignore[arg-type]
        Action("circle", "reminder", np.arange(2)),
        Action("call", "moral", np.arange(2), hour=23),
        Action("call", "moral", np.array([1, 1])),
        Action("call", "moral", np.array([-1])),
        Action("call", "moral", np.array([50])),
        Action("call", "moral", np.array([1]), offer=Offer("write_down", 1.5)),
        Action("call", "moral", np.array([1]), tier="chief"),  # type: ignore[arg-type]
    ],
)
def test_an_action_that_makes_no_sense_is_refused(action: Action) -> None:
    laboratory = Laboratory(size=50, seed=2)

    with pytest.raises(Invalid):
        laboratory.play([action])

    assert laboratory.today == 0


def test_no_budget_is_a_secret() -> None:
    laboratory = Laboratory(size=100, seed=1, variant="mid")

    day = laboratory.play([Action("call", "reminder", np.arange(5), hour=12, tier="senior")])

    assert set(day.used) == set(BUDGETS) == set(laboratory.capacity.limits())
    assert day.used["call_lines_12"] == 5 and day.used["senior_minutes"] > 0
    assert day.cost == round(day.used["spend"])


def test_a_fork_shares_the_past_and_has_a_chance_of_its_own() -> None:
    laboratory = Laboratory(size=2000, seed=9, variant="early")
    laboratory.play()

    same, other = laboratory.fork(seed=9), laboratory.fork(seed=10)

    assert (same.log().arrears == other.log().arrears).all()
    mine = [laboratory.play().paid for _ in range(5)]
    assert [same.play().paid for _ in range(5)] == mine
    assert [other.play().paid for _ in range(5)] != mine
    assert laboratory.today == 6 and other.today == 6


def test_promises_are_made_then_kept_or_broken() -> None:
    laboratory = Laboratory(size=3000, seed=3, days=20)
    for _ in range(3):
        laboratory.play([Action("call", "reminder", np.arange(3000))])
    for _ in range(20):
        laboratory.play()

    log = laboratory.log()
    settled = log.promises_kept + log.promises_broken
    assert settled.sum() > 100 and not log.promise_open.any()
    assert (settled <= log.promises_made).all()
    assert 0.3 < log.promises_kept.sum() / settled.sum() < 0.9


def test_what_was_paid_in_a_month_leaves_the_window() -> None:
    laboratory = Laboratory(size=2000, seed=3, days=10)
    for _ in range(29):
        laboratory.play()
    assert (laboratory.log().paid_30 == laboratory.log().paid).all()

    before = laboratory.log().paid.copy()
    for _ in range(30):
        laboratory.play()

    log = laboratory.log()
    assert (log.paid_30 == log.paid - before).all()
    assert before.sum() > 0


def test_a_laboratory_needs_a_case() -> None:
    with pytest.raises(Invalid):
        Laboratory(size=0, seed=1)


def test_the_published_facts_are_reproduced() -> None:
    found = list(moments(size=8_000, seed=11, parameters=SHIPPED))

    assert {m.name: m.short_by for m in found if m.verdict == "short"} == {}
    assert {m.kind for m in found} == {"fitted", "held out", "given"}
    assert all(m.source for m in found)
