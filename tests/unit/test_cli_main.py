"""The border of the command line: exit codes, what loads when, and that surprises tell nothing of a document."""

import importlib
import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.main import get_group

import docmill
from docmill.cli import lazy, main, output
from docmill.error_table import ERROR_TABLE
from docmill.errors import error_from_code

ROOT = Path(docmill.__file__).parents[1]
HEAVY = {
    "prefect",
    "dask",
    "distributed",
    "fastapi",
    "sqlalchemy",
    "pandas",
    "spacy",
    "onnxruntime",
    "great_expectations",
    "presidio_analyzer",
}


@pytest.fixture
def command(home, monkeypatch, capsys):
    """Runs a command line in this process; gives (exit code, stdout, stderr)."""
    logger = logging.getLogger("docmill")
    kept = logger.handlers[:], logger.propagate, logger.level

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["docmill", *words])
        with pytest.raises(SystemExit) as ended:
            main.main()
        captured = capsys.readouterr()
        return int(ended.value.code or 0), captured.out, captured.err

    yield run
    logger.handlers[:], logger.propagate = kept[:2]
    logger.setLevel(kept[2])


def loaded_by(*words):
    """Packages that a command has loaded when it ends."""
    code = f"""
import sys
sys.argv = ["docmill", *{words!r}]
from docmill.cli.main import main
try:
    main()
except SystemExit as ended:
    assert not ended.code, ended.code
print("LOADED", *{{name.split(".")[0] for name in sys.modules}})
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.rsplit("LOADED", 1)[1].split())


def test_the_version_loads_next_to_nothing(home):
    assert not loaded_by("--version") & (HEAVY | {"pydantic", "httpx", "rich", "numpy"})


def test_looking_at_jobs_loads_no_prefect(home):
    assert loaded_by("list") & HEAVY == {"sqlalchemy"}


def test_reading_loads_neither_database_nor_prefect(home, tmp_path):
    (tmp_path / "note.txt").write_text("a note")
    assert not loaded_by("read", str(tmp_path / "note.txt")) & (HEAVY - {"sqlalchemy"})


@pytest.mark.parametrize("module", sorted(set(lazy.MODULES.values())))
def test_the_table_of_commands_is_complete(module):
    app = typer.Typer()
    importlib.import_module(f"docmill.cli.{module}").add_to(app)
    app.command("so-that-it-is-a-group")(lambda: None)
    app.command("really")(lambda: None)
    added = set(get_group(app).commands) - {"so-that-it-is-a-group", "really"}
    assert added == {name for name, where in lazy.MODULES.items() if where == module}


def test_help_names_every_command(command):
    code, out, _ = command("--help")
    assert code == 0
    assert [name for name in lazy.MODULES if f"\n  {name} " not in out] == []


def test_a_mistyped_command_is_a_usage_error_that_helps(command):
    code, _, err = command("ingset")
    assert code == 2
    assert "'ingest'" in err


@pytest.mark.parametrize("code", ERROR_TABLE)
def test_every_error_ends_with_its_exit_code_message_and_hint(command, monkeypatch, code):
    def fail():
        raise error_from_code(code, "what is wrong")

    monkeypatch.setattr("docmill.settings.settings", fail)
    exit_code, out, err = command("list")
    assert (exit_code, out) == (ERROR_TABLE[code].exit_code, "")
    assert err == f"docmill: what is wrong [{code}]\n{ERROR_TABLE[code].hint}\n"


def test_a_surprise_is_one_line_without_its_text(command, monkeypatch):
    def fail(*_args, **_more):
        raise RuntimeError("Dear Ms Thistlewood")

    monkeypatch.setattr("docmill.services.jobs.list_jobs", fail)
    code, out, err = command("list")
    assert (code, out) == (main.UNEXPECTED, "")
    assert err.count("\n") == 1
    assert "RuntimeError at docmill/cli/status.py:" in err
    assert "Thistlewood" not in err


def test_a_full_disk_says_so_without_a_name(command, monkeypatch):
    def fail(*_args, **_more):
        raise OSError(28, "No space left on device", "/home/thistlewood/letter.txt")

    monkeypatch.setattr("docmill.services.jobs.list_jobs", fail)
    code, _, err = command("list")
    assert code == main.UNEXPECTED
    assert "No space left on device" in err
    assert "thistlewood" not in err


def test_the_version_is_the_packages(command):
    assert command("--version") == (0, f"{docmill.__version__}\n", "")


def test_log_lines_are_json_on_stderr_when_asked(command, monkeypatch):
    def warn(*_args, **_more):
        logging.getLogger("docmill.something").warning("two of %d", 3)
        return []

    logging.getLogger("docmill").handlers.clear()
    monkeypatch.setenv("DOCMILL_LOG_FORMAT", "json")
    monkeypatch.setattr("docmill.services.jobs.list_jobs", warn)
    code, out, err = command("list", "--json")
    assert (code, json.loads(out)) == (0, [])
    line = json.loads(err)
    assert (line["message"], line["command"], line["tenant"]) == ("two of 3", "list", "default")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("Größe 4 m².pdf", "Größe 4 m².pdf"),
        ("\x1b[31mred\x07", "\N{REPLACEMENT CHARACTER}[31mred\N{REPLACEMENT CHARACTER}"),
        ("a\nb\udcff", "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_nothing_steers_the_terminal(given, shown):
    assert output.printable(given) == shown


def test_names_are_not_taken_for_markup(capsys):
    output.show_table("T", ("file",), [("[red]x[/] [/nonsense].pdf",)])
    assert "[red]x[/] [/nonsense].pdf" in capsys.readouterr().out
