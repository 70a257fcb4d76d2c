"""What the house asks of every text."""

from __future__ import annotations

from typing import Any

from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.packs.base import PACK

WRITTEN = ("sms", "email", "letter", "app_push", "im")


@PACK.rule(
    "HOUSE-TEMPLATE-001", instrument="house", force="HOUSE", confidence="HOUSE", effect="approve",
    firm=True,
    needs=("template_state",), channels=WRITTEN, zh="只可发送经审批的模板。",
)  # fmt: skip
def approved_template(f: Facts, p: Any) -> Mask:
    """Only a text that a named person has approved is sent."""
    return ~f.template_state.among("approved")


@PACK.rule(
    "HOUSE-SMS-001", instrument="house", force="HOUSE", confidence="HOUSE",
    effect="require_content", channels=("sms",), needs=("says",),
    must_say=("opt_out",), zh="短信须写明退订方式。",
)  # fmt: skip
def sms_says_how_to_stop(f: Facts, p: Any) -> Mask:
    """An SMS says how to refuse further ones."""
    return ~f.says.has("opt_out")
