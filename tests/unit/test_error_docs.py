"""docs/errors.md is what the table says."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from docmill.error_table import ERROR_TABLE

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "deployments" / "write_error_docs.py"


def test_the_page_is_current() -> None:
    done = subprocess.run([sys.executable, str(SCRIPT), "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_stale_page_is_noticed_and_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = importlib.util.spec_from_file_location("write_error_docs", SCRIPT)
    assert spec
    assert spec.loader
    script = importlib.util.module_from_spec(spec)
    monkeypatch.setattr(sys, "path", list(sys.path))
    spec.loader.exec_module(script)
    copy = tmp_path / "errors.md"
    monkeypatch.setattr(script, "PAGE", copy)
    for before in (None, "old"):
        if before is not None:
            copy.write_text(before)
        monkeypatch.setattr(sys, "argv", ["write_error_docs.py", "--check"])
        assert script.main() == 1
        assert "not current" in capsys.readouterr().out
        monkeypatch.setattr(sys, "argv", ["write_error_docs.py"])
        assert script.main() == 0
        monkeypatch.setattr(sys, "argv", ["write_error_docs.py", "--check"])
        assert script.main() == 0


def test_every_code_has_exactly_one_row() -> None:
    rows = [line.split("|")[1].strip() for line in (ROOT / "docs" / "errors.md").read_text().splitlines() if line.startswith("| `")]
    assert sorted(rows) == sorted(f"`{code}`" for code in ERROR_TABLE)
