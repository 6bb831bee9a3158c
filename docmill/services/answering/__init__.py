"""Answers from the tenant's documents: passages are found, a language model writes sentences from them, and only what they bear out is shown."""
