"""Creditors, books and accounts: entered, changed, and checked before they are."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from recoup.journal.operations import record
from recoup.kernel.actors import Actor
from recoup.kernel.clock import zone
from recoup.kernel.errors import Invalid
from recoup.kernel.money import EXPONENTS
from recoup.people.events import (
    AgencyListed,
    AgencyUnlisted,
    BookOpened,
    CreditorAdded,
    CreditorChanged,
    PasswordSet,
    TeamAdded,
    UserAdded,
)
from recoup.people.models import Agency, Book, Creditor, Team, User

# ISO 3166 codes of countries that a book may be in. Where there is no rulebook nothing is sent.
COUNTRIES = frozenset("""
AE AR AT AU BD BE BG BR CA CH CL CN CO CZ DE DK EE EG ES FI FR GB GR HK HR HU ID IE IL IN IT JP KE
KH KR KZ LA LK LT LV MM MO MX MY NG NL NO NP NZ PE PH PK PL PT RO RS RU SA SE SG SI SK TH TR TW UA
US UZ VN ZA
""".split())  # noqa: SIM905 - a list of codes to read, not of strings  # fmt: skip


def add_creditor(
    *, code: str, name: str, by: Actor, at: datetime, complaint_phone: str = "", kind: str = ""
) -> Creditor:
    """
    Add a lender. Until its `kind` is said, the rules of every kind of lender bind it.

    :raises Invalid: if the code is taken, or is none, or there is no such kind
    """
    _check_kind(kind)
    _demand_code(code, taken=Creditor.objects.filter(code=code).exists(), what="creditor")
    with record(CreditorAdded, by=by, at=at, name=name, code=code) as event:
        row = Creditor.objects.create(code=code, name=name, complaint_phone=complaint_phone,
                                      kind=kind)  # fmt: skip
        event.creditor = row.pk
        return event.about(row)


def change_creditor(
    *, creditor: Creditor, by: Actor, at: datetime, name: str = "", complaint_phone: str = "",
    kind: str = "",
) -> Creditor:  # fmt: skip
    """
    Change what a lender is called in texts, the number for complaints, or its kind by law; what is
    empty stays.

    :raises Invalid: if there is nothing to change, or no such kind
    """
    if not (name or complaint_phone or kind):
        raise Invalid("Say what is to change.", hint="A name, a number for complaints, or a kind.")
    _check_kind(kind)
    with record(
        CreditorChanged, by=by, at=at, creditor=creditor, code=creditor.code,
        name=name or creditor.name, before=creditor.name, complaint_phone=complaint_phone,
        kind=kind or creditor.kind,
    ) as event:  # fmt: skip
        creditor.name = name or creditor.name
        creditor.complaint_phone = complaint_phone or creditor.complaint_phone
        creditor.kind = kind or creditor.kind
        creditor.save(update_fields=["name", "complaint_phone", "kind"])
        return event.about(creditor)


def _check_kind(kind: str) -> None:
    if kind and kind not in Creditor.Kind.values:
        raise Invalid(f"{kind!r} is no kind of lender.",
                      hint=f"Use one of {', '.join(Creditor.Kind.values)}.")  # fmt: skip


def add_agency(*, code: str, name: str, creditor: Creditor, by: Actor, at: datetime) -> Agency:
    """
    Put an outside agency on a creditor's list; one that others know by that code is the same.

    :raises Invalid: if the code is none, or the agency is known by another name
    """
    known = Agency.objects.filter(code=code).first()
    _demand_code(code, taken=known is not None and known.name != name, what="agency")
    with record(AgencyListed, by=by, at=at, creditor=creditor, name=name, code=code) as event:
        row = known or Agency.objects.create(code=code, name=name)
        row.creditors.add(creditor)
        return event.about(row)


def unlist_agency(*, agency: Agency, creditor: Creditor, by: Actor, at: datetime) -> None:
    """Take an agency off a creditor's list: from now on it may contact nobody for it."""
    with record(
        AgencyUnlisted, by=by, at=at, creditor=creditor, name=agency.name, code=agency.code
    ) as event:
        agency.creditors.remove(creditor)
        event.about(agency)


