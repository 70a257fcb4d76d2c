"""When collection stops, and what is never collected."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.masks import WRITTEN
from recoup.rulebook.packs.us_regulation_f import PACK


@PACK.rule(
    "US-STOP-001", instrument="regulation_f", force="LAW", confidence="T", effect="deny",
    needs=("stops",), may_read=("purpose",), clause="1006.6(c)",
    zh="消费者书面拒绝付款或要求停止联系的,停止联系;告知终止或拟采取的救济除外。",
)  # fmt: skip
def told_to_cease(f: Facts, p: Any) -> Mask:
    """
    After a written refusal to pay or a request to cease, only a notice that efforts end or of a
    remedy that is used may follow.
    """
    return f.stops.has("cease") & ~f.purpose.among("legal_notice")


@PACK.rule(
    "US-STOP-002", instrument="regulation_f", force="LAW", confidence="M", effect="deny",
    needs=("marks", "papers"), clause="1006.38(c)-(d); 15 USC 1692g(b)",
    zh="验证期内书面争议或要求原债权人信息的,答复寄出前停止催收。",
)  # fmt: skip
def disputed_in_writing(f: Facts, p: Any) -> Mask:
    """
    A dispute in writing within the validation period, or a request for the original creditor, stops
    collection until the answer is sent.
    """
    return f.marks.has("written_dispute") & ~f.papers.has("verification")


@PACK.rule(
    "US-STOP-003", instrument="regulation_f", force="LAW", confidence="T",
    effect="forbid_content", needs=("found",), may_read=("marks", "papers"), channels=WRITTEN,
    clause="1006.38(b)(1)", zh="验证期内不得掩盖争议权。",
)  # fmt: skip
def nothing_over_the_right_to_dispute(f: Facts, p: Any) -> Mask:
    """
    While the validation period runs, or has not begun, no text overshadows the right to dispute.
    """
    runs = f.marks.has("validation_period") | ~f.papers.has("validation_notice")
    return f.found.has("overshadow") & runs


@PACK.rule(
    "US-TB-001", instrument="regulation_f", force="LAW", confidence="T", effect="deny",
    needs=("found", "marks"), may_read=("purpose",), channels=WRITTEN, clause="1006.26(b)",
    zh="时效届满的债务不得起诉或威胁起诉。",
)  # fmt: skip
def no_suit_on_an_old_debt(f: Facts, p: Any) -> Mask:
    """Nobody sues or threatens to sue on a time-barred debt."""
    to_court = f.purpose.among("legal_notice") | f.missing("purpose")
    threatens = f.found.has("time_barred_suit") | to_court
    return f.marks.has("time_barred") & threatens


@PACK.rule(
    "US-CRB-001", instrument="regulation_f", force="LAW", confidence="T", effect="wait",
    needs=("marks", "papers"), clause="1006.30(a)(1); comment 30(a)(1)-2, -3",
    zh="向征信机构报送前须先与消费者沟通,或发出讯息后等待合理期间(14天)且未被退回。",
)  # fmt: skip
def speak_before_reporting(f: Facts, p: Any) -> Mask:
    """
    Before a debt is given to a bureau somebody has spoken with the consumer, or has written and
    waited fourteen days without the letter coming back.
    """
    return f.marks.has("bureau_report") & ~f.papers.has("spoke_or_waited")


@PACK.rule(
    "US-CRB-002", instrument="regulation_f", force="LAW", confidence="M", effect="deny",
    needs=("marks", "stops"), clause="1006.30(b)",
    zh="已清偿、和解或破产免责的债务不得转让、委托。",
)  # fmt: skip
def nothing_settled_is_passed_on(f: Facts, p: Any) -> Mask:
    """
    A debt that is settled or discharged is not sold, transferred or placed; if it was, nothing is
    collected on it.
    """
    passed_on = f.marks.has("transferred") | f.marks.has("new_placement")
    return passed_on & (f.stops.has("settled") | f.stops.has("bankruptcy"))


@PACK.rule(
    "US-FEE-001", instrument="regulation_f", force="LAW", confidence="S", effect="deny",
    needs=("marks",), clause="1006.22(b); 15 USC 1692f(1)",
    zh="不得收取合同或法律未明确允许的金额。",
)  # fmt: skip
def only_what_is_owed(f: Facts, p: Any) -> Mask:
    """No amount beyond what the contract or the law expressly allows is asked for."""
    return f.marks.has("over_cap") | f.marks.has("fee_unlisted") | f.marks.has("amount_differs")
