"""
How likely each thing is.

Takes a `Case` and its history up to an instant; gives a `Score` (value, model version, reasons).
Promises that a feature never knows the future, that a model was judged out of time, and that a
model which cannot be trained says why.
"""
