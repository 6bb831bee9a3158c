"""Artefact keys: what enters them, and what must not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docmill.values import keys
from docmill.values.options import MillOptions

BASE = {"tenant": "t1", "stage": "read", "version": "1", "inputs": ["a"], "options": MillOptions(), "engine": {"tesseract": "5.3"}}


def key(**change):
    return keys.artefact_key(**{**BASE, **change})


@pytest.mark.parametrize(
    "change",
    [
        {"tenant": "t2"},
        {"stage": "understand"},
        {"version": "2"},
        {"inputs": ["b"]},
        {"inputs": ["a", "b"]},
        {"engine": {"tesseract": "5.4"}},
        {"part": "page-2"},
        {"options": MillOptions(language="de")},
        {"options": MillOptions(engine="tesseract")},
    ],
)
def test_what_a_stage_reads_changes_its_key(change):
    assert key(**change) != key()


@pytest.mark.parametrize(
    "options",
    [
        MillOptions(confidence_threshold=0.1),
        MillOptions(extract_format="hocr"),
        MillOptions(redact=True),
        MillOptions(kind="invoice"),
        MillOptions(force=True),
    ],
)
def test_options_that_reading_does_not_read_repeat_no_reading(options):
    assert key(options=options) == key()


def test_publish_alone_reads_threshold_and_format():
    for name in ("confidence_threshold", "extract_format"):
        assert [stage for stage, read in keys.STAGE_OPTIONS.items() if name in read] == ["publish"]


def test_every_option_that_shapes_a_stage_is_read_by_one():
    read = {name for names in keys.STAGE_OPTIONS.values() for name in names}
    assert read == set(MillOptions.model_fields) - {"force", "index"}  # force starts anew, index chooses a stage


def test_a_document_is_its_bytes_within_its_tenant():
    assert keys.document_id("t1", "00") == keys.document_id("t1", "00")
    assert len({keys.document_id("t1", "00"), keys.document_id("t2", "00"), keys.document_id("t1", "01")}) == 3


@given(st.text(max_size=80))
def test_no_tenant_escapes_its_prefix(tenant):
    try:
        name = keys.private_name(tenant, "read", "ab" * 32)
    except ValueError:
        return
    assert name.split("/")[1] == tenant
    assert ".." not in name
    assert name.startswith("private/")
