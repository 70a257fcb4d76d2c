"""
Whom the debtor named to be asked: only if the debtor is lost, only for a way to reach them.

Whether the debtor is lost is computed in `reach`; here it is a fact.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from recoup.rulebook.facts import Facts, Mask, local_time
from recoup.rulebook.packs.china import PACK
from recoup.rulebook.rule import Moment
from recoup.rulebook.until import waking_from

CONTACT_PERSON = ("contact_person",)
ASKING = ("ask_contact", "relay_request")


def lost_from(moment: Moment) -> datetime | None:
    """The first waking hour at which the debtor will count as lost, if that is known."""
    epoch = moment.raw.get("debtor_lost_from")
    if isinstance(epoch, int) and not isinstance(epoch, bool):
        epoch = local_time(epoch)
    return waking_from(moment, epoch) if isinstance(epoch, datetime) else None


def _has_cause(f: Facts) -> Mask:
    return f.debtor_lost | f.stops.has("deceased") | f.marks.has("no_capacity")


@PACK.rule(
    "CN-PARTY-003", instrument="gbt_45251", force="STD-SHOULD", confidence="S", effect="deny",
    needs=("debtor_lost",), may_read=("stops", "marks", "debtor_lost_from"),
    parties=CONTACT_PERSON, until=lost_from,
    zh="联系人:仅限债务人失联,或债务人死亡、丧失行为能力时联系。",
)  # fmt: skip
def contact_person_only_if_lost(f: Facts, p: Any) -> Mask:
    """
    A contact person may be contacted only because the debtor cannot be reached, is dead or
    lacks capacity.

    Also 自律公约 2018 art. 14: only contact persons agreed beforehand.
    """
    return ~_has_cause(f)


@PACK.rule(
    "CN-PARTY-004", instrument="cba_2026", force="SELF-MUST", confidence="S", effect="wait",
    may_read=("debtor_lost", "debtor_lost_from", "stops", "marks"),
    parties=CONTACT_PERSON, until=lost_from,
    zh="失联判定:号码无效;连续三次未接通的,最早次日;连续三日无法联系的,可直接联系。",
)  # fmt: skip
def lost_the_next_day(f: Facts, p: Any) -> Mask:
    """
    A debtor is lost if the number is dead, the day after three calls in a row failed, or once they
    could not be reached on three days in a row; until then a contact person waits.
    """
    return ~f.missing("debtor_lost_from") & ~_has_cause(f)


@PACK.rule(
    "CN-PARTY-005", instrument="gbt_45251", force="STD-SHOULD", confidence="S",
    effect="forbid_content", needs=("discloses_debt", "purpose"), parties=CONTACT_PERSON,
    zh="对联系人仅可询问债务人联系方式或请其代为转告,不得透露欠款信息。",
)  # fmt: skip
def only_ask_or_relay(f: Facts, p: Any) -> Mask:
    """
    A contact person is asked only for the debtor's contact details, or to pass on a request to
    call: no amount, date or other word of a debt.

    Also the guideline of 2026, and 自律公约 2018 art. 18.
    """
    return ~f.purpose.among(*ASKING) | f.discloses_debt


@PACK.rule(
    "HOUSE-PARTY-002", instrument="house", force="HOUSE", confidence="HOUSE", effect="allow",
    needs=("party", "purpose", "demands_payment", "discloses_debt"), parties=CONTACT_PERSON,
    switches_off=("CN-PARTY-001",),
    zh="仅询问联系方式或请代为转告的,不属于催收。",
)  # fmt: skip
def asking_is_not_collecting(f: Facts, p: Any) -> Mask:
    """
    The exception: asking a contact person how to reach the debtor is not collecting from them.

    CN-PARTY-003, -004, -005 and -007 say when and how.
    """
    return f.purpose.among(*ASKING) & ~f.demands_payment & ~f.discloses_debt


@PACK.rule(
    "HOUSE-PARTY-003", instrument="house", force="HOUSE", confidence="HOUSE", effect="limit",
    needs=("location_calls",), may_read=("purpose",), parties=CONTACT_PERSON,
    zh="每名联系人只询问一次,内部上限。",
)  # fmt: skip
def a_contact_person_is_asked_once(f: Facts, p: Any) -> Mask:
    """
    A contact person is asked once; no Chinese text gives a number.

    Who wants to pay is told how all the same (CN-PARTY-006).
    """
    asks = ~f.purpose.among("payment_info")
    return (f.location_calls >= p.most_contact_person_contacts) & asks


@PACK.rule(
    "CN-PARTY-006", instrument="gbt_45251", force="STD-MAY", confidence="S", effect="allow",
    needs=("party", "purpose", "demands_payment", "marks", "papers"), parties=CONTACT_PERSON,
    switches_off=("CN-PARTY-001", "CN-PARTY-005", "CN-SAY-N08"), record=("recording",),
    zh="联系人明确表示愿意代偿的,可提供还款所需的必要信息。",
)  # fmt: skip
def who_wants_to_pay(f: Facts, p: Any) -> Mask:
    """
    The exception: a contact person who says clearly, on a recording, that they want to pay is given
    what they need to pay, and no more.
    """
    wants = f.marks.has("volunteered") & f.papers.has("recording")
    return wants & f.purpose.among("payment_info") & ~f.demands_payment


@PACK.rule(
    "CN-PARTY-007", instrument="gbt_45251", force="STD-SHOULD", confidence="S", effect="deny",
    needs=("opt_outs",), parties=CONTACT_PERSON,
    zh="联系人明确拒绝的,不得再与其联系。",
)  # fmt: skip
def contact_person_refused(f: Facts, p: Any) -> Mask:
    """Once a contact person asks not to be contacted again, stop for good."""
    return f.opt_outs.has("all") | f.opt_outs.has("medium") | f.opt_outs.has("point")
