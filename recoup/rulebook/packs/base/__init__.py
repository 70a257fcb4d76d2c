"""What holds everywhere: the house's own rules. Each country's law lies over them."""

from recoup.rulebook.rule import Pack

PACK = Pack("base")
