"""Backing up and restoring: ledger, store and knowledge base of one point in time, the keys apart, and the proof that it can be restored."""
