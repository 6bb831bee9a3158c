"""What a code's content means to privacy: text that the finders search, a form that carries a person or an account, or nothing anybody could search.

Belongs here: forms by which contents are told, and codes as pages for the finders. Does not belong here: seeing codes (codes).

A code is covered when the finders find something in its text, when its form exists to carry such data (a visiting card, a payment slip, a driving
licence), and when nobody can say what it holds: damaged, binary, sealed or packed. Else it stays.
"""

import re
from collections.abc import Collection, Sequence
from typing import Final, NamedTuple
from urllib.parse import unquote_plus

from docmill.stages.privacy.redaction.burning import CODE
from docmill.stages.privacy.redaction.codes import Code
from docmill.values.evidence import Span
from docmill.values.geometry import Box
from docmill.values.page import Line, Page, Word

UNKNOWN: Final = "X_CODE"
"""Type of a code whose content cannot be searched."""

BY_FORM: Final = 0.89
"""Confidence of a span over a whole content: below BEYOND_DOUBT, because such a text is no value to look for elsewhere."""

_SOURCE = "pattern:code"
_PARTY = ("PERSON", "ADDRESS", "LOCATION")
_SLIP = ("IBAN_CODE", "US_BANK_NUMBER", *_PARTY)
_CARD = ("PERSON", "PHONE_NUMBER", "EMAIL_ADDRESS", "ADDRESS", "LOCATION", "URL")
_LICENCE = ("US_DRIVER_LICENSE", "BIRTH_DATE", *_PARTY)
_FORMS: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = tuple(
    (kinds, re.compile(form, re.IGNORECASE))
    for kinds, form in (
        (_CARD, r"BEGIN:VCARD|(?:MECARD|BIZCARD):"),
        (_SLIP, r"BCD\s+00[12]\s|HCT\s+00[12]\s"),  # EPC069-12 and its Hungarian kin: name and account of who is paid
        (_SLIP, r"SPC\s+0[12]\d\d\s"),  # Swiss QR bill: creditor and debtor with addresses
        (_SLIP, r"SPD\*1\.|HRVHUB30|UPNQR\b|ST0001\d|K:PR\|"),  # Czech, Croatian, Slovenian, Russian and Serbian payment slips
        (_SLIP, r"bank://|upi://|000201.*br\.gov\.bcb\.pix"),  # BezahlCode, India, Brazil
        (("TAX_ID", *_PARTY), r"A:\d{9}\*B:"),  # Portuguese invoices: tax numbers of both sides
        (_LICENCE, r"@\s*\x1e?\s*(?:ANSI |AAMVA)"),  # driving licences and identity cards of North America
        (_LICENCE, r"<\?xml.{0,80}<PrintLetterBarcodeData|DC0[1-4]"),  # Aadhaar letters, French 2D-Doc
        (("BIRTH_DATE", "MEDICAL_LICENSE", *_PARTY), r"<MP "),  # German medication plans
        (("PERSON",), r"M[1-4][A-Z][A-Z /'-]{19}E"),  # boarding passes, IATA resolution 792
        (("PERSON", "BIRTH_DATE"), r"(?:HC1|LT1|NZCP|DGC\d?):|shc:/"),  # health certificates
        (("PHONE_NUMBER",), r"(?:tel|sms|smsto|mmsto|facetime):"),
        (("EMAIL_ADDRESS",), r"(?:mailto:|smtp:|MATMSG:)"),
        (("CRYPTO",), r"(?:bitcoin|ethereum|litecoin|bitcoincash|monero):"),
    )
)
"""Types of data that a content of this form carries, the first for its label; told by its beginning."""

_BINARY = re.compile(r"[\x00-\x03\x05-\x08\x0e-\x1b\x7f-\x9f\ufffd]")  # EOT, FS, GS, RS, US and blanks part fields of printed standards
_PACKED = re.compile(r"[A-Za-z0-9+/=_$%*-]{48,}|[0-9A-Z $%*+./:-]{96,}")  # base 64, hex, base 45: signatures, tickets, certificates
_UNESCAPED_TIMES = 3
_WIDTH_PX, _HEIGHT_PX, _DPI = 12, 24, 100  # of a letter where contents are laid out as text


class CodePages(NamedTuple):
    """One code's content laid out as text, for the finders; the same text as one word in the code's place, for what comes after; what goes by its form.

    Offsets of spans count in either page, for their text is one.
    """

    laid_out: Page
    placed: Page
    spans: tuple[Span, ...]
    raw: str


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
    return CodePages(laid_out, placed, (whole,) if whole else (), code.text)


def readable_text(code: Code) -> str:
    """The content as text of one blank between words and one newline between lines; what a URL has escaped stands behind it once more, plain."""
    text = whole = code.text or "?"
    for _ in range(_UNESCAPED_TIMES):
        if (plain := unquote_plus(text)) == text:
            break
        text, whole = plain, f"{whole}\n{plain}"
    rows = [" ".join(row.split()) for row in re.split(r"[\r\n\x04\x1c-\x1f]+", whole)]
    return "\n".join(row for row in rows if row) or "?"


def form_of(code: Code, entities: Collection[str]) -> str | None:
    """The type of what this code carries by its form, UNKNOWN where nobody can search it, None where the finders decide."""
    if not code.is_readable:
        return UNKNOWN
    for kinds, form in _FORMS:
        if form.match(code.text.lstrip("\N{ZERO WIDTH NO-BREAK SPACE} \t\r\n")):
            if asked := [kind for kind in kinds if kind in entities]:
                return asked[0]
            break
    # bars hold figures and plain letters, never anything packed
    is_sealed = code.is_opaque or _BINARY.search(code.text) or _PACKED.search(code.text)
    return UNKNOWN if code.is_matrix and is_sealed else None


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
