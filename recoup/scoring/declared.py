"""
The list of features: what each is made from, and what it is called.

A feature is a source, a filter, a window and an aggregate, and is declared once. The compiled
kernel (`kernel`) and the expression for databases and clusters (`relational`) are both generated
from this list, and a conformance test holds them equal.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from recoup.rulebook.vocabulary import CHANNELS

REPAY, ROLL, LOST = "repay_30", "roll", "lost_contact"
ABLE, WILLING = "ability", "willingness"

# Words are kept as their place in these lists, from 1; 0 is a word that is not among them. Of two
# outcomes of one attempt that became known at the same instant, the later in the list stands; so
# does, of two judgments at the same instant, the later state.
OUTCOMES = (
    "delivered", "undelivered", "read", "no_answer", "busy", "invalid_number", "connected",
    "wrong_party", "refused", "replied", "right_party", "promise",
)  # fmt: skip
STATES = ("superseded", "cancelled", "broken", "partial", "kept", "open")
WORDS = {"channel": CHANNELS, "outcome": OUTCOMES, "state": STATES}

# A right party is reached when the debtor was spoken to or wrote back.
RIGHT_PARTY = ("right_party", "promise", "refused", "replied")
# What an attempt of ours can come to; a reply or a message read is not one more attempt.
ATTEMPT = (
    "no_answer", "busy", "invalid_number", "connected", "right_party", "wrong_party", "promise",
    "refused", "delivered", "undelivered",
)  # fmt: skip
UNREACHED = ("no_answer", "busy", "undelivered")
WRONG = ("invalid_number", "wrong_party")


@dataclass(frozen=True, slots=True)
class Feature:
    """
    A name, where it comes from, and how it is aggregated.

    `window` is days before the cut-off (`None`: all history); `only` keeps some outcomes or
    states, `channels` some channels; `parts` makes a ratio (top, bottom; `+` adds). `signs` says
    for a target that a larger value must not lower (1) or raise (-1) its chance.

    Aggregates: `value` (of the case), `count`, `sum` of amounts, `months` (spans of 30 days with a
    row), `days_since` the last row, `ratio`, and `open`: the days to the due day of the latest
    promise (of several at one instant the latest day), unless it was judged since or has passed.
    """

    name: str
    source: str
    aggregate: str
    zh: str
    en: str
    window: int | None = None
    only: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    signs: dict[str, int] = field(default_factory=dict)


WORSE = {REPAY: -1, ROLL: 1}
BETTER = {REPAY: 1, ROLL: -1}

DAY = 86_400_000_000  # microseconds
MONTH = 30  # days

FEATURES: tuple[Feature, ...] = (
    # What is owed, from the ledger and the schedule.
    Feature("days_past_due", "cases", "value", "逾期天数", "Days past due"),
    Feature("overdue", "cases", "value", "逾期金额", "Amount overdue"),
    Feature("owed", "cases", "value", "欠款总额", "Amount owed"),
    Feature("loans", "cases", "value", "借据数", "Number of loans"),
    Feature("overdue_share", "cases", "ratio", "逾期占比", "Share of the debt that is overdue",
            parts=("overdue", "owed")),
    # What was paid.
    Feature("payments_30", "payments", "count", "近30天还款次数", "Payments in 30 days", 30,
            signs=BETTER),
    Feature("payments_90", "payments", "count", "近90天还款次数", "Payments in 90 days", 90,
            signs=BETTER),
    Feature("payments_180", "payments", "count", "近180天还款次数", "Payments in 180 days", 180,
            signs=BETTER),
    Feature("paid_90", "payments", "sum", "近90天还款金额", "Amount paid in 90 days", 90),
    Feature("payment_months", "payments", "months", "近180天有还款的月数",
            "Months with a payment, of six", 180, signs=BETTER | {ABLE: 1}),
    Feature("days_since_payment", "payments", "days_since", "距上次还款天数",
            "Days since the last payment", signs=WORSE),
    Feature("paid_share_90", "payments", "ratio", "近90天还款占比",
            "Paid in 90 days as a share of paid and owed", parts=("paid_90", "paid_90+owed"),
            signs={ABLE: 1}),
    # How contact went.
    Feature("attempts_30", "contacts", "count", "近30天触达次数", "Attempts in 30 days", 30,
            only=ATTEMPT),
    Feature("attempts_90", "contacts", "count", "近90天触达次数", "Attempts in 90 days", 90,
            only=ATTEMPT),
    Feature("calls_30", "contacts", "count", "近30天拨打次数", "Calls in 30 days", 30,
            channels=("call",)),
    Feature("right_party_90", "contacts", "count", "近90天接通本人次数",
            "Times the debtor was reached in 90 days", 90, only=RIGHT_PARTY, signs={LOST: -1}),
    Feature("right_party_share", "contacts", "ratio", "近90天本人接通率",
            "Share of attempts that reached the debtor, 90 days",
            parts=("right_party_90", "attempts_90"), signs={LOST: -1, WILLING: 1}),
    Feature("unreached_90", "contacts", "count", "近90天未接通次数",
            "Attempts nobody answered in 90 days", 90, only=UNREACHED),
    Feature("wrong_number_90", "contacts", "count", "近90天空号或非本人次数",
            "Invalid numbers and wrong persons in 90 days", 90, only=WRONG, signs={LOST: 1}),
    Feature("refused_90", "contacts", "count", "近90天拒绝还款次数",
            "Refusals to pay in 90 days", 90, only=("refused",), signs={WILLING: -1}),
    Feature("days_since_right_party", "contacts", "days_since", "距上次接通本人天数",
            "Days since the debtor was reached", only=RIGHT_PARTY, signs={LOST: 1}),
    # What was promised.
    Feature("promised_in_contact_180", "contacts", "count", "近180天口头承诺次数",
            "Promises noted in contacts, 180 days", 180, only=("promise",)),
    Feature("promises_180", "promises", "count", "近180天承诺次数", "Promises in 180 days", 180),
    Feature("promise_due_in", "promises", "open", "距承诺还款日天数",
            "Days to the day of the open promise"),
    Feature("promises_kept_180", "judgments", "count", "近180天履约次数",
            "Promises kept in 180 days", 180, only=("kept",), signs=BETTER | {WILLING: 1}),
    Feature("promises_broken_180", "judgments", "count", "近180天失约次数",
            "Promises broken in 180 days", 180, only=("broken",), signs=WORSE | {WILLING: -1}),
)  # fmt: skip


def codes(source: str) -> tuple[str, ...]:
    """
    The columns of a source that hold words, by their codes.

    >>> codes("contacts"), codes("payments")
    (('channel', 'outcome'), ())
    """
    return {"contacts": ("channel", "outcome"), "judgments": ("state",)}.get(source, ())


def code(column: str, word: str) -> int:
    """
    The number that stands for a word; 0 for one that is not listed.

    >>> code("state", "superseded"), code("channel", "pigeon")
    (1, 0)
    """
    return WORDS[column].index(word) + 1 if word in WORDS[column] else 0


BY_NAME = {one.name: one for one in FEATURES}
NAMES = tuple(BY_NAME)
KNOWN = "known."
# Whether somebody can pay is read from money, whether they want to from how they answered: kept
# apart, so that the two scores are two things and not one twice.
ONLY = {
    ABLE: (
        "overdue", "owed", "loans", "overdue_share", "payments_180", "paid_90", "payment_months",
        "paid_share_90",
    ),
    WILLING: (
        "right_party_90", "right_party_share", "unreached_90", "refused_90",
        "days_since_right_party", "promised_in_contact_180", "promises_180", "promise_due_in",
        "promises_kept_180", "promises_broken_180",
    ),
}  # fmt: skip


def columns_for(target: str) -> tuple[str, ...]:
    """The features that a target may look at: all, or those of `ONLY`."""
    return ONLY.get(target, NAMES)


def label(name: str, language: str = "zh") -> str:
    """
    What a feature is called. A fact that came with the loan is called by the lender's own name.

    >>> label("payments_30", "en"), label("known.grade")
    ('Payments in 30 days', 'grade')
    """
    declared = BY_NAME.get(name)
    if declared is None:
        return name.removeprefix(KNOWN)
    return declared.zh if language.startswith("zh") else declared.en


def signs_for(target: str) -> dict[str, int]:
    """Where a larger value must speak for (1) or against (-1) a target."""
    return {one.name: one.signs[target] for one in FEATURES if target in one.signs}
