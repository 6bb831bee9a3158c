"""Settings: their names, `.env`, what a bad value says; and that the pages generated from code are current."""

import sys
from pathlib import Path

import pytest

from docmill.errors import SettingsInvalid
from docmill.settings import Settings, scrubbed_environment, settings

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _alone(home, monkeypatch):
    for name in ("OCR_LANGUAGE", "OPENAI_API_KEY", "OPENAI_MODEL", "GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CLOUD_PROJECT_ID"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("GOOGLE_APPLICATION_CREDENTIALS", "/k.json", "google_credentials", Path("/k.json")),
        ("GOOGLE_CLOUD_PROJECT_ID", "p", "gcs_project", "p"),
        ("GOOGLE_CLOUD_STORAGE_BUCKET", "b", "gcs_bucket", "b"),
        ("OPENAI_MODEL", "m", "openai_model", "m"),
        ("OCR_LANGUAGE", "deu", "language", "deu"),
        ("RECEIPT_VALIDATION_THRESHOLD", "0.7", "receipt_validation_threshold", 0.7),
        ("DOCMILL_TENANT", "acme", "tenant", "acme"),
        ("DOCMILL_SOURCE_ROOTS", "/a:gs://b/c:/d e", "source_roots", ("/a", "gs://b/c", "/d e")),
        ("DOCMILL_SOURCE_ROOTS", "gs://a:gs://b", "source_roots", ("gs://a", "gs://b")),
        ("DOCMILL_SOURCE_ROOTS", "", "source_roots", ()),
        ("DOCMILL_NIGHTLY_SOURCES", "/a:gs://b/c", "nightly_sources", ("/a", "gs://b/c")),
    ],
)
def test_names(monkeypatch, name, value, field, expected):
    monkeypatch.setenv(name, value)
    assert getattr(settings(), field) == expected


def test_docmills_own_name_goes_before_the_well_known_one(monkeypatch):
    monkeypatch.setenv("OCR_LANGUAGE", "fr")
    monkeypatch.setenv("DOCMILL_LANGUAGE", "de")
    assert settings().language == "de"


def test_a_file_is_read_and_the_environment_goes_before_it(tmp_path, monkeypatch):
    (tmp_path / ".env").write_text("DOCMILL_TENANT=from-file\nOCR_LANGUAGE=it\nSOMETHING_ELSE=1\n")
    monkeypatch.setenv("DOCMILL_TENANT", "from-environment")
    assert (settings().tenant, settings().language) == ("from-environment", "it")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DOCMILL_RETRIES", "s3cr3t"),
        ("DOCMILL_LOG_FORMAT", "s3cr3t"),
        ("RECEIPT_VALIDATION_THRESHOLD", "s3cr3t"),
        ("DOCMILL_MAX_BYTES", "-1"),
    ],
)
def test_a_bad_value_names_the_setting_and_never_the_value(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsInvalid, match=name) as raised:
        settings()
    assert value not in str(raised.value)
    assert raised.value.__cause__ is None


def test_secrets_are_masked(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "s3cr3t")
    monkeypatch.setenv("DOCMILL_URL_KEY", "s3cr3t")
    assert "s3cr3t" not in repr(settings())
    assert settings().openai_api_key.get_secret_value() == "s3cr3t"


def test_no_secret_reaches_a_process_that_parses(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "s3cr3t")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "s3cr3t")
    assert "s3cr3t" not in str(scrubbed_environment())


def test_every_setting_is_described_on_its_page():
    page = (ROOT / "docs" / "settings.md").read_text()
    assert [name for name in Settings.model_fields if name.upper() not in page] == []


def test_generated_pages_are_current(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "deployments"))
    import write_docs

    stale = [path.name for path, text in write_docs.pages().items() if path.read_text(encoding="utf-8") != text]
    assert stale == [], "run `make docs`"
    sys.modules.pop("write_docs")
