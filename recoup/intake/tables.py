"""The canonical tables: what every mapping translates a lender's columns into."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import polars as pl

DTYPES: dict[str, pl.DataType] = {
    "text": pl.String(),
    "code": pl.String(),
    "choice": pl.String(),
    "json": pl.String(),
    "zones": pl.String(),
    "currency": pl.String(),
    "money": pl.Int64(),
    "whole": pl.Int64(),
    "year": pl.Int64(),
    "rate": pl.Decimal(12, 8),
    "date": pl.Date(),
    "instant": pl.Datetime("us", "UTC"),
    "flag": pl.Boolean(),
}


@dataclass(frozen=True, slots=True)
class Field:
    """
    One canonical column.

    `kind` is a key of `DTYPES`. `past` forbids days after the placement's day; `longest` is the
    most characters of a text.
    """

    name: str
    kind: str = "text"
    required: bool = False
    personal: bool = False
    past: bool = False
    choices: tuple[str, ...] = ()
    longest: int = 40


@dataclass(frozen=True)
class Table:
    """A canonical table, its key (once in a placement) and the account or borrower it hangs on."""

    name: str
    fields: tuple[Field, ...]
    key: tuple[str, ...] = ()
    parent: str = ""

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """The fields by their names."""
        return {field.name: field for field in self.fields}

    @cached_property
    def personal(self) -> tuple[str, ...]:
        """The names of the personal fields."""
        return tuple(field.name for field in self.fields if field.personal)

    @cached_property
    def schema(self) -> dict[str, pl.DataType]:
        """The staged columns: `row_number`, what is not personal, and `sealed` for what is."""
        columns: dict[str, pl.DataType] = {"row_number": pl.Int64()}
        columns |= {f.name: DTYPES[f.kind] for f in self.fields if not f.personal}
        if self.personal:
            columns["sealed"] = pl.Binary()
        return columns


def _must(name: str, kind: str = "code", **more: object) -> Field:
    return Field(name, kind, required=True, **more)  # type: ignore[arg-type]


SOURCES = ("contract", "debtor_authorised", "lawful_public", "unknown")

ACCOUNTS = Table(
    "accounts",
    (
        _must("account_ref", longest=64),
        _must("borrower_ref", longest=64),
        _must("product", longest=30),
        _must("currency", "currency"),
        _must("principal", "money"),
        Field("annual_rate", "rate"),
        Field("issued_on", "date", past=True),
        Field("matures_on", "date"),
        Field("overdue_since", "date", past=True),
        Field("charged_off_on", "date", past=True),
        Field("balance_principal", "money"),
        Field("balance_interest", "money"),
        Field("balance_penalty", "money"),
        Field("balance_cost", "money"),
        Field("statement_balance", "money"),
        Field("allocation", "code", longest=60),
        Field("region", "text", longest=60),
        Field("time_zone", "zones", longest=200),
        Field("language", "code", longest=10),
        Field("birth_year", "year"),
        Field("name", "text", personal=True, longest=120),
        Field("identity_number", "text", personal=True),
        Field("phone", "text", personal=True),
        Field("email", "text", personal=True, longest=254),
        Field("address", "text", personal=True, longest=300),
        Field("contact_source", "choice", choices=SOURCES),
        Field("lawful_basis", "code"),
        Field("known", "json", longest=20_000),
        Field("outcome", "json", longest=500),
    ),
    key=("account_ref",),
)
INSTALMENTS = Table(
    "instalments",
    (
        _must("account_ref", longest=64),
        _must("number", "whole"),
        _must("due_on", "date"),
        Field("principal", "money"),
        Field("interest", "money"),
        Field("cost", "money"),
    ),
    key=("account_ref", "number"),
    parent="account_ref",
)
PAYMENTS = Table(
    "payments",
    (
        _must("account_ref", longest=64),
        _must("paid_on", "date", past=True),
        _must("amount", "money"),
        Field("external_id", "code", longest=80),
    ),
    parent="account_ref",
)
CONTACTS = Table(
    "contacts",
    (
        _must("borrower_ref", longest=64),
        _must("at", "instant", past=True),
        _must("channel", longest=10),
        _must(
            "outcome",
            "choice",
            choices=(
                "no_answer", "busy", "invalid_number", "connected", "right_party", "wrong_party",
                "promise", "refused", "delivered", "undelivered", "read", "replied",
            ),
        ),
    ),
    parent="borrower_ref",
)  # fmt: skip
CONTACT_POINTS = Table(
    "contact_points",
    (
        _must("borrower_ref", longest=64),
        _must("medium", "choice", choices=("phone", "email", "address")),
        _must("party", "choice", choices=("debtor", "co_debtor", "guarantor", "contact_person")),
        _must("value", "text", personal=True, longest=300),
        Field("source", "choice", choices=SOURCES),
        Field("lawful_basis", "code"),
        Field("verified", "flag"),
        Field("preferred", "flag"),
        Field("expires_on", "date"),
    ),
    parent="borrower_ref",
)
CONSENTS = Table(
    "consents",
    (
        _must("borrower_ref", longest=64),
        _must("purpose"),
        Field("value", "code", longest=80),
        _must("source", longest=80),
        _must("given_at", "instant", past=True),
    ),
    parent="borrower_ref",
)
OPT_OUTS = Table(
    "opt_outs",
    (
        _must("borrower_ref", longest=64),
        _must("scope"),
        _must("source", longest=80),
        _must("at", "instant", past=True),
    ),
    parent="borrower_ref",
)

# In this order, so that a row that hangs on an account is read after the accounts.
TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        ACCOUNTS, INSTALMENTS, PAYMENTS, CONTACTS, CONTACT_POINTS, CONSENTS, OPT_OUTS,
    )
}  # fmt: skip
