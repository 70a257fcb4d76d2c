"""Who may be in distress is left alone, or left to somebody trained for it."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from recoup.gate import queries as gate
from recoup.gate.models import Stop
from recoup.people import operations as people
from recoup.scoring import operations as scoring
from recoup.strategy import distress, operations, writing
from recoup.strategy.assigning.gathering import gather
from recoup.strategy.models import Decision
from recoup.strategy.nextbest import Known, Prepared
from recoup.strategy.prospects import look
from recoup.strategy.reading import read, shipped
from recoup.strategy.sentences import describe, why_not
from recoup.strategy.tests.conftest import facts_of, many
from tests.cast import approved, place

ROUTED = shipped() + "routing: {salt: r1, share: 1, groups: [message, human]}\n"


@pytest.fixture
def cases(book, team, system, at, today):
    """Sixty cases with their scores, under a strategy that draws everybody into groups."""
    version = operations.add(book=book, source=ROUTED, by=system, at=at)
    operations.activate(version=approved(version), by=system, at=at)
    made = many(book, team, 60, today)
    scoring.score_book(book=book, on=today, by=system, at=at)
    return made


def frames_of(book, on, at, marked=()):
    facts = facts_of(book).with_columns(flagged_before=pl.col("case").is_in([c.pk for c in marked]))
    return writing.frames(book=book, strategy=read(ROUTED), facts=facts, on=on, at=at)


def test_only_a_trained_collectors_work_is_left_of_what_there_was(
    book, cases, li_na, at, today, system
):
    from recoup.portfolio.models import Case

    people.qualify(of=li_na, skills={"vulnerable": "junior"}, by=system, at=at)
    Case.objects.filter(pk__in=[case.pk for case in cases[:30]]).update(collector=li_na)
    strategy = read(ROUTED)
    seen = {
        name: look(book=book, strategy=strategy, frames=frames_of(book, today, at, marked), on=today,
                   at=at)
        for name, marked in (("calm", ()), ("risk", cases))
    }  # fmt: skip

    human = np.array([one.group == "human" for one in strategy.treatments.values()])
    ids = {name: one.cases["case"].to_numpy()[one.due] for name, one in seen.items()}
    theirs = {case.pk for case in cases[:30]}
    allowed = np.isfinite(seen["risk"].worth)
    assert not allowed[:, ~human].any()
    taught = np.isin(ids["risk"], sorted(theirs))
    assert allowed[taught].any() and not allowed[~taught].any()
    # Nobody has more to choose from than if they had not been drawn, and nothing is worth more.
    free = look(book=book, strategy=read(shipped()), frames=frames_of(book, today, at), on=today,
                at=at)  # fmt: skip
    same = np.searchsorted(free.cases["case"].to_numpy()[free.due], ids["risk"])
    assert (seen["risk"].worth <= free.worth[same] + 1e-9).all()
    assert set(seen["risk"].standing.why.series().to_list()) >= {"distress"}


def test_the_night_says_so_and_the_next_gives_the_case_to_who_is_trained(
    book, cases, li_na, system, at, today, settings
):
    people.qualify(of=li_na, skills={"vulnerable": "junior"}, by=system, at=at)
    facts = facts_of(book).with_columns(
        flagged_before=pl.col("case").is_in([case.pk for case in cases[:20]])
    )
    plan = operations.decide(book=book, on=today, facts=facts, by=system, at=at)

    rows = pl.read_parquet(settings.DATA_DIR / plan.file)
    mine = rows.filter(pl.col("case").is_in([case.pk for case in cases[:20]]))
    assert mine["distress"].to_list() == [50] * 20
    assert mine.filter(pl.col("treatment") != "").is_empty()
    assert "distress" in set(mine["why"])
    assert "distress" in why_not("distress") or "困境" in why_not("distress")
    tomorrow = today + timedelta(days=1)
    assert distress.of_last_night(book=book, before=tomorrow) == {c.pk for c in cases[:20]}
    assert distress.of_last_night(book=book, before=today) == frozenset()
    problem = gather(book=book, on=tomorrow)
    assert "vulnerable" in set(problem.frame["need_skill"])


def test_a_contact_by_who_is_trained_says_why_it_is_theirs(cases, book, at):
    decision = Decision(
        segment="m1", value=1, propensity=1.0, treatment="x",
        reason={"stage": "M1", "days_past_due": 3, "overdue": 1, "step": "a", "contacts_30": 0,
                "explored": False, "admissible": 1, "distress": 65},
    )  # fmt: skip

    said = [str(part) for part in describe(decision)]

    assert any("65" in one and ("not fitted" in one or "未经拟合" in one) for one in said)


def test_the_day_keeps_to_it_too(at):
    strategy = read(shipped())
    prepared = Prepared.of(strategy, [0.0] * 5)
    human = frozenset(
        at for at, one in enumerate(strategy.treatments.values()) if one.group == "human"
    )
    now = at
    windows = tuple((now, now + timedelta(hours=12)) for _ in strategy.treatments)
    known = Known(
        arm="champion", follows="champion", media=frozenset({"phone"}), past={}, windows=windows,
        points={"sms": 1}, closed=frozenset(), measured={}, stopped=False, only=human,
    )  # fmt: skip
    every = tuple(range(len(strategy.treatments)))

    lawful, why, _rules = prepared._lawful(known, every, {}, {}, now)
    nobody, why_not_, _ = prepared._lawful(
        Known(**{**{name: getattr(known, name) for name in known.__slots__}, "only": frozenset()}),
        every, {}, {}, now,
    )  # fmt: skip

    assert set(lawful) == human
    assert (nobody, why_not_) == ([], "distress")
    assert why != "distress" or lawful


def test_what_was_ever_on_file_is_among_the_facts_by_night_and_by_day(book, team, at, today):
    one, two, three = (place(book=book, team=team, reference=f"D{n}", phone=f"1380000100{n}")
                       for n in range(3))  # fmt: skip
    Stop.objects.create(case=one, reason="bereavement", source="x", since=at, lifted_at=at)
    Stop.objects.create(case=two, reason="hardship", source="x", since=at)

    by_night = gate.facts_frame(book=book, on=today)
    by_day = gate.facts_now(book=book, cases=[one.pk, two.pk, three.pk], at=at)

    for facts in (by_night, by_day):
        for name, case in (("flagged_before", one), ("hardship_before", two)):
            assert facts.filter(pl.col(name))["case"].unique().to_list() == [case.pk]


def test_where_nobody_looked_nobody_is_at_risk(book, cases, at, today):
    frame = pl.DataFrame({"case": [1, 2]})

    found = distress.with_points(frame, pl.DataFrame({"case": [1]}))

    assert found["distress"].to_list() == [0, 0]
    assert not distress.at_risk(frame).any()
    assert distress.kept(read(shipped()), found).all()
