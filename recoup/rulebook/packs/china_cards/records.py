"""What an issuer keeps of its calls."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.masks import VOICE
from recoup.rulebook.packs.china_cards import PACK


@PACK.rule(
    "CN-DATA-011", instrument="card_measures", force="RULE", confidence="TT", effect="require",
    needs=("papers",), channels=VOICE, clause="art. 68",
    zh="信用卡催收录音资料至少保存2年备查。",
)  # fmt: skip
def recordings_are_kept(f: Facts, p: Any) -> Mask:
    """
    Credit cards: recordings of calls are kept for at least two years; the retention policy says so.

    The policy is read against `card_recording_years` when it is put on file.
    """
    return ~f.papers.has("retention_policy")
