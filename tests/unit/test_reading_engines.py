"""Engine names, versions for keys, and Tesseract's table."""

from pathlib import Path

import pytest
from reading_pages import read, scan_pdf, text_pdf

from docmill.errors import EngineMissing, InvalidOptions, LanguageMissing
from docmill.stages.reading import tessdata, version
from docmill.stages.reading.engines import EngineSpec, ocr_engine
from docmill.stages.reading.rapid_models import gpu_provider
from docmill.values.options import MillOptions


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("auto", EngineSpec("auto")),
        ("vision@127.0.0.1:9000", EngineSpec("vision", "127.0.0.1:9000")),
        ("vision?credentials=/run/key.json", EngineSpec("vision", None, Path("/run/key.json"))),
        ("auto?gpu=1", EngineSpec("auto", use_gpu=True)),
        ("vision@eu-vision.googleapis.com:443?credentials=/k", EngineSpec("vision", "eu-vision.googleapis.com:443", Path("/k"))),
    ],
)
def test_an_engine_is_named_in_a_string(text, spec):
    assert EngineSpec.of(text) == spec


@pytest.mark.parametrize("text", ["vision?key=x", "auto?gpu=", "vision?credentials=", "vision?credentials"])
def test_other_queries_are_refused(text):
    with pytest.raises(InvalidOptions):
        EngineSpec.of(text)


@pytest.mark.parametrize("engine", ["auto", "rapidocr"])
def test_a_gpu_is_used_where_the_runtime_has_a_provider_only(tmp_path, monkeypatch, engine):
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(EngineMissing, match="DOCMILL_USE_GPU"):
        ocr_engine(EngineSpec.of(f"{engine}?gpu=1"), tmp_path, 1.0)
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"])
    assert ocr_engine(EngineSpec.of(f"{engine}?gpu=1"), tmp_path, 1.0).name == engine
    assert gpu_provider() == "CUDAExecutionProvider"


@pytest.mark.parametrize("engine", ["auto", "rapidocr"])
def test_a_scanned_page_of_a_pdf_is_not_read_without_the_gpu_asked_for(tmp_path, monkeypatch, engine):
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(EngineMissing, match="DOCMILL_USE_GPU"):
        read(scan_pdf(tmp_path / "scan.pdf"), tmp_path, engine=f"{engine}?gpu=1")
    assert read(text_pdf(tmp_path / "text.pdf"), tmp_path, engine="auto?gpu=1").source == "text_layer"


def test_an_unknown_engine_names_the_known_ones(tmp_path):
    with pytest.raises(InvalidOptions, match="auto, rapidocr, tesseract, vision"):
        ocr_engine(EngineSpec("abbyy"), tmp_path, 1.0)


def test_versions_name_what_shapes_the_output():
    found = version.engine(MillOptions())
    shared, ours = {"pypdfium2", "poppler", "language"}, {"tesseract", "language_data", "psm"}
    models, turning = {"rapidocr", "rapidocr_models", "onnxruntime"}, {"orientation_data"}
    assert set(found) == shared | ours | models | turning
    assert set(version.engine(MillOptions(engine="tesseract"))) == shared | ours | turning
    assert set(version.engine(MillOptions(engine="rapidocr"))) == shared | models
    assert [len(digest) for digest in found["rapidocr_models"].split("+")] == [16, 16]
    assert found["tesseract"].startswith("5.")
    assert found["language_data"].startswith("eng:")
    assert len(found["language_data"]) == len("eng:") + 16
    assert found["poppler"][0].isdigit()
    assert "tesseract" not in version.engine(MillOptions(engine="vision"))
    assert version.engine(MillOptions(language="fr")) != found


@pytest.fixture
def tessdata_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(tessdata, "_tessdata_dir_of", lambda _program: tmp_path)
    return tmp_path


def test_new_language_data_change_the_version(tessdata_folder):
    assert tessdata.versions("de")["language_data"] == "missing"
    (tessdata_folder / "deu.traineddata").write_bytes(b"one")
    first = tessdata.versions("de")["language_data"]
    (tessdata_folder / "deu.traineddata").write_bytes(b"two!")
    assert first.startswith("deu:")
    assert tessdata.versions("de")["language_data"] not in {first, "missing"}
    assert tessdata.installed_languages() == ("de",)


@pytest.mark.parametrize(("language", "package"), [("de", "tesseract-ocr-deu"), ("zh", "tesseract-ocr-chi-sim")])
def test_a_missing_language_names_its_package(tessdata_folder, language, package):
    with pytest.raises(LanguageMissing, match=package):
        tessdata.require(language)


def test_without_the_program(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineMissing, match="tesseract-ocr"):
        tessdata.require("en")
    assert tessdata.versions("en") == {"tesseract": "missing", "language_data": "missing", "psm": "3, slips 6"}


def test_tesseracts_table_becomes_lines():
    from docmill.stages.reading.tesseract import _lines

    table = """level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext
4\t1\t1\t1\t1\t0\t1\t1\t9\t9\t-1\t
5\t1\t1\t1\t1\t1\t10\t20\t30\t40\t96.5\tTotal
5\t1\t1\t1\t1\t2\t50\t20\t30\t40\t12\t 9.00
5\t1\t1\t1\t1\t3\t90\t20\t30\t40\t95\t\u0020
5\t1\t1\t1\t2\t1\t10\t80\t30\t40\t0\tdue
5\t1\t2\t1\t2\t1\t10\t90\t30\t40\t-1\tlast\tone
"""
    lines = list(_lines(table))
    assert [line.text for line in lines] == ["Total 9.00", "due", "last\tone"]
    assert tuple(lines[0].words[0].box) == (10, 20, 40, 60)
    assert [w.confidence for line in lines for w in line.words] == [0.965, 0.12, 0.0, 0.0]
