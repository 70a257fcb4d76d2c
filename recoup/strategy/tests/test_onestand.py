"""One case stands where the book says it stands."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.strategy.onestand import Sequences
from recoup.strategy.reading import read, shipped
from recoup.strategy.schema import MEDIA
from recoup.strategy.sequence import stand

ON = date(2026, 11, 23)
ONCE = """
  - code: odd
    when: days_past_due > 60 and contacts_30 == 1
    steps:
      - {code: a, wait_days: 1, choose: [letter-notice]}
      - {code: b, wait_days: 2, choose: [collector-review]}
      - {code: c, wait_days: 4, choose: [sms-plan, email-plan]}
"""
TEXT = shipped().replace("segments:\n", f"segments:{ONCE}", 1)
TEXT += "\nrouting: {salt: route-1, share: 0.7, groups: [message, human]}\n"
STRATEGY = read(TEXT)
ONE = Sequences.of(STRATEGY)
SEGMENTS = [segment.code for segment in STRATEGY.segments]

CASE = st.fixed_dictionaries({
    "person": st.integers(1, 400), "state": st.sampled_from(["open", "retained", "settled"]),
    "days_past_due": st.integers(-2, 130), "owed": st.sampled_from([0, 500, 90_000, 250_000]),
    "overdue": st.sampled_from([0, 100, 50_000]), "contacts_30": st.integers(0, 2),
    "contacts_7": st.integers(0, 2), "contacts_limit": st.integers(0, 3),
    "pending": st.sampled_from([0, 0, 0, 1]), "days_placed": st.none() | st.integers(0, 40),
    "has_team": st.booleans(), "time_zones": st.sampled_from(["Asia/Shanghai", ""]),
    "repay_30": st.none() | st.floats(0, 1), "media": st.sets(st.sampled_from(
        ["phone", "email", "address"])),
    "past": st.dictionaries(st.sampled_from(SEGMENTS), st.tuples(
        st.integers(0, 9), st.integers(0, 60)), max_size=2),
})  # fmt: skip


def stage_of(days: int) -> str:
    return f"M{min(7, 1 + (days - 1) // 30)}" if days > 0 else "C"


CLOSED = st.dictionaries(
    st.sampled_from(SEGMENTS), st.lists(st.sampled_from(["message", "human"]), max_size=2)
)


@given(made=st.lists(CASE, min_size=1, max_size=12), stopped=st.booleans(), closed=CLOSED)
@settings(max_examples=120, deadline=None)
def test_one_stands_where_the_book_says(made, stopped, closed):
    rows = [
        {**one, "case": at, "stage": stage_of(one["days_past_due"]), "product": "x",
         "region": "x", "agency": None, "loans": 1, "roll": None, "lost_contact": None,
         "has_agency": False, "starter": True}
        for at, one in enumerate(made)
    ]  # fmt: skip
    kinds = {"repay_30": pl.Float64, "roll": pl.Float64, "lost_contact": pl.Float64,
             "agency": pl.String, "days_placed": pl.Int64}  # fmt: skip
    plain = [{k: v for k, v in row.items() if k not in ("media", "past")} for row in rows]
    cases = pl.DataFrame(plain, schema_overrides=kinds)
    points = pl.DataFrame(
        [(row["case"], medium) for row in rows for medium in sorted(row["media"])],
        schema={"case": pl.Int64, "medium": pl.String}, orient="row",
    )  # fmt: skip
    past = pl.DataFrame(
        [(row["case"], code, last, ON - timedelta(days=idle))
         for row in rows for code, (last, idle) in row["past"].items()],
        schema={"case": pl.Int64, "segment": pl.String, "last_step": pl.Int64,
                "last_on": pl.Date}, orient="row",
    )  # fmt: skip

    book = stand(strategy=STRATEGY, cases=cases, points=points, past=past, book="b", on=ON,
                 stopped=["patient"] if stopped else [], closed=closed)  # fmt: skip

    for at, row in enumerate(rows):
        values = plain[at] | {"arm": book.follows[at]}
        one = ONE.stand(values, arm=book.arm[at], follows=book.follows[at],
                        media=frozenset(row["media"]), past=row["past"],
                        route=book.route[at], closed=closed)  # fmt: skip
        assert one.why == book.why[at]
        offered = np.flatnonzero(book.allowed[at]).tolist()
        assert list(one.offered if not one.why else ()) == offered
        if not one.why:
            assert (one.segment, one.step, one.step_code) == (
                book.segment[at], book.step[at], book.step_code[at]
            )  # fmt: skip
    assert set(MEDIA.values()) == {"phone", "email", "address", ""}
