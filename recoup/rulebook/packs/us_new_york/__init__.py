"""The State of New York: 23 NYCRR Part 1."""

from recoup.rulebook.rule import Pack

PACK = Pack("us_new_york")
