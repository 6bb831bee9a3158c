"""The object store: bytes under names, in a folder or in Google Cloud Storage, behind one protocol (docmill.values.ports.ObjectStore).

Belongs here: the two stores, what opens them, and the links they sign. Does not belong here: what the names mean (docmill.values.keys).
"""

from docmill.storage.objects.opening import local_folder, open_signer, open_store
from docmill.storage.objects.signing import UrlSigner
from docmill.storage.objects.spec import StoreSpec

__all__ = ["StoreSpec", "UrlSigner", "local_folder", "open_signer", "open_store"]
