"""Fields that desks share: amounts as people write them, days with a calendar."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, TypeVar

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _

from recoup.kernel.clock import at_local
from recoup.kernel.errors import Invalid, RecoupError
from recoup.kernel.money import Money
from recoup.kernel.text import tidy

Day = TypeVar("Day", bound=date)
# Days outside have no midnights in some time zone, or are typing errors.
YEARS = range(1900, 2201)


def day_from(text: str) -> date | None:
    """A day as it stands in an address; nothing if it is none, or far from ours."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in YEARS else None


class MoneyField(forms.CharField):
    """An amount in a currency, read as people write it: 1,234.50, ¥1234.5, １２３."""

    def __init__(self, *, currency: str = "CNY", **kwargs: Any) -> None:
        kwargs.setdefault(
            "widget", forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        )
        super().__init__(max_length=30, **kwargs)
        self.currency = currency

    def clean(self, value: Any) -> Any:
        """The amount. :raises ValidationError: for what is no amount, or not more than nothing"""
        text = super().clean(value)
        if not text:
            return None
        try:
            amount = Money.parse(tidy(text), self.currency)
        except Invalid:
            raise forms.ValidationError(
                _("“%(text)s” is not an amount. Write it as 1,234.50.") % {"text": text}
            ) from None
        if amount.minor <= 0:
            raise forms.ValidationError(_("The amount must be more than nothing."))
        return amount


class DayField(forms.DateField):
    """A day, chosen in the browser's calendar or typed as 2026-11-23."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
        kwargs.setdefault("widget", widget)
        super().__init__(input_formats=["%Y-%m-%d", "%Y/%m/%d"], **kwargs)

    def to_python(self, value: Any) -> date | None:
        """The day. :raises ValidationError: for none, or one that is far from ours"""
        return _near(super().to_python(value), self)


class MomentField(forms.DateTimeField):
    """A day and a time, chosen in the browser or typed as 2026-11-23 10:00; its clock is the asker's."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"})
        kwargs.setdefault("widget", widget)
        super().__init__(input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"], **kwargs)

    def to_python(self, value: Any) -> datetime | None:
        """The moment. :raises ValidationError: for none, or one that is far from ours"""
        return _near(super().to_python(value), self)


def _near(day: Day | None, field: forms.Field) -> Day | None:
    if day is not None and day.year not in YEARS:
        raise forms.ValidationError(field.error_messages["invalid"], code="invalid")
    return day


def at_place(value: datetime, zone: str) -> datetime:
    """The instant when clocks at a place show what was typed into a `MomentField`."""
    shown = timezone.localtime(value).replace(tzinfo=None)
    return at_local(shown.date(), shown.time(), zone)


def take(form: forms.Form, error: RecoupError) -> None:
    """Show what a stage said about the input above the form that sent it."""
    said = [str(problem) for problem in getattr(error, "problems", ())] or [str(error)]
    for text in said:
        form.add_error(None, text)
