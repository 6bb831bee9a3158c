"""Privacy: find personal data, black it out in a new file, prove that it is gone.

Finding is in `finding` (patterns, names by model, merging, repetition), redaction in `redaction`; other rooms call `verbs` only.
"""
