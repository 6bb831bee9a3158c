"""One part of the cluster under test: python part.py gateway PORT | dispatcher | warm. As in production, with points at which it can be held.

Waits that are minutes in production are seconds here, so that a cell takes seconds; the code is the same.
"""

import os
import signal
import sys
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import points

from docmill.cli.prefect_settings import prepare_for_prefect
from docmill.settings import settings


def shorten():
    from docmill.services import dispatch, outbox

    dispatch.LOST_AFTER, dispatch.PENDING_LIMIT_S, dispatch.LOOK_S = timedelta(seconds=2), 10.0, 0.5
    dispatch.FIRST_DELAY_S, dispatch.LAST_DELAY_S = 1.0, 4.0
    outbox.LEASE, outbox.FIRST_DELAY_S = timedelta(seconds=4), 1.0


def gateway(port):
    from docmill.gateway import server

    server.DispatchThread.start = lambda _: None  # the dispatcher is a process of its own here
    server.DispatchThread.stop = lambda _: None
    points.in_gateway()
    server.serve(settings(), int(port))


def dispatcher():
    from docmill.services.dispatch_thread import DispatchThread
    from docmill.services.fresh_home import open_home

    points.in_dispatcher()
    with open_home(settings()) as room:
        thread = DispatchThread(room)
        thread.start()
        while True:
            signal.pause()


def warm():
    from docmill.cli import warm as warm_process

    warm_process.Forker._fork_mill = lambda _: None  # all work goes to the Dask cluster
    prepare_for_prefect(settings(), os.environ["PREFECT_API_URL"])
    points.in_flow()
    warm_process.main()


if __name__ == "__main__":
    points.in_store()
    shorten()
    {"gateway": gateway, "dispatcher": dispatcher, "warm": warm}[sys.argv[1]](*sys.argv[2:])
