"""Tasks: a retry policy around one docmill call; they keep results in the store and return references.

Belongs here: names, retries, timeouts. Does not belong here: what documents mean, or state of any kind.
"""
