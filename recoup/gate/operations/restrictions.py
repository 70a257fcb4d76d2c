"""What stops or allows contact: stops, refusals by the person, agreements."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time
from itertools import islice
from typing import Any

from recoup.gate.events import (
    ConsentGiven,
    ConsentWithdrawn,
    OptedOut,
    OptOutLifted,
    RestrictionsTaken,
    StopLifted,
    StopPlaced,
)
from recoup.gate.models import Consent, OptOut, Stop
from recoup.gate.operations import unclear
from recoup.intake import queries as intake
from recoup.intake.models import Placement
from recoup.journal.operations import record
from recoup.kernel.actors import Actor
from recoup.kernel.clock import at_local, aware
from recoup.kernel.errors import Invalid
from recoup.kernel.progress import Progress, quiet
from recoup.people.models import Book
from recoup.people.scopes import unjoined
from recoup.portfolio.models import Borrower, Case
from recoup.rulebook.vocabulary import CHANNELS

MEDIA = ("phone", "email", "address")
BATCH = 5000


def stop(
    *, case: Case, reason: str, source: str, by: Actor, at: datetime, until: datetime | None = None
) -> Stop:
    """
    Stop contact with a case. The same stop from the same source stands once; a later `until`
    extends it.

    :raises Invalid: for a reason that does not exist
    """
    if reason not in Stop.Reason.values:
        raise Invalid(f"{reason!r} is no reason to stop contact.",
                      hint=f"Use one of {', '.join(Stop.Reason.values)}.")  # fmt: skip
    with record(StopPlaced, by=by, at=at, case=case, reason=reason, source=source) as event:
        row, made = Stop.objects.get_or_create(
            case=case, reason=reason, source=source[:80], lifted_at=None,
            defaults={"since": aware(at), "until": until},
        )  # fmt: skip
        if not made and _is_later(until, than=row.until):
            row.until = until
            row.save(update_fields=["until"])
        event.note(until=row.until)
        return event.about(row)


def _is_later(until: datetime | None, *, than: datetime | None) -> bool:
    return than is not None and (until is None or until > than)


def lift(*, case: Case, reason: str, by: Actor, at: datetime, source: str | None = None) -> int:
    """Lift the stops of a reason (from one source, or from all); gives how many stood."""
    with record(StopLifted, by=by, at=at, case=case, reason=reason) as event:
        rows = Stop.objects.filter(case=case, reason=reason, lifted_at=None)
        if source is not None:
            rows = rows.filter(source=source)
        count = rows.update(lifted_at=aware(at), lifted_by=str(by)[:80])
        event.note(count=count, source=source or "")
        return count


def opt_out(*, borrower: Borrower, scope: str, source: str, at: datetime, by: Actor) -> OptOut:
    """
    Keep a person's refusal: `all`, a channel or medium, or `point:<id>` for one number.

    Nothing but the person's own recorded act lifts it again.

    :raises Invalid: for a scope that does not exist
    """
    if not is_scope(scope):
        raise Invalid(
            f"{scope!r} is not something that can be refused.",
            hint="Use all, a channel, a medium, or point:<id>.",
        )
    with record(
        OptedOut, by=by, at=at, book=borrower.book, case=_case_of(borrower), scope=scope,
        source=source,
    ) as event:  # fmt: skip
        row, _ = OptOut.objects.get_or_create(
            borrower=borrower, scope=scope, source=source[:80], at=aware(at),
            defaults={"person_id": borrower.person_id},
        )  # fmt: skip
        return event.about(row)


def is_scope(scope: str) -> bool:
    """Whether we know how to keep to a refusal of this scope."""
    point = scope.partition(":")[2] if scope.startswith("point:") else ""
    return scope in ("all", "automated", *CHANNELS, *MEDIA) or point.isdigit()


def lift_opt_out(*, opt_out: OptOut, act: str, by: Actor, at: datetime) -> None:
    """
    Lift a refusal by the person's own act, as recorded (`act` says where to find it).

    :raises Invalid: without an act, or for an act earlier than the refusal
    """
    if not act.strip():
        raise Invalid("Only the person's own act lifts a refusal.", hint="Say which act it was.")
    if aware(at) < opt_out.at:
        raise Invalid("The act is earlier than the refusal it would lift.")
    borrower = opt_out.borrower
    with record(
        OptOutLifted, by=by, at=at, book=borrower.book, case=_case_of(borrower),
        scope=opt_out.scope, act=act,
    ) as event:  # fmt: skip
        unjoined(OptOut).filter(pk=opt_out.pk, lifted_at=None).update(
            lifted_at=aware(at), lifted_act=act[:120]
        )
        event.about(opt_out)


def consent(
    *, borrower: Borrower, purpose: str, source: str, at: datetime, by: Actor, value: str = ""
) -> Consent:
    """
    Keep what a person agreed to. The gate reads `hours` (`20:00-23:00`, local) and `attempts`.
    """
    with record(
        ConsentGiven, by=by, at=at, book=borrower.book, case=_case_of(borrower), purpose=purpose
    ) as event:
        row, _ = Consent.objects.get_or_create(
            borrower=borrower, purpose=purpose[:40], source=source[:80], given_at=aware(at),
            defaults={"value": value[:80]},
        )  # fmt: skip
        return event.about(row)


def withdraw(*, consent: Consent, at: datetime, by: Actor) -> None:
    """End an agreement from now on."""
    borrower = consent.borrower
    with record(
        ConsentWithdrawn, by=by, at=at, book=borrower.book, case=_case_of(borrower),
        purpose=consent.purpose,
    ) as event:  # fmt: skip
        unjoined(Consent).filter(pk=consent.pk, withdrawn_at=None).update(withdrawn_at=aware(at))
        event.about(consent)


def _case_of(borrower: Borrower) -> Case | None:
    return Case.objects.filter(borrower=borrower).select_related("book").first()


def take_restrictions(
    *, placement: Placement, by: Actor, at: datetime, progress: Progress = quiet
) -> dict[str, int]:
    """
    Take the consents and refusals that came with a placement. Taking them twice adds nothing.

    A refusal whose scope we do not know is kept as the widest there is, and so is one whose row
    was set aside but names somebody (`unclear`), until it is corrected. Gives how many were taken,
    how many name a borrower (`strangers`) whom the placement did not open, and how many rows that
    were set aside name nobody of the book (`unattached`): they are listed for a person.
    """
    with record(RestrictionsTaken, by=by, at=at, book=placement.book) as event:
        outs, lost = _take(placement, "opt_outs", _opt_out, OptOut, progress)
        agreed, more = _take(placement, "consents", _consent, Consent, progress)
        held, nobody = unclear.take(book=placement.book)
        unclear.give_way(placement=placement, at=at)
        counts = {
            "consents": agreed, "opt_outs": outs, "strangers": lost + more, "unclear": held,
            "unattached": nobody,
        }  # fmt: skip
        event.note(**counts)
        event.about(placement)
    return counts


def _take(
    placement: Placement, table: str, make: Callable[..., Any], model: Any, progress: Progress
) -> tuple[int, int]:
    taken = lost = 0
    for rows in intake.staged(placement=placement, table=table, size=BATCH):
        known = _borrowers(placement.book, {row["borrower_ref"] for row in rows})
        made = [
            make(row, known[row["borrower_ref"]], placement.book)
            for row in rows
            if row["borrower_ref"] in known
        ]
        model.objects.bulk_create(made, ignore_conflicts=True, batch_size=1000)
        taken, lost = taken + len(made), lost + len(rows) - len(made)
        progress(table, taken)
    return taken, lost


def _borrowers(book: Book, wanted: set[str]) -> Mapping[str, Borrower]:
    found: dict[str, Borrower] = {}
    references: Iterator[str] = iter(sorted(wanted))
    while some := list(islice(references, 2000)):
        rows = Borrower.objects.filter(book=book, reference__in=some)
        found |= {row.reference: row for row in rows}
    return found


def _opt_out(row: Mapping[str, Any], borrower: Borrower, book: Book) -> OptOut:
    scope = str(row["scope"]).strip().lower()
    return OptOut(
        borrower=borrower, person_id=borrower.person_id, source=str(row["source"])[:80],
        scope=scope if is_scope(scope) else "all", at=_instant(row["at"], book),
    )  # fmt: skip


def _consent(row: Mapping[str, Any], borrower: Borrower, book: Book) -> Consent:
    return Consent(
        borrower=borrower, purpose=str(row["purpose"])[:40], value=str(row["value"] or "")[:80],
        source=str(row["source"])[:80], given_at=_instant(row["given_at"], book),
    )  # fmt: skip


def _instant(value: date | datetime, book: Book) -> datetime:
    if isinstance(value, datetime):
        return aware(value)
    return at_local(value, time(0), book.time_zone)
