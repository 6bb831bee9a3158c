"""PDFs that ask for a password: what opens them, where the password goes, and that it stays nowhere."""

import logging

import pikepdf
import pytest
import sqlalchemy as sa
import typer
from api_milling import mill
from fresh_ledgers import fresh_ledger
from milled_papers import read_only
from pydantic import SecretStr
from reading_pages import text_pdf
from typer.testing import CliRunner

from docmill.cli import read as read_command
from docmill.errors import Encrypted, InvalidOptions, SettingsInvalid
from docmill.services import documents
from docmill.services.batches import NewJob, batch_jobs, create_batch, register_jobs
from docmill.services.erase import erase
from docmill.services.intake import Sender, take_in
from docmill.services.jobs import cancel_run, request_cancel
from docmill.services.page_pictures import page_picture
from docmill.services.running.run import BatchRun
from docmill.services.sources import files_of
from docmill.settings import settings
from docmill.stages.reading import verbs
from docmill.storage.ledger import open_ledger
from docmill.storage.ledger.tables_jobs import JOBS
from docmill.values.options import MillOptions
from docmill.values.results import read_results

SECRET = "Tür-zu-4711-canary"


def locked_pdf(file, *, user=SECRET, owner="owner-canary", level=6, pages=1):
    return text_pdf(file, pages=pages, encryption=pikepdf.Encryption(owner=owner, user=user, R=level, aes=level >= 4, metadata=level >= 4))


def registered(room, file, password=None, **options):
    sender = Sender(password=SecretStr(password) if password else None)
    batch_id, _ = take_in(room, files_of([str(file)], room.settings), MillOptions(index=False, **options), sender)
    return batch_id


def looked_at(room, file, password=None):
    """The job after inspection and reading, and how many pages were read of it; the later stages are not run."""
    batch_id = registered(room, file, password)
    pages = read_only(room, batch_id)
    (job,) = batch_jobs(room.ledger, room.tenant, batch_id)
    return job, pages


def kept_password(room):
    with room.ledger.reading() as conn:
        return conn.execute(sa.select(JOBS.c.password).order_by(JOBS.c.job_id)).scalars().all()


def files_with(home, secret):
    forms = [secret.encode(), secret.encode("utf-16-le"), secret.encode("latin-1"), secret.encode("unicode_escape")]
    return [p for p in home.rglob("*") if p.is_file() and any(form in p.read_bytes() for form in forms)]


WORDS = [("simple", "simple"), ("simple", "owner-canary"), ("Schlüssel", "Schlüssel")]
BY_SASLPREP = (6, "IX", "\u2168\u00ad")


@pytest.mark.parametrize(("level", "user", "given"), [*((level, *words) for level in (2, 3, 4, 6) for words in WORDS), BY_SASLPREP])
def test_a_password_opens(tmp_path, level, user, given):
    file, out = locked_pdf(tmp_path / "a.pdf", user=user, level=level), tmp_path / "b.pdf"
    assert verbs.unlock(str(file), given, str(out)) == {"unlocked": True}
    with pikepdf.open(out) as opened:
        assert not opened.is_encrypted
        assert len(opened.pages) == 1
    with pytest.raises(Encrypted, match="does not open"):
        verbs.unlock(str(file), "wrong", str(tmp_path / "c.pdf"))


def test_a_file_that_opens_without_a_password_needs_no_copy(tmp_path):
    for file in (text_pdf(tmp_path / "a.pdf"), locked_pdf(tmp_path / "b.pdf", user="")):
        assert verbs.unlock(str(file), "any", str(tmp_path / "c.pdf")) == {"unlocked": False}
        assert not (tmp_path / "c.pdf").exists()


