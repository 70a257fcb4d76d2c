"""What can happen to figures."""

from recoup.journal.kinds import Kind

Counted = Kind("reporting.counted", "{figures} figures were counted for {on}")
FeeAgreed = Kind("reporting.fee_agreed", "A servicing fee of {rate} holds from {since}")
