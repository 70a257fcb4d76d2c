"""People signed in, and a catalogue that is compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client


@pytest.fixture(autouse=True, scope="session")
def catalogue() -> None:
    """The Chinese words, compiled as set-up does."""
    from recoup.site import catalogues

    catalogues.compile_all()


@pytest.fixture
def signed_in(db: None) -> Callable[[Any], Client]:
    """A browser in which somebody is signed in."""

    def make(user: Any) -> Client:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return make
