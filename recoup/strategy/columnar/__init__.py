"""
A night over a book in columns: ten million cases on one machine, bucket by bucket.

Takes `scoring.buckets`; gives Parquet files of decisions with their reasons. The same functions
score, judge, value and choose as in a night over the database.
"""
