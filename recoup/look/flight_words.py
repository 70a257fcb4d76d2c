"""The trade's words for flights of strategies: what is measured, what stands in the way."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

FLIGHTS: Mapping[str, Mapping[str, str | Promise]] = {
    "flight": {
        "waiting": pgettext_lazy("flight", "Waits for its turn"),
        "flying": pgettext_lazy("flight", "In the air"),
        "flown": pgettext_lazy("flight", "Flown"),
        "failed": pgettext_lazy("flight", "Failed"),
        "recalled": pgettext_lazy("flight", "Called back"),
    },
    "flight_measure": {
        "recovered": pgettext_lazy("flight", "Recovered"),
        "cost": pgettext_lazy("flight", "Cost"),
        "net": pgettext_lazy("flight", "Recovered less cost"),
        "contacts": pgettext_lazy("flight", "Contacts"),
        "contacts_a_person": pgettext_lazy("flight", "Contacts for each person contacted"),
        "persons": pgettext_lazy("flight", "Persons contacted"),
        "complaints": pgettext_lazy("flight", "Complaints"),
        "opt_outs": pgettext_lazy("flight", "Opt-outs"),
        "promises": pgettext_lazy("flight", "Promises"),
        "left_alone": pgettext_lazy("flight", "Left alone on a day"),
        "refused_share": pgettext_lazy("flight", "Refused of the contacts asked about"),
    },
    "flight_harm": {
        "complaints": _("Complaints above the champion's, beyond chance and assumptions"),
        "refusals": _("Many more refusals by the law than under the champion"),
        "budget": _("A budget exceeded"),
    },
    "cleared": {
        "in_force": pgettext_lazy("cleared", "in force"),
        "shipped": pgettext_lazy(
            "cleared", "the first of its book, and one that comes with Recoup"
        ),
        "flown": pgettext_lazy("cleared", "flown lately, and no harm foretold"),
        "approved": pgettext_lazy("cleared", "approved by name"),
    },
    "strategy_part": {
        "name": pgettext_lazy("part", "Name"),
        "note": pgettext_lazy("part", "Note"),
        "holdout": pgettext_lazy("part", "Holdout"),
        "explore": pgettext_lazy("part", "Drawn at random"),
        "self_cure": pgettext_lazy("part", "Left to pay by themselves"),
        "exits": pgettext_lazy("part", "Ends when"),
        "contact_limit": pgettext_lazy("part", "Contacts a person"),
        "budgets": pgettext_lazy("part", "Budgets"),
        "own": pgettext_lazy("part", "Budgets of its own"),
        "assumptions": pgettext_lazy("part", "Assumptions"),
        "treatments": pgettext_lazy("part", "Treatments"),
        "segments": pgettext_lazy("part", "Segments"),
        "salt": pgettext_lazy("part", "Draw of the arms"),
        "arms": pgettext_lazy("part", "Arms"),
        "guard": pgettext_lazy("part", "Stopped by itself"),
    },
}
