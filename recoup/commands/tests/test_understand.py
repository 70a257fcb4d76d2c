"""`recoup understand` answers each line in its place, whatever the line holds."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest


def run(*arguments: str, said: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "recoup", "understand", *arguments],
        input=said, capture_output=True, timeout=60, check=False,
    )  # fmt: skip


def answers(done: subprocess.CompletedProcess[bytes]) -> list[dict[str, object]]:
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


def test_every_line_is_answered_in_order_and_bad_ones_say_where_and_what_to_do() -> None:
    lines = [
        '{"text": "下周三之前先还两千三"}',
        "这不是JSON",
        '{"words": "没有text"}',
        '{"text": 5}',
        "[1]",
        '{"text": ""}',
        '{"text": "三天内还", "at": "2027-01-30"}',
        '{"text": "三天内还", "at": "tomorrow"}',
    ]

    done = run("--jsonl", "--at", "2026-12-01", said="\n".join(lines).encode() + b"\n\xff\xfe\n")
    given = answers(done)

    assert [one.get("line") for one in given] == [None, 2, 3, 4, 5, None, None, 8, 9]
    assert all("." in str(one["error"]) for one in given if "error" in one)
    assert set(given[0]) == {"intent", "intents", "confidence", "slots"}
    assert given[0]["slots"] == {"date": "2026-12-09", "amount": 230000, "extent": "partial"}
    assert given[5]["intent"] == "unclear"
    assert given[6]["slots"] == {"date": "2027-02-02"}
    assert done.returncode == 1


def test_a_text_is_understood_without_a_database(tmp_path: object) -> None:
    done = run("别再打了", "--at", "2026-12-01")

    assert answers(done)[0]["intent"] == "cease_contact"
    assert done.returncode == 0


@pytest.mark.parametrize("arguments", [(), ("--jsonl", "text"), ("text", "--at", "never")])
def test_a_wrong_call_says_what_is_wrong(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)

    assert done.returncode == 2
    assert b"Traceback" not in done.stderr


def test_a_line_of_two_megabytes_is_refused_and_the_next_one_read() -> None:
    done = run(
        "--jsonl", said=b'{"text": "' + b"a" * 2_000_000 + '"}\n{"text": "转人工"}\n'.encode()
    )

    given = answers(done)
    assert given[0]["line"] == 1
    assert given[1]["intent"] == "request_human"
