"""
What may be agreed with a borrower: takes a decision's envelope, gives offers, answers and checked figures.

Pure: values in, values out, sums in integer minor units, days passed in. Promises that nothing is
offered, accepted or said that lies outside the envelope.
"""
