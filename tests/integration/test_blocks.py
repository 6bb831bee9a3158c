"""Every block passes Prefect's own standard suite, works unsaved and saved, and keeps its secrets."""

import pytest
from milled_papers import read_only
from prefect.testing.standard_test_suites.blocks import BlockStandardTestSuite
from reading_pages import picture

import blocks
from blocks import DaskCluster, EmbeddingModel, LanguageModel, Ledger, ObjectStore, OcrEngine, saved_or_default
from docmill.errors import SettingsInvalid
from docmill.services.intake import take_in
from docmill.services.sources import files_of
from docmill.settings import settings
from docmill.values.embedding import PACKAGED, EmbeddingSpec
from docmill.values.options import MillOptions
from docmill.values.page import Page
from flows.rooms import open_room

ALL = [DaskCluster, EmbeddingModel, LanguageModel, Ledger, ObjectStore, OcrEngine]


@pytest.mark.parametrize("block", ALL, ids=lambda kind: kind.__name__)
class TestStandard(BlockStandardTestSuite):
    @pytest.fixture
    def block(self, request):
        return request.param

    def test_has_a_valid_image(self, block):
        # the suite would download a logo; docmill names none, so that the UI asks nobody outside for it
        assert block._logo_url is None


def test_all_blocks_of_the_package_are_tested():
    assert {getattr(blocks, name) for name in blocks.__all__ if isinstance(getattr(blocks, name), type)} == set(ALL)


def test_an_embedding_model_says_which_model_a_run_uses(home, monkeypatch):
    assert EmbeddingModel().applied(settings()).embedding == PACKAGED
    service = EmbeddingModel(provider="openai", endpoint="http://127.0.0.1:9/v1", model="m", dimensions=8).applied(settings())
    assert service.embedding == EmbeddingSpec(provider="openai", place="http://127.0.0.1:9/v1", model="m", dimensions=8)
    assert EmbeddingModel(provider="onnx", folder="/models/e5").applied(service).embedding == EmbeddingSpec(
        provider="onnx", place="/models/e5"
    )
    told = (
        EmbeddingModel(provider="onnx", folder="/models/e5", query_prefix="query: ", passage_prefix="passage: ").applied(service).embedding
    )
    assert (told.query_prefix, told.passage_prefix) == ("query: ", "passage: ")
    assert EmbeddingModel(provider="packaged").applied(service).embedding == PACKAGED
    with pytest.raises(SettingsInvalid, match="DOCMILL_EMBEDDING_DIMENSIONS"):
        _ = EmbeddingModel(provider="openai", endpoint="http://127.0.0.1:9/v1", model="m").applied(settings()).embedding


@pytest.fixture
def saved_engine(prefect_server):
    """A place for an OcrEngine block that the session's other flows will not find."""
    yield
    OcrEngine.delete("default")


def test_unsaved_blocks_have_defaults_and_saved_ones_are_found(home, saved_engine):
    assert saved_or_default(OcrEngine).provider == "auto"
    OcrEngine(provider="tesseract").save("default")
    assert saved_or_default(OcrEngine).provider == "tesseract"
    with pytest.raises(ValueError, match="nobody"):
        saved_or_default(OcrEngine, "nobody")


def test_the_saved_engine_reads_what_leaves_the_engine_open(room, saved_engine, tmp_path):
    picture().save(tmp_path / "a.png")
    told = []
    for provider, asked in (("rapidocr", "auto"), ("rapidocr", "tesseract"), ("auto", "auto")):
        OcrEngine(provider=provider).save("default", overwrite=True)
        with open_room() as opened:
            before = {made.name for made in opened.store.list("private/default/read/")}
            options = MillOptions(index=False, engine=asked, force=True)
            batch_id, _ = take_in(opened, files_of([str(tmp_path / "a.png")], opened.settings), options)
            assert read_only(opened, batch_id) == [1]
            (new,) = {made.name for made in opened.store.list("private/default/read/")} - before
            told.append(Page.model_validate_json(opened.store.read(new)).source)
    assert told == ["rapidocr", "tesseract", "tesseract"]


def test_the_engine_block_takes_names_of_other_packages_and_says_what_there_is():
    assert OcrEngine(provider="mine").provider == "mine"
    with pytest.raises(ValueError, match="provider"):
        OcrEngine(provider="No such name")
    assert all(name in OcrEngine._description for name in ("auto", "Tesseract", "RapidOCR", "Vision"))


def test_the_ledgers_password_is_masked(home, prefect_server):
    ledger = Ledger(url="postgresql+pg8000://u:s3cr3t@h/d")
    assert "s3cr3t" not in repr(ledger)
    ledger.save("masked")
    found = saved_or_default(Ledger, "masked")
    assert "s3cr3t" not in repr(found)
    assert found.url.get_secret_value().endswith("s3cr3t@h/d")


def test_the_language_models_block_stands_in_the_settings_place_and_holds_no_key(home, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-s3cr3t")
    assert LanguageModel().applied_to(settings()).language_model is None  # off until it names a model
    block = LanguageModel(openai_model="m", openai_base_url="http://127.0.0.1:1/v1", model_timeout_s=5, model_cost_limit="0.01")
    spec = block.applied_to(settings()).language_model
    assert (spec.model, spec.base_url, spec.timeout_s, str(spec.cost_limit)) == ("m", "http://127.0.0.1:1/v1", 5.0, "0.01")
    assert "s3cr3t" not in block.model_dump_json() + spec.model_dump_json()
