"""Substantiation, old debts, e-mail."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.masks import maybe_by
from recoup.rulebook.packs.us_new_york import PACK


@PACK.rule(
    "US-NY-001", instrument="nycrr_23_1", force="LAW", confidence="M", effect="require",
    needs=("papers", "marks", "consents"), may_read=("channel",), clause="23 NYCRR 1; CPLR 214-i",
    zh="纽约州:应要求提供债务证明;时效届满须有告知;电子邮件须取得同意。",
)  # fmt: skip
def substantiation_notice_consent(f: Facts, p: Any) -> Mask:
    """
    New York: a debt disputed in writing is substantiated first; a time-barred one is written about
    only with the notice that it is one; e-mails need consent.

    From memory: see the text before use.
    """
    unproven = f.marks.has("written_dispute") & ~f.papers.has("verification")
    unsaid = f.marks.has("time_barred") & ~f.papers.has("time_barred_notice")
    agreed = f.consents.has("email") | f.consents.has("electronic")
    return unproven | unsaid | (maybe_by(f, "email") & ~agreed)
