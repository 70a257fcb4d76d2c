"""`recoup understand`: what borrowers' turns mean. Needs no database."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, BinaryIO

import click

from recoup.commands import console

LONGEST = 1_000_000  # bytes of a line


@click.command()
@click.argument("text", required=False)
@click.option("--jsonl", is_flag=True, help='Read lines of {"text": …} from standard input.')
@click.option(
    "--at",
    type=console.DAY,
    help="The borrower's day, from which days are counted; today if left out.",
)
def command(text: str | None, jsonl: bool, at: datetime | None) -> None:
    """
    Say what a borrower's TEXT means, or each line of standard input with --jsonl.

    Gives {"intent", "intents", "confidence", "slots"}: the intent to answer first, all of them in that
    order, how sure the first is, amounts in fen, dates as ISO days. A line that cannot be read gives
    {"error", "line"} in its place; the exit code is then 1.
    """
    from recoup.dialogue.understanding.reading import understand
    from recoup.kernel.errors import Invalid

    on = at.date() if at else date.today()  # noqa: DTZ011
    if jsonl == (text is not None):
        raise Invalid(
            "There is nothing to understand.",
            hint="Give a TEXT, or --jsonl and lines on standard input.",
        )
    if text is not None:
        _write(understand(text, at=on).as_json())
        return
    bad = 0
    for number, line in _lines(sys.stdin.buffer):
        read = _read(line)
        if isinstance(read, str):
            bad += 1
            _write({"error": read, "line": number})
            continue
        said, day = read
        _write(understand(said, at=day or on).as_json())
    sys.exit(1 if bad else 0)


def _write(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Numbered lines that are not empty. A line that is too long is cut, which makes it unreadable."""
    number = 0
    while line := stream.readline(LONGEST):
        number += 1
        while (
            not line.endswith(b"\n") and len(line) >= LONGEST and (rest := stream.readline(LONGEST))
        ):
            if rest.endswith(b"\n"):
                break
        if line.strip():
            yield number, line


def _read(line: bytes) -> tuple[str, date | None] | str:
    """The text and the day of a line, or what is wrong with it and what to do."""
    if len(line) >= LONGEST:
        return f"The line is longer than {LONGEST} bytes. Send one turn a line."
    try:
        given = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return "The line is not UTF-8. Convert the file to UTF-8."
    except (json.JSONDecodeError, RecursionError):
        return 'The line is not JSON. Write {"text": "…"} on one line.'
    if not isinstance(given, dict) or not isinstance(given.get("text"), str):
        return 'The line has no "text" that is a string. Write {"text": "…"} on one line.'
    if given.get("at") is None:
        return given["text"], None
    try:
        return given["text"], date.fromisoformat(given["at"])
    except (TypeError, ValueError):
        return 'Its "at" is no ISO day. Write "at": "2026-12-01", or leave it out.'
