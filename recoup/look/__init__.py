"""What the desks share: the frame of a page, language, sign-in, tables, charts, the live feed."""
