"""India: the Reserve Bank's circular on recovery agents."""

from recoup.rulebook.rule import Pack

PACK = Pack("india")
