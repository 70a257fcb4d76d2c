"""How often, and by which means."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.masks import ELECTRONIC
from recoup.rulebook.packs.us_new_york_city import PACK
from recoup.rulebook.until import long_window_free


@PACK.rule(
    "US-NYC-FREQ-001", instrument="rcny_5_77_2026", force="LAW", confidence="S", effect="limit",
    needs=("contacts_in_week",), until=long_window_free,
    zh="纽约市:每个账户七天内各渠道联系及尝试合计不超过三次(2026年9月1日起)。",
)  # fmt: skip
def three_in_seven_days(f: Facts, p: Any) -> Mask:
    """
    New York City, from 1 September 2026: at most three contacts or attempts in seven days about an
    account, by all means together.
    """
    return f.contacts_in_week >= p.most_city_contacts


@PACK.rule(
    "US-NYC-ELEC-001", instrument="rcny_5_77", force="LAW", confidence="S", effect="deny",
    needs=("consents", "opt_outs"), may_read=("channel",), channels=ELECTRONIC,
    zh="纽约市:邮件、短信、社交媒体须事先取得同意;一个词即可免费退订。",
)  # fmt: skip
def consent_to_electronic(f: Facts, p: Any) -> Mask:
    """
    New York City: e-mail, text and social media only with the person's consent to that medium; one
    word ends it.
    """
    agreed = (
        f.consents.has("electronic")
        | (f.channel.among("sms") & f.consents.has("sms"))
        | (f.channel.among("email") & f.consents.has("email"))
    )
    return ~agreed | f.opt_outs.has("medium")
