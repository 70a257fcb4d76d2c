"""What strategy is told of refusals, in the transaction that refused."""

from __future__ import annotations

from collections.abc import Sequence

from recoup.gate.models import Permit, Refusal
from recoup.rulebook.verdict import Outcome
from recoup.strategy import operations as strategy
from recoup.strategy.models import Decision

# The rule that a decision breaks which has a permit already.
HELD = "HOUSE-DECISION-001"


def is_held(answer: Permit | Refusal) -> bool:
    """Whether a contact was refused only because another process holds its permit."""
    return isinstance(answer, Refusal) and [rule["id"] for rule in answer.rules] == [HELD]


def tell_strategy(decisions: Sequence[Decision], refusals: Sequence[Refusal]) -> None:
    """A decision that must wait waits inside its window; any other refusal ends it."""
    windows = {row.pk: row.not_after for row in decisions}
    ended = []
    for row in refusals:
        if row.decision_id is None or is_held(row):
            continue
        if row.outcome == Outcome.WAIT and row.until and row.until < windows[row.decision_id]:
            strategy.postpone(decision=row.decision_id, until=row.until)
        else:
            ended.append(row.decision_id)
    strategy.mark(decisions=ended, state=Decision.State.REFUSED)
