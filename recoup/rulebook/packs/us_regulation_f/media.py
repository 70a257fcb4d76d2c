"""By which means: refusals, electronic messages, work addresses, voicemail."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.masks import ELECTRONIC, VOICE
from recoup.rulebook.packs.us_regulation_f import PACK


@PACK.rule(
    "US-MEDIUM-001", instrument="regulation_f", force="LAW", confidence="S", effect="deny",
    needs=("opt_outs",), clause="1006.14(h)", zh="本人拒绝以某种媒介联系的,不得使用该媒介。",
)  # fmt: skip
def medium_refused(f: Facts, p: Any) -> Mask:
    """A medium by which a person asks not to be reached is not used."""
    return f.opt_outs.has("medium")


@PACK.rule(
    "US-ELEC-001", instrument="regulation_f", force="LAW", confidence="S",
    effect="require_content", needs=("says",), channels=ELECTRONIC, must_say=("opt_out",),
    clause="1006.6(e)", zh="电子讯息须清楚写明合理、简便、免费的退订方式。",
)  # fmt: skip
def say_how_to_opt_out(f: Facts, p: Any) -> Mask:
    """Every electronic message says plainly how to refuse further ones in a simple way."""
    return ~f.says.has("opt_out")


@PACK.rule(
    "US-ELEC-002", instrument="regulation_f", force="LAW", confidence="S", effect="deny",
    needs=("marks", "consents"), channels=("email",), clause="1006.22(f)(3)",
    zh="已知为工作邮箱的,非经消费者本人使用或直接同意,不得使用。",
)  # fmt: skip
def work_address(f: Facts, p: Any) -> Mask:
    """
    A known work address is written to only if the consumer wrote from it about the debt or agreed
    to it directly.
    """
    return f.marks.has("work_point") & ~f.consents.has("work")


@PACK.rule(
    "US-ELEC-003", instrument="regulation_f", force="LAW", confidence="S", effect="require",
    needs=("papers",), channels=("email", "sms"), clause="1006.6(d)(3)-(5)",
    zh="邮件、短信须经防止第三人知悉的合规程序确认该地址或号码。",
)  # fmt: skip
def safe_procedure(f: Facts, p: Any) -> Mask:
    """
    A message goes only to an address or number for which one of the safe procedures against
    disclosure to others is on file.

    The paper says which: used or agreed to by the consumer, the creditor's notice, a prior
    collector's; for messages also that the number was not given to somebody else in 60 days. Its
    numbers are from memory and are kept by whoever files it.
    """
    return ~f.papers.has("electronic_procedure")


@PACK.rule(
    "US-ELEC-004", instrument="regulation_f", force="LAW", confidence="M", effect="deny",
    needs=("marks", "says"), channels=("im",), clause="1006.22(f)(4)",
    zh="社交媒体上他人可见的讯息不得发送;私信须说明身份和目的。",
)  # fmt: skip
def social_media(f: Facts, p: Any) -> Mask:
    """
    No message on social media that others can see; a private one says who writes and why.
    """
    says_who_and_why = (f.says.has("agency") | f.says.has("institution")) & (
        f.says.has("collector") | f.says.has("purpose")
    )
    return f.marks.has("public_view") | ~says_who_and_why


@PACK.rule(
    "US-LCM-001", instrument="regulation_f", force="LAW", confidence="T",
    effect="require_content", needs=("marks",), may_read=("says", "discloses_debt"),
    channels=VOICE, clause="1006.2(j)",
    zh="有限内容留言仅限语音信箱:不显示催收的商号、请回电、联系人、电话;不得有其他内容。",
)  # fmt: skip
def limited_content(f: Facts, p: Any) -> Mask:
    """
    What is left on a voicemail is a limited-content message: a business name that does not tell of
    collection, a request to call back, whom to ask for, a number, and nothing else but a greeting
    and times.
    """
    return f.marks.has("voicemail") & (~f.says.has("limited_content") | f.discloses_debt)
