"""What can happen to a lender's file."""

from recoup.journal.kinds import Kind

PlacementReceived = Kind("intake.received", "A file came in under the mapping {mapping}")
PlacementAccepted = Kind(
    "intake.accepted", "{accepted} rows were taken in and {refused} were set aside"
)
PlacementRejected = Kind("intake.rejected", "A file could not be read ({reason})")
PlacementOpened = Kind("intake.opened", "All {rows} rows of a placement were opened")
RowDiscarded = Kind("intake.discarded", "A refused row was discarded: {reason}")
QuarantineExported = Kind(
    "intake.exported", "{count} refused rows were written out in clear: {reason}"
)
