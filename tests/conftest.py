"""Fixtures shared by all suites: a home of its own per test, an opened room, one Prefect server per session."""

import contextlib
import signal
import sys
from pathlib import Path

import hypothesis
import pytest

from docmill.services.running.room import Room
from docmill.settings import settings

# fixture modules of one suite are used by others: tests are not a package, so their folders are put on the path
for suite in ("integration", "faults", "browser"):
    sys.path.insert(0, str(Path(__file__).parent / suite))
pytest.register_assert_rewrite("ledger_fixtures")  # imported by some tests before others name it as their plugin
pytest.register_assert_rewrite(
    "cell_calls", "prefect_rest", "knowledge_files", "upload_requests"
)  # they assert for several modules of tests

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # a shell starts what runs in its background so, and every process of the tests would inherit it and never hear a Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)

hypothesis.settings.register_profile("without deadlines", deadline=None)  # a machine that stands still for a moment is no failure
hypothesis.settings.load_profile("without deadlines")

PROCESS_SUITES = ("faults", "e2e", "browser")
"""Suites whose tests start, kill and wait for many real processes. A machine that stands still for half a minute breaks a wait there, so a failed
test is run once more; the summary names each such test. A defect fails twice, everywhere else once is enough."""


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.parent.name in PROCESS_SUITES:
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_terminal_summary(terminalreporter):
    """Say why a test was run once more, also when it passed then."""
    for report in terminalreporter.stats.get("rerun", []):
        terminalreporter.write_sep("_", f"run once more: {report.nodeid}")
        terminalreporter.write_line("\n".join(report.longreprtext.splitlines()[-15:]))


@pytest.fixture
def home(tmp_path, monkeypatch):
    """DOCMILL_HOME in a temporary folder, no other setting from outside."""
    folder = tmp_path / "home"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOCMILL_HOME", str(folder))
    settings.cache_clear()
    yield folder
    settings.cache_clear()


@pytest.fixture
def room(home):
    """An opened room over SQLite and a local folder."""
    from fresh_ledgers import fresh_ledger

    home.mkdir(mode=0o700)
    fresh_ledger(settings().resolved_ledger_url)
    with contextlib.closing(Room.open(settings())) as opened:
        yield opened


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory):
    """One real Prefect server for all tests that run flows (20 s to start); yields its API address. It schedules nothing: no worker is about,
    and its housekeeping would take a tenth of a core for as long as the tests last."""
    from prefect import settings as of_prefect
    from prefect.testing.utilities import prefect_test_harness

    idle = "SCHEDULER LATE_RUNS FOREMAN CANCELLATION_CLEANUP PAUSE_EXPIRATIONS REPOSSESSOR CLEANUP_RECONCILER TRIGGERS"
    still = {getattr(of_prefect, f"PREFECT_SERVER_SERVICES_{loop}_ENABLED"): False for loop in idle.split()}
    quiet = {of_prefect.PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None, of_prefect.PREFECT_LOGGING_TO_API_ENABLED: False}
    temporary = of_prefect.temporary_settings
    with temporary(still), prefect_test_harness(server_startup_timeout=180), temporary(quiet):
        yield of_prefect.PREFECT_API_URL.value()
