"""
Recoup (归诚): an open-source post-loan and collections platform.

A stage takes one thing, does one thing, hands on one thing. `recoup/path.py` is the table
of contents.
"""

__version__ = "0.1.0"
