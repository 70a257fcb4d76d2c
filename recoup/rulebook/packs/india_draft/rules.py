"""The whole of the draft in one rule, as the tables give it."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.masks import CLOCK, VOICE, has_any, maybe_by, outside
from recoup.rulebook.packs.india_draft import PACK
from recoup.rulebook.until import next_waking_hour


@PACK.rule(
    "IN-DRAFT-001", instrument="rbi_draft_2026", force="DRAFT", confidence="S", effect="deny",
    needs=(*CLOCK, "party", "marks", "stops", "papers"),
    may_read=("party_bound", "channel", "consents", "recording_ready", "collector"),
    until=next_waking_hour, clause="paras 453A ff.",
    zh="2026草案:仅联系借款人或担保人,8:00至19:00;丧事、灾害、婚礼、节日不得打扰;"
    "在借款人选定地点会面;催收电话录音;代理人持证;董事会政策。",
)  # fmt: skip
def responsible_recovery(f: Facts, p: Any) -> Mask:
    """
    Draft: borrower and guarantor only, 08:00 to 19:00, wishes about time heeded; nobody else called;
    no contact at bereavement, calamity, wedding or festival; visits at the place the borrower picks;
    calls recorded, agents certified, a policy of the board.
    """
    others = ~(f.party.among("debtor") | (f.party.among("guarantor") & f.party_bound))
    hours = outside(f, p.draft_from, p.draft_until)
    occasion = f.stops.has("bereavement") | has_any(
        f.marks, "inconvenient_now", "family_occasion", "calamity"
    )
    place = f.papers.has("visit_place") | f.consents.has("place")
    visit = maybe_by(f, "visit") & ~place
    call = maybe_by(f, *VOICE) & ~f.recording_ready
    agent = ~f.collector.among("creditor") & ~f.papers.has("collector_certificate")
    return others | hours | occasion | visit | call | agent | ~f.papers.has("board_policy")
