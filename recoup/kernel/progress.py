"""How long work tells how far it is: a stage's name, what is done, and the total if known."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called now and then by long work. Must be cheap and must not raise."""

    def __call__(self, stage: str, done: int, total: int | None = None) -> None:
        """Report."""


def quiet(stage: str, done: int, total: int | None = None) -> None:
    """Report to nobody."""
