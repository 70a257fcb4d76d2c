"""
Who may do what, and who sees which rows. This is the page to read.

A role gives permissions; a viewer's creditors, agency and team give rows. No viewer, no rows;
forgetting the tenant raises (django-scopes).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django_scopes import scope

from recoup.kernel.actors import Viewer
from recoup.kernel.errors import Refused
from recoup.people.models import Book, Creditor, User

Rows = TypeVar("Rows", bound="QuerySet[Any]")

# What a person may do. Each is asked for by name where it is needed.
WORK_CASES = "case.work"
SEE_CASES = "case.see"
SEE_ALL_TEAMS = "case.all_teams"
UNMASK = "person.unmask"
SEE_BOARD = "board.see"
SEE_STUDIO = "studio.see"
ACTIVATE_STRATEGY = "strategy.activate"
APPROVE_STRATEGY = "strategy.approve"
TAKE_IN = "intake.accept"
CORRECT_ROWS = "intake.correct"
POST_PAYMENT = "payment.post"
REVERSE_PAYMENT = "payment.reverse"
HOLD = "case.hold"
LEAD = "team.lead"
APPROVE_TEMPLATE = "template.approve"
APPROVE_RULE = "rule.approve"
ASK_PERMIT = "permit.ask"
SEE_JOURNAL = "journal.see"
ADMINISTER = "people.administer"

_R = User.Role
PERMISSIONS: dict[str, frozenset[str]] = {
    _R.ADMINISTRATOR: frozenset(
        {SEE_CASES, SEE_ALL_TEAMS, SEE_BOARD, SEE_STUDIO, TAKE_IN, CORRECT_ROWS, SEE_JOURNAL,
         ADMINISTER, LEAD}
    ),
    _R.EXECUTIVE: frozenset({SEE_BOARD, SEE_STUDIO, APPROVE_STRATEGY}),
    _R.ANALYST: frozenset({SEE_CASES, SEE_ALL_TEAMS, SEE_BOARD, SEE_STUDIO, ACTIVATE_STRATEGY,
                           APPROVE_STRATEGY, CORRECT_ROWS, TAKE_IN}),
    _R.TEAM_LEADER: frozenset({SEE_CASES, WORK_CASES, UNMASK, SEE_BOARD, POST_PAYMENT,
                               REVERSE_PAYMENT, HOLD, ASK_PERMIT, LEAD}),
    _R.COLLECTOR: frozenset({SEE_CASES, WORK_CASES, UNMASK, POST_PAYMENT, ASK_PERMIT}),
    _R.REVIEWER: frozenset({SEE_CASES, SEE_ALL_TEAMS, SEE_JOURNAL}),
    _R.COMPLIANCE: frozenset({SEE_CASES, SEE_ALL_TEAMS, SEE_JOURNAL, HOLD, APPROVE_TEMPLATE,
                              APPROVE_RULE, SEE_BOARD, UNMASK}),
    _R.AGENCY: frozenset({SEE_CASES, WORK_CASES, ASK_PERMIT}),
}  # fmt: skip


def viewer_of(user: User) -> Viewer:
    """The viewer that a signed-in user is."""
    may = PERMISSIONS.get(user.role, frozenset()) if user.is_active else frozenset()
    creditors = user.creditors.values_list("pk", flat=True)
    return Viewer(
        name=user.username,
        role=user.role,
        creditors=frozenset(creditors),
        user=user.pk,
        team=None if SEE_ALL_TEAMS in may else user.team_id,
        agency=user.agency_id,
        may=may,
    )


def system_viewer(book: Book, *, name: str = "system") -> Viewer:
    """A job's view of one book's creditor: every row, every permission."""
    everything = frozenset().union(*PERMISSIONS.values())
    return Viewer(name=name, role="system", creditors=frozenset({book.creditor_id}), may=everything)


def demand(viewer: Viewer, permission: str) -> None:
    """Go on only if the viewer holds a permission. :raises Refused: if not"""
    if permission not in viewer.may:
        raise Refused(
            f"{viewer.name} may not do this ({permission}).",
            rules=(f"people.{permission}",),
            hint="Ask an administrator for the role that may.",
        )


def belongs_nowhere(viewer: Viewer) -> bool:
    """Whether a viewer whose rows come by agency or team has none, and so sees nothing."""
    if viewer.role == User.Role.AGENCY:
        return viewer.agency is None
    by_team = (User.Role.COLLECTOR, User.Role.TEAM_LEADER)
    return viewer.role in by_team and viewer.team is None


def visible(rows: Rows, viewer: Viewer, *, case: str = "", creditor: str = "") -> Rows:
    """
    The rows that a viewer may see.

    `case` is the lookup from a row to its case (`""` for cases themselves, `"case__"` for rows
    of a case); `creditor` the lookup to the creditor where it is not `<case>book__creditor`.
    An agency sees only cases handed to it, a team only its own; who belongs to neither sees none.
    """
    found = rows.filter(**{f"{creditor or case + 'book__creditor'}__in": viewer.creditors})
    if viewer.agency is not None:
        found = found.filter(**{f"{case}agency": viewer.agency})
    if viewer.team is not None:
        found = found.filter(**{f"{case}team": viewer.team})
    return found.none() if belongs_nowhere(viewer) else found


def unjoined(model: type[Any]) -> QuerySet[Any]:
    """
    The rows of a model without the tenant's join, for conditional updates by key, and for reading
    many rows under keys that were found within the scope.

    Where the scope needs a join, Django updates `WHERE id IN (SELECT ...)`, and PostgreSQL does not
    ask that subquery again after it has waited for a row: two writers would both succeed. And
    SQLite, which keeps no statistics, would rather go through all rows of the tenant than look up
    the keys it was given.
    """
    return model._base_manager.all()


@contextmanager
def acting_for(creditors: Iterable[int] | Creditor | Book | Viewer) -> Iterator[None]:
    """
    Make some creditors' rows reachable inside the block; everything else raises or stays hidden.
    """
    if isinstance(creditors, Book):
        ids = [creditors.creditor_id]
    elif isinstance(creditors, Creditor):
        ids = [creditors.pk]
    elif isinstance(creditors, Viewer):
        ids = sorted(creditors.creditors)
    else:
        ids = sorted(creditors)
    with scope(creditor=ids):
        yield


def token_of(row: Model) -> str:
    """What a row is called in the journal."""
    return f"{type(row).__name__}:{row.pk}"
