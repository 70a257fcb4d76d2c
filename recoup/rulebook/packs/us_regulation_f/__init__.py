"""
Regulation F (12 CFR 1006): who collects for others, or debts bought from others.

A creditor that collects its own debts in its own name is outside it, and inside the rules of many
states. Where nobody knows who collects, it binds.
"""

from recoup.rulebook.rule import Pack

PACK = Pack("us_regulation_f")
