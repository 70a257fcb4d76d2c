"""What is disclosed: who collects, and what the consumer may ask."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.masks import VOICE, WRITTEN
from recoup.rulebook.packs.us_regulation_f import PACK

CONSUMERS = ("debtor", "co_debtor", "guarantor", "heir")


@PACK.rule(
    "US-SAY-001", instrument="regulation_f", force="LAW", confidence="T",
    effect="require_content", needs=("papers",), may_read=("channel", "says"),
    channels=(*WRITTEN, *VOICE), parties=CONSUMERS, must_say=("mini_miranda",),
    clause="1006.18(e); 15 USC 1692e(11)",
    zh="首次沟通须说明意在催收债务、所获信息将用于此目的;其后须说明来自催收人。",
)  # fmt: skip
def mini_miranda(f: Facts, p: Any) -> Mask:
    """
    The first communication says that it is an attempt to collect a debt and that information will
    be used for it; later ones say that they come from a debt collector.

    Without a validation notice on file it is the first. A call needs a script that says so.
    """
    both = f.says.has("mini_miranda")
    later = f.papers.has("validation_notice") & f.says.has("collector")
    by_voice = f.channel.among(*VOICE) & f.papers.has("call_script")
    return ~(both | later | by_voice)


@PACK.rule(
    "US-SAY-002", instrument="regulation_f", force="LAW", confidence="S",
    effect="require_content", needs=("papers",), channels=VOICE, must_say=("agency",),
    clause="1006.14(g), by one source (d)", zh="通话须有意义地表明来电者身份。",
)  # fmt: skip
def who_calls(f: Facts, p: Any) -> Mask:
    """Who calls says plainly who it is; a call needs a script that does."""
    return ~f.papers.has("call_script")


@PACK.rule(
    "US-VAL-001", instrument="regulation_f", force="LAW", confidence="T", effect="require",
    needs=("papers",), may_read=("purpose",), clause="1006.34(a)",
    zh="首次沟通时或其后五日内须提供债务验证信息。",
)  # fmt: skip
def validation_first(f: Facts, p: Any) -> Mask:
    """
    The validation notice is given in the first communication or within five days of it.

    The house is stricter: the notice comes first, and nothing else before it is on file.
    """
    return ~f.papers.has("validation_notice") & ~f.purpose.among("statutory_notice")


@PACK.rule(
    "US-VAL-002", instrument="regulation_f", force="LAW", confidence="T",
    effect="require_content", needs=("says", "purpose"), channels=("letter", "email"),
    clause="1006.34(b)(3), (b)(5), (c), (d); Model Form B-1",
    zh="验证通知须载明:催收人、消费者、债权人、账户、明细日期及其后金额、现额、验证期截止日、权利、回复表等。",
)  # fmt: skip
def validation_content(f: Facts, p: Any) -> Mask:
    """
    A validation notice names collector, consumer, creditor and account, the itemisation date and
    the amounts since, the amount now, the end of the validation period, the rights, and holds a
    reply form and the statement on electronic ways.
    """
    return f.purpose.among("statutory_notice") & ~f.says.has("validation")
