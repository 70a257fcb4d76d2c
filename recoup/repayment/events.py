"""What can happen to promises, plans and money."""

from recoup.journal.kinds import Kind

PromiseMade = Kind("repayment.promise_made", "The borrower promised {amount} by {due_on}")
PromiseJudged = Kind("repayment.promise_judged", "A promise was judged {state}: {paid} was paid")
PlanAgreed = Kind("repayment.plan_agreed", "A plan of {count} payments was agreed: {total}")
PlanJudged = Kind("repayment.plan_judged", "A plan was judged {state}: {paid} was paid")
PaymentReceived = Kind("repayment.payment_received", "{amount} was received and posted")
PaymentHeld = Kind(
    "repayment.payment_held", "{amount} was received and waits in suspense: {problem}"
)
PaymentMatched = Kind("repayment.payment_matched", "{amount} was taken from suspense and posted")
PaymentReversed = Kind("repayment.payment_reversed", "A payment of {amount} was reversed: {reason}")
BankFileImported = Kind(
    "repayment.bank_file_imported",
    "A bank file of {lines} lines was imported: {posted} posted, {suspense} in suspense",
)
