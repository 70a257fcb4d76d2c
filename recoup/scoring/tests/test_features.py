"""A feature never knows the future."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.scoring.declared import FEATURES, NAMES, label
from recoup.scoring.features import Sources, features_at
from recoup.scoring.sources import CONTACTS, JUDGMENTS, PAYMENTS, PROMISES

ON = date(2026, 11, 23)
START = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)  # when 23 November begins in Shanghai
OUTCOMES = ["no_answer", "right_party", "promise", "refused", "replied", "invalid_number", "read"]


def sources(
    payments: list[Any] = [], contacts: list[Any] = [], promises: list[Any] = [],  # noqa: B006
    judgments: list[Any] = [],  # noqa: B006
) -> Sources:  # fmt: skip
    cases = {"case": [1, 2], "days_past_due": [40, 5], "overdue": [200, 0], "owed": [1000, 0],
             "loans": [1, 2]}  # fmt: skip
    return Sources(
        pl.DataFrame(cases),
        pl.DataFrame(payments, schema=PAYMENTS, orient="row"),
        pl.DataFrame(contacts, schema=CONTACTS, orient="row"),
        pl.DataFrame(promises, schema=PROMISES, orient="row"),
        pl.DataFrame(judgments, schema=JUDGMENTS, orient="row"),
    )


def of_case(frame: pl.DataFrame, case: int = 1) -> dict[str, Any]:
    return frame.filter(pl.col("case") == case).to_dicts()[0]


def ago(days: float) -> datetime:
    return START - timedelta(days=days)


def contact(days: float, outcome: str, channel: str = "call", known: float | None = None) -> Any:
    return (1, ago(days), channel, outcome, ago(days if known is None else known))


def test_payments_are_counted_by_window_and_shared_by_debt() -> None:
    days = (1, 30, 31, 91, 400)
    paid = [(1, ON - timedelta(days=back), 100) for back in days]

    found = of_case(features_at(sources=sources(paid), on=ON, instant=START))

    assert (found["payments_30"], found["payments_90"], found["payments_180"]) == (2, 3, 4)
    assert found["paid_90"] == 300
    assert found["paid_share_90"] == pytest.approx(300 / 1300)
    assert found["days_since_payment"] == 1
    assert found["payment_months"] == 3


def test_who_never_paid_has_no_days_since_a_payment() -> None:
    found = of_case(features_at(sources=sources(), on=ON, instant=START), case=2)

    assert found["payments_90"] == 0
    assert found["days_since_payment"] is None
    assert found["overdue_share"] is None


def test_contacts_are_counted_by_what_came_of_them() -> None:
    rows = [contact(3, "no_answer"), contact(5, "right_party"), contact(40, "promise"),
            contact(60, "invalid_number"), contact(2, "replied", "sms"), contact(100, "refused")]  # fmt: skip

    found = of_case(features_at(sources=sources(contacts=rows), on=ON, instant=START))

    assert (found["attempts_30"], found["attempts_90"], found["calls_30"]) == (2, 4, 2)
    assert found["right_party_90"] == 3
    assert found["right_party_share"] == pytest.approx(3 / 4)
    assert found["wrong_number_90"] == 1
    assert found["refused_90"] == 0
    assert found["days_since_right_party"] == 2


def test_a_later_outcome_of_the_same_attempt_replaces_the_first() -> None:
    rows = [contact(3, "delivered", "sms"), contact(3, "undelivered", "sms", known=2)]

    found = of_case(features_at(sources=sources(contacts=rows), on=ON, instant=START))

    assert found["attempts_30"] == 1
    assert found["unreached_90"] == 1


def test_an_outcome_that_became_known_after_the_cut_off_is_not_known() -> None:
    rows = [contact(3, "right_party", known=-1)]

    assert of_case(features_at(sources=sources(contacts=rows), on=ON, instant=START))[
        "right_party_90"
    ] == 0  # fmt: skip


@pytest.mark.parametrize(
    ("judged", "due_in", "expected"), [(None, 4, 4), (None, -1, None), (2, 4, None), (20, 4, 4)]
)
def test_a_promise_is_open_until_it_is_judged_or_its_day_has_passed(
    judged: int | None, due_in: int, expected: int | None
) -> None:
    made = [(1, ago(10), ON + timedelta(days=due_in))]
    ruled = [(1, ago(judged), "kept")] if judged else []

    found = of_case(
        features_at(sources=sources(promises=made, judgments=ruled), on=ON, instant=START)
    )

    assert found["promise_due_in"] == expected
    assert found["promises_180"] == 1


def test_a_promise_that_a_bounced_payment_opened_again_is_open() -> None:
    made = [(1, ago(10), ON + timedelta(days=4))]
    ruled = [(1, ago(5), "kept"), (1, ago(2), "open")]

    found = of_case(
        features_at(sources=sources(promises=made, judgments=ruled), on=ON, instant=START)
    )

    assert found["promise_due_in"] == 4


def test_yesterday_counts_and_today_does_not() -> None:
    yesterday = [(1, ON - timedelta(days=1), 100)]
    today = [(1, ON, 100)]

    before = of_case(features_at(sources=sources(yesterday), on=ON, instant=START))
    after = of_case(features_at(sources=sources(today), on=ON, instant=START))

    assert (before["payments_30"], after["payments_30"]) == (1, 0)


LATER = st.integers(0, 100)
EARLIER = st.integers(1, 400)


@settings(max_examples=40, deadline=None)
@given(
    past=st.lists(st.tuples(EARLIER, st.sampled_from(OUTCOMES)), max_size=8),
    paid=st.lists(EARLIER, max_size=5),
    future=st.lists(st.tuples(LATER, st.sampled_from(OUTCOMES)), min_size=1, max_size=8),
)
def test_adding_later_events_changes_no_feature(
    past: list[tuple[int, str]], paid: list[int], future: list[tuple[int, str]]
) -> None:
    payments = [(1, ON - timedelta(days=days), 100) for days in paid]
    contacts = [contact(days, outcome) for days, outcome in past]
    promises = [(1, ago(days), ON + timedelta(days=3)) for days in paid]
    before = features_at(sources=sources(payments, contacts, promises), on=ON, instant=START)

    payments += [(1, ON + timedelta(days=days), 100) for days, _outcome in future]
    contacts += [contact(-days, outcome) for days, outcome in future]
    promises += [(1, ago(-days), ON + timedelta(days=9)) for days, _outcome in future]
    judgments = [(1, ago(-days), "broken") for days, _outcome in future]
    after = features_at(
        sources=sources(payments, contacts, promises, judgments), on=ON, instant=START
    )

    assert before.equals(after)


def test_every_feature_has_a_name_in_both_languages_and_comes_out() -> None:
    frame = features_at(sources=sources(), on=ON, instant=START)

    assert frame.columns == ["case", *NAMES]
    assert len(set(NAMES)) == len(FEATURES)
    assert all(label(name, "zh-hans") != label(name, "en") for name in NAMES)
