from __future__ import annotations

import hashlib
from datetime import timedelta
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from django.apps import apps
from django.conf import settings

from recoup.gate import queries as gate
from recoup.gate.queries import frames
from recoup.journal.models import Event
from recoup.journal.queries import data_of, verify
from recoup.kernel.errors import Invalid, Refused
from recoup.people import scopes
from recoup.strategy.flights import flying, operations, resuming, start
from recoup.strategy.flights.tests.conftest import LOOSE, Clock, facts, text
from recoup.strategy.models import Flight, Plan
from recoup.strategy.reading import read, shipped

view = scopes.viewer_of


def test_a_strategy_flown_beside_itself_differs_in_nothing(champion, draft, flown):
    flight = flown(draft(text() + "\n# the same, in other words\n"))

    results = flight.results
    assert flight.state == "flown"
    for name, row in results["measures"].items():
        assert (row["difference"], row["low"], row["high"]) == (0, 0, 0), name
    assert results["first_night"]["changed"] == 0
    assert results["harm"] == []
    assert results["measures"]["contacts"]["candidate"] > 0


def test_a_strategy_that_only_drops_budgets_costs_less_and_contacts_fewer(champion, draft, flown):
    fewer = text(sms=("  sms: 6\n", "  sms: 2\n"), task=("task_minutes: 60", "task_minutes: 12"))

    results = flown(draft(fewer)).results

    cost, contacts = results["measures"]["cost"], results["measures"]["contacts"]
    assert cost["high"] < 0
    assert contacts["difference"] < 0
    assert contacts["more_in"] == 0
    assert results["budgets"]["candidate"]["sms"]["peak"] <= 2
    assert results["budgets"]["champion"]["sms"]["peak"] <= 6
    assert results["first_night"]["changed"] > 0


def test_a_window_at_night_is_refused_by_the_rule_and_shown_in_red(champion, draft, flown):
    late = text(
        one=('window: ["09:30", "11:30"]', 'window: ["22:15", "22:45"]'),
        two=('window: ["17:30", "19:30"]', 'window: ["22:15", "22:45"]'),
    )

    results = flown(draft(late)).results

    rules = {row["rule"]: row for row in results["rules"]}
    hours = next(rule for rule in rules if rule.startswith("CN-TIME"))
    assert rules[hours]["candidate"] > 0
    assert rules[hours]["against"] == 0
    assert "refusals" in {harm["what"] for harm in results["harm"]}


def test_the_same_seed_gives_the_same_figures_to_the_last_bit(champion, draft, flown):
    version = draft(text(sms=("  sms: 6\n", "  sms: 3\n")))

    one, two, other = flown(version, seed=5), flown(version, seed=5), flown(version, seed=6)

    assert one.results == two.results
    assert {k: v for k, v in one.inputs.items() if k not in ("position", "digest")} == {
        k: v for k, v in two.inputs.items() if k not in ("position", "digest")
    }
    assert one.results["daily"] != other.results["daily"]


def rows_of_everything():
    """A hash of every row of every table but what a flight may write."""
    ours = {"strategy.flight", "journal.event", "journal.head"}
    return {
        model._meta.label_lower: hashlib.sha256(
            repr(sorted(map(repr, model._base_manager.values_list()))).encode()
        ).hexdigest()
        for model in apps.get_models()
        if model._meta.label_lower not in ours
    }


def test_a_flight_changes_nothing_but_itself_and_ends_in_one_event(
    champion, draft, system, at, book
):
    version = draft(text(sms=("  sms: 6\n", "  sms: 3\n")))
    flight = operations.ask(version=version, by=system, at=at, days=2, repetitions=1)
    before, last = rows_of_everything(), Event.objects.order_by("-position").first().position

    flight = operations.fly(flight=flight, facts=facts, by=system, at=at, clock=Clock(at))

    assert rows_of_everything() == before
    event = Event.objects.get(position__gt=last)
    said = data_of(event)
    assert event.kind == "strategy.flown"
    assert said["simulated"] is True
    assert said["inputs"]["strategy"] == version.digest == flight.digest
    assert said["inputs"]["champion"] == champion.digest
    assert said["inputs"]["position"] == last == flight.position
    assert said["inputs"]["simulator"]
    assert said["inputs_digest"] == flight.inputs["digest"]
    assert verify().is_whole


