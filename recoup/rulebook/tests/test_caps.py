"""What a loan may cost in China (CN-RATE-001 to -005)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.kernel.errors import Invalid
from recoup.rulebook.packs.china import caps
from recoup.rulebook.packs.china.caps import Demand, Stretch

KNOWN = caps.numbers()
YEAR_2025 = Stretch(date(2025, 6, 1), date(2026, 6, 1), 1_000_000)


def cap(product: str, contract: date, on: date | None = None) -> int:
    return caps.cap(product, contract_day=contract, on=on or contract, known=KNOWN)


def demand(**changed: object) -> Demand:
    told = {
        "product": "private_loan", "contract_day": date(2025, 6, 1), "stretches": [YEAR_2025],
        "charges": 120_000, "total": 1_120_000, "ledger": 1_120_000,
    }  # fmt: skip
    return Demand(**{**told, **changed})  # type: ignore[arg-type]


def test_every_lpr_is_marked_as_from_memory() -> None:
    assert {value.confidence for value in KNOWN["lpr_one_year"].values} == {"M"}
    assert {value.confidence for value in KNOWN["financial_cap"].values} == {"M"}


@pytest.mark.parametrize(
    ("on", "rate"),
    [
        (date(2019, 8, 20), 425), (date(2019, 9, 19), 425), (date(2019, 9, 20), 420),
        (date(2020, 8, 20), 385), (date(2022, 8, 21), 370), (date(2022, 8, 22), 365),
        (date(2025, 5, 19), 310), (date(2025, 5, 20), 300), (date(2025, 12, 31), 300),
    ],
)  # fmt: skip
def test_the_lpr_of_a_day_is_the_last_published(on: date, rate: int) -> None:
    assert caps.lpr(on, KNOWN) == rate


def test_an_lpr_before_the_first_is_not_known() -> None:
    with pytest.raises(Invalid, match="No one-year LPR"):
        caps.lpr(date(2019, 8, 19), KNOWN)


def test_private_lending_is_capped_at_four_times_the_lpr_of_the_contract() -> None:
    assert cap("private_loan", date(2025, 12, 1)) == 1200
    assert cap("private_loan", date(2021, 1, 1), on=date(2026, 1, 1)) == 1540


def test_an_old_contract_keeps_the_older_line_until_the_new_rule_begins() -> None:
    contract = date(2018, 1, 1)

    assert cap("private_loan", contract, on=date(2020, 8, 19)) == 2400
    assert cap("private_loan", contract, on=date(2020, 8, 20)) == 1540


def test_the_cap_for_private_lending_does_not_bind_microloans() -> None:
    assert cap("microloan", date(2026, 1, 1)) == 2400


def test_microloans_fall_to_four_times_the_lpr_by_the_end_of_2027() -> None:
    assert cap("microloan", date(2027, 12, 30)) == 2400
    assert cap("microloan", date(2027, 12, 31)) == 1200


def test_platform_loans_and_loans_of_banks_cost_at_most_a_quarter_less_one() -> None:
    assert cap("platform_loan", date(2025, 10, 1)) == 2400
    assert cap("credit_card", date(2025, 1, 1)) == 2400


def test_what_a_year_may_cost_is_the_cap_of_the_principal() -> None:
    most = caps.most_charges(
        [YEAR_2025], "private_loan", contract_day=date(2025, 6, 1), known=KNOWN
    )

    assert most == 120_000


def test_an_old_loan_is_split_on_the_day_of_the_new_rule() -> None:
    whole = [Stretch(date(2020, 8, 19), date(2020, 8, 21), 36_500_000)]

    most = caps.most_charges(whole, "private_loan", contract_day=date(2018, 1, 1), known=KNOWN)

    assert most == 24_000 + 15_400


def test_a_cent_over_the_cap_is_over_it() -> None:
    assert caps.marks(demand(), KNOWN) == frozenset()
    assert caps.marks(demand(charges=120_001), KNOWN) == {"over_cap"}


def test_a_fee_the_contract_did_not_show_is_marked() -> None:
    fees = frozenset({"service", "visit"})

    assert caps.marks(demand(fees=fees, disclosed=frozenset({"service"})), KNOWN) == {
        "fee_unlisted"
    }
    assert caps.marks(demand(fees=fees, disclosed=fees), KNOWN) == frozenset()


def test_an_amount_that_is_not_the_ledgers_is_marked() -> None:
    assert caps.marks(demand(total=1_120_001), KNOWN) == {"amount_differs"}
    assert caps.marks(demand(total=1_119_999), KNOWN) == {"amount_differs"}


def test_a_loan_whose_cap_nobody_can_compute_is_over_it(monkeypatch: pytest.MonkeyPatch) -> None:
    unknown = {name: one for name, one in KNOWN.items() if name != "lpr_one_year"}
    empty = caps.Parameter("lpr_one_year", "basis points a year", "smallest", ())

    assert caps.marks(demand(charges=0), {**unknown, "lpr_one_year": empty}) == {"over_cap"}


def test_what_charges_come_to_a_year_is_rounded_up() -> None:
    assert caps.annual_rate(120_000, [YEAR_2025], days_a_year=365) == 1200
    assert caps.annual_rate(120_001, [YEAR_2025], days_a_year=365) == 1201
    with pytest.raises(Invalid, match="No principal"):
        caps.annual_rate(1, [], days_a_year=365)


@given(st.integers(0, 10**9), st.integers(1, 2000), st.integers(0, 10**8))
def test_over_the_cap_and_over_the_rate_are_the_same(
    principal: int, days: int, charges: int
) -> None:
    start = date(2025, 6, 1)
    some = [Stretch(start, start + timedelta(days=days), principal)]
    most = caps.most_charges(some, "private_loan", contract_day=start, known=KNOWN)

    if principal:
        rate = caps.annual_rate(charges, some, days_a_year=365)
        assert (rate > 1200) == (charges > most)
    else:
        assert most == 0
