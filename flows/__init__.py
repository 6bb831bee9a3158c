"""Flows: named verbs in order. File = function = flow = deployment name. What the verbs do stands in tasks and docmill."""
