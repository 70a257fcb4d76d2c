"""What changes: a flight is asked for, flown, called back. The live book is only read."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _

from recoup.journal import queries as journal
from recoup.journal.operations import attach, record
from recoup.kernel.actors import Actor, Viewer
from recoup.kernel.errors import Invalid, RecoupError, Refused
from recoup.kernel.files import write_by_content
from recoup.kernel.progress import Progress, quiet
from recoup.kernel.text import canonical_json
from recoup.people import scopes
from recoup.people.models import Book
from recoup.people.scopes import unjoined
from recoup.strategy.events import FlightAsked, FlightFailed, FlightRecalled, StrategyFlown
from recoup.strategy.flights import borrowers, changes, flying, resuming, start, weighing, whatif
from recoup.strategy.flights.approving import approve, ask_approval, decide_approval
from recoup.strategy.models import Flight, StrategyVersion
from recoup.strategy.reading import read

__all__ = [
    "again", "approve", "ask", "ask_approval", "decide_approval", "fly", "fly_waiting", "recall",
]  # fmt: skip

State = Flight.State
DAYS, REPETITIONS, MOST = 14, 10, 10_000
LONGEST, MOST_REPETITIONS = 60, 100
# How often a flight says that it is alive, and after what silence its process counts as dead.
BEAT, SILENCE = timedelta(seconds=2), timedelta(minutes=3)

FactsOf = Callable[[Book, date, Collection[int] | None], pl.DataFrame]
Clock = Callable[[], datetime]


def ask(
    *, version: StrategyVersion, at: datetime, by: Actor | None = None,
    viewer: Viewer | None = None, budgets: Mapping[str, str] | None = None, days: int = DAYS,
    repetitions: int = REPETITIONS, seed: int = 1, most: int = MOST,
) -> Flight:  # fmt: skip
    """
    Ask for a flight of a version, as it is written or with other budgets (`{"sms": "+10 %"}`).

    It is flown against the version in force, or against nobody being contacted where none is.

    :raises Refused: without the permission, or for another creditor's book
    :raises Invalid: for a budget, length or size that cannot be
    """
    if viewer is not None:
        scopes.demand(viewer, scopes.ACTIVATE_STRATEGY)
        if version.book.creditor_id not in viewer.creditors:
            raise Refused(_("This book belongs to another creditor."), rules=("people.tenant",))
        by = viewer.actor()
    if by is None:
        raise Invalid(_("Say who asks for the flight."))
    _check(days, repetitions, seed, most)
    source, changed = _text(version, budgets or {})
    champion = StrategyVersion.objects.filter(book=version.book, state="active").first()
    with record(
        FlightAsked, by=by, at=at, book=version.book, strategy=str(version), days=days,
        repetitions=repetitions, seed=seed, most=most, changes=changed,
    ) as event:  # fmt: skip
        return event.about(Flight.objects.create(
            book=version.book, candidate=version, champion=champion, source=source,
            digest=hashlib.sha256(source.encode()).hexdigest(), changes=changed, days=days,
            repetitions=repetitions, seed=seed, most=most, asked_at=at, asked_by=str(by),
        ))  # fmt: skip


def _check(days: int, repetitions: int, seed: int, most: int) -> None:
    limits = {
        _("days"): (days, 1, LONGEST), _("repetitions"): (repetitions, 1, MOST_REPETITIONS),
        _("seed"): (seed, 0, 2**62), _("most cases"): (most, 1, 10_000_000),
    }  # fmt: skip
    for name, (value, low, high) in limits.items():
        if not low <= value <= high:
            raise Invalid(_("{name}: {value} is not between {low} and {high}.").format(
                name=name, value=value, low=low, high=high))  # fmt: skip


def _text(version: StrategyVersion, budgets: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    strategy = read(version.source)
    now = strategy.budgets | {budget.name: budget.most for budget in strategy.own}
    unknown = {name: 0.0 for name in budgets if name not in now}
    whatif.with_budgets(version.source, unknown)
    new = {name: whatif.changed(text, now[name]) for name, text in budgets.items()}
    return whatif.with_budgets(version.source, new), {
        name: {"from": now[name], "to": value} for name, value in new.items()
    }


def fly(
    *, flight: Flight, facts: FactsOf, by: Actor, at: datetime, clock: Clock,
    progress: Progress = quiet,
) -> Flight:  # fmt: skip
    """
    Fly a flight that waits, failed, was called back, or was left by a process that died.

    `facts` gives the rulebook's facts of a book on a day, of all its cases or of those named, as
    `gate.queries.facts_frame`. Nothing of
    the live book is written; at the end there is one event with the hash of all inputs. Cut off, it
    counts as failed and can be flown again, with the same figures if the book has not changed; then
    it goes on after the last whole repetition (`resuming`).

    :raises Invalid: if another process flies it, it was flown, or the book cannot be flown over
    :raises Stopped: if somebody called it back on the way
    """
    _claim(flight, at)
    told = _Told(flight, clock, progress)
    try:
        flown, inputs, position = _played(flight, facts, at, told)
        landed = _land(flight, flown, inputs, position, by, clock())
        _kept(flight, {}).clear()
        return landed
    except flying.Stopped:
        raise
    except BaseException as error:
        _fail(flight, error, by, clock())
        raise


def _claim(flight: Flight, at: datetime) -> None:
    may = Q(state__in=(State.WAITING, State.FAILED, State.RECALLED)) | Q(
        state=State.FLYING, seen_at__lt=at - SILENCE
    )
    claimed = unjoined(Flight).filter(may, pk=flight.pk)
    if not claimed.update(state=State.FLYING, began_at=at, seen_at=at, ended_at=None, done=0,
                          total=0, failure=""):  # fmt: skip
        raise Invalid(_("This flight is in the air, or was flown already."))
    flight.refresh_from_db()


class _Told:
    """Passes progress on, and now and then writes it down and asks whether to go on."""

    def __init__(self, flight: Flight, clock: Clock, progress: Progress) -> None:
        self.flight, self.clock, self.progress = flight, clock, progress
        self.next, self.is_recalled = clock(), False

    def __call__(self, stage: str, done: int, total: int | None = None) -> None:
        self.progress(stage, done, total)
        if (now := self.clock()) >= self.next:
            self.next = now + BEAT
            mine = unjoined(Flight).filter(pk=self.flight.pk, state=State.FLYING)
            self.is_recalled = not mine.update(seen_at=now, done=done, total=total or 0)

    def stopped(self) -> bool:
        """Whether the flight was called back, as far as is known."""
        return self.is_recalled


def _played(
    flight: Flight, facts: FactsOf, at: datetime, told: _Told
) -> tuple[flying.Flown, dict[str, Any], int]:
    book, champion, position = flight.book, flight.champion, journal.position()
    begin = start.read(
        book=book, candidate=(read(flight.source), flight.digest),
        champion=(read(champion.source), champion.digest) if champion else None,
        facts=lambda on, cases: facts(book, on, cases), at=at, days=flight.days, most=flight.most,
        seed=flight.seed,
    )  # fmt: skip
    inputs = {
        "strategy": flight.digest, "champion": champion.digest if champion else None,
        "book": begin.digest(), "position": position, "first": begin.days[0].isoformat(),
        "days": flight.days, "repetitions": flight.repetitions, "seed": flight.seed,
        "most": flight.most, "simulator": borrowers.version(),
    }  # fmt: skip
    flown = flying.fly(
        start=begin, repetitions=flight.repetitions, seed=flight.seed, progress=told,
        is_stopped=told.stopped,
        kept=_kept(flight, {**inputs, "position": None, "models": begin.models()}),
    )  # fmt: skip
    return flown, inputs, position


def _kept(flight: Flight, inputs: dict[str, Any]) -> resuming.Kept:
    return resuming.Kept(_folder(flight) / f"{flight.pk}.repetitions", inputs)


def _folder(flight: Flight) -> Path:
    return Path(settings.DATA_DIR) / "flights" / str(flight.book_id)


def _land(
    flight: Flight, flown: flying.Flown, inputs: dict[str, Any], position: int, by: Actor,
    at: datetime,
) -> Flight:  # fmt: skip
    """Keep the results: one row, one file, one event."""
    changed = changes.first_night(flown)
    results = weighing.weigh(flown) | {
        "first_night": changes.summary(changed, flown),
        "assumptions": {"simulator": inputs["simulator"], "ranges": borrowers.ranges()},
    }
    content = io.BytesIO()
    changed.write_parquet(content, compression="zstd")
    folder = _folder(flight)
    folder.mkdir(parents=True, exist_ok=True)
    path = write_by_content(
        folder, stem=str(flight.pk), suffix=".parquet", content=content.getbuffer()
    )
    digest = hashlib.sha256(canonical_json(inputs).encode()).hexdigest()
    with record(
        StrategyFlown, by=by, at=at, book=flight.book, strategy=str(flight.candidate),
        days=flight.days, inputs=inputs, inputs_digest=digest, simulated=True,
        harm=results["harm"], changed=changed.height,
    ) as event:  # fmt: skip
        pointer = attach(path, rows=changed.height)
        event.note(file=pointer)
        mine = unjoined(Flight).filter(pk=flight.pk, state=State.FLYING)
        if not mine.update(
            state=State.FLOWN, ended_at=at, seen_at=at, results=results, position=position,
            inputs=inputs | {"digest": digest}, file=pointer["file"],
        ):  # fmt: skip
            raise flying.Stopped(_("The flight was called back."))
        flight.refresh_from_db()
        return event.about(flight)


def _fail(flight: Flight, error: BaseException, by: Actor, at: datetime) -> None:
    """Say that it failed, and why as far as people can use it."""
    said = str(error) if isinstance(error, RecoupError) else type(error).__name__
    # Whatever went wrong is told; that this cannot be written down must not hide it.
    with suppress(Exception), record(
        FlightFailed, by=by, at=at, book=flight.book, strategy=str(flight.candidate),
        failure=type(error).__name__,
    ) as event:  # fmt: skip
        unjoined(Flight).filter(pk=flight.pk, state=State.FLYING).update(
            state=State.FAILED, ended_at=at, failure=said[:300]
        )
        event.about(flight)


def recall(*, flight: Flight, at: datetime, viewer: Viewer) -> Flight:
    """
    Call a flight back: it stops within seconds, and has no result.

    :raises Refused: without the permission, or for another creditor's book
    :raises Invalid: if it is over
    """
    _may(viewer, flight)
    with record(
        FlightRecalled, by=viewer.actor(), at=at, book=flight.book, strategy=str(flight.candidate)
    ) as event:
        under_way = unjoined(Flight).filter(pk=flight.pk, state__in=(State.WAITING, State.FLYING))
        if not under_way.update(state=State.RECALLED, ended_at=at):
            raise Invalid(_("This flight is over."), hint=_("Load the page again."))
        flight.refresh_from_db()
        return event.about(flight)


def again(*, flight: Flight, at: datetime, viewer: Viewer) -> Flight:
    """
    Let a flight that failed or was called back wait for its turn once more.

    :raises Refused: without the permission, or for another creditor's book
    :raises Invalid: if it is under way or was flown
    """
    _may(viewer, flight)
    with record(
        FlightAsked, by=viewer.actor(), at=at, book=flight.book, strategy=str(flight.candidate),
        days=flight.days, again=True,
    ) as event:  # fmt: skip
        ended = unjoined(Flight).filter(pk=flight.pk, state__in=(State.FAILED, State.RECALLED))
        if not ended.update(state=State.WAITING, asked_at=at, ended_at=None, failure=""):
            raise Invalid(_("This flight is in the air, or was flown already."))
        flight.refresh_from_db()
        return event.about(flight)


def _may(viewer: Viewer, flight: Flight) -> None:
    scopes.demand(viewer, scopes.ACTIVATE_STRATEGY)
    if flight.book.creditor_id not in viewer.creditors:
        raise Refused(_("This book belongs to another creditor."), rules=("people.tenant",))


def fly_waiting(
    *, facts: FactsOf, by: Actor, clock: Clock, progress: Progress = quiet
) -> list[Flight]:
    """
    Fly whatever waits in any book, the oldest first, one after the other; gives what was flown.

    Several processes may do this at once: each flight is flown by one of them. One that fails does
    not keep the others.
    """
    flown: list[Flight] = []
    tried: set[int] = set()
    while True:
        left = Q(state=State.WAITING) | Q(state=State.FLYING, seen_at__lt=clock() - SILENCE)
        row = (
            unjoined(Flight).filter(left).exclude(pk__in=tried)
            .select_related("book__creditor").order_by("asked_at", "pk").first()
        )  # fmt: skip
        if row is None:
            return flown
        tried.add(row.pk)
        with scopes.acting_for(row.book), suppress(RecoupError):
            flown.append(
                fly(flight=row, facts=facts, by=by, at=clock(), clock=clock, progress=progress)
            )
