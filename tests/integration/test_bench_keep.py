"""What a stage keeps: what lies in the store counts, not what was just made, in one piece or piece by piece."""

import hashlib
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from object_stores import gcs

from docmill.services.milling import bench
from docmill.services.milling.bench import Bench
from docmill.storage.objects import StoreSpec, open_store
from docmill.values.jobs import Artefact
from docmill.values.ports import ObjectStore

__all__ = ["gcs"]

NAME = "private/t/read/k.pdf"


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path, gcs: str) -> ObjectStore:
    if request.param == "folder":
        return open_store(StoreSpec(url=(tmp_path / "store").as_uri(), url_key_file=tmp_path / "url.key"))
    own = hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:8]
    return open_store(StoreSpec(url=f"gs://mill/{own}", gcs_endpoint=gcs, gcs_project="p", call_deadline_s=20.0))


def kept(store: ObjectStore, folder: Path, data: bytes) -> Artefact:
    folder.mkdir(exist_ok=True)
    (folder / "made.pdf").write_bytes(data)
    at_work = cast("Bench", SimpleNamespace(store=store, shard=SimpleNamespace(stage="publish"), scratch=folder))
    told = Bench.keep(at_work, "k", "text", NAME, folder / "made.pdf", media_type="application/pdf")
    assert list(folder.iterdir()) == []
    return told


@pytest.mark.parametrize("large_bytes", [1, 1 << 20])
def test_of_two_that_keep_the_first_counts_for_both(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large_bytes: int
) -> None:
    monkeypatch.setattr(bench, "LARGE_BYTES", large_bytes)
    for data in (b"first", b"the second, which was slower"):
        told = kept(store, tmp_path / "scratch", data)
        assert (told.size_bytes, told.sha256) == (5, hashlib.sha256(b"first").hexdigest())
    assert store.read(NAME) == b"first"
