"""Why nothing is done with a case, in the words of the desks."""

from __future__ import annotations

from recoup.look import terms
from recoup.strategy import queries as strategy


def why_not(code: str) -> str:
    """The sentence of a code, with the state of a case in the trade's word for it."""
    kind, _sep, state = code.partition("_")
    said = strategy.why_not(code)
    return said.replace(state, terms.word("case", state)) if kind == "state" else said
