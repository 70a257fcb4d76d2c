"""Events as sentences, in the language of the page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import formats, timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from recoup.journal.kinds import KINDS
from recoup.journal.models import Event
from recoup.journal.queries import data_of
from recoup.kernel.actors import ActorKind
from recoup.kernel.errors import Invalid
from recoup.kernel.money import EXPONENTS, SYMBOLS, Money
from recoup.look import terms

AMOUNTS = frozenset({"amount", "paid", "owed", "total", "balance", "overdue", "difference"})
# Which words explain which fact of an event.
WORDS_OF = {
    "channel": "channel", "role": "role", "mode": "mode", "medium": "medium", "kind": "medium",
    "reason": "stop", "meaning": "meaning", "outcome": "verdict", "scope": "opt_out",
    "target": "target", "table": "table", "measure": "measure", "arm": "arm",
    "learner": "learner", "action": "action",
    "decided": "approval",
}  # fmt: skip
STATE_OF = {
    "portfolio": "case", "contact": "attempt", "repayment": "promise", "intake": "placement",
    "strategy": "strategy", "scoring": "model", "gate": "approval",
}  # fmt: skip
ICONS = {
    "portfolio": "folder", "contact": "send", "repayment": "coins", "intake": "inbox",
    "strategy": "route", "scoring": "activity", "gate": "shield-check", "people": "user",
    "reporting": "chart-bar",
}  # fmt: skip
STAGES = {
    "portfolio": _("Cases and ledger"), "contact": _("Contact"),
    "repayment": _("Repayment"), "intake": _("Intake"), "strategy": _("Strategy"),
    "scoring": _("Scoring"), "gate": _("Gate"), "people": _("People and accounts"),
    "reporting": _("Reporting"),
}  # fmt: skip
DAY = re.compile(r"\d{4}-\d\d-\d\d$")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT")


@dataclass(frozen=True, slots=True)
class Sentence:
    """An event as a person reads it."""

    position: int
    at: datetime
    text: str
    by: str
    icon: str
    kind: str
    case: int | None
    digest: str


class _Facts(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "…"


def stage_names() -> list[tuple[str, str]]:
    """The parts that write events, for a select box."""
    return [(code, str(label)) for code, label in STAGES.items()]


def sentence_of(event: Event) -> Sentence:
    """The sentence of an event, with its facts in place."""
    stage = event.kind.partition(".")[0]
    return Sentence(
        position=event.position, at=event.at, text=text_of(event.kind, data_of(event)),
        by=actor(event.by), icon=ICONS.get(stage, "point"), kind=event.kind, case=event.case,
        digest=event.digest,
    )  # fmt: skip


def text_of(kind: str, data: Mapping[str, Any]) -> str:
    """What happened, in words."""
    known = KINDS.get(kind)
    if known is None:
        return kind
    stage = kind.partition(".")[0]
    currency = str(data.get("currency", "CNY"))
    facts = _Facts({key: _said(stage, key, value, currency) for key, value in data.items()})
    try:
        return gettext(known.sentence).format_map(facts)
    except (ValueError, AttributeError, IndexError, KeyError):
        return gettext(known.sentence)


def actor(by: str) -> str:
    """Who did it: an account's name, or what kind of hand it was."""
    kind, _, name = by.partition(":")
    if kind == ActorKind.SYSTEM:
        return gettext("Recoup")
    if kind == ActorKind.BORROWER:
        return gettext("Borrower")
    return name


def money(amount: Money) -> str:
    """An amount with its symbol, thousands apart: ¥1,234.50; a minus before the symbol."""
    places = EXPONENTS[amount.currency]
    sign = "−" if amount.minor < 0 else ""
    symbol = SYMBOLS.get(amount.currency, f"{amount.currency} ")
    return f"{sign}{symbol}{abs(amount.major):,.{places}f}"


def day(value: date) -> str:
    """A day: 2026-11-23 in Chinese, 23 Nov 2026 in English."""
    chinese = formats.get_format("DATE_FORMAT") == "Y年n月j日"
    return value.isoformat() if chinese else formats.date_format(value, "j M Y")


def moment(value: datetime) -> str:
    """An instant, on the clocks of the house."""
    here = timezone.localtime(value)
    return f"{day(here.date())} {here:%H:%M}"


def _said(stage: str, key: str, value: Any, currency: str) -> str:
    if isinstance(value, Mapping) and {"minor", "currency"} <= value.keys():
        return money(Money(value["minor"], value["currency"]))
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, int):
        return _number(key, value, currency)
    if isinstance(value, float):
        return f"{value:,.2f}"
    if isinstance(value, str):
        return _text(stage, key, value)
    if isinstance(value, list | tuple):
        return ", ".join(_said(stage, key, each, currency) for each in value[:6])
    return "" if value is None else str(value)


def _number(key: str, value: int, currency: str) -> str:
    if key in AMOUNTS:
        try:
            return money(Money(value, currency))
        except Invalid:
            return f"{value:,}"
    return f"{value:,}"


def _text(stage: str, key: str, value: str) -> str:
    if DAY.match(value):
        return day(date.fromisoformat(value))
    if INSTANT.match(value):
        return moment(datetime.fromisoformat(value))
    if key in ("state", "to", "was", "before", "from", "from_state"):
        return terms.word(STATE_OF.get(stage, ""), value)
    if key == "word":  # what was put on file is a mark or a paper
        return terms.word("mark" if value in terms.TERMS["mark"] else "paper", value)
    if key == "outcome" and value in terms.TERMS["outcome"]:  # of a call, not of a question
        return terms.word("outcome", value)
    return terms.word(WORDS_OF.get(key, ""), value)
