"""When, where, whom and how: POJK 22/2023 art. 62."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from recoup.kernel.clock import local_day
from recoup.rulebook.facts import EPOCH, Facts, Mask
from recoup.rulebook.masks import (
    AGREED,
    CLOCK,
    DATES,
    PRIVATE,
    WRITTEN,
    at_an_agreed_hour,
    nobody_else_learns,
    on_a_day_of_rest,
    on_a_holiday,
    outside,
    outside_the_calendar,
    who_writes,
    words_found,
    years_of,
)
from recoup.rulebook.packs.indonesia import PACK
from recoup.rulebook.rule import Moment
from recoup.rulebook.until import next_waking_hour


def _next_known_day(moment: Moment) -> datetime | None:
    """The next open hour, if the calendar of holidays knows that year."""
    found = next_waking_hour(moment)
    if found is None:
        return None
    known = set(years_of(moment.parameters.holidays).tolist())
    days = [local_day(found, zone).toordinal() - EPOCH for zone in moment.zones]
    return found if all(int(years_of(day)) in known for day in days) else None


@PACK.rule(
    "ID-TIME-001", instrument="pojk_22_2023", force="RULE", confidence="T", effect="deny",
    needs=(*CLOCK, *DATES, "consents"), may_read=AGREED, until=_next_known_day,
    clause="art. 62(2)(f), (3)",
    zh="仅限周一至周六8:00至20:00(消费者当地时间),法定节假日除外;经消费者同意的除外。",
)  # fmt: skip
def working_hours(f: Facts, p: Any) -> Mask:
    """
    Collection only from Monday to Saturday, 08:00 to 20:00 at the consumer's place, and not on
    national holidays, unless the consumer agrees.

    Days and hours are agreed each by itself. Where nobody has filled in the holidays of a year,
    every day of it may be one.
    """
    rest = (
        on_a_day_of_rest(f, p.rest_days)
        | on_a_holiday(f, p.holidays)
        | outside_the_calendar(f, p.holidays)
    )
    hours = outside(f, p.open_from, p.open_until) & ~at_an_agreed_hour(f)
    return (rest & ~f.consents.has("holidays")) | hours


@PACK.rule(
    "ID-PLACE-001", instrument="pojk_22_2023", force="RULE", confidence="T", effect="deny",
    needs=("papers", "consents"), channels=("visit",), clause="art. 62(2)(e), (3)",
    zh="仅限账单地址或住所,消费者同意的除外。",
)  # fmt: skip
def place_of_visits(f: Facts, p: Any) -> Mask:
    """Visits only at the billing address or the home, unless the consumer agrees to another place."""
    return ~f.papers.has("visit_place") & ~f.consents.has("place")


@PACK.rule(
    "ID-PARTY-001", instrument="pojk_22_2023", force="RULE", confidence="T", effect="deny",
    needs=("party", "demands_payment", "discloses_debt", "purpose"),
    clause="art. 62(2)(c); SEOJK 19/2023",
    zh="不得向消费者以外的人催收;紧急联系人仅用于联系借款人。",
)  # fmt: skip
def only_the_consumer(f: Facts, p: Any) -> Mask:
    """
    Nobody but the consumer is asked to pay. An emergency contact helps to reach the borrower, and
    no more.
    """
    helps = (
        f.party.among("contact_person")
        & f.purpose.among("ask_contact", "relay_request")
        & ~f.demands_payment
        & ~f.discloses_debt
    )
    return ~f.party.among("debtor") & ~helps


@PACK.rule(
    "ID-COND-001", instrument="pojk_22_2023", force="RULE", confidence="T",
    effect="forbid_content", needs=("marks",), may_read=("found", "channel"),
    clause="art. 62(2)(a), (b), (d)",
    zh="不得威胁、使用暴力、羞辱、施压、持续打扰,不得有族群、宗教侮辱。",
)  # fmt: skip
def no_pressure(f: Facts, p: Any) -> Mask:
    """
    No threats, violence or shaming, no pressure by act or word, no slurs, no false identity, amount,
    state or deadline.
    """
    words = words_found(
        f, "threat_violence", "threat_illegal_action", "impersonate_state", "impersonate_lawyer",
        "impersonate_lender", "insult", "shame_public", "press_third", "false_amount",
        "false_legal_state", "false_urgency", "other_payee", "hide_identity", "minor",
    )  # fmt: skip
    return words | f.marks.has("public_view")


@PACK.rule(
    "ID-STAFF-001", instrument="seojk_19_2023", force="RULE", confidence="S", effect="require",
    needs=("papers",), may_read=("product",),
    zh="网络借贷:催收人员须持证并出示带照片证件,催收前须发出警告信。",
)  # fmt: skip
def certified_collectors(f: Facts, p: Any) -> Mask:
    """
    Loans over a platform: collectors are certified and carry a card with their photograph, and a
    letter of warning comes first.

    A loan counts as one unless it is known for something else.
    """
    elsewhere = f.product.among(
        "credit_card", "consumer_loan", "microloan", "private_loan", "student_loan"
    )
    ready = (
        f.papers.has("collector_certificate")
        & f.papers.has("photo_card")
        & f.papers.has("warning_letter")
    )
    return ~elsewhere & ~ready


PACK.rule(
    "HOUSE-ID-NAME", instrument="house", force="HOUSE", confidence="HOUSE",
    effect="require_content", needs=("says", "collector"), channels=WRITTEN,
    must_say=("institution", "agency"), zh="写明为谁催收;代理机构须写明自身名称。",
)(who_writes)  # fmt: skip

PACK.rule(
    "HOUSE-ID-PRIVATE", instrument="house", force="HOUSE", confidence="HOUSE",
    effect="forbid_content", needs=("discloses_debt",), may_read=PRIVATE,
    zh="单向消息不得含债务信息;密封寄往本人的信函除外。",
)(nobody_else_learns)  # fmt: skip
