"""Labelled cases of orders and receipts: clean ones, harmless differences and the error classes of purchasing. Everything follows from a seed.

A case is an order's state, the receipt, the class that was injected and what must come of it. Imported by benchmarks/matching.py and the tests.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from docmill.values.matching import OrderState, Receipt, ReceiptLine
from docmill.values.purchasing import OrderLine, PurchaseContent, Vendor, cents

THINGS = ("Hex bolt", "Cable drum", "Safety gloves", "Dichtring", "Ventil", "LED panel", "Paper A4", "Toner cartridge", "Kugellager", "Ladder",
          "Hydraulic oil", "Work jacket", "Schleifscheibe", "Battery pack", "Label roll", "Steel tube", "Mounting plate", "Filter mat")  # fmt: skip
MAKERS = ("Albrecht", "Brookfield", "Castellan", "Dunmore", "Eichhorn", "Fairweather", "Gruenwald", "Hartwick", "Ilmenau", "Jensgaard")
TRADES = ("Fasteners", "Elektrotechnik", "Supplies", "Metallbau", "Trading", "Hydraulics", "Papier", "Tools")
FORMS = ("GmbH", "Ltd.", "AG", "Inc.", "B.V.", "SARL")
UNITS = (("C62", "pcs"), ("C62", "Stk"), ("KGM", "kg"), ("MTR", "m"), ("HUR", "h"), ("XBX", "box"))
ZERO = Decimal(0)


@dataclass(frozen=True)
class Case:
    """`label` is the class; `is_error` whether a person must see it; `outcomes` what may come out; `codes` of which one finding must be there."""

    label: str
    state: OrderState
    receipt: Receipt
    is_error: bool
    outcomes: tuple[str, ...]
    codes: tuple[str, ...] = ()


def order(dice: random.Random) -> PurchaseContent:
    """An order of one to nine lines at one or two tax rates."""
    rates = dice.choice(((19,), (20,), (19, 7), (21, 9), (0,), (8,)))
    lines = []
    for thing in dice.sample(THINGS, dice.randint(1, 9)):
        unit = dice.choice(UNITS)[0]
        quantity = Decimal(dice.randint(1, 60)) if unit in {"C62", "XBX"} else Decimal(dice.randint(10, 600)) / 10
        description = f"{thing} {dice.choice('ABCDEF')}{dice.randint(10, 99)}" if dice.random() < 0.7 else thing  # noqa: PLR2004 - a share
        price = Decimal(dice.randint(120, 45_000)) / 100
        lines.append(
            OrderLine(description=description, quantity=quantity, unit=unit, unit_price=price, tax_rate=Decimal(dice.choice(rates)))
        )
    vendor = Vendor(
        name=f"{dice.choice(MAKERS)} {dice.choice(TRADES)} {dice.choice(FORMS)}",
        tax_ids=(f"DE{dice.randint(100_000_000, 999_999_999)}",) if dice.random() < 0.8 else (),  # noqa: PLR2004 - a share
        iban=f"DE{dice.randint(10, 99)}{dice.randint(10**17, 10**18 - 1)}",
    )
    return PurchaseContent(vendor=vendor, currency=dice.choice(("EUR", "EUR", "USD", "GBP", "CHF")), lines=tuple(lines))


def billed(content: PurchaseContent, quantities: dict[int, Decimal], dice: random.Random) -> Receipt:
    """The honest receipt for so much of each line, with sums to match; lines stand in another order, some units as words."""
    part = content.model_copy(update={"lines": tuple(content.lines[i].model_copy(update={"quantity": q}) for i, q in quantities.items())})
    words = {code: word for code, word in UNITS if dice.random() < 0.5}  # noqa: PLR2004 - every other
    lines = [
        ReceiptLine(description=one.description, quantity=one.quantity, unit=words.get(one.unit, one.unit), unit_price=one.unit_price,
                    tax_rate=one.tax_rate, amount=one.net)
        for one in part.lines
    ]  # fmt: skip
    dice.shuffle(lines)
    vendor = content.vendor
    return Receipt(
        document_number=f"R{dice.randint(10_000, 99_999)}", issue_date="2026-03-01", vendor_name=vendor.name, vendor_iban=vendor.iban,
        vendor_tax_id=vendor.tax_ids[0] if vendor.tax_ids else None, currency=content.currency, net=part.net, tax=part.tax, total=part.total,
        lines=tuple(lines),
    )  # fmt: skip


def summed(receipt: Receipt, lines: list[ReceiptLine]) -> Receipt:
    """The receipt with other lines and sums that follow from them: a supplier's invoice is consistent also when it is wrong."""
    net = sum((one.amount or ZERO for one in lines), ZERO)
    rates = {one.tax_rate or ZERO for one in lines}
    tax = sum((cents(sum((x.amount or ZERO for x in lines if (x.tax_rate or ZERO) == r), ZERO) * r / 100) for r in rates), ZERO)
    return receipt.model_copy(update={"lines": tuple(lines), "net": net, "tax": tax, "total": net + tax})


