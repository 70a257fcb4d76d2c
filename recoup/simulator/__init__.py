"""
A book of borrowers who answer: the laboratory behind the demo and the benchmark.

Takes contacts, a day and a seed; gives outcomes and payments. Promises that hidden traits stay
hidden from policies, that the same seed gives the same book, and that every number it runs on has
a value, a range, a source and a grade. Every figure it gives is simulated and is labelled so
wherever it is shown.
"""
