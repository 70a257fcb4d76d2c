"""
The append-only record of everything that happened.

Takes what any stage did, in the transaction that did it; gives a gapless, hash-chained list of
events and a live feed by position; promises that a changed byte is found. Everyone writes,
nobody edits.
"""
