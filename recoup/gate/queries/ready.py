"""What stands in the way of sending a book's messages, before any case is looked at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, QuerySet

from recoup.gate.models import STARTER_ROLE, Declared, SenderIdentity, Template
from recoup.gate.onfile import standing_on
from recoup.gate.operations.templates import WRITTEN
from recoup.gate.reading import collector_of
from recoup.gate.texts import SLOT
from recoup.kernel.actors import Viewer
from recoup.kernel.clock import day_bounds
from recoup.kernel.errors import Invalid
from recoup.people.law import law_of
from recoup.people.models import Book, Creditor
from recoup.portfolio.models import Borrower
from recoup.rulebook import casebook, layers
from recoup.rulebook.engine import Rulebook
from recoup.rulebook.vocabulary import PAPERS
from recoup.strategy.models import StrategyVersion
from recoup.strategy.reading import read

# CN-CALL-004 asks for a registered sender of messages and calls; mail and letters need none.
FROM_REGISTER = frozenset({"sms"})


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that sending needs: what is missing on which channel, and the command that helps."""

    channel: str
    what: str
    advice: str = ""


def gaps(*, book: Book, on: date) -> list[Gap]:
    """
    What a book lacks for sending, channel by channel: approved texts in its borrowers' languages,
    a registered sender, papers on file, what texts are filled with. Carriers and the strategy are asked elsewhere.
    """
    found = []
    if not has_rules(book.jurisdiction):
        found.append(Gap("", f"no rulebook for {book.jurisdiction}: every contact is refused"))
    found += _papers(book, on)
    for channel in wanted_channels(book):
        found += _texts(book, channel)
        valid = senders(creditors=[book.creditor_id]).filter(_valid(on), channel=channel)
        if channel in FROM_REGISTER and not valid.exists():
            command = f"recoup sender add {channel} ADDRESS --creditor {book.creditor.code}"
            found.append(Gap(channel, "no sender is registered", command))
    return found


def _papers(book: Book, on: date) -> list[Gap]:
    """The papers that the rules ask of a contact by the lender itself, and that are not on file."""
    start, end = day_bounds(on, book.time_zone)
    at = start + (end - start) / 2
    try:
        law = law_of(book, at)
    except Invalid:
        return []  # no rules at all, which is said already
    filed = standing_on(start, end).filter(creditor=book.creditor_id, kind="paper", agency=None)
    filed = filed.filter(Q(book=None) | Q(book=book), case=None, borrower=None, contact_point=None)
    have = sorted(set(filed.values_list("word", flat=True)) & set(PAPERS))
    channels = wanted_channels(book)
    wanted: dict[str, dict[str, set[str]]] = {}
    for channel in channels:
        for word, rules in _wanted(law, book, channel, have, at).items():
            wanted.setdefault(word, {})[channel] = rules
    return [
        Gap(
            "" if len(on_channels) == len(channels) else ", ".join(on_channels),
            f"no {word} is on file ({', '.join(sorted(set().union(*on_channels.values())))})",
            f"recoup paper add {word} --creditor {book.creditor.code} --source WHERE",
        )
        for word, on_channels in wanted.items()
    ]


def _wanted(
    law: Rulebook, book: Book, channel: str, have: list[str], at: datetime
) -> dict[str, set[str]]:
    """The papers that would silence a rule of an ordinary contact on a channel, and which."""
    facts = {
        **_ordinary(book.jurisdiction, channel), "papers": have,
        "collector": collector_of(agency=None, lender=book.creditor.kind),
        "lender": book.creditor.kind or None,
    }  # fmt: skip
    fired = {one.id for one in law.judge(facts, at).fired}
    found = {}
    for word in PAPERS if fired else ():
        more = facts | {"papers": [*have, word]}
        if silenced := fired - {one.id for one in law.judge(more, at).fired}:
            found[word] = silenced
    return found


def _ordinary(jurisdiction: str, channel: str) -> dict[str, object]:
    stack = layers.stack(jurisdiction)
    country = next(layer.name for layer in stack if layer.layer == "country")
    return dict(casebook.base_of(country).get(channel, {}))


def has_rules(jurisdiction: str) -> bool:
    """Whether there are rules for a country at all."""
    try:
        layers.stack(jurisdiction)
    except Invalid:
        return False
    return True


def wanted_channels(book: Book) -> list[str]:
    """The channels that the strategy in force writes on; all of them if there is none yet."""
    named = {channel for channel, _ in _named(book)}
    return [channel for channel in WRITTEN if channel in named or not named]


def senders(*, creditors: Iterable[int]) -> QuerySet[SenderIdentity]:
    """The senders of some creditors."""
    rows = SenderIdentity.objects.filter(creditor__in=list(creditors))
    return rows.select_related("creditor").order_by("creditor", "channel", "pk")


def senders_of(*, viewer: Viewer) -> QuerySet[SenderIdentity]:
    """The senders of the viewer's creditors."""
    return senders(creditors=viewer.creditors)


def papers(*, creditor: Creditor, at: datetime) -> QuerySet[Declared]:
    """The papers on file of a creditor, its books and its agencies, those to come among them."""
    rows = Declared.objects.filter(withdrawn_at=None).filter(Q(until=None) | Q(until__gt=at))
    rows = rows.filter(creditor=creditor, kind="paper", case=None, borrower=None)
    return (
        rows.filter(contact_point=None).select_related("agency", "book").order_by("agency", "word")
    )


def _valid(on: date) -> Q:
    return Q(valid_until=None) | Q(valid_until__gte=on)


def _named(book: Book) -> list[tuple[str, str]]:
    """Channel and template of each message in the strategy in force."""
    version = StrategyVersion.objects.filter(book=book, state="active").first()
    if version is None:
        return []
    treatments = read(version.source).treatments.values()
    return [(each.channel, each.template) for each in treatments if each.template]


def _texts(book: Book, channel: str) -> list[Gap]:
    rows = Template.objects.filter(jurisdiction=book.jurisdiction, channel=channel)
    sendable = Template.approved_in(book).filter(channel=channel).order_by("version")
    approved = {row.code: row for row in sendable}
    found = []
    named = sorted({code for where, code in _named(book) if where == channel})
    for code in named:
        if code in approved:
            continue
        if rows.filter(code=code, approved_by=STARTER_ROLE).exists():
            state, advice = "is reviewed by nobody", f"recoup template approve {code} --as USER"
        elif rows.filter(code=code).exists():
            state, advice = "is not approved", f"recoup template approve {code} --as USER"
        else:
            state, advice = "is not there", f"recoup template install --book {book.code}"
        found.append(Gap(channel, f"the text {code}, which the strategy sends, {state}", advice))
    written = {row.language for row in approved.values()}
    spoken = Borrower.objects.filter(book=book).order_by().values_list("language", flat=True)
    for language in sorted(set(spoken.distinct()) - written):
        found.append(Gap(channel, f"no approved text in {language}", "recoup template list"))
    used = [approved[code] for code in named if code in approved]
    slots = {slot for row in used for slot in SLOT.findall(f"{row.subject}\n{row.text}")}
    if "complaint_phone" in slots and not book.creditor.complaint_phone:
        advice = f"recoup creditor change {book.creditor.code} --complaint-phone NUMBER"
        found.append(Gap(channel, "texts name a number for complaints, and there is none", advice))
    return found
