"""The Google Cloud Vision engine against a real gRPC server."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from google.cloud import vision as google
from PIL import Image
from vision_server import failed, running_vision_server, spoken

from docmill.cell import Cell, CellLimits
from docmill.errors import Damaged, EngineMissing, EngineUnavailable, SettingsInvalid, TooLarge
from docmill.stages.reading import verbs, vision
from docmill.stages.reading.vision import VisionEngine
from docmill.values.page import Page
from docmill.values.ports import PageImage

CODE = grpc.StatusCode


@pytest.fixture
def server():
    with running_vision_server() as running:
        yield running


@pytest.fixture
def image(tmp_path):
    Image.new("L", (200, 100), 255).save(tmp_path / "a.pgm", format="PPM")
    return PageImage(path=tmp_path / "a.pgm", width_px=200, height_px=100, dpi=200, number=3)


def engine(server, timeout_s=10.0):
    return VisionEngine(server.endpoint, None, timeout_s, first_delay_s=0.02)


def test_breaks_make_words_and_lines(server, image):
    page = engine(server).read(image, language="de")
    assert page.text == "Total, 9.00\npay trans-\nfer"
    assert tuple(page.words[0].box) == (0, 0, 60, 20)
    assert tuple(page.words[1].box) == (80, 0, 120, 20)
    assert [w.confidence for w in page.words] == [0.99, 0.99, 0.99, 0.99, 0.71]
    assert (page.number, page.width_px, page.source, page.language) == (3, 200, "vision", "de")
    request = server.requests[0].requests[0]
    assert request.features[0].type_ == google.Feature.Type.DOCUMENT_TEXT_DETECTION
    assert list(request.image_context.language_hints) == ["de"]
    assert request.image.content[:3] == b"\xff\xd8\xff"
    assert 1 < server.deadlines_s[0] <= 10


def test_boxes_are_scaled_where_the_service_saw_a_smaller_image(server, image):
    server.faults.append(spoken(page_width_px=100, page_height_px=50))
    page = engine(server).read(image, language="en")
    assert tuple(page.words[1].box) == (160, 0, 200, 40)  # and held inside the page


def test_an_empty_page_has_no_words(server, image):
    server.faults.append(google.AnnotateImageResponse())
    assert engine(server).read(image, language="en").words == ()


@pytest.mark.parametrize("code", [CODE.UNAVAILABLE, CODE.RESOURCE_EXHAUSTED, CODE.DEADLINE_EXCEEDED])
def test_transient_errors_are_tried_again(server, image, code):
    server.faults += [code, code]
    assert engine(server).read(image, language="en").words
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (CODE.PERMISSION_DENIED, SettingsInvalid),
        (CODE.UNAUTHENTICATED, SettingsInvalid),
        (CODE.INVALID_ARGUMENT, Damaged),
        (CODE.INTERNAL, EngineUnavailable),
    ],
)
def test_other_errors_are_not(server, image, code, expected):
    server.faults.append(code)
    with pytest.raises(expected):
        engine(server).read(image, language="en")
    assert len(server.requests) == 1


def test_trying_again_ends(server, image):
    server.faults += [CODE.UNAVAILABLE] * 1000
    started = time.monotonic()
    with pytest.raises(EngineUnavailable) as caught:
        engine(server, timeout_s=0.5).read(image, language="en")
    assert time.monotonic() - started < 5
    assert caught.value.retryable


def test_a_slow_answer_is_not_waited_for(server, image):
    server.faults += [3.0] * 50
    started = time.monotonic()
    with pytest.raises(EngineUnavailable):
        engine(server, timeout_s=0.4).read(image, language="en")
    assert time.monotonic() - started < 2.5


@pytest.mark.parametrize(("code", "expected"), [(3, Damaged), (7, SettingsInvalid), (14, EngineUnavailable), (13, EngineUnavailable)])
def test_an_error_inside_an_answer_is_an_error(server, image, code, expected):
    server.faults.append(failed(code))
    with pytest.raises(expected):
        engine(server).read(image, language="en")


def test_an_image_over_the_limit_is_never_sent(server, image, monkeypatch):
    monkeypatch.setattr(vision, "MAX_REQUEST_BYTES", 100)
    with pytest.raises(TooLarge):
        engine(server).read(image, language="en")
    assert server.requests == []


def test_a_plain_jpeg_is_sent_as_it_is(server, tmp_path):
    file = tmp_path / "a.jpg"
    Image.new("RGB", (200, 100), "white").save(file)
    out = tmp_path / "out.json"
    told = verbs.read_page(str(file), "image/jpeg", 1, "en", f"vision@{server.endpoint}", str(tmp_path), str(out), {})
    page = Page.model_validate_json(out.read_bytes())
    assert server.requests[0].requests[0].image.content == file.read_bytes()
    assert told == {"source": "vision", "confidence": page.confidence, "words": 5, "width_px": 200, "height_px": 100}
    assert page.reason == "asked for: page image read by vision"


def test_each_page_is_a_request_and_a_cell_has_one_under_way(server, tmp_path):
    frames = [Image.new("L", (200, 100), 255 - at) for at in range(6)]
    frames[0].save(tmp_path / "a.tif", save_all=True, append_images=frames[1:])
    server.faults += [0.1] * 6
    with Cell(CellLimits(memory_bytes=4 << 30, items=100)) as cell, ThreadPoolExecutor(6) as pool:

        def read(number):
            args = (
                str(tmp_path / "a.tif"),
                "image/tiff",
                number,
                "en",
                f"vision@{server.endpoint}",
                str(tmp_path),
                str(tmp_path / f"{number}"),
            )
            return cell.call("docmill.stages.reading.verbs:read_page", *args, {}, deadline_s=30)

        assert [told["words"] for told in pool.map(read, range(1, 7))] == [5] * 6
    assert [len(batch.requests) for batch in server.requests] == [1] * 6
    assert server.most_at_once == 1


def test_without_credentials(monkeypatch, image, tmp_path):
    for name in ("GOOGLE_APPLICATION_CREDENTIALS", "HOME", "CLOUDSDK_CONFIG"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    vision._client.cache_clear()
    with pytest.raises(EngineMissing, match="GOOGLE_APPLICATION_CREDENTIALS"):
        VisionEngine(None, None).read(image, language="en")


def test_a_key_file_that_is_none(image, tmp_path):
    (tmp_path / "key.json").write_text(json.dumps({"type": "nonsense"}))
    for file in (tmp_path / "key.json", tmp_path / "absent.json"):
        with pytest.raises(SettingsInvalid):
            VisionEngine(None, file).read(image, language="en")


@pytest.mark.parametrize(
    ("endpoint", "is_loopback"),
    [
        ("127.0.0.1:9", True),
        ("localhost:9", True),
        ("[::1]:9", True),
        ("vision.googleapis.com:443", False),
        ("10.0.0.1:9", False),
        ("127.evil.example:9", False),
    ],
)
def test_only_loopback_is_spoken_to_without_encryption(endpoint, is_loopback):
    assert vision._is_loopback(endpoint) is is_loopback
