"""What every object store promises. Both stores run here, Google Cloud Storage against a real server binary.

A folder's own promises stand in test_object_store_folder.py, how stores are opened and linked in test_object_store_specs.py.
"""

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from object_stores import gcs, names

from docmill.errors import InvalidOptions, NotFound
from docmill.storage.objects import StoreSpec, open_store
from docmill.storage.objects import gcs as gcs_module
from docmill.storage.objects.staging import STAGING
from docmill.values.ports import ObjectStore

__all__ = ["gcs"]


@pytest.fixture(params=["folder", "bucket", "bucket with prefix"])
def spec(request: pytest.FixtureRequest, tmp_path: Path, gcs: str) -> StoreSpec:
    if request.param == "folder":
        return StoreSpec(url=(tmp_path / "a store").as_uri(), url_key_file=tmp_path / "url.key")
    # a prefix of the test's own keeps its objects apart; "bucket" alone uses the names' first part for that
    prefix = f"/{hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:8]}" if request.param != "bucket" else ""
    return StoreSpec(url=f"gs://mill{prefix}", gcs_endpoint=gcs, gcs_project="p", call_deadline_s=20.0)


@pytest.fixture
def store(spec: StoreSpec) -> ObjectStore:
    return open_store(spec)


@pytest.fixture
def tenant(request: pytest.FixtureRequest) -> str:
    return "t" + hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:8]


def test_is_an_object_store(store: ObjectStore) -> None:
    assert isinstance(store, ObjectStore)


def test_create_writes_once(store: ObjectStore, tenant: str) -> None:
    name = f"public/{tenant}/a.json"
    assert not store.exists(name)
    assert store.create(name, b"first", media_type="application/json")
    assert not store.create(name, b"second")
    assert store.read(name) == b"first"
    assert store.exists(name)


def test_an_empty_object_is_an_object(store: ObjectStore, tenant: str) -> None:
    name = f"private/{tenant}/journal/j/read-d.1"
    assert store.create(name, b"")
    assert not store.create(name, b"")
    assert store.read(name) == b""
    assert store.info(name).size_bytes == 0


def test_of_many_writers_one_wins(store: ObjectStore, tenant: str) -> None:
    names_ = [f"private/{tenant}/race/new folder {i}/x.json" for i in range(4)]
    bodies = [bytes([i]) * 5000 for i in range(16)]
    start = threading.Barrier(8)

    def write(number: int) -> list[bool]:
        if number < 8:
            start.wait(timeout=20)
        return [store.create(name, bodies[number]) for name in names_]

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(write, range(16)))
    for at, name in enumerate(names_):
        winners = [number for number in range(16) if won[number][at]]
        assert len(winners) == 1
        assert store.read(name) == bodies[winners[0]]


def test_readers_never_see_half_an_object(store: ObjectStore, tenant: str) -> None:
    name, bodies = f"private/{tenant}/runs/r/lease", [bytes([i]) * 300_000 for i in range(6)]
    store.replace(name, bodies[0])
    done = threading.Event()

    def write() -> None:
        for body in bodies * 3:
            store.replace(name, body)
        done.set()

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        seen = [store.read(name)]
        while not done.is_set() and not writing.done():
            seen.append(store.read(name))
        writing.result()
    assert all(body in bodies for body in seen)
    assert store.read(name) == bodies[-1]


def test_replace_makes_and_overwrites(store: ObjectStore, tenant: str) -> None:
    name = f"private/{tenant}/runs/r/stop"
    store.replace(name, b"1")
    store.replace(name, b"22")
    assert store.read(name) == b"22"
    assert store.info(name).sha256 == hashlib.sha256(b"22").hexdigest()


def test_info_tells_size_and_sha256(store: ObjectStore, tenant: str) -> None:
    store.create(f"public/{tenant}/a", b"abc")
    info = store.info(f"public/{tenant}/a")
    assert (info.name, info.size_bytes, info.sha256) == (f"public/{tenant}/a", 3, hashlib.sha256(b"abc").hexdigest())


def test_a_large_file_goes_in_and_comes_back(store: ObjectStore, tenant: str, tmp_path: Path) -> None:
    source = tmp_path / "source"
    block = hashlib.sha256(b"seed").digest() * 32768  # 1 MiB
    source.write_bytes(b"".join(bytes([i]) + block for i in range(20)))
    name = f"originals/{tenant}/ab/{hashlib.sha256(source.read_bytes()).hexdigest()}"
    assert store.create_from(name, source, media_type="application/pdf")
    assert not store.create_from(name, source)
    out = tmp_path / "out"
    out.mkdir()
    copy = store.fetch(name, out)
    assert hashlib.sha256(copy.read_bytes()).hexdigest() == name.rpartition("/")[2]
    assert store.info(name).sha256 == name.rpartition("/")[2]
    assert store.info(name).size_bytes == source.stat().st_size
    assert len(list(out.iterdir())) <= 1  # nothing half done is left


