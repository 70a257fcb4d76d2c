"""
A lender that never existed, and the outside world it lives in: carriers, mailboxes, a cashier.

Attaches only to demo books.
"""
