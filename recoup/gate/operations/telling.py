"""What strategy is told of permits and refusals, in the transaction that answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from recoup.gate.models import Permit, Refusal
from recoup.gate.operations.uses import Use
from recoup.kernel.errors import Refused
from recoup.rulebook.verdict import Outcome, Verdict
from recoup.strategy import operations as strategy
from recoup.strategy.models import Decision

# The rule that a decision breaks which has a permit already.
HELD = "HOUSE-DECISION-001"
# Why a permit may not be used although its decision still stands: somebody else has it, its time is
# over, or the clock went back. The decision waits, and asks again.
ASK_AGAIN = frozenset({"gate.used", "gate.released", "gate.expired", "gate.clock"})


def is_held(answer: Permit | Refusal) -> bool:
    """Whether a contact was refused because another permit stands for its decision."""
    return isinstance(answer, Refusal) and HELD in {rule["id"] for rule in answer.rules}


def tell_strategy(decisions: Sequence[Decision], refusals: Sequence[Refusal]) -> None:
    """A decision that must wait waits inside its window; any other refusal ends it."""
    windows = {row.pk: row.not_after for row in decisions}
    ended = [
        row.decision_id
        for row in refusals
        if row.decision_id is not None
        and not is_held(row)
        and not _postponed(row.decision_id, row.outcome, row.until, windows[row.decision_id])
    ]
    strategy.mark(decisions=ended, state=Decision.State.REFUSED)


def tell_of_uses(
    answers: Iterable[tuple[Use, Permit | Refused]], permits: Mapping[str, Permit],
    verdicts: Mapping[str, Verdict],
) -> None:  # fmt: skip
    """A decision whose permit was used is sent; what the law forbids by now waits or ends."""
    sent, ended = [], []
    for use, answer in answers:
        permit = permits.get(use.permit)
        if permit is None or permit.decision is None:
            continue
        decision, verdict = permit.decision, verdicts.get(permit.pk)
        if isinstance(answer, Permit):
            sent.append(decision.pk)
        elif verdict is not None:
            if not _postponed(decision.pk, verdict.outcome, verdict.until, decision.not_after):
                ended.append(decision.pk)
        elif ASK_AGAIN.isdisjoint(answer.rules):
            ended.append(decision.pk)
    strategy.mark(decisions=sent, state=Decision.State.SENT)
    strategy.mark(decisions=ended, state=Decision.State.REFUSED)


def _postponed(decision: int, outcome: str, until: datetime | None, ends: datetime) -> bool:
    if outcome != Outcome.WAIT or until is None or until >= ends:
        return False
    strategy.postpone(decision=decision, until=until)
    return True
