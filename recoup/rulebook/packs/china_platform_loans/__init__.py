"""China, bank loans made with a platform (助贷)."""

from recoup.rulebook.rule import Pack

PACK = Pack("china_platform_loans")
