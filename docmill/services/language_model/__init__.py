"""Asking a language model over the network: the client, its limits, and what is asked of it. What a question says is made by stages."""
