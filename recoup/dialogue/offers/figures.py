"""
Whether a sentence says only figures that are so: read, compared, and whatever is left over refused.

Fails closed. A numeral in any script that is not read as a permitted sum, count, share or day is a
problem, and so is a promise in words (half, everything waived) that no figure backs.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from recoup.dialogue.offers.envelope import Envelope
from recoup.dialogue.offers.solving import Offer, outside
from recoup.dialogue.understanding.numbers import value_of

LONGEST = 800
NUMBER = r"((?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?[万千百亿kw]?|[零一二两三四五六七八九十百千万亿]+)"
EDGE = r"(?<![\d.,零一二两三四五六七八九十百千万亿点负-])"
DATE = re.compile(
    EDGE + r"(?:(\d{4})年(\d{1,2})月(\d{1,2})[日号]|(\d{4})-(\d{2})-(\d{2})(?![\d-])"
    r"|(\d{1,2})月(\d{1,2})[日号])(?![后内之])"
)
SUM = re.compile(
    rf"{EDGE}(?:(?:¥|cny ?|rmb ?){NUMBER}(?![\d.,万千百亿元块kw%折成])|{NUMBER} ?(?:元|块钱|yuan|cny)"
    r"(?![/每之\d零一二两三四五六七八九半多左以的到至~-]))"
)
COUNT = re.compile(
    rf"{EDGE}(?<![每隔])(?<!every ){NUMBER} ?(?:个月|期(?![后])|months?|instalments?|payments?)(?![之\d半多])"
)
SHARE = re.compile(rf"{EDGE}{NUMBER} ?%(?![\d])")
CLAUSE = re.compile(r"[。！？；，!?;\n]|,(?!\d)|\.(?!\d)")
# Words that make a sum one of a kind; the first kind found in a clause binds all its sums.
ROLES = {
    "waived": re.compile(r"减|免|让利|优惠|抹|waive|forgiv|discount|reduc|write.?off|let off"),
    "total": re.compile(
        r"结清|还清|付清|了清|搞定|解决|就好|结案|销案|销户|平账|close|总共|一共|合计|只要|只需|只还|就行|就可以|就够|了结|清账|settle|in all|in full|only|just|clear|enough"
    ),
    "first": re.compile(r"首期|首付|首笔|第一|first"),
    "instalment": re.compile(r"每期|每月|每个月|月供|末期|monthly|each|per month|a month|last"),
    "owed": re.compile(
        r"欠|余额|待还|本金|利息|违约金|罚息|费用|owe|balance|principal|interest|penalty"
    ),
}
# The components that a waiver may be said to be of.
COMPONENTS = {
    "principal": re.compile(r"本金|principal"),
    "interest": re.compile(r"利息|interest"),
    "penalty": re.compile(r"违约金|罚息|滞纳金|penalty"),
    "cost": re.compile(r"费用|手续费|cost|fee"),
}
# A waiver or a settlement is spoken of together with its sum, in one clause.
WITH_A_SUM = re.compile(
    ROLES["waived"].pattern
    + r"|结清|还清|付清|了清|解决|结案|销案|销户|平账|close|了结|清账|settle|in full|clear"
)
PAYS = re.compile(r"(?<![待未应])还(?![有是款])|付|pay")
ANSWERS = re.compile(r"答复|有效|回复|valid|expire|answer")
# What is a promise without a numeral; sentences say such things by figures or not at all.
WORDS = re.compile(
    r"全免|全部免|全额免|都免|一笔勾销|不用(?:再)?还|不必(?:再)?还|无需(?:再)?还|不用(?:再)?付|免单|清零|免息|停息|无息|打折|减半|一半|半价|双倍|翻倍|"
    r"每周|每天|每日|每年|每半|每季|weekly|daily|yearly|per (?:week|day|year)|a (?:week|day|year)|"
    r"至少|最多|顶多|不超过|不到|以内|大概|大约|(?<!违)约(?!定)|or less|at most|at least|up to|about|around|"
    r"算了|不追|没事|两清|都清|不再|不管|剩下|余下|其余|剩余|rest of|remaining|"
    r"放弃|取消|不欠|到此为止|不收|只还本|按本金还|还本金就|不用管|drop|off the hook|(?<![a-z])or(?![a-z])|"
    r"推迟|延期|延后|宽限|暂缓|再还|缓缴|defer|postpone|later|零利息|无限期|随便还|随时还|想还多少|永久|不限|任意金额|作废|取消(?:债|欠)|"
    r"\b(?:half|free|nothing|zero|everything|forget|cancel\w*|double|triple|quarter|thirds?|no interest|"
    r"interest.free|any amount|whatever|forever|unlimited|dozen|couple|none|"
    r"one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|\w+teenth|twent\w+|thirt\w+|fort\w+|fift\w+|"
    r"sixt\w+|sevent\w+|eight\w+|ninet\w+|hundred\w*|thousand\w*|million\w*|grand|percent|per cent)\b"
)
# Numerals that count nothing in these words.
HARMLESS = re.compile(
    r"一下|一起|一定|一样|一些|一直|一旦|统一|唯一|万一|一次性|一共|十分(?!之|钟)"
)
ALSO_NUMERALS = frozenset("两俩仨半双倍折廿卅幺几数")


@dataclass(frozen=True)
class Figures:
    """What may be said, by kind: sums of each role in minor units, counts, whole percents, days."""

    sums: dict[str, frozenset[int]]
    waived: dict[str, int]
    counts: frozenset[int]
    days: tuple[date, ...]
    expires: date
    shares: frozenset[Decimal] = frozenset()


def figures(*, envelope: Envelope, offer: Offer) -> Figures:
    """The figures of an offer and of the ledger behind it."""
    amounts = frozenset(amount for _day, amount in offer.payments)
    parts = frozenset(envelope.owed.values())
    waived = envelope.waived(offer.waived)
    share = Decimal(offer.waived * 100) / envelope.total
    return Figures(
        sums={
            "waived": frozenset({offer.waived, *waived.values()} - {0}),
            "first": frozenset({offer.payments[0][1]}),
            "instalment": amounts,
            "total": frozenset({offer.total}),
            "owed": frozenset({envelope.total, *parts} - {0}),
        },
        waived=waived,
        counts=frozenset({len(offer.payments)}),
        days=tuple(day for day, _amount in offer.payments),
        expires=envelope.expires,
        shares=frozenset({share} if offer.waived else ()),
    )


def check(*, sentence: str, envelope: Envelope, offer: Offer, on: date) -> tuple[str, ...]:
    """
    Every reason not to say a sentence on a day; empty if it may be said.

    An offer outside its envelope, expired, or waiving above authority may not be said in any words.
    """
    problems = list(outside(envelope=envelope, offer=offer, on=on))
    if offer.waived > envelope.authority:
        problems.append(f"A waiver of {offer.waived} needs approval.")
    if len(sentence) > LONGEST:
        problems.append(f"The sentence is longer than {LONGEST} characters.")
    if problems:
        return tuple(problems)
    allowed = figures(envelope=envelope, offer=offer)
    text = plain(sentence)
    problems += [f"“{found.group()}” is no figure." for found in WORDS.finditer(text)]
    for clause in CLAUSE.split(text):
        problems += _clause(clause, allowed)
    return tuple(problems)


def plain(sentence: str) -> str:
    """
    Half width, lower case, simplified characters, digits of all scripts as 0-9, nothing
    invisible; a Chinese comma, which groups no digits, parts clauses.

    >>> plain("减免５００元\u200b，٣期")
    '减免500元;3期'
    """
    import opencc

    kept = []
    for one in unicodedata.normalize("NFKC", sentence.replace("，", "；")):
        if unicodedata.category(one) in {"Cf", "Mn", "Me", "Cc", "Co", "Cn"} and one != "\n":
            continue
        digit = unicodedata.decimal(one, None)
        kept.append(one if digit is None else str(digit))
    text = "".join(kept).lower().replace("￥", "¥")
    simplified: str = opencc.OpenCC("t2s").convert(text)
    return simplified


def _clause(clause: str, allowed: Figures) -> list[str]:
    problems = []
    role = next((role for role, words in ROLES.items() if words.search(clause)), "")
    sums, days, shares = _permitted(clause, role, allowed)

    def say(kind: str, value: object, of: Collection[object]) -> str:
        if value not in of:
            problems.append(f"The {kind} {value} is not of this offer.")
        return " "

    undated = DATE.sub(lambda found: say("day", _day(found, days), days), clause)
    rest = SUM.sub(lambda found: say("sum", _number(found, 100), sums), undated)
    rest = SHARE.sub(lambda found: say("share", _number(found, 1), shares), rest)
    has_a_sum = rest != undated
    rest = COUNT.sub(lambda found: say("count", _number(found, 1), allowed.counts), rest)
    if WITH_A_SUM.search(clause) and not has_a_sum:
        problems.append("A waiver or settlement is spoken of without its sum.")
    left = [one for one in HARMLESS.sub("", rest) if is_numeral(one)]
    if left:
        problems.append(f"“{''.join(left)}” is a figure that cannot be read.")
    return problems


def _permitted(
    clause: str, role: str, allowed: Figures
) -> tuple[frozenset[int], tuple[date, ...], frozenset[Decimal]]:
    """The sums, days and shares that a clause of a role may say."""
    to_pay = allowed.sums["instalment"] | allowed.sums["total"]
    sums = allowed.sums.get(role, to_pay)
    if role == "owed" and PAYS.search(clause):
        sums &= to_pay
    if role == "waived":
        # Waived is a sum once, not one each month, and of the component that is named.
        if ROLES["instalment"].search(clause) or ROLES["first"].search(clause):
            sums = frozenset()
        for account, words in COMPONENTS.items():
            if words.search(clause):
                sums &= {allowed.waived.get(account, 0)} - {0}
    days = allowed.days[:1] if role == "first" else allowed.days
    if ANSWERS.search(clause):
        days = (allowed.expires,)
    return sums, days, allowed.shares if role == "waived" else frozenset()


def is_numeral(one: str) -> bool:
    """
    Whether a character says a number, in any script.

    >>> [is_numeral(one) for one in "5½Ⅳ萬百折字"]
    [True, True, True, True, True, True, False]
    """
    return unicodedata.numeric(one, None) is not None or one in ALSO_NUMERALS


def _number(found: re.Match[str], scale: int) -> Decimal | None:
    said = next(one for one in found.groups() if one)
    try:
        value = Decimal(said.replace(",", ""))
    except InvalidOperation:
        spoken = value_of(said.replace(",", ""))
        if spoken is None:
            return None
        value = spoken
    return value * scale


def _day(found: re.Match[str], days: Collection[date]) -> date | None:
    numbers = [int(one) for one in found.groups() if one]
    if len(numbers) == 2:
        return next((day for day in sorted(days) if [day.month, day.day] == numbers), None)
    try:
        return date(*numbers)
    except ValueError:
        return None
