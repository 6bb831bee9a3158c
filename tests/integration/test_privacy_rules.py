"""Rules of the user from the settings to the spans: on the command line, and in milling, where only their digest is named."""

import json
from pathlib import Path

from test_canary import jobs, milled, patient
from typer.testing import CliRunner

from docmill.cli.main import app
from docmill.services.documents import remill
from docmill.services.pii_rules import kept_rules
from docmill.settings import settings

__all__ = ["patient"]  # a fixture for all tests here

TEXT = "Badge E-123456 belongs to ann@muster.example and Project Falcon.\n"
RULES = "allow: [ann@muster.example]\ndeny: [Project Falcon]\nrecognisers: [{name: badge, type: X_BADGE, patterns: ['E-[0-9]{6}']}]\n"


def test_find_and_redact_take_rules(home: Path, tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "a.txt").write_text(TEXT)
    run = CliRunner().invoke
    given = ["--rules", str(tmp_path / "rules.yaml")]
    found = json.loads(run(app, ["find-pii", str(tmp_path / "a.txt"), "--json", "--entities", "EMAIL", *given]).stdout)["spans"]
    assert [(one["type"], one["text"]) for one in found] == [("X_BADGE", "E-123456"), ("X_DENIED", "Project Falcon")]
    made = run(app, ["redact", str(tmp_path / "a.txt"), "-o", str(tmp_path / "b.txt"), *given])
    assert made.exit_code == 0, made.output
    assert (tmp_path / "b.txt").read_text() == "Badge [X_BADGE] belongs to ann@muster.example and [X_DENIED].\n"


def test_changed_rules_find_again_and_lie_under_private_alone(room, home, tmp_path):
    (tmp_path / "a.txt").write_text(TEXT)
    (first,) = milled(room, [tmp_path / "a.txt"], redact=True)
    (tmp_path / "rules.yaml").write_text(RULES)
    with_rules = settings().model_copy(update={"pii_rules": tmp_path / "rules.yaml"})
    object.__setattr__(room, "settings", with_rules)
    (second,) = milled(room, [tmp_path / "a.txt"], redact=True)
    assert first != second  # the same file and flags, and yet not the same plan
    assert [types_of(room, one) for one in (first, second)] == [{"EMAIL_ADDRESS": 1}, {"X_BADGE": 1, "X_DENIED": 1}]
    (job,) = jobs(room, [second])
    assert job.options.pii_rules == kept_rules(room)
    holding = [p.relative_to(home).parts[:4] for p in home.rglob("*") if p.is_file() and b"recognisers" in p.read_bytes()]
    assert holding == [("store", "private", "default", "pii_rules")]

    object.__setattr__(room, "settings", settings())  # milled again without them
    again = remill(room.ledger, room.tenant, second, pii_rules=kept_rules(room))
    from docmill.services.batches import batch_jobs

    assert [one.options.pii_rules for one in batch_jobs(room.ledger, room.tenant, again)] == [""]


def types_of(room, job_id: str) -> dict[str, int]:
    (job,) = jobs(room, [job_id])
    return json.loads(room.store.read(job.results_object))["personal_data"]["by_type"]
