from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from recoup.journal.models import Event
from recoup.kernel.errors import Invalid
from recoup.people.models import Sealed
from recoup.portfolio.models import Entry
from recoup.scoring import operations as scoring
from recoup.strategy import operations, routing, sequence
from recoup.strategy.models import Decision, RouteEntry, RouteLook, StrategyVersion
from recoup.strategy.reading import read, shipped
from recoup.strategy.tests.conftest import facts_of, many

HEAD = shipped()[: shipped().index("# A person is in one arm")]
ROUTED = HEAD + "routing: {salt: route-1, share: 0.8, groups: [message, human], effect: 0.05}\n"
HUMAN = {"collector-review"}


@pytest.fixture
def version(book, system, at):
    """A strategy that draws four in five people into messages or people, in force."""
    row = operations.add(book=book, source=ROUTED, by=system, at=at)
    StrategyVersion.objects.filter(pk=row.pk).update(state="active", activated_at=at)
    row.refresh_from_db()
    return row


@pytest.fixture
def cases(book, team, version, system, at, today):
    """Three hundred cases with their scores."""
    made = many(book, team, 300, today)
    scoring.score_book(book=book, on=today, by=system, at=at)
    return made


def decide(book, system, at, on, settings):
    plan = operations.decide(book=book, on=on, facts=facts_of(book), by=system, at=at)
    return pl.read_parquet(settings.DATA_DIR / plan.file)


def pay_group(group, on, at, share):
    """So large a share of a group's cases pays half of what it owes."""
    for number, entry in enumerate(RouteEntry.objects.filter(group=group).order_by("pk")):
        if number % 10 < 10 * share:
            Entry.objects.create(
                loan=entry.case.loans.get(), kind="payment", cause=f"r{entry.pk}-{on}",
                posted_at=at, value_on=on, principal=-600_000, cash=600_000,
            )  # fmt: skip


def test_who_is_drawn_into_a_group_is_offered_that_group_only_and_stays(
    book, cases, system, at, today, settings
):
    rows = decide(book, system, at, today, settings)
    strategy = read(ROUTED)
    groups = {code: one.group for code, one in strategy.treatments.items()}

    acted = rows.filter((pl.col("treatment") != "") & (pl.col("route") != ""))
    assert set(rows["route"]) == {"", "message", "human"}
    assert acted.height > 100
    assert all(groups[row["treatment"]] == row["route"] for row in acted.iter_rows(named=True))
    again = sequence.routes(strategy, rows["person"].to_numpy()).series().to_list()
    assert again == rows["route"].to_list()
    share = float((rows["route"] != "").mean())
    assert abs(share - 0.8) < 4 * np.sqrt(0.8 * 0.2 / rows.height)


def test_nobody_is_drawn_without_the_block(book, strategy):
    persons = np.arange(50)

    assert set(sequence.routes(read(shipped()), persons).series()) == {""}


def test_a_larger_share_only_adds_people():
    persons = np.arange(3_000)
    small, large = (
        sequence.routes(read(ROUTED.replace("share: 0.8", f"share: {share}")), persons)
        .series().to_list() for share in (0.2, 0.6)
    )  # fmt: skip

    assert all(one in ("", other) for one, other in zip(small, large, strict=True))


def test_a_case_enters_once_with_what_it_was_and_groups_are_looked_at_once_a_week(
    book, cases, system, at, today, settings
):
    decide(book, system, at, today, settings)
    first = operations.judge_routes(book=book, on=today, by=system, at=at)
    entered = RouteEntry.objects.count()
    again = operations.judge_routes(book=book, on=today, by=system, at=at)
    look = operations.judge_routes(book=book, on=today + timedelta(days=1), by=system, at=at)
    between = operations.judge_routes(book=book, on=today + timedelta(days=3), by=system, at=at)
    later = operations.judge_routes(book=book, on=today + timedelta(days=8), by=system, at=at)

    assert (first, again, between) == (None, None, None)
    assert entered == RouteEntry.objects.count() > 200
    assert set(RouteEntry.objects.values_list("owed", flat=True)) == {1_200_000}
    assert look.closed == later.closed == {}
    assert RouteLook.objects.count() == 2
    assert Event.objects.filter(kind="strategy.routes_entered").count() == 1


