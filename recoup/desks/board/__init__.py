"""The desk of those who answer for the figures: what came in, what it cost, what rolled."""
