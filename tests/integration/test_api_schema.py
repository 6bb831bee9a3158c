"""The OpenAPI description against a real gateway, ledger and store: whatever it allows to be asked is answered as it says, and never with a 5xx."""

from contextlib import closing

import pytest
import schemathesis
from api_milling import mill
from gateway_process import gateway_process, multipart_file, settings_of
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from docmill.services.running.room import Room

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
UNDUE = HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    home = tmp_path_factory.mktemp("schema")
    with gateway_process(home) as (client, _), pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCMILL_HOME", str(home))
        sent = client.post("/api/v1/upload/async/", files=multipart_file("a.txt", b"A walrus.\n")).json()
        with closing(Room.open(settings_of(home))) as room:
            mill(room, sent["batch_id"])
        yield client, sent


@pytest.fixture
def api(gateway):
    client, _ = gateway
    found = schemathesis.openapi.from_url(f"{str(client.base_url).rstrip('/')}/openapi.json")
    return found.exclude(path_regex="/events/$")  # a stream ends when its task does


@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisDeprecationWarning")  # schemathesis draws by the random module
@pytest.mark.parametrize("examples", [8, pytest.param(200, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])])
def test_answers_are_as_described(api, examples):
    # not by schemathesis's own pytest fixtures: they look for subtests that newer versions of pytest do not have
    asked = 0
    for found in api.get_all_operations():

        @settings(max_examples=examples, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=UNDUE, database=None)
        @seed(7)
        @given(found.ok().as_strategy())
        def check(case):
            nonlocal asked
            asked += 1
            case.call_and_validate(checks=CHECKS, timeout=30)

        check()
    assert asked >= 10 * examples


def test_what_is_there_is_answered_as_described(gateway, api):
    """Ids cannot be guessed: the good answers are looked at one by one."""
    _, sent = gateway
    known = {"task_id": sent["task_id"], "batch_id": sent["batch_id"], "document_id": sent["tasks"][0]["document_id"]}
    seen = 0
    for found in api.get_all_operations():
        operation = found.ok()
        names = {parameter.name for parameter in operation.path_parameters}
        # a plain note has neither doubts nor a match, and alone is no batch to check
        is_ours = not any(part in operation.path for part in ("/review/", "/receipts/", "/checks"))
        if operation.method.upper() == "GET" and names <= known.keys() and is_ours:
            case = operation.Case(
                path_parameters={name: known[name] for name in names}, query={"q": "walrus"} if "search" in operation.path else {}
            )
            assert case.call_and_validate(checks=CHECKS, timeout=60).status_code == 200
            seen += 1
    assert seen >= 8
