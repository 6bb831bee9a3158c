"""Asking a language model for what rules leave open: which fields, in which words, and what of its answers stands. Nothing is sent from here."""
