"""The desk of the administrator: whether everything is whole and where it stands."""
