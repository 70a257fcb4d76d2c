"""E-mail over SMTP, with one-click opt-out and returned mail read."""
