"""Agencies that collect for a lender, and the people who collect."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.masks import WRITTEN, words_found
from recoup.rulebook.packs.china import PACK

# Where a collector speaks with somebody.
STAFFED = ("call", "im", "visit")


def by_an_agency(f: Facts) -> Mask:
    """Where an agency collects, or nobody says who does."""
    return ~f.collector.among("creditor", "debt_buyer")


@PACK.rule(
    "CN-OUT-001", instrument="cba_2026", force="SELF-MUST", confidence="S", effect="deny",
    needs=("agency_listed",),
    zh="委外机构实行名单制管理,名单之外的机构不得催收。",
)  # fmt: skip
def only_listed_agencies(f: Facts, p: Any) -> Mask:
    """Only agencies on the lender's list may act for it."""
    return ~f.agency_listed


@PACK.rule(
    "CN-OUT-002", instrument="gbt_45251", force="STD-SHOULD", confidence="S", effect="require",
    needs=("papers",), may_read=("collector",), clause="5.4",
    zh="对委外机构每年至少评价1次,合同到期前再评价。",
)  # fmt: skip
def agency_evaluated(f: Facts, p: Any) -> Mask:
    """Each agency is evaluated at least once a year, and again before its contract runs out."""
    return by_an_agency(f) & ~f.papers.has("agency_evaluation")


@PACK.rule(
    "CN-OUT-003", instrument="cba_2026", force="SELF-MUST", confidence="S", effect="require",
    needs=("papers",), may_read=("collector",),
    zh="对委外机构的检查每年不低于1次;不以回收率为单一考核指标。",
)  # fmt: skip
def agency_inspected(f: Facts, p: Any) -> Mask:
    """Each agency is inspected at least once a year, and not paid on recovery alone."""
    return by_an_agency(f) & ~f.papers.has("agency_inspection")


@PACK.rule(
    "CN-OUT-004", instrument="gbt_45251", force="STD-SHOULD", confidence="S", effect="deny",
    needs=("papers",), channels=STAFFED, clause="5.2",
    zh="催收人员岗前培训考核,此后每年至少一次。",
)  # fmt: skip
def collectors_are_trained(f: Facts, p: Any) -> Mask:
    """A collector is trained and tested before work, and then at least once a year."""
    return ~f.papers.has("collector_certificate")


@PACK.rule(
    "CN-OUT-005", instrument="nifa_2024", force="SELF-MUST", confidence="S", effect="require",
    needs=("papers",), channels=STAFFED,
    zh="不得录用有暴力犯罪等记录或严重失信的人员从事催收。",
)  # fmt: skip
def collectors_are_checked(f: Facts, p: Any) -> Mask:
    """
    Nobody collects who has a record of violent crime or seriously bad credit.

    The guideline was replaced on 2025-02-28; the rule is kept, since the standard could not be read.
    """
    return ~f.papers.has("background_check")


@PACK.rule(
    "CN-OUT-006", instrument="cba_2026", force="SELF-MUST", confidence="S",
    effect="forbid_content", may_read=("collector", "found", "channel"),
    zh="外部催收机构须表明受委托身份,不得以会员单位身份催收。",
)  # fmt: skip
def agency_does_not_pose(f: Facts, p: Any) -> Mask:
    """An agency says that it acts for the lender, and never poses as the lender."""
    return by_an_agency(f) & words_found(f, "impersonate_lender")


@PACK.rule(
    "HOUSE-OUT-001", instrument="house", force="HOUSE", confidence="HOUSE",
    effect="require_content", needs=("collector",), may_read=("says",), channels=WRITTEN,
    optional=True, clause="beside CN-OUT-006",
    zh="外部催收机构发送的文字须写明该机构名称(默认不启用)。",
)  # fmt: skip
def agency_names_itself(f: Facts, p: Any) -> Mask:
    """
    What an agency writes names the agency.

    It ships off, since texts sent from the lender's own ports speak for the lender.
    """
    return by_an_agency(f) & ~f.says.has("agency")


@PACK.rule(
    "CN-DATA-003", instrument="pipl", force="LAW", confidence="T", effect="require",
    needs=("papers",), may_read=("collector",), clause="art. 21",
    zh="委托处理个人信息须约定目的、期限、方式、种类、保护措施和双方权利义务;不得转委托;结束后返还或删除。",
)  # fmt: skip
def agency_has_a_contract(f: Facts, p: Any) -> Mask:
    """
    An agency is entrusted by a contract that states purpose, term, way, kinds of data, protection
    and rights, without sub-entrusting; at its end everything is returned or deleted.
    """
    return by_an_agency(f) & ~f.papers.has("placement_contract")
