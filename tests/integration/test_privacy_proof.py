"""The proof of redacted copies as a whole: it passes a good copy, refuses each damaged one, and a refusal leaves nothing.

Each gate alone stands in test_privacy_gates.py.
"""

import json
import shutil
from pathlib import Path

import pytest
from damaged_copies import MUTATIONS, PAGE, SPANS, VALUES, good_copy
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from redaction_papers import hand_made, letter

from docmill.errors import RedactionUnproven
from docmill.stages.privacy.redaction import copies, planning, proof, verbs
from docmill.stages.privacy.redaction.burning import Burn, burn, plan_burn
from docmill.stages.privacy.redaction.proof_pdf import prove_pdf
from docmill.values.evidence import Span
from docmill.values.page import Page
from docmill.values.pages_file import open_pages


def test_a_good_copy_passes(tmp_path: Path) -> None:
    prove_pdf(tmp_path / "a.pdf", good_copy(tmp_path / "a.pdf"), VALUES)


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_damaged_copy_fails(tmp_path: Path, name: str) -> None:
    MUTATIONS[name](tmp_path / "a.pdf")
    with pytest.raises(RedactionUnproven) as caught:
        prove_pdf(tmp_path / "a.pdf", [plan_burn(PAGE, SPANS)], VALUES)
    assert "Ida" not in caught.value.message
    assert "nowak" not in caught.value.message.casefold()


def test_an_image_with_metadata_or_a_light_box_fails(tmp_path: Path) -> None:
    plan = plan_burn(PAGE, SPANS)
    black = burn(Image.new("L", (600, 300), 230), plan)
    info = PngInfo()
    info.add_text("Author", "x")
    black.save(tmp_path / "a.png")
    proof.prove_image(tmp_path / "a.png", plan)
    black.save(tmp_path / "b.png", pnginfo=info)
    burn(Image.new("L", (600, 300), 230), Burn(PAGE, plan.boxes[1:])).save(tmp_path / "c.png")
    black.resize((300, 150)).save(tmp_path / "d.png")
    for name in ("b.png", "c.png", "d.png"):
        with pytest.raises(RedactionUnproven):
            proof.prove_image(tmp_path / name, plan)


def _run(tmp_path: Path, source: Path, media_type: str, pages: list[Page], spans: list[Span]) -> dict[str, object]:
    paths = []
    for page in pages:
        paths.append(str(tmp_path / f"p{page.number}.json"))
        Path(paths[-1]).write_text(page.model_dump_json())
    (tmp_path / "s.json").write_text(json.dumps({"spans": [s.model_dump(mode="json") for s in spans], "engines": {}}))
    (tmp_path / "out").mkdir()
    return verbs.redact(str(source), media_type, paths, str(tmp_path / "s.json"), str(tmp_path / "out"))


def test_a_failed_proof_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("L", (600, 300), 230).save(tmp_path / "a.png")
    monkeypatch.setattr(copies, "burn", lambda image, _plan: image)
    with pytest.raises(RedactionUnproven, match="not opaque"):
        _run(tmp_path, tmp_path / "a.png", "image/png", [PAGE], SPANS)
    assert list((tmp_path / "out").iterdir()) == []


def test_an_occurrence_that_no_span_covers_goes_and_fails_where_it_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = hand_made("Dear Hanna Nowak", "the file of hanna NOWAK")
    Image.new("L", (600, 300), 230).save(tmp_path / "a.png")
    span = Span(page=1, start=5, end=16, type="PERSON", confidence=1, source="t")
    made = _run(tmp_path, tmp_path / "a.png", "image/png", [page], [span])
    assert (made["boxes"], open_pages(tmp_path / "out" / "pages.json")[0].text) == (2, "Dear [PERSON]\nthe file of [PERSON]")
    shutil.rmtree(tmp_path / "out")
    monkeypatch.setattr(planning, "spread", lambda *_: ())
    monkeypatch.setattr(planning, "_brought_together", lambda *_: [])
    with pytest.raises(RedactionUnproven, match="text of page 1"):
        _run(tmp_path, tmp_path / "a.png", "image/png", [page], [span])


def test_another_page_size_or_a_page_not_read_fails(tmp_path: Path) -> None:
    Image.new("L", (300, 600), 230).save(tmp_path / "turned.png")
    with pytest.raises(RedactionUnproven, match="another size"):
        _run(tmp_path, tmp_path / "turned.png", "image/png", [PAGE], SPANS)
    shutil.rmtree(tmp_path / "out")
    with pytest.raises(RedactionUnproven, match="1 of 3 pages"):
        _run(tmp_path, letter(tmp_path / "a.pdf", pages=3), "application/pdf", [PAGE], SPANS)
