"""What can be written down on a case."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from recoup.contact import operations as contact
from recoup.kernel.money import Money
from recoup.kernel.text import tidy
from recoup.look import sentences, terms
from recoup.look.forms import DayField, MoneyField
from recoup.portfolio import states
from recoup.portfolio.models import Case, ContactPoint, Loan
from recoup.repayment import operations as repayment
from recoup.repayment.models import Plan
from recoup.rulebook.vocabulary import OPENS

SPOKEN = ("call", "sms", "email", "letter")
# What a card's agreement must hold beside its balance and schedule (CN-STOP-002).
CARD_TERMS = ("interest", "default", "other", "no_new_card")


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
    interest = forms.CharField(
        label=_("Interest from now on"), max_length=200,
        help_text=_("The rate and what it is charged on; “none” if interest stops."),
    )  # fmt: skip
    default = forms.CharField(
        label=_("If it is not kept"), max_length=200,
        help_text=_("What happens to the rest of the debt when a payment is missed."),
    )  # fmt: skip
    other = forms.CharField(
        label=_("What else was agreed"), max_length=200,
        help_text=_("“none” if nothing else was agreed."),
    )  # fmt: skip
    no_new_card = forms.BooleanField(
        label=_("No new card of this bank until it is repaid"),
        error_messages={"required": _("The agreement must say so (CN-STOP-002).")},
    )

    def __init__(
        self, *args: Any, currency: str = "CNY", card: bool = False, today: date | None = None,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        self.card, self.today = card, today
        self.fields["total"].currency = currency
        self.fields["form"].choices = terms.choices("form")
        if not card:
            for name in CARD_TERMS:
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        """What one field alone cannot say: how long it lasts, and what an oral card plan needs."""
        said = super().clean() or self.cleaned_data
        first, count = said.get("first_due"), said.get("count")
        if first and count and self.today:
            last = months_later(first, count - 1)
            if last > repayment.latest_day(today=self.today, is_card=self.card):
                months = repayment.most_months(is_card=self.card)
                self.add_error(
                    "count", _("It lasts longer than {months} months.").format(months=months)
                )
        if self.card and said.get("form") == Plan.Form.ORAL and not said.get("recording"):
            self.add_error("recording", _("An oral agreement names its recording (CN-STOP-003)."))
        return said

    @property
    def terms(self) -> dict[str, object]:
        """What the agreement says beside the payments."""
        return {name: self.cleaned_data[name] for name in CARD_TERMS if name in self.fields}


def months_later(first: date, months: int) -> date:
    """
    The same day of a later month, or its last day.

    >>> str(months_later(date(2026, 12, 31), 2))
    '2027-02-28'
    """
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return date(year, month + 1, min(first.day, monthrange(year, month + 1)[1]))


class OutcomeForm(forms.Form):
    """What a call came to; a page may hold one for each call that runs."""

    outcome = forms.ChoiceField(label=_("What it came to"))
    minutes = forms.IntegerField(
        label=_("Minutes spoken"), min_value=0, max_value=600, required=False,
        help_text=_("Each minute begun; empty if nobody answered."),
    )  # fmt: skip

    def __init__(self, *args: Any, call: int, **kwargs: Any) -> None:
        super().__init__(*args, prefix=f"ended-{call}", **kwargs)
        words = [(code, terms.word("outcome", code)) for code in contact.OUTCOMES]
        self.fields["outcome"].choices = [("", "–"), *words]

    @property
    def seconds(self) -> int:
        """How long the call was."""
        return 60 * (self.cleaned_data["minutes"] or 0)


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


# What a desk may put on file of a case, its borrower or a contact point; what is on file of a
# creditor, book or agency is not a leader's to say.
ON_CASE = {
    "mark": (
        "transferred", "time_barred", "landline", "mobile", "work_point", "work_forbidden",
        "public_view", "number_recycled", "wrong_identity_possible", "bound_by_contract",
        "no_capacity", "student", "estate_renounced", "estate_exceeded", "inconvenient_now",
        "family_occasion", "calamity", "written_dispute", "validation_period", "bureau_report",
        "adviser_extended", "attorney_silent", "fee_unlisted", "amount_differs",
    ),
    "paper": (
        "recording", "relation_evidence", "identity_match", "transfer_notice", "bought_properly",
        "time_barred_notice", "validation_notice", "verification", "warning_letter",
        "plan_complete", "residual_statement", "attorney_consent", "approval_of_person",
        "bureau_notice", "bureau_consent", "visit_notice", "visit_place", "visit_checklist",
        "two_staff", "entry_consent", "visit_recording",
    ),
}  # fmt: skip


class DeclareForm(forms.Form):
    """Something put on file: how things are, or that a paper exists."""

    prefix = "declare"
    word = forms.ChoiceField(label=_("What"))
    of = forms.ChoiceField(label=_("Of what"))
    source = forms.CharField(
        label=_("Where it is known from"), max_length=120,
        help_text=_("Name the letter, file or person."),
    )  # fmt: skip
    until = DayField(label=_("Valid until"), required=False)

    def __init__(
        self, *args: Any, points: list[ContactPoint], may_open: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        titles = {"mark": _("Marks"), "paper": _("Papers")}
        offered = {
            kind: [code for code in codes if may_open or code not in OPENS]
            for kind, codes in ON_CASE.items()
        }
        self.fields["word"].choices = [
            (titles[kind], [(code, terms.word(kind, code)) for code in codes])
            for kind, codes in offered.items() if codes
        ]  # fmt: skip
        self.fields["of"].choices = [
            ("case", _("This case")), ("borrower", _("The borrower, in every case")),
            *((str(row.pk), f"{terms.word('medium', row.medium)} {row.masked}") for row in points),
        ]  # fmt: skip


class ConflictForm(forms.Form):
    """What ties a collector to the borrower of a case."""

    prefix = "conflict"
    tie = forms.ChoiceField(
        label=_("What ties you"),
        help_text=_("Nobody but you is told. The case goes to somebody else tonight."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tie"].choices = terms.choices("tie")


class TiedForm(ConflictForm):
    """With whom, by a name, a number or an employer."""

    prefix = "tied"
    kind = forms.ChoiceField(label=_("By what"))
    value = forms.CharField(
        label=_("Which"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    field_order = ("tie", "kind", "value")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tie"].help_text = ""
        kinds = ("name", "phone", "email", "identity", "employer")
        self.fields["kind"].choices = [(kind, terms.word("medium", kind)) for kind in kinds]


class ReasonForm(forms.Form):
    """Why something is shown or undone."""

    reason = forms.CharField(label=_("Reason"), min_length=4, max_length=200)

    def clean_reason(self) -> str:
        """The reason without stray spaces."""
        return tidy(str(self.cleaned_data["reason"]))


def _loan_label(loan: Loan) -> str:
    owed = sentences.money(Money(loan.owed, loan.currency))
    return f"{loan.reference} · {owed}"
