"""The synthetic lender's rows as the canonical tables of intake."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recoup.simulator import answers
from recoup.simulator.chance import uniform
from recoup.synth import lender_bad, lender_words
from recoup.synth.lender_history import CHANNEL_SHARES, Contacts, Payments
from recoup.synth.lender_loans import Borrowers, Loans, day_number

Ints = NDArray[np.int64]
PRODUCTS = ("consumer", "cash", "card_instalment", "education", "micro_business")
CHINA_OFFSET = 8 * 3600


def first(people: Borrowers, loans: Loans, kept: int, room: int) -> tuple[Borrowers, Loans]:
    """The first so many borrowers and loans."""
    index = np.arange(kept, dtype=np.int64)
    some = Borrowers(
        people.numbers[:kept], people.keys[:kept], people.traits.take(index),
        type(people.signs)(
            people.signs.credit[:kept], people.signs.income[:kept],
            people.signs.stability[:kept], people.signs.age[:kept],
        ),
        people.days[:kept],
    )  # fmt: skip
    cut = {name: getattr(loans, name)[:room] for name in Loans.__dataclass_fields__}
    return some, Loans(**cut)


def tables(
    *, people: Borrowers, loans: Loans, talked: Contacts, paid: Payments, as_of: date,
    history_days: int, light: bool, bad: float, rng: np.random.Generator,
) -> dict[str, pl.DataFrame]:  # fmt: skip
    """All tables of a chunk of borrowers."""
    today = day_number(as_of)
    whole = np.zeros(len(loans), dtype=bool) if light else loans.whole
    known = whole[paid.loan] | (paid.day >= today - history_days)
    accounts = _accounts(people, loans, paid, whole, today, as_of)
    found = {
        "accounts": lender_bad.spoil(accounts, share=bad, as_of=as_of, rng=rng),
        "payments": _payments(loans, paid, known),
        "contact_points": _contact_points(people, as_of),
    }
    if not light:
        found["instalments"] = _instalments(loans, whole)
        found["contacts"] = _contacts(people, talked)
        found["consents"] = _consents(people, today)
        found["opt_outs"] = _opt_outs(people, talked, today)
    return found


def _days(values: Ints) -> pl.Series:
    return pl.Series(values.astype(np.int32)).cast(pl.Date)


def _instants(day: Ints, second: Ints) -> pl.Series:
    seconds = day * 86_400 + second - CHINA_OFFSET
    return pl.Series(seconds * 1_000_000).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def _where(keep: NDArray[np.bool_], values: pl.Series) -> pl.Series:
    """The values, null where `keep` is false."""
    return pl.select(pl.when(pl.Series(keep)).then(values)).to_series()


def account_references(numbers: Ints) -> pl.Series:
    """The lender's account numbers."""
    return "L" + pl.Series(numbers).cast(pl.String).str.zfill(10)


def _accounts(
    people: Borrowers, loans: Loans, paid: Payments, whole: NDArray[np.bool_], today: int,
    as_of: date,
) -> pl.DataFrame:  # fmt: skip
    money = _Money(loans, paid, today)
    who = loans.who
    number = people.numbers[who]
    keys = people.keys[who]
    birth_year = as_of.year - people.signs.age[who].astype(np.int64)
    place = lender_words.regions(people.keys)[who]
    opening = ~whole
    issued = _issued(loans)
    matures = loans.due[np.arange(len(loans)), loans.term - 1]
    late = money.since < today
    charged = late & opening & (today - money.since > 210)
    provinces = pl.Series([province for province, _, _ in lender_words.PLACES])
    return pl.DataFrame({
        "account_ref": account_references(loans.numbers),
        "borrower_ref": lender_words.references(number),
        "product": pl.Series(PRODUCTS).gather(loans.product),
        "currency": pl.repeat("CNY", len(loans), eager=True),
        "principal": loans.principal,
        "annual_rate": loans.rate,
        "issued_on": _days(issued),
        "matures_on": _days(matures),
        "overdue_since": _where(late, _days(money.since)),
        "charged_off_on": _where(charged, _days(money.since + 181)),
        "balance_principal": _where(opening, pl.Series(money.principal)),
        "balance_interest": _where(opening, pl.Series(money.interest)),
        "balance_penalty": _where(opening, pl.Series(money.penalty)),
        "balance_cost": _where(opening, pl.Series(np.zeros(len(loans), dtype=np.int64))),
        "statement_balance": money.principal + money.interest + money.penalty * opening,
        "allocation": pl.repeat("", len(loans), eager=True),
        "region": provinces.gather(place),
        "time_zone": _zones(people)[who],
        "language": pl.repeat("zh-hans", len(loans), eager=True),
        "birth_year": birth_year,
        "name": lender_words.names(keys),
        "identity_number": lender_words.identities(number, birth_year),
        "phone": lender_words.phones(number),
        "email": lender_words.emails(number),
        "address": lender_words.addresses(keys, place),
        "contact_source": pl.repeat("contract", len(loans), eager=True),
        "lawful_basis": pl.repeat("contract", len(loans), eager=True),
        "known": _known(people)[who],
        "outcome": pl.repeat("", len(loans), eager=True),
    })  # fmt: skip


