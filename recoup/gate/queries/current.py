"""
The facts of a few cases as they stand now: what `facts_frame` says of a whole book for a day.

Read as for a permit, with today's counts and the text that would be sent; for choosing anew.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import polars as pl

from recoup.gate import counters
from recoup.gate.gather import MEDIUM, Ask, gather
from recoup.gate.queries.careful import with_history
from recoup.gate.queries.frames import WRITTEN, best_points
from recoup.kernel.clock import local_day
from recoup.people.models import Book
from recoup.portfolio.models import Case
from recoup.rulebook.facts import frame_of


def facts_now(*, book: Book, cases: Collection[int], at: datetime) -> pl.DataFrame:
    """
    The facts of some cases of a book by channel, with the best point to reach each.

    Columns are those of `facts_frame`. A case without a point for a channel has no row for it.
    """
    rows = Case.objects.filter(book=book, pk__in=cases)
    known = {
        borrower: (case, person)
        for case, borrower, person in rows.values_list("pk", "borrower", "borrower__person")
    }
    points = best_points(book, local_day(at, book.time_zone), borrowers=set(known))
    by_medium = {
        (borrower, medium): point
        for borrower, medium, point in points.select(
            "borrower", "medium", "contact_point"
        ).iter_rows()
    }
    meant = [
        (case, borrower, person, point, channel)
        for borrower, (case, person) in sorted(known.items())
        for channel in WRITTEN
        if (point := by_medium.get((borrower, MEDIUM[channel]))) is not None
    ]
    asks = [Ask(case, channel, point, "") for case, _, _, point, channel in meant]
    contacts = gather(asks, at=at, session={"identity_confirmed": False})
    keys = {key for contact in contacts for claim in contact.claims for key in claim.keys}
    standing = counters.read(keys, lock=False)
    for contact in contacts:
        contact.count(standing, at)
    frame = frame_of([contact.facts for contact in contacts])
    frame = frame.with_columns(
        pl.Series(name, [row[place] for row in meant], dtype=pl.Int64)
        for place, name in enumerate(("case", "borrower", "person", "contact_point"))
    )
    return with_history(frame, book=book, cases=cases)
