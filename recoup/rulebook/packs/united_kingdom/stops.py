"""When pursuit rests: advisers, disputes, old debts, the breathing space."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.masks import unread
from recoup.rulebook.packs.united_kingdom import PACK
from recoup.rulebook.until import stops_lifted


@PACK.rule(
    "UK-FORB-002", instrument="conc", force="RULE", confidence="M", effect="deny",
    needs=("stops",), may_read=("stops_until",), until=stops_lifted,
    clause="CONC 7.3.11R, 7.3.12G", zh="债务顾问协助制定方案期间暂停追讨(30天,可再延30天)。",
)  # fmt: skip
def debt_adviser(f: Facts, p: Any) -> Mask:
    """
    While a debt counsellor helps with a plan pursuit rests for a reasonable time: 30 days, and 30
    more if need be.

    The stop holds until it ends or is lifted; the days are its own.
    """
    return f.stops.has("debt_adviser")


@PACK.rule(
    "UK-DISP-001", instrument="conc", force="RULE", confidence="T", effect="deny",
    needs=("stops",), clause="CONC 7.14.1R-7.14.5R",
    zh="有正当或可能正当理由的争议处理期间暂停追讨,由机构证明身份和金额。",
)  # fmt: skip
def disputed(f: Facts, p: Any) -> Mask:
    """
    While a dispute on grounds that are or may be valid is open, recovery rests; the firm proves
    identity and amount and says what it found.
    """
    return f.stops.has("dispute")


@PACK.rule(
    "UK-SB-001", instrument="conc", force="RULE", confidence="T", effect="deny",
    needs=("marks", "stops"), may_read=("found", "purpose", "channel"),
    clause="CONC 7.15.3G, 7.15.7G, 7.15.8R",
    zh="时效届满的债务不得暗示诉讼;客户以此拒绝的,停止催收。",
)  # fmt: skip
def statute_barred(f: Facts, p: Any) -> Mask:
    """
    On a statute-barred debt nobody hints at court, and once the customer will not pay for that
    reason, nobody asks any more.
    """
    to_court = f.purpose.among("legal_notice") | f.missing("purpose")
    hints = f.found.has("time_barred_suit") | to_court
    return f.marks.has("time_barred") & (hints | unread(f) | f.stops.has("cease"))


@PACK.rule(
    "UK-BS-001", instrument="breathing_space", force="LAW", confidence="T", effect="deny",
    needs=("stops",), may_read=("stops_until",), until=stops_lifted, clause="SI 2020/1311",
    zh="标准债务喘息期(自登记日起60天):停止催收、计息、收费和执行。",
)  # fmt: skip
def breathing_space(f: Facts, p: Any) -> Mask:
    """
    In a standard breathing space, 60 days from the date of the register, nobody asks for payment.

    The stop holds until the moratorium ends on the register. England and Wales; the house keeps it
    everywhere.
    """
    return f.stops.has("moratorium")


@PACK.rule(
    "UK-BS-002", instrument="breathing_space", force="LAW", confidence="T", effect="deny",
    needs=("stops",), may_read=("stops_until",), until=stops_lifted, clause="SI 2020/1311",
    zh="心理危机债务喘息期:治疗期间加30天。",
)  # fmt: skip
def mental_health_crisis(f: Facts, p: Any) -> Mask:
    """
    In a breathing space for a mental health crisis nobody asks for payment, as long as treatment
    lasts and 30 days more.
    """
    return f.stops.has("mental_health_crisis")


@PACK.rule(
    "UK-FEE-001", instrument="conc", force="RULE", confidence="T", effect="limit",
    needs=("marks",), clause="CONC 7.7.5R", zh="逾期收费不得超过合理成本。",
)  # fmt: skip
def fees_at_cost(f: Facts, p: Any) -> Mask:
    """Charges in default are no higher than reasonable cost; more is not asked for."""
    return f.marks.has("fee_over_cost")
