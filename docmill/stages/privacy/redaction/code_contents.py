"""What a code's content means to privacy: text that the finders search, a form that carries a person or an account, or nothing anybody could search.

Belongs here: forms by which contents are told, and codes as pages for the finders. Does not belong here: seeing codes (codes).

A code is covered when the finders find something in its text, when its form exists to carry such data (a visiting card, a payment slip, a driving
licence), and when nobody can say what it holds: damaged, binary, sealed or packed. Else it stays.
"""

import re
from collections.abc import Collection, Sequence
from typing import Final, NamedTuple
from urllib.parse import unquote_plus

from docmill.stages.privacy.redaction.codes import Code
from docmill.values.evidence import Span
from docmill.values.geometry import Box
from docmill.values.page import Line, Page, Word

CODE: Final = "code"
"""What the pages that are made here say of their source."""

UNKNOWN: Final = "X_CODE"
"""Type of a code whose content cannot be searched."""

BY_FORM: Final = 0.89
"""Confidence of a span over a whole content: below BEYOND_DOUBT, because such a text is no value to look for elsewhere."""

_SOURCE = "pattern:code"
_FORMS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("PERSON", re.compile(r"BEGIN:VCARD|(?:MECARD|BIZCARD):", re.IGNORECASE)),
    ("IBAN_CODE", re.compile(r"BCD\s+00[12]\s")),  # EPC069-12: name and account of who is paid
    ("IBAN_CODE", re.compile(r"SPC\s+0[12]\d\d\s")),  # Swiss QR bill: creditor and debtor with addresses
    ("IBAN_CODE", re.compile(r"SPD\*1\.|HRVHUB30|UPNQR\b|ST0001\d")),  # Czech, Croatian, Slovenian and Russian payment slips
    ("IBAN_CODE", re.compile(r"bank://", re.IGNORECASE)),  # BezahlCode
    ("TAX_ID", re.compile(r"A:\d{9}\*B:")),  # Portuguese invoices: tax numbers of both sides
    ("US_DRIVER_LICENSE", re.compile(r"@\s*\x1e?\s*(?:ANSI |AAMVA)")),  # driving licences and identity cards of North America
    ("PERSON", re.compile(r"M[1-4][A-Z][A-Z ]*/[A-Z]")),  # boarding passes, IATA resolution 792
    ("PHONE_NUMBER", re.compile(r"(?:tel|sms|smsto|mmsto|facetime):", re.IGNORECASE)),
    ("EMAIL_ADDRESS", re.compile(r"(?:mailto:|smtp:|MATMSG:)", re.IGNORECASE)),
    ("CRYPTO", re.compile(r"(?:bitcoin|ethereum|litecoin|bitcoincash|monero):", re.IGNORECASE)),
)
"""Type of data that a content of this form always carries, told by its beginning."""

_BINARY = re.compile(r"[\x00-\x03\x05-\x08\x0e-\x1b\x7f-\x9f�]")  # EOT, FS, GS, RS, US and blanks part fields of printed standards
_PACKED = re.compile(r"[A-Za-z0-9+/=_$%*-]{48,}")  # base 64, base 45 and hex: signatures, tickets, certificates
_WIDTH_PX, _HEIGHT_PX, _DPI = 12, 24, 100  # of a letter where contents are laid out as text


class CodePages(NamedTuple):
    """One code's content laid out as text, for the finders; the same text as one word in the code's place, for what comes after; what goes by its form.

    Offsets of spans count in either page, for their text is one.
    """

    laid_out: Page
    placed: Page
    spans: tuple[Span, ...]


def code_pages(codes: Sequence[Code], pages: Sequence[Page], entities: Collection[str]) -> list[CodePages]:
    """The codes of a document, in the order of its pages and theirs, as pages."""
    return [_as_pages(code, page, entities) for page in pages for code in codes if code.page == page.number]


def _as_pages(code: Code, page: Page, entities: Collection[str]) -> CodePages:
    text = readable_text(code)
    rows = [row.split(" ") for row in text.split("\n")]
    laid_out = _page(page, tuple(_laid_out(row, number) for number, row in enumerate(rows)))
    box = Box(*map(float, code.box))
    placed = _page(page, (Line(words=(Word(text=text, box=box, confidence=1.0),)),))
    kind = form_of(code, entities)
    whole = Span(page=page.number, start=0, end=len(text), type=kind, confidence=BY_FORM, source=_SOURCE, boxes=(box,)) if kind else None
    return CodePages(laid_out, placed, (whole,) if whole else ())


def readable_text(code: Code) -> str:
    """The content as text of one blank between words and one newline between lines; what a URL has escaped stands behind it once more, plain."""
    text = code.text or "?"
    plain = unquote_plus(text)
    whole = text if plain == text else f"{text}\n{plain}"
    rows = [" ".join(row.split()) for row in re.split(r"[\r\n\x04\x1c-\x1f]+", whole)]
    return "\n".join(row for row in rows if row) or "?"


def form_of(code: Code, entities: Collection[str]) -> str | None:
    """The type of what this code carries by its form, UNKNOWN where nobody can search it, None where the finders decide."""
    if not code.is_readable:
        return UNKNOWN
    for kind, form in _FORMS:
        if form.match(code.text.lstrip("\N{ZERO WIDTH NO-BREAK SPACE}")):
            return kind if kind in entities else None
    # bars hold figures and plain letters, never anything packed
    return UNKNOWN if code.is_matrix and (_BINARY.search(code.text) or _PACKED.search(code.text)) else None


def _laid_out(row: Sequence[str], number: int) -> Line:
    words, x = [], 0
    for text in row:
        box = Box(x, 2.0 * number * _HEIGHT_PX, x + len(text) * _WIDTH_PX, (2.0 * number + 1) * _HEIGHT_PX)
        words.append(Word(text=text, box=box, confidence=1.0))
        x += (len(text) + 1) * _WIDTH_PX
    return Line(words=tuple(words))


def _page(page: Page, lines: tuple[Line, ...]) -> Page:
    return Page(
        number=page.number,
        width_px=page.width_px,
        height_px=page.height_px,
        dpi=_DPI,
        lines=lines,
        source=CODE,
        language=page.language,
    )
