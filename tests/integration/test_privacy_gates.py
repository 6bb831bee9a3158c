"""Every gate of the proof alone: it lets a good copy pass and catches what it is there for. And the page outside the boxes."""

from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType

import pikepdf
import pytest
from damaged_copies import MUTATIONS, PAGE, SPANS, VALUES, edited, good_copy
from PIL import Image, ImageDraw
from redaction_papers import hand_made

from docmill.errors import RedactionUnproven
from docmill.stages.privacy.redaction import copies, proof, proof_pdf
from docmill.stages.privacy.redaction.burning import LABEL, Burn, burn, plan_burn
from docmill.stages.privacy.redaction.pdf_copy import write_pdf
from docmill.stages.privacy.redaction.proof_pdf import PDF_GATES, prove_pdf


def _string(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].contents_add(b"% IDA nowak zolc\n")


def _wider(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].MediaBox = [0, 0, 900, 900]


def _thin(path: Path) -> None:
    """Boxes that are only a frame: grey in half the size, white inside."""
    plan = plan_burn(PAGE, SPANS)
    sheet = burn(Image.new("L", (600, 300), 230), plan)
    for box in plan.boxes:
        ImageDraw.Draw(sheet).rectangle((box.x0 + 3, box.y0 + 3, box.x1 - 4, box.y1 - 4), fill=230)
    write_pdf(path, [(sheet, plan)])


GUARDS: dict[str, Callable[[Path], None]] = {
    "structure": MUTATIONS["title"],
    "page_sizes": edited(_wider),
    "text_operators": MUTATIONS["name_in_text_layer"],
    "text_layer": MUTATIONS["name_in_text_layer"],
    "objects": edited(_string),
    "nothing_under_boxes": MUTATIONS["short_name_in_text_layer"],
    "boxes_opaque": _thin,
    "boxes_opaque_half_size": MUTATIONS["shifted"],
}


def test_every_gate_has_something_to_guard() -> None:
    assert GUARDS.keys() == PDF_GATES.keys()


@pytest.mark.parametrize("gate", GUARDS)
def test_each_gate_alone_catches_what_it_is_there_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gate: str) -> None:
    monkeypatch.setattr(proof_pdf, "PDF_GATES", MappingProxyType({gate: PDF_GATES[gate]}))
    prove_pdf(tmp_path / "good.pdf", good_copy(tmp_path / "good.pdf"), VALUES)
    GUARDS[gate](tmp_path / "bad.pdf")
    with pytest.raises(RedactionUnproven):
        prove_pdf(tmp_path / "bad.pdf", [plan_burn(PAGE, SPANS)], VALUES)


@pytest.mark.parametrize("gate", ["text_operators", "text_layer"])
@pytest.mark.parametrize("value", ["דוד כהן", "تذكرة رقم", "אב1234"])
def test_each_way_to_the_text_finds_values_of_right_to_left_scripts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gate: str, value: str
) -> None:
    monkeypatch.setattr(proof_pdf, "PDF_GATES", MappingProxyType({gate: PDF_GATES[gate]}))
    line = hand_made(" ".join(value.split()[::-1])).lines[0]  # the first word stands on the right
    page = PAGE.model_copy(update={"lines": (line.model_copy(update={"words": line.words[::-1]}),)})
    plan = plan_burn(page, [])
    write_pdf(tmp_path / "a.pdf", [(Image.new("L", (600, 300), 230), plan)])
    prove_pdf(tmp_path / "a.pdf", [plan], [proof.Secret("משה לוי", "PERSON")])
    with pytest.raises(RedactionUnproven):
        prove_pdf(tmp_path / "a.pdf", [plan], [proof.Secret(value, "PERSON")])


ALONE = {"structure": "title", "nothing_under_boxes": "short_name_in_text_layer"}


