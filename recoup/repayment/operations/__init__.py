"""What changes: promises, plans, money received, matched and reversed; and whether it all agrees."""

from recoup.repayment.operations.banking import import_bank_file
from recoup.repayment.operations.planning import (
    agree_plan,
    cancel_plan,
    judge_plans,
    latest_day,
    most_months,
)
from recoup.repayment.operations.promising import judge_promises, promise
from recoup.repayment.operations.receiving import match, receive, reverse
from recoup.repayment.operations.reconciling import Reconciliation, reconcile

__all__ = [
    "Reconciliation", "agree_plan", "cancel_plan", "import_bank_file", "judge_plans",
    "judge_promises", "latest_day", "match", "most_months", "promise", "receive", "reconcile",
    "reverse",
]  # fmt: skip
