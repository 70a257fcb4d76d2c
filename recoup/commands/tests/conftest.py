"""Commands as they are typed, on the database of the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from click.testing import CliRunner, Result
from django.utils import translation

Run = Callable[..., Result]
PASSWORD = "correct horse battery"


@pytest.fixture
def run(db: Any) -> Iterator[Run]:
    """Type a command; gives its exit code and what it printed."""
    from recoup.commands import recoup

    def typed(*words: object) -> Result:
        result = CliRunner().invoke(recoup, [str(word) for word in words])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    # Commands speak English; the other tests go on in the language that was active.
    with translation.override(translation.get_language()):
        yield typed


@pytest.fixture
def wu(creditor: Any, system: Any, at: Any) -> str:
    """吴合规 approves texts."""
    from recoup.people import operations

    user = operations.add_user(
        username="wu", name="吴合规", role="compliance", creditors=[creditor], password=PASSWORD,
        by=system, at=at,
    )  # fmt: skip
    return str(user.username)
