"""Machines that call or write: consent, and its end."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.packs.united_states import PACK

MACHINES = ("robot_call", "sms")


@PACK.rule(
    "US-ROBO-001", instrument="tcpa", force="LAW", confidence="S", effect="deny",
    needs=("marks", "consents"), may_read=("channel",), channels=MACHINES,
    clause="47 USC 227(b)(1)(A); 47 CFR 64.1200(a)(1)",
    zh="以自动拨号、人工合成或预录语音联系手机,须事先取得明示同意;AI 语音视为人工合成语音。",
)  # fmt: skip
def consent_to_machines(f: Facts, p: Any) -> Mask:
    """
    A machine calls or writes to a mobile only with the person's prior express consent; the voice
    of an AI is an artificial voice.

    A number counts as a mobile unless it is known for a landline, and a message as dialled by a
    machine. That AI voices count (FCC 24-17) is from memory.
    """
    voice = f.channel.among("robot_call") & f.marks.has("landline")
    agreed = f.consents.has("robot_call") | (f.channel.among("sms") & f.consents.has("sms"))
    return ~voice & ~agreed


@PACK.rule(
    "US-ROBO-002", instrument="tcpa_revocation", force="LAW", confidence="S", effect="deny",
    needs=("opt_outs",), channels=MACHINES, clause="47 CFR 64.1200(a)(10)",
    zh="以任何合理方式撤回同意即有效,须在10个工作日内停止;本系统立即停止。",
)  # fmt: skip
def consent_revoked(f: Facts, p: Any) -> Mask:
    """
    Who takes back the consent to machines, in any reasonable way, is no more called or written to
    by one.

    The law gives ten business days; the house takes none. That a refusal by one medium ends all
    (put off, perhaps to 2027-01-31) is not applied: each medium has its own refusal.
    """
    return f.opt_outs.has("automated")
