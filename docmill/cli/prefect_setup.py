"""Telling a Prefect server of docmill: work pool, blocks and deployments. Doing it again changes nothing."""

import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from docmill.cli.parts import LOOK_EVERY_S, START_S, ToldToEnd, running_part
from docmill.errors import ClusterLost

POOL = "docmill"
PREFECT_FILE = Path(__file__).with_name("prefect.yaml")
"""In a checkout a link to the one at the root; in a wheel a copy."""


def set_up_prefect(environment: Mapping[str, str], logs: Path, stop: threading.Event) -> None:
    """Make the work pool, register the blocks, deploy prefect.yaml.

    Args:
        environment: with PREFECT_API_URL, and DOCMILL_WORKDIR for the deployments.
        logs: folder of the logs.
        stop: asks to leave off.

    Raises:
        ToldToEnd: `stop` was set.
        ClusterLost: Prefect's command line failed; the message names its log.
    """

    def prefect(name: str, *words: str) -> None:
        with running_part(f"setup {name}", ["-m", "prefect", *words], environment, logs) as part:
            end = time.monotonic() + START_S
            while part.process.poll() is None and time.monotonic() < end:
                if stop.wait(LOOK_EVERY_S):
                    raise ToldToEnd
            if part.process.poll() != 0:
                raise ClusterLost(f"the Prefect server did not take the {name}; {part.log} has what was said")

    prefect("work pool", "work-pool", "create", POOL, "--type", "process", "--overwrite")
    with ThreadPoolExecutor(1) as beside:
        blocks = beside.submit(prefect, "blocks", "block", "register", "-m", "blocks")
        prefect("deployments", "--no-prompt", "deploy", "--all", "--prefect-file", str(PREFECT_FILE))
        blocks.result()
