"""What leads to an object store and out of it: specs that open one, and links to its objects.

What an opened store promises stands in test_object_store_contract.py.
"""

import pickle
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from gcs_server import write_service_account_file
from object_stores import gcs

from docmill.errors import InvalidOptions, SettingsInvalid
from docmill.settings import Settings
from docmill.storage.objects import StoreSpec, open_signer, open_store

__all__ = ["gcs"]


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
