"""What a creditor lays over the law."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from recoup.kernel.errors import Invalid
from recoup.people import law

pytestmark = pytest.mark.django_db
TIGHTER = "pack: ours\nlayer: tenant\nparameters: {most_effective_calls: 2}\n"


def lay(book: Any, source: str, by: Any, at: datetime) -> Any:
    return law.lay(creditor=book.creditor, source=source, jurisdiction="CN", by=by, at=at)


def test_a_creditors_tighter_number_binds_its_books_and_no_others(book, outsider, system, at):
    plain = law.law_of(book, at)
    lay(book, TIGHTER, system, at)
    tighter = law.law_of(book, at)

    assert (plain.parameters.most_effective_calls, tighter.parameters.most_effective_calls) == (
        3,
        2,
    )
    assert tighter.digest != plain.digest
    book.creditor = outsider.creditors.get()
    assert law.law_of(book, at).parameters.most_effective_calls == 3


def test_what_loosens_the_law_or_is_a_what_if_is_not_laid(book, system, at):
    for text in (
        TIGHTER.replace("2}", "5}"), TIGHTER.replace("tenant", "what-if"),
        "layer: tenant\nrules: {CN-PARTY-001: off}\n", "layer: tenant\n  bad: [",
    ):  # fmt: skip
        with pytest.raises(Invalid):
            lay(book, text, system, at)
    assert law.laid(book.creditor) is None


def test_what_was_laid_is_lifted_again(book, system, at):
    lay(book, TIGHTER, system, at)

    assert law.lift(creditor=book.creditor, by=system, at=at)
    assert not law.lift(creditor=book.creditor, by=system, at=at)
    assert law.law_of(book, at).parameters.most_effective_calls == 3


@pytest.mark.parametrize(
    "written", [
        b"layer: tenant\nmood: [", b"\xff\xfe\x00", b"layer: tenant\nrules: [CN-FREQ-004]\n",
        b"layer: what-if\nrules: {CN-FREQ-001: off}\n",
    ],
)  # fmt: skip
def test_rules_broken_or_loosened_by_hand_refuse_everybody(book, system, at, written):
    """
    laid ── the file is written over: no YAML, no text, no rules, or a what-if that switches law off
    """
    lay(book, TIGHTER, system, at)
    law._path(book.creditor).write_bytes(written)

    with pytest.raises(Invalid):
        law.law_of(book, at)


def test_what_is_kept_of_rules_laid_over_the_law_is_as_long_as_without(book, system, at):
    plain = law.law_of(book, at).digest
    lay(book, TIGHTER, system, at)

    # A permit and a refusal keep it in so many characters; PostgreSQL takes no more.
    assert len(law.law_of(book, at).digest) == len(plain) == 64
