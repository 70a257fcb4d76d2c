"""Memory for columns is asked for in another way, and only meanwhile."""

from __future__ import annotations

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
