"""Blocks: saved configuration that opens something. `prefect block register -m blocks` registers them.

Belongs here: which store, ledger, engine, cluster. Does not belong here: what is done with them. Secrets are SecretStr and never travel to
workers: a block gives a secret-free spec, the worker opens it with credentials of its own.
"""

from blocks.dask_cluster import DaskCluster
from blocks.embedding_model import EmbeddingModel
from blocks.language_model import LanguageModel
from blocks.ledger import Ledger
from blocks.object_store import ObjectStore
from blocks.ocr_engine import OcrEngine
from blocks.saved import saved_or_default

__all__ = ["DaskCluster", "EmbeddingModel", "LanguageModel", "Ledger", "ObjectStore", "OcrEngine", "saved_or_default"]
