"""
The life of a case: which state may follow which, and what each is called in Chinese.

A move that is not in the table raises, and says what is possible.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from recoup.kernel.errors import Refused
from recoup.portfolio.models import Case

S = Case.State

TERMS = {
    S.PLACED: "入催",
    S.OPEN: "在催",
    S.RETAINED: "留案",
    S.SUSPENDED: "停催",
    S.RECALLED: "退案",
    S.SETTLED: "结清",
    S.CLOSED: "结案",
}

# From a state to the states that may follow. A placed case has not been released for contact; a
# retained one (留案) stays with its collector beyond its term; a suspended one (停催) is not
# worked; a recalled one (退案) went back to the lender; a closed one (结案) is put away, and only
# a new placement by the lender takes it out again.
LEGAL: dict[str, frozenset[str]] = {
    S.PLACED: frozenset({S.OPEN, S.RECALLED, S.SETTLED}),
    S.OPEN: frozenset({S.RETAINED, S.SUSPENDED, S.RECALLED, S.SETTLED}),
    S.RETAINED: frozenset({S.OPEN, S.SUSPENDED, S.RECALLED, S.SETTLED}),
    S.SUSPENDED: frozenset({S.OPEN, S.RECALLED, S.SETTLED}),
    S.RECALLED: frozenset({S.PLACED, S.CLOSED}),
    S.SETTLED: frozenset({S.OPEN, S.PLACED, S.RECALLED, S.CLOSED}),
    S.CLOSED: frozenset({S.PLACED}),
}

# What is aged each night, and what a collector may work on.
LIVE = frozenset({S.PLACED, S.OPEN, S.RETAINED, S.SUSPENDED, S.SETTLED})
WORKED = frozenset({S.OPEN, S.RETAINED})


@dataclass(frozen=True)
class Move:
    """One step that was asked for."""

    case: int
    source: str
    target: str


class IllegalMove(Refused):
    """A case cannot go from this state to that one. The message says where it can go."""

    def __init__(self, move: Move) -> None:
        possible = ", ".join(sorted(LEGAL[move.source]))
        super().__init__(
            _("Case {case} is {source} and cannot become {target}.").format(
                case=move.case, source=move.source, target=move.target
            ),
            rules=("portfolio.states",),
            hint=_("From here it can become: {possible}.").format(possible=possible),
        )
        self.move = move


def is_legal(*, source: str, target: str) -> bool:
    """Whether a case may go from one state to the other."""
    return target in LEGAL[source]


def check(*, case: Case, target: str) -> None:
    """Go on only if the case may take this step. :raises IllegalMove: if not"""
    if target not in LEGAL or not is_legal(source=case.state, target=target):
        raise IllegalMove(Move(case.pk, case.state, target))