def test_a_month_closes_nothing_and_a_year_closes_the_worse_group_to_those_who_are_free(
    book, cases, system, at, today, settings
):
    decide(book, system, at, today, settings)
    operations.judge_routes(book=book, on=today, by=system, at=at)
    # In the first month messages bring more; over the year people do.
    pay_group("message", today + timedelta(days=10), at, 0.3)
    month = operations.judge_routes(book=book, on=today + timedelta(days=35), by=system, at=at)
    pay_group("human", today + timedelta(days=200), at, 1.0)
    early = operations.judge_routes(book=book, on=today + timedelta(days=300), by=system, at=at)
    year = operations.judge_routes(book=book, on=today + timedelta(days=361), by=system, at=at)

    assert (month.closed, early.closed) == ({}, {})
    assert year.closed == {"m2-m3": ["message"]}
    final = next(one for one in year.compared if one["segment"] == "m2-m3" and not one["interim"])
    assert final["clear"]
    assert final["value"] == pytest.approx(0.35, abs=0.08)  # human against message
    later = today + timedelta(days=362)
    strategy = read(ROUTED)
    closed = routing.closed(book=book, strategy=strategy, on=later)
    assert closed == {"m2-m3": ["message"]}
    assert routing.closed(book=book, strategy=strategy, on=today + timedelta(days=361)) == {}
    _free_ones_are_kept_from_it(book, strategy, later, closed, today)


def _free_ones_are_kept_from_it(book, strategy, on, closed, scored_on):
    from recoup.strategy import writing

    frames = writing.frames(book=book, strategy=strategy, facts=facts_of(book), on=on,
                            at=_morning(on), scored_on=scored_on)  # fmt: skip
    assert frames.closed == closed
    standing = sequence.stand(
        strategy=strategy, cases=frames.cases, points=frames.points, past=frames.past.clear(),
        book=book.code, on=on, closed=frames.closed,
    )  # fmt: skip
    groups = np.array([one.group for one in strategy.treatments.values()])
    due = (standing.why == "") & (standing.segment == "m2-m3")
    free, drawn = due & (standing.route == ""), due & (standing.route == "message")
    assert free.any()
    assert drawn.any()
    assert not standing.allowed[free][:, groups == "message"].any()
    assert standing.allowed[drawn][:, groups == "message"].any(axis=1).all()


def _morning(on):
    from datetime import UTC, datetime, time

    return datetime.combine(on, time(0), tzinfo=UTC)


def test_what_a_case_brought_is_discounted_less_what_it_cost_by_horizon(
    book, cases, version, system, at, today, settings
):
    decide(book, system, at, today, settings)
    operations.judge_routes(book=book, on=today, by=system, at=at)
    strategy = read(ROUTED)
    entry = RouteEntry.objects.filter(group="human").order_by("pk").first()
    Decision.objects.filter(case=entry.case).update(state="done")
    done = Decision.objects.filter(case=entry.case).first()
    for day in (40, 400):
        Entry.objects.create(
            loan=entry.case.loans.get(), kind="payment", cause=f"x{day}", posted_at=at,
            value_on=today + timedelta(days=day), principal=-120_000, cash=120_000,
        )  # fmt: skip

    later = today + timedelta(days=500)
    entries = routing._entries(book, "route-1", later)
    found = routing.cases_of(book, strategy, entries, later)

    mine = entries["case"].to_list().index(entry.case_id)
    spent = strategy.treatments[done.treatment].spend(80) if done else 0.0
    paid = 120_000 * 1.1 ** (-40 / 365)
    assert found.net[mine].tolist() == pytest.approx(
        [-spent, paid - spent, paid - spent, paid - spent]
    )
    assert found.age[mine] == 500


def test_what_was_spent_is_what_was_counted_then_also_of_treatments_that_are_gone(
    book, cases, version, system, at, today, settings
):
    decide(book, system, at, today, settings)
    operations.judge_routes(book=book, on=today, by=system, at=at)
    done = Decision.objects.filter(treatment="collector-review", case__in=_entered()).first()
    Decision.objects.filter(pk=done.pk).update(state="done", treatment="gone")
    later = today + timedelta(days=40)

    entries = routing._entries(book, "route-1", later)
    found = routing.cases_of(book, read(ROUTED), entries, later)

    mine = entries["case"].to_list().index(done.case_id)
    assert found.net[mine, 0] == -done.takes["spend"] / 100_000 == -480


def _entered():
    return RouteEntry.objects.values("case")


