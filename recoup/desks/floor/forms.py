"""What a leader writes down of the people of the team."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from recoup.look import terms
from recoup.look.forms import DayField
from recoup.people.models.staff import EVERY_DAY, Tier


class AwayForm(forms.Form):
    """Until when somebody is away, and the class of absence."""

    prefix = "away"
    last = DayField(label=_("Last day away"))
    kind = forms.ChoiceField(
        label=_("Kind"), help_text=_("A class is enough. Why somebody is ill is not asked here.")
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["last"].initial = today
        self.fields["kind"].choices = terms.choices("absence")
        self.fields["kind"].initial = "unplanned"


class AbsentForm(forms.Form):
    """Days to come on which somebody is away."""

    prefix = "absent"
    since = DayField(label=_("First day away"))
    last = DayField(label=_("Last day away"))
    kind = forms.ChoiceField(label=_("Kind"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = terms.choices("absence")


class SeatForm(forms.Form):
    """How somebody works."""

    prefix = "seat"
    tier = forms.ChoiceField(label=_("Tier"))
    capacity = forms.IntegerField(
        label=_("Cases at most"), required=False, min_value=0, max_value=1_000_000,
        help_text=_("Empty for an equal share of what there is."),
    )  # fmt: skip
    weekdays = forms.CharField(
        label=_("Weekdays"), max_length=7, initial=EVERY_DAY,
        help_text=_("As digits; Monday is 1: 12345."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tier"].choices = [(code, terms.word("tier", code)) for code in Tier.values]


class QualifyForm(forms.Form):
    """What somebody can, parted by semicolons as in a list."""

    prefix = "can"
    skills = forms.CharField(
        label=_("Skills"), required=False, max_length=500,
        help_text=_("late:senior; card. Which cases need them the strategy says; “vulnerable” is for people in distress."),
    )  # fmt: skip
    languages = forms.CharField(
        label=_("Languages"), required=False, max_length=200, help_text=_("zh; yue; en")
    )
    licences = forms.CharField(
        label=_("Licences"), required=False, max_length=1000,
        help_text=_("Place, number and last day: US-MA:A17:2027-01-31; CN-浙江:B2"),
    )  # fmt: skip
