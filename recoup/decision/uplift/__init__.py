"""What a treatment changes, for whom: learnt from a log whose chances were written down."""
