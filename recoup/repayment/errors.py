"""What can be wrong with a promise, a plan or a payment, in sentences."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext as _

from recoup.kernel.errors import Invalid, Refused
from recoup.portfolio.models import Case


class AlreadySettled(Refused):
    """Nothing is owed, so nothing can be promised."""

    def __init__(self, case: Case) -> None:
        super().__init__(
            _("Case {case} owes nothing.").format(case=case.pk),
            rules=("repayment.something_is_owed",),
            hint=_("Look at its ledger; a promise is not needed any more."),
        )


class TooFarAway(Invalid):
    """The day is later than a promise may be."""

    def __init__(self, due_on: date, *, limit: date) -> None:
        super().__init__(
            _("The promise is for {due}, but the latest day is {limit}.").format(
                due=due_on, limit=limit
            ),
            hint=_("Choose an earlier date or ask a team leader for a plan."),
        )


class PlanStands(Refused):
    """A performing plan has to be cancelled before another is agreed."""

    def __init__(self, plan: int) -> None:
        super().__init__(
            _("Plan {plan} of this case is being kept.").format(plan=plan),
            rules=("repayment.one_plan",),
            hint=_("Cancel it first, or wait until it is completed."),
        )


class DifferentPayment(Invalid):
    """A payment came again under the same identifier with other figures."""

    def __init__(self, external_id: str) -> None:
        super().__init__(
            _("Payment {id} came before with another amount or date.").format(id=external_id),
            hint=_("Ask the source which is right; the first one stands."),
        )
