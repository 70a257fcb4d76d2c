"""
START HERE: the path of a case, top to bottom.

A stage takes one thing, does one thing, hands on one thing. `ARROWS` are what follows an event in
the same transaction; `NIGHT` and `DAY` are what a night and a day do, in order.
"""

from __future__ import annotations


def lay() -> None:
    """Hang the arrows on the journal. Called once, when the site starts."""
