"""A batch in which no job is open needs no run, and is closed with its report all the same."""

import json

from typer.testing import CliRunner

from docmill.cli.main import app
from docmill.services.batches import batch_view


def test_a_batch_of_refused_files_is_closed_without_a_run(room, home, tmp_path):
    (tmp_path / "program.bin").write_bytes(b"\x7fELF\x02\x01")
    done = CliRunner().invoke(app, ["ingest", str(tmp_path / "program.bin"), "--json"])
    assert done.exit_code == 10
    told = json.loads(done.stdout)
    assert (told["total_files"], told["failed"], told["failures"][0]["code"]) == (1, 1, "unsupported_type")
    view = batch_view(room.ledger, room.tenant, told["batch_id"])
    assert view.finished_at is not None
    assert json.loads(room.store.read(view.report_object)) == told
    assert not (home / "prefect").exists(), "no Prefect server was started"