def test_the_first_night_is_the_plan_that_the_product_makes(
    champion, draft, flown, book, system, at, today
):
    from recoup.strategy import operations as strategy

    fewer = text(sms=("  sms: 6\n", "  sms: 3\n"))
    results = flown(draft(fewer)).results
    plan = strategy.decide(book=book, on=today, facts=facts(book, today), by=system, at=at)

    assert results["days"][0] == today.isoformat()
    assert results["first_night"]["actions"]["champion"] == plan.chosen


def test_who_gets_another_action_is_kept_case_by_case(champion, draft, flown):
    flight = flown(draft(text(sms=("  sms: 6\n", "  sms: 2\n"))))

    night, rows = flight.results["first_night"], pl.read_parquet(settings.DATA_DIR / flight.file)
    assert rows.height == night["changed"] == sum(row["cases"] for row in night["matrix"])
    assert (rows["before"] != rows["after"]).all()
    assert {row["case"] for row in night["examples"]} <= set(rows["case"].to_list())


def test_a_flight_begins_after_the_night_that_is_planned(
    champion, draft, flown, book, system, at, today
):
    from recoup.strategy import operations as strategy

    strategy.decide(book=book, on=today, facts=facts(book, today), by=system, at=at)

    results = flown(draft(text(sms=("  sms: 6\n", "  sms: 3\n")))).results

    assert Plan.objects.count() == 1
    assert results["days"][0] == (today + timedelta(days=1)).isoformat()


def test_days_pass_in_a_flight_and_nobody_is_contacted_past_their_limit(champion, book, at):
    opening = start.read(
        book=book, candidate=(read(text()), "x"), champion=None, facts=lambda on, cases: facts(book, on, cases),
        at=at, days=8, most=100, seed=1,
    )  # fmt: skip
    seen = []
    real = flying._play

    def watched(course, tally, night, day):
        seen.append((day, course.frames(day).cases))
        real(course, tally, night, day)

    flying._play = watched
    try:
        flown = flying.fly(start=opening, repetitions=1, seed=1)
    finally:
        flying._play = real

    for (_, before), (_, after) in pairwise(seen):
        older = after.filter(pl.col("overdue") > 0).join(before, on="case")
        assert (older["days_past_due"] == older["days_past_due_right"] + 1).all()
    tally = flown.tallies["candidate"][0]
    assert tally.contacts.max() <= 4  # two in seven days
    assert (tally.used <= [6, 4, 4, 60, 6000]).all()
    assert flown.tallies["nobody"][0].contacts.sum() == 0


def test_of_a_large_book_only_the_cases_flown_are_read_for_each_further_day(
    champion, book, at, today, monkeypatch
):
    monkeypatch.setattr(frames, "SOME", 3)
    asked = []

    def some(on, cases):
        asked.append(cases)
        return gate.facts_frame(book=book, on=on, cases=cases)

    told = {"book": book, "candidate": (read(text()), "x"), "champion": None, "at": at,
            "days": 3, "most": 10, "seed": 1}  # fmt: skip
    few = start.read(facts=some, **told)
    whole = start.read(facts=lambda on, _: gate.facts_frame(book=book, on=on), **told)

    assert few.total >= start.FEW * 10
    assert asked[0] is None and [len(cases) for cases in asked[1:]] == [10, 10]
    assert all(frame.height for frame in few.facts)
    assert few.digest() == whole.digest()
    assert gate.facts_frame(book=book, on=today, cases=[]).is_empty()


