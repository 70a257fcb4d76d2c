"""How figures, days, codes and addresses stand on a page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django import template
from django.forms import BoundField
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from recoup.kernel.money import EXPONENTS, SYMBOLS, Money
from recoup.look import once, sentences, terms

register = template.Library()


@register.filter
def money(minor: int | None, currency: str = "CNY") -> str:
    """An amount of minor units."""
    return "–" if minor in (None, "") else sentences.money(Money(int(minor), currency or "CNY"))


@register.filter
def day(value: date | str | None) -> str:
    """A day by the locale."""
    if isinstance(value, str):
        value = date.fromisoformat(value[:10]) if value else None
    return sentences.day(value) if value else "–"


@register.filter
def moment(value: datetime | None) -> SafeString | str:
    """An instant by the locale, with the exact one for machines."""
    if value is None:
        return "–"
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), sentences.moment(value))


@register.filter
def time_of_day(value: datetime | None) -> str:
    """The time of an instant, on the clocks of the house."""
    return f"{timezone.localtime(value):%H:%M}" if value else "–"


@register.filter
def term(code: object, kind: str) -> str:
    """The trade's word for a code."""
    return terms.word(kind, code)


@register.filter
def badge(code: object, kind: str) -> SafeString:
    """A code as a small label, coloured by its meaning."""
    return format_html(
        '<span class="tag tag-{}">{}</span>', terms.tone(code), terms.word(kind, code)
    )


@register.filter
def percent(value: float | Decimal | None, places: int = 1) -> str:
    """A share of one as per cent."""
    return "–" if value in (None, "") else f"{float(value) * 100:,.{places}f}%"


@register.filter
def number(value: int | float | None, places: int = 0) -> str:
    """A number with thousands apart."""
    return "–" if value in (None, "") else f"{float(value):,.{places}f}"


@register.filter
def few(value: float | None) -> str:
    """A number with thousands apart; with two places where it is small and not whole."""
    if value in (None, ""):
        return "–"
    return number(value, 2 if abs(float(value)) < 100 and float(value) % 1 else 0)


@register.filter
def fine_money(minor: float | None, currency: str = "CNY") -> str:
    """An amount that may be a part of a minor unit, such as a price: four places when small."""
    if minor in (None, ""):
        return "–"
    major = float(minor) / 10 ** EXPONENTS.get(currency, 2)
    places = 2 if abs(major) >= 1 or not major else 4
    sign = "−" if major < 0 else ""
    return f"{sign}{SYMBOLS.get(currency, currency + ' ')}{abs(major):,.{places}f}"


@register.filter
def points(value: float) -> str:
    """A difference of two shares, in percentage points."""
    return f"{value * 100:+.2f} pp"


@register.filter
def budget_unit(unit: str, channel: str = "") -> str:
    """What a contact budget counts: messages of a channel, or calls by how they ended."""
    return terms.word(
        "unit" if not unit.startswith("channel.") else "channel", unit.removeprefix("channel.")
    )


@register.filter
def offer(envelope: Mapping[str, Any]) -> str:
    """What may be offered, as words."""
    said = []
    if months := envelope.get("plan_months"):
        said.append(gettext("a plan of up to %(count)s months") % {"count": months})
    if days := envelope.get("promise_days"):
        said.append(gettext("a promise within %(count)s days") % {"count": days})
    return gettext("May offer: %(what)s") % {"what": ", ".join(said)} if said else ""


@register.filter
def actor(by: str) -> str:
    """Who did it."""
    return sentences.actor(by) if by else "–"


@register.filter
def drift_tone(status: str | None) -> str:
    """The colour of a stability status."""
    return {"stable": "good", "watch": "warn", "shifted": "bad"}.get(status or "", "quiet")


@register.simple_tag
def interval(figure: Mapping[str, float | None] | None, places: int = 3) -> str:
    """A figure with the ends of its interval."""
    if not figure or figure.get("value") is None:
        return "–"
    text = f"{figure['value']:.{places}f}"
    if figure.get("low") is None:
        return text
    return f"{text} ({figure['low']:.{places}f}–{figure['high']:.{places}f})"


@register.simple_tag
def left_of(total: int, taken: int) -> str:
    """What is left of a total."""
    return f"{total - taken:,}"


@register.filter
def stage_tone(stage: str) -> str:
    """How late a stage is, as a colour: the later, the warmer."""
    digits = stage[1:]
    if not stage.startswith("M") or not digits.rstrip("+").isdigit():
        return "quiet"
    month = int(digits.rstrip("+"))
    return "info" if month <= 1 else "warn" if month <= 3 else "bad"


