"""The desk of the team leader: who carries what, who is away, what each of the team can."""
