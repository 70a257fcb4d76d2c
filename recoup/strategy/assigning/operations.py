"""What changes: a night's hand-out, a morning when somebody is away, and giving back."""

from __future__ import annotations

import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl
from django.conf import settings
from django.db import IntegrityError
from django.utils.translation import gettext as _

from recoup.journal.operations import attach, record
from recoup.kernel.actors import Actor, Viewer
from recoup.kernel.clock import aware
from recoup.kernel.errors import Invalid, Refused
from recoup.kernel.files import write_by_content
from recoup.kernel.progress import Progress, quiet
from recoup.people import operations as people
from recoup.people import queries as people_queries
from recoup.people.models import Absence, Book, User
from recoup.people.scopes import unjoined
from recoup.portfolio import bulk, states
from recoup.portfolio.models import Case
from recoup.strategy.assigning import dealing
from recoup.strategy.assigning.covering import Cover, plan_cover
from recoup.strategy.assigning.dealing import Deal
from recoup.strategy.assigning.gathering import gather
from recoup.strategy.events import CasesAssigned, CasesCovered, CoverUndone
from recoup.strategy.models import Assignment, Decision
from recoup.strategy.planning import seed_of

CHUNK = 5000


@dataclass(frozen=True)
class Move:
    """A case that goes from hand to hand: who held it and its team, who gets it and theirs."""

    case: int
    held: int | None
    team: int | None
    to: int | None
    to_team: int | None


def assign_cases(
    *, book: Book, on: date, by: Actor, at: datetime, vulnerable: Collection[int] = (),
    anew: bool = False, progress: Progress = quiet,
) -> Assignment:  # fmt: skip
    """
    Give the worked cases of a book, but those with agencies, to collectors who can and may.

    Once for each book and day: the same hand-out comes back, unless `anew`, which gives everything
    out again and is done as often as it is asked for. Tasks that wait follow their case. With nobody
    here all cases wait where they are.
    """
    night = Assignment.objects.filter(book=book, on=on, cause=Assignment.Cause.NIGHT)
    if not anew and (done := night.first()):
        return done
    progress("assign", 0)
    problem = gather(book=book, on=on, vulnerable=vulnerable)
    made = dealing.deal(problem, anew=anew)
    fairness = dealing.price_of_fairness(problem, seed=seed_of("fairness", book.code, str(on)))
    path = write_file(book=book, stem=f"{on.isoformat()}-{'anew' if anew else 'night'}", deal=made)
    cause = Assignment.Cause.ANEW if anew else Assignment.Cause.NIGHT
    try:
        with record(CasesAssigned, by=by, at=at, book=book, on=on, cause=str(cause)) as event:
            row = _keep(book=book, cause=cause, on=on, at=at, path=path, deal=made,
                        fairness={**fairness, "spread": round(made.spread, 4)})  # fmt: skip
            written = move_cases(book=book, moves=_moves(made.rows, book))
            event.note(
                cases=row.rows, given=row.given, moved=row.moved, left=sum(row.left.values()),
                why=row.left, written=written, certificate=row.certificate, fairness=row.fairness,
                scored=problem.scored, hands=len(problem.hands),
                file={"file": row.file, "sha256": row.digest, "rows": row.rows},
            )  # fmt: skip
            event.about(row)
    except IntegrityError:
        if not anew and (other := night.first()):  # two nights at once: the other was first
            return other
        raise
    progress("assign", made.rows.height)
    return row


def _keep(
    *, book: Book, cause: str, on: date, at: datetime, path: Path, deal: Deal,
    fairness: dict[str, object], away: User | None = None, absence: Absence | None = None,
) -> Assignment:  # fmt: skip
    pointer = attach(path, rows=deal.rows.height)
    return Assignment.objects.create(
        book=book, cause=cause, on=on, at=aware(at), file=pointer["file"],
        digest=pointer["sha256"], rows=deal.rows.height,
        given=deal.rows.height - deal.count(dealing.LEFT),
        moved=deal.count(dealing.MOVED) + deal.count(dealing.TAKEN), left=deal.left,
        people=deal.people, certificate=deal.certificate, fairness=fairness, away=away,
        absence=absence,
    )  # fmt: skip


def folder(book: Book) -> Path:
    """Where the hand-outs of a book lie."""
    path = Path(settings.DATA_DIR) / "assignments" / str(book.pk)
    path.mkdir(parents=True, exist_ok=True)
    return path


def write_file(*, book: Book, stem: str, deal: Deal) -> Path:
    """Write a hand-out under a name that its content gives: whole, or not there."""
    content = io.BytesIO()
    deal.rows.write_parquet(content, compression="zstd")
    return write_by_content(folder(book), stem=stem, suffix=".parquet", content=content.getbuffer())


def _moves(rows: pl.DataFrame, book: Book) -> list[Move]:
    """What changes hands; who keeps a case keeps it in the team they are in now."""
    kept = unjoined(Case).filter(book=book, state__in=states.WORKED, agency=None)
    teams = bulk.frame(
        kept.order_by("pk").values_list("pk", "team_id"), {"case": pl.Int64, "in": pl.Int64}
    )
    found = rows.select("case", "held", "collector", "team").join(teams, on="case", how="inner")
    # Where nobody may have a case it stays in its team, so that its leader sees it.
    found = found.with_columns(team=pl.col("team").fill_null(pl.col("in")))
    changed = found.filter(
        ~pl.col("collector").eq_missing(pl.col("held")) | ~pl.col("team").eq_missing(pl.col("in"))
    )
    wanted = changed.sort("case").select("case", "held", "in", "collector", "team")
    return [Move(*row) for row in wanted.iter_rows()]


