"""
A book of borrowers who answer: the laboratory behind the demo and the benchmark.

Every figure it gives is simulated and is labelled so wherever it is shown.
"""