def _demand_code(code: str, *, taken: bool, what: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", code):
        raise Invalid(
            f"{code!r} cannot be the code of a {what}.",
            hint="Use up to 40 letters, digits, hyphens and underscores.",
        )
    if taken:
        raise Invalid(f"There is a {what} {code} already.", hint="Choose another code.")


def open_book(
    *, creditor: Creditor, code: str, name: str, mode: str, opened_on: date, by: Actor,
    at: datetime, jurisdiction: str = "CN", currency: str = "CNY",
    time_zone: str = "Asia/Shanghai",
) -> Book:  # fmt: skip
    """
    Open a book for a creditor, as demo or live for good.

    :raises Invalid: if the code is taken, or the currency, country or time zone is none we know
    """
    _demand_code(code, taken=Book.objects.filter(code=code).exists(), what="book")
    if currency not in EXPONENTS:
        raise Invalid(
            f"The currency {currency!r} is not known.",
            hint=f"Use one of {', '.join(sorted(EXPONENTS))}.",
        )
    if jurisdiction not in COUNTRIES:
        raise Invalid(
            f"{jurisdiction!r} is not a country Recoup knows.",
            hint=f"Use the two letters of one of {', '.join(sorted(COUNTRIES))}.",
        )
    zone(time_zone)
    with record(BookOpened, by=by, at=at, creditor=creditor, name=name, mode=mode) as event:
        row = Book.objects.create(
            creditor=creditor, code=code, name=name, mode=mode, jurisdiction=jurisdiction,
            currency=currency, time_zone=time_zone, opened_on=opened_on,
        )  # fmt: skip
        event.book = row.pk
        return event.about(row)


def add_team(*, creditor: Creditor, code: str, name: str, by: Actor, at: datetime) -> Team:
    """
    Add a team of collectors of a lender; the next night shares cases out to it.

    :raises Invalid: if the code is taken, or is none
    """
    _demand_code(code, taken=Team.objects.filter(code=code).exists(), what="team")
    with record(TeamAdded, by=by, at=at, creditor=creditor, name=name, code=code) as event:
        return event.about(Team.objects.create(code=code, name=name, creditor=creditor))


def add_user(
    *, username: str, name: str, role: str, creditors: Iterable[Creditor], by: Actor,
    at: datetime, password: str | None = None, password_hash: str = "", team: Team | None = None,
    agency: Agency | None = None,
) -> User:  # fmt: skip
    """
    Add an account. Without a password, or the hash of one, nobody can sign in until it is set.

    :raises Invalid: for a name that differs from another only in large and small letters: on
        record the two would look like one person who approved what they asked for
    """
    twin = User.objects.filter(username__iexact=username).exclude(username=username).first()
    if twin is not None:
        raise Invalid(f"There is an account {twin.username} already.", hint="Choose another name.")
    with record(UserAdded, by=by, at=at, username=username, role=role) as event:
        user = User(username=username, name=name, role=role, team=team, agency=agency)
        # A password that is None makes an unusable one.
        user.password = password_hash or make_password(password)
        user.save()
        user.creditors.set(creditors)
        return event.about(user)


def set_password(*, user: User, password: str, by: Actor, at: datetime) -> User:
    """
    Give an account a new password; its open sessions end.

    :raises Invalid: for a password that is too easy to guess
    """
    check_password(password, user=user)
    with record(PasswordSet, by=by, at=at, username=user.username) as event:
        user.set_password(password)
        user.save(update_fields=["password"])
        return event.about(user)


def check_password(password: str, *, user: User | None = None) -> None:
    """
    Go on only with a password that is hard to guess. :raises Invalid: with all that is wrong
    """
    try:
        validate_password(password, user)
    except ValidationError as weak:
        raise Invalid(" ".join(weak.messages)) from None
