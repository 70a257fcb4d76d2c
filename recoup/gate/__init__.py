"""
The only door to a borrower.

Takes a `Decision`; gives a `Permit`, or a `Refusal` that says which rules, in which version, on
whose authority. Nothing is sent without a permit; a permit is signed, short-lived and used once;
its counters are reserved in the transaction that issues it. A missing fact refuses.
"""
