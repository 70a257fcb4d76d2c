"""Nobody is contacted: what people pay unasked."""

from __future__ import annotations

from collections.abc import Sequence

from bench.collectbench.protocol import Contact, Episode, Log, Terms, Yesterday


class Nothing:
    """The floor."""

    def learn(self, past: Sequence[Episode], terms: Terms, *, seed: int) -> None:
        """There is nothing to learn."""

    def act(
        self, log: Log, terms: Terms, *, day: int, yesterday: Yesterday | None
    ) -> list[Contact]:  # fmt: skip
        """Nobody."""
        return []
