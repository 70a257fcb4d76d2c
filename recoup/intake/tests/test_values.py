"""Reading columns as what they mean: exact amounts, honest dates, places."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.intake import values
from recoup.intake.formulas import Evaluation, parse
from recoup.intake.seen import Seen, hashes_of
from recoup.intake.tables import ACCOUNTS, CONTACTS, Field
from recoup.intake.values import Ways
from recoup.kernel.money import Money

AS_OF = date(2026, 11, 23)
WAYS = Ways(as_of=AS_OF)
PRINCIPAL = ACCOUNTS.by_name["principal"]


def read(cells: list[Any], target: Field, ways: Ways = WAYS) -> tuple[list[Any], list[str]]:
    """The values of cells, and the kinds of what is wrong."""
    column = values.read(pl.Series("x", cells), target, ways)
    return column.values.to_list(), sorted(fault.kind for fault in column.faults)


@given(st.lists(st.integers(0, 10**11), min_size=1, max_size=50))
def test_every_amount_up_to_the_limit_is_read_to_the_cent(minor: list[int]) -> None:
    texts = [str(Money(value).major) for value in minor]
    spoken = [f"¥{Money(value).major:,}" for value in minor]

    for cells in (texts, spoken):
        assert read(cells, PRINCIPAL) == (minor, [])
    assert read([float(text) for text in texts], PRINCIPAL) == (minor, [])


@given(st.lists(st.integers(0, 10**9 - 1), min_size=1, max_size=20), st.integers(1, 999))
def test_a_fraction_of_a_cent_is_never_rounded_away_in_silence(
    minor: list[int], thousandths: int
) -> None:
    if thousandths % 10 == 0:
        thousandths += 1
    texts = [f"{value}.{thousandths:03d}" for value in minor]

    assert read(texts, PRINCIPAL)[1] == ["decimals"]


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ([float("nan")], "not_an_amount"),
        ([float("inf")], "not_an_amount"),
        ([date(2026, 1, 1)], "not_an_amount"),
        (["infinity"], "not_an_amount"),
        (["0x10"], "not_an_amount"),
        ([-1], "negative"),
        ([2 * 10**9], "absurd"),
    ],
)
def test_what_is_no_amount_of_money_is_refused(cells: list[Any], kind: str) -> None:
    assert read(cells, PRINCIPAL)[1] == [kind]


def test_a_yen_has_no_cents() -> None:
    yen = Ways(as_of=AS_OF, currency="JPY", exponent=0)

    assert read(["1234"], PRINCIPAL, yen) == ([1234], [])
    assert read(["1234.5"], PRINCIPAL, yen)[1] == ["decimals"]


def test_the_order_of_formats_decides_what_an_ambiguous_date_means() -> None:
    target = ACCOUNTS.by_name["matures_on"]
    day_first = Ways(as_of=AS_OF, dates=("%d/%m/%Y", "%m/%d/%Y"))
    month_first = Ways(as_of=AS_OF, dates=("%m/%d/%Y", "%d/%m/%Y"))

    cells = ["04/03/2026", "25/12/2026", "31/02/2026"]

    assert read(cells, target, day_first) == (
        [date(2026, 3, 4), date(2026, 12, 25), None], ["not_a_date"],
    )  # fmt: skip
    assert read(cells, target, month_first)[0] == [date(2026, 4, 3), date(2026, 12, 25), None]


def test_an_instant_without_an_offset_is_of_the_mappings_place() -> None:
    target = CONTACTS.by_name["at"]
    local = Ways(as_of=AS_OF, time_zone="America/New_York")
    noon = datetime(2026, 7, 1, 16, 0, tzinfo=UTC)

    assert read(["2026-07-01 12:00:00", "2026-07-01T16:00:00Z"], target, local)[0] == [noon, noon]
    assert read([noon.replace(hour=12, tzinfo=None)], target, local)[0] == [noon]
    assert read([noon], target, local)[0] == [noon]
    assert read(["2026-03-08 02:30:00"], target, local)[1] == ["not_an_instant"]
    assert read([5], target, local)[1] == ["not_an_instant"]


def test_a_rate_is_read_as_a_share_or_as_percent_as_the_mapping_says() -> None:
    target = ACCOUNTS.by_name["annual_rate"]

    assert read(["0.18", "18%", " 7.5%".strip()], target)[0] == [
        Decimal("0.18"), Decimal("0.18"), Decimal("0.075"),
    ]  # fmt: skip
    assert read([18.0], target, Ways(as_of=AS_OF, percent=True))[0] == [Decimal("0.18")]
    assert read(["18"], target)[1] == ["absurd"]


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("a - b", [1.0, None]),
        ("max(a, 0)", [3.0, 0.0]),
        ("min(a, b)", [2.0, None]),
        ("a > 0 and not (b > 5)", [True, False]),
        ("text(c) in ('x', 'z')", [True, False]),
        ("a if a > 0 else none", [3.0, None]),
        ("join('N-', text(row))", ["N-1", "N-2"]),
        ("is_empty(b)", [False, True]),
        ("year(as_of)", [2026, 2026]),
        ("days_before(as_of, 30)", [date(2026, 10, 24)] * 2),
        ("add_months(date(d), a)", [date(2026, 4, 30), date(2025, 11, 30)]),
        ("months_between(date(d), as_of)", [10, 10]),
        ("month_end(date(d))", [date(2026, 1, 31)] * 2),
        ("starts_with(text(c), 'x')", [True, False]),
        ("round(a / 2, 0)", [2.0, -1.0]),
        ("-a", [-3.0, 2.0]),
    ],
)
def test_formulas_compute_what_they_say(formula: str, expected: list[Any]) -> None:
    columns = {
        "a": pl.Series([3.0, -2.0]), "b": pl.Series(["2", None]), "c": pl.Series(["x", "y"]),
        "d": pl.Series(["2026-01-31", "2026-01-31"]),
    }  # fmt: skip
    evaluation = Evaluation(columns, pl.Series([1, 2]), AS_OF, ["%Y-%m-%d"])

    assert evaluation.of(parse(formula)).to_list() == expected


@given(st.lists(st.lists(st.integers(0, 40), max_size=20), max_size=12))
def test_keys_seen_before_are_known_again_and_no_others(batches: list[list[int]]) -> None:
    seen, truth = Seen(), set()
    for batch in batches:
        frame = pl.DataFrame({"key": pl.Series(batch, dtype=pl.Int64)})
        keys = hashes_of(frame, ["key"])

        assert seen.has(keys).to_list() == [key in truth for key in batch]
        seen.add(keys)
        truth |= set(batch)
