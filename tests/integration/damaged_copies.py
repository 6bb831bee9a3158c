"""A redacted copy made by hand, and every way to damage it that the proof must notice."""

from collections.abc import Callable
from pathlib import Path

import pikepdf
from PIL import Image
from redaction_papers import hand_made

from docmill.stages.privacy.redaction.burning import Burn, burn, plan_burn
from docmill.stages.privacy.redaction.pdf_copy import write_pdf
from docmill.stages.privacy.redaction.proof import Secret
from docmill.values.evidence import Span
from docmill.values.geometry import Box
from docmill.values.page import Line, Word

PAGE = hand_made("Dear Ida Nowak-Żółć and Bo", "Kind regards")
SPANS = [
    Span(page=1, start=5, end=19, type="PERSON", confidence=1, source="t"),
    Span(page=1, start=24, end=26, type="PERSON", confidence=1, source="t"),
]
VALUES = [Secret("Ida Nowak-Żółć", "PERSON"), Secret("Bo", "PERSON")]


def good_copy(path: Path) -> list[Burn]:
    plan = plan_burn(PAGE, SPANS)
    sheet = Image.new("L", (PAGE.width_px, PAGE.height_px), 230)
    write_pdf(path, [(burn(sheet, plan), plan)])
    return [plan]


def unburned(path: Path) -> None:
    plan = plan_burn(PAGE, SPANS)
    write_pdf(path, [(burn(Image.new("L", (600, 300), 230), Burn(PAGE, plan.boxes[1:])), plan)])


def shifted(path: Path) -> None:
    plan = plan_burn(PAGE, SPANS)
    moved = Burn(PAGE, tuple(b._replace(y0=b.y0 + 26, y1=b.y1 + 26) for b in plan.boxes))
    write_pdf(path, [(burn(Image.new("L", (600, 300), 230), moved), plan)])


def name_in_text_layer(path: Path) -> None:
    plan = plan_burn(PAGE, SPANS)
    kept = Burn(
        PAGE,
        plan.boxes,
        (
            *plan.lines,
            Line(
                words=(
                    Word(text="ida", box=Box(20, 200, 60, 220), confidence=1),
                    Word(text="NOWAK", box=Box(70, 200, 120, 220), confidence=1),
                    Word(text="Zolc", box=Box(124, 200, 160, 220), confidence=1),
                )
            ),
        ),
    )
    write_pdf(path, [(burn(Image.new("L", (600, 300), 230), plan), kept)])


def short_name_in_text_layer(path: Path) -> None:
    plan = plan_burn(PAGE, SPANS)
    kept = Burn(PAGE, plan.boxes, (*plan.lines, Line(words=(PAGE.words[4],))))
    write_pdf(path, [(burn(Image.new("L", (600, 300), 230), plan), kept)])


def edited(change: Callable[[pikepdf.Pdf], None]) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        good_copy(path)
        with pikepdf.open(path, allow_overwriting_input=True) as pdf:
            change(pdf)
            pdf.save(path)

    return damage


def _title(pdf: pikepdf.Pdf) -> None:
    pdf.docinfo["/Title"] = "Ida Nowak-Żółć"


def _xmp(pdf: pikepdf.Pdf) -> None:
    with pdf.open_metadata() as metadata:
        metadata["dc:title"] = "Ida"


def _attachment(pdf: pikepdf.Pdf) -> None:
    pdf.attachments["a.txt"] = pikepdf.AttachedFileSpec(pdf, b"Ida")


def _annotation(pdf: pikepdf.Pdf) -> None:
    note = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Text, Rect=[0, 0, 9, 9], Contents="Ida")
    pdf.pages[0].Annots = pikepdf.Array([pdf.make_indirect(note)])


def _second_picture(pdf: pikepdf.Pdf) -> None:
    objects = pdf.pages[0].Resources.XObject
    objects["/Im2"] = objects["/Im"]


def _thumbnail(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].Thumb = pdf.pages[0].Resources.XObject["/Im"]


def _comment(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].contents_add(b"% Ida Nowak-Zolc\n")


def _marked_content(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].contents_add(b"/Span << /ActualText (Ida Nowak-Zolc) >> BDC EMC\n")


def old_revision(path: Path) -> None:
    good_copy(path)
    path.write_bytes(path.read_bytes() + path.read_bytes())


def extra_page(path: Path) -> None:
    good_copy(path)
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        pdf.pages.append(pdf.pages[0])
        pdf.save(path)


MUTATIONS = {
    "unburned": unburned, "shifted": shifted, "name_in_text_layer": name_in_text_layer, "short_name_in_text_layer": short_name_in_text_layer,
    "title": edited(_title), "xmp": edited(_xmp), "attachment": edited(_attachment), "annotation": edited(_annotation),
    "second_picture": edited(_second_picture), "thumbnail": edited(_thumbnail), "comment": edited(_comment), "marked_content": edited(_marked_content),
    "old_revision": old_revision, "extra_page": extra_page,
}  # fmt: skip
