"""The desk of the strategy analyst: plans, strategies, arms, models, and what was taken in."""
