"""China, microloan companies: their caps, and nothing beyond what was shown."""

from recoup.rulebook.rule import Pack

PACK = Pack("china_microloan")
