"""
The product: learned lasting effects, the value of waiting, and a plan by prices.

What it learns and plans with is the product's own code: `recoup.decision.restraint` for what
contacts do, for how long, and when to let somebody rest; `recoup.decision.allocate` for the day.
"""
