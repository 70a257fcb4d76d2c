"""Mexico: CONDUSEF's provisions on collection agencies, and REDECO."""

from recoup.rulebook.rule import Pack

PACK = Pack("mexico")
