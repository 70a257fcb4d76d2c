"""Who may be contacted: debtors and those who are bound with them."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.masks import words_found
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
    needs=("party", "demands_payment"), may_read=("found", "channel"), clause="art. 68",
    zh="不得对与债务无关的第三人进行催收,不得要求其代偿。",
)  # fmt: skip
def no_demand_from_strangers(f: Facts, p: Any) -> Mask:
    """
    Never demand payment from a third person who has nothing to do with the debt, nor tell anybody
    that such a person has to pay.

    Also 消费金融公司管理办法 and the guideline of 2026.
    """
    return (f.party.among(*STRANGERS) & f.demands_payment) | words_found(f, "press_third")


@PACK.rule(
    "CN-PARTY-008", instrument="cba_2026", force="SELF-MUST", confidence="S", effect="require",
    needs=("papers",), parties=("third_party",),
    zh="债务相关第三人(如共同生活支出的配偶)须先有书面依据,方可联系。",
)  # fmt: skip
def grounds_for_a_related_person(f: Facts, p: Any) -> Mask:
    """
    A third person who has to do with the debt (a spouse, where it paid for the household) is a
    class of its own, and needs documented grounds before any contact.
    """
    return ~f.papers.has("relation_evidence")


@PACK.rule(
    "CN-PARTY-010", instrument="civil_code", force="LAW", confidence="T", effect="deny",
    needs=("marks",), parties=("heir",), clause="art. 1161",
    zh="继承人以所得遗产实际价值为限清偿;放弃继承的不承担清偿责任。",
)  # fmt: skip
def heirs_owe_what_they_inherit(f: Facts, p: Any) -> Mask:
    """
    Heirs owe up to the value they inherit, and nothing if they gave the inheritance up: no demand
    beyond that.
    """
    return f.marks.has("estate_renounced") | f.marks.has("estate_exceeded")


@PACK.rule(
    "HOUSE-PARTY-001", instrument="house", force="HOUSE", confidence="HOUSE", effect="allow",
    needs=("party", "party_bound", "papers"), parties=("heir", "third_party"),
    switches_off=("CN-PARTY-001", "CN-PARTY-002", "HOUSE-HOLD-DECEASED"),
    zh="继承人、债务相关第三人依法承担清偿责任且有书面依据的除外。",
)  # fmt: skip
def bound_by_law(f: Facts, p: Any) -> Mask:
    """
    The exception: an heir or a related third person whom the law makes answer for the debt, shown
    by papers on file.

    "Others jointly liable, within law and contract" (GB/T 45251-2025). Renounced or used-up
    estates, missing grounds and opt-outs still stand in the way.
    """
    return f.party_bound & f.papers.has("relation_evidence")


@PACK.rule(
    "CN-PARTY-011", instrument="cba_2026", force="SELF-MUST", confidence="S", effect="require",
    needs=("discloses_debt",), may_read=("identity_confirmed",),
    channels=("call", "robot_call", "visit", "im"), zh="核实身份后方可告知债务信息。",
)  # fmt: skip
def identity_first(f: Facts, p: Any) -> Mask:
    """Verify identity before saying anything about the debt."""
    return f.discloses_debt & ~f.identity_confirmed


PACK.rule(
    "CN-PARTY-009", instrument="house", force="HOUSE", confidence="HOUSE", effect="deny",
    needs=("stops",), may_read=("age_least", "birth_year"), in_place_of="HOUSE-MINOR-001",
    firm=True, clause="support: 个人信息保护法 arts. 28, 31", zh="不得就债务联系未成年人。",
)(no_minors)  # fmt: skip
