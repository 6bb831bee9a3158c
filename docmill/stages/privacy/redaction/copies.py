"""From pages and spans to a proven redacted copy in a directory, or to nothing at all."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from docmill.errors import RedactionUnproven
from docmill.stages.privacy.masking import mask_pages
from docmill.stages.privacy.redaction import proof
from docmill.stages.privacy.redaction.burning import Burn, burn, plan_burn
from docmill.stages.privacy.redaction.image_copy import write_image
from docmill.stages.privacy.redaction.pdf_copy import write_pdf
from docmill.stages.privacy.redaction.proof_pdf import prove_pdf
from docmill.stages.privacy.redaction.source import IMAGE_TYPES, Source, open_source
from docmill.values.evidence import Span
from docmill.values.page import Page

TEXT_TYPES = frozenset({"text/plain", "application/xml"})


@dataclass(frozen=True, slots=True)
class RedactedCopy:
    """A proven copy.

    Attributes:
        path: the file, in the directory asked for.
        media_type: of the file; may differ from the original's.
        pages: masked pages.
        boxes: how many boxes were burned.
    """

    path: Path
    media_type: str
    pages: tuple[Page, ...]
    boxes: int


def write_copy(source: Path, media_type: str, pages: Sequence[Page], spans: Sequence[Span], out_dir: Path) -> RedactedCopy:
    """Write and prove the redacted copy of a document.

    Args:
        source: the original file.
        media_type: of the original, one of docmill's.
        pages: all its pages as read.
        spans: what must go.
        out_dir: an existing directory.

    Raises:
        RedactionUnproven: a gate failed, or a page of the document was not read; no file is left.
        Damaged, Encrypted, TooLarge, UnsupportedType: the original can't be rendered.
    """
    masked = mask_pages(pages, spans)
    secrets = sorted({proof.Secret(page.text[s.start : s.end], s.type) for page in pages for s in spans if s.page == page.number})
    proof.prove_pages(masked, secrets)
    if media_type in TEXT_TYPES:
        return _text_copy(masked, secrets, out_dir)
    burns = [plan_burn(page, [s for s in spans if s.page == page.number]) for page in pages]
    with open_source(source, media_type) as opened:
        _require_all_pages(opened, pages)
        if media_type in IMAGE_TYPES and opened.page_count == 1:
            return _image_copy(opened, media_type, burns[0], masked, out_dir)
        return _pdf_copy(opened, burns, masked, secrets, out_dir)


def _text_copy(masked: tuple[Page, ...], secrets: Sequence[proof.Secret], out_dir: Path) -> RedactedCopy:
    out = out_dir / "redacted.txt"
    with _removed_on_failure(out):
        out.write_text("\f".join(page.text for page in masked) + "\n", encoding="utf-8")
        proof.prove_text(out, secrets)
    return RedactedCopy(out, "text/plain", masked, 0)


def _image_copy(opened: Source, media_type: str, planned: Burn, masked: tuple[Page, ...], out_dir: Path) -> RedactedCopy:
    is_photo = media_type == "image/jpeg"  # a PNG of a photo is ten times the size
    out = out_dir / ("redacted.jpg" if is_photo else "redacted.png")
    with _removed_on_failure(out):
        write_image(out, burn(opened.render(planned.page), planned.boxes), dpi=planned.page.dpi)
        proof.prove_image(out, planned.boxes)
    return RedactedCopy(out, media_type if is_photo else "image/png", masked, len(planned.boxes))


def _pdf_copy(
    opened: Source, burns: Sequence[Burn], masked: tuple[Page, ...], secrets: Sequence[proof.Secret], out_dir: Path
) -> RedactedCopy:
    out = out_dir / "redacted.pdf"
    with _removed_on_failure(out):
        write_pdf(out, _burned_pages(opened, burns))
        prove_pdf(out, burns, secrets)
    return RedactedCopy(out, "application/pdf", masked, sum(len(b.boxes) for b in burns))


def _burned_pages(opened: Source, burns: Sequence[Burn]) -> Iterator[tuple[Image.Image, Burn]]:
    for planned in burns:
        yield burn(opened.render(planned.page), planned.boxes), planned


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
        out.unlink(missing_ok=True)
        raise
