"""From pages and spans to a proven redacted copy in a directory, or to nothing at all."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image

from docmill.errors import RedactionUnproven
from docmill.shredding import shred_file
from docmill.stages.privacy.redaction import proof
from docmill.stages.privacy.redaction.burning import BOX, Burn, burn
from docmill.stages.privacy.redaction.image_copy import write_image
from docmill.stages.privacy.redaction.pdf_copy import write_pdf
from docmill.stages.privacy.redaction.planning import Plan, plan_of
from docmill.stages.privacy.redaction.proof_pdf import PDF_GATES, pictures_of, prove_pdf
from docmill.stages.privacy.redaction.source import IMAGE_TYPES, Source, open_source
from docmill.values.evidence import Span
from docmill.values.page import Page
from docmill.values.pages_file import open_pages, write_pages

TEXT_TYPES = frozenset(
    {
        "text/plain",
        "application/xml",
        "text/html",
        "message/rfc822",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
)
"""Read as text; the copy is plain text."""


PAGES_FILE: Final = "pages.json"
"""The masked pages, beside the copy."""


@dataclass(frozen=True, slots=True)
class RedactedCopy:
    """A proven copy.

    Attributes:
        path: the file, in the directory asked for.
        media_type: of the file; may differ from the original's.
        pages: the file of masked pages, an array in the same directory.
        burns: page by page where something was burned, without the words that stayed; empty for text.
        gates: names of the gates that it passed.
    """

    path: Path
    media_type: str
    pages: Path
    burns: tuple[Burn, ...]
    gates: tuple[str, ...]

    @property
    def boxes(self) -> int:
        """How many boxes were burned."""
        return sum(len(burned.boxes) for burned in self.burns)


def write_copy(
    source: Path,
    media_type: str,
    pages: Sequence[Page],
    spans: Sequence[Span],
    out_dir: Path,
    *,
    style: str = BOX,
    unread: Sequence[tuple[Page, Sequence[Span]]] = (),
) -> RedactedCopy:
    """Write and prove the redacted copy of a document. Pages are gone over several times, and one at a time is kept: there may be thousands.

    Args:
        source: the original file.
        media_type: of the original, one of docmill's.
        pages: all its pages as read.
        spans: what must go.
        out_dir: an existing directory.
        style: one of burning.STYLES; text always gets labels.
        unread: words that only OCR saw on pages with a text layer, and what must go of them; see `unread`.

    Raises:
        RedactionUnproven: a gate failed, or a page of the document was not read; no file is left.
        Damaged, Encrypted, TooLarge, UnsupportedType: the original can't be rendered.
    """
    plan = plan_of(pages, spans, unread, None if media_type in TEXT_TYPES else style)
    masked = out_dir / PAGES_FILE
    with _removed_on_failure(masked):
        write_pages(masked, plan.masked())
        if media_type in TEXT_TYPES:
            return _text_copy(masked, plan, out_dir)
        with open_source(source, media_type) as opened:
            _require_all_pages(opened, plan)
            if media_type in IMAGE_TYPES and opened.page_count == 1:
                return _image_copy(opened, media_type, plan, masked, out_dir)
            return _pdf_copy(opened, plan, masked, out_dir)


def _text_copy(masked: Path, plan: Plan, out_dir: Path) -> RedactedCopy:
    out = out_dir / "redacted.txt"
    with _removed_on_failure(out):
        with out.open("w", encoding="utf-8") as file:
            for index, page in enumerate(open_pages(masked)):
                file.write(("\f" if index else "") + page.text)
            file.write("\n")
        proof.prove_text(out, plan.secrets)
    return RedactedCopy(out, "text/plain", masked, (), proof.TEXT_GATES)


def _image_copy(opened: Source, media_type: str, plan: Plan, masked: Path, out_dir: Path) -> RedactedCopy:
    (planned,) = plan.burns()
    is_photo = media_type == "image/jpeg"  # a PNG of a photo is ten times the size
    out = out_dir / ("redacted.jpg" if is_photo else "redacted.png")
    with _removed_on_failure(out):
        write_image(out, burn(opened.render(planned.page), planned), dpi=planned.page.dpi)
        proof.prove_image(out, planned)
        with Image.open(out) as image:
            proof.require_same_outside(opened.render(planned.page), image, planned, lossy=is_photo)
    gates = (*proof.IMAGE_GATES, proof.PIXELS_GATE)
    return RedactedCopy(out, media_type if is_photo else "image/png", masked, (planned.without_words(),), gates)


def _pdf_copy(opened: Source, plan: Plan, masked: Path, out_dir: Path) -> RedactedCopy:
    out, burns = out_dir / "redacted.pdf", list[Burn]()
    with _removed_on_failure(out):
        write_pdf(out, _burned_pages(opened, plan.burns(), burns))
        prove_pdf(out, burns, plan.secrets)
        for planned, (image, lossy) in zip(burns, pictures_of(out), strict=True):
            proof.require_same_outside(opened.render(planned.page), image, planned, lossy=lossy)
    return RedactedCopy(out, "application/pdf", masked, tuple(burns), (*PDF_GATES, proof.PIXELS_GATE))


def _burned_pages(opened: Source, planned: Iterable[Burn], done: list[Burn]) -> Iterator[tuple[Image.Image, Burn]]:
    for one in planned:
        yield burn(opened.render(one.page), one), one
        done.append(one.without_words())


def _require_all_pages(opened: Source, plan: Plan) -> None:
    # a page that was not read was not searched either
    if plan.numbers != list(range(1, opened.page_count + 1)):
        read = len(plan.numbers)
        raise RedactionUnproven(f"{read} of {opened.page_count} pages were read; all must be, in order, to redact", pages=read)


@contextmanager
def _removed_on_failure(out: Path) -> Iterator[None]:
    """Whatever goes wrong, no half or unproven copy is left."""
    try:
        yield
    except BaseException:
        shred_file(out)
        raise
