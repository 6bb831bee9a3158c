"""Loaded by Dask workers in tests: makes a worker refuse, or die of one document, for real. DOCMILL_TEST_FAULTS says what, as JSON.

{"version": "0.0.1"}                          the worker runs another docmill
{"deadly": ["read", <document id>]}           this stage of this document kills the worker with SIGKILL, each time
"""

import dataclasses
import json
import os
import signal
from types import MappingProxyType


def dask_setup(worker):
    from docmill.services.milling import work

    faults = json.loads(os.environ["DOCMILL_TEST_FAULTS"])
    if version := faults.get("version"):
        work.__version__ = version
    if deadly := faults.get("deadly"):
        stage, document_id = deadly
        work.STAGE_WORK = MappingProxyType({**work.STAGE_WORK, stage: _deadly(work.STAGE_WORK[stage], document_id)})


def _deadly(real, document_id):
    def make(bench, items):
        if any(item.document_id == document_id for item, _ in items):
            os.kill(os.getpid(), signal.SIGKILL)
        return real.make(bench, items)

    return dataclasses.replace(real, make=make)
