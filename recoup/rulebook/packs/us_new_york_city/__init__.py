"""New York City: 6 RCNY 5-77."""

from recoup.rulebook.rule import Pack

PACK = Pack("us_new_york_city")
