"""Receipts of erasures: signed, checked with the public key alone, refused when changed."""

import dataclasses
import json

import pytest
from typer.testing import CliRunner

from docmill.errors import Damaged, StoreUnavailable
from docmill.services.certificate_keys import read_public_key
from docmill.services.erasure_receipts import KEYS_ELSEWHERE, PLACES, check_receipt, erasure_receipt, write_receipt
from docmill.storage.document_keys import FILE


def test_a_receipt_is_believed_until_it_is_changed(room, home, tmp_path):
    from docmill.cli.main import app

    made = erasure_receipt(room, "d" * 32, 7)
    trusted = read_public_key(home / "audit.pub")
    assert check_receipt(made.model_dump_json().encode(), trusted) == made
    assert made.places == PLACES
    for change in ({"objects": 8}, {"document_id": "e" * 32}, {"erased_at": "2020-01-01T00:00:00Z"}, {"signature": ""}):
        with pytest.raises(Damaged):
            check_receipt(json.dumps(made.model_dump(mode="json") | change).encode(), trusted)
    with pytest.raises(Damaged):
        check_receipt(made.model_dump_json().encode(), bytes(32))
    write_receipt(made, tmp_path / "receipt.json")
    with pytest.raises(StoreUnavailable):
        write_receipt(made, tmp_path / "receipt.json")
    told = CliRunner().invoke(app, ["audit", "check-receipt", str(tmp_path / "receipt.json"), "--key", str(home / "audit.pub")])
    assert "was erased at" in told.stdout


def test_a_receipt_names_the_keys_folder_only_where_the_erasure_reached_it(room, tmp_path):
    def places(folder) -> tuple[str, ...]:
        found = dataclasses.replace(room, settings=room.settings.model_copy(update={"backup_keys_folder": folder}))
        return erasure_receipt(found, "d" * 32, 7).places

    away = tmp_path / "keys"
    assert KEYS_ELSEWHERE not in places(away), "a disk that is not there"
    away.mkdir()
    assert KEYS_ELSEWHERE not in places(away), "without keys on it"
    (away / FILE).touch()
    assert places(away) == (*PLACES, KEYS_ELSEWHERE)
