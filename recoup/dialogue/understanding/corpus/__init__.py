"""The authored corpus: hand-written utterances, and a seeded generator that varies and combines them."""
