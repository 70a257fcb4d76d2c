"""What must be said, and what must not."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.masks import VOICE, WRITTEN, words_found
from recoup.rulebook.packs.china import PACK
from recoup.rulebook.packs.china.ai import by_robot

STRANGERS = ("contact_person", "third_party")


@PACK.rule(
    "CN-SAY-N08", instrument="nifa_2018", force="SELF-MUST", confidence="TT",
    effect="forbid_content", clause="art. 18",
    needs=("discloses_debt",), may_read=("identity_confirmed", "party"),
    zh="不得向债务人以外的人透露债务信息;单向消息无法确认收件人,不得含债务信息。",
)  # fmt: skip
def no_debt_to_others(f: Facts, p: Any) -> Mask:
    """
    Nobody but the debtor is told about the debt; whoever reads a one-way message is not known to
    be the debtor.
    """
    stranger = f.party.among(*STRANGERS) | f.missing("party")
    return f.discloses_debt & (~f.identity_confirmed | stranger)


@PACK.rule(
    "HOUSE-LETTER-001", instrument="house", force="HOUSE", confidence="HOUSE", effect="allow",
    needs=("sealed_to_debtor", "party"), channels=("letter",),
    switches_off=("CN-SAY-N08",), zh="密封寄往债务人本人地址、注明本人亲启的信函除外。",
)  # fmt: skip
def sealed_letter(f: Facts, p: Any) -> Mask:
    """
    The exception: a sealed letter to the debtor's own address, for the debtor's hands only.
    """
    return f.sealed_to_debtor & f.party.among("debtor")


# -- What must be said -----------------------------------------------------------------------------
@PACK.rule(
    "CN-SAY-Y01", instrument="nifa_2018", force="SELF-MUST", confidence="TT",
    effect="require_content", clause="art. 15",
    needs=("says",), may_read=("found", "channel"), channels=WRITTEN, must_say=("institution",),
    zh="表明所代表机构的名称,不得以快递、文书待领等名义隐瞒来意。",
)  # fmt: skip
def name_the_institution(f: Facts, p: Any) -> Mask:
    """
    Name the institution on whose behalf we write, at once, and hide behind no parcel or document.
    """
    return ~f.says.has("institution") | words_found(f, "hide_identity")


@PACK.rule(
    "CN-SAY-Y02", instrument="house", force="HOUSE", confidence="HOUSE",
    effect="require_content", may_read=("channel", "says"), channels=VOICE,
    must_say=("recording",), clause="support: 个人信息保护法 art. 17", zh="告知通话录音。",
)  # fmt: skip
def say_it_is_recorded(f: Facts, p: Any) -> Mask:
    """
    Whoever is called is told that the call is recorded.

    A robot's words are known before; a collector's are judged on the transcript, after.
    """
    return by_robot(f) & ~f.says.has("recording")


@PACK.rule(
    "CN-SAY-Y03", instrument="ai_labels", force="RULE", confidence="S",
    effect="require_content", needs=("says",), channels=("robot_call",), must_say=("ai",),
    zh="机器人外呼须告知语音由人工智能合成。",
)  # fmt: skip
def say_it_is_a_machine(f: Facts, p: Any) -> Mask:
    """A robot says that its voice is made by AI."""
    return ~f.says.has("ai")


@PACK.rule(
    "CN-SAY-Y04", instrument="card_measures", force="RULE", confidence="TT",
    effect="require_content", clause="art. 69", channels=("letter",),
    needs=("says",), must_say=("complaint",),
    zh="信函须列明查询、异议、投诉和还款渠道。",
)  # fmt: skip
def say_where_to_complain(f: Facts, p: Any) -> Mask:
    """A letter says how to check, object, complain and pay."""
    return ~f.says.has("complaint")


@PACK.rule(
    "CN-SAY-Y06", instrument="civil_code", force="LAW", confidence="T",
    effect="require_content", needs=("purpose",), may_read=("says",), channels=WRITTEN,
    clause="art. 546; 个人信息保护法 art. 23",
    zh="债权转让通知须载明新债权人、金额、收款方和联系方式。",
)  # fmt: skip
def say_who_bought_it(f: Facts, p: Any) -> Mask:
    """A notice of transfer says who the new creditor is, how much, whom to pay and how to ask."""
    return f.purpose.among("transfer_notice") & ~f.says.has("transfer")


@PACK.rule(
    "CN-SAY-Y07", instrument="cba_2026", force="SELF-MUST", confidence="S",
    effect="require_content", needs=("marks",), may_read=("says",), channels=("letter",),
    parties=("debtor",), zh="以显著方式告知债务人债权归属等信息。",
)  # fmt: skip
def say_who_owns_it(f: Facts, p: Any) -> Mask:
    """
    A debtor is told clearly who owns the debt: after a transfer, every letter says it.

    The report breaks off in mid-sentence. Before a transfer the institution named is the owner.
    """
    return f.marks.has("transferred") & ~f.says.has("owner")
