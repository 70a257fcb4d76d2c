"""When the house itself holds contact, whatever the country."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.packs.base import PACK
from recoup.rulebook.until import stops_lifted


@PACK.rule(
    "HOUSE-STOP-001", instrument="house", force="HOUSE", confidence="HOUSE", effect="deny",
    firm=True, needs=("balance", "placement_open", "stops"),
    zh="已结清、非本人或超出委托范围的,不得联系。",
)  # fmt: skip
def nothing_to_collect(f: Facts, p: Any) -> Mask:
    """Settled account, wrong person, or debt outside the mandate: no contact."""
    return (f.balance <= 0) | f.stops.has("wrong_person") | ~f.placement_open


@PACK.rule(
    "HOUSE-HOLD-DISPUTE", instrument="house", force="HOUSE", confidence="HOUSE", effect="deny",
    needs=("stops",), may_read=("stops_until",), until=stops_lifted,
    zh="异议处理期间暂停主动联系。",
)  # fmt: skip
def hold_dispute(f: Facts, p: Any) -> Mask:
    """No contact of ours while a dispute is open, whatever the product."""
    return f.stops.has("dispute")


@PACK.rule(
    "HOUSE-HOLD-COMPLAINT", instrument="house", force="HOUSE", confidence="HOUSE", effect="deny",
    needs=("stops",), may_read=("stops_until",), until=stops_lifted,
    zh="投诉首次答复前暂停主动联系。",
)  # fmt: skip
def hold_complaint(f: Facts, p: Any) -> Mask:
    """No contact of ours until a complaint has its first answer."""
    return f.stops.has("complaint")


@PACK.rule(
    "HOUSE-HOLD-HARDSHIP", instrument="house", force="HOUSE", confidence="HOUSE", effect="deny",
    needs=("stops",), may_read=("stops_until",), until=stops_lifted,
    zh="困难申请处理期间暂停主动联系。",
)  # fmt: skip
def hold_hardship(f: Facts, p: Any) -> Mask:
    """No contact of ours while hardship is looked into."""
    return f.stops.has("hardship")


@PACK.rule(
    "HOUSE-HOLD-DECEASED", instrument="house", force="HOUSE", confidence="HOUSE", effect="deny",
    firm=True,
    needs=("stops", "party"), zh="债务人已去世,不得联系本人。",
)  # fmt: skip
def hold_deceased(f: Facts, p: Any) -> Mask:
    """The debtor is dead: nothing is sent in their name."""
    return f.stops.has("deceased") & ~f.party.among("contact_person")


@PACK.rule(
    "HOUSE-HOLD-BANKRUPTCY", instrument="house", force="HOUSE", confidence="HOUSE", effect="deny",
    firm=True,
    needs=("stops",), zh="个人破产程序期间不得催收。",
)  # fmt: skip
def hold_bankruptcy(f: Facts, p: Any) -> Mask:
    """No collection during bankruptcy proceedings."""
    return f.stops.has("bankruptcy")


@PACK.rule(
    "HOUSE-HOLD-ATTORNEY", instrument="house", force="HOUSE", confidence="HOUSE", effect="deny",
    firm=True,
    needs=("stops",), zh="债务人已委托律师,应与其律师联系。",
)  # fmt: skip
def hold_attorney(f: Facts, p: Any) -> Mask:
    """The debtor has a lawyer: the lawyer is whom to write to."""
    return f.stops.has("attorney")


@PACK.rule(
    "HOUSE-HOLD-PLAN", instrument="house", force="HOUSE", confidence="HOUSE", effect="deny",
    needs=("stops",), may_read=("stops_until",), until=stops_lifted,
    zh="还款计划履行期间停止催收。",
)  # fmt: skip
def hold_plan(f: Facts, p: Any) -> Mask:
    """While a repayment plan is kept, collection stops, whatever the product."""
    return f.stops.has("plan")


@PACK.rule(
    "HOUSE-HOLD-PROMISE", instrument="house", force="HOUSE", confidence="HOUSE", effect="deny",
    needs=("stops",), may_read=("stops_until",), until=stops_lifted,
    zh="承诺还款到期前暂停主动联系。",
)  # fmt: skip
def hold_promise(f: Facts, p: Any) -> Mask:
    """No contact of ours until a promise to pay falls due."""
    return f.stops.has("promise")


@PACK.rule(
    "HOUSE-HOLD-OTHER", instrument="house", force="HOUSE", confidence="HOUSE", effect="deny",
    needs=("stops",), may_read=("stops_until",), until=stops_lifted,
    zh="机构或主管要求暂停联系。",
)  # fmt: skip
def hold_other(f: Facts, p: Any) -> Mask:
    """The lender or a leader has stopped contact."""
    return f.stops.has("lender") | f.stops.has("manual")


@PACK.rule(
    "HOUSE-HOLD-CARE", instrument="house", force="HOUSE", confidence="HOUSE", effect="deny",
    needs=("stops",), may_read=("stops_until",), until=stops_lifted,
    zh="债务人处于困境(患病、丧亲、心理危机等),转专人处理,暂停主动联系。",
)  # fmt: skip
def hold_for_care(f: Facts, p: Any) -> Mask:
    """A person in distress (illness, bereavement, a mental-health crisis) is for a specialist."""
    return (
        f.stops.has("vulnerable") | f.stops.has("mental_health_crisis")
        | f.stops.has("bereavement")
    )  # fmt: skip


@PACK.rule(
    "HOUSE-HOLD-ASKED", instrument="house", force="HOUSE", confidence="HOUSE", effect="deny",
    firm=True,
    needs=("stops",), may_read=("stops_until",), until=stops_lifted,
    zh="本人书面要求停止联系,或债务咨询、冻结期、结清确认、征信异议处理期间,暂停主动联系。",
)  # fmt: skip
def hold_asked(f: Facts, p: Any) -> Mask:
    """
    The person asked us to cease in writing, has a debt adviser or a moratorium, says it is settled,
    or disputes the credit report: no contact of ours while that stands.
    """
    return (
        f.stops.has("cease") | f.stops.has("debt_adviser") | f.stops.has("moratorium")
        | f.stops.has("settled") | f.stops.has("bureau_dispute")
    )  # fmt: skip
