"""
The one family of errors. Whatever else is raised is a bug.

Messages are for people at work: clear, gentle, concise, and they say what to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class RecoupError(Exception):
    """What Recoup anticipated. `hint` says what the reader can do about it."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class Refused(RecoupError):
    """A rule said no. `rules` are the identifiers of all that fired."""

    def __init__(self, message: str, *, rules: Sequence[str] = (), hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.rules = tuple(rules)


@dataclass(frozen=True)
class Problem:
    """One thing wrong with the input: where it stands, what is wrong, what to do."""

    where: str
    what: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.what} {self.hint}".strip()


class Invalid(RecoupError):
    """The input is wrong. `problems` lists all of them, each with its place."""

    def __init__(self, message: str, *, problems: Sequence[Problem] = (), hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.problems = tuple(problems)


class Failed(RecoupError):
    """The world did not answer as it should. `permanent` decides whether to try again."""

    def __init__(self, message: str, *, permanent: bool, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.permanent = permanent


class NotConfigured(Failed):
    """A setting is missing. The message names it."""

    def __init__(self, message: str, *, setting: str) -> None:
        super().__init__(message, permanent=True, hint=f"Set {setting}.")
        self.setting = setting


class NotTrainable(RecoupError):
    """A model cannot be trained, because ... (the message says why)."""
