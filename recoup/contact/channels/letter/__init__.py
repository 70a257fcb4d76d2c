"""Letters: one PDF page for a window envelope, left for a print house to fetch."""
