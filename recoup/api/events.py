"""What can happen to the keys of machines."""

from recoup.journal.kinds import Kind

KeyAdded = Kind("api.key_added", "The key {key} was added for {name}")
KeyRevoked = Kind("api.key_revoked", "The key {key} was revoked")
