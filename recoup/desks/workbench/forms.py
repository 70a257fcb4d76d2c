"""What can be written down on a case."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from recoup.kernel.money import Money
from recoup.kernel.text import tidy
from recoup.look import sentences, terms
from recoup.look.forms import DayField, MoneyField
from recoup.portfolio import states
from recoup.portfolio.models import Case, Loan

SPOKEN = ("call", "sms", "email", "letter")


class NoteForm(forms.Form):
    """A collector's note."""

    prefix = "note"
    text = forms.CharField(
        label=_("Note"), max_length=4000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What was said, in your own words. It is sealed and cannot be changed later."),
    )  # fmt: skip


class PromiseForm(forms.Form):
    """A promise to pay."""

    prefix = "promise"
    amount = MoneyField(label=_("Amount"))
    due_on = DayField(label=_("To be paid by"))
    channel = forms.ChoiceField(label=_("How it was made"))

    def __init__(self, *args: Any, currency: str = "CNY", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].currency = currency
        self.fields["channel"].choices = [(c, terms.word("channel", c)) for c in SPOKEN]


class PlanForm(forms.Form):
    """A repayment plan: equal payments, a month apart."""

    prefix = "plan"
    total = MoneyField(label=_("Total to be repaid"))
    count = forms.IntegerField(
        label=_("Number of payments"), min_value=1, max_value=60,
        help_text=_("At most 60, which is five years."),
    )  # fmt: skip
    first_due = DayField(label=_("First payment by"))
    form = forms.ChoiceField(label=_("Form of the agreement"))
    recording = forms.CharField(
        label=_("Recording"), max_length=80, required=False,
        help_text=_("An oral agreement needs its recording, kept until everything is repaid."),
    )  # fmt: skip
    interest = forms.CharField(label=_("Interest from now on"), max_length=200, required=False)
    default = forms.CharField(label=_("If it is not kept"), max_length=200, required=False)
    other = forms.CharField(label=_("What else was agreed"), max_length=200, required=False)
    no_new_card = forms.BooleanField(
        label=_("No new card of this bank until it is repaid"), required=False
    )

    def __init__(
        self, *args: Any, currency: str = "CNY", card: bool = False, **kwargs: Any
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        self.fields["total"].currency = currency
        self.fields["form"].choices = terms.choices("form")
        if not card:
            for name in ("interest", "default", "other", "no_new_card"):
                del self.fields[name]

    @property
    def terms(self) -> dict[str, object]:
        """What the agreement says beside the payments."""
        names = ("interest", "default", "other", "no_new_card")
        return {name: self.cleaned_data[name] for name in names if self.cleaned_data.get(name)}


class PaymentForm(forms.Form):
    """Money received, recorded by hand."""

    prefix = "payment"
    loan = forms.ChoiceField(label=_("Loan"))
    amount = MoneyField(label=_("Amount"))
    value_on = DayField(label=_("Received on"))
    reference = forms.CharField(
        label=_("Bank reference"), max_length=60, required=False,
        help_text=_("As on the bank's slip, so that the same money is not posted twice."),
    )  # fmt: skip

    def __init__(self, *args: Any, loans: list[Loan], currency: str = "CNY", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].currency = currency
        self.fields["loan"].choices = [(str(loan.pk), _loan_label(loan)) for loan in loans]


class MoveForm(forms.Form):
    """A step in the life of the case."""

    prefix = "move"
    to = forms.ChoiceField(label=_("New state"))
    reason = forms.CharField(label=_("Reason"), max_length=200)

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        legal = sorted(states.LEGAL[case.state] - {Case.State.PLACED})
        self.fields["to"].choices = [(state, terms.word("case", state)) for state in legal]


class StopForm(forms.Form):
    """A flag that stops all contact."""

    prefix = "stop"
    reason = forms.ChoiceField(label=_("Reason"))
    source = forms.CharField(
        label=_("Where it is known from"), max_length=80,
        help_text=_("For example: phone call today, letter of 3 May, court notice."),
    )  # fmt: skip
    until = DayField(label=_("Until"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].choices = terms.choices("stop")


class OptOutForm(forms.Form):
    """A borrower's refusal of a medium or of all contact."""

    prefix = "opt"
    scope = forms.ChoiceField(label=_("What is refused"))
    source = forms.CharField(label=_("How it was said"), max_length=80)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scope"].choices = terms.choices("opt_out")


class ReasonForm(forms.Form):
    """Why something is shown or undone."""

    reason = forms.CharField(label=_("Reason"), min_length=4, max_length=200)

    def clean_reason(self) -> str:
        """The reason without stray spaces."""
        return tidy(str(self.cleaned_data["reason"]))


def _loan_label(loan: Loan) -> str:
    owed = sentences.money(Money(loan.owed, loan.currency))
    return f"{loan.reference} · {owed}"
