"""China, private lending: the lender is no financial institution."""

from recoup.rulebook.rule import Pack

PACK = Pack("china_private_loans")
