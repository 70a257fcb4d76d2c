"""What a channel says it is about to do under a permit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Use:
    """The permit, the words, the channel and the contact point of one contact."""

    permit: str
    text: str
    channel: str
    contact_point: int
