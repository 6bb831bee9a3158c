"""The evidence of a proven copy, and proving it again from that, as who has the certificate and not the original does."""

from pathlib import Path

import pikepdf
import pypdfium2 as pdfium
from PIL import UnidentifiedImageError

from docmill.errors import RedactionUnproven, UnsupportedType
from docmill.stages.privacy.redaction import proof
from docmill.stages.privacy.redaction.burning import Burn, PixelBox
from docmill.stages.privacy.redaction.copies import RedactedCopy
from docmill.stages.privacy.redaction.evidence import Evidence, PageGeometry
from docmill.stages.privacy.redaction.proof_pdf import PDF_GATES, prove_pdf, shown_text
from docmill.values.page import Page


def evidence_of(copy: RedactedCopy) -> Evidence:
    """The evidence of a copy that passed."""
    pages = tuple(
        PageGeometry(
            number=burned.page.number,
            width_px=burned.page.width_px,
            height_px=burned.page.height_px,
            dpi=burned.page.dpi,
            boxes=tuple(tuple(box) for box in burned.boxes),
            labels=burned.labels,
        )
        for burned in copy.burns
    )
    return Evidence(media_type=copy.media_type, pages=pages, gates=copy.gates)


def prove_again(path: Path, evidence: Evidence) -> tuple[tuple[str, ...], list[str]]:
    """Run all gates that need neither the original nor the values.

    Returns:
        Names of the gates, and the texts of the file in which a holder of the hash key may look for the values.

    Raises:
        RedactionUnproven: a gate failed.
        UnsupportedType: no copies of this type are made.
    """
    burns = [_burn(page) for page in evidence.pages]
    try:
        if evidence.media_type == "application/pdf":
            prove_pdf(path, burns, [])
            return tuple(PDF_GATES), _texts_of_pdf(path)
        if evidence.media_type in {"image/png", "image/jpeg"} and len(burns) == 1:
            proof.prove_image(path, burns[0])
            return tuple(proof.IMAGE_GATES), []
        if evidence.media_type == "text/plain":
            return proof.TEXT_GATES, [proof.without_masks(path.read_text(encoding="utf-8"))]
    except (UnicodeDecodeError, UnidentifiedImageError, OSError) as error:
        raise RedactionUnproven("the file is not of the type that the certificate says") from error
    raise UnsupportedType("no redacted copies of this type are made")


def _burn(page: PageGeometry) -> Burn:
    sheet = Page(
        number=page.number,
        width_px=page.width_px,
        height_px=page.height_px,
        dpi=page.dpi,
        lines=(),
        source="certificate",
        language="en",
    )
    return Burn(sheet, tuple(PixelBox(*box) for box in page.boxes), (), page.labels)


def _texts_of_pdf(path: Path) -> list[str]:
    with pikepdf.open(path) as pdf:
        texts = [shown_text(page) for page in pdf.pages]
    document = pdfium.PdfDocument(path)
    try:
        texts += [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()
    return [proof.without_masks(text) for text in texts]
