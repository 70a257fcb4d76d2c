"""The register of event kinds: every stage declares its own in its `events.py`."""

from __future__ import annotations

from dataclasses import dataclass

KINDS: dict[str, Kind] = {}


@dataclass(frozen=True, slots=True)
class Kind:
    """
    A kind of event: its name (`stage.what_happened`) and the sentence shown to people.

    `sentence` is an English msgid; its placeholders are keys of the event's data.
    """

    name: str
    sentence: str

    def __post_init__(self) -> None:
        if self.name in KINDS and KINDS[self.name] != self:
            raise ValueError(f"The event kind {self.name} is declared twice.")
        KINDS[self.name] = self

    def __str__(self) -> str:
        return self.name
