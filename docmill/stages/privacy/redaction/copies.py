"""From pages and spans to a proven redacted copy in a directory, or to nothing at all."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from docmill.errors import RedactionUnproven
from docmill.shredding import shred_file
from docmill.stages.privacy.masking import mask_pages
from docmill.stages.privacy.redaction import proof
from docmill.stages.privacy.redaction.burning import BOX, CODE, Burn, burn, plan_burn
from docmill.stages.privacy.redaction.image_copy import write_image
from docmill.stages.privacy.redaction.pdf_copy import write_pdf
from docmill.stages.privacy.redaction.proof_pdf import PDF_GATES, pictures_of, prove_pdf
from docmill.stages.privacy.redaction.source import IMAGE_TYPES, Source, open_source
from docmill.stages.privacy.redaction.unread import spread, words_under
from docmill.values.evidence import Span
from docmill.values.page import Page

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


@dataclass(frozen=True, slots=True)
class RedactedCopy:
    """A proven copy.

    Attributes:
        path: the file, in the directory asked for.
        media_type: of the file; may differ from the original's.
        pages: masked pages.
        burns: page by page what was burned; empty for text.
        gates: names of the gates that it passed.
    """

    path: Path
    media_type: str
    pages: tuple[Page, ...]
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
    """Write and prove the redacted copy of a document.

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
    elsewhere = [one for page in pages for one in spread(page, unread, [s for s in spans if s.page == page.number])]
    read_under, dots_under = (_under(pages, unread, is_code=is_code) for is_code in (False, True))
    spans = [*spans, *elsewhere, *read_under]
    secrets = proof.secrets_of(pages, spans)  # not what OCR made of a code's dots, or of print in its corners: that is no value
    spans += dots_under
    masked = mask_pages(pages, spans)
    proof.prove_pages(masked, secrets)
    if media_type in TEXT_TYPES:
        return _text_copy(masked, secrets, out_dir)
    burns = tuple(
        plan_burn(page, [s for s in spans if s.page == page.number], style, [one for one in unread if one[0].number == page.number])
        for page in pages
    )
    with open_source(source, media_type) as opened:
        _require_all_pages(opened, pages)
        if media_type in IMAGE_TYPES and opened.page_count == 1:
            return _image_copy(opened, media_type, burns[0], masked, out_dir)
        return _pdf_copy(opened, burns, masked, secrets, out_dir)


def _under(pages: Sequence[Page], unread: Sequence[tuple[Page, Sequence[Span]]], *, is_code: bool) -> list[Span]:
    """Words of pages that stand where something must go that a second reader saw."""
    seen = [(one, found) for one, found in unread if (one.source == CODE) == is_code]
    return [span for one, found in seen for page in pages if page.number == one.number for span in words_under(page, one, found)]


def _text_copy(masked: tuple[Page, ...], secrets: Sequence[proof.Secret], out_dir: Path) -> RedactedCopy:
    out = out_dir / "redacted.txt"
    with _removed_on_failure(out):
        out.write_text("\f".join(page.text for page in masked) + "\n", encoding="utf-8")
        proof.prove_text(out, secrets)
    return RedactedCopy(out, "text/plain", masked, (), proof.TEXT_GATES)


def _image_copy(opened: Source, media_type: str, planned: Burn, masked: tuple[Page, ...], out_dir: Path) -> RedactedCopy:
    is_photo = media_type == "image/jpeg"  # a PNG of a photo is ten times the size
    out = out_dir / ("redacted.jpg" if is_photo else "redacted.png")
    with _removed_on_failure(out):
        write_image(out, burn(opened.render(planned.page), planned), dpi=planned.page.dpi)
        proof.prove_image(out, planned)
        with Image.open(out) as image:
            proof.require_same_outside(opened.render(planned.page), image, planned, lossy=is_photo)
    return RedactedCopy(out, media_type if is_photo else "image/png", masked, (planned,), (*proof.IMAGE_GATES, proof.PIXELS_GATE))


def _pdf_copy(
    opened: Source, burns: tuple[Burn, ...], masked: tuple[Page, ...], secrets: Sequence[proof.Secret], out_dir: Path
) -> RedactedCopy:
    out = out_dir / "redacted.pdf"
    with _removed_on_failure(out):
        write_pdf(out, _burned_pages(opened, burns))
        prove_pdf(out, burns, secrets)
        for planned, (image, lossy) in zip(burns, pictures_of(out), strict=True):
            proof.require_same_outside(opened.render(planned.page), image, planned, lossy=lossy)
    return RedactedCopy(out, "application/pdf", masked, burns, (*PDF_GATES, proof.PIXELS_GATE))


def _burned_pages(opened: Source, burns: Sequence[Burn]) -> Iterator[tuple[Image.Image, Burn]]:
    for planned in burns:
        yield burn(opened.render(planned.page), planned), planned


def _require_all_pages(opened: Source, pages: Sequence[Page]) -> None:
    # a page that was not read was not searched either
    if [page.number for page in pages] != list(range(1, opened.page_count + 1)):
        raise RedactionUnproven(f"{len(pages)} of {opened.page_count} pages were read; all must be, in order, to redact", pages=len(pages))


@contextmanager
def _removed_on_failure(out: Path) -> Iterator[None]:
    """Whatever goes wrong, no half or unproven copy is left."""
    try:
        yield
    except BaseException:
        shred_file(out)
        raise
