"""
Sending, and what came of it.

Takes only a `Permit`; gives an `Attempt`. Promises at most once: an attempt is reserved, handed
over, accepted or unknown, and unknown is never sent again until the provider has answered.
"""
