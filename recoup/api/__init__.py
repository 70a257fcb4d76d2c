"""The door for machines, version 1: placements, payments, receipts, replies."""
