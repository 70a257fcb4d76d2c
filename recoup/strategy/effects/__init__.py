"""
What treatments change, measured on the book's own log.

Takes plan files with their propensities, and payments. Gives a versioned model of the effect of
each treatment, or says why there is none; then the strategy's assumption stays.
"""
