"""The credit bureau: the notice comes before the report, and only the truth is said of it."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.masks import WRITTEN, words_found
from recoup.rulebook.packs.china import PACK


def _announces(f: Facts) -> Mask:
    return f.purpose.among("bureau_notice") | f.marks.has("bureau_report")


@PACK.rule(
    "CN-CRB-001", instrument="credit_bureau", force="LAW", confidence="T", effect="require",
    needs=("marks", "papers"), may_read=("purpose",), clause="arts. 15, 41",
    zh="提供个人不良信息应当事先告知本人。",
)  # fmt: skip
def told_before_reporting(f: Facts, p: Any) -> Mask:
    """
    The person is told before adverse information goes to a credit bureau: where a report is to be
    made and no notice was delivered, only the notice is sent.
    """
    waits = f.marks.has("bureau_report") & ~f.papers.has("bureau_notice")
    return waits & ~f.purpose.among("bureau_notice")


@PACK.rule(
    "CN-CRB-002", instrument="credit_bureau", force="LAW", confidence="T", effect="require",
    needs=("marks", "consents", "papers", "purpose"), clause="art. 29",
    zh="向征信机构提供信贷信息须取得本人书面同意。",
)  # fmt: skip
def reported_by_consent(f: Facts, p: Any) -> Mask:
    """
    Credit data goes to the bureau only with the person's written consent; without it no report is
    announced.
    """
    return _announces(f) & ~(f.consents.has("bureau") | f.papers.has("bureau_consent"))


@PACK.rule(
    "CN-CRB-003", instrument="credit_bureau", force="LAW", confidence="T",
    effect="forbid_content", may_read=("found", "channel"), clause="art. 16",
    zh="不良信息自不良行为或者事件终止之日起保存5年,不得作其他表述。",
)  # fmt: skip
def five_years_and_no_more(f: Facts, p: Any) -> Mask:
    """
    Adverse records are kept five years from the day the adverse act ends: no text says otherwise.
    """
    return words_found(f, "bureau_term")


@PACK.rule(
    "CN-CRB-004", instrument="credit_bureau", force="LAW", confidence="T", effect="require",
    needs=("stops", "marks", "purpose"), clause="art. 25",
    zh="对征信异议应予标注并在20日内核查、书面答复;答复前不得就该信息再作报送告知。",
)  # fmt: skip
def objection_answered_first(f: Facts, p: Any) -> Mask:
    """
    An objection to a credit report is marked, checked and answered in writing; until then no
    further report of it is announced.
    """
    return f.stops.has("bureau_dispute") & _announces(f)


@PACK.rule(
    "CN-CRB-005", instrument="pbc_repair_2025", force="RULE", confidence="S",
    effect="forbid_content", may_read=("found", "channel"),
    zh="一次性信用修复已截止(2026年3月31日前还清);不得承诺政策之外的修复或为此收费。",
)  # fmt: skip
def no_repair_beyond_the_policy(f: Facts, p: Any) -> Mask:
    """
    The one-off credit repair is closed; nobody promises repair outside that policy, or charges for
    it.
    """
    return words_found(f, "bureau_repair")


@PACK.rule(
    "CN-SAY-Y05", instrument="credit_bureau", force="LAW", confidence="T",
    effect="require_content", needs=("purpose",), may_read=("says",), channels=WRITTEN,
    clause="art. 15", zh="不良信息报送告知须写明将予报送。",
)  # fmt: skip
def say_it_will_be_reported(f: Facts, p: Any) -> Mask:
    """A notice before adverse reporting says that it will be reported."""
    return f.purpose.among("bureau_notice") & ~f.says.has("bureau_notice")