def _with(line: ReceiptLine, **changes: object) -> ReceiptLine:
    new = line.model_copy(update=changes)
    return new.model_copy(update={"amount": cents((new.quantity or ZERO) * (new.unit_price or ZERO))}) if "amount" not in changes else new


def _price(receipt: Receipt, dice: random.Random) -> Receipt:
    lines, at = list(receipt.lines), dice.randrange(len(receipt.lines))
    share = Decimal(dice.choice((Decimal("1.2"), 2, 5, 10, 40, -5))) / 100
    lines[at] = _with(lines[at], unit_price=cents((lines[at].unit_price or ZERO) * (1 + share)) + Decimal("0.02"))
    return summed(receipt, lines)


def _quantity(receipt: Receipt, dice: random.Random) -> Receipt:
    lines, at = list(receipt.lines), dice.randrange(len(receipt.lines))
    lines[at] = _with(lines[at], quantity=(lines[at].quantity or ZERO) + dice.randint(1, 5))
    return summed(receipt, lines)


def _missing(receipt: Receipt, dice: random.Random) -> Receipt:
    lines = list(receipt.lines)
    del lines[dice.randrange(len(lines))]
    # half of the suppliers leave the line out and ask for its money all the same
    return summed(receipt, lines) if lines and dice.random() < 0.5 else receipt.model_copy(update={"lines": tuple(lines)})  # noqa: PLR2004 - half


def _extra(receipt: Receipt, dice: random.Random) -> Receipt:
    price = Decimal(dice.randint(500, 20_000)) / 100
    more = ReceiptLine(description=dice.choice(("Express surcharge", "Service call", "Freight", "Gift basket", "Warranty plus")), quantity=Decimal(1),
                       unit="pcs", unit_price=price, tax_rate=receipt.lines[0].tax_rate, amount=price)  # fmt: skip
    return summed(receipt, [*receipt.lines, more])


def _swapped(receipt: Receipt, dice: random.Random) -> Receipt:
    lines = list(receipt.lines)
    if len(lines) < 2:  # noqa: PLR2004 - two are swapped
        return _price(receipt, dice)
    a, b = dice.sample(range(len(lines)), 2)
    field = dice.choice(("unit_price", "quantity"))
    first, second = getattr(lines[a], field), getattr(lines[b], field)
    if abs(first - second) <= Decimal("0.02") * max(first, second):
        return _price(receipt, dice)
    lines[a], lines[b] = _with(lines[a], **{field: second}), _with(lines[b], **{field: first})
    return summed(receipt, lines)


def _tax(receipt: Receipt, dice: random.Random) -> Receipt:
    net = receipt.net or ZERO
    off = max(cents(net * Decimal(dice.choice((2, 3, 6))) / 100), Decimal("0.30"))
    tax = (receipt.tax or ZERO) + off
    return receipt.model_copy(update={"tax": tax, "total": net + tax})


def _total(receipt: Receipt, dice: random.Random) -> Receipt:
    total, percent = receipt.total or ZERO, dice.choice((1, 2, 10, -3))
    off = max(cents(total * abs(percent) / 100), Decimal("0.20"))
    return receipt.model_copy(update={"total": total + off if percent > 0 else total - off})


def _vendor(receipt: Receipt, dice: random.Random) -> Receipt:
    name = f"{dice.choice(('Quillmarsh', 'Rosenthal', 'Stonebridge', 'Thornbury'))} {dice.choice(TRADES)} {dice.choice(FORMS)}"
    other = f"DE{dice.randint(100_000_000, 999_999_999)}"
    return receipt.model_copy(update={"vendor_name": name, "vendor_tax_id": other if receipt.vendor_tax_id else None})


def _bank(receipt: Receipt, dice: random.Random) -> Receipt:
    return receipt.model_copy(update={"vendor_iban": f"LT{dice.randint(10, 99)}{dice.randint(10**15, 10**16 - 1)}"})


def _unit(receipt: Receipt, dice: random.Random) -> Receipt:
    lines, at = list(receipt.lines), dice.randrange(len(receipt.lines))
    other = {"kg": "t", "KGM": "g", "m": "km", "MTR": "mm", "h": "day", "HUR": "MON"}.get(lines[at].unit or "", "kg")
    lines[at] = lines[at].model_copy(update={"unit": other})
    return receipt.model_copy(update={"lines": tuple(lines)})