def move_cases(*, book: Book, moves: Sequence[Move]) -> int:
    """
    Give cases and their waiting tasks into other hands, inside the operation that writes the event;
    gives how many. What changed hands or was closed since it was read is left as it is.
    """
    count = 0
    for start in range(0, len(moves), CHUNK):
        part = moves[start : start + CHUNK]
        rows = unjoined(Case).select_for_update(of=("self",), no_key=True).filter(
            pk__in=[move.case for move in part], book=book, agency=None, state__in=states.WORKED
        )  # fmt: skip
        now = {pk: (held, team) for pk, held, team in rows.order_by("pk").values_list(
            "pk", "collector_id", "team_id"
        )}  # fmt: skip
        good = [move for move in part if now.get(move.case) == (move.held, move.team)]
        bulk.update(
            Case, ["team", "collector"], [(move.case, move.to_team, move.to) for move in good]
        )
        _tasks_follow(good)
        count += len(good)
    return count


def _tasks_follow(moves: Sequence[Move]) -> None:
    to = {move.case: move.to for move in moves}
    rows = unjoined(Decision).filter(
        case__in=list(to), channel="task", state=Decision.State.WAITING
    )  # fmt: skip
    waiting = [(pk, to[case]) for pk, case in rows.order_by("pk").values_list("pk", "case_id")]
    bulk.update(Decision, ["assignee"], waiting)


def cover(
    *, viewer: Viewer, book: Book, username: str, on: date, at: datetime, kind: str = "unplanned",
    until: date | None = None, seen: str = "", vulnerable: Collection[int] = (),
) -> Assignment:  # fmt: skip
    """
    Record that a collector is away on a day, up to `until`, and give their cases to the team.

    What the others hold stays with them, and so does what nobody can take with who is away. Tasks that wait follow their case. `seen` is the digest of the preview that was looked at.

    :raises Refused: if the viewer does not lead the collector
    :raises Invalid: if the hand-out is another by now than the one that was seen
    """
    last = until or on + timedelta(days=1)
    people.check_absence(since=on, until=last, kind=kind)
    wanted = plan_cover(
        viewer=viewer, book=book, username=username, on=on, vulnerable=vulnerable
    )  # fmt: skip
    if seen and seen != wanted.digest:
        raise Invalid(_("The cases have changed since you looked."),
                      hint=_("Look at who would get what once more."))  # fmt: skip
    path = write_file(book=book, stem=f"{on.isoformat()}-cover", deal=wanted.deal)
    by = viewer.actor()
    with record(CasesCovered, by=by, at=at, book=book, username=username, on=on) as event:
        absence = people.keep_absence(
            user=wanted.away, since=on, until=last, kind=kind, by=by, at=at
        )
        row = _keep(
            book=book, cause=Assignment.Cause.COVER, on=on, at=at, path=path, deal=wanted.deal,
            fairness={}, away=wanted.away, absence=absence,
        )  # fmt: skip
        moved = move_cases(book=book, moves=_cover_moves(wanted, book))
        event.note(
            taken=wanted.taken, stayed=wanted.stayed, tasks=wanted.tasks, written=moved,
            cost=wanted.cost, until=last, certificate=row.certificate, why=row.left,
            file={"file": row.file, "sha256": row.digest, "rows": row.rows},
        )  # fmt: skip
        return event.about(row)


def _cover_moves(wanted: Cover, book: Book) -> list[Move]:
    """Only what changes hands; what nobody can take stays with who is away."""
    rows = wanted.deal.rows.filter(pl.col("how").is_in([dealing.MOVED, dealing.TAKEN]))
    return _moves(rows, book)


def undo_cover(*, viewer: Viewer, assignment: Assignment, at: datetime) -> int:
    """
    Give back what was taken over while somebody was away, and take the absence back; gives how many
    cases. What went on to somebody else meanwhile stays there. Twice changes nothing.

    :raises Refused: if the viewer does not lead the collector
    """
    if assignment.cause != Assignment.Cause.COVER or assignment.away is None:
        raise Refused(_("Only what was taken over can be given back."), rules=("strategy.cover",))
    user = people_queries.led(viewer=viewer, username=assignment.away.username)
    rows = pl.read_parquet(Path(settings.DATA_DIR) / assignment.file).filter(
        pl.col("how").is_in([dealing.MOVED, dealing.TAKEN])
    )
    by = viewer.actor()
    with record(CoverUndone, by=by, at=at, book=assignment.book, username=user.username) as event:
        event.about(assignment)
        open_ = unjoined(Assignment).filter(pk=assignment.pk, undone_at=None)
        returned = 0
        if open_.update(undone_at=aware(at)):
            back = [
                Move(case, to, team, held, user.team_id)
                for case, held, to, team in rows.select("case", "held", "collector", "team").iter_rows()
            ]  # fmt: skip
            returned = move_cases(book=assignment.book, moves=back)
            if assignment.absence is not None:
                people.drop_absence(absence=assignment.absence, at=at)
        event.note(returned=returned)
    return returned
