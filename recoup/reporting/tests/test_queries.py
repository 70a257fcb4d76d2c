from __future__ import annotations

import io
from datetime import timedelta

import pytest
from openpyxl import load_workbook

from recoup.kernel.errors import Invalid, Refused
from recoup.kernel.sheets import safe
from recoup.people import scopes
from recoup.portfolio.models import Case
from recoup.reporting import operations, queries
from recoup.reporting.exports import export
from recoup.reporting.models import Figure
from recoup.reporting.tests.test_counting import attempt, pay
from tests.cast import place

view = scopes.viewer_of


@pytest.fixture
def days(book, team, system, at, today):
    """Two days counted: two of 陈组长's people and one of nobody's; two paid."""
    ours = [place(book=book, team=team, reference=f"C{n}", phone=f"138{n:08}") for n in range(2)]
    other = place(book=book, reference="C9", phone="13900000000")
    attempt(ours[0], at, cost=5)
    pay(ours[0], 10_000, today, at, system)
    operations.count(book=book, on=today, by=system, at=at)
    Case.objects.filter(pk=ours[1].pk).update(stage="M3")
    pay(other, 2_500, today + timedelta(days=1), at + timedelta(days=1), system)
    operations.count(book=book, on=today + timedelta(days=1), by=system, at=at + timedelta(days=1))
    return today, today + timedelta(days=1)


@pytest.fixture
def boss(analyst):
    return view(analyst)


def test_recovery_is_a_line_over_days(book, days, boss):
    line = queries.recovery(viewer=boss, book=book, since=days[0], until=days[1])

    assert line.values["recovered"] == [10_000, 2_500]
    assert line.total("recovered") == 12_500
    assert (line.unit, line.currency, line.is_demo) == ("money", "CNY", True)


def test_a_leader_sees_the_team_and_not_the_book(book, days, leader):
    mine = view(leader)

    line = queries.recovery(viewer=mine, book=book, since=days[0], until=days[1])

    assert line.values["recovered"] == [10_000, 0]
    rows = queries.by(viewer=mine, book=book, dimension="team", since=days[0], until=days[1])
    assert [row["label"] for row in rows] == ["一组"]
    assert queries.vintage(viewer=mine, book=book, until=days[1]) == []


def test_slices_add_up_to_the_whole(book, days, boss):
    for dimension in queries.DIMENSIONS:
        rows = queries.by(viewer=boss, book=book, dimension=dimension, since=days[0],
                          until=days[1])  # fmt: skip
        assert sum(row.get("recovered", 0) for row in rows) == 12_500, dimension
    with pytest.raises(Invalid):
        queries.by(viewer=boss, book=book, dimension="name", since=days[0], until=days[1])


def test_roll_rates_are_shares_of_the_row(book, days, boss):
    matrix = queries.roll_rates(viewer=boss, book=book, on=days[1])

    assert matrix.stages == ["M2"]
    assert matrix.share("M2", "M3") == pytest.approx(1 / 3)
    assert sum(matrix.share("M2", target) for target in matrix.targets) == pytest.approx(1)
    assert queries.roll_rates(viewer=boss, book=book, on=days[1], over="day") == matrix
    with pytest.raises(Invalid):
        queries.roll_rates(viewer=boss, book=book, on=days[1], over="year")


def test_a_vintage_is_what_came_back_of_what_was_placed(book, days, boss):
    (curve,) = queries.vintage(viewer=boss, book=book, until=days[1] + timedelta(days=31))

    assert (curve.vintage, curve.placed, curve.cases) == ("2026-11", 3_600_000, 3)
    assert curve.recovered == [12_500, 12_500]
    assert curve.rates[0] == pytest.approx(12_500 / 3_600_000)


def test_boards_have_costs_contacts_stages_and_a_summary(book, days, boss):
    span = {"since": days[0], "until": days[1]}

    assert queries.cost_and_income(viewer=boss, book=book, **span).total("cost") == 5
    assert queries.contacts(viewer=boss, book=book, **span) == {"sms": {"delivered": 1}}
    assert [row["cases"] for row in queries.stages(viewer=boss, book=book, on=days[1])] == [2, 1]
    assert queries.refusals(viewer=boss, book=book, **span) == []
    assert queries.left_alone(viewer=boss, book=book, **span) == []
    assert queries.last_day(viewer=boss, book=book) == days[1]
    told = queries.summary(viewer=boss, book=book, **span)
    assert "CNY 125.00" in told.values()


def test_the_outsider_sees_nothing(book, days, outsider, li_na):
    stranger = view(outsider)
    span = {"since": days[0], "until": days[1]}

    assert queries.recovery(viewer=stranger, book=book, **span).total("recovered") == 0
    assert queries.cost_and_income(viewer=stranger, book=book, **span).total("cost") == 0
    assert queries.by(viewer=stranger, book=book, dimension="team", **span) == []
    assert queries.contacts(viewer=stranger, book=book, **span) == {}
    assert queries.stages(viewer=stranger, book=book, on=days[1]) == []
    assert queries.refusals(viewer=stranger, book=book, **span) == []
    assert queries.left_alone(viewer=stranger, book=book, **span) == []
    assert queries.vintage(viewer=stranger, book=book, until=days[1]) == []
    assert queries.roll_rates(viewer=stranger, book=book, on=days[1]).stages == []
    assert queries.last_day(viewer=stranger, book=book) is None
    assert not queries.figures(viewer=stranger, book=book, **span).exists()
    with pytest.raises(Refused):
        queries.recovery(viewer=view(li_na), book=book, **span)


def test_an_export_has_every_figure_and_says_that_it_is_a_demo(book, days, boss):
    span = {"since": days[0], "until": days[1]}

    text = export(viewer=boss, book=book, **span).decode("utf-8-sig")
    sheet = load_workbook(io.BytesIO(export(viewer=boss, book=book, form="xlsx", **span))).active

    count = queries.figures(viewer=boss, book=book, **span).count()
    assert len(text.splitlines()) == count + 2 == sheet.max_row
    assert "DEMO" in text.splitlines()[0] or "演示" in text.splitlines()[0]
    with pytest.raises(Invalid):
        export(viewer=boss, book=book, form="pdf", **span)


@pytest.mark.parametrize("attack", ["=1+1", "+1", "-1", "@x", "\t=1", " =1", "|x", "%x"])
def test_a_formula_is_made_plain(book, days, boss, attack):
    Figure.objects.create(
        book=book, on=days[0], metric="recovered", dimension="vintage", slice=attack, value=0
    )

    text = export(viewer=boss, book=book, since=days[0], until=days[1]).decode("utf-8-sig")

    assert safe(attack) == f"'{attack}"
    assert f"'{attack}" in text
