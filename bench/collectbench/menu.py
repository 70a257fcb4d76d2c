"""All that may be tried: every channel and tone, calls in every two-hour slot."""

from __future__ import annotations

from bench.collectbench.house import Way, hours


def menu() -> list[Way]:
    """Everything that is tried: all channels and tones, calls in every slot."""
    written = [Way(channel, tone) for channel in ("sms", "email")
               for tone in ("reminder", "moral", "officer")]  # fmt: skip
    spoken = [
        Way(channel, "moral", tier, hour)
        for channel, tier in (("robot", "junior"), ("call", "junior"), ("call", "senior"))
        for hour in hours()
    ]
    return [*written, Way("letter", "moral"), *spoken]
