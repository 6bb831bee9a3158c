"""The proforma of a request: what it adds to the order, and where it says something else than the request."""

from decimal import Decimal

from docmill.services.purchasing.extraction import current_understanding, lines_from, number
from docmill.services.running.room import Room
from docmill.stages.matching.pairing import ReadLine, pair_lines, read_line
from docmill.stages.matching.units import unit_factor
from docmill.values.evidence import Understanding
from docmill.values.purchasing import Difference, OrderLine, PurchaseContent, Vendor, compact

PROFORMA = ("proforma_invoice", "quote", "invoice")


UNREAD = Difference(place="proforma", request="attached", proforma="not read")
"""An attachment that may be the proforma said nothing: it was not read in time, or could not be read."""


def with_proforma(room: Room, content: PurchaseContent) -> tuple[PurchaseContent, tuple[Difference, ...]]:
    """The order's content and the differences, from the first attachment that is a proforma, quote or invoice and has been read."""
    proforma, is_unread = None, False
    for document_id in content.attachments:
        found = current_understanding(room, document_id)
        is_unread |= found is None
        if found is not None and found.kind.name in PROFORMA:
            proforma = found
            break
    filled, differences = compiled(content, proforma)
    return filled, ((*differences, UNREAD) if is_unread else differences)


def compiled(content: PurchaseContent, proforma: Understanding | None) -> tuple[PurchaseContent, tuple[Difference, ...]]:
    """The order's content and the differences.

    The request counts wherever it says something: it is what was approved. The proforma fills in what the request leaves empty of the
    vendor's address, tax number and account, and of the payment terms.
    """
    if proforma is None:
        return content, ()
    texts = {one.name: one.value for one in proforma.fields if one.value}
    vendor = content.vendor
    known = [
        ("vendor.name", vendor.name, texts.get("vendor_name")),
        ("vendor.address", vendor.address, texts.get("vendor_address")),
        ("vendor.tax_id", ", ".join(vendor.tax_ids), texts.get("vendor_tax_id")),
        ("vendor.iban", vendor.iban or "", texts.get("vendor_iban")),
        ("payment_terms", content.payment_terms, texts.get("payment_terms")),
        ("currency", content.currency, texts.get("currency")),
    ]
    differences = [
        Difference(place=p, request=mine, proforma=theirs) for p, mine, theirs in known if mine and theirs and not _agree(mine, theirs)
    ]
    sums = (("net_total", content.net), ("tax_total", content.tax), ("total", content.total))
    for name, mine_sum in sums:
        theirs_sum = number(texts.get(name))
        if theirs_sum is not None and theirs_sum != mine_sum:
            differences.append(Difference(place=name, request=str(mine_sum), proforma=str(theirs_sum)))
    filled = Vendor(
        name=vendor.name,
        address=vendor.address or texts.get("vendor_address", ""),
        tax_ids=vendor.tax_ids or ((texts["vendor_tax_id"],) if "vendor_tax_id" in texts else ()),
        iban=vendor.iban or texts.get("vendor_iban"),
    )
    terms = content.payment_terms or texts.get("payment_terms", "")
    return content.model_copy(update={"vendor": filled, "payment_terms": terms}), (*differences, *_line_differences(content, proforma))


def _agree(mine: str, theirs: str) -> bool:
    return compact(theirs) in compact(mine) or compact(mine) in compact(theirs)


def _line_differences(content: PurchaseContent, proforma: Understanding) -> list[Difference]:
    read = [line for index, one in enumerate(lines_from(proforma.line_items)) if (line := read_line(index, one)) is not None]
    if not read:
        return []
    paired = {index: seen for index, seen, _ in pair_lines(content.lines, read)}
    found = []
    for index, asked in enumerate(content.lines):
        if (seen := paired.get(index)) is None:
            found.append(Difference(place=f"line {index + 1}", request=asked.description, proforma=""))
            continue
        found += _differences_of(index + 1, asked, seen)
    extra = len(read) - len(paired)
    return [*found, Difference(place="lines", request="", proforma=f"{extra} more")] if extra else found


def _differences_of(position: int, asked: OrderLine, seen: ReadLine) -> list[Difference]:
    """Quantity, unit, price and tax rate of one line. Units that measure the same are converted: a dozen is no difference to twelve pieces."""
    factor = unit_factor(seen.unit, asked.unit) if seen.unit else Decimal(1)
    if factor is None:
        return [Difference(place=f"line {position}.unit", request=asked.unit, proforma=seen.unit or "")]
    price = _rounded(seen.unit_price / factor) if seen.unit_price is not None and factor != 1 else seen.unit_price
    quantity = (seen.quantity if factor == 1 else _rounded(seen.quantity * factor)) if seen.has_quantity else None
    compared = (
        ("quantity", asked.quantity, quantity),
        ("unit_price", asked.unit_price, price),
        ("tax_rate", asked.tax_rate, seen.tax_rate),
    )
    return [
        Difference(place=f"line {position}.{name}", request=f"{mine:f}", proforma=f"{theirs:f}")
        for name, mine, theirs in compared
        if theirs is not None and _rounded(mine) != _rounded(theirs)
    ]


def _rounded(value: Decimal) -> Decimal:
    """To the places that an order holds: a price that was divided has more."""
    return value.quantize(Decimal("0.000001"))
