"""Enrichment: what a document's words tell beside kind and fields. Every method is deterministic and described in docs/enrichment.md."""
