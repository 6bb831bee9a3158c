"""The command line as a user meets it: a process of its own, in a folder of its own, with a home of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
MAIN = [sys.executable, "-m", "docmill.cli.main"]


def environment(home: Path, **extra: str) -> dict[str, str]:
    """This process's own without settings of docmill and Prefect, so that neither a developer's shell nor other tests have a say."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("DOCMILL_", "PREFECT_", "GOOGLE_", "OPENAI_", "OCR_"))
    }
    path = os.pathsep.join(part for part in (str(ROOT), os.environ.get("PYTHONPATH", "")) if part)
    return {**kept, "PYTHONPATH": path, "DOCMILL_HOME": str(home), **extra}


def docmill(home: Path, *words: str, timeout: float = 120, **extra: str) -> "subprocess.CompletedProcess[str]":
    """Run one command in the home's parent folder."""
    return subprocess.run(
        [*MAIN, *words],
        cwd=home.parent,
        env=environment(home, **extra),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


class Up:
    """`docmill up` (or what stands around it) on free ports; its output lies in up.out beside the home."""

    def __init__(self, home: Path, command: Sequence[str] = (*MAIN, "up"), **extra: str) -> None:
        self.home, self._output = home, home.parent / "up.out"
        settings = {"DOCMILL_PREFECT_PORT": "0", "DOCMILL_GATEWAY_PORT": "0", **extra}
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                command, cwd=home.parent, env=environment(home, **settings), stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )

    @property
    def said(self) -> str:
        return self._output.read_text()

    def wait_until_ready(self) -> dict[str, str]:
        """What it prints: name -> place."""
        end = time.monotonic() + 240
        while "Ctrl-C" not in self.said:
            assert self.process.poll() is None, self.said
            assert time.monotonic() < end, self.said
            time.sleep(0.2)
        return {line[:12].strip(): line[12:].strip() for line in self.said.splitlines()[1:-1]}

    def end(self) -> None:
        """Whatever became of it."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
