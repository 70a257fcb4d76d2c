"""The United Kingdom: the FCA's CONC, the breathing space."""

from recoup.rulebook.rule import Pack

PACK = Pack("united_kingdom")
