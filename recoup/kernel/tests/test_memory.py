"""Memory for columns is asked for in another way, and only meanwhile."""

from __future__ import annotations

import gc

import pyarrow as pa
import pytest

from recoup.kernel import memory


def test_what_was_before_is_put_back_also_after_a_failure() -> None:
    before = (pa.default_memory_pool().backend_name, memory._prctl(memory.ARE_HUGE_PAGES_OFF, 0))

    with pytest.raises(ZeroDivisionError), memory.for_columns():
        inside = pa.default_memory_pool().backend_name, memory._prctl(memory.ARE_HUGE_PAGES_OFF, 0)
        raise ZeroDivisionError

    assert inside[0] == "system" and inside[1] in (0, 1)
    assert (
        pa.default_memory_pool().backend_name,
        memory._prctl(memory.ARE_HUGE_PAGES_OFF, 0),
    ) == before


def test_within_one_another_the_inner_changes_nothing_for_the_outer() -> None:
    with memory.for_columns():
        outer = memory._prctl(memory.ARE_HUGE_PAGES_OFF, 0)
        with memory.for_columns():
            pass

        assert memory._prctl(memory.ARE_HUGE_PAGES_OFF, 0) == outer
        assert pa.default_memory_pool().backend_name == "system"


def test_a_server_does_not_search_what_it_loaded_again_and_others_go_on_as_ever() -> None:
    threshold = gc.get_threshold()
    memory.stays()
    assert gc.get_freeze_count() == 0

    try:
        memory.for_serving()
        loaded = gc.get_freeze_count()
        came = [[one] for one in range(1_000)]
        memory.stays()

        assert loaded > 10_000
        assert gc.get_freeze_count() >= loaded + len(came)
        assert gc.get_threshold()[0] == memory.YOUNG
        searched = gc.get_objects()
        assert not any(one is came[7] for one in searched)
    finally:
        gc.unfreeze()
        gc.set_threshold(*threshold)
