"""What can happen to cases, loans and their ledger."""

from recoup.journal.kinds import Kind

RowsOpened = Kind(
    "portfolio.rows_opened",
    "{rows} rows of the table {table} were opened: {cases} new cases, {loans} new loans",
)
PlacementOpened = Kind(
    "portfolio.placement_opened", "Placement {placement} was opened: {loans} loans, {cases} cases"
)
CasesAdmitted = Kind("portfolio.cases_admitted", "{cases} cases were released for work")
CasesShared = Kind("portfolio.cases_shared", "{cases} cases were given to collectors")
CasesPlacedOut = Kind("portfolio.cases_placed_out", "{cases} cases were placed with {agency}")
BookAged = Kind("portfolio.book_aged", "{loans} loans changed their age on {on}")
CaseMoved = Kind("portfolio.case_moved", "The case went from {source} to {target}: {reason}")
PaymentPosted = Kind("portfolio.payment_posted", "A payment of {amount} was posted to a loan")
EntryReversed = Kind("portfolio.entry_reversed", "A posting of {amount} was reversed: {reason}")
AmountWaived = Kind("portfolio.amount_waived", "{amount} was waived: {reason}")
AmountAccrued = Kind("portfolio.amount_accrued", "{amount} of {account} fell due")
NoteWritten = Kind("portfolio.note_written", "A note was written")
StatementsChecked = Kind(
    "portfolio.statements_checked",
    "{checked} balances were compared with the lender's; {different} differ",
)
