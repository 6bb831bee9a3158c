"""An OCR engine of another package, found by its real entry point: named in options, opened in the cell, told in keys and results."""

import sys

import pytest
from milled_papers import read_only
from pydantic import ValidationError
from reading_pages import picture

from docmill.cell.threads import close_thread_cells
from docmill.cli.option_flags import options_from
from docmill.errors import InvalidOptions
from docmill.gateway.upload_form import read_fields
from docmill.services.batches import batch_jobs
from docmill.services.intake import take_in
from docmill.services.sources import files_of
from docmill.stages.reading import version
from docmill.stages.reading.engines import BUILT_IN
from docmill.storage.ledger import views
from docmill.values.options import OWN_ENGINES, MillOptions
from docmill.values.page import Page

CODE = """
from docmill.values.geometry import Box
from docmill.values.page import Line, Page, Word

class Mine:
    name = "mine"

    def version(self, language):
        return {"mine": "3.1"}

    def read(self, image, *, language):
        word = Word(text=f"{image.width_px}x{image.height_px}", box=Box(10, 10, 90, 30), confidence=0.9)
        return Page(number=image.number, width_px=image.width_px, height_px=image.height_px, dpi=image.dpi, lines=(Line(words=(word,)),),
                    source=self.name, language=language)

def engine(spec, scratch_dir, timeout_s):
    return Mine()
"""


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """A package as pip installs it, on the path of this process and of the cells that it starts."""
    folder = tmp_path / "site"
    about = folder / "mine_ocr-3.1.dist-info"
    about.mkdir(parents=True)
    (folder / "mine_ocr.py").write_text(CODE)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: mine-ocr\nVersion: 3.1\n")
    (about / "entry_points.txt").write_text("[docmill.ocr_engines]\nmine = mine_ocr:engine\n")
    close_thread_cells()  # one of an earlier test would not know the folder
    with monkeypatch.context() as patched:
        patched.syspath_prepend(folder)
        yield patched
    sys.modules.pop("mine_ocr", None)
    views._parsed_options.cache_clear()
    close_thread_cells()


def test_a_page_is_milled_by_the_engine_of_another_package(plugin, room, tmp_path):
    picture().save(tmp_path / "a.png")
    options = MillOptions(engine="mine", index=False)
    batch_id, _ = take_in(room, files_of([str(tmp_path / "a.png")], room.settings), options)
    assert read_only(room, batch_id) == [1]
    (page,) = [Page.model_validate_json(room.store.read(made.name)) for made in room.store.list("private/default/read/")]
    assert (page.text, page.source) == ("1100x500", "mine")
    assert version.engine(options)["engine_package"] == "mine-ocr 3.1"
    plugin.undo()  # the package is taken away: what it read is still shown
    views._parsed_options.cache_clear()
    assert version.engine(options)["engine_package"] == "missing"
    assert batch_jobs(room.ledger, room.tenant, batch_id)[0].options == options
    with pytest.raises(ValidationError):
        MillOptions(engine="mine")


@pytest.mark.parametrize("asked", ["yours", "mine@127.0.0.1", "", 3, ["mine"]])
def test_an_engine_that_nobody_registers_is_refused_and_the_known_ones_are_named(plugin, asked):
    with pytest.raises(ValidationError, match="known are auto, tesseract, rapidocr, vision, mine"):
        MillOptions(engine=asked)


def test_the_command_line_and_the_api_take_registered_engines(plugin, home):
    assert options_from({"engine": "mine"}).engine == read_fields([("engine", "mine")]).options.engine == "mine"
    for border in (lambda: options_from({"engine": "yours"}), lambda: read_fields([("engine", "yours")])):
        with pytest.raises(InvalidOptions, match="engine: unknown engine; known are auto, tesseract, rapidocr, vision, mine"):
            border()


def test_the_options_schema_lists_what_is_known_where_it_is_made(plugin):
    def listed():
        return MillOptions.model_json_schema()["properties"]["engine"]

    assert (listed()["enum"], listed()["type"], listed()["default"]) == ([*OWN_ENGINES, "mine"], "string", "auto")
    plugin.undo()
    assert tuple(listed()["enum"]) == OWN_ENGINES == tuple(BUILT_IN)
    assert MillOptions.model_json_schema(mode="serialization")["properties"]["engine"] == listed()
