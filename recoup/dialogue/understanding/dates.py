"""
Days as people name them, as ISO days against the borrower's own day.

“Before X” gives X. A weekday alone is the next one, or the last one where something was paid. What
fixes no day (过两天, 月初, 发工资那天, 过完节) gives none: a guessed day becomes a broken promise.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from recoup.dialogue.understanding.numbers import value_of

WITH_A_DAY = frozenset(
    {"promise_to_pay", "already_paid", "partial_payment", "request_installment", "request_waiver",
     "callback_later", "third_party", "proxy_agent", "affirm", "ask_how_to_pay"}
)  # fmt: skip
N = r"(\d{1,3}|[一二两俩仨三四五六七八九十廿卅]{1,3})"
WEEKDAY = {**dict(zip("一二三四五六日", range(7), strict=True)), "天": 6, "末": 5,
           **{str(day): day - 1 for day in range(1, 8)}}  # fmt: skip
RELATIVE = {
    "大后天": 3, "大后日": 3, "大前天": -3, "后天": 2, "后日": 2, "后儿": 2, "前天": -2, "前日": -2, "前儿": -2,
    "明天": 1, "明儿": 1, "明日": 1, "明早": 1, "明晚": 1, "听日": 1, "明朝": 1, "明个": 1, "昨天": -1, "昨儿": -1, "昨日": -1, "昨晚": -1,
    "寻日": -1, "琴日": -1, "今天": 0, "今日": 0, "今儿": 0, "今晚": 0, "今早": 0, "今朝": 0, "今夜": 0, "当天": 0,
}  # fmt: skip
ENGLISH_DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
ENGLISH_MONTHS = [one.lower() for one in calendar.month_abbr[1:]]
CORRECTED = re.compile(
    r"还不了|还不上|还不起|没钱|不够|不行|不对|哦不|噢不|喔不|不成|来不及|说错|错了|不是|改|还是|要不|算了|推到|赶不上|够呛|no wait|i mean|actually|make it|can't"
)
# Words beside a day that give it to something else than the payment.
ANOTHER_THING = re.compile(
    r"失业|下岗|离婚|去世|走的|出院|住院|手术|开庭|起诉|借的|贷的|办的|打(?:了|过|来|给)|催|发(?:的)?短信|出生|入职|离职|被"
)


@dataclass(frozen=True)
class Day:
    """A day that was named: where, which, and its last day if it is a range."""

    start: int
    end: int
    day: date
    last: date | None = None


def _number(said: str) -> int:
    value = value_of(said)
    return int(value) if value is not None else 0


def _in_month(year: int, month: int, day: int) -> date | None:
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    if 1 <= day <= calendar.monthrange(year, month)[1]:
        return date(year, month, day)
    return None


def _end_of_month(year: int, month: int) -> date:
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    return date(year, month, calendar.monthrange(year, month)[1])


def _lunar(year: int, month: int, day: int) -> date:
    from lunar_python import Lunar

    solar = Lunar.fromYmd(year, month, day).getSolar()
    return date(solar.getYear(), solar.getMonth(), solar.getDay())


def _next(at: date, past: bool, days: Callable[[int], date | None]) -> date | None:
    """The first of the yearly `days` that is not before `at`; the last one if it is past."""
    known = [day for year in range(at.year - 1, at.year + 2) if (day := days(year))]
    if past:
        return max((day for day in known if day <= at), default=None)
    return min((day for day in known if day >= at), default=None)


# -- Kinds of days: a pattern and what it gives -----------------------------------------------------

Reading = tuple[date, date | None] | None
Reader = Callable[[re.Match[str], date, bool], Reading]


def _alone(day: date | None) -> Reading:
    return None if day is None else (day, None)


def _full(found: re.Match[str], at: date, past: bool) -> Reading:
    return _alone(
        _in_month(int(found[1]), int(found[2]), int(found[3])) if 1 <= int(found[2]) <= 12 else None
    )


def _month_and_day(found: re.Match[str], at: date, past: bool) -> Reading:
    month, day = _number(found[1]), _number(found[2])
    if not 1 <= month <= 12:
        return None
    return _alone(_next(at, past, lambda year: _in_month(year, month, day)))


def _month_end(found: re.Match[str], at: date, past: bool) -> Reading:
    month = _number(found[1])
    if not 1 <= month <= 12:
        return None
    return _alone(_next(at, past, lambda year: _end_of_month(year, month)))


MONTHS_ON = {"下下": 2, "下": 1, "这": 0, "本": 0, "上": -1, "当": 0, "次": 1}


def _of_named_month(found: re.Match[str], at: date, past: bool) -> Reading:
    return _alone(_in_month(at.year, at.month + MONTHS_ON[found[1]], _number(found[2])))


def _end_of_named_month(found: re.Match[str], at: date, past: bool) -> Reading:
    on = MONTHS_ON[found[1]] if found[1] else -1 if past and at.day < 20 else 0
    return _alone(_end_of_month(at.year, at.month + on))


def _day_of_month(found: re.Match[str], at: date, past: bool) -> Reading:
    days = [_in_month(at.year, at.month + on, _number(found[1])) for on in (-2, -1, 0, 1, 2)]
    known = [day for day in days if day]
    if past:
        return _alone(max((day for day in known if day <= at), default=None))
    first = min((day for day in known if day >= at), default=None)
    if first and found.lastindex and found.lastindex > 1 and found[2]:
        last = first + timedelta(days=(_number(found[2]) - _number(found[1])) % 31)
        return first, last
    return _alone(first)


def _two_days_of_month(found: re.Match[str], at: date, past: bool) -> Reading:
    """十五六号: the fifteenth or the sixteenth."""
    tens = _number(found[1]) if found[1] else 0
    first, second = tens + _number(found[2]), tens + _number(found[3])
    if second != first + 1:
        return None
    day = next(
        (d for on in (0, 1) if (d := _in_month(at.year, at.month + on, first)) and d >= at), None
    )
    return (day, day + timedelta(days=1)) if day and not past else None


def _weekday(found: re.Match[str], at: date, past: bool) -> Reading:
    which, name = found[1] or "", found[2]
    monday = at - timedelta(days=at.weekday())
    if which in {"这", "本", "下", "下下", "上"}:
        monday += timedelta(days=7 * {"下": 1, "下下": 2, "上": -1}.get(which, 0))
        day = monday + timedelta(days=WEEKDAY[name])
    elif past:
        day = at - timedelta(days=(at.weekday() - WEEKDAY[name]) % 7)
    elif name == "末":
        day = monday + timedelta(days=5)
    else:
        day = at + timedelta(days=(WEEKDAY[name] - at.weekday() - 1) % 7 + 1)
    if name == "末":
        last = day + timedelta(days=1)
        return (max(day, at), last) if not past and last >= at else (day, last)
    return _alone(day)


def _days_on(found: re.Match[str], at: date, past: bool) -> Reading:
    return _alone(at + timedelta(days=_number(found[1])))


def _weeks_on(found: re.Match[str], at: date, past: bool) -> Reading:
    return _alone(at + timedelta(weeks=_number(found[1])))


def _months_on(found: re.Match[str], at: date, past: bool) -> Reading:
    month = at.month + _number(found[1])
    return _alone(_in_month(at.year, month, at.day) or _end_of_month(at.year, month))


def _days_ago(found: re.Match[str], at: date, past: bool) -> Reading:
    return _alone(at - timedelta(days=_number(found[1]) * (7 if found[2] else 1)))


def _relative(found: re.Match[str], at: date, past: bool) -> Reading:
    return _alone(at + timedelta(days=RELATIVE[found[0]]))


def _fixed(month: int, day: int) -> Reader:
    return lambda found, at, past: _alone(_next(at, past, lambda year: _in_month(year, month, day)))


def _lunar_fixed(month: int, day: int) -> Reader:
    return lambda found, at, past: _alone(_next(at, past, lambda year: _lunar(year, month, day)))


def _lunar_new_years_eve(found: re.Match[str], at: date, past: bool) -> Reading:
    return _alone(_next(at, past, lambda year: _lunar(year, 1, 1) - timedelta(days=1)))


def _lunar_named(month: int) -> Reader:
    def read(found: re.Match[str], at: date, past: bool) -> Reading:
        day = _number(found[1])
        if not 1 <= day <= 29:
            return None
        return _alone(_next(at, past, lambda year: _lunar(year, month, day)))

    return read


def _english_weekday(found: re.Match[str], at: date, past: bool) -> Reading:
    name = ENGLISH_DAYS.index(found[2])
    monday = at - timedelta(days=at.weekday())
    if (found[1] or "").strip() == "next":
        return _alone(monday + timedelta(days=7 + name))
    if past or (found[1] or "").strip() == "last":
        return _alone(at - timedelta(days=(at.weekday() - name - 1) % 7 + 1))
    return _alone(at + timedelta(days=(name - at.weekday() - 1) % 7 + 1))


def _english_date(found: re.Match[str], at: date, past: bool) -> Reading:
    name, day = (found[1], found[2]) if found[1] else (found[4], found[3])
    month = ENGLISH_MONTHS.index(name[:3]) + 1
    return _alone(_next(at, past, lambda year: _in_month(year, month, int(day))))


def _shift(days: int) -> Reader:
    return lambda found, at, past: _alone(at + timedelta(days=days))


def _english_month_end(found: re.Match[str], at: date, past: bool) -> Reading:
    return _alone(_end_of_month(at.year, at.month + (found[1] == "next")))


def _nothing(found: re.Match[str], at: date, past: bool) -> Reading:
    """Sounds like a day and fixes none."""
    return None


MONTH_NAMES = "|".join(ENGLISH_MONTHS)
# In order: what stands earlier takes its characters away from what stands later.
KINDS: list[tuple[re.Pattern[str], Reader]] = [
    (re.compile(pattern), reader)
    for pattern, reader in (
        (r"(20\d\d)\s?[-./年]\s?(\d{1,2})\s?[-./月]\s?(\d{1,2})[号日]?", _full),
        (r"过(?:个|上)?(?:两|几|三五|三两|俩)天|[三两几][五三几]天|十天半(?:个)?月|(?:两三|三四|三五|四五|五六|七八)(?:天|个月|周)", _nothing),
        (r"号(?:线|楼|门|码|店|机|客服|员工|院|栋|坐席|专员)", _nothing),
        (rf"{N}\s?月\s?(?:底|末)", _month_end),
        (rf"{N}\s?月\s?{N}\s?(?:号|日|(?=[前之以，,。还我]|$))", _month_and_day),
        (r"(?<![\d.])(1[0-2]|0?[1-9])[./](3[01]|[12]\d|0?[1-9])(?:号|日)?(?![\d.万千k])", _month_and_day),
        (rf"(下下|下|这|本|上|当|次)个?月的?\s?{N}\s?[号日]", _of_named_month),
        (r"(下下|下|这|本|上|当|次)?个?月(?:底|末)", _end_of_named_month),
        (rf"{N}[号日]?\s?(?:到|至|-|~)\s?{N}[号日]", _day_of_month),
        (r"([一二三四五六七八九]?十|廿)?([一二三四五六七八])([二三四五六七八九])[号日](?!线|楼|门|店)", _two_days_of_month),
        (rf"(?:正月|大年|年)初{N}|正月{N}", lambda f, at, past: _lunar_named(1)(_first(f), at, past)),
        (rf"(?:腊月|农历十二月){N}", _lunar_named(12)),
        (r"大年三十|年三十|除夕|年卅晚?", _lunar_new_years_eve),
        (r"大年初一|春节(?:当天|(?:之|以)?前)", _lunar_fixed(1, 1)),
        (r"元宵节?", _lunar_fixed(1, 15)),
        (r"端午节?(?!后|过后|以后|之后)", _lunar_fixed(5, 5)),
        (r"中秋节?(?!后|过后|以后|之后)", _lunar_fixed(8, 15)),
        (r"(?:过完|过了|等过了?)(?:元旦|国庆|五一|中秋|端午|春节|年|节|圣诞|假期|十一)|(?:元旦|国庆|五一|中秋|端午|春节|圣诞|十一)(?:节)?(?:过后|以后|之后|后)", _nothing),
        (r"元旦", _fixed(1, 1)), (r"国庆节?|十一(?:假期|长假|前|之前)", _fixed(10, 1)), (r"五一|劳动节", _fixed(5, 1)),
        (r"圣诞节?|christmas", _fixed(12, 25)), (r"年底|年末", _fixed(12, 31)), (r"双十一", _fixed(11, 11)), (r"双十二", _fixed(12, 12)),
        (rf"{N}[号日](?!线|楼|门|码|店|机|客服|员工|院|栋|坐席|专员|技师|子)", _day_of_month),
        (r"(下下|下|这|本|上)?个?(?:周|星期|礼拜|拜)([一二三四五六日天末1-7])(?![\d天个])", _weekday),
        (r"|".join(sorted(RELATIVE, key=len, reverse=True)), _relative),
        (rf"{N}(?:天|日)(?:以|之)?前", lambda f, at, past: _alone(at - timedelta(days=_number(f[1])))),
        (rf"{N}个?(?:星期|礼拜|周)(?:以|之)?前", lambda f, at, past: _alone(at - timedelta(weeks=_number(f[1])))),
        (rf"(?:再(?:给|等|过|宽限)?我?|给我|宽限(?:我)?|缓(?:我)?|等我?){N}(?:天|日)|{N}(?:天|日)(?:之|以)?(?:内|后|时间)|{N}(?:天|日)(?:之内|以后|过后)", lambda f, at, past: _days_on(_first(f), at, past)),
        (rf"(?:再(?:给|等|过|宽限)?我?|给我|宽限(?:我)?|缓(?:我)?|过){N}个?(?:星期|礼拜|周)|{N}个?(?:星期|礼拜|周)(?:之|以)?(?:内|后|时间)", lambda f, at, past: _weeks_on(_first(f), at, past)),
        (r"半个?月(?:之|以)?(?:内|后)", _shift(15)),
        (rf"{N}个月(?:之|以)?(?:内|后)", _months_on),
        (r"day after tomorrow", _shift(2)), (r"tomorrow|tmr", _shift(1)), (r"today|tonight", _shift(0)), (r"yesterday", _shift(-1)),
        (r"(next |this |last |coming )?(" + "|".join(ENGLISH_DAYS) + ")", _english_weekday),
        (rf"\b(?:({MONTH_NAMES})[a-z]*\.? (\d{{1,2}})|(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? ({MONTH_NAMES})[a-z]*)\b", _english_date),
        (r"\b(\d{1,2})(?:st|nd|rd|th)\b", _day_of_month),
        (r"(?:in|within) (\d{1,2}) days?", _days_on), (r"(?:in|within) (\d) weeks?", _weeks_on),
        (r"end of (the|this|next) month|month[- ]end", lambda f, at, past: _alone(_end_of_month(at.year, at.month + (f[1] == "next")))),
    )
]  # fmt: skip


class _first:  # noqa: N801
    """A match whose first group is the first that took part."""

    def __init__(self, found: re.Match[str]) -> None:
        self.found = next(one for one in found.groups() if one)

    def __getitem__(self, index: int) -> str:
        return self.found


def days(text: str, at: date, *, past: bool) -> Iterator[Day]:
    """All days of a normalised text, from left to right; `past` if something was paid."""
    taken = [False] * len(text)
    named = []
    for pattern, reader in KINDS:
        for found in pattern.finditer(text):
            if any(taken[found.start() : found.end()]):
                continue
            taken[found.start() : found.end()] = [True] * (found.end() - found.start())
            read = reader(found, at, past)
            if read is not None:
                named.append(Day(found.start(), found.end(), *read))
    yield from sorted(named, key=lambda one: one.start)


def day(text: str, at: date, intents: Collection[str]) -> Day | None:
    """
    The day of a turn on which the speaker pays, paid, or wishes the callback.

    >>> at = date(2026, 12, 1)  # a Tuesday
    >>> day("下周三之前先还两千三", at, {"promise_to_pay"}).day.isoformat()
    '2026-12-09'
    >>> day("十五号不行,十八号吧", at, {"promise_to_pay"}).day.day
    18
    >>> day("过完节再还", at, {"promise_to_pay"}) is None
    True
    """
    if not WITH_A_DAY.intersection(intents):
        return None
    past = "already_paid" in intents
    named = [
        one
        for one in days(text, at, past=past)
        if (one.day <= at if past else (one.last or one.day) >= at)
        and not ANOTHER_THING.match(text[one.end : one.end + 6].lstrip("的就刚才"))
    ]
    if not named:
        return None
    chosen = named[0]
    for earlier, later in pairwise(named):
        if CORRECTED.search(text[earlier.end : later.start]):
            chosen = later
    return chosen
