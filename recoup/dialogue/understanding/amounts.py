"""
Which sum a borrower offers, promises, has paid, or asks to be let off.

Every number that can be money is weighed by the words around it: those of paying speak for it, those
of wages, rent, bills, balances and contested sums against it. After a correction the last one holds.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from recoup.dialogue.understanding.numbers import Number, numbers

# A turn with none of these names no sum that matters.
ABOUT_MONEY = frozenset(
    {"promise_to_pay", "already_paid", "partial_payment", "request_installment", "request_waiver",
     "callback_later", "affirm", "third_party", "proxy_agent"}
)  # fmt: skip

CURRENCY = re.compile(
    r"(?:多|来|把|左右|上下|几)?\s?(?:元|块|圆|人民币|大洋|蚊|港币|rmb|yuan|cny|bucks?|dollars?|刀)"
    r"(?:钱)?(?P<dimes>[零一二两三四五六七八九\d])?(?P<tenth>毛|角)?"
)
BEFORE_CURRENCY = re.compile(r"(?:¥|￥|\$|rmb|cny)\s?$")
# Units after a number that make it something other than money.
NOT_MONEY = re.compile(
    r"^\s?(?:多|来|几)?\s?(?:号|日|月|年|天|个(?!\S{0,1}(?:块|元))|点|时|分钟?|秒|小时|周|星期|礼拜|期|次|遍|通|人|岁|口|趟|回|折|成|%|％|"
    r"倍|楼|层|栋|室|路|线|位|条|家|份|张|台|辆|斤|公里|平|里|下|句|辈子|会儿|番|边|样|直|定|起|共|般|旦|些|点|"
    r"th\b|st\b|nd\b|rd\b|days?|weeks?|months?|years?|times?|hours?|minutes?|pm\b|am\b|:|/|-)"
)
NOT_MONEY_BEFORE = re.compile(r"(?:第|周|星期|礼拜|初|电话|号码|工号|尾号|m|v|/|-|:|单元|今年)$")
# Hotlines that look like sums.
HOTLINES = {
    "12378",
    "12345",
    "12315",
    "12363",
    "12368",
    "110",
    "120",
    "119",
    "996",
    "315",
    "404",
    "360",
    "12386",
    "95",
}

FOR = re.compile(
    r"还(?!是|有|在|没|要我|不上|不起|不了|欠)|付|给(?!我)|转|交|先|凑|拿(?!不)|存|打(?:过去|给你|款|进)|汇|能(?!不能)|出得起|只有|就有|手上|手头|兜里|"
    r"每个?月|月供|月还|一期|一个月|减|免|少(?:还|收|点|个)|便宜|抹|砍|让|划(?!的)|扣(?:了)?|清|结|补|垫|入|承担|够|最多|顶多|搞|弄|筹|行不行|成不成|"
    r"pay|send|sent|paid|transfer|afford|settle|offer|waive|do|give"
)
AGAINST = re.compile(
    r"工资|薪|收入|赚|挣|底薪|社保|退休金|低保|房租|租金|水电|伙食|学费|生活费|奶粉|房贷|车贷|按揭|药|手术|治疗|住院|看病|化疗|透析|医|"
    r"代理费|服务费|手续费|咨询费|收了我|交了.{0,3}(?:代理|服务)|欠|借(?!呗)|本金|本来|到手|账单|显示|写的?是|说是|多出|"
    r"凭什么|哪来|哪里来|怎么(?:变|成|会|就|是|又)|变成|涨到|余额|总共|一共|合计|总额|额度|利息(?:就|要|都)|花(?:了|掉|呗)?|亏|损失|赔|押金|"
    r"罚|滞纳|违约金|催(?:费|收费)|不是.{0,4}吗|明明|才借|怎么算|多少|salary|rent|wage|owe|borrowed|balance|bill|income|fee"
)
REFUSED = re.compile(
    r"^.{0,4}(?:拿不出|没有|凑不(?:出|齐|够)|还不(?:了|上|起)|(?<!行)不行|太多|做不到|付不起|哪有|都没|掏不|我没)"
)
CORRECTED = re.compile(
    r"哦不|噢不|喔不|不对|不是|说错|错了|口误|更正|改成|还是|算了|要不|sorry|no wait|i mean|actually"
)
ONE_OF_INSTALMENTS = re.compile(
    r"每个?月|月供|月还|一期|每期|一个月|per month|a month|monthly|每周|每半月"
)
LET_OFF = re.compile(r"(?:减|免|少|抹|便宜|让)(?:掉|去|个|我|收)?$")
CLAUSE = re.compile(
    r"[，。！？；,!?;\n、]|(?<!\d)\.|\.(?!\d)| (?=[\u4e00-\u9fff])|但是?|可是|不过|然后|剩下|剩余|其余|余下"
)


@dataclass(frozen=True)
class Sum:
    """A sum that was named: where, how much in fen, and how much speaks for it."""

    start: int
    end: int
    fen: int
    weight: float


def _money(text: str, number: Number) -> tuple[int, int, bool] | None:
    """End, fen, and whether a currency was named; `None` if the number is not money."""
    before, after = text[: number.start], text[number.end :]
    if text[number.start : number.end] in HOTLINES or number.value <= 0 or number.value >= 10**8:
        return None
    value, end = number.value, number.end
    named = CURRENCY.match(after)
    if named:
        end += named.end()
        dimes = named["dimes"]
        if dimes and (
            named["tenth"] or not re.match(r"[\d一二三四五六七八九十百千月天号期个清]", text[end:])
        ):
            digit = next(iter(numbers(dimes)), None)
            value += (digit.value if digit else Decimal(0)) / 10
        elif dimes:
            end -= 1
    elif NOT_MONEY.match(after) or NOT_MONEY_BEFORE.search(before[-2:]):
        return None
    is_named = bool(named or BEFORE_CURRENCY.search(before[-4:]))
    if not is_named and not (50 <= number.value < 10**7):
        return None
    if not is_named and not number.has_unit and not text[number.start].isdigit():
        return None
    return end, int(value * 100), is_named


def _clause(text: str, start: int, end: int) -> tuple[str, str]:
    """What stands before and after a sum in its own clause."""
    breaks = [found.span() for found in CLAUSE.finditer(text)]
    left = max((b for _, b in breaks if b <= start), default=0)
    right = min((a for a, _ in breaks if a >= end), default=len(text))
    return text[left:start], text[end:right]


def sums(text: str) -> Iterator[Sum]:
    """
    All sums of a normalised text, with their weight: above 0 speaks for an offer.

    >>> [(one.fen, one.weight > 0) for one in sums("工资才四千,先还你两千三")]
    [(400000, False), (230000, True)]
    """
    for number in numbers(text):
        money = _money(text, number)
        if money is None:
            continue
        end, fen, is_named = money
        left, right = _clause(text, number.start, end)
        weight = 0.4 if is_named else 0.2
        weight += 1.0 * bool(FOR.search(left[-8:])) + 0.6 * bool(FOR.search(right[:6]))
        weight -= 1.2 * bool(AGAINST.search(left[-10:])) + 0.8 * bool(AGAINST.search(right[:7]))
        weight -= 2.0 * bool(REFUSED.match(text[end : end + 12]))
        weight += 0.9 * bool(LET_OFF.search(left[-3:]))
        weight += 0.8 * bool(ONE_OF_INSTALMENTS.search(left[-6:] + "|" + right[:5]))
        yield Sum(number.start, end, fen, weight)


def amount(text: str, intents: Collection[str]) -> int | None:
    """
    The sum of a turn in fen, or `None` if none is offered, promised, paid or asked to be let off.

    >>> amount("十五号不行,先还五百哦不七百", {"promise_to_pay"}), amount("两千三", {"affirm"})
    (70000, 230000)
    >>> amount("怎么变成三千一了", {"ask_amount"}) is None
    True
    """
    if not ABOUT_MONEY.intersection(intents):
        return None
    named = [one for one in sums(text) if one.weight > 0]
    if not named:
        return None
    chosen = named[0]
    for earlier, later in pairwise(named):
        is_corrected = CORRECTED.search(text[earlier.end : later.start]) is not None
        is_near = later.start - earlier.end <= 14
        if (is_corrected and is_near) or (
            chosen is earlier and later.weight > earlier.weight + 0.9
        ):
            chosen = later
    return chosen.fen
