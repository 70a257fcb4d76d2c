"""
What a turn says beside its intents: day, sum, how much of it, callback time, channel, relation.

Slots depend on the intents: a day in a question about the balance is not a promise.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date
from typing import Any

from recoup.dialogue.understanding import amounts, dates
from recoup.dialogue.understanding.numbers import value_of

PAYING = frozenset({"promise_to_pay", "already_paid", "partial_payment", "request_waiver",
                    "request_installment", "third_party", "affirm"})  # fmt: skip
REACHED = frozenset({"callback_later", "cease_contact", "request_human"})
FULL = re.compile(
    r"结清|全部|全给|还完|付完|一次(?:还|付|结)|清账|两清|销账|了结|一分不少|全还|一次性|全额|全款|一口价|一笔(?:还|付)清|一把(?:还|付)?清|一把头|(?:都|一起|全都)(?:还|付|结)(?:清|了|掉)?|还清|付清|清掉|"
    r"整笔|所有的?(?:欠款|钱)|pay (?:it )?(?:all|in full|off|everything)|in full|full amount|the whole"
)
NOT_FULL = re.compile(
    r"(?:全部|一次性|全额|全款|一下子|一把|都|结清|还清).{0,6}(?:不了|不起|不上|没办法|没法|困难|拿不出|凑不|做不到|吃力|不可能)|"
    r"(?:不能|没法|没办法|没能力|无法|凑不够|不可能|拿不出).{0,6}(?:全部|一次性|全额|全款|结清|还清)|(?:结清|还清)(?:了|过)?(?:吗|没|证明|之后|后)|没结清|没还清|怎么结清"
)
PARTIAL = re.compile(
    r"先(?:还|付|给|转|交|打|凑|存|处理|弄|拿|扣|划|收|垫|汇|把|补)(?!清|完|全)|(?:就|只)(?:剩|凑|拿)|剩下的|余下的|其余的?|余款|一半|一部分|部分|最低|手[上头里](?:只|就|现在)?(?:有|剩)|只(?:有|能|够|拿得出)|还(?:一)?点|少还|"
    r"能还多少还多少|有多少还多少|还一些|凑(?:了|到|出)|三分之|四分之|几成|先来|部份|partial|half|part of|some of|minimum|for now"
)
DAYPART = {
    "morning": r"上午|早上|早晨|明早|今早|一早|morning",
    "noon": r"中午|午休|晌午|noon|lunch",
    "evening": r"晚上|今晚|明晚|夜里|傍晚|下班(?:以|之)?后|下了班|收工|放工|evening|tonight|after work",
    "afternoon": r"下午|午后|下晝|下昼|afternoon",
}
CLOCK = re.compile(
    r"(?P<h>\d{1,2}|[一二两三四五六七八九十]{1,3})(?:点钟?|时|:|：)(?P<half>半)?(?:(?P<m>\d{1,2}|[一二三四五]?十?[一二三四五六七八九]?)分?|(?P<q>[一三])刻)?(?!儿|点|空|钱|都|办法|也|用|事|时间|诚意|机会|意思)"
)
ENGLISH_CLOCK = re.compile(
    r"\b(\d{1,2})(?::(\d\d))? ?(am|pm)\b|\b(?:at|after|around) (\d{1,2})(?::(\d\d))?(?: o'?clock)?\b"
)
FROM_NOW = re.compile(
    r"(?P<n>\d{1,2}|[一二两三四五六七八九十]{1,3}|半)(?P<and>个半)?个?(?P<u>小时|钟头|分钟|分|钟)(?:之|以)?(?:后|左右|再)|过(?P<n2>\d{1,2}|[一二两三四五六七八九十]{1,3}|半)(?P<and2>个半)?个?(?P<u2>小时|钟头|分钟)|"
    r"in (?P<e>\d{1,2}|an?|half an) ?(?P<eu>minutes?|mins?|hours?)"
)
FORBIDDEN_HOURS = re.compile(r"(?:别|不要|不准|不许|勿|莫|不能).{0,6}(?:打|联系|骚扰|来电|发)")
FORBIDS = r"(?:别|不要|不许|不准|莫|勿|甭|停止|停|再|拒绝|don'?t|stop|no)\s?.{0,4}"
CHANNELS = {
    "wechat": r"(?:加|用|上|发|聊|走|在|到)?(?:个|下|一下|我)?(?:微信|企微|企业微信|wechat|vx|wx|薇信|v信)(?:上)?(?:说|聊|联系|发|沟通|谈|跟我|给我|找我|回|吧)?|加个?v\b",
    "text": r"(?:发|用|走|改|给我|来|留)(?:个|条|一条|我|给我|一下|成)?(?:短信|消息|信息|文字|简讯|留言)|(?:短信|文字|打字|信息|消息|留言)(?:上)?(?:联系|说|沟通|发|通知|告诉|给我|就行|回复|聊|交流)|发我?手机上|text me|by text|message me|send (?:me )?(?:a )?(?:text|sms|message)|sms",
    "phone": r"(?:打|回|来|拨|通)(?:个|我|一个|给我|我个|下)?(?:电话|手机)(?:给我|说|联系|讲|吧|聊|沟通)?|电话(?:联系|说|里说|聊|沟通|讲)|(?:打|回)(?:过来|给我|我)|回个?电|给我回|call me|phone me|give me a call|ring me",
}
# What the third person is to the borrower.
KIN = {
    "ex_spouse": "前妻|前夫|前任|前老公|前老婆|ex[- ]?(?:wife|husband)",
    "spouse": "老婆|老公|媳妇儿?|丈夫|妻子|爱人|对象|男朋友|女朋友|男友|女友|未婚妻|未婚夫|先生|太太|婆娘|堂客|当家的|孩子他?她?爸|孩子他?她?妈|娃儿?他?[爸妈]|孩他[爸妈]|内人|wife|husband|girlfriend|boyfriend|partner",
    "parent": "爸妈|父母|妈妈|爸爸|老爸|老妈|母亲|父亲|爹|娘(?!们|家|的)|老母|老豆|阿妈|阿爸|老头子|老娘|老爹|爸|妈(?!的|呀|蛋)|双亲|老人家|家里老人|mother|father|mom|mum|dad|parents?",
    "child": "儿子|女儿|闺女|姑娘|孩子|小孩|娃儿?|崽|仔|女婿|儿媳|幺儿|daughter|son|kids?|child(?:ren)?",
    "sibling": "哥哥|弟弟|姐姐|妹妹|大哥|二哥|老弟|老妹|老哥|老姐|大姐|亲哥|亲弟|亲姐|亲妹|兄弟(?!们)|姐妹|双胞胎|哥(?!们)|弟|姐|妹|brother|sister",
    "relative": "表哥|表弟|表姐|表妹|堂哥|堂弟|堂姐|堂妹|叔叔|叔|舅舅|舅妈|舅|姑姑|姑妈|姨妈|小姨|大姨|姨|伯父|大伯|伯|婶|侄子|侄女|外甥|外甥女|爷爷|奶奶|外公|外婆|姥姥|姥爷|岳父|岳母|丈母娘|老丈人|公公|婆婆|婆家|娘家|嫂子|姐夫|妹夫|小舅子|亲戚|亲家|uncle|aunt|cousin|grand\\w+|in-laws?|relatives?",
    "colleague": "同事|工友|搭档|同僚|coworkers?|colleagues?",
    "employer": "老板|领导|经理|上司|主管|单位|公司(?!员工)|厂里|厂子|店长|hr|人事|前台|东家|班主任|boss|employer|company|office|workplace",
    "neighbour": "邻居|隔壁|楼上|楼下|对门|对面那户|街坊|neighbou?r",
    "friend": "朋友|闺蜜|哥们儿?|兄弟们|室友|舍友|同学|发小|战友|老乡|好友|师兄|师姐|friend|roommate|flatmate|classmate",
}
INVERSE = {"parent": "child", "child": "parent"}
ORDER = (
    "ex_spouse",
    "relative",
    "spouse",
    "colleague",
    "neighbour",
    "friend",
    "sibling",
    "child",
    "parent",
    "employer",
)
KIN_WORD = re.compile("|".join(f"(?P<{name}>{KIN[name]})" for name in ORDER))
WHOSE = r"(?:他|她|它|王明|[\u4e00-\u9fff]{1,3}|机主|本人|借款人|这人|那人|此人)"
# “I am his mother”: the word says what the speaker is to the borrower.
I_AM = re.compile(
    r"(?:我是|俺是|我系|偶是|这是|这边是|i am|i'm|this is|系)(?:(?:他|她|它|王明|机主|本人|借款人|这个人|your \w+'s|his|her|wang ?ming'?s?)\s?(?:的)?|[\u4e00-\u9fff]{2,3}的?|[\u4e00-\u9fff]{0,2})?\s?$"
)
# “he is my father”, “my father is not in”: the word says what the borrower is to the speaker.
MY = re.compile(r"(?:我|俺|我们?家?|咱|阮|my)\s?(?:的|家|那个?|个|前|大|小|二|亲|old )?\s?$")
LEFT_ALONE = re.compile(
    r"(?:打|找|联系|骚扰|烦|吓|通知|告诉|发|催|扰|call|contact|tell|bother).{0,8}$"
)

BOTHERED = re.compile(
    r".{0,4}(?:打|联系|骚扰|发(?:短信|消息|信息)|电话|上门|去闹|知道|那边|那里|call|phone)"
)


def _extent(text: str) -> str | None:
    partial = PARTIAL.search(text)
    full = FULL.search(text)
    if partial and (not full or NOT_FULL.search(text) or partial.start() < full.start()):
        return "partial"
    return "full" if full and not NOT_FULL.search(text) else None


def _hour(said: str) -> int | None:
    value = value_of(said)
    return int(value) if value is not None and 0 <= value <= 24 else None


def _time(text: str) -> str | None:
    """HH:MM, +HH:MM from now, or a part of the day; hours at which contact is forbidden are none."""
    if away := FROM_NOW.search(text):
        return _from_now(away)
    part = next((name for name, words in DAYPART.items() if re.search(words, text)), None)
    for found in CLOCK.finditer(text):
        if FORBIDDEN_HOURS.search(text[found.end() : found.end() + 12]):
            continue
        hour = _hour(found["h"])
        if hour is None or hour > 23:
            continue
        minute = 30 if found["half"] else 15 if found["q"] == "一" else 45 if found["q"] else 0
        if found["m"]:
            minute = int(value_of(found["m"]) or 0)
        if hour < 12 and (part in {"afternoon", "evening"} or (part is None and hour < 8)):
            hour += 12
        if part == "noon" and hour < 3:
            hour += 12
        return f"{hour:02d}:{minute % 60:02d}"
    if found := ENGLISH_CLOCK.search(text):
        hour = int(found[1] or found[4])
        late = found[3] == "pm" or (
            found[3] is None and (hour < 8 or part in {"evening", "afternoon"})
        )
        return f"{(hour % 12 + 12 if late else hour) % 24:02d}:{int(found[2] or found[5] or 0):02d}"
    return part


def _from_now(away: re.Match[str]) -> str | None:
    if away["e"]:
        count = (
            0.5
            if away["e"].startswith("half")
            else 1
            if away["e"].startswith("a")
            else int(away["e"])
        )
        minutes = count * (60 if away["eu"].startswith("h") else 1)
    else:
        said, unit = away["n"] or away["n2"], away["u"] or away["u2"]
        whole = 0.5 if said == "半" else float(value_of(said) or 0)
        if away["and"] or away["and2"]:
            whole += 0.5
        minutes = whole * (60 if unit in {"小时", "钟头"} else 1)
    return f"+{int(minutes) // 60:02d}:{int(minutes) % 60:02d}"


def _channel(text: str) -> str | None:
    forbidden = {
        name for name, words in CHANNELS.items() if re.search(rf"{FORBIDS}(?:{words})", text)
    }
    for name, words in CHANNELS.items():
        for found in re.finditer(words, text):
            before = text[max(0, found.start() - 5) : found.start()]
            if not re.search(
                r"别|不要|不许|不准|莫|勿|甭|停|不加|不用|拒|天天|老|一直|总|不停|收到|你们|他们|又|don|stop|no$|能不",
                before,
            ) and (name != "phone" or name not in forbidden):
                return name
    return None


def _relation(text: str, intents: Collection[str]) -> str | None:
    speaker = "third_party" in intents
    for found in KIN_WORD.finditer(text):
        kind = str(found.lastgroup)
        before = text[: found.start()]
        if speaker:
            if I_AM.search(before[-12:]) and not MY.search(before[-3:]):
                return kind
            if MY.search(before[-4:]):
                return "employer" if kind == "employer" else INVERSE.get(kind, kind)
        elif LEFT_ALONE.search(before[-12:]) or (
            MY.search(before[-3:]) and BOTHERED.match(text[found.end() :])
        ):
            return kind
    if speaker:
        return _spoken_of(text)
    return None


def _spoken_of(text: str) -> str | None:
    """Relations said without a word of kin."""
    if re.search(
        r"(?:我们?|咱们?|这)(?:公司|单位|厂|店|工地|这边|这里).{0,6}(?:员工|上班|干|辞|离职|走)|(?:以前|原来|之前).{0,4}员工|辞职了|离职了|不在我们",
        text,
    ):
        return "employer"
    if re.search(r"(?:孩子|娃|闺女|儿子|女儿).{0,3}(?:欠|借|惹|不懂事)", text):
        return "parent"
    found = KIN_WORD.search(text)
    return (
        str(found.lastgroup)
        if found and found.lastgroup in {"neighbour", "colleague", "friend"}
        else None
    )


def slots(text: str, *, at: date, intents: Collection[str]) -> dict[str, Any]:
    """
    The slots of a normalised turn; the guide (`bench/understanding/README.md`) defines each.

    >>> slots("下周三之前先还两千三", at=date(2026, 12, 1), intents={"promise_to_pay"})
    {'date': '2026-12-09', 'amount': 230000, 'extent': 'partial'}
    """
    found: dict[str, Any] = {}
    if named := dates.day(text, at, intents):
        found["date"] = named.day.isoformat()
        if named.last:
            found["date_end"] = named.last.isoformat()
    fen = amounts.amount(text, intents)
    if fen is not None:
        found["amount"] = fen
    if PAYING.intersection(intents) and (extent := _extent(text)):
        found["extent"] = extent
    if "callback_later" in intents and (time := _time(text)):
        found["time"] = time
    wish = _channel(text) if REACHED.intersection(intents) else None
    if wish and (wish != "phone" or {"callback_later", "request_human"}.intersection(intents)):
        found["channel_wish"] = wish
    if {"third_party", "cease_contact", "complaint"}.intersection(intents) and (
        relation := _relation(text, intents)
    ):
        found["relation"] = relation
    return found
