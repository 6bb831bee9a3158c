"""ObjectStore: where files and results live."""

from prefect.blocks.core import Block
from pydantic import Field

from blocks.saved import DOCUMENTATION_URL
from docmill.settings import settings
from docmill.storage.objects import StoreSpec


class ObjectStore(Block):
    """Where originals, artefacts and results live: a local folder or a Google Cloud Storage bucket. Credentials come from the environment.

    Example:
        ```python
        from blocks import ObjectStore

        store = ObjectStore.load("BLOCK_NAME")
        spec = store.spec()
        ```
    """

    _block_type_name = "docmill object store"
    _block_type_slug = "docmill-object-store"
    _description = "Where docmill keeps originals, artefacts and results: a local folder or a Google Cloud Storage bucket."
    _documentation_url = DOCUMENTATION_URL

    url: str = Field(default_factory=lambda: settings().resolved_store_url, description="file:///folder or gs://bucket[/prefix].")

    def spec(self) -> StoreSpec:
        """The secret-free specification that workers open the store from."""
        return StoreSpec.from_settings(settings().model_copy(update={"store_url": self.url}))
