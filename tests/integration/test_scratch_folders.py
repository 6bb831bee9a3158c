"""Temporary folders of a process that was killed: the clean-up finds every kind of them, and never one of a living process."""

import signal
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest

from docmill import scratch
from docmill.services.cleaning import Retention, clean_up

NOW = Retention(timedelta(), timedelta(), timedelta(), timedelta())
KINDS = ("drill", "unlock", "page", "index", "review", "model", "export", "zip")

_HOLDS = """
import contextlib, sys, tempfile, time, zipfile
from pathlib import Path
from docmill.scratch import scratch_folder
from docmill.services.arriving import arrivals
from docmill.services.running.room import Room
from docmill.services.single_files import FilePrivacy
from docmill.settings import settings
from docmill.values.options import MillOptions
tempfile.tempdir = sys.argv[1]
with contextlib.ExitStack() as held:
    for kind in sys.argv[2:]:
        folder = held.enter_context(scratch_folder(kind))
        (folder / "home" / "store").mkdir(parents=True)
        (folder / "home" / "store" / "letter.pdf").write_bytes(b"Dear" * 500)
    alone = held.enter_context(FilePrivacy(settings(), MillOptions()))
    (alone._folder / "page-1.json").write_bytes(b"Dear" * 500)
    with zipfile.ZipFile("a.zip", "w") as out:
        out.writestr("a.txt", "Dear")
    unpacking = arrivals(held.enter_context(contextlib.closing(Room.open(settings()))), Path("a.zip"), "a.zip", MillOptions())
    next(unpacking)
    print("held", flush=True)
    time.sleep(120)
"""


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def kinds(folder: Path) -> list[str]:
    return sorted(path.name.split("-")[2] for path in folder.iterdir())


def test_folders_of_a_killed_process_go_whatever_they_were_for_and_those_of_the_living_stay(room, temporary, tmp_path):
    everything = sorted([*KINDS, "privacy", "unpack"])
    with scratch.scratch_folder("lessons") as living:
        (living / "page.png").write_bytes(b"z")
        command = [sys.executable, "-c", _HOLDS, str(temporary), *KINDS]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=tmp_path) as process:
            try:
                assert process.stdout.readline() == b"held\n"
                assert kinds(temporary) == sorted([*everything, "lessons"])
                assert clean_up(room, retention=NOW).cleaned_files == ()
            finally:
                process.send_signal(signal.SIGKILL)
        letter = next(temporary.glob("docmill-scratch-drill-*/home/store/letter.pdf"))
        with letter.open("rb") as held:
            would = clean_up(room, retention=NOW, dry_run=True)
            done = clean_up(room, retention=NOW)
            assert held.read() == bytes(2000)
        assert sorted(name.split("-")[2] for name in done.cleaned_files) == everything
        assert (done.cleaned_files, done.failed_cleanups) == (would.cleaned_files, ())
        assert done.total_space_freed == would.total_space_freed >= 2000 * (len(KINDS) + 1)
        assert (kinds(temporary), (living / "page.png").read_bytes()) == (["lessons"], b"z")
    assert kinds(temporary) == []


def test_nobody_makes_temporary_folders_but_the_one_module():
    """Ruff forbids it; this sees that the rule bites, with the project's own table."""
    code = "import tempfile\ntempfile.mkdtemp()\ntempfile.mkstemp()\ntempfile.NamedTemporaryFile()\ntempfile.TemporaryDirectory()\n"
    root = Path(__file__).parents[2]
    for name, found in (("docmill/services/new.py", 4), ("flows/new.py", 4), ("docmill/scratch.py", 0)):
        command = [sys.executable, "-m", "ruff", "check", "--select", "TID251", "--output-format", "concise", "--stdin-filename", name, "-"]
        done = subprocess.run(command, input=code, capture_output=True, text=True, cwd=root, check=False)
        assert done.stdout.count("TID251") == found, done