def _issued(loans: Loans) -> Ints:
    month = loans.due[:, 0].astype("datetime64[D]").astype("datetime64[M]")
    day = loans.due[:, 0] - month.astype("datetime64[D]").astype(np.int64)
    before = (month - np.timedelta64(1, "M")).astype("datetime64[D]").astype(np.int64)
    return np.asarray(before + day)


def _zones(people: Borrowers) -> pl.Series:
    """Mostly one zone; two where Xinjiang keeps its own time; for some not known."""
    chance = uniform(people.keys, 81)
    place = lender_words.regions(people.keys)
    west = np.array([province == "新疆" for province, _, _ in lender_words.PLACES])[place]
    words = pl.Series(["Asia/Shanghai", "Asia/Shanghai,Asia/Urumqi", ""])
    return words.gather(np.where(chance < 0.015, 2, np.where(west, 1, 0)))


def _known(people: Borrowers) -> pl.Series:
    """What the lender knew at application, as JSON: a score, income, months in the job."""
    credit = np.clip(600 + 60 * people.signs.credit, 350, 850).astype(np.int64)
    income = np.exp(8.8 + 0.4 * people.signs.income.astype(np.float64))
    months = np.clip(np.exp(3.4 + 0.9 * people.signs.stability.astype(np.float64)), 1, 400)
    return (
        pl.DataFrame({
            "credit_score": credit,
            "monthly_income": (income / 100).astype(np.int64) * 100,
            "months_in_job": months.astype(np.int64),
        })
        .select(pl.struct(pl.all()).struct.json_encode())
        .to_series()
    )  # fmt: skip


class _Money:
    """What is owed on the day: oldest dues are cleared first, whatever their parts."""

    def __init__(self, loans: Loans, paid: Payments, today: int) -> None:
        total_paid = np.bincount(paid.loan, weights=paid.amount, minlength=len(loans))
        gone = total_paid.astype(np.int64)
        inside = np.arange(loans.due.shape[1])[None, :] < loans.term[:, None]
        fallen = inside & (loans.due <= today)
        dues = (loans.principal_part + loans.interest_part) * inside
        reached = np.cumsum(dues, axis=1) - dues  # what stood before each due
        cleared = (np.cumsum(dues, axis=1) <= gone[:, None]) & inside
        nth = cleared.sum(axis=1)
        rows = np.arange(len(loans))
        column = np.minimum(nth, loans.term - 1)
        self.since = loans.due[rows, column]
        accrued = (loans.interest_part * fallen).sum(axis=1)
        # Of a part payment interest is taken first.
        part = np.maximum(gone - reached[rows, column], 0)
        interest_paid = (loans.interest_part * cleared).sum(axis=1)
        interest_paid = interest_paid + np.minimum(part, loans.interest_part[rows, column])
        self.interest = np.maximum(accrued - interest_paid, 0)
        self.principal = loans.principal + accrued - gone - self.interest
        arrears = np.maximum((dues * fallen).sum(axis=1) - gone, 0)
        self.penalty = arrears * np.clip(today - self.since, 0, 365) * 3 // 10_000


def _payments(loans: Loans, paid: Payments, known: NDArray[np.bool_]) -> pl.DataFrame:
    rows = np.flatnonzero(known)
    loan = paid.loan[rows]
    nth = rows - np.searchsorted(paid.loan, loan)
    account = account_references(loans.numbers[loan])
    return pl.DataFrame({
        "account_ref": account,
        "paid_on": _days(paid.day[rows]),
        "amount": paid.amount[rows],
        "external_id": account + "-" + pl.Series(nth).cast(pl.String),
    })  # fmt: skip


