"""Understanding of one document: kind first, then the fields that such a document has. The rules themselves live beside this module."""

from collections.abc import Sequence

from docmill.stages.understanding.due_dates import delivery_date, due_date
from docmill.stages.understanding.einvoice.joining import Attached, doubt, joined_with, refused
from docmill.stages.understanding.identifiers import vendor_iban, vendor_tax_id
from docmill.stages.understanding.issue_dates import issue_date
from docmill.stages.understanding.kind_evidence import MONEY_KINDS, OTHER
from docmill.stages.understanding.kind_model import KindModel
from docmill.stages.understanding.kinds import AUTO, decide_kind
from docmill.stages.understanding.line_checks import line_contradictions
from docmill.stages.understanding.line_items import line_items
from docmill.stages.understanding.numbers import document_number, purchase_order_number
from docmill.stages.understanding.packages import MOST_PAGES, Part, parts_of
from docmill.stages.understanding.parties import parties
from docmill.stages.understanding.payment import payment_method, payment_terms
from docmill.stages.understanding.ranking.choosing import SOURCE, better, ranked
from docmill.stages.understanding.ranking.ranker import NO_RANKER, Ranker
from docmill.stages.understanding.receipt_head import receipt_vendor
from docmill.stages.understanding.sum_checks import PAGE_SAYS, other_contradictions
from docmill.stages.understanding.sums import Choice, choose_sums
from docmill.stages.understanding.till_rows import till_rows
from docmill.stages.understanding.totals import currency, total_at
from docmill.values.evidence import DocumentPart, Field, Kind, LineItem, TaxShare, Understanding
from docmill.values.page import Page

FIRST_PAGES, LAST_PAGES = 4, 2
"""What names a document stands on its first pages and its sums on its last: so many are looked at for fields, however long it is."""

_NUMBERED_KINDS = MONEY_KINDS | {"delivery_note", "contract", OTHER}
_UNDATED_KINDS = frozenset({"book_page", "form"})
_TRADE_RANKED = ("vendor_name", "vendor_address", "customer_name", "customer_address", "purchase_order_number", "due_date", "delivery_date")
"""What a ranker may find there although the rules did not."""

_SURE = 0.75
"""Fields less sure than this contradict nothing."""


def pages_looked_at(page_count: int) -> list[int]:
    """Which pages of a document of `page_count` pages are looked at, as indexes from 0; all where it may be a package."""
    if page_count <= MOST_PAGES:
        return list(range(page_count))
    return _front_and_back(page_count)


def _front_and_back(page_count: int) -> list[int]:
    return sorted({*range(min(FIRST_PAGES, page_count)), *range(max(0, page_count - LAST_PAGES), page_count)})


def understand_pages(
    pages: Sequence[Page], kind: str, attached: Attached | None = None, model: KindModel | None = None, ranker: Ranker = NO_RANKER
) -> Understanding:
    """The kind of a document and its fields, line items and taxes as far as they are there, and what contradicts.

    Args:
        pages: in order; only those of `pages_looked_at` are used.
        kind: the kind asked for, or `auto` to decide by rules.
        attached: the e-invoice that came with the document.
        model: of kinds; None for the one that comes with docmill.
        ranker: of candidates, where nothing exact came with the document; without one the rules decide.

    Raises:
        InvalidOptions: the kind asked for is unknown.
    """
    if attached is None and kind == AUTO and (parts := parts_of(pages)):
        return _of_package(pages, parts, ranker)
    looked_at = [pages[index] for index in _front_and_back(len(pages))]
    with_words = [page for page in looked_at if page.words]
    is_blank = kind == AUTO and not with_words
    decided = Kind(name=OTHER, confidence=0.5, reason="no words") if is_blank else decide_kind(with_words, kind, model)
    if attached is None or attached.invoice is None:
        printed = _printed(with_words, decided, ranker)
        return printed if attached is None else refused(printed, attached)
    # the XML says what it is; the rules then look at its pages as at that kind
    asked = None if kind == AUTO else decided
    invoice = attached.invoice
    shown = (
        Understanding(kind=decided)
        if attached.is_bare
        else _printed(with_words, asked or decided.model_copy(update={"name": invoice.kind}))
    )
    return joined_with(invoice, shown, with_words, is_bare=attached.is_bare, asked_kind=asked)


def _of_package(pages: Sequence[Page], parts: Sequence[Part], ranker: Ranker) -> Understanding:
    """What the first part that has sums says, else the first part; every part for itself; a problem that says what the file holds."""
    main = next((part for part in parts if part.kind.name in MONEY_KINDS), parts[0])
    told = tuple(_told(pages, part, ranker, is_main=part is main) for part in parts)
    held = ", ".join(f"{part.kind.name} on {part.where}" for part in parts)
    problem = doubt(f"the file holds {len(parts)} documents: {held}; the fields are those of {main.where}")
    found = told[parts.index(main)]
    others = [one for part in told if not part.is_main for one in part.problems]
    return Understanding(
        kind=found.kind,
        fields=found.fields,
        line_items=found.line_items,
        taxes=found.taxes,
        problems=(problem, *found.problems, *others),
        parts=told,
    )


