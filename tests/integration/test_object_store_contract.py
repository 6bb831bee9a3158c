"""What every object store promises. Both stores run here, Google Cloud Storage against a real server binary."""

import hashlib
import os
import pickle
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from gcs_server import running_gcs_server, write_service_account_file

from docmill.errors import Conflict, InvalidOptions, NotFound, SettingsInvalid, StoreUnavailable
from docmill.settings import Settings
from docmill.storage.objects import StoreSpec, open_signer, open_store
from docmill.storage.objects import gcs as gcs_module
from docmill.storage.objects.staging import STAGING
from docmill.values.ports import ObjectStore


@pytest.fixture(scope="module")
def gcs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_gcs_server(tmp_path_factory.mktemp("gcs"), "mill") as endpoint:
        yield endpoint


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


def names(store: ObjectStore, prefix: str) -> list[str]:
    return [info.name for info in store.list(prefix)]


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


@pytest.mark.parametrize("expires", [timedelta(0), timedelta(seconds=-5), timedelta(days=7, seconds=1)])
def test_links_live_between_a_second_and_seven_days(tmp_path: Path, gcs: str, expires: timedelta, gcs_key_file: Path) -> None:
    for spec in (
        StoreSpec(url=tmp_path.as_uri(), url_key_file=tmp_path / "key"),
        StoreSpec(url="gs://mill", gcs_endpoint=gcs, google_credentials=gcs_key_file),
    ):
        with pytest.raises(InvalidOptions, match="seven days"):
            open_store(spec).signed_url("a", expires=expires)


@pytest.fixture
def gcs_key_file(tmp_path: Path) -> Path:
    return write_service_account_file(tmp_path / "key.json")[0]


def test_a_link_to_a_bucket_serves_the_object(tmp_path: Path, gcs: str, gcs_key_file: Path) -> None:
    store = open_store(StoreSpec(url="gs://mill/links", gcs_endpoint=gcs, gcs_project="p", google_credentials=gcs_key_file))
    store.create("public/a b.json", b"{}")
    assert httpx.get(store.signed_url("public/a b.json", expires=timedelta(minutes=5))).content == b"{}"


def test_a_spec_is_picklable_and_holds_no_secret(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, url_key="a very secret key of the url", _env_file=None)
    spec = StoreSpec.from_settings(settings)
    assert pickle.loads(pickle.dumps(spec)) == spec  # noqa: S301 - our own bytes
    assert spec.url_key_file is None
    assert "secret" not in repr(spec)
    assert b"secret" not in pickle.dumps(spec)


def test_an_unknown_scheme_names_the_known_ones() -> None:
    for url in ("s3://bucket", "/just/a/path", ""):
        with pytest.raises(SettingsInvalid, match=r"file://, gs://"):
            open_store(StoreSpec(url=url))


@pytest.mark.parametrize("url", ["gs://", "gs:///prefix", "file://host/folder", "file:relative"])
def test_urls_that_lack_a_part(url: str) -> None:
    with pytest.raises(SettingsInvalid):
        open_store(StoreSpec(url=url))


def test_opening_touches_nothing(tmp_path: Path) -> None:
    open_store(StoreSpec(url=(tmp_path / "new").as_uri(), url_key_file=tmp_path / "key"))
    open_store(StoreSpec(url="gs://bucket", gcs_endpoint="http://127.0.0.1:9"))
    assert open_signer(StoreSpec(url="gs://bucket")) is None
    assert list(tmp_path.iterdir()) == []


# --- a folder's own promises


@pytest.fixture
def folder(tmp_path: Path) -> tuple[ObjectStore, Path]:
    root = tmp_path / "not yet" / "root"
    return open_store(StoreSpec(url=root.as_uri(), url_key_file=tmp_path / "key")), root


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_modes_do_not_depend_on_the_umask(folder: tuple[ObjectStore, Path], umask: int) -> None:
    store, root = folder
    before = os.umask(umask)
    try:
        store.create("originals/t/aa/a", b"x")
        store.replace("private/t/runs/r/lease", b"x")
    finally:
        os.umask(before)
    found = {path.relative_to(root).as_posix(): path for path in root.rglob("*")}
    assert {"originals/t/aa/a", "private/t/runs/r/lease", "originals/t"} <= set(found)
    for path in (root.parent, root, *found.values()):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_fetch_gives_the_stores_own_file(folder: tuple[ObjectStore, Path], tmp_path: Path) -> None:
    store, root = folder
    store.create("originals/t/a", b"x")
    assert store.fetch("originals/t/a", tmp_path) == root / "originals/t/a"


def test_symbolic_links_lead_nowhere(folder: tuple[ObjectStore, Path], tmp_path: Path) -> None:
    store, root = folder
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_bytes(b"secret")
    store.create("public/t/a", b"x")
    (root / "public" / "out").symlink_to(tmp_path / "outside")
    (root / "public" / "t" / "link").symlink_to(tmp_path / "outside" / "secret")
    (root / "public" / "t" / "dangling").symlink_to(tmp_path / "outside" / "new")
    for name in ("public/out/secret", "public/t/link"):
        assert not store.exists(name)
        assert not store.delete(name)
        for read in (store.read, store.info, lambda n: store.fetch(n, tmp_path)):
            with pytest.raises(NotFound):
                read(name)
    for name in ("public/out/secret", "public/out/new", "public/t/link", "public/t/dangling"):
        with pytest.raises(Conflict):
            store.create(name, b"x")
    assert names(store, "public/") == ["public/t/a"]
    assert names(store, "public/out/") == []
    assert [p.name for p in (tmp_path / "outside").iterdir()] == ["secret"]
    assert (tmp_path / "outside" / "secret").read_bytes() == b"secret"


