"""The trade's words for what is kept of collectors."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

STAFF: dict[str, Mapping[str, str | Promise]] = {
    "tier": {"junior": pgettext_lazy("tier", "Junior"), "senior": pgettext_lazy("tier", "Senior")},
    "absence": {
        "leave": pgettext_lazy("absence", "Leave"),
        "unplanned": pgettext_lazy("absence", "Unplanned"),
        "training": pgettext_lazy("absence", "Training"),
        "other": pgettext_lazy("absence", "Other"),
    },
    "tie": {
        "family": pgettext_lazy("tie", "Family"),
        "household": pgettext_lazy("tie", "Same household or name"),
        "friend": pgettext_lazy("tie", "Friend"),
        "employer": pgettext_lazy("tie", "Same employer"),
        "other": pgettext_lazy("tie", "Other"),
    },
    "skill": {
        "vulnerable": pgettext_lazy("skill", "People in distress"),
        "late": pgettext_lazy("skill", "Late stages"),
        "card": pgettext_lazy("skill", "Credit cards"),
    },
}
