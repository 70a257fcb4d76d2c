"""
Who gets which case (分案).

Takes what cases are worth and need, and what collectors can and carry; gives each case a collector
or a reason why nobody has it. Promises that nobody gets a case without the skill, the language and
the licence or with a conflict of interest, that held cases move only for more than a margin, and
that every case can say why it is where it is.
"""
