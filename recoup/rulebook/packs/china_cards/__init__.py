"""China, credit cards: what the card measures ask beyond what binds every loan."""

from recoup.rulebook.rule import Pack

PACK = Pack("china_cards")
