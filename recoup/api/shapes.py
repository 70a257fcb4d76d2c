"""What goes in and out, typed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from ninja import Field, Schema


class PlacementIn(Schema):
    """Rows of accounts, or of each table by its name."""

    book: str
    as_of: date
    mapping: str = "recoup"
    rows: list[dict[str, Any]] | dict[str, list[dict[str, Any]]]


class PlacementOut(Schema):
    """A placement: what was read, accepted, refused."""

    id: int
    book: str
    state: str
    source: str
    mapping: str
    as_of: date
    received_at: datetime
    rows_read: int
    rows_accepted: int
    rows_refused: int
    rows_opened: int
    problem: str = ""

    @staticmethod
    def resolve_book(row: Any) -> str:
        """The book's code."""
        return str(row.book.code)


class PaymentIn(Schema):
    """Money that came in. `amount` is in minor units; `external_id` makes it one payment."""

    book: str
    external_id: str = Field(min_length=1, max_length=80)
    reference: str = Field(default="", max_length=80)
    amount: int = Field(gt=0)
    currency: str = Field(default="CNY", min_length=3, max_length=3)
    value_on: date


class PaymentOut(Schema):
    """A payment: posted to a loan, or in suspense until it is known whose it is."""

    id: int
    external_id: str
    state: str
    amount: int
    currency: str
    value_on: date
    loan: str | None = None
    problem: str = ""

    @staticmethod
    def resolve_loan(row: Any) -> str | None:
        """The lender's account number."""
        return row.loan.reference if row.loan_id else None


class CaseOut(Schema):
    """A case, with the borrower half hidden. Amounts are in minor units."""

    id: int
    book: str
    borrower_ref: str
    name: str
    state: str
    stage: str
    days_past_due: int
    owed: int
    overdue: int
    placed_on: date
    aged_on: date | None = None

    @staticmethod
    def resolve_book(row: Any) -> str:
        """The book's code."""
        return str(row.book.code)

    @staticmethod
    def resolve_borrower_ref(row: Any) -> str:
        """The lender's customer number."""
        return str(row.borrower.reference)

    @staticmethod
    def resolve_name(row: Any) -> str:
        """The half-hidden name."""
        return str(row.borrower.name_masked)


class SearchIn(Schema):
    """Which cases are asked for; all of the key's if nothing is said."""

    search: str = Field("", max_length=200)
    book: str = ""
    stage: str = ""
    state: str = ""
    page: int = 1


class CasesOut(Schema):
    """A page of cases; `next` is the page to ask for, if there is more."""

    cases: list[CaseOut]
    next: int | None = None


class LicenceShape(Schema):
    """Leave to collect somewhere: a country or a part of one, a number, the last day it holds."""

    place: str = Field(max_length=64)
    number: str = Field(max_length=60)
    valid_until: date | None = None


class AbilitiesIn(Schema):
    """What a collector can. What is given takes the place of what was kept; what is left out stays."""

    skills: dict[str, str] | None = Field(None, max_length=100)
    languages: list[str] | None = Field(None, max_length=100)
    licences: list[LicenceShape] | None = Field(None, max_length=300)


class AbilitiesOut(Schema):
    """What is kept of a collector alone; the team's comes on top when cases are given out."""

    username: str
    team: str
    skills: dict[str, str]
    languages: list[str]
    licences: list[LicenceShape]

    @staticmethod
    def resolve_licences(row: Any) -> list[dict[str, Any]]:
        """By name."""
        return [
            dict(zip(("place", "number", "valid_until"), one, strict=True)) for one in row.licences
        ]


class CollectorsOut(Schema):
    """The creditor's collectors, by name."""

    collectors: list[AbilitiesOut]


class HealthOut(Schema):
    """Whether it runs."""

    status: str
    version: str
    journal: int


class SmsReport(Schema):
    """A receipt as Aliyun's SmsReport pushes it."""

    biz_id: str = ""
    out_id: str = ""
    success: bool
    report_time: str = ""
    err_code: str = ""


class SmsUp(Schema):
    """A message from a phone as Aliyun's SmsUp pushes it."""

    phone_number: str
    content: str
    send_time: str = ""
    sequence_id: str | int


class Taken(Schema):
    """The answer that Aliyun expects; anything else makes it push again."""

    code: int = 0
    msg: str = "接收成功"
    taken: int = 0
