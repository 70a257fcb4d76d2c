"""
The table of slots, in the expert's notation.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import yaml

from recoup.dialogue.understanding.normalise import normalise
from recoup.dialogue.understanding.slots import slots

TABLE = yaml.safe_load((Path(__file__).parent / "slots.yaml").read_text(encoding="utf-8"))
AT = date(2026, 12, 1)


@pytest.mark.parametrize(("said", "about", "expected"), TABLE, ids=[line[0] for line in TABLE])
def test_what_was_said_gives_the_slots_of_the_table(
    said: str, about: str, expected: dict[str, object]
) -> None:
    given = slots(normalise(said), at=AT, intents=set(about.split()))

    wanted = {k: v.isoformat() if isinstance(v, date) else v for k, v in expected.items()}
    assert given == wanted
