"""
What a Spark worker is sent to score cases: functions that load the rest only once Django stands.

A worker is a process of its own, which has loaded nothing when it unpickles these.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from recoup.scoring.batches import matrix_of
from recoup.scoring.declared import NAMES

Asked = tuple[Any, list[str]]  # a scorer, and the columns of a batch that are its own


def set_up() -> None:
    """Make Django stand, once in a process."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recoup.site.settings")
    import django
    from django.apps import apps

    if not apps.ready:
        django.setup()


def fields_of(targets: Iterable[str]) -> str:
    """What `answering` gives, as Spark says it: targets by their place, any name may be one."""
    from recoup.scoring.engines import REASONS

    found = ["case long", *(f"{name} float" for name in NAMES)]
    for place, _target in enumerate(targets):
        found.append(f"chance_{place} double")
        found += [f"moved_{place}_{rank} int" for rank in range(REASONS)]
    return ", ".join(found)


def answering(carried: Any) -> Any:
    """What a worker does with batches of features: the same back as single numbers, and answers."""

    def answer(batches):  # type: ignore[no-untyped-def]  # Spark reads the annotations of these
        set_up()
        from recoup.scoring.engines import answer_of

        scorers = pickle.loads(carried.value)  # noqa: S301  what this driver pickled
        for batch in batches:
            matrix = matrix_of(NAMES, batch)
            columns = {"case": batch.column(batch.schema.get_field_index("case"))}
            columns |= {name: pa.array(one) for name, one in zip(NAMES, matrix.T, strict=True)}
            for place, (scorer, names) in enumerate(scorers.values()):
                found = answer_of(scorer, matrix_of(names, batch))
                columns[f"chance_{place}"] = pa.array(found.chance)
                for rank, codes in enumerate(found.moved.T):
                    columns[f"moved_{place}_{rank}"] = pa.array(codes)
            yield pa.RecordBatch.from_pydict(columns)

    return answer
