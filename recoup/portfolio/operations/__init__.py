"""What changes: opening placements, moving cases, posting to the ledger, ageing the book."""

from recoup.portfolio.operations.moving import (
    admit,
    close,
    move,
    note,
    place_out,
    recall,
    resume,
    retain,
    settle,
    share_out,
    suspend,
)
from recoup.portfolio.operations.nightly import age_book
from recoup.portfolio.operations.opening import open_placement
from recoup.portfolio.operations.posting import (
    Difference,
    accrue,
    check_statements,
    post_payment,
    reverse,
    waive,
)

__all__ = [
    "Difference", "accrue", "admit", "age_book", "check_statements", "close", "move", "note",
    "open_placement", "place_out", "post_payment", "recall", "resume", "retain", "reverse", "settle",
    "share_out", "suspend", "waive",
]  # fmt: skip
