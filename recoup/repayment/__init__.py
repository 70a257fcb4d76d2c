"""
Promises and money.

Takes what a borrower said and what a bank reports; gives a `Promise`, a `Plan`, a `Payment`.
Promises that money is posted once, that what cannot be matched waits in suspense in sight, and
that a promise is judged with its tolerance.
"""
