"""
What to do with each case, and what to leave alone.

Takes a `Score`; gives a `Decision` (action, propensity, offer envelope, assignee, reason).
Promises that every decision's chance is logged, that a holdout stays a holdout, and that no
budget is exceeded.
"""
