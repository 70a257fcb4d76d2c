"""When and how customers are contacted: CONC 7.9."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.masks import (
    AGREED,
    CLOCK,
    DATES,
    at_an_agreed_hour,
    on_a_day_of_rest,
    on_a_holiday,
    outside,
    words_found,
)
from recoup.rulebook.packs.united_kingdom import PACK
from recoup.rulebook.until import next_waking_hour, stops_lifted


@PACK.rule(
    "UK-TIME-001", instrument="conc", force="RULE", confidence="T", effect="deny",
    needs=(*CLOCK, *DATES, "marks"), may_read=AGREED, until=next_waking_hour, clause="CONC 7.9.4R",
    zh="不得在不合理的时间联系,应顾及客户对时间、地点、方式的合理要求;内部时段为周一至周六8:00至20:00,公众假期除外。",
)  # fmt: skip
def reasonable_hours(f: Facts, p: Any) -> Mask:
    """
    No contact at unreasonable times; a customer's reasonable wishes about when, where and how are
    heeded.

    The window is the house's: 08:00 to 20:00 from Monday to Saturday, not on bank holidays. An hour
    that the customer agreed to is reasonable on a working day.
    """
    rest = on_a_day_of_rest(f, p.rest_days) | on_a_holiday(f, p.holidays)
    closed = outside(f, p.open_from, p.open_until) & ~at_an_agreed_hour(f)
    return rest | f.marks.has("bank_holiday") | closed | f.marks.has("inconvenient_now")


@PACK.rule(
    "UK-CONT-001", instrument="conc", force="RULE", confidence="T", effect="forbid_content",
    needs=("found",), channels=("sms", "email", "letter", "app_push", "im"),
    clause="CONC 7.9.2R, 7.9.3G", zh="不得使客户因误解而联系(例如伪装成快递通知)。",
)  # fmt: skip
def no_false_reason(f: Facts, p: Any) -> Mask:
    """No message makes a customer get in touch under a wrong idea, as a card for a missed parcel."""
    return f.found.has("hide_identity")


@PACK.rule(
    "UK-CONT-002", instrument="conc", force="RULE", confidence="T", effect="deny",
    needs=("marks",), clause="CONC 7.9.5R", zh="不得使用高资费回拨号码。",
)  # fmt: skip
def no_premium_number(f: Facts, p: Any) -> Mask:
    """No premium-rate number to call back."""
    return f.marks.has("premium_number")


@PACK.rule(
    "UK-PRIV-001", instrument="conc", force="RULE", confidence="T", effect="deny",
    needs=("discloses_debt", "marks", "party"),
    may_read=("identity_confirmed", "sealed_to_debtor", "found", "channel"),
    clause="CONC 7.9.6R", zh="不得公开羞辱;须采取合理措施避免第三人知悉债务。",
)  # fmt: skip
def nobody_else_learns(f: Facts, p: Any) -> Mask:
    """
    Nobody is embarrassed in public, and reasonable care is taken that no third person learns of the
    debt: only a sealed letter to the debtor, or a talk with who is known to be the debtor, names it.
    """
    private = f.party.among("debtor") & (f.identity_confirmed | f.sealed_to_debtor)
    exposed = f.discloses_debt & ~private
    return exposed | f.marks.has("public_view") | words_found(f, "shame_public")


@PACK.rule(
    "UK-PARTY-001", instrument="conc", force="RULE", confidence="T", effect="deny",
    needs=("party", "demands_payment", "marks"), may_read=("contact_source", "papers", "party_bound"),
    clause="CONC 7.9.10R, 7.9.11G", zh="不得向仅同名、同生日或同地址的人追讨。",
)  # fmt: skip
def only_who_is_known_to_owe(f: Facts, p: Any) -> Mask:
    """
    No demand of "the occupier", or of everybody who shares a name, a birth date or an address.

    Who owes is known by the contract, by what the debtor gave, or by a match on file; where another
    person may be meant, by a match only.
    """
    bound = f.party.among("co_debtor", "guarantor") & f.party_bound
    given = f.contact_source.among("contract", "debtor_authorised")
    given = given & ~f.marks.has("wrong_identity_possible")
    known = (f.party.among("debtor") | bound) & (given | f.papers.has("identity_match"))
    return f.demands_payment & ~known


@PACK.rule(
    "UK-VISIT-001", instrument="conc", force="RULE", confidence="T", effect="require",
    needs=("papers", "stops"), may_read=("consents",), channels=("visit",),
    clause="CONC 7.9.12R-7.9.14R",
    zh="首次上门前须说明目的并给予充分通知;未经同意不得到不合适的地点;不得对特别弱势的客户上门。",
)  # fmt: skip
def visits_are_announced(f: Facts, p: Any) -> Mask:
    """
    A visit is announced with its purpose in good time, at a suitable place or one agreed to, and
    nobody visits a customer who is or may be particularly vulnerable.

    The notice counts seven days after it was given (house number, kept with the paper).
    """
    place = f.papers.has("visit_place") | f.consents.has("place")
    return ~f.papers.has("visit_notice") | ~place | f.stops.has("vulnerable")


@PACK.rule(
    "UK-VULN-001", instrument="fg21_1", force="GUIDE", confidence="T", effect="require",
    needs=("stops",), channels=("robot_call", "visit"), until=stops_lifted,
    clause="FG21/1; CONC 7.2.1R", zh="弱势客户转由专员处理,不得使用机器人或上门。",
)  # fmt: skip
def vulnerable_customers(f: Facts, p: Any) -> Mask:
    """A customer with a need from health, life events, resilience or capability meets a specialist:
    no robots and no visits."""
    return f.stops.has("vulnerable")
