"""
What simulated borrowers write, and how a message's wording is heard.

The replies are a small, varied set in Chinese, enough to fill a desk's list; nobody reads meaning
back out of them. What a reply means is known to the world that wrote it.
"""

from __future__ import annotations

import re
from datetime import date

import numpy as np

from recoup.simulator.answers import Reply, Tone

TEXTS: dict[Reply, tuple[str, ...]] = {
    Reply.PROMISE: (
        "收到，{day}还{amount}元。", "我{day}发工资，到时候先还{amount}", "知道了，{day}之前转{amount}元",
        "{day}还，{amount}，请不要再催", "这几天周转一下，{day}还{amount}元可以吗", "好的 {day} 处理 {amount}",
    ),
    Reply.PAID: (
        "我昨天已经还了，麻烦查一下", "钱已经转过去了", "已经还过了啊，你们系统没更新吧", "还了，截图可以发你",
    ),
    Reply.HARDSHIP: (
        "我失业三个月了，实在没有钱，能不能分期", "家里人生病住院，真的还不上，能不能减免一点",
        "生意亏了，现在吃饭都成问题", "我也想还，可是现在没有收入，能缓几个月吗",
    ),
    Reply.DISPUTE: (
        "金额不对，我没有欠这么多", "利息怎么算的？这笔费用我不认可", "这个合同不是我签的，请核实",
    ),
    Reply.WRONG_NUMBER: (
        "你发错人了，我不认识这个人", "这个号码是我新办的，不是机主本人", "打错了吧，不是我",
    ),
    Reply.STOP: ("TD", "td", "退订", "T", "不要再发了，退订"),
    Reply.COMPLAINT: (
        "天天发短信，我要投诉你们", "你们这样属于骚扰，我打12378投诉", "再发我就去金融监管局举报",
    ),
    Reply.QUESTION: (
        "请问怎么还？链接打不开", "还需要还多少？", "你们是哪家公司？", "可以用支付宝还吗", "最低还多少不影响征信？",
    ),
}  # fmt: skip

# How a text is heard: signed by a person one knows, appealing to the person, or a plain reminder.
OFFICER = re.compile(r"您的客户经理|您的专属|经办人")
MORAL = re.compile(r"信任|诚信|守信|信用|相信您|承诺|一起商量")


def tone_of(text: str) -> Tone:
    """
    How a borrower hears a text.

    >>> tone_of("您有一条服务通知"), tone_of("感谢您一直以来的守信")
    ('reminder', 'moral')
    """
    if OFFICER.search(text):
        return "officer"
    return "moral" if MORAL.search(text) else "reminder"


def say(reply: Reply, *, rng: np.random.Generator, amount: int = 0, due: date | None = None) -> str:
    """
    Words for a reply; a promise says how much (fen) and when.

    >>> say(Reply.PROMISE, rng=np.random.default_rng(0), amount=50_000, due=date(2026, 11, 27))
    '好的 11月27日 处理 500'
    """
    words = TEXTS[reply]
    text = words[int(rng.integers(len(words)))]
    day = f"{due.month}月{due.day}日" if due else ""
    return text.format(day=day, amount=f"{amount / 100:.2f}".removesuffix(".00"))
