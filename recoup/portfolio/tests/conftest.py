"""What the tests of the portfolio share."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from recoup.portfolio.tests.ledger_text import LedgerText, bare


@pytest.fixture
def ledger(request: Any, wang_ming: Any) -> LedgerText:
    """The ledger that the docstring of the test describes."""
    return LedgerText(bare(wang_ming), inspect.cleandoc(request.function.__doc__))
