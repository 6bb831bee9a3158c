"""Validation: one suite of expectations over the rows of many documents at once. Says which documents fail which checks, never why in values."""
