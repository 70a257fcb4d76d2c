"""Who may be contacted, and by whom."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.packs.base.points import no_minors
from recoup.rulebook.packs.china import PACK

STRANGERS = ("contact_person", "third_party")


def _neither_debtor_nor_bound(f: Facts) -> Mask:
    bound = f.party.among("co_debtor", "guarantor") & f.party_bound
    return ~(f.party.among("debtor") | bound)


@PACK.rule(
    "CN-PARTY-001", instrument="card_measures", force="RULE", confidence="TT", effect="deny",
    needs=("party",), may_read=("party_bound",), clause="art. 68",
    zh="只向债务人及其担保人催收。",
)  # fmt: skip
def only_debtor_and_guarantor(f: Facts, p: Any) -> Mask:
    """Collect only from the debtor and those who stand surety."""
    return _neither_debtor_nor_bound(f)


@PACK.rule(
    "CN-PARTY-001", instrument="gbt_45251", force="STD-SHOULD", confidence="S", effect="deny",
    needs=("party",), may_read=("party_bound",),
    zh="只向债务人催收;担保人等连带责任人以法律、协议为限。",
)  # fmt: skip
def only_the_debtor(f: Facts, p: Any) -> Mask:
    """
    Collect only from the debtor; from guarantors and co-debtors only where law and contract bind.

    Also 商业银行信用卡业务监督管理办法 art. 68, the version before.
    """
    return _neither_debtor_nor_bound(f)


@PACK.rule(
    "CN-PARTY-002", instrument="card_measures", force="RULE", confidence="TT", effect="deny",
    needs=("party", "demands_payment"), parties=STRANGERS, clause="art. 68",
    zh="不得对与债务无关的第三人进行催收。",
)  # fmt: skip
def no_demand_from_strangers(f: Facts, p: Any) -> Mask:
    """Never demand payment from a third person who has nothing to do with the debt."""
    return f.party.among(*STRANGERS) & f.demands_payment


@PACK.rule(
    "CN-PARTY-003", instrument="gbt_45251", force="STD-SHOULD", confidence="S", effect="deny",
    needs=("debtor_lost",), may_read=("stops",),
    parties=("contact_person",), clause="",
    zh="联系人:仅限债务人失联,或债务人死亡、丧失行为能力时联系。",
)  # fmt: skip
def contact_person_only_if_lost(f: Facts, p: Any) -> Mask:
    """
    A contact person may be contacted only because the debtor cannot be reached, is dead or
    lacks capacity.
    """
    return ~(f.debtor_lost | f.stops.has("deceased"))


@PACK.rule(
    "CN-PARTY-007", instrument="gbt_45251", force="STD-SHOULD", confidence="S", effect="deny",
    needs=("opt_outs",), parties=("contact_person",),
    zh="联系人明确拒绝的,不得再与其联系。",
)  # fmt: skip
def contact_person_refused(f: Facts, p: Any) -> Mask:
    """Once a contact person asks not to be contacted again, stop for good."""
    return f.opt_outs.has("all") | f.opt_outs.has("medium") | f.opt_outs.has("point")


@PACK.rule(
    "CN-PARTY-011", instrument="cba_2026", force="SELF-MUST", confidence="S", effect="require",
    needs=("discloses_debt",), may_read=("identity_confirmed",),
    channels=("call", "robot_call", "visit", "im"), zh="核实身份后方可告知债务信息。",
)  # fmt: skip
def identity_first(f: Facts, p: Any) -> Mask:
    """Verify identity before saying anything about the debt."""
    return f.discloses_debt & ~f.identity_confirmed


@PACK.rule(
    "CN-OUT-001", instrument="cba_2026", force="SELF-MUST", confidence="S", effect="deny",
    needs=("agency_listed",),
    zh="委外机构实行名单制管理,名单之外的机构不得催收。",
)  # fmt: skip
def only_listed_agencies(f: Facts, p: Any) -> Mask:
    """Only agencies on the lender's list may act for it."""
    return ~f.agency_listed


PACK.rule(
    "CN-PARTY-009", instrument="house", force="HOUSE", confidence="HOUSE", effect="deny",
    needs=("stops",), may_read=("age_least", "birth_year"), in_place_of="HOUSE-MINOR-001",
    clause="support: 个人信息保护法 arts. 28, 31", zh="不得就债务联系未成年人。",
)(no_minors)  # fmt: skip
