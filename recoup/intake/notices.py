"""What was found out or left aside while reading, as sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

KINDS = {
    "detected": _("Read as {encoding}, separated by {separator}"),
    "columns_ignored": _(
        "{table}: {count} columns have no use here and were left aside: {columns}"
    ),
    "parts_ignored": _("{count} tables have no use here and were left aside: {parts}"),
    "file_ignored": _("{count} files of a kind that is not read were left aside"),
    "already_in_book": _("{count} accounts were already in the book from an earlier placement"),
}


def in_words(notice: Mapping[str, Any]) -> str:
    """A notice in the language that is active."""
    facts = {
        key: ", ".join(str(item) for item in value) if isinstance(value, list) else value
        for key, value in notice.items()
    }
    return gettext(KINDS[notice["kind"]]).format(**facts)
