"""
The law, a folder for each pack.

    pack.yaml         what it lies over, for whom it holds, from when; the instruments
    *.py              one small function for each rule; the docstring is the law in plain words
    parameters.yaml   the numbers with legal force, by date and instrument
    counters.yaml     what is counted, for whom, over which days
    content.yaml      words that no text may hold, and what texts must say
    cases/*.yaml      cases a lawyer can review; `recoup rules test` runs them
"""
