"""
The flight simulator: what a strategy would do to the book as it stands, before it is in force.

Takes a strategy's text, the book tonight and a seed; gives results with intervals beside the
champion's. Promises that nothing of the live book is touched, that the same inputs give the same
figures to the last bit, and that whatever is simulated says so.
"""
