"""Journeys type commands as the tests of commands do."""

from recoup.commands.tests.conftest import run

__all__ = ["run"]
