"""Flights: what a change of strategy or budgets would do to the book, before it does it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from recoup.desks.studio import flight_charts, flying
from recoup.journal import queries as journal
from recoup.kernel.clock import now
from recoup.kernel.errors import Invalid, Refused
from recoup.look import books, exports, once, terms
from recoup.look.forms import take
from recoup.look.paging import page_of
from recoup.look.reasons import why_not
from recoup.look.views import viewer_of
from recoup.people import scopes
from recoup.people.models import Book
from recoup.strategy import operations as strategy
from recoup.strategy import queries as strategy_queries
from recoup.strategy.flights import operations, queries
from recoup.strategy.flights.flying import CANDIDATE, QUIET
from recoup.strategy.flights.weighing import MEASURES
from recoup.strategy.models import Flight, StrategyVersion
from recoup.strategy.reading import read

MONEY = frozenset({"recovered", "cost", "net"})
FEW = frozenset({"contacts_a_person", "refused_share"})
DEMO = gettext_lazy("SIMULATED. Figures of a flight are computed, not observed.")


class AskForm(forms.Form):
    """What to fly: a version as it is written, or with one budget changed."""

    version = forms.TypedChoiceField(label=gettext_lazy("Strategy"), coerce=int)
    budget = forms.ChoiceField(
        label=gettext_lazy("With another budget"), required=False,
        help_text=gettext_lazy("Leave it empty to fly the version as it is written."),
    )  # fmt: skip
    change = forms.CharField(
        label=gettext_lazy("Change"), required=False, max_length=20,
        help_text=gettext_lazy("Such as +10 %, -500 or 4000."),
    )  # fmt: skip
    days = forms.IntegerField(
        label=gettext_lazy("Days"), min_value=1, max_value=operations.LONGEST,
        initial=operations.DAYS,
    )  # fmt: skip
    seed = forms.IntegerField(
        label=gettext_lazy("Seed"), min_value=0, max_value=2**53, initial=1,
        help_text=gettext_lazy("The same seed gives the same figures."),
    )  # fmt: skip

    def __init__(self, *args: Any, versions: list[StrategyVersion], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.versions = {version.pk: version for version in versions}
        states = {pk: terms.word("strategy", row.state) for pk, row in self.versions.items()}
        self.fields["version"].choices = [  # type: ignore[attr-defined]
            (pk, f"{row} · {states[pk]}") for pk, row in self.versions.items()
        ]
        self.fields["budget"].choices = [("", "–"), *_budget_choices(versions)]  # type: ignore[attr-defined]

    def budgets(self) -> dict[str, str]:
        """The change, as the operation wants it."""
        name, change = self.cleaned_data["budget"], self.cleaned_data["change"]
        if bool(name) != bool(change):
            raise Invalid(_("Name a budget and how it changes, or neither."))
        return {name: change} if name else {}


def _budget_choices(versions: list[StrategyVersion]) -> list[tuple[str, str]]:
    found = dict(terms.choices("budget"))
    for version in versions:
        if version.state == StrategyVersion.State.ACTIVE:
            found |= {each.name: each.title or each.name for each in read(version.source).own}
    return list(found.items())


@require_http_methods(["GET", "POST"])
def flights(request: HttpRequest) -> HttpResponse:
    """Every flight, and the form that asks for one."""
    viewer, book = viewer_of(request), books.chosen(request)
    may_ask = scopes.ACTIVATE_STRATEGY in viewer.may
    form = None
    if may_ask:
        versions = sorted(
            strategy_queries.versions(viewer=viewer, book=book)[:50],
            key=lambda row: row.state != StrategyVersion.State.ACTIVE,
        )
        wanted = request.GET.get("version", "")
        form = AskForm(
            request.POST or None, versions=versions,
            initial={"version": int(wanted) if wanted.isascii() and wanted.isdigit() else None},
        )  # fmt: skip
    elif request.method == "POST":
        scopes.demand(viewer, scopes.ACTIVATE_STRATEGY)
    if request.method == "POST" and form is not None and form.is_valid():
        try:
            return _asked(request, book, form)
        except (Invalid, Refused) as error:
            take(form, error)
    context = {
        "book": book, "form": form, "may_ask": may_ask, "position": journal.position(),
        "page": page_of(request, queries.flights(viewer=viewer, book=book), size=20),
        "live_kinds": "strategy.flown strategy.flight",
    }  # fmt: skip
    status = 422 if form is not None and form.errors else 200
    return render(request, "studio/flights.html", context, status=status)


def _asked(request: HttpRequest, book: Book, form: AskForm) -> HttpResponse:
    viewer, given = viewer_of(request), form.cleaned_data
    made: list[Flight] = []

    def ask() -> None:
        made.append(operations.ask(
            version=form.versions[given["version"]], viewer=viewer, at=now(),
            budgets=form.budgets(), days=given["days"], seed=given["seed"],
        ))  # fmt: skip

    if once.carry_out(request, ask):
        flying.start()
        return redirect("flight", made[0].pk)
    return redirect("flights")


@require_GET
def flight(request: HttpRequest, pk: int) -> HttpResponse:
    """One flight: how far it is, or what came of it."""
    viewer, row = viewer_of(request), _flight(request, pk)
    if request.GET.get("part") == "progress":
        answer = render(request, "studio/flight_progress.html", {"flight": row})
        if row.is_over:
            answer["HX-Refresh"] = "true"
        return answer
    context = {
        "book": row.book, "flight": row, "may_ask": scopes.ACTIVATE_STRATEGY in viewer.may,
        "may_see": scopes.SEE_CASES in viewer.may, "changes": _changes(row),
        "needs_start": row.state == Flight.State.WAITING
        and not queries.is_any_in_the_air(at=now()),
    }  # fmt: skip
    if row.state == Flight.State.FLOWN:
        context |= _shown(request, row)
    return render(request, "studio/flight.html", context)


def _shown(request: HttpRequest, row: Flight) -> dict[str, Any]:
    """The figures of a flight, ready for the page."""
    results = row.results
    names = _names(row)
    budgets = _budgets(row)
    kept = StrategyVersion.objects.filter(book=row.book, digest=row.digest).first()
    return {
        "results": results, "names": names, "budgets": budgets, "kept": kept,
        "against": names[results["against"]], "measures": _measures(results),
        "why": _why(results), "harm": results["harm"], "range_rows": _ranges(results),
        "gap": flight_charts.gap(results), "gains": flight_charts.gains(results, names),
        "use": flight_charts.budgets(budgets, results["days"]),
        "refusals": flight_charts.refusals(results, names) if results["rules"] else None,
        "matrix": flight_charts.changes(results["first_night"])
        if results["first_night"]["matrix"] else None,
        "examples": queries.examples(viewer=viewer_of(request), flight=row),
    }  # fmt: skip


def _names(row: Flight) -> dict[str, str]:
    """What the two sides are called on the page."""
    against = row.results["against"]
    other = _("Nobody contacted") if against == QUIET else str(row.champion)
    mine = str(row.candidate)
    if row.changes:
        mine = _("%(version)s with other budgets") % {"version": row.candidate}
    return {CANDIDATE: mine, against: other}


def _changes(row: Flight) -> list[dict[str, Any]]:
    return [
        {"name": terms.word("budget", name), "is_money": name == "spend", **change}
        for name, change in row.changes.items()
    ]


def _measures(results: dict[str, Any]) -> list[dict[str, Any]]:
    """Each measure with which way it went, where that is clear."""
    found = []
    for name, better in MEASURES.items():
        one = results["measures"][name]
        clear = one["low"] is not None and (one["low"] > 0 or one["high"] < 0)
        good = clear and better and (one["difference"] > 0) == (better > 0)
        tone = "quiet" if not clear else "info" if not better else "good" if good else "bad"
        found.append(one | {
            "name": name, "clear": clear, "tone": tone, "is_money": name in MONEY,
            "places": 3 if name in FEW else 1,
        })  # fmt: skip
    return found


def _budgets(row: Flight) -> list[dict[str, Any]]:
    own = {each.name: each for each in read(row.source).own}
    other = row.results["budgets"].get(row.results["against"], {})
    return [
        each | {
            "name": name, "other": other.get(name), "days": len(each["used"]),
            "title": own[name].title or name if name in own else terms.word("budget", name),
            "mean": sum(each["used"]) / max(1, len(each["used"])),
            "is_money": name == "spend" or (name in own and own[name].unit in ("money", "concession")),
        }
        for name, each in row.results["budgets"][CANDIDATE].items()
    ]  # fmt: skip


def _why(results: dict[str, Any]) -> list[dict[str, Any]]:
    mine, other = results["why"][CANDIDATE], results["why"][results["against"]]
    return [
        {"why": why_not(code), "candidate": mine.get(code, 0.0), "against": other.get(code, 0.0)}
        for code in sorted({*mine, *other}, key=lambda code: (-mine.get(code, 0.0), code))
    ]


def _ranges(results: dict[str, Any]) -> list[dict[str, Any]]:
    keys = ("name", "value", "low", "high", "grade")
    return [dict(zip(keys, row, strict=True)) for row in results["assumptions"]["ranges"]]


@require_POST
def act(request: HttpRequest, pk: int, what: str) -> HttpResponse:
    """Call a flight back, let it fly again, start it, or keep what was flown as a draft."""
    viewer, row = viewer_of(request), _flight(request, pk)
    scopes.demand(viewer, scopes.ACTIVATE_STRATEGY)
    where: tuple[str, int] = ("flight", row.pk)
    try:
        if what == "recall":
            once.carry_out(request, lambda: operations.recall(flight=row, viewer=viewer, at=now()))
        elif what == "again":
            once.carry_out(request, lambda: operations.again(flight=row, viewer=viewer, at=now()))
            flying.start()
        elif what == "start":
            flying.start()
        elif what == "keep":
            version = strategy.add(book=row.book, source=row.source, by=viewer.actor(), at=now())
            messages.success(request, _("%(version)s is kept as a draft.") % {"version": version})
            where = ("strategy", version.pk)
        else:
            raise Http404("No such thing to do.")
    except (Invalid, Refused) as error:
        messages.error(request, str(error))
    return redirect(*where)


@require_GET
def download(request: HttpRequest, pk: int, form: str) -> HttpResponse:
    """The results as CSV or JSON, or each case of the first night that changes."""
    row = _flight(request, pk)
    if row.state != Flight.State.FLOWN:
        raise Http404("Not flown.")
    if form == "results.json":
        answer = JsonResponse(
            {
                "simulated": True,
                "inputs": row.inputs,
                "changes": row.changes,
                "results": row.results,
            },
            json_dumps_params={"ensure_ascii": False, "indent": 1},
        )
        answer["Content-Disposition"] = f'attachment; filename="flight-{row.pk}.json"'
        return answer
    if form == "results.csv":
        heads = ("table", "name", "measure", "candidate", "against", "difference", "low", "high")
        return exports.table(form="csv", name=f"flight-{row.pk}", heads=heads,
                             rows=_lines(row.results), label=str(DEMO))  # fmt: skip
    changed = queries.changed(viewer=viewer_of(request), flight=row)
    return exports.table(form="csv", name=f"flight-{row.pk}-first-night", heads=changed.columns,
                         rows=changed.rows(), label=str(DEMO))  # fmt: skip


def _lines(results: dict[str, Any]) -> list[list[Any]]:
    keys = ("candidate", "against", "difference", "low", "high")

    def line(table: str, name: str, measure: str, one: dict[str, Any]) -> list[Any]:
        return [table, name, measure, *(one[key] for key in keys)]

    rows = [line("book", "", name, one) for name, one in results["measures"].items()]
    rows += [line("rule", one["rule"], "refusals", one) for one in results["rules"]]
    for one in results["segments"]:
        rows += [
            line("segment", one["segment"], name, each)
            for name, each in one.items() if isinstance(each, dict)
        ]  # fmt: skip
    return rows


def _flight(request: HttpRequest, pk: int) -> Flight:
    found = queries.flight(viewer=viewer_of(request), pk=pk)
    if found is None:
        raise Http404("No such flight.")
    return found
