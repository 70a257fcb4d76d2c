"""Who we are when we call or write, and on what."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.masks import VOICE
from recoup.rulebook.packs.china import PACK


@PACK.rule(
    "CN-CALL-001", instrument="card_measures", force="RULE", confidence="TT", effect="require",
    needs=("recording_ready",), channels=VOICE, record=("recording",),
    clause="art. 68", zh="电话催收全程录音。",
)  # fmt: skip
def record_calls(f: Facts, p: Any) -> Mask:
    """Record every collection call from start to end."""
    return ~f.recording_ready


@PACK.rule(
    "CN-CALL-002", instrument="anti_fraud", force="LAW", confidence="T", effect="deny",
    needs=("sender_own",), channels=(*VOICE, "sms"), clause="arts. 13, 14, 31",
    zh="真实主叫号码;禁止改号、出租出借线路、短信端口和账户。",
)  # fmt: skip
def true_sender(f: Facts, p: Any) -> Mask:
    """Show a true number of our own; no altered, lent or rented lines, ports or accounts."""
    return ~f.sender_own


@PACK.rule(
    "CN-CALL-003", instrument="cba_2026", force="SELF-MUST", confidence="S", effect="deny",
    needs=("marks", "papers"),
    zh="未经委托机构同意,不得使用私人手机、私人社交账号联系债务人。",
)  # fmt: skip
def no_personal_accounts(f: Facts, p: Any) -> Mask:
    """
    Nobody contacts a debtor from a private phone or a private account without the lender's consent.
    """
    return f.marks.has("personal_account") & ~f.papers.has("account_approval")


@PACK.rule(
    "CN-CALL-004", instrument="house", force="HOUSE", confidence="S", effect="deny",
    needs=("sender_registered",), channels=(*VOICE, "sms"),
    zh="发送号码须在码号台账内且在有效期内。",
)  # fmt: skip
def registered_sender(f: Facts, p: Any) -> Mask:
    """Refuse any number that is not in the registry, or whose entry has run out."""
    return ~f.sender_registered
