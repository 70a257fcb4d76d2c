"""
Money as integer minor units. Floats never enter the ledger.

>>> Money.parse("1,234.50", "CNY")
Money(minor=123450, currency='CNY')
>>> print(Money(123450, "CNY"))
CNY 1,234.50
>>> sum([Money(1, "CNY"), Money(2, "CNY")], Money.zero("CNY")).minor
3
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from fractions import Fraction

from recoup.kernel.errors import Invalid

# ISO 4217 minor units of the currencies that a configuration or a mapping names.
EXPONENTS = {
    "CNY": 2, "USD": 2, "GBP": 2, "EUR": 2, "INR": 2, "IDR": 2, "PHP": 2, "MXN": 2,
    "TWD": 2, "HKD": 2, "JPY": 0, "KRW": 0, "VND": 0,
}  # fmt: skip
SYMBOLS = {"CNY": "¥", "USD": "$", "GBP": "£", "EUR": "€", "TWD": "NT$", "HKD": "HK$"}


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (fen, cents) of one ISO 4217 currency."""

    minor: int
    currency: str = "CNY"

    def __post_init__(self) -> None:
        if not isinstance(self.minor, int) or isinstance(self.minor, bool):
            raise TypeError(f"Money is an integer of minor units, not {type(self.minor).__name__}")
        if self.currency not in EXPONENTS:
            raise Invalid(
                f"The currency {self.currency!r} is not known.",
                hint=f"Use one of {', '.join(sorted(EXPONENTS))}.",
            )

    @classmethod
    def zero(cls, currency: str = "CNY") -> Money:
        """Nothing, in `currency`."""
        return cls(0, currency)

    @classmethod
    def of(cls, major: Decimal | int | str, currency: str = "CNY") -> Money:
        """
        The amount for a number of major units (yuan).

        :raises Invalid: if it has more decimals than the currency
        """
        value = Decimal(major).scaleb(EXPONENTS.get(currency, 2))
        if value != value.to_integral_value():
            raise Invalid(f"{major} has more decimals than {currency} allows.")
        return cls(int(value), currency)

    @classmethod
    def parse(cls, text: str, currency: str = "CNY") -> Money:
        """
        Read an amount as people write it: `1,234.50`, `¥1234.5`, `-20`.

        :raises Invalid: if it is not a number, or has more decimals than the currency
        """
        cleaned = text.strip().replace(",", "").replace("，", "").replace(" ", "")
        for symbol in (*SYMBOLS.values(), "￥", "元", currency):
            cleaned = cleaned.replace(symbol, "")
        try:
            number = Decimal(cleaned)
        except InvalidOperation:
            raise Invalid(f"{text!r} is not an amount.") from None
        if not number.is_finite():
            raise Invalid(f"{text!r} is not an amount.")
        return cls.of(number, currency)

    @property
    def major(self) -> Decimal:
        """The amount in major units, exactly."""
        return Decimal(self.minor).scaleb(-EXPONENTS[self.currency])

    def is_zero(self) -> bool:
        """Whether there is nothing."""
        return self.minor == 0

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise Invalid(f"{self.currency} and {other.currency} cannot be added or compared.")

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __mul__(self, factor: int) -> Money:
        if not isinstance(factor, int):
            raise TypeError("Multiply by an integer, or use `share` for a rate.")
        return Money(self.minor * factor, self.currency)

    def __lt__(self, other: Money) -> bool:
        self._same(other)
        return self.minor < other.minor

    def __le__(self, other: Money) -> bool:
        self._same(other)
        return self.minor <= other.minor

    def __gt__(self, other: Money) -> bool:
        return other < self

    def __ge__(self, other: Money) -> bool:
        return other <= self

    def share(self, rate: Decimal) -> Money:
        """This amount times a rate, rounded half to even (banker's rounding)."""
        exact = Decimal(self.minor) * rate
        return Money(int(exact.quantize(Decimal(1), rounding=ROUND_HALF_EVEN)), self.currency)

    def split(self, weights: Sequence[int]) -> list[Money]:
        """
        Divide without losing a cent, in proportion to `weights` (largest remainder).

        >>> [part.minor for part in Money(100, "CNY").split([1, 1, 1])]
        [34, 33, 33]
        """
        total = sum(weights)
        if total <= 0 or any(weight < 0 for weight in weights):
            raise Invalid("Weights are not negative and add up to more than zero.")
        exact = [Fraction(self.minor * weight, total) for weight in weights]
        parts = [part.__floor__() for part in exact]
        rest = self.minor - sum(parts)
        order = sorted(range(len(parts)), key=lambda i: (parts[i] - exact[i], i))
        for i in order[:rest]:
            parts[i] += 1
        return [Money(part, self.currency) for part in parts]

    def __str__(self) -> str:
        return f"{self.currency} {self.major:,.{EXPONENTS[self.currency]}f}"
