"""The desk of quality and compliance: what was refused and why, and the record itself."""
