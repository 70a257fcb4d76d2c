"""The Philippines: SEC Memorandum Circular 18, series of 2019."""

from recoup.rulebook.rule import Pack

PACK = Pack("philippines")
