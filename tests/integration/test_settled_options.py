"""What the options of a document leave open is said by the settings, whichever way it comes in."""

import pytest

from docmill.errors import SettingsInvalid
from docmill.gateway.upload_form import read_fields
from docmill.services.intake import take_in
from docmill.services.jobs import job_view
from docmill.services.sources import files_of
from docmill.services.uploads import Received, submit
from docmill.settings import settings
from docmill.values.options import MillOptions


@pytest.fixture
def speaks(home, monkeypatch):
    """Sets the language of documents that come without one; before `room`, which reads the settings."""
    monkeypatch.setenv("DOCMILL_LANGUAGE", "deu")
    settings.cache_clear()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("Rechnung 4711")
    return path


@pytest.mark.parametrize(("asked", "language"), [({"redact": True}, "de"), ({"language": "en"}, "en"), ({"language": "fra"}, "fr")])
def test_what_is_taken_in_has_the_language_of_the_settings_unless_it_says_another(speaks, room, file, asked, language):
    options = MillOptions(**asked).model_copy(update={"index": False})  # as flows do
    _, (registered,) = take_in(room, files_of([str(file)], room.settings), options)
    assert job_view(room.ledger, room.tenant, registered.job_id).options == options.model_copy(update={"language": language})


@pytest.mark.parametrize(("fields", "language"), [([("redact", "true")], "de"), ([("language", "en")], "en"), ([("language", "")], "de")])
def test_an_upload_has_the_language_of_the_settings_unless_it_says_another(speaks, room, file, fields, language):
    asked = read_fields(fields)
    (job_id,) = submit(room, [Received(file, "a.txt")], asked.options, asked.said).job_ids
    assert job_view(room.ledger, room.tenant, job_id).options.language == language


def test_a_language_that_docmill_does_not_know_is_the_settings_fault_and_takes_nothing_in(room, monkeypatch, file):
    monkeypatch.setitem(room.settings.__dict__, "language", "qq")
    with pytest.raises(SettingsInvalid, match=r"DOCMILL_LANGUAGE: .*\ben\b"):
        take_in(room, files_of([str(file)], room.settings), MillOptions())
    assert take_in(room, files_of([str(file)], room.settings), MillOptions(language="en"))[1]


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_password_may_end_with_the_line_of_its_file(end):
    password = read_fields([("password", f" open sesame {end}")]).said.password
    assert password.get_secret_value() == " open sesame "
