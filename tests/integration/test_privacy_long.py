"""Long documents are redacted in the memory of some pages."""

import weakref
from collections.abc import Iterator, Sequence
from itertools import starmap
from pathlib import Path

import pikepdf
import pytest
from PIL import Image
from redaction_papers import hand_made

from docmill.errors import RedactionUnproven
from docmill.pdf_pages import spilled_pictures
from docmill.stages.privacy.redaction import copies
from docmill.stages.privacy.redaction.proving import evidence_of, prove_again
from docmill.values.evidence import Span
from docmill.values.page import Page
from docmill.values.pages_file import open_pages

PAGES = 40


class _Watched(Sequence[Page]):
    """Pages that come anew whenever they are gone over; the most that lived at a time is noted."""

    def __init__(self, count: int) -> None:
        self.count, self.most = count, 0
        self._alive = weakref.WeakSet[_Counted]()

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Page]:
        return (self[index] for index in range(self.count))

    def __getitem__(self, index: int) -> Page:  # type: ignore[override]  # no slices here
        page = hand_made(f"Dear Zoltan Qwrtz{index}", "Kind regards").model_copy(update={"number": index + 1})
        made = _Counted(**{name: getattr(page, name) for name in Page.model_fields})
        self._alive.add(made)
        self.most = max(self.most, len(self._alive))
        return made


class _Counted(Page):
    """Known by itself, not by its words: a set would take equal pages for one."""

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other


def names(count: int) -> list[Span]:
    found = starmap(lambda page, last: Span(page=page, start=5, end=last, type="PERSON", confidence=1, source="t"), lengths(count))
    return [*found]


def lengths(count: int) -> Iterator[tuple[int, int]]:
    return ((index + 1, len(f"Dear Zoltan Qwrtz{index}")) for index in range(count))


def frames(path: Path, count: int) -> Path:
    sheets = [Image.new("L", (600, 300), 150 + index) for index in range(count)]
    sheets[0].save(path, save_all=True, append_images=sheets[1:])
    return path


def test_a_long_document_is_redacted_with_some_pages_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spilled_pictures, "MOST_BYTES", 1000)
    pages, source = _Watched(PAGES), frames(tmp_path / "a.tif", PAGES)
    (tmp_path / "out").mkdir()
    made = copies.write_copy(source, "image/tiff", pages, names(PAGES), tmp_path / "out")
    assert pages.most <= 3
    assert (made.boxes, len(made.burns)) == (PAGES, PAGES)
    assert not any(burned.page.lines or burned.lines for burned in made.burns)
    assert [page.text for page in open_pages(made.pages)] == ["Dear [PERSON]\nKind regards"] * PAGES
    assert prove_again(made.path, evidence_of(made))[0]
    with pikepdf.open(made.path) as pdf:
        papers = [pikepdf.PdfImage(page.Resources.XObject.Im).as_pil_image().convert("L").getpixel((590, 290)) for page in pdf.pages]
    assert papers == [150 + index for index in range(PAGES)]
    assert {file.name for file in (tmp_path / "out").iterdir()} == {"redacted.pdf", "pages.json"}


def test_nothing_is_left_where_a_late_page_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spilled_pictures, "MOST_BYTES", 1000)
    pages, source = _Watched(PAGES), frames(tmp_path / "a.tif", PAGES - 1)
    (tmp_path / "out").mkdir()
    with pytest.raises(RedactionUnproven, match="40 of 39 pages"):
        copies.write_copy(source, "image/tiff", pages, names(PAGES), tmp_path / "out")
    assert not [*(tmp_path / "out").iterdir()]
    other = Image.new("L", (600, 200))
    with Image.open(frames(tmp_path / "b.tif", PAGES - 1)) as rest:
        rest.save(tmp_path / "c.tif", save_all=True, append_images=[other])
    with Image.open(tmp_path / "c.tif") as whole:
        assert getattr(whole, "n_frames", 0) == PAGES
    with pytest.raises(RedactionUnproven, match="page 40 has another size"):
        copies.write_copy(tmp_path / "c.tif", "image/tiff", pages, names(PAGES), tmp_path / "out")
    assert not [*(tmp_path / "out").iterdir()]


@pytest.mark.parametrize("numbers", [[1, 1, 2], [2, 1, 3], [1, 3, 2]])
def test_pages_that_are_there_twice_or_out_of_order_are_refused(tmp_path: Path, numbers: list[int]) -> None:
    pages = [hand_made("Kind regards").model_copy(update={"number": number}) for number in numbers]
    with pytest.raises(RedactionUnproven, match="in order"):
        copies.write_copy(frames(tmp_path / "a.tif", 3), "image/tiff", pages, [], tmp_path)
    with pytest.raises(RedactionUnproven, match="in order"):
        copies.write_copy(frames(tmp_path / "b.tif", 2), "image/tiff", pages, [], tmp_path)