@register.filter
def rule_text(rule: Mapping[str, Any]) -> str:
    """What a rule says, in the language of the page."""
    chinese = (get_language() or "").startswith("zh")
    return str(rule.get("zh" if chinese else "en") or rule.get("en") or rule.get("zh") or "")


@register.filter
def rule_source(rule: Mapping[str, Any]) -> str:
    """Where a rule comes from: title, clause, and whether someone has checked our reading."""
    source = rule.get("source") or {}
    parts = [str(source.get("title") or ""), str(rule.get("clause") or "")]
    if not source.get("verified") and source.get("read") != "HOUSE":
        parts.append(gettext("not yet checked against the text"))
    return " · ".join(part for part in parts if part)


@register.filter
def other_text(rule: Mapping[str, Any]) -> str:
    """What a rule says, in the language that the page is not in."""
    chinese = (get_language() or "").startswith("zh")
    return str(rule.get("en" if chinese else "zh") or "")


@register.filter
def ask_address(refusal: Any) -> str:
    """Where to ask that the rules of a refusal be set aside; nothing if one of them may not be."""
    names = [rule["id"] for rule in refusal.rules if rule.get("override")]
    if not names or len(names) < len(refusal.rules):
        return ""
    query = [("case", refusal.case_id), ("channel", refusal.channel)]
    query += [("rule", name) for name in names]
    return f"{reverse('approval_ask')}?{urlencode(query)}"


@register.filter
def legal_number(value: object) -> str:
    """A number with legal force: a table by channel as words, a calendar as its days."""
    if isinstance(value, Mapping):
        pairs = (f"{terms.word('channel', name)} {each}" for name, each in value.items())
        return " · ".join(pairs)
    if isinstance(value, list | tuple):
        return " · ".join(str(each) for each in value) or "–"
    return str(value)


@register.filter
def exemption(by: str) -> str:
    """By what a rule was set aside: an approval's number, or the exception's own name."""
    kind, _, number = by.partition(":")
    return gettext("approval %(number)s") % {"number": number} if kind == "approval" else by


@register.filter
def fact_value(value: object, name: str) -> str:
    """A fact that rules look at, as words: sets, instants and yes or no among them."""
    if value is None:
        return gettext("known, not shown")
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    kind = terms.WORDS_OF_FACT.get(name, "")
    if isinstance(value, list | tuple):
        return gettext("; ").join(terms.word(kind, each) for each in value) or "–"
    if isinstance(value, int) and name in ("agreed_from", "agreed_until"):
        return f"{value // 60:02d}:{value % 60:02d}"
    if isinstance(value, str) and name.endswith(("_at", "_until", "_from")):
        return sentences.moment(datetime.fromisoformat(value))
    return terms.word(kind, value)


@register.filter
def key(mapping: Any, name: object) -> Any:
    """The value of a mapping under a name that is itself a value."""
    return mapping.get(name) if hasattr(mapping, "get") else None


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon of the sprite; it says nothing that the text beside it does not."""
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>',
        static("vendor/icons.svg"), name,
    )  # fmt: skip


@register.simple_tag
def once_field() -> SafeString:
    """The hidden token that makes a form count once."""
    return format_html('<input type="hidden" name="{}" value="{}">', once.FIELD, once.token())


@register.simple_tag(takes_context=True)
def sorted_by(context: dict[str, Any], name: str) -> str:
    """The address of this page sorted by a column; the other way round at the second click."""
    request: HttpRequest = context["request"]
    query = request.GET.copy()
    query["order"] = name if query.get("order") == f"-{name}" else f"-{name}"
    query.pop("page", None)
    return f"?{query.urlencode()}"


@register.simple_tag(takes_context=True)
def sort_mark(context: dict[str, Any], name: str, default: str = "") -> str:
    """Whether a column sorts up or down now, for `aria-sort`."""
    order = context["request"].GET.get("order") or default
    return {name: "ascending", f"-{name}": "descending"}.get(order, "none")


@register.simple_tag
def styled(field: BoundField) -> SafeString:
    """A form's field with the look of the house, and its errors tied to it."""
    kind = getattr(field.field.widget, "input_type", "")
    look = {"checkbox": "form-check-input", "select": "form-select", "hidden": ""}
    attrs = {"class": look.get(kind, "form-control")}
    if field.errors:
        attrs["aria-invalid"] = "true"
    return SafeString(field.as_widget(attrs=attrs))


@register.simple_tag
def name_local(code: str) -> str:
    """A language's own name for itself."""
    return {"zh-hans": "中文", "en": "English"}.get(code, code)
