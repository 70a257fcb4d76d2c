"""The words of experiments, judgements from the log and routing, for `terms`."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

LEARNING: dict[str, Mapping[str, str | Promise]] = {
    "group": {
        "robot": pgettext_lazy("group", "Machine"),
        "message": pgettext_lazy("group", "Message"),
        "human": pgettext_lazy("group", "Person"),
    },
    "measure": {
        "recovery": pgettext_lazy("measure", "recovery"),
        "complaints": pgettext_lazy("measure", "share of complaints"),
    },
    "look": {
        "look_on": pgettext_lazy("look", "Not clear yet"),
        "better": pgettext_lazy("look", "Clearly more"),
        "worse": pgettext_lazy("look", "Clearly less"),
        "harm": pgettext_lazy("look", "Stopped for harm"),
        "too_small": pgettext_lazy("look", "Too small to matter"),
        "no_answer": pgettext_lazy("look", "No answer in twice the time"),
    },
    "estimator": {
        "ips": _("Weighting"),
        "snips": _("Normalised weighting"),
        "direct": _("Model alone"),
        "doubly": _("Doubly robust"),
        "switch": _("Switch"),
    },
    "estimator_help": {
        "ips": _(
            "Each outcome is weighed by how much likelier the version makes its action (IPS)."
        ),
        "snips": _("The same, divided by the sum of weights (SNIPS)."),
        "direct": _(
            "What a regression expects of the version's actions; wrong where the model is."
        ),
        "doubly": _("The model, corrected by the weighed errors: right if either is (DR)."),
        "switch": _("Doubly robust, but the model alone where a weight is very large."),
    },
}
