"""The numeric core: arrays in, arrays out. Knows nothing of Django, files or the clock."""
