"""What `docmill restore` tells people to do when it ended early: the table's hints are for those who mill documents."""

import pytest
from typer.testing import CliRunner

from docmill.cli.main import app
from docmill.errors import Conflict, Damaged, NotFound, StoreUnavailable


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (Damaged("1 file(s) of the backup are missing or were changed"), "sha256sum"),
        (StoreUnavailable("the home cannot be written: No space left on device"), "free space"),
        (Conflict("the store holds objects already"), "DOCMILL_HOME"),
        (NotFound("no whole backup lies in this folder"), "backup.json"),
    ],
    ids=lambda x: x if isinstance(x, str) else x.code,
)
def test_a_restore_that_ended_says_what_to_do_and_sends_nobody_to_scan_it_again(home, tmp_path, monkeypatch, error, says):
    def ends(*_args, **_more):
        raise error

    monkeypatch.setattr("docmill.services.backup.restoring.restore", ends)
    met = CliRunner().invoke(app, ["restore", str(tmp_path)]).exception
    assert says in met.hint
    assert met.hint != met.kind.hint
