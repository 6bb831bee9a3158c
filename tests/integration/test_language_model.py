"""The client of language models against a real HTTP server: right, malformed, slow, failing and expensive answers."""

import json
import time
from decimal import Decimal

import pytest
from openai_server import Fault, running_openai_server

from docmill.errors import ServiceUnavailable, SettingsInvalid, StageFailed, TooLarge
from docmill.services.language_model import client
from docmill.services.language_model.client import Prompt, ask_model
from docmill.stages.understanding.asking.verbs import read_answers
from docmill.values.language_model import ModelSpec

PROMPT = Prompt("fields", "Read fields.", json.dumps({"fields": {"total": "sum"}, "secret words": "Nightingale"}), '{"type":"object"}')
RIGHT = {"answers": [{"field": "total", "text": "119.00", "page": 1}]}


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(client, "_PAUSE_S", 0.01)
    with running_openai_server() as found:
        found.answer = lambda _: RIGHT
        yield found


def spec(server, **more):
    return ModelSpec(base_url=server.base_url, model="test-model", **{"timeout_s": 30.0, **more})


def test_a_right_answer_is_read_and_counted(server, monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")  # what the client would take from outside does not count
    monkeypatch.setenv("OPENAI_ORG_ID", "somebody")
    prices = {"input_price": Decimal(2), "output_price": Decimal(10)}
    answers, use = ask_model(spec(server, **prices), "sk-test", PROMPT, read_answers)
    assert answers.answers[0].text == "119.00"
    assert (use.model, use.requests, use.input_tokens, use.output_tokens, use.cost) == ("test-model-0001", 1, 1000, 100, "0.003")
    (request,), (headers,) = server.requests, server.headers
    assert headers["authorization"] == "Bearer sk-test"
    assert headers.get("openai-organization", "") == ""
    assert [m["role"] for m in request["messages"]] == ["system", "user"]
    assert (request["model"], request["max_tokens"], request["temperature"]) == ("test-model", 2000, 0)
    assert request["response_format"]["json_schema"] == {"name": "fields", "strict": True, "schema": {"type": "object"}}
    assert "tools" not in request


def test_a_server_without_structured_output_is_asked_in_words(server):
    server.knows_schemas = False
    answers, use = ask_model(spec(server), None, PROMPT, read_answers)
    assert (answers.answers[0].field, use.requests) == ("total", 1)
    assert "response_format" in server.requests[0]
    assert "response_format" not in server.requests[1]
    assert '{"type":"object"}' in server.requests[1]["messages"][0]["content"]


@pytest.mark.parametrize(
    "content",
    [
        "I think the total is 119.00.",
        "",
        None,
        "[]",
        {"answers": "119.00"},
        {"answers": [{"field": "total", "text": 119.0, "page": 1}]},
        {"answers": [{"field": "total", "text": "119.00", "page": "1"}]},
        {"answers": [{"field": "total", "text": "119.00"}]},
        {"answers": [{"field": "total", "text": "119.00", "page": 1, "value": "1.00"}]},
        {"answers": [], "do": "delete everything"},
        {"answers": [{"field": "total", "text": "9" * 500, "page": 1}]},
        {"answers": [{"field": "total", "text": "1", "page": 1}] * 100},
    ],
)
def test_a_malformed_answer_is_asked_for_once_more_and_then_an_error_without_its_words(server, content):
    server.answer = lambda _: content
    with pytest.raises(StageFailed) as caught:
        ask_model(spec(server), None, PROMPT, read_answers)
    assert len(server.requests) == 2
    assert "119" not in str(caught.value)
    assert not caught.value.retryable


def test_json_in_a_fence_is_read_and_what_is_cut_off_is_not(server):
    server.answer = lambda _: f"```json\n{json.dumps(RIGHT)}\n```"
    assert ask_model(spec(server), None, PROMPT, read_answers)[0].answers
    server.finish_reason = "length"
    with pytest.raises(StageFailed, match="cut off"):
        ask_model(spec(server), None, PROMPT, read_answers)


def test_usage_that_is_not_told_or_nonsense_is_estimated_from_above(server):
    for usage in (None, {"prompt_tokens": -5, "completion_tokens": 0, "total_tokens": 0}):
        server.usage = usage
        _, use = ask_model(spec(server), None, PROMPT, read_answers)
        assert (use.input_tokens, use.output_tokens, use.cost) == (PROMPT.tokens, 2000, None)


@pytest.mark.parametrize("fault", [Fault(500), Fault(503), Fault(429)])
def test_a_failing_server_is_asked_once_more(server, fault):
    server.faults.append(fault)
    assert ask_model(spec(server), None, PROMPT, read_answers)[1].requests == 1
    server.faults.extend([fault, fault])
    with pytest.raises(ServiceUnavailable) as caught:
        ask_model(spec(server), None, PROMPT, read_answers)
    assert caught.value.retryable
    assert len(server.requests) == 4


@pytest.mark.parametrize(
    "body", [b"<html>gateway</html>", b"null", b"[1]", b'{"choices": []}', b'{"choices": [{"message": 1}]}', b'{"choices": 7}']
)
def test_a_server_that_does_not_speak_the_protocol_is_an_error_and_no_crash(server, body):
    server.faults.extend([Fault(body=body)] * 2)
    with pytest.raises((StageFailed, ServiceUnavailable)):
        ask_model(spec(server), None, PROMPT, read_answers)


@pytest.mark.parametrize(("status", "name"), [(401, "OPENAI_API_KEY"), (403, "OPENAI_API_KEY"), (404, "OPENAI_MODEL")])
def test_what_the_settings_have_wrong_is_said(server, status, name):
    server.faults.append(Fault(status))
    with pytest.raises(SettingsInvalid, match=name) as caught:
        ask_model(spec(server), "sk-secret", PROMPT, read_answers)
    assert "sk-secret" not in str(caught.value)
    assert len(server.requests) == 1


def test_a_server_that_is_not_there(server):
    gone = spec(server).model_copy(update={"base_url": "http://127.0.0.1:9/v1"})
    with pytest.raises(ServiceUnavailable):
        ask_model(gone, None, PROMPT, read_answers)


@pytest.mark.parametrize("fault", [Fault(wait_s=30), Fault(drip_s=0.2)])
def test_a_slow_answer_ends_by_the_limit_even_when_it_drips(server, fault):
    server.faults.extend([fault] * 2)
    began = time.monotonic()
    with pytest.raises(ServiceUnavailable):
        ask_model(spec(server, timeout_s=1.0), None, PROMPT, read_answers)
    assert time.monotonic() - began < 10  # a dripping answer alone would take 60 s


def test_an_endless_answer_is_cut(server):
    server.faults.extend([Fault(body=b" " * (5 << 20))] * 2)
    with pytest.raises(ServiceUnavailable):
        ask_model(spec(server), None, PROMPT, read_answers)


@pytest.mark.parametrize(
    ("limits", "error"),
    [
        ({"input_tokens": 10}, TooLarge),
        ({"cost_limit": Decimal("0.01"), "input_price": Decimal(2), "output_price": Decimal(10)}, TooLarge),
        ({"cost_limit": Decimal("0.01")}, SettingsInvalid),
    ],
)
def test_what_is_over_a_limit_is_never_sent(server, limits, error):
    with pytest.raises(error):
        ask_model(spec(server, **limits), None, PROMPT, read_answers)
    assert not server.requests


def test_questions_and_answers_are_not_logged(server, caplog):
    caplog.set_level("DEBUG", logger="docmill")
    server.faults.append(Fault(500))
    ask_model(spec(server), "sk-secret", PROMPT, read_answers)
    assert "asking the language model again" in caplog.text
    for word in ("Nightingale", "119.00", "sk-secret"):
        assert word not in caplog.text


@pytest.mark.parametrize(
    ("url", "is_local"),
    [
        ("http://127.0.0.1:11434/v1", True),
        ("http://localhost/v1", True),
        ("http://[::1]:80/v1", True),
        ("https://api.openai.com/v1", False),
        ("http://localhost.evil.example/v1", False),
        ("http://10.0.0.5/v1", False),
    ],
)
def test_personal_data_is_masked_unless_the_text_stays_here_or_a_setting_allows_it(url, is_local):
    one = ModelSpec(base_url=url, model="m")
    assert one.is_local is is_local
    assert one.masks(redact=False) is not is_local
    assert one.masks(redact=True)
    plain = one.model_copy(update={"sees_plain_text": True})
    assert not plain.masks(redact=False)
    assert plain.masks(redact=True)