def test_a_large_book_is_sampled_by_strata_and_says_so(champion, draft, flown):
    flight = flown(draft(text(sms=("  sms: 6\n", "  sms: 2\n"))), most=20)

    results = flight.results
    assert (results["cases"], results["flown"], results["weight"]) == (40, 20, 2.0)
    assert results["budgets"]["candidate"]["sms"]["peak"] <= 2
    assert results["first_night"]["cases"] == 40


def test_where_nothing_is_in_force_a_strategy_is_flown_against_nobody_contacted(
    book, crowd, system, at, today, flown
):
    from recoup.scoring import operations as scoring
    from recoup.strategy import operations as strategy

    scoring.score_book(book=book, on=today, by=system, at=at)
    version = strategy.add(book=book, source=text(), by=system, at=at)

    results = flown(version).results

    assert results["against"] == "nobody"
    assert results["measures"]["contacts"]["against"] == 0
    assert results["measures"]["contacts"]["candidate"] > 0


def test_other_budgets_are_flown_without_a_new_version(champion, flown):
    flight = flown(champion, budgets={"sms": "-50 %", "letter": "0"})

    assert flight.changes == {"sms": {"from": 6, "to": 3}, "letter": {"from": 4, "to": 0}}
    assert flight.digest != champion.digest
    assert flight.results["measures"]["contacts"]["difference"] < 0


def test_what_cannot_be_flown_is_said_before_anything_happens(book, system, at, champion):
    for wrong in ({"days": 0}, {"repetitions": 1000}, {"budgets": {"fax": "+1"}},
                  {"budgets": {"sms": "many"}}, {"budgets": {"sms": "-7"}}):  # fmt: skip
        with pytest.raises(Invalid):
            operations.ask(version=champion, by=system, at=at, **wrong)
    assert not Flight.objects.exists()


def test_a_book_that_was_never_scored_is_not_flown_over(book, crowd, system, at, flown):
    from recoup.strategy import operations as strategy

    version = strategy.add(book=book, source=shipped(), by=system, at=at)

    with pytest.raises(Invalid):
        flown(version)
    assert Flight.objects.get().state == "failed"


# -- Killed, called back, and run by another process -------------------------------------------------
def test_a_flight_that_was_killed_counts_as_failed_and_flies_again_to_the_same_figures(
    champion, draft, flown, system, at, monkeypatch
):
    version = draft(text(sms=("  sms: 6\n", "  sms: 3\n")))
    whole = flown(version)
    flight = operations.ask(version=version, by=system, at=at, days=2, repetitions=2)
    real, nights = flying._play, []

    def killed(*args):
        nights.append(1)
        if len(nights) > 5:  # four nights are a repetition: in the second
            raise KeyboardInterrupt
        real(*args)

    monkeypatch.setattr(flying, "_play", killed)
    with pytest.raises(KeyboardInterrupt):
        operations.fly(flight=flight, facts=facts, by=system, at=at, clock=Clock(at))
    flight.refresh_from_db()
    assert (flight.state, flight.results, flight.file) == ("failed", {}, "")
    again: list[int] = []

    def counted(*args):
        again.append(1)
        real(*args)

    monkeypatch.setattr(flying, "_play", counted)
    folder = operations._folder(flight)
    assert len(list(folder.glob("*.repetitions/*.npz"))) == 1

    flight = operations.fly(flight=flight, facts=facts, by=system, at=at, clock=Clock(at))

    assert flight.results == whole.results
    assert len(again) == 4  # the first repetition was kept
    assert not list(folder.glob("*.repetitions"))


