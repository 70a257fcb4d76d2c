from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from recoup.journal.models import Event
from recoup.kernel.errors import Invalid
from recoup.portfolio.models import Entry
from recoup.scoring import operations as scoring
from recoup.strategy import judgeable, offpolicy, operations, replaying
from recoup.strategy.models import Judgement, StrategyVersion
from recoup.strategy.reading import read, shipped
from recoup.strategy.tests.conftest import facts_of, many

ALONE = shipped()[: shipped().index("# A person is in one arm")]
AHEAD = ALONE.replace("  minute: 80 ", "  complaint: 0.004\n  complaint_cost: 9000\n  minute: 80 ")
AHEAD += "\nwaiting: {}\n"


@pytest.fixture
def logged_night(book, team, system, at, today, request):
    """A night of 600 people a month ago, without challengers; every third of them has paid since."""
    text = getattr(request, "param", ALONE)
    version = operations.add(book=book, source=text, by=system, at=at)
    StrategyVersion.objects.filter(pk=version.pk).update(state="active", activated_at=at)
    cases = many(book, team, 600, today)
    scoring.score_book(book=book, on=today, by=system, at=at)
    plan = operations.decide(book=book, on=today, facts=facts_of(book), by=system, at=at)
    Entry.objects.bulk_create(
        Entry(loan=case.loans.get(), kind="payment", cause=f"p{case.pk}", posted_at=at,
              value_on=today + timedelta(days=5), principal=-(20_000 + 100 * n),
              cash=20_000 + 100 * n)
        for n, case in enumerate(cases) if n % 3 == 0
    )  # fmt: skip
    return plan


def judged(book, text, system, at, on, **more):
    version = operations.add(book=book, source=text, by=system, at=at)
    return offpolicy.judge(version=version, by=system, at=at, until=on + timedelta(days=30), **more)


def test_what_the_log_can_say_of_the_version_that_ran_and_of_one_near_to_it(
    book, logged_night, settings, system, at, today
):
    rows = pl.read_parquet(settings.DATA_DIR / logged_night.file)
    ran = judged(book, ALONE, system, at, today).result
    near, again = (
        judged(book, ALONE.replace("explore: 0.02", "explore: 0.03"), system, at, today)
        for _ in range(2)
    )

    assert ran["reasons"] == []
    gain = ran["answers"]["doubly"]["gain"]
    assert ran["agreed"] == 1.0
    assert ran["support"]["mean"] == pytest.approx(1, abs=0.05)
    assert ran["answers"]["ips"]["gain"] == pytest.approx([0, 0, 0], abs=1e-6)
    assert abs(gain[0]) < 0.05 * ran["own"]
    assert ran["outside"]["rows"] == 0
    assert near.result == again.result
    assert near.result["answers"]["doubly"]["normal"] != ran["answers"]["doubly"]["normal"]
    assert Judgement.objects.count() == 3
    assert Event.objects.filter(kind="strategy.judged").count() == 3
    _keeps_what_judging_needs(rows)


@pytest.mark.parametrize("logged_night", [AHEAD], indirect=True)
def test_a_night_that_looked_ahead_is_planned_again_as_it_was(
    book, logged_night, system, at, today
):
    ran = judged(book, AHEAD, system, at, today).result

    assert logged_night.refused["better_later"] > 0
    assert ran["agreed"] == 1.0
    assert ran["outside"]["rows"] == 0


def test_a_version_that_would_look_ahead_is_judged_by_the_log_of_one_that_did_not(
    book, logged_night, system, at, today
):
    ran = judged(book, AHEAD, system, at, today).result

    assert ran["reasons"] == []
    assert ran["agreed"] == 1.0
    assert ran["answers"]["doubly"]["gain"][0] != pytest.approx(0, abs=1)


def _keeps_what_judging_needs(rows):
    strategy = read(ALONE)
    offered, lawful, open_ = (
        judgeable.flags_of(rows[name], len(strategy.treatments)) for name in judgeable.BITS
    )
    assert rows["person"].n_unique() == rows.height
    assert (lawful <= offered).all()
    assert (open_ <= lawful).all()
    assert (lawful.sum(axis=1) == rows["admissible"].to_numpy()).all()
    assert open_.any(axis=1).sum() > 500


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("choose: [sms-plan, email-plan, collector-review]", "choose: [sms-reminder]",
         "sms-reminder"),
        ("template: cn-sms-plan", "template: cn-sms-reminder", "sms-plan"),
    ],
)  # fmt: skip
def test_what_was_never_done_or_has_changed_is_not_answered_for(
    book, logged_night, system, at, today, old, new, wanted
):
    text = ALONE.replace(old, new)

    found = judged(book, text, system, at, today).result

    assert "could not have made" in found["reasons"][0]["msgid"]
    assert found["outside"]["wanted"][wanted] > 500
    assert not any("normal" in one for one in found["answers"].values())


def test_what_cannot_be_asked_is_said(book, logged_night, system, at, today):
    def asked(text=ALONE, on=today, **more):
        with pytest.raises(Invalid) as caught:
            judged(book, text, system, at, on, **more)
        return caught.value

    assert "30" in str(asked(on=today - timedelta(days=1)))
    assert "11" in str(asked(ALONE.replace("{contacts: 2, days: 7}", "{contacts: 2, days: 11}")))
    assert "nobody" in str(asked(arm="nobody"))
    assert "recoup strategy judge" in asked(most=100).hint
    assert not Judgement.objects.exists()


def test_a_payment_counts_from_the_night_on_for_its_days_and_the_cost_is_taken_off():
    on = date(2026, 11, 1)
    payments = pl.DataFrame({
        "case": [1, 1, 1, 2, 2],
        "value_on": [on - timedelta(days=1), on, on + timedelta(days=29), on + timedelta(days=30),
                     on + timedelta(days=3)],
        "cash": [7, 100, 10, 5_000, -40],
    })  # fmt: skip
    rows = pl.DataFrame({"case": [1, 2, 3], "treatment": ["sms", "", "sms"]})

    net = replaying.outcomes(rows, payments=payments, spend={"sms": 5}, on=on, days=30)

    assert net.to_list() == [105.0, -40.0, -5.0]


def test_flags_survive_being_packed():
    flags = np.random.default_rng(3).random((50, 11)) < 0.4

    assert (judgeable.flags_of(pl.Series(judgeable.bits(flags)), 11) == flags).all()
    assert judgeable.flags_of(pl.Series(judgeable.bits(flags[:0])), 11).shape == (0, 11)
