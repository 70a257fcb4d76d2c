"""California: the Rosenthal Act and the licence law. Binds creditors too."""

from recoup.rulebook.rule import Pack

PACK = Pack("us_california")
