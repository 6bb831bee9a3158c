"""A warm process whose runs do what DO says, for test_warm.py: the forking is the real one, the flow is not.

python forking.py FOLDER
"""

import os
import sys
import time
from pathlib import Path

from docmill.cli.warm import Forker


def be_run(environment, folder, streams):
    os.dup2(streams[1], 1)
    os.chdir(folder)
    sys.stdout.write(f"{environment.get('DO')} {Path.cwd().name} {os.getpid()}\n")
    sys.stdout.flush()
    if environment.get("DO") == "sleep":
        time.sleep(60)
    sys.exit(int(environment.get("DO", "0")))


def be_mill(listener):
    (Path(sys.argv[1]) / f"mill-{os.getpid()}").touch()
    time.sleep(60)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    Forker(folder / "runs.sock", folder / "mill.sock", be_run=be_run, be_mill=be_mill).serve()()
