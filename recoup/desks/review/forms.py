"""What is asked of the rules, and of those who may set one aside."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from recoup.gate.gather import MEDIUM
from recoup.kernel.clock import zone as zone_of
from recoup.look import terms
from recoup.look.forms import MomentField
from recoup.portfolio.models import ContactPoint
from recoup.rulebook.vocabulary import CHANNELS, COLLECTORS, LENDERS, MARKS, PAPERS, REGIONS, STOPS

# The counts that a person can say without looking into a counter.
COUNTS = ("effective_calls_today", "unconnected_today", "contacts_in_window")
SOURCES = ("contract", "debtor_authorised", "lawful_public", "unknown")
MOST = 99


def words(kind: str, codes: Any) -> list[tuple[str, str]]:
    """Codes with their words, for a select box."""
    return [(code, terms.word(kind, code)) for code in codes]


def or_ordinary(kind: str, codes: Any) -> list[tuple[str, str]]:
    """The same, after a line that leaves it as it ordinarily is."""
    return [("", str(_("As usual"))), *words(kind, codes)]


class CaseQuestion(forms.Form):
    """May I contact this case?"""

    case = forms.CharField(
        label=_("Case number"), max_length=60,
        help_text=_("As on the case page; a whole account or customer number does as well."),
    )  # fmt: skip
    channel = forms.ChoiceField(label=_("Channel"))
    point = forms.ChoiceField(label=_("To"), required=False)
    when = MomentField(
        label=_("When"), required=False, help_text=_("Empty: now. The clock is the book's.")
    )
    recording_ready = forms.BooleanField(label=_("The call is recorded"), required=False)
    identity_confirmed = forms.BooleanField(label=_("Their identity is confirmed"), required=False)

    def __init__(self, *args: Any, points: list[ContactPoint], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["channel"].choices = words("channel", MEDIUM)
        self.fields["point"].choices = [
            ("", str(_("The first that fits"))),
            *((str(row.pk), f"{row.masked} · {terms.word('party', row.party)}") for row in points),
        ]

    def session(self) -> dict[str, object]:
        """What only the one who contacts can know."""
        said = self.cleaned_data
        return {name: True for name in ("recording_ready", "identity_confirmed") if said[name]}


class FactsQuestion(forms.Form):
    """May somebody like that be contacted?"""

    country = forms.ChoiceField(label=_("Country"))
    channel = forms.ChoiceField(label=_("Channel"))
    when = MomentField(
        label=_("When"), required=False, help_text=_("Empty: now. The clock is the country's.")
    )
    party = forms.ChoiceField(label=_("Who is contacted"), required=False)
    product = forms.ChoiceField(label=_("Product"), required=False)
    lender = forms.ChoiceField(label=_("Kind of lender"), required=False)
    collector = forms.ChoiceField(label=_("Who collects"), required=False)
    regions = forms.ChoiceField(label=_("Region"), required=False)
    contact_source = forms.ChoiceField(label=_("Where the number comes from"), required=False)
    stops = forms.ChoiceField(label=_("Stop"), required=False)
    opt_outs = forms.ChoiceField(label=_("Refused by the person"), required=False)
    birth_year = forms.IntegerField(
        label=_("Year of birth"), required=False, min_value=1900, max_value=2100
    )
    effective_calls_today = forms.IntegerField(required=False, min_value=0, max_value=MOST)
    unconnected_today = forms.IntegerField(required=False, min_value=0, max_value=MOST)
    contacts_in_window = forms.IntegerField(required=False, min_value=0, max_value=MOST)
    discloses_debt = forms.BooleanField(label=_("The text names the debt"), required=False)
    marks = forms.MultipleChoiceField(
        label=_("Marks"), required=False, widget=forms.SelectMultiple(attrs={"size": 6})
    )
    papers = forms.MultipleChoiceField(
        label=_("Papers on file"), required=False, widget=forms.SelectMultiple(attrs={"size": 6})
    )

    def __init__(self, *args: Any, countries: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = {
            "country": words("country", countries), "channel": words("channel", CHANNELS),
            "party": or_ordinary("law_party", terms.TERMS["law_party"]),
            "product": or_ordinary("law_product", terms.TERMS["law_product"]),
            "lender": or_ordinary("lender", LENDERS),
            "collector": or_ordinary("collector_kind", COLLECTORS),
            "regions": or_ordinary("region", REGIONS),
            "contact_source": or_ordinary("source", SOURCES),
            "stops": [("", str(_("None"))), *words("stop", STOPS)],
            "opt_outs": [("", str(_("Nothing"))), *words("opt_out_kind", terms.TERMS["opt_out_kind"])],
            "marks": words("mark", MARKS), "papers": words("paper", PAPERS),
        }  # fmt: skip
        for name, some in choices.items():
            self.fields[name].choices = some
        for name in COUNTS:
            self.fields[name].label = terms.word("fact", name)

    def facts(self, ordinary: dict[str, object]) -> dict[str, object]:
        """The facts that differ from the ordinary contact's."""
        said = self.cleaned_data
        words = ("party", "product", "lender", "collector", "contact_source")
        found: dict[str, object] = {name: said[name] for name in words if said[name]}
        found |= {name: said[name] for name in (*COUNTS, "birth_year") if said[name] is not None}
        found |= {name: [said[name]] for name in ("stops", "opt_outs", "regions") if said[name]}
        for name in ("marks", "papers"):
            before = ordinary.get(name)
            kept = list(before) if isinstance(before, list | tuple) else []
            found[name] = sorted({*kept, *said[name]})
        if said["discloses_debt"]:
            found["discloses_debt"] = True
        return found


class AskForm(forms.Form):
    """Asking that rules be set aside."""

    rules = forms.MultipleChoiceField(
        label=_("Rules to set aside"), widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one rule.")},
    )  # fmt: skip
    until = MomentField(
        label=_("Until"), help_text=_("At most a week. The clock is the book's.")
    )  # fmt: skip
    reason = forms.CharField(
        label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Whoever decides reads it, and the journal keeps it."),
    )  # fmt: skip

    def __init__(self, *args: Any, names: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["rules"].choices = [(name, name) for name in names]


def typed(at: datetime, zone: str) -> str:
    """An instant as the browser's field wants it, on the clocks of a place."""
    return f"{at.astimezone(zone_of(zone)):%Y-%m-%dT%H:%M}"
