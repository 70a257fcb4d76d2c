"""
The law as dated data.

Takes facts and an instant; gives a verdict that lists every rule that fired, with its source.
Knows nothing of Django. A rule without an instrument does not load; a missing fact fires.
"""
