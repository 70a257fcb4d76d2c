"""What texts may not say, and what they must."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.masks import WRITTEN, has_any, maybe_by
from recoup.rulebook.packs.united_kingdom import PACK


@PACK.rule(
    "UK-FORB-001", instrument="conc", force="RULE", confidence="T", effect="forbid_content",
    needs=("found",), channels=WRITTEN, clause="CONC 7.3.4R, 7.3.9R, 7.3.10R",
    zh="以宽容和适当考虑对待违约客户;不得施压一次付清、设不合理期限、要求借款或卖房。",
)  # fmt: skip
def forbearance(f: Facts, p: Any) -> Mask:
    """
    Customers in default are treated with forbearance: no pressing for one large payment, in an
    unreasonably short time, by borrowing or selling a home, or after a sign of illness or grief.
    """
    return has_any(f.found, "induce_borrow", "false_urgency", "vulnerable_press")


@PACK.rule(
    "UK-LEGAL-001", instrument="conc", force="RULE", confidence="T", effect="forbid_content",
    needs=("found", "marks"), channels=WRITTEN, clause="CONC 7.3.14R, 7.3.15G, 7.3.18R",
    zh="不得采取或威胁与欠款不相称的行动。",
)  # fmt: skip
def in_proportion(f: Facts, p: Any) -> Mask:
    """
    No action out of proportion is taken or threatened: no bankruptcy, order for sale or statutory
    demand before other ways were tried.
    """
    return f.found.has("disproportionate") | f.marks.has("unproportionate")


@PACK.rule(
    "UK-INFO-001", instrument="conc", force="RULE", confidence="T", effect="require_content",
    needs=("says",), may_read=("channel",), channels=("letter", "email"),
    clause="CONC 7.4.1R, 7.4.2R", must_say=("dated_amount",),
    zh="告知欠款与余额;部分和解须明确说明剩余债务是否存续、可否转让。",
)  # fmt: skip
def arrears_and_residue(f: Facts, p: Any) -> Mask:
    """
    A letter tells arrears and balance; an offer of settlement says plainly whether the rest lives
    on and may be sold.
    """
    tells = ~maybe_by(f, "letter") | f.says.has("dated_amount")
    clear = ~f.says.has("settlement") | f.says.has("residual")
    return ~tells | ~clear


@PACK.rule(
    "HOUSE-UK-WORDS", instrument="house", force="HOUSE", confidence="HOUSE", firm=True,
    effect="forbid_content", needs=("found",), channels=WRITTEN,
    zh="不得威胁、冒充、侮辱、向第三人施压、虚构金额、法律状态或信用记录、要求付至他处、利用子女。",
)  # fmt: skip
def forbidden_words(f: Facts, p: Any) -> Mask:
    """
    No threats, false identity, insults, pressure on third persons, false amounts, legal states or
    credit records, no other payee, no invented fees, no lever of children.

    Forbidden by rules of the tables or by criminal or consumer law, without a paragraph of its own
    there.
    """
    return has_any(
        f.found, "threat_violence", "threat_illegal_action", "impersonate_state",
        "impersonate_lawyer", "impersonate_lender", "insult", "press_third", "false_amount",
        "false_legal_state", "false_bureau", "other_payee", "extra_fee", "minor",
    )  # fmt: skip


@PACK.rule(
    "HOUSE-UK-NAME", instrument="house", force="HOUSE", confidence="HOUSE",
    effect="require_content", needs=("says",), channels=WRITTEN, must_say=("institution",),
    zh="写明为谁催收。",
)  # fmt: skip
def for_whom(f: Facts, p: Any) -> Mask:
    """A text says for whom it is written."""
    return ~f.says.has("institution")


@PACK.rule(
    "HOUSE-UK-HELP", instrument="house", force="HOUSE", confidence="HOUSE",
    effect="require_content", needs=("says",), channels=("letter",),
    must_say=("debt_help", "complaint"), zh="信函须指明免费债务咨询和投诉途径。",
)  # fmt: skip
def where_to_find_help(f: Facts, p: Any) -> Mask:
    """
    A letter says that there is free advice on debts, and where to complain.

    That the arrears sheets of the law say so is from memory.
    """
    return ~f.says.has("debt_help") | ~f.says.has("complaint")
