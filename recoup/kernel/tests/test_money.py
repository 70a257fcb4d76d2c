from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.kernel.errors import Invalid
from recoup.kernel.money import Money

minor = st.integers(-(10**15), 10**15)


@given(minor, st.lists(st.integers(0, 1000), min_size=1).filter(lambda w: sum(w) > 0))
def test_splitting_loses_no_cent(amount, weights):
    parts = Money(amount).split(weights)

    assert sum(part.minor for part in parts) == amount


@given(minor)
def test_what_is_printed_reads_back(amount):
    money = Money(amount, "CNY")

    assert Money.parse(str(money), "CNY") == money


@pytest.mark.parametrize("text", ["", "abc", "1.234", "nan", "inf", "1,2,3.4.5", "=1+1"])
def test_what_is_no_amount_is_refused_with_a_reason(text):
    with pytest.raises(Invalid):
        Money.parse(text)


def test_yen_has_no_decimals():
    assert Money.of(1200, "JPY").minor == 1200
    with pytest.raises(Invalid):
        Money.of("12.5", "JPY")


def test_two_currencies_are_never_added():
    with pytest.raises(Invalid, match="CNY and USD"):
        Money(1, "CNY") + Money(1, "USD")


def test_a_float_is_not_money():
    with pytest.raises(TypeError):
        Money(1.5)


def test_a_share_rounds_half_to_even():
    assert Money(25).share(Decimal("0.1")).minor == 2
    assert Money(35).share(Decimal("0.1")).minor == 4
