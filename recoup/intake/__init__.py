"""
The door for lenders' data.

Takes a file or an API call and a mapping; gives a `Placement`: staged rows, provenance, and what
was refused and why. Promises that nothing is dropped and nothing is taken in twice.
"""
