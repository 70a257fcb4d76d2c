"""One folder for each user: what they look at and what they do. Desks do not know one another."""