def test_create_from_a_missing_file(store: ObjectStore, tenant: str, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        store.create_from(f"originals/{tenant}/a", tmp_path / "secret name.pdf")
    assert not store.exists(f"originals/{tenant}/a")


def test_list_is_sorted_and_takes_any_prefix(store: ObjectStore, tenant: str) -> None:
    made = ["a/1", "a/10", "a/2", "a-b", "a.c", "ab/1", "b", "a/x/y", "é/1", "ä/1", "Z"]
    for name in made:
        store.create(f"private/{tenant}/{name}", name.encode())

    def listed(prefix: str) -> list[str]:
        return [name.removeprefix(f"private/{tenant}/") for name in names(store, f"private/{tenant}/{prefix}")]

    assert listed("") == sorted(made)
    assert listed("a") == sorted(name for name in made if name.startswith("a"))
    assert listed("a/") == ["a/1", "a/10", "a/2", "a/x/y"]
    assert listed("a/1") == ["a/1", "a/10"]
    assert listed("nothing") == listed("a/nothing/below") == listed("b/below an object") == []
    assert [info.size_bytes for info in store.list(f"private/{tenant}/a/x/")] == [5]


def test_list_goes_on_after_a_full_page(store: ObjectStore, tenant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gcs_module, "LISTED_AT_A_TIME", 5)
    for i in range(12):
        store.create(f"private/{tenant}/many/{i:02}", b"x")
    assert names(store, f"private/{tenant}/many/") == [f"private/{tenant}/many/{i:02}" for i in range(12)]


def test_delete_tells_whether_it_was_there(store: ObjectStore, tenant: str) -> None:
    name = f"public/{tenant}/a"
    store.create(name, b"x")
    assert store.delete(name)
    assert not store.delete(name)
    assert not store.exists(name)
    assert names(store, f"public/{tenant}/") == []
    assert store.create(name, b"again")


@pytest.mark.parametrize("missing", ["no/such", "there/below", "there is no such"])
def test_what_is_missing_is_not_found(store: ObjectStore, tenant: str, tmp_path: Path, missing: str) -> None:
    store.create(f"public/{tenant}/there", b"x")
    name = f"public/{tenant}/{missing}"
    for call in (store.read, store.info, lambda n: store.fetch(n, tmp_path)):
        with pytest.raises(NotFound) as raised:
            call(name)
        assert "there" not in raised.value.message.replace("there is no", "")
    assert not store.exists(name)
    assert not store.delete(name)


BAD_NAMES = [
    "", "/", "/etc/passwd", "a//b", "a/", "..", "../a", "a/../b", "a/..", "./a", "a/./b", ".hidden", f"{STAGING}/a", "a\0b", "a\nb", "a\x7f",
    "x" * 256, "é" * 128, "/".join(["x" * 100] * 10), "a\ud800",
]  # fmt: skip


@pytest.mark.parametrize("name", BAD_NAMES, ids=lambda name: repr(name)[:20])
def test_bad_names_are_refused_everywhere(store: ObjectStore, tmp_path: Path, name: str) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"x")
    calls = (
        lambda: store.create(name, b"x"), lambda: store.create_from(name, source), lambda: store.replace(name, b"x"),
        lambda: store.read(name), lambda: store.fetch(name, tmp_path), lambda: store.exists(name), lambda: store.info(name),
        lambda: store.delete(name), lambda: store.signed_url(name, expires=timedelta(hours=1)),
    )  # fmt: skip
    for call in calls:
        with pytest.raises(InvalidOptions):
            call()


@pytest.mark.parametrize("prefix", ["/", "../", "a/../b", f"{STAGING}/", "a//"])
def test_bad_prefixes_are_refused(store: ObjectStore, prefix: str) -> None:
    with pytest.raises(InvalidOptions):
        store.list(prefix)


@pytest.mark.parametrize("name", ["a b/c?d=1&e#f%20.json", "ü/Ł.pdf", "a+b", "x" * 200])
def test_strange_but_good_names(store: ObjectStore, tenant: str, name: str) -> None:
    assert store.create(f"public/{tenant}/{name}", b"x")
    assert store.read(f"public/{tenant}/{name}") == b"x"
    assert names(store, f"public/{tenant}/") == [f"public/{tenant}/{name}"]