@pytest.mark.parametrize("gate", ALONE)
def test_without_the_gate_the_damage_is_not_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gate: str) -> None:
    """The gates above are not there for show: these damages pass when nobody looks for them."""
    monkeypatch.setattr(proof_pdf, "PDF_GATES", MappingProxyType({n: g for n, g in PDF_GATES.items() if n != gate}))
    GUARDS[gate](tmp_path / "bad.pdf")
    secrets = [] if gate == "structure" else VALUES
    prove_pdf(tmp_path / "bad.pdf", [plan_burn(PAGE, SPANS)], secrets)


@pytest.mark.parametrize("gate", proof.IMAGE_GATES)
def test_image_gates(tmp_path: Path, gate: str) -> None:
    plan = plan_burn(PAGE, SPANS)
    good = burn(Image.new("L", (600, 300), 230), plan)
    proof.IMAGE_GATES[gate](good, plan)
    bad = Image.new("L", (600, 300), 230)
    bad.info["comment"] = "Ida"
    with pytest.raises(RedactionUnproven):
        proof.IMAGE_GATES[gate](bad, plan)


@pytest.mark.parametrize("style", ["box", LABEL])
@pytest.mark.parametrize("paper", ["1", "L", "RGB"])
def test_boxes_and_labels_pass_in_every_kind_of_picture(tmp_path: Path, style: str, paper: str) -> None:
    plan = plan_burn(PAGE, SPANS, style)
    image = Image.new("L", (600, 300), 235)
    image.putpixel((3, 3), 100)
    image.paste(Image.effect_noise((600, 120), 60), (0, 180))  # a photo: JPEG
    write_pdf(tmp_path / "a.pdf", [(burn(image.convert(paper), plan), plan)])
    prove_pdf(tmp_path / "a.pdf", [plan], VALUES)


def test_a_label_that_is_not_the_planned_one_fails(tmp_path: Path) -> None:
    plan = plan_burn(PAGE, SPANS, LABEL)
    other = Burn(PAGE, plan.boxes, plan.lines, tuple("[Ida]" for _ in plan.labels))
    write_pdf(tmp_path / "a.pdf", [(burn(Image.new("L", (600, 300), 230), plan), plan)])
    with pytest.raises(RedactionUnproven):  # the text layer says [PERSON] where only [Ida] may stand
        prove_pdf(tmp_path / "a.pdf", [other], [])


# --- outside the boxes


def wiped(pages: object) -> object:
    """A writer that loses a word which should stay."""
    for image, plan in pages:  # type: ignore[attr-defined]
        ImageDraw.Draw(image).rectangle((20, 60, 140, 80), fill=255)
        yield image, plan


@pytest.mark.parametrize(("media_type", "writer"), [("image/tiff", "write_pdf"), ("image/png", "write_image")])
def test_a_page_that_lost_a_word_outside_the_boxes_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, media_type: str, writer: str
) -> None:
    sheet = Image.new("L", (600, 300), 230)
    ImageDraw.Draw(sheet).text((20, 62), "Kind regards", fill=0)
    suffix = media_type.partition("/")[2]
    frames = {"save_all": True, "append_images": [sheet]} if suffix == "tiff" else {}
    sheet.save(tmp_path / f"a.{suffix}", **frames)
    pages = [PAGE, hand_made("Kind regards").model_copy(update={"number": 2})][: 1 + bool(frames)]
    copies.write_copy(tmp_path / f"a.{suffix}", media_type, pages, SPANS, tmp_path)
    real = getattr(copies, writer)

    def lossy(out: Path, content: object, **more: int) -> None:
        real(out, wiped(content) if writer == "write_pdf" else next(iter(wiped([(content, None)])))[0], **more)  # type: ignore[call-overload]

    monkeypatch.setattr(copies, writer, lossy)
    with pytest.raises(RedactionUnproven, match="outside the boxes"):
        copies.write_copy(tmp_path / f"a.{suffix}", media_type, pages, SPANS, tmp_path)
    assert not list(tmp_path.glob("redacted*"))
