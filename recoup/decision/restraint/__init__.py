"""
When to let somebody rest: the lasting effect of contacts, what they irritate, the value of waiting.

Takes the record of a lender's contacts, answers and payments; gives what each contact would be
worth today against waiting, over the days that are left. Promises to know nothing that a lender's
log does not hold, and to be no dearer for a large book than for a small one, case by case.
"""
