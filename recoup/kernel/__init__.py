"""
What every stage speaks: money, time, identifiers, masks, actors, errors.

Takes nothing from the rest of Recoup and nothing from Django; promises values that compare,
print half hidden where they are personal, and never read the clock.
"""