def test_a_locked_pdf_is_milled_and_its_password_forgotten(tmp_path, room, home, caplog):
    caplog.set_level(logging.DEBUG)
    file = locked_pdf(tmp_path / "a.pdf", pages=2)
    batch_id = registered(room, file, SECRET)
    (sealed,) = kept_password(room)
    assert sealed.startswith("sealed1:")
    mill(room, batch_id)
    (job,) = batch_jobs(room.ledger, room.tenant, batch_id)
    assert (job.page_count, job.error_code, kept_password(room)) == (2, None, [None])
    results = read_results(room.store.read(job.results_object))
    assert "471102" in results.full_text
    assert files_with(home, SECRET) == []
    assert SECRET not in caplog.text
    assert page_picture(room, job, results, 1, redacted=False).startswith(b"\x89PNG")
    (copy,) = [info.name for info in room.store.list("private/default/unlocked/")]
    # the tenant's own document: it needs no password again
    (same,) = batch_jobs(room.ledger, room.tenant, registered(room, file))
    assert same.job_id == job.job_id
    again = documents.remill(room.ledger, room.tenant, job.document_id, MillOptions(index=False, language="de"))
    assert read_only(room, again) == [2]
    request_cancel(room.ledger, room.tenant, batch_jobs(room.ledger, room.tenant, again)[0].job_id)
    cancel_run(room.ledger, room.tenant, f"run-{again}")
    erase(room, job.document_id)
    assert not room.store.exists(copy)


def test_a_wrong_password_says_so_and_the_right_one_mends_it(tmp_path, room, home):
    file = locked_pdf(tmp_path / "a.pdf")
    none, _ = looked_at(room, file)
    assert (none.state, none.error_code) == ("failed", "encrypted")
    assert "none was given" in none.error_message
    wrong, _ = looked_at(room, file, "wrong-canary")
    assert (wrong.state, wrong.error_code) == ("failed", "encrypted")
    assert "does not open" in wrong.error_message
    assert files_with(home, "wrong-canary") == []
    assert list(room.store.list("private/default/unlocked/")) == []
    right, pages = looked_at(room, file, SECRET)
    assert (right.state, pages) == ("running", [1])
    assert [kept is None for kept in kept_password(room)] == [True, True, False]


def test_a_job_under_way_without_a_password_does_not_serve_one_with_it(tmp_path, room):
    file = locked_pdf(tmp_path / "a.pdf")
    first, second = registered(room, file), registered(room, file, SECRET)
    assert (read_only(room, first), read_only(room, second)) == ([], [1])
    assert [batch_jobs(room.ledger, room.tenant, batch)[0].error_code for batch in (first, second)] == ["encrypted", None]


def test_a_cancelled_job_forgets_its_password(tmp_path, room):
    batch_id = registered(room, locked_pdf(tmp_path / "a.pdf"), SECRET)
    (job,) = batch_jobs(room.ledger, room.tenant, batch_id)
    request_cancel(room.ledger, room.tenant, job.job_id)
    assert kept_password(room) == [None]


def test_shards_never_hold_a_password(tmp_path, room):
    batch_id = registered(room, locked_pdf(tmp_path / "a.pdf"), SECRET)
    shards = BatchRun(room, batch_id, "run-1", workers=0, lease_s=60).first_shards()
    assert SECRET not in repr(shards)
    assert [item.facts.get("is_unlocked") for shard in shards for item in shard.items] == [True]


def test_a_ledger_without_a_key_takes_no_password(tmp_path, home):
    home.mkdir()
    fresh_ledger(settings().resolved_ledger_url)
    ledger = open_ledger(settings().resolved_ledger_url)
    batch_id = create_batch(ledger, "default", total_files=1, submitted_by="local")
    file = NewJob("0" * 64, 10, "application/pdf", "a.pdf", stored=True)
    with pytest.raises(SettingsInvalid):
        register_jobs(ledger, "default", batch_id, [file], MillOptions(), submitted_by="x", plan_digest="p" * 64, password=SecretStr("p"))
    ledger.close()


def test_read_takes_the_password_from_a_file_or_standard_input(tmp_path, home):
    app = typer.Typer()
    read_command.add_to(app)
    file, words = locked_pdf(tmp_path / "a.pdf"), tmp_path / "password.txt"
    words.write_text(f"{SECRET}\nnot this line\n", encoding="utf-8")
    by_file = CliRunner().invoke(app, [str(file), "--password-file", str(words)])
    by_input = CliRunner().invoke(app, [str(file), "--password-file", "-"], input=f"{SECRET}\r\n")
    assert by_file.exit_code == by_input.exit_code == 0, by_file.output
    assert "471102" in by_file.output
    assert by_file.output == by_input.output
    words.write_text("\n")
    assert isinstance(CliRunner().invoke(app, [str(file), "--password-file", str(words)]).exception, InvalidOptions)
    assert isinstance(CliRunner().invoke(app, [str(file)]).exception, Encrypted)