def _instalments(loans: Loans, whole: NDArray[np.bool_]) -> pl.DataFrame:
    inside = np.arange(loans.due.shape[1])[None, :] < loans.term[:, None]
    rows, columns = np.nonzero(inside & whole[:, None])
    return pl.DataFrame({
        "account_ref": account_references(loans.numbers[rows]),
        "number": columns + 1,
        "due_on": _days(loans.due[rows, columns]),
        "principal": loans.principal_part[rows, columns],
        "interest": loans.interest_part[rows, columns],
        "cost": np.zeros(len(rows), dtype=np.int64),
    })  # fmt: skip


def _contacts(people: Borrowers, talked: Contacts) -> pl.DataFrame:
    words = pl.Series([name for name, _ in CHANNEL_SHARES])
    return pl.DataFrame({
        "borrower_ref": lender_words.references(people.numbers[talked.who]),
        "at": _instants(talked.day, talked.second),
        "channel": words.gather(talked.channel),
        "outcome": pl.Series(answers.OUTCOMES).gather(talked.outcome),
    }).unique(["borrower_ref", "at", "channel"], keep="first", maintain_order=True)  # fmt: skip


def _contact_points(people: Borrowers, as_of: date) -> pl.DataFrame:
    """Second phones, contact persons, and a few of unknown origin or without any sense."""
    keys, numbers = people.keys, people.numbers
    picked = [
        (uniform(keys, 82) < 0.15, "debtor", "debtor_authorised", "consent", "154", 40_000_000),
        (uniform(keys, 83) < 0.30, "contact_person", "contract", "contract", "164", 0),
        (uniform(keys, 84) < 0.04, "debtor", "unknown", "", "164", 50_000_000),
    ]  # fmt: skip
    frames = []
    for chosen, party, source, basis, prefix, shift in picked:
        rows = np.flatnonzero(chosen)
        value = lender_words.phones(numbers[rows] + shift, prefix)
        broken = uniform(keys[rows], 85) < 0.02
        value = pl.select(
            pl.when(pl.Series(broken)).then(value.str.slice(0, 7)).otherwise(value)
        ).to_series()
        expires = date(as_of.year + 1, 1, 1)
        frames.append(pl.DataFrame({
            "borrower_ref": lender_words.references(numbers[rows]),
            "medium": pl.repeat("phone", len(rows), eager=True),
            "party": pl.repeat(party, len(rows), eager=True),
            "value": value,
            "source": pl.repeat(source, len(rows), eager=True),
            "lawful_basis": pl.repeat(basis, len(rows), eager=True),
            "verified": uniform(keys[rows], 86) < 0.5,
            "preferred": np.zeros(len(rows), dtype=bool),
            "expires_on": _where(
                uniform(keys[rows], 87) < 0.2, pl.repeat(expires, len(rows), eager=True)
            ),
        }))  # fmt: skip
    return pl.concat(frames)


def _consents(people: Borrowers, today: int) -> pl.DataFrame:
    rows = np.flatnonzero(uniform(people.keys, 88) < 0.8)
    given = today - 200 - (uniform(people.keys[rows], 89) * 700).astype(np.int64)
    return pl.DataFrame({
        "borrower_ref": lender_words.references(people.numbers[rows]),
        "purpose": pl.repeat("electronic_messages", len(rows), eager=True),
        "value": pl.repeat("sms,email", len(rows), eager=True),
        "source": pl.repeat("contract", len(rows), eager=True),
        "given_at": _instants(given, np.full(len(rows), 12 * 3600)),
    })  # fmt: skip


def _opt_outs(people: Borrowers, talked: Contacts, today: int) -> pl.DataFrame:
    """Those who opted out of a channel when contacted, and a few who want no contact at all."""
    said = np.flatnonzero(talked.opts_out)
    words = pl.Series([name for name, _ in CHANNEL_SHARES])
    scoped = pl.DataFrame({
        "borrower_ref": lender_words.references(people.numbers[talked.who[said]]),
        "scope": words.gather(talked.channel[said]),
        "source": pl.repeat("reply", len(said), eager=True),
        "at": _instants(talked.day[said], talked.second[said]),
    }).unique(["borrower_ref", "scope"], keep="first", maintain_order=True)  # fmt: skip
    none = np.flatnonzero(uniform(people.keys, 90) < 0.004)
    every = pl.DataFrame({
        "borrower_ref": lender_words.references(people.numbers[none]),
        "scope": pl.repeat("all", len(none), eager=True),
        "source": pl.repeat("letter", len(none), eager=True),
        "at": _instants(np.full(len(none), today - 30), np.full(len(none), 10 * 3600)),
    })  # fmt: skip
    return pl.concat([scoped, every])
