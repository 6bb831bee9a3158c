"""A document with published results and private findings in a store, for tests of decisions: made without milling, so that they are quick."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from docmill.services import jobs
from docmill.services.publishing import PublishInput, build_results
from docmill.services.running.room import Room
from docmill.settings import Settings
from docmill.storage.objects import StoreSpec, open_store
from docmill.values.evidence import Evidence, Field, Kind, Understanding
from docmill.values.geometry import Box
from docmill.values.jobs import Artefact, JobState
from docmill.values.keys import private_name, public_name, results_name
from docmill.values.options import MillOptions
from docmill.values.outcome import CHECK_FAILED, Problem, judge
from docmill.values.page import Line, Page, Word
from docmill.values.results import results_bytes

FRAUD_MESSAGE = "XML and page differ: total"


class NoKnowledge:
    """A knowledge base of a document that was not indexed."""


def room_over(ledger, home: Path) -> Room:
    """A room over a ledger of the tests and a folder."""
    found = Settings(home=home, _env_file=None)
    spec = StoreSpec.from_settings(found)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    from docmill.services.milling.shard import MillLimits

    return Room("default", ledger, open_store(spec), spec, NoKnowledge(), MillLimits.from_settings(found), found)


def seen(confidence):
    return Evidence(page=1, box=Box(10, 20, 60, 40), start=0, end=6, confidence=confidence, source="rule")


UNDERSTOOD = Understanding(
    kind=Kind(name="invoice", confidence=0.9, reason="r"),
    fields=(
        Field(name="total", value="123.45", text="123.45", evidence=seen(0.4)),
        Field(name="vendor_name", value="Jute Twine Ltd", text="Jute Twine Ltd", evidence=seen(0.6)),
        Field(name="issue_date", value="2026-03-04", text="4 March 2026", evidence=seen(0.95)),
    ),
    problems=(Problem(code=CHECK_FAILED, stage="understand", message=FRAUD_MESSAGE),),
)
PAGE = Page(number=1, width_px=600, height_px=800, dpi=72, lines=(Line(words=(Word(text="123.45", box=Box(10, 20, 60, 40), confidence=0.4),)),),
            source="tesseract", language="en")  # fmt: skip


def kept(room, stage, name, object_name, data, key, page=None):
    room.store.create(object_name, data)
    return Artefact(stage=stage, name=name, key=key, object_name=object_name, media_type="application/json", size_bytes=len(data),
                    sha256=hashlib.sha256(data).hexdigest(), page=page)  # fmt: skip


def published(room, work, *doubts, n=1, options=None):
    """File n, milled: results, understanding and page words lie in the store, the job ended with these doubts."""
    batch_id, _ = work.one(n)
    (job,) = work.claim(batch_id)
    job = replace(job, options=options or MillOptions())
    key = hashlib.sha256(f"{n} {job.job_id}".encode()).hexdigest()
    understanding = kept(
        room, "understand", "understanding", private_name("default", "understand", key), UNDERSTOOD.model_dump_json().encode(), key
    )
    words = kept(room, "read", "page_words", private_name("default", "read", key), PAGE.model_dump_json().encode(), key, page=1)
    text = kept(room, "publish", "text", public_name("default", "publish", key, "txt"), b"123.45", key)
    given = PublishInput(
        job=job, page_count=1, pages=[PAGE], read_pages=[PAGE], understanding=UNDERSTOOD, created_at=datetime.now(UTC), artefacts=(text,)
    )
    built = build_results(given)
    results = kept(room, "publish", "results", results_name("default", job.accepted_at.date(), job.job_id), results_bytes(built), key)
    end = work.end(job, JobState.NEEDS_REVIEW)
    outcome = judge(UNDERSTOOD.problems, something_done=True)
    end = replace(end, outcome=outcome, results=results, published=(text, understanding, words), doubts=doubts, page_count=1)
    assert jobs.finish_jobs(work.ledger, work.tenant, [end]) == []
    return job


def results_now(room, work, document_id):
    """The current results of a document as plain JSON."""
    from docmill.services import documents

    return json.loads(room.store.read(documents.current_result(work.ledger, work.tenant, document_id).results_object))