def _told(pages: Sequence[Page], part: Part, ranker: Ranker, *, is_main: bool) -> DocumentPart:
    """One part as if it were a file of its own. Problems of another part than the main one say where they are."""
    own = [page for page in pages if part.first <= page.number <= part.last]
    found = understand_pages(own, part.kind.name, ranker=ranker)
    where = f" ({part.kind.name} on {part.where})"
    placed = (p.model_copy(update={"message": f"{p.message}{where}", "page": part.first}) for p in found.problems)
    return DocumentPart(
        first_page=part.first,
        last_page=part.last,
        is_main=is_main,
        kind=part.kind,
        fields=found.fields,
        line_items=found.line_items,
        taxes=found.taxes,
        problems=found.problems if is_main else tuple(placed),
    )


def _printed(pages: list[Page], kind: Kind, ranker: Ranker = NO_RANKER) -> Understanding:
    """What the pages alone say."""
    if not pages:
        return Understanding(kind=kind)
    fields, messages, shares = _fields(pages, kind.name, ranker)
    items = _goods(pages, kind.name) if kind.name in MONEY_KINDS else ()
    if kind.name != "receipt":  # tills print weights, codes and set prices where invoices print quantities
        messages += line_contradictions(items, pages)
    return Understanding(
        kind=kind,
        fields=fields,
        line_items=items,
        taxes=shares,
        problems=tuple(doubt(f"{PAGE_SAYS}{m}") for m in messages),
    )


def _goods(pages: list[Page], kind: str) -> tuple[LineItem, ...]:
    """Rows of tables; of receipts rather what adds up to the sum, which proves more than heads do."""
    added_up = tuple(item for page in pages for item in till_rows(page)) if kind == "receipt" else ()
    return added_up or line_items(pages)


def _fields(pages: list[Page], kind: str, ranker: Ranker) -> tuple[tuple[Field, ...], list[str], tuple[TaxShare, ...]]:
    has_money, chosen = kind in MONEY_KINDS, ranked(ranker, kind, pages)
    found: list[Field | None] = []
    messages: list[str] = []
    shares: tuple[TaxShare, ...] = ()
    if kind in _NUMBERED_KINDS:
        found.append(chosen("document_number", document_number(pages, kind)))
    issued = chosen("issue_date", issue_date(pages)) if kind not in _UNDATED_KINDS else None
    found.append(issued)
    if has_money or kind == OTHER:
        sums = _sums(pages, kind, ranker)
        of_sums = [f for f in sums.fields() if f.name == "total" or (has_money and not (kind == "receipt" and f.name == "amount_due"))]
        found += of_sums
        of_total = next((f for f in of_sums if f.name == "total"), None)
        found.append(currency(pages, of_total) if has_money or of_total else None)
        messages += sums.contradictions
        shares = sums.shares() if has_money else ()
    if has_money or kind == "delivery_note":
        of_trade = {f.name: f for f in _of_trade(pages, kind, issued) if f is not None}
        found += [chosen(name, of_trade.get(name)) for name in dict.fromkeys([*of_trade, *_TRADE_RANKED])]
    fields = tuple(f for f in found if f is not None)
    if has_money:
        messages += other_contradictions({f.name: f.value for f in fields if f.value and f.evidence.confidence >= _SURE})
    return fields, messages, shares


def _sums(pages: list[Page], kind: str, ranker: Ranker) -> Choice:
    """The joint best of the sums; where the ranker takes another amount for the total, of those that go with it."""
    has_money = kind in MONEY_KINDS
    found = choose_sums(pages, is_money_document=has_money)
    total = next((f for f in found.fields() if f.name == "total"), None)
    other = better(ranker, kind, "total", pages, total)
    told = None if other is None else total_at(other[0].seen, other[1], SOURCE)
    return found if told is None else choose_sums(pages, is_money_document=has_money, totals=[told])


def _of_trade(pages: list[Page], kind: str, issued: Field | None) -> list[Field | None]:
    """Parties, orders, dates and ways of payment of papers between a vendor and a customer."""
    found: list[Field | None] = [*(receipt_vendor(pages[0]) if kind == "receipt" else parties(pages))]
    found += [vendor_tax_id(pages), purchase_order_number(pages) if kind != "purchase_order" else None]
    if kind == "receipt":
        return [*found, payment_method(pages)]
    found += [delivery_date(pages), vendor_iban(pages)]
    if kind != "delivery_note":
        found += [due_date(pages, issued), payment_terms(pages), payment_method(pages)]
    return found
