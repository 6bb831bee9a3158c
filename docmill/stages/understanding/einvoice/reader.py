"""One e-invoice from its bytes, and what it contradicts by itself."""

from decimal import Decimal

from docmill.errors import Damaged
from docmill.stages.understanding.einvoice import cii, ubl
from docmill.stages.understanding.einvoice.model import EInvoice
from docmill.stages.understanding.einvoice.xml_tree import parse_xml
from docmill.stages.understanding.sum_checks import Priced, Rated, Sums, other_contradictions, sum_contradictions


def read_einvoice(data: bytes) -> EInvoice:
    """The e-invoice in XML bytes.

    Raises:
        Damaged: not well-formed, with a document type declaration, or no e-invoice.
        TooLarge: beyond the limits of the parser.
    """
    root = parse_xml(data)
    if root.name in cii.ROOTS:
        return cii.read_cii(root)
    if root.name in ubl.ROOTS:
        return ubl.read_ubl(root)
    raise Damaged("the XML is no e-invoice: its root element is neither of CII nor of UBL")


def own_contradictions(invoice: EInvoice) -> list[str]:
    """Where the e-invoice contradicts itself: sums, date order, check digits."""
    sums = Sums(
        net=invoice.amount("net_total"),
        tax=invoice.amount("tax_total"),
        total=invoice.amount("total"),
        due=invoice.amount("amount_due"),
        prepaid=invoice.sums.get("prepaid", Decimal(0)),
        rounding=invoice.sums.get("rounding"),
        line_total=invoice.sums.get("line_total"),
        allowances=invoice.sums.get("allowances", Decimal(0)),
        charges=invoice.sums.get("charges", Decimal(0)),
        taxes=tuple(Rated(t.rate, t.net, t.tax) for t in invoice.taxes),
        lines=tuple(Priced(line.quantity, line.unit_price, line.amount, line.tax_rate) for line in invoice.lines),
    )
    return [f"XML contradicts itself: {sentence}" for sentence in (*sum_contradictions(sums), *other_contradictions(invoice.fields))]
