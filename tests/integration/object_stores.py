"""A bucket on a real server binary for the tests of stores, and the names that lie in a store."""

from collections.abc import Iterator

import pytest
from gcs_server import running_gcs_server

from docmill.values.ports import ObjectStore


@pytest.fixture(scope="module")
def gcs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_gcs_server(tmp_path_factory.mktemp("gcs"), "mill") as endpoint:
        yield endpoint


def names(store: ObjectStore, prefix: str) -> list[str]:
    return [info.name for info in store.list(prefix)]
