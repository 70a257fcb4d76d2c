"""
Figures that agree with the ledger to the cent.

Takes the journal and the ledger; gives a `Figure`. Promises one definition of each figure, for
every desk, model and experiment.
"""