def test_of_a_person_the_cases_that_entered_first_are_compared_as_one(
    book, cases, system, at, today, settings
):
    decide(book, system, at, today, settings)
    operations.judge_routes(book=book, on=today, by=system, at=at)
    one, two, three = RouteEntry.objects.order_by("pk")[:3]
    person = one.case.borrower.person
    Sealed.objects.bulk_create(
        Sealed(creditor=book.creditor, person=entry.case.borrower.person, kind="identity",
               index="same", masked="", ciphertext=b"")
        for entry in (one, two, three)
    )  # fmt: skip
    RouteEntry.objects.filter(pk=three.pk).update(on=today + timedelta(days=5))
    later = today + timedelta(days=40)

    entries = routing._entries(book, "route-1", later)

    mine = entries.filter(pl.col("person") == person.pk)
    assert mine["case"].to_list() == sorted([one.case_id, two.case_id])


@pytest.mark.parametrize("drawn", ["message", ""])
def test_neither_a_draw_nor_a_closing_leaves_a_case_with_nothing(
    drawn, book, cases, system, at, today, settings
):
    strategy, frames = read(ROUTED), _frames(book, today)
    standing = sequence.stand(
        strategy=strategy, cases=frames.cases, points=frames.points.clear(),  # nobody is reached
        past=frames.past, book=book.code, on=today, closed={"m2-m3": ["human"]},
    )  # fmt: skip
    rows = (standing.segment == "m2-m3") & (standing.route == drawn) & (standing.why == "")

    assert rows.any()
    human = np.array([one.group == "human" for one in strategy.treatments.values()])
    assert standing.allowed[rows][:, human].any(axis=1).all()


def _frames(book, on):
    from recoup.strategy import writing

    return writing.frames(
        book=book, strategy=read(ROUTED), facts=facts_of(book), on=on, at=_morning(on)
    )


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("share: 0.8", "share: 0.5", "routing.share"),
        ("effect: 0.05", "effect: 0.02", "routing.effect"),
        ("[message, human]", "[message, human, robot]", "routing.groups"),
    ],
)
def test_who_was_drawn_stays_drawn_and_is_judged_as_planned(
    old, new, where, book, version, system, at
):
    text = ROUTED.replace(old, new)
    if "robot" in new:
        text = text.replace("cn-sms-plan\n", "cn-sms-plan\n    group: robot\n")
    other = operations.add(book=book, source=text, by=system, at=at)

    with pytest.raises(Invalid, match="route-1") as caught:
        operations.activate(version=other, by=system, at=at)

    assert [problem.where for problem in caught.value.problems] == [where]


def test_more_people_may_be_drawn_and_another_salt_draws_anew(book, version, system, at):
    for text in (ROUTED.replace("share: 0.8", "share: 0.9"),
                 ROUTED.replace("route-1", "route-2").replace("share: 0.8", "share: 0.1")):  # fmt: skip
        routing.check(operations.add(book=book, source=text, by=system, at=at))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[message, human]", "[message]", "two groups"),
        ("[message, human]", "[message, pigeon]", "'pigeon' is no group"),
        ("[message, human]", "[message, robot]", "No treatment is of the group 'robot'"),
        ("share: 0.8", "share: 2", "out of bounds"),
        ("salt: route-1, ", "", "'salt' is missing"),
    ],
)
def test_a_mistake_in_the_routing_block_is_named(old, new, said):
    with pytest.raises(Invalid) as caught:
        read(ROUTED.replace(old, new))

    assert any(said in str(problem) for problem in caught.value.problems)


def test_groups_that_no_segment_offers_side_by_side_are_no_routing():
    text = ROUTED.replace("choose: [collector-review, ", "choose: [")

    with pytest.raises(Invalid) as caught:
        read(text.replace(", collector-review]", "]"))

    assert any("No segment offers two" in str(one) for one in caught.value.problems)


def test_a_treatment_may_say_who_it_comes_from_as_a_voice_robot_will():
    text = ROUTED.replace(
        "    template: cn-sms-plan\n", "    template: cn-sms-plan\n    group: robot\n"
    )

    strategy = read(text.replace("[message, human]", "[robot, human]"))

    assert strategy.treatments["sms-plan"].group == "robot"
    assert strategy.treatments["collector-review"].group == "human"
    assert strategy.routing.groups == ("human", "robot")
