"""JSON log lines and the ids they belong to."""

import io
import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from docmill.logs import JsonFormatter, log_ids, with_ids
from docmill.services.milling.beside import Beside


@pytest.fixture
def log():
    """A logger of this test's own, and what it wrote, decoded."""
    told = io.StringIO()
    handler = logging.StreamHandler(told)
    handler.setFormatter(JsonFormatter())
    logger = logging.getLogger("docmill.of_this_test")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield logger, lambda: [json.loads(line) for line in told.getvalue().splitlines()]
    logger.removeHandler(handler)


def ids_of(line):
    return {name: value for name, value in line.items() if name not in {"time", "level", "logger", "message"}}


def test_a_line_has_the_ids_that_hold_and_no_others(log):
    logger, lines = log
    logger.info("before")
    with log_ids(tenant="t", run_id="r", batch_id=None):
        with log_ids(job_id="j", stage="read"):
            logger.info("page %d", 3)
        with pytest.raises(ValueError, match="secret"), log_ids(job_id="k"):
            raise ValueError("secret")
        logger.info("between")
    logger.info("after")
    told = lines()
    assert [ids_of(line) for line in told] == [
        {},
        {"tenant": "t", "run_id": "r", "job_id": "j", "stage": "read"},
        {"tenant": "t", "run_id": "r"},
        {},
    ]
    assert [line["message"] for line in told] == ["before", "page 3", "between", "after"]


def test_two_threads_do_not_mix(log):
    logger, lines = log
    together = threading.Barrier(2, timeout=20)

    def work(job_id):
        for _ in range(20):
            with log_ids(job_id=job_id):
                together.wait()
                logger.info(job_id)
                together.wait()

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(work, ("a", "b")))
    assert len(lines()) == 40
    assert all(line["job_id"] == line["message"] for line in lines())


def test_work_for_another_thread_takes_its_ids_along_and_leaves_none_there(log):
    logger, lines = log
    with ThreadPoolExecutor(1) as thread, Beside() as beside:
        with log_ids(job_id="j"):
            thread.submit(logger.info, "nobody's").result()
            thread.submit(with_ids(logger.info), "carried").result()
            beside.submit(lambda: logger.info("beside"))
            beside.wait()
        beside.submit(lambda: logger.info("nobody's"))
        thread.submit(logger.info, "nobody's").result()
    told = lines()
    assert all(line.get("job_id") == {"nobody's": None}.get(line["message"], "j") for line in told)
    assert sorted(line["message"] for line in told) == ["beside", "carried", "nobody's", "nobody's", "nobody's"]
