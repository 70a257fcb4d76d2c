"""Singapore: the Debt Collection Act and the house's window."""

from recoup.rulebook.rule import Pack

PACK = Pack("singapore")
