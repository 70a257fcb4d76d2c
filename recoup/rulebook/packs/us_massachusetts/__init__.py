"""Massachusetts: 940 CMR 7. Binds creditors too."""

from recoup.rulebook.rule import Pack

PACK = Pack("us_massachusetts")
