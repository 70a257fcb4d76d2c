"""China, consumer-finance companies."""

from recoup.rulebook.rule import Pack

PACK = Pack("china_consumer_finance")
