"""Indonesia: POJK 22/2023 and SEOJK 19/2023."""

from recoup.rulebook.rule import Pack

PACK = Pack("indonesia")
