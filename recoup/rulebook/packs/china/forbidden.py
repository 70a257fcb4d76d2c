"""Classes of words that no text may hold. The words themselves are in `content.yaml`."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.masks import words_found
from recoup.rulebook.packs.china import PACK

TEXT = ("found", "channel")


@PACK.rule(
    "CN-SAY-N01", instrument="card_measures", force="RULE", confidence="S",
    effect="forbid_content", may_read=TEXT,
    clause="art. 68; 工作指引 2026; 自律公约 art. 16; 刑法 art. 293-1",
    zh="不得恐吓、威胁,不得涉及暴力或涉黑暗示。",
)  # fmt: skip
def no_threats(f: Facts, p: Any) -> Mask:
    """No threat, no intimidation, no violence, no hint at gangs."""
    return words_found(f, "threat_violence")


@PACK.rule(
    "CN-SAY-N02", instrument="consumer_law", force="LAW", confidence="T",
    effect="forbid_content", may_read=TEXT, clause="art. 27; 刑法 art. 246",
    zh="不得辱骂、侮辱。",
)  # fmt: skip
def no_insults(f: Facts, p: Any) -> Mask:
    """No insult, no abuse, no foul words."""
    return words_found(f, "insult")


@PACK.rule(
    "CN-SAY-N03", instrument="criminal_law", force="LAW", confidence="S",
    effect="forbid_content", may_read=TEXT, clause="art. 279",
    zh="不得冒用行政机关、司法机关及其工作人员名义。",
)  # fmt: skip
def no_posing_as_the_state(f: Facts, p: Any) -> Mask:
    """Nobody poses as court, police, procuratorate or another organ of state."""
    return words_found(f, "impersonate_state")


@PACK.rule(
    "CN-SAY-N04", instrument="cba_2026", force="SELF-MUST", confidence="S",
    effect="forbid_content", may_read=TEXT,
    zh="不得冒充会员单位,不得虚构律师、律所身份。",
)  # fmt: skip
def no_posing_as_lender_or_lawyer(f: Facts, p: Any) -> Mask:
    """An agency does not pose as the lender, and nobody as a lawyer or a law firm."""
    return words_found(f, "impersonate_lender", "impersonate_lawyer")


@PACK.rule(
    "CN-SAY-N05", instrument="cba_2026", force="SELF-MUST", confidence="S",
    effect="forbid_content", may_read=TEXT,
    zh="不得虚构黑名单、虚构不良信用数据库。",
)  # fmt: skip
def no_made_up_blacklists(f: Facts, p: Any) -> Mask:
    """No made-up blacklist, and no made-up database of bad credit."""
    return words_found(f, "false_bureau")


@PACK.rule(
    "CN-SAY-N06", instrument="cba_2026", force="SELF-MUST", confidence="S",
    effect="forbid_content", needs=("marks",), may_read=TEXT,
    zh="不得夸大债务数额或法律后果;金额须与账目一致。",
)  # fmt: skip
def nothing_overstated(f: Facts, p: Any) -> Mask:
    """
    Neither the amount nor the legal consequences are overstated; the amount is the ledger's.

    Acts that cannot lawfully be done, suits not filed and deadlines made up are such consequences.
    """
    said = words_found(
        f, "false_amount", "false_legal_state", "false_urgency", "threat_illegal_action"
    )
    return said | f.marks.has("amount_differs")


@PACK.rule(
    "CN-SAY-N07", instrument="civil_code", force="LAW", confidence="S",
    effect="forbid_content", may_read=TEXT, clause="arts. 1032-1033",
    zh="不得散布他人隐私、公开曝光债务人。",
)  # fmt: skip
def no_public_shame(f: Facts, p: Any) -> Mask:
    """Private matters are not spread, and no debtor is exposed in public."""
    return words_found(f, "shame_public")


@PACK.rule(
    "CN-SAY-N10", instrument="cba_2026", force="SELF-MUST", confidence="S",
    effect="forbid_content", may_read=TEXT, zh="不得诱导新增借贷。",
)  # fmt: skip
def no_borrowing_elsewhere(f: Facts, p: Any) -> Mask:
    """Nobody advises to borrow elsewhere in order to pay."""
    return words_found(f, "induce_borrow")


@PACK.rule(
    "CN-SAY-N11", instrument="credit_bureau", force="LAW", confidence="T",
    effect="forbid_content", may_read=TEXT, clause="art. 16",
    zh="不得承诺还款后删除、修复征信记录。",
)  # fmt: skip
def no_promise_of_a_clean_record(f: Facts, p: Any) -> Mask:
    """Nobody promises to remove or repair a credit record for payment."""
    return words_found(f, "bureau_repair")


@PACK.rule(
    "CN-SMS-001", instrument="consumer_law", force="LAW", confidence="T",
    effect="forbid_content", needs=("marks",), may_read=(*TEXT, "consents"),
    channels=("sms", "email", "app_push", "im"), clause="art. 29(3)",
    zh="未经同意或经明确拒绝的,不得发送商业性信息。",
)  # fmt: skip
def no_marketing(f: Facts, p: Any) -> Mask:
    """No marketing in messages once the consumer has refused it, or has not agreed."""
    sells = words_found(f, "marketing") | f.marks.has("marketing")
    return sells & ~f.consents.has("marketing")


@PACK.rule(
    "HOUSE-SAY-001", instrument="house", force="HOUSE", confidence="HOUSE",
    effect="forbid_content", may_read=TEXT,
    zh="不得以子女相要挟,不得在对方表现出疾病、轻生、丧亲迹象后继续施压。",
)  # fmt: skip
def neither_children_nor_the_desperate(f: Facts, p: Any) -> Mask:
    """
    No child is used as a lever, and nobody is pressed after a sign of illness, self-harm or
    bereavement.
    """
    return words_found(f, "minor", "vulnerable_press")
