"""
Two processes write one file at once:

     night 1 ──▶ plan.parquet.a1b2.unfinished ─┐ rename
     night 2 ──▶ plan.parquet.c3d4.unfinished ─┴──▶ plan.parquet: whole, the one or the other
"""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import pytest

from recoup.kernel.files import LEFT_BEHIND, write_by_content, write_whole

SIZE = 4_000_000


def write_often(path: str, letter: str) -> None:
    for _ in range(20):
        write_whole(Path(path), lambda file: file.write_text(letter * SIZE))


def test_of_two_processes_that_write_one_file_each_leaves_it_whole(tmp_path: Path) -> None:
    path = tmp_path / "plan.parquet"
    context = multiprocessing.get_context("spawn")
    processes = [
        context.Process(target=write_often, args=(str(path), letter)) for letter in ("a", "b")
    ]
    for process in processes:
        process.start()

    seen = set()
    while any(process.is_alive() for process in processes):
        if path.exists():
            text = path.read_text()
            assert len(text) == SIZE
            seen |= set(text)
    for process in processes:
        process.join()

    assert [process.exitcode for process in processes] == [0, 0]
    assert seen <= {"a", "b"}
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_that_fails_leaves_the_file_before_it_and_nothing_else(tmp_path: Path) -> None:
    path = write_whole(tmp_path / "plan", lambda file: file.write_text("first"))

    def broken(file: Path) -> None:
        file.write_text("half")
        raise OSError("The disk is full.")

    with pytest.raises(OSError, match="full"):
        write_whole(path, broken)

    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_process_left_is_removed_a_day_later(tmp_path: Path) -> None:
    old, young = tmp_path / "a.x.unfinished", tmp_path / "b.y.unfinished"
    for left in (old, young):
        left.write_text("half")
    past = young.stat().st_mtime - LEFT_BEHIND - 60
    os.utime(old, (past, past))

    write_whole(tmp_path / "plan", lambda file: file.write_text("whole"))

    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.y.unfinished", "plan"]


def test_other_content_has_another_name(tmp_path: Path) -> None:
    names = [
        write_by_content(tmp_path, stem="day", suffix=".bin", content=memoryview(content))
        for content in (b"one", b"two", b"one")
    ]

    assert names[0] == names[2] != names[1]
    assert [path.read_bytes() for path in names] == [b"one", b"two", b"one"]
