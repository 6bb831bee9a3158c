"""A folder of damaged, hostile and odd files with a manifest of what to expect, milled by one `docmill ingest`: benchmarks/robustness.py as a test.

The files are no part of the project. DOCMILL_TEST_DATA names the folder that holds `robustness/manifest.json`.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from docmill.settings import settings

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))
import robustness  # noqa: E402 - a script beside the package

FOLDER = Path(os.environ.get("DOCMILL_TEST_DATA") or "unset") / "robustness"


@pytest.mark.parametrize(
    ("expect", "fine", "not_fine"),
    [
        ("ok", [("completed", None), ("needs_review", None)], [("partial", None), ("failed", "damaged"), ("failed", "internal")]),
        (
            "error_clean",
            [("failed", "damaged"), ("failed", "encrypted")],
            [("completed", None), ("failed", "timed_out"), ("failed", "parser_died")],
        ),
        ("ok_or_error_clean", [("completed", None), ("failed", "too_large")], [("failed", "timed_out"), ("failed", "internal")]),
        ("no_crash", [("partial", None), ("failed", "timed_out"), ("failed", "unsupported_type")], [("failed", "parser_died")]),
        ("bounded_time", [("completed", None), ("failed", "timed_out")], [("failed", "internal"), ("running", None)]),
    ],
)
def test_what_an_expectation_allows(expect, fine, not_fine):
    assert [robustness.is_expected(expect, *one) for one in fine] == [True] * len(fine)
    assert [robustness.is_expected(expect, *one) for one in not_fine] == [False] * len(not_fine)


def test_a_file_that_ends_otherwise_or_not_at_all_is_named():
    expect = {"a.pdf": "ok", "b.pdf": "error_clean", "c.pdf": "ok"}
    ended = [("a.pdf", "completed", None), ("b.pdf", "failed", "parser_died")]
    assert robustness.broken_promises(expect, ended) == [
        "b.pdf: error_clean expected, but failed parser_died",
        "c.pdf: ok expected, but there is no job",
    ]
    assert robustness.broken_promises({"a.pdf": "ok"}, ended[:1]) == []


def test_what_is_not_as_expected_makes_the_script_end_with_1(tmp_path, home, monkeypatch, capsys):
    nothing_held = robustness.PeakMemory(os.getpid())
    monkeypatch.setattr(robustness, "ingested", lambda _files, _engine: (0, b"", nothing_held))
    monkeypatch.setattr(sys, "argv", ["robustness.py", str(tmp_path)])
    for expected, manifest in ((0, "[]"), (1, '[{"file": "a/b.pdf", "expect": "ok"}]')):
        settings.cache_clear()
        (tmp_path / "manifest.json").write_text(manifest)
        assert robustness.main() == expected
    assert "NOT AS EXPECTED b.pdf: ok expected, but there is no job" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.skipif(not (FOLDER / "manifest.json").is_file(), reason="DOCMILL_TEST_DATA names no folder with robustness/manifest.json")
def test_every_file_ends_as_its_manifest_says(tmp_path):
    words = [sys.executable, str(ROOT / "benchmarks" / "robustness.py"), str(FOLDER)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=1100, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert " 0 not as expected" in done.stdout
