"""The United States: what holds for everybody who collects there, and the words of all texts."""

from recoup.rulebook.rule import Pack

PACK = Pack("united_states")
