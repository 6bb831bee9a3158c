"""The size limits are real: what is too long is refused, docstrings are not counted."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "deployments"))

import check_sizes  # noqa: E402 - a script, found on the path set above


def function(lines, *, docstring=0, decorator=""):
    doc = '    """' + "\n".join(["d"] * docstring) + '"""\n' if docstring else ""
    return f"{decorator}def f():\n{doc}" + "    x = 1\n" * lines


@pytest.mark.parametrize(
    ("folder", "text", "complaints"),
    [
        ("docmill", function(40), 0),
        ("docmill", function(41), 1),
        ("docmill", function(40, docstring=30), 0),
        ("docmill", "x = 1\n" * 300, 0),
        ("docmill", "x = 1\n" * 301, 1),
        ("docmill", "class C:\n" + function(41).replace("def", "    async def").replace("    x", "        x"), 1),
        ("flows", "x = 1\n" * 81, 1),
        ("flows", function(31, decorator="@flow(name='a')\n"), 1),
        ("tasks", function(16, decorator="@task\n"), 1),
        ("tasks", function(15, decorator="@task\n"), 0),
        ("tests", function(40, decorator="@flow(name='a')\n"), 0),
        ("tests", function(41, decorator="@task\n"), 1),
        ("tests", "x = 1\n" * 301, 1),
    ],
)
def test_limits(tmp_path, monkeypatch, folder, text, complaints):
    monkeypatch.chdir(tmp_path)
    path = Path(folder) / "module.py"
    path.parent.mkdir()
    path.write_text(text)
    assert len(check_sizes.complaints(path)) == complaints


def test_no_folder_of_the_checkout_is_left_out():
    with_code = {path.relative_to(ROOT).parts[0] for path in ROOT.glob("[!.]*/**/*.py")}
    assert with_code <= set(check_sizes.ROOTS)


@pytest.mark.parametrize("folder", ["tests/unit", "docmill/storage/ledger/migrations/versions"])
def test_tests_and_migrations_are_measured_too(tmp_path, monkeypatch, capsys, folder):
    monkeypatch.chdir(tmp_path)
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / folder / "module.py").write_text(function(41))
    assert check_sizes.main() == 1
    assert "f has 41 lines, at most 40" in capsys.readouterr().out
