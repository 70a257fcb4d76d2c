"""India: the Reserve Bank's draft of 2026, off until it is issued."""

from recoup.rulebook.rule import Pack

PACK = Pack("india_draft")
