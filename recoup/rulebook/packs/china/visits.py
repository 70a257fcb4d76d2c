"""Visits: by two, with papers, on record, at the door, and in private."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.packs.china import PACK

VISIT = ("visit",)


@PACK.rule(
    "CN-VISIT-001", instrument="cba_2026", force="SELF-MUST", confidence="S", effect="require",
    needs=("papers",), channels=VISIT, zh="外访不少于两名人员。",
)  # fmt: skip
def two_go(f: Facts, p: Any) -> Mask:
    """At least two people go on a visit."""
    return ~f.papers.has("two_staff")


@PACK.rule(
    "CN-VISIT-002", instrument="cba_2026", force="SELF-MUST", confidence="S", effect="require",
    needs=("papers",), channels=VISIT, parties=("debtor",),
    zh="外访主动出示证件、授权及借款信息。",
)  # fmt: skip
def they_show_papers(f: Facts, p: Any) -> Mask:
    """
    Visitors show at once who they are, on whose authority they come, and for which loan.

    Also 自律公约 2018 art. 15.
    """
    return ~f.papers.has("credentials")


@PACK.rule(
    "CN-VISIT-003", instrument="cba_2026", force="SELF-MUST", confidence="S", effect="require",
    needs=("papers",), channels=VISIT, record=("visit_recording",), zh="外访全程录音录像。",
)  # fmt: skip
def visits_are_recorded(f: Facts, p: Any) -> Mask:
    """
    Sound or video is recorded all through a visit.

    Also 自律公约 2018 art. 21.
    """
    return ~f.papers.has("visit_recording")


@PACK.rule(
    "CN-VISIT-004", instrument="cba_2026", force="SELF-MUST", confidence="S", effect="deny",
    needs=("papers",), channels=VISIT,
    zh="未经同意不得进入住宅等私人场所或债务人的办公区域。",
)  # fmt: skip
def nobody_enters_unasked(f: Facts, p: Any) -> Mask:
    """
    Nobody enters a home, another private place or the debtor's office without consent.

    Also 民法典 art. 1033(2), 刑法 art. 245. An order to stay outside is as good as a consent.
    """
    return ~f.papers.has("entry_consent")


@PACK.rule(
    "CN-VISIT-005", instrument="cba_2026", force="SELF-MUST", confidence="S", effect="deny",
    needs=("marks",), channels=("visit", "letter"),
    zh="禁止在公众场所张贴催收公告、律师函。",
)  # fmt: skip
def nothing_is_posted(f: Facts, p: Any) -> Mask:
    """No notice and no lawyer's letter is posted where the public can see it."""
    return f.marks.has("public_view")


@PACK.rule(
    "CN-VISIT-006", instrument="nifa_2018", force="SELF-MUST", confidence="TT", effect="require",
    needs=("papers",), channels=VISIT, clause="art. 20",
    zh="外访着装得体,不得使用误导性服饰。",
)  # fmt: skip
def nobody_dresses_up(f: Facts, p: Any) -> Mask:
    """Visitors dress properly, in nothing that misleads; they go through a checklist before."""
    return ~f.papers.has("visit_checklist")
