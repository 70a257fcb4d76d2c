"""What a person sees, driven in a real browser and looked at."""
