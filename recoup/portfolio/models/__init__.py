"""What is kept: borrowers, loans and instalments, cases, contact points, the ledger."""

from recoup.portfolio.models.borrower import Borrower, ContactPoint
from recoup.portfolio.models.case import Case, Note, PastContact
from recoup.portfolio.models.ledger import Entry, Statement
from recoup.portfolio.models.loan import Instalment, Loan, PastPayment

__all__ = [
    "Borrower", "Case", "ContactPoint", "Entry", "Instalment", "Loan", "Note", "PastContact",
    "PastPayment", "Statement",
]  # fmt: skip
