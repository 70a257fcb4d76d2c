"""How permits end: given back, run out, or their slots settled by an outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db.models import Q

from recoup.gate import counters
from recoup.gate.counters import CONNECTED, UNCONNECTED
from recoup.gate.events import CountersSettled, ManySettled, PermitsExpired, PermitsReleased
from recoup.gate.models import Permit
from recoup.journal.kinds import Kind
from recoup.journal.operations import record
from recoup.kernel.actors import Actor
from recoup.kernel.clock import aware

GATE = Actor.system("gate")


def release(
    *, permit: Permit | str, at: datetime, by: Actor = GATE, only_unused: bool = False
) -> bool:
    """
    Give back a permit whose contact was not made, and its slots. Twice does nothing more.

    Only for contacts that certainly did not happen: what is unknown keeps its slots. With
    `only_unused` one that was used meanwhile stays as it is, for who says so from outside.
    """
    pk = permit.pk if isinstance(permit, Permit) else permit
    if only_unused:
        which = Q(pk=pk, state=Permit.State.ISSUED)
        return bool(_end(Permit.State.RELEASED, which, kind=PermitsReleased, at=at, by=by))
    return bool(release_many(permits=[pk], at=at, by=by))


def release_many(*, permits: Sequence[str], at: datetime, by: Actor = GATE) -> int:
    """Give back many permits; gives how many were still held."""
    return _end(
        Permit.State.RELEASED, Q(pk__in=permits, state__in=("issued", "used")),
        kind=PermitsReleased, at=at, by=by,
    )  # fmt: skip


def expire(*, at: datetime, by: Actor = GATE) -> int:
    """Let permits that ran out unused lapse, and free their slots; gives how many."""
    return _end(
        Permit.State.EXPIRED, Q(state="issued", expires_at__lte=aware(at)),
        kind=PermitsExpired, at=at, by=by,
    )  # fmt: skip


def _end(state: str, which: Q, *, kind: Kind, at: datetime, by: Actor) -> int:
    rows = list(Permit.objects.filter(which).order_by("pk"))
    if not rows:
        return 0
    with record(kind, by=by, at=at) as event:
        ended = give_back(rows, state)
        event.note(count=len(ended), permits=ended)
    return len(ended)


def give_back(permits: Sequence[Permit], state: str = Permit.State.RELEASED) -> list[str]:
    """
    Free the slots of permits that nobody has turned meanwhile; gives those ended.

    Called inside an operation of the gate, which writes the event.
    """
    ended = []
    for row in permits:
        if row.turn(state=state):
            held = set(row.counters) - set(_freed(row, row.settled_as))
            counters.release(held, since=row.issued_at, used_at=row.used_at)
            ended.append(row.pk)
    return ended


def settle_counters(*, permit: Permit, outcome: str, at: datetime, by: Actor = GATE) -> bool:
    """
    Commit the slots that an outcome used, and free those it did not. Only the first outcome of a
    permit counts; gives whether this was it.

    A call that connected was no unconnected attempt; one that did not was no effective call, and
    nobody talked in it.
    Messages keep what they reserved: they were sent, whatever became of them.
    """
    with record(CountersSettled, by=by, at=at, case=permit.case, outcome=outcome) as event:
        row = Permit.objects.get(pk=permit.pk)
        gone = _settled(row, outcome)
        event.note(permit=permit.pk, released=gone or [])
        if gone is not None:
            event.about(permit)
        return gone is not None


def settle_many(*, outcomes: Mapping[str, str], at: datetime, by: Actor = GATE) -> set[str]:
    """
    `settle_counters` for many permits by their ids, with one event; gives those whose first
    outcome this was.
    """
    with record(ManySettled, by=by, at=at) as event:
        rows = Permit.objects.filter(pk__in=outcomes).order_by("pk")
        freed = {row.pk: _settled(row, outcomes[row.pk]) for row in rows}
        ours = {pk for pk, gone in freed.items() if gone is not None}
        event.note(
            count=len(ours),
            settled=[[pk, outcomes[pk], freed[pk]] for pk in sorted(ours)],
        )
    return ours


def _settled(row: Permit, outcome: str) -> list[str] | None:
    """Settle a permit by its first outcome: the keys that came free, or `None` if it has one."""
    first = row.state == Permit.State.USED and not row.settled_as
    if not (first and row.turn(settled_as=outcome)):
        return None
    gone = _freed(row, outcome)
    counters.release(gone, since=row.issued_at, used_at=row.used_at)
    return gone


def _freed(permit: Permit, outcome: str) -> list[str]:
    """The keys of a permit whose slots an outcome gave back."""
    units = ("attempt:",) if outcome in CONNECTED else ("effective_call:", "conversation:")
    if outcome not in CONNECTED | UNCONNECTED:
        return []
    return sorted(key for key in permit.counters if key.startswith(units))