def test_a_kept_repetition_of_other_inputs_or_that_is_broken_is_flown_anew(tmp_path):
    made = {
        name: flying.Tally.of(3, 5, 2) for name in (flying.CANDIDATE, flying.QUIET)
    }  # fmt: skip
    made[flying.CANDIDATE].rules["gate.hours"] += 4
    made[flying.CANDIDATE].note("recovered", 1, 12.5)
    kept = resuming.Kept(tmp_path / "x", {"book": "a", "seed": 1})
    kept.save(0, made)

    found = kept.load(0, tuple(made))

    assert found is not None and found[flying.CANDIDATE].rules == {"gate.hours": 4}
    assert all(
        np.array_equal(getattr(found[side], name), getattr(made[side], name))
        for side in made for name in resuming.ARRAYS
    )  # fmt: skip
    assert kept.load(1, tuple(made)) is None
    assert kept.load(0, (flying.QUIET,)) is None
    assert resuming.Kept(tmp_path / "x", {"book": "a", "seed": 2}).load(0, tuple(made)) is None
    (path,) = (tmp_path / "x").glob("*.npz")
    path.write_bytes(path.read_bytes()[:40])
    assert kept.load(0, tuple(made)) is None


def test_a_flight_whose_process_died_is_taken_over_and_one_in_the_air_is_not(
    champion, draft, system, at
):
    version = draft(text(sms=("  sms: 6\n", "  sms: 3\n")))
    dead, alive = (
        operations.ask(version=version, by=system, at=at, days=1, repetitions=1) for _ in "ab"
    )
    Flight.objects.filter(pk=dead.pk).update(state="flying", seen_at=at - timedelta(minutes=10))
    Flight.objects.filter(pk=alive.pk).update(state="flying", seen_at=at)

    flown = operations.fly_waiting(facts=facts, by=system, clock=Clock(at))

    assert [flight.pk for flight in flown] == [dead.pk]
    with pytest.raises(Invalid):
        operations.fly(flight=alive, facts=facts, by=system, at=at, clock=Clock(at))


def test_a_flight_that_is_called_back_stops_and_leaves_nothing(
    champion, draft, system, at, analyst, monkeypatch
):
    version = draft(text(sms=("  sms: 6\n", "  sms: 3\n")))
    flight = operations.ask(version=version, by=system, at=at, days=5, repetitions=3)
    real, nights = flying._play, []

    def recalled(*args):
        nights.append(1)
        if len(nights) == 2:
            operations.recall(flight=flight, viewer=view(analyst), at=at)
        real(*args)

    monkeypatch.setattr(flying, "_play", recalled)
    clock = Clock(at)
    monkeypatch.setattr(operations, "BEAT", timedelta(0))
    with pytest.raises(flying.Stopped):
        operations.fly(flight=flight, facts=facts, by=system, at=at, clock=clock)

    flight.refresh_from_db()
    assert flight.state == "recalled"
    assert len(nights) < 5
    assert not Event.objects.filter(kind__in=("strategy.flown", "strategy.flight_failed")).exists()
    flight = operations.again(flight=flight, viewer=view(analyst), at=at)
    assert flight.state == "waiting"


def test_one_failed_flight_does_not_keep_the_others(champion, draft, system, at, book):
    bad, good = (
        operations.ask(
            version=draft(text(sms=("  sms: 6\n", f"  sms: {n}\n"))), by=system, at=at, days=1,
            repetitions=1,
        )
        for n in (3, 4)
    )  # fmt: skip
    Flight.objects.filter(pk=bad.pk).update(source="not: a strategy")

    flown = operations.fly_waiting(facts=facts, by=system, clock=Clock(at))

    assert [flight.pk for flight in flown] == [good.pk]
    assert Flight.objects.get(pk=bad.pk).state == "failed"


def test_who_may_not_ask_or_call_back_is_refused(champion, draft, system, at, li_na, outsider):
    flight = operations.ask(version=champion, by=system, at=at)
    outsider.role = "analyst"
    outsider.save()

    for user in (li_na, outsider):
        with pytest.raises(Refused):
            operations.ask(version=champion, viewer=view(user), at=at)
        with pytest.raises(Refused):
            operations.recall(flight=flight, viewer=view(user), at=at)


def test_the_shipped_text_is_what_these_tests_change():
    assert LOOSE in shipped()
