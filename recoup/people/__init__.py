"""
Who works here, whom they work for, and the vault of personal data.

Takes accounts, teams, creditors, agencies and persons; gives viewers (who may see which rows)
and tokens; promises that personal data is readable only through the vault, with a permission,
a reason and an event.
"""
