"""Canaries: values that occur nowhere else are planted in a document; with redaction on, no byte outside originals/ and private/ holds one."""

import contextlib
import json
import logging
import zlib
from datetime import timedelta
from pathlib import Path

import pikepdf
import pytest
from reportlab.pdfgen.canvas import Canvas
from shard_documents import begin
from typer.testing import CliRunner

from docmill.cli.main import app
from docmill.errors import NotFound
from docmill.services.milling.work import mill_shard
from docmill.services.reconciling import reconcile
from docmill.services.withdrawing import withdraw_unredacted
from docmill.settings import settings
from docmill.values.jobs import JobState
from docmill.values.keys import withdrawals_prefix

IN_TEXT = ("Zoltan Quirkwell", "zq.canary@hidden.example", "536-22-8417", "DE89370400440532013000")
IN_METADATA = ("Metadatus", "Attachmentus")
NAME = "letter-to-Filenamus-Canarius.pdf"
WORDS = ("zoltan", "quirkwell", "zq.canary", "536-22-8417", "536228417", "89370400440532013000", "metadatus", "attachmentus")
KEPT = "Perpendicular"


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Nothing renews the lease here, and loading the models on a busy machine can take longer than it lasts."""
    monkeypatch.setenv("DOCMILL_LEASE_LIMIT_S", "300")


def planted(folder: Path) -> Path:
    path = folder / NAME
    canvas = Canvas(str(path), pagesize=(400, 300))
    canvas.setAuthor(IN_METADATA[0])
    canvas.setFont("Helvetica", 12)
    lines = (
        f"Dear Mr. {IN_TEXT[0]},",
        f"we write to {IN_TEXT[1]} about {KEPT} lines.",
        f"SSN: {IN_TEXT[2]}",
        f"IBAN: {IN_TEXT[3]} is yours.",
    )
    for row, line in enumerate(lines):
        canvas.drawString(40, 240 - 30 * row, line)
    canvas.save()
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        pdf.attachments["note.txt"] = pikepdf.AttachedFileSpec(pdf, IN_METADATA[1].encode())
        pdf.save(path)
    return path


def milled(room, paths, **options):
    """Mill a batch to its end without Prefect; the run."""
    return carried(begin(room, paths, **options))


def carried(run):
    """Carry a run to its end; the ids of its jobs."""
    ids = list(run.tracked)
    shards = run.first_shards()
    while shards:
        shards = [after for shard in shards for after in run.fold(shard, mill_shard(shard, True))]
    states = {job.state for job in jobs(run.room, ids)}
    assert states <= {JobState.COMPLETED, JobState.NEEDS_REVIEW}, states
    return ids


def jobs(room, ids):
    from docmill.services.jobs import job_view

    return [job_view(room.ledger, room.tenant, job_id) for job_id in ids]


def inflated(data: bytes) -> bytes:
    """The bytes, and every stream in them that zlib can open."""
    parts, at = [data], data.find(b"stream")
    while at >= 0:
        with contextlib.suppress(zlib.error):
            parts.append(zlib.decompressobj().decompress(data[at + 6 :].lstrip(b"\r\n")))
        at = data.find(b"stream", at + 6)
    return b"\n".join(parts)


def leaks(folder: Path, words=WORDS, *, allowed=("store/originals/", "store/private/")) -> list[str]:
    """`file: word` for each file that holds a word in any case, as UTF-8, UTF-16 or hexadecimal, outside what may."""
    found = []
    for file in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = file.relative_to(folder).as_posix()
        data = inflated(file.read_bytes()).lower()
        for word in words:
            forms = (word.encode(), word.encode("utf-16-le"), word.encode("utf-16-be"), word.encode().hex().encode())
            if any(form in data for form in forms) and not name.startswith(allowed):
                found.append(f"{name}: {word}")
    return found


def chunk_texts(home: Path) -> str:
    """Everything in every LanceDB table, decoded: its files may be packed."""
    import lancedb

    base = lancedb.connect(home / "knowledge")
    return "\n".join(
        json.dumps(base.open_table(name).to_arrow().drop(["vector"]).to_pylist(), default=str) for name in base.list_tables().tables
    ).lower()


@pytest.fixture
def every_log(tmp_path):
    """All log records down to DEBUG, as text."""
    path = tmp_path / "every.log"
    handler, root = logging.FileHandler(path), logging.getLogger()
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield path
    root.setLevel(level)
    root.removeHandler(handler)
    handler.close()


def test_no_byte_outside_originals_and_private_holds_a_canary(room, home, tmp_path, every_log, capfd):
    (job_id,) = milled(room, [planted(tmp_path)], redact=True)
    room.ledger.close()
    assert leaks(home) == []
    assert all(word not in chunk_texts(home) for word in WORDS)
    assert KEPT.lower() in chunk_texts(home)
    said = (every_log.read_text() + "".join(capfd.readouterr())).lower()
    assert [word for word in (*WORDS, "filenamus") if word in said] == []
    assert leaks(home, ("filenamus",), allowed=()) == []  # sealed in the ledger, and nowhere else
    assert results_of(room, job_id)["personal_data"]["redacted"] is True


@pytest.mark.slow
def test_what_leaves_the_house_holds_no_canary(request, home, tmp_path, monkeypatch):
    """Notices to webhooks, review tasks as anybody may list them, exports, and a backup outside of originals and private objects."""
    from test_webhooks import Receiver

    from docmill.services.backup.taking import back_up
    from docmill.services.exporting import export_results
    from docmill.services.outbox import Deliverer
    from docmill.services.review.claiming import find_tasks
    from docmill.services.webhooks import add_webhook, webhooks
    from docmill.services.webhooks_sending import WebhookChannel
    from docmill.storage.ledger.job_search import JobFilter
    from docmill.storage.ledger.review_tasks import TaskFilter
    from docmill.values.review import OPEN_STATES

    monkeypatch.setenv("DOCMILL_REVIEW_THRESHOLDS", "span=1,field=1,chunk=1")
    settings.cache_clear()
    room, receiver = request.getfixturevalue("room"), Receiver()
    add_webhook(home, receiver.url)
    milled(room, [planted(tmp_path)], redact=True, index=False)
    deliverer = Deliverer(room.ledger, room.tenant, [WebhookChannel(lambda: webhooks(home), room.ledger.now, private_allowed=True)])
    while deliverer.step():
        pass
    receiver.server.shutdown()
    receiver.server.server_close()
    tasks = find_tasks(room.ledger, room.tenant, TaskFilter(OPEN_STATES, None, None, None, None), limit=100)
    told = " ".join(body.decode() for _, body in receiver.got).lower()
    assert "job.completed" in told or "job.needs_review" in told
    assert "review.opened" in told
    assert {"span"} <= {task.subject.value for task in tasks}
    (tmp_path / "out").mkdir()
    for kind in ("csv", "zip"):
        assert export_results(room, JobFilter(), tmp_path / "out" / f"e.{kind}", kind) == 1
    CliRunner().invoke(app, ["export", tasks[0].document_id, "--to", str(tmp_path / "out" / "folder")], catch_exceptions=False)
    back_up(room, tmp_path / "backup")
    shown = told + " ".join(task.model_dump_json() for task in tasks).lower()
    assert [word for word in (*WORDS, "filenamus") if word in shown] == []
    assert leaks(tmp_path / "out", (*WORDS, "filenamus"), allowed=()) == []
    assert leaks(tmp_path / "backup", (*WORDS, "filenamus"), allowed=()) == [], "what a document left lies sealed in a backup"
    assert any((tmp_path / "backup" / "sealed").rglob("*"))


@pytest.mark.slow
def test_no_byte_of_prefects_database_holds_a_canary(prefect_server, room, home, tmp_path):
    from flow_runs import mill, taken_in, task_runs
    from prefect.settings import PREFECT_SERVER_DATABASE_CONNECTION_URL

    database = Path(str(PREFECT_SERVER_DATABASE_CONNECTION_URL.value()).partition("///")[2])
    batch = taken_in(room, [planted(tmp_path)], redact=True, index=True)
    counts = mill(batch)
    assert counts["failed"] == 0
    assert any(stage == "redact" for stage, _, _ in task_runs(batch))
    folder = database.parent
    assert batch.encode() in b"".join(p.read_bytes() for p in folder.glob(f"{database.name}*"))  # it is the database that knew of the run
    assert leaks(folder, (*WORDS, "filenamus"), allowed=()) == []
    room.ledger.close()
    assert leaks(home, (*WORDS, "filenamus")) == []


def test_an_erased_document_leaves_no_canary_in_any_store_index_or_backup(room, home, tmp_path):
    from docmill.services.backup.taking import back_up
    from docmill.services.cleaning import Retention, clean_up
    from docmill.services.erase import erase
    from docmill.services.exporting import JobFilter, export_to_store
    from docmill.values.keys import exports_prefix

    (job,) = jobs(room, milled(room, [planted(tmp_path)], redact=False, index=True))
    assert leaks(home), "it was there"
    assert any(word in chunk_texts(home) for word in WORDS)
    back_up(room, tmp_path / "backup")
    export_to_store(room, JobFilter(), f"{exports_prefix(room.tenant)}a.zip", tmp_path, "zip")
    erase(room, job.document_id)
    assert list(room.store.list(exports_prefix(room.tenant))) == [], "before anything is cleaned up"
    clean_up(room, retention=Retention(*[timedelta(0)] * 4))
    room.ledger.close()
    assert leaks(home, (*WORDS, "filenamus"), allowed=()) == []
    assert [word for word in WORDS if word in chunk_texts(home)] == []
    assert leaks(tmp_path / "backup", (*WORDS, "filenamus"), allowed=()) == []


def test_the_search_for_canaries_finds_them_where_they_may_be(room, home, tmp_path):
    """The test above could pass because it looks at nothing."""
    milled(room, [planted(tmp_path)], redact=True)
    places = {line.split("/")[1] for line in leaks(home, allowed=())}
    assert places == {"originals", "private"}
    milled(room, [planted(tmp_path)], redact=False)
    assert any("store/public/" in line for line in leaks(home))
    assert "quirkwell" in chunk_texts(home)


def test_when_a_redacted_version_becomes_current_open_results_leave(room, home, tmp_path):
    path = planted(tmp_path)
    (open_job,) = milled(room, [path], redact=False)
    (first,) = jobs(room, [open_job])
    assert any("store/public/" in line for line in leaks(home))
    (redacted_job,) = milled(room, [path], redact=True)  # the run itself takes back what was shown before
    assert [line for line in leaks(home) if "store/" in line] == []
    assert "quirkwell" not in chunk_texts(home)
    assert list(room.store.list(withdrawals_prefix(room.tenant))) == []  # what was promised is kept
    assert results_of(room, redacted_job)["personal_data"]["redacted"] is True
    with pytest.raises(NotFound):
        results_of(room, open_job)
    assert withdraw_unredacted(room, [first.document_id]).objects == 0  # again: nothing more to do
    assert reconcile(room).is_clean  # what was taken back is not missing
    (now,) = jobs(room, [redacted_job])
    room.store.delete(now.results_object)
    assert reconcile(room).missing_objects == {redacted_job: now.results_object}

    (again,) = milled(room, [path], redact=False, force=True)  # going back makes them anew
    assert "quirkwell" in json.dumps(results_of(room, again)).lower()
    assert withdraw_unredacted(room, [first.document_id]).objects == 0  # and then they are current


def test_an_open_run_that_ends_after_a_later_redacted_one_leaves_nothing_open(room, home, tmp_path):
    path = planted(tmp_path)
    late = begin(room, [path], redact=False)
    (redacted_job,) = milled(room, [path], redact=True)
    (open_job,) = carried(late)
    assert [line for line in leaks(home) if "store/" in line] == []
    assert results_of(room, redacted_job)["personal_data"]["redacted"] is True
    with pytest.raises(NotFound):
        results_of(room, open_job)


def test_chunks_leave_too_when_the_redacted_job_makes_none(room, home, tmp_path):
    path = planted(tmp_path)
    (open_job,) = milled(room, [path], redact=False)
    milled(room, [path], redact=True, index=False)
    (first,) = jobs(room, [open_job])
    withdraw_unredacted(room, [first.document_id])
    assert "quirkwell" not in chunk_texts(home)


def results_of(room, job_id):
    (job,) = jobs(room, [job_id])
    return json.loads(room.store.read(job.results_object))


def test_the_redacted_job_publishes_a_certificate_that_verifies(room, home, tmp_path):
    (job_id,) = milled(room, [planted(tmp_path)], redact=True)
    objects = {a["name"]: a["object"] for a in results_of(room, job_id)["artefacts"]}
    store = home / "store"
    args = ["verify", store / objects["redacted"], store / objects["certificate"]]
    keys = ["--trusted-key", home / "certificate.pub", "--hash-key", home / "certificate-hash.key"]
    result = CliRunner().invoke(app, [str(a) for a in (*args, *keys)])
    assert result.exit_code == 0, result.output
    assert "none of 4 redacted values" in result.output
