"""Matching: a receipt against an order, by rules, without input or output. The one verb is `match_receipt` in verbs.py."""
