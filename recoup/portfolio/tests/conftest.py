"""What the tests of the portfolio share."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import translation

from recoup.portfolio.tests.ledger_text import LedgerText, bare


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    """Messages as they stand in the code, whatever the catalogue says."""
    with translation.override("en"):
        yield


@pytest.fixture
def ledger(request: Any, wang_ming: Any) -> LedgerText:
    """The ledger that the docstring of the test describes."""
    return LedgerText(bare(wang_ming), inspect.cleandoc(request.function.__doc__))
