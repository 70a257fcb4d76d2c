"""The referee stops every policy that breaks its terms, and says what was broken on which day."""

from __future__ import annotations

import ast
import dataclasses
from pathlib import Path

import numpy as np
import pytest

import bench.collectbench.__main__
from bench.collectbench import world
from bench.collectbench.protocol import Contact, Log
from bench.collectbench.referee import BrokenError, Referee
from bench.collectbench.seat import FailedError, Seat, make
from bench.collectbench.stage import Result, play
from tests.collectbench import entries

HERE = "tests.collectbench.entries"
CASES, DAYS = 400, 8
TERMS = world.terms(variant="mid", cases=CASES, days=DAYS)


class Chair:
    """A policy in this process: what `Seat` is, without the walls."""

    def __init__(self, name: str) -> None:
        self.policy, self.cpu = make(f"{HERE}:{name}"), 0.0
        self.policy.learn([], TERMS, seed=1)

    def begin(self) -> None:
        """Nothing to forget."""

    def act(self, log, terms, *, day, yesterday):
        return self.policy.act(log, terms, day=day, yesterday=yesterday)


def result(name: str, *, seed: int = 5) -> Result:
    return play(Chair(name), world.Book(terms=TERMS, seed=seed), TERMS, name=name)  # type: ignore[arg-type]


CRIMES = {
    "Texts": "of sms asked for", "Letters": "of letter asked for",
    "Minutes": "of senior_minutes asked for", "Lines": "of call_lines_08 asked for",
    "RobotLines": "of robot_lines_12 asked for", "RobotMinutes": "of robot_minutes asked for",
    "Gifts": "'write_down' may not be offered", "Twice": "more than 1 time(s) a day",
    "Twins": "named twice in one contact", "Night": "hour 23 is outside 8 to 21",
    "Circle": "no channel 'circle'", "Nobody": f"numbered 0 to {CASES - 1}",
    "Unnumbered": "one array of whole numbers", "NanOffer": "may not be offered",
    "Shapeless": "gives a list of Contact, not str",
}  # fmt: skip


def test_an_honest_policy_plays_to_the_end() -> None:
    played = result("Honest")

    assert played.broken == ""
    assert len(played.by_day) == DAYS
    assert played.contacts > 0 and played.paid > 0


@pytest.mark.parametrize("name", CRIMES)
def test_whoever_breaks_a_cap_is_stopped_on_that_day(name: str) -> None:
    played = result(name)

    assert played.broken.startswith("Day 2:")
    assert CRIMES[name] in played.broken
    assert len(played.by_day) == 2, "nothing was clipped: the day was not played"


def test_a_second_letter_within_a_month_is_seen_from_the_referee_s_own_memory() -> None:
    assert "letter(s) in 30 days" in result("Writer").broken


def test_who_owes_nothing_that_is_due_is_left_alone() -> None:
    played = play(
        Chair("Settled"), world.Book(terms=EARLY, seed=5), EARLY, name="Settled"  # type: ignore[arg-type]
    )  # fmt: skip

    assert "owes nothing that is due" in played.broken


EARLY = world.terms(variant="early", cases=CASES, days=DAYS)


def test_who_opted_out_or_complained_is_left_alone() -> None:
    books = [play(Chair("Stalker"), world.Book(terms=LONG, seed=seed), LONG, name="Stalker")  # type: ignore[arg-type]
             for seed in (1, 2)]  # fmt: skip

    assert any("may not be contacted" in one.broken for one in books)


LONG = world.terms(variant="mid", cases=CASES, days=40)


def test_nobody_is_contacted_once_complaints_reach_the_ceiling() -> None:
    referee, log = Referee(TERMS), Log(fields())
    contacts = [Contact("sms", "moral", np.array([1]))]
    referee.count(referee.admit(contacts, log, day=0), {}, TERMS.complaint_ceiling, day=0)

    with pytest.raises(BrokenError, match="reached the ceiling"):
        referee.admit([Contact("sms", "moral", np.array([2]))], log, day=1)

    assert referee.admit([], log, day=1) == []
    assert referee.admit([Contact("sms", "moral", np.array([2]))], log, day=30)


