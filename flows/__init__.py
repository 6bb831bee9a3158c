"""Flows: named verbs in order. File = function = flow = deployment name. What the verbs do stands in tasks and docmill."""

FLOWS_TAG = "docmill"
"""Tag of all flow runs of docmill's: other people's runs on the same Prefect server are none of its business."""