def test_things_that_are_no_files_are_no_objects(folder: tuple[ObjectStore, Path]) -> None:
    store, root = folder
    store.create("public/t/a", b"x")
    os.mkfifo(root / "public/t/fifo")
    for name in ("public/t/fifo", "public/t"):
        with pytest.raises(NotFound):
            store.read(name)
        with pytest.raises(Conflict):
            store.create(name, b"x")
    with pytest.raises(Conflict):
        store.create("public/t/a/below", b"x")
    assert names(store, "public/t/") == ["public/t/a"]


_DIES_WRITING = """
import os, sys
from pathlib import Path
from docmill.storage.objects import StoreSpec, open_store
read, write = os.pipe()
os.write(write, b"x" * 1000)
open_store(StoreSpec(url=sys.argv[1])).create_from("originals/t/a", Path(f"/dev/fd/{read}"))  # waits for the end of the pipe
"""


def test_a_writer_killed_in_the_middle_leaves_nothing_to_see(folder: tuple[ObjectStore, Path]) -> None:
    store, root = folder
    with subprocess.Popen([sys.executable, "-c", _DIES_WRITING, root.as_uri()]) as process:
        while not any((root / STAGING).glob(".*")):
            assert process.poll() is None
        process.kill()
    left = list((root / STAGING).iterdir())
    assert len(left) == 1
    assert not store.exists("originals/t/a")
    assert names(store, "") == []
    assert store.create("originals/t/a", b"whole")
    assert left[0].exists()  # young: it could still have a writer
    os.utime(left[0], (0, 0))
    open_store(StoreSpec(url=root.as_uri())).create("originals/t/b", b"x")
    assert list((root / STAGING).iterdir()) == []
    assert names(store, "") == ["originals/t/a", "originals/t/b"]


_FULL_DISK = """
import resource, sys
from docmill.errors import StoreUnavailable
from docmill.storage.objects import StoreSpec, open_store
store = open_store(StoreSpec(url=sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
for write in (store.create, store.replace):
    try:
        write("originals/t/secret", b"x" * 20_000)
    except StoreUnavailable as error:
        print(error.retryable, error.facts["reason"], "secret" in error.message, error.__cause__, error.__suppress_context__)
print(store.exists("originals/t/secret"), list(store.list("")))
"""


def test_a_write_that_does_not_fit_leaves_nothing(folder: tuple[ObjectStore, Path]) -> None:
    """The kernel's own refusal in the middle of a write, brought about by a limit on file sizes."""
    _, root = folder
    done = subprocess.run([sys.executable, "-c", _FULL_DISK, root.as_uri()], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["True EFBIG False None True"] * 2 + ["False []"]
    assert list((root / STAGING).iterdir()) == []


@pytest.mark.parametrize("error", [OSError(28, "full", "/secret"), OSError(5, "io", "/secret"), PermissionError(13, "no", "/secret")])
def test_what_the_disk_refuses_is_store_unavailable(
    folder: tuple[ObjectStore, Path], monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    store, _ = folder
    store.create("public/t/a", b"x")

    def refuse(*_: object, **__: object) -> int:
        raise error

    monkeypatch.setattr(os, "open", refuse)
    for call in (lambda: store.create("public/t/b", b"x"), lambda: store.replace("public/t/b", b"x"), lambda: store.read("public/t/a"),
                 lambda: store.exists("public/t/a"), lambda: list(store.list("public/")), lambda: store.delete("public/t/a")):  # fmt: skip
        with pytest.raises(StoreUnavailable) as raised:
            call()
        assert "secret" not in raised.value.message


def test_what_may_not_be_lost_is_flushed(folder: tuple[ObjectStore, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    store, _ = folder
    flushed: list[str] = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (flushed.append("folder" if stat.S_ISDIR(os.fstat(fd).st_mode) else "bytes"), real(fd)))
    table = {
        "originals/t/aa/a": ["bytes", "folder"],
        "public/t/results/a": ["bytes", "folder"],
        "private/t/read/aa/a.json": ["bytes"],
        "private/t/read/aa/a.note": [],
        "private/t/receipts/aa/a.read-k.receipt": [],
        "private/t/runs/r/marker": [],
        "private/t/journal/j/read-d.1": [],
    }
    for name, wanted in table.items():
        flushed.clear()
        assert store.create(name, b"x")
        assert flushed == wanted, name


def test_links_of_the_folder_carry_the_key_of_home(folder: tuple[ObjectStore, Path], tmp_path: Path) -> None:
    store, root = folder
    link = httpx.URL(store.signed_url("public/t/a b.pdf", expires=timedelta(hours=1), download_name="Über.pdf"))
    assert (tmp_path / "key").stat().st_size == 32
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    signer = open_signer(StoreSpec(url=root.as_uri(), url_key_file=tmp_path / "key"))
    assert signer is not None
    assert link.path == "/files/public/t/a b.pdf"
    signer.verify("public/t/a b.pdf", expires=link.params["expires"], signature=link.params["signature"], download_name="Über.pdf")
