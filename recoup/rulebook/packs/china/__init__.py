"""China. One function for each rule; the docstring is the law in plain words."""

from recoup.rulebook.rule import Pack

PACK = Pack("china")
