"""
The next best action of one case, for a machine that waits: a hot book in memory over the journal.

Takes a signed request; gives the action that would be chosen now, at the night's prices, with all rules
applied. Promises that no answer is older than the last event, and that in doubt it is: nothing.
"""
