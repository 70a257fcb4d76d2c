"""Machines that decide, write and call."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.masks import has_any
from recoup.rulebook.packs.china import PACK

ROBOT = ("robot_call",)
MADE_BY_AI = ("robot_call", "sms", "im", "app_push", "email")
# Where somebody is to be spoken to by a person, if at all.
FOR_A_PERSON = ("dispute", "complaint", "hardship", "deceased", "attorney", "moratorium",
                "vulnerable", "mental_health_crisis", "bereavement")  # fmt: skip


def by_robot(f: Facts) -> Mask:
    """Where a machine speaks, or nobody says by which channel."""
    return f.channel.among(*ROBOT) | f.missing("channel")


def by_ai(f: Facts) -> Mask:
    """Where a machine speaks, or wrote the words."""
    return by_robot(f) | f.marks.has("ai_made")


@PACK.rule(
    "CN-AI-001", instrument="ai_labels", force="RULE", confidence="S", effect="require_content",
    needs=("marks",), may_read=("channel", "says", "papers"), channels=MADE_BY_AI,
    zh="人工智能生成合成内容须有显著标识,生成的文件须有隐式标识。",
)  # fmt: skip
def ai_is_labelled(f: Facts, p: Any) -> Mask:
    """
    A synthetic voice or a message made by AI carries a label that people notice, and its files a
    hidden one.
    """
    a_file = by_robot(f) & ~f.papers.has("ai_label")
    return by_ai(f) & (~f.says.has("ai") | a_file)


@PACK.rule(
    "CN-AI-003", instrument="cba_2026", force="SELF-MUST", confidence="S", effect="require",
    needs=("marks", "papers"), may_read=("channel",),
    zh="催收使用人工智能须防止不公平歧视,确保可用、可靠、准确。",
)  # fmt: skip
def ai_is_fair(f: Facts, p: Any) -> Mask:
    """
    AI in collection does not discriminate unfairly and is exact: a fairness report not older than
    the house allows is on file.
    """
    return by_ai(f) & ~f.papers.has("fairness_report")


@PACK.rule(
    "CN-DATA-006", instrument="pipl", force="LAW", confidence="T", effect="require",
    needs=("opt_outs", "papers", "channel"), clause="art. 24",
    zh="对个人权益有重大影响的自动化决策,本人有权拒绝仅由机器作出决定:须转人工。",
)  # fmt: skip
def no_machine_alone(f: Facts, p: Any) -> Mask:
    """
    Who refused decisions by machine alone is not called by a robot, and contacted only where a
    person has approved of it.
    """
    alone = f.channel.among(*ROBOT) | ~f.papers.has("approval_of_person")
    return f.opt_outs.has("automated") & alone


@PACK.rule(
    "HOUSE-AI-001", instrument="house", force="HOUSE", confidence="HOUSE", effect="require",
    needs=("papers", "found"), channels=ROBOT,
    zh="机器人外呼的话术须经审读,并可随时转接人工。",
)  # fmt: skip
def robots_hand_over(f: Facts, p: Any) -> Mask:
    """
    A robot calls only with words that were read, and where it can hand over to a person at any time.
    """
    return ~f.papers.has("human_override")


@PACK.rule(
    "HOUSE-AI-002", instrument="house", force="HOUSE", confidence="HOUSE", effect="deny",
    needs=("stops",), channels=ROBOT,
    zh="困境、去世、异议、投诉、冻结期、律师代理等情形不得由机器人联系。",
)  # fmt: skip
def no_robots_for_people_in_need(f: Facts, p: Any) -> Mask:
    """
    No robot calls where somebody is vulnerable or dead, disputes or complains, or has a moratorium
    or a lawyer.
    """
    return has_any(f.stops, *FOR_A_PERSON)
