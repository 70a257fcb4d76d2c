"""The rules as pages show them, and how often each of them stood in the way."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from recoup.gate.models import Permit
from recoup.gate.queries.lists import day_of, refusals
from recoup.kernel.actors import Viewer
from recoup.kernel.clock import local_day
from recoup.kernel.errors import Invalid
from recoup.people.law import laid, law_of
from recoup.people.models import Book, Creditor
from recoup.people.scopes import SEE_JOURNAL, demand, visible
from recoup.rulebook import library
from recoup.rulebook.library import Entry
from recoup.rulebook.overlay import Overlay

Row = dict[str, Any]
MOST = 10_000


def countries(*, viewer: Viewer) -> tuple[str, ...]:
    """The countries that there are rules for. :raises Refused: without the permission"""
    demand(viewer, SEE_JOURNAL)
    return library.jurisdictions()


def rules(
    *, viewer: Viewer, jurisdiction: str, on: date, pack: str = "", effect: str = "",
    force: str = "", state: str = "", words: str = "",
) -> list[Row]:  # fmt: skip
    """
    The rules of a country on a day, narrowed: words, effect, force, source, who may set one aside.

    A row has the keys of `Fired.as_json`, and `layer`, `state` (in_force, off, draft, later,
    replaced), `channels` and `parties`. `words` finds a part of a name or of the words.

    :raises Refused: without the permission
    :raises Invalid: if there are no rules for the country
    """
    demand(viewer, SEE_JOURNAL)
    rows = [
        _row(entry) for entry in library.entries(jurisdiction, on, laid_by(viewer, jurisdiction))
    ]
    wanted = {"pack": pack, "effect": effect, "force": force, "state": state}
    parts = words.casefold().split()
    return [
        row for row in rows
        if all(not value or row[name] == value for name, value in wanted.items())
        and all(word in row["text"] for word in parts)
    ]  # fmt: skip


def rule(*, viewer: Viewer, jurisdiction: str, name: str, on: date) -> Row | None:
    """
    One rule with all there is to know: also its `numbers`, its `cases` and its `versions`.

    :raises Refused: without the permission
    :raises Invalid: if there are no rules for the country
    """
    demand(viewer, SEE_JOURNAL)
    overlay = laid_by(viewer, jurisdiction)
    every = [e for e in library.entries(jurisdiction, on, overlay) if e.rule.id == name]
    # Two packs may have one name where one takes the other's place: the one that holds is shown.
    every.sort(key=lambda entry: entry.state != "in_force")
    if not every:
        return None
    entry = every[0]
    versions = [one for one in entry.layer.rules().rules if one.id == name]
    return _row(entry) | {
        "numbers": library.numbers(entry, jurisdiction, on, overlay),
        "cases": library.cases_of(entry, jurisdiction),
        "versions": [
            {"since": one.since, "zh": one.zh, "en": one.en, "clause": one.clause}
            for one in sorted(versions, key=lambda one: one.since or date.min)
        ] if len(versions) > 1 else [],
        "holds_for": dict(entry.layer.holds_for),
        "switches_off": entry.rule.switches_off,
        "in_place_of": entry.rule.in_place_of,
        "must_say": entry.rule.must_say,
        "record": entry.rule.record,
        "needs": entry.rule.needs,
    }  # fmt: skip


def words_of(*, names: Iterable[str], book: Book, at: datetime) -> list[Row]:
    """The words and sources of some rules of a book, for whoever is told of them; others are bare."""
    try:
        law = law_of(book, at)
    except Invalid:
        return [{"id": name, "zh": "", "en": "", "override": None} for name in names]
    known = {rule.id: rule for rule in law.rules}
    return [
        {"id": name, "zh": known[name].zh, "en": known[name].en, "clause": known[name].clause,
         "force": known[name].force, "override": known[name].override,
         "source": law.instruments[known[name].instrument].as_json()}
        if name in known else {"id": name, "zh": "", "en": "", "override": None}
        for name in names
    ]  # fmt: skip


def laid_by(viewer: Viewer, jurisdiction: str) -> Overlay | None:
    """What the viewer's creditor lays over the law of a country; nothing where there are several."""
    owners = Creditor.objects.filter(pk__in=viewer.creditors, books__jurisdiction=jurisdiction)
    some = list(owners.distinct()[:2])
    return laid(some[0]) if len(some) == 1 else None


def _row(entry: Entry) -> Row:
    rule = entry.rule
    source = entry.instrument.as_json()
    text = " ".join((rule.id, rule.zh, rule.en, str(source["title"]), str(source["issuer"] or "")))
    return {
        "id": rule.id, "zh": rule.zh, "en": rule.en, "effect": rule.effect, "force": rule.force,
        "confidence": rule.confidence, "since": rule.since, "source": source,
        "clause": rule.clause, "pack": entry.layer.name, "layer": entry.layer.layer,
        # A house rule has no text of law that it could be checked against.
        "is_house": entry.instrument.read == "HOUSE",
        "unverified": not entry.instrument.is_verified and entry.instrument.read != "HOUSE",
        "override": rule.override, "state": entry.state, "channels": rule.channels,
        "parties": rule.parties, "text": text.casefold(),
    }  # fmt: skip


# -- How often ------------------------------------------------------------------------------------
@dataclass(slots=True)
class Stopped:
    """
    What was stopped in a span: how many contacts, and how often each rule, channel and book.

    One contact may be stopped by several rules, so the rules add up to more than the contacts.
    `is_capped` says that only the newest were counted.
    """

    contacts: int = 0
    permitted: int = 0
    by_rule: Tally[str] = field(default_factory=Tally)
    by_channel: Tally[str] = field(default_factory=Tally)
    by_book: Tally[int] = field(default_factory=Tally)
    cells: Tally[tuple[str, str]] = field(default_factory=Tally)
    words: dict[str, Row] = field(default_factory=dict)
    is_capped: bool = False


def stopped_on(*, viewer: Viewer, books: Sequence[Book], on: date) -> Stopped:
    """What was stopped in some books on a day of each book's own place."""
    found = Stopped()
    if not books:
        return found
    rows = refusals(viewer=viewer, on=on, books=books)
    for book, channel, rules in rows.values_list("book_id", "channel", "rules")[:MOST]:
        found.contacts += 1
        found.by_channel[channel] += 1
        found.by_book[book] += 1
        for one in rules:
            found.by_rule[one["id"]] += 1
            found.cells[one["id"], channel] += 1
            found.words.setdefault(one["id"], one)
    found.is_capped = found.contacts >= MOST
    permits = visible(Permit.objects.filter(day_of(books, on, "issued_at")), viewer, case="case__")
    found.permitted = permits.count()
    return found


@dataclass(frozen=True, slots=True)
class Fires:
    """How often one rule stood in the way: in all, by day and by channel."""

    count: int
    by_day: dict[date, int]
    by_channel: dict[str, int]
    is_capped: bool


def fires(*, viewer: Viewer, rule: str, since: datetime) -> Fires:
    """How often a rule stood in the way of contacts that the viewer may see, since an instant."""
    rows = refusals(viewer=viewer, since=since, rule=rule)
    days, channels = Tally[date](), Tally[str]()
    for at, channel, zone in rows.values_list("at", "channel", "book__time_zone")[:MOST]:
        days[local_day(at, zone)] += 1
        channels[channel] += 1
    total = days.total()
    return Fires(total, dict(sorted(days.items())), dict(channels.most_common()), total >= MOST)