def _currency(receipt: Receipt, dice: random.Random) -> Receipt:
    return receipt.model_copy(update={"currency": dice.choice([c for c in ("EUR", "USD", "GBP", "PLN") if c != receipt.currency])})


def _rounding(receipt: Receipt, dice: random.Random) -> Receipt:
    """Harmless: sums a cent or two off, as other rounding gives."""
    off = Decimal(dice.choice((-2, -1, 1, 2))) / 100
    return receipt.model_copy(update={"tax": (receipt.tax or ZERO) + off, "total": (receipt.total or ZERO) + off})


def _reading(receipt: Receipt, dice: random.Random) -> Receipt:
    """Harmless: letters of names and descriptions misread, units and tax rates not printed, now and then a cell not read at all."""

    def misread(text: str) -> str:
        for _ in range(dice.choice((1, 1, 2))):
            at = dice.randrange(len(text))
            text = text[:at] + {"e": "c", "i": "l", "a": "o", "r": "n", "t": "f", "n": "m"}.get(text[at], text[at]) + text[at + 1 :]
        return text

    lines = []
    for one in receipt.lines:
        changes: dict[str, object] = {"description": misread(one.description or "x"), "unit": None}
        if dice.random() < 0.04:  # noqa: PLR2004 - a share
            changes[dice.choice(("description", "quantity", "unit_price"))] = None
        lines.append(one.model_copy(update={**changes, "tax_rate": None}))
    return receipt.model_copy(update={"lines": tuple(lines), "vendor_name": misread(receipt.vendor_name or "x")})


ERRORS: dict[str, tuple[Callable[[Receipt, random.Random], Receipt], tuple[str, ...], tuple[str, ...]]] = {
    "price": (_price, ("mismatch",), ("unit_price",)),
    "quantity": (_quantity, ("mismatch",), ("over_delivery",)),
    "missing": (_missing, ("partial", "mismatch"), ("missing_line",)),
    "extra": (_extra, ("mismatch",), ("extra_line",)),
    "swapped": (_swapped, ("mismatch",), ("unit_price", "over_delivery")),
    "tax": (_tax, ("mismatch",), ("tax",)),
    "total": (_total, ("mismatch",), ("total",)),
    "vendor": (_vendor, ("mismatch",), ("vendor_name", "vendor_tax_id")),
    "bank_account": (_bank, ("mismatch",), ("bank_account",)),
    "unit": (_unit, ("mismatch",), ("unit", "unit_price", "over_delivery")),
    "currency": (_currency, ("mismatch",), ("currency",)),
}
HARMLESS = {"rounding": _rounding, "reading": _reading}
LABELS = ("clean", "partial", *HARMLESS, *ERRORS, "duplicate")


def case(label: str, seed: int) -> Case:
    """The case of a class and a seed."""
    dice = random.Random(f"{label}-{seed}")  # noqa: S311 - a seed must give the same case
    content = order(dice)
    state = OrderState(number="PO-2026000001AAA", content=content)
    full = {i: line.quantity for i, line in enumerate(content.lines)}
    if label == "partial":
        taken = {i: q for i, q in full.items() if q > 1 and dice.random() < 0.6}  # noqa: PLR2004 - a share
        taken = {i: Decimal(dice.randint(1, max(1, int(q) - 1))) for i, q in taken.items()}
        left = {i: q - taken.get(i, ZERO) for i, q in full.items() if q - taken.get(i, ZERO) > 0}
        return Case(label, state.model_copy(update={"taken": taken}), billed(content, left, dice), is_error=False, outcomes=("matched",))
    receipt = billed(content, full, dice)
    if label in HARMLESS:
        return Case(label, state, HARMLESS[label](receipt, dice), is_error=False, outcomes=("matched",))
    if label == "duplicate":
        from docmill.stages.matching.duplicates import fingerprint

        known = (fingerprint(content.vendor, receipt),)
        return Case(label, state.model_copy(update={"seen": known}), receipt, is_error=True, outcomes=("duplicate",), codes=("duplicate",))
    if label in ERRORS:
        change, outcomes, codes = ERRORS[label]
        wrong = change(receipt, dice)
        if seed % 2 and label != "unit":  # half of the wrong receipts are badly read, too
            wrong = _reading(wrong, dice)
        return Case(label, state, wrong, is_error=True, outcomes=outcomes, codes=codes)
    return Case(label, state, receipt, is_error=False, outcomes=("matched",))


def cases(per_label: int) -> list[Case]:
    """So many of every class."""
    return [case(label, seed) for label in LABELS for seed in range(per_label)]