def test_where_offers_are_open_their_shares_and_their_face_are_counted() -> None:
    rules = dataclasses.replace(TERMS.rules, offers=("write_down",))
    terms = dataclasses.replace(TERMS, rules=rules, budgets={**TERMS.budgets, "concession": 99_999})
    log, one = Log(fields()), np.array([7])

    for share, said in ((1.0, "of concession asked for"), (float("nan"), "share of an offer")):
        with pytest.raises(BrokenError, match=said):
            Referee(terms).admit(
                [Contact("sms", "moral", one, offer=("write_down", share))], log, day=0
            )


def test_the_fourth_call_of_a_day_is_refused() -> None:
    rules = dataclasses.replace(TERMS.rules, contacts_a_day=9)
    referee, log = Referee(dataclasses.replace(TERMS, rules=rules)), Log(fields())
    calls = [Contact("call", "moral", np.array([7]), hour=hour) for hour in (9, 11, 13, 15)]

    assert len(referee.admit(calls[:3], log, day=0)) == 3
    with pytest.raises(BrokenError, match="called more than 3 times a day"):
        referee.admit(calls, log, day=0)


def test_what_the_simulator_says_was_used_is_asserted_too() -> None:
    referee = Referee(TERMS)

    with pytest.raises(BrokenError, match="The day used"):
        referee.count([], {"sms": TERMS.budgets["sms"] + 1}, 0, day=3)


def test_all_that_is_wrong_on_a_day_is_said() -> None:
    bad = [Contact("pigeon", "rude", np.array([0]), hour=3)]

    with pytest.raises(BrokenError) as caught:
        Referee(TERMS).admit(bad, Log(fields()), day=4)

    assert len(caught.value.problems) == 3
    assert caught.value.day == 4


def fields() -> dict[str, np.ndarray]:
    return {
        "arrears": np.full(CASES, 100_000), "opted_out": np.zeros(CASES, dtype=bool),
        "complained": np.zeros(CASES, dtype=bool),
    }  # fmt: skip


# -- The seat --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "said"),
    [("Spy", "knows what is hidden"), ("Crash", "ZeroDivisionError"), ("Vandal", "read-only")],
)
def test_an_error_of_a_policy_is_told_with_its_day(name: str, said: str) -> None:
    with Seat(f"{HERE}:{name}") as seat:
        seat.learn([], TERMS, seed=1)
        played = play(seat, world.Book(terms=TERMS, seed=5), TERMS, name=name)

    assert played.broken.startswith("Day 2:")
    assert said in played.broken


def test_a_policy_cannot_import_the_world_while_it_learns() -> None:
    with Seat(f"{HERE}:Hasty") as seat, pytest.raises(FailedError, match="may not import"):
        seat.learn([], TERMS, seed=1)


@pytest.mark.parametrize("address", [f"{HERE}:Nameless", f"{HERE}:Absent", HERE])
def test_an_entry_without_what_it_needs_is_named(address: str) -> None:
    with pytest.raises(ValueError, match=r"lacks|has no|is named"):
        make(address)


def test_the_same_seeds_give_the_same_results_and_books_are_forgotten() -> None:
    with Seat(f"{HERE}:Honest") as seat:
        seat.learn([], TERMS, seed=1)
        first, other, again = (
            play(seat, world.Book(terms=TERMS, seed=seed), TERMS, name="Honest")
            for seed in (5, 6, 5)
        )

    assert (first.paid, first.cost, first.by_day) == (again.paid, again.cost, again.by_day)
    assert first.by_day != other.by_day


def test_a_log_holds_nothing_hidden() -> None:
    log = world.Book(terms=TERMS, seed=5).log()
    hidden = {"ability", "willingness", "drive", "warmth", "patience", "lift", "irritation",
              "will_keep", "best_slot", "lost_after", "hardened", "excite"}  # fmt: skip

    assert not hidden & set(log.names)
    assert not log.arrears.flags.writeable
    assert entries.some(log, 3).tolist()


def test_the_command_brings_nothing_hidden_into_a_policy_s_process() -> None:
    text = Path(bench.collectbench.__main__.__file__).read_text()

    names = {node.module for node in ast.parse(text).body if isinstance(node, ast.ImportFrom)}
    assert names == set()
