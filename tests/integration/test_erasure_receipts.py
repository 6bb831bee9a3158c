"""Receipts of erasures: signed, checked with the public key alone, refused when changed."""

import json

import pytest
from typer.testing import CliRunner

from docmill.errors import Damaged, StoreUnavailable
from docmill.services.certificate_keys import read_public_key
from docmill.services.erasure_receipts import check_receipt, erasure_receipt, write_receipt


def test_a_receipt_is_believed_until_it_is_changed(room, home, tmp_path):
    from docmill.cli.main import app

    made = erasure_receipt(room, "d" * 32, 7)
    trusted = read_public_key(home / "audit.pub")
    assert check_receipt(made.model_dump_json().encode(), trusted) == made
    assert "key of backups" in made.places
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
