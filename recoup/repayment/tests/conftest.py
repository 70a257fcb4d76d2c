"""What the tests of repayment share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils import translation


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    """Messages as they stand in the code, whatever the catalogue says."""
    with translation.override("en"):
        yield
