"""What a borrower's turn means: takes a text, gives intents, a confidence and slots."""
