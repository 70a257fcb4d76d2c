"""
The book: who owes what, since when.

Takes a `Placement`; gives a `Case` (borrower, loans, ledger). Promises that every entry balances,
that nothing posted is edited, and that days past due can be recomputed for any date.
"""
