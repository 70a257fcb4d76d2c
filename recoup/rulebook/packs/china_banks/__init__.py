"""China, banks and insurers: what their regulator asks of artificial intelligence."""

from recoup.rulebook.rule import Pack

PACK = Pack("china_banks")
