"""What the demo documents say. Every firm, person and number is invented.

Domains end in .example (RFC 2606). American telephone numbers are 555-01xx (reserved for fiction), German ones lie in the block that the
Bundesnetzagentur reserves for drama: 030 23125 000-999. Bank codes are none that is in use; the IBANs' check digits are right.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final


def iban(country: str, account: str) -> str:
    """An IBAN with its check digits (ISO 13616: 98 minus the number made of account, country as digits and 00, modulo 97)."""
    number = "".join(str(int(character, 36)) for character in f"{account}{country}00")
    return f"{country}{98 - int(number) % 97:02d}{account}"


def spaced(number: str) -> str:
    """In groups of four, as IBANs are printed."""
    return " ".join(number[i : i + 4] for i in range(0, len(number), 4))


@dataclass(frozen=True, slots=True)
class Item:
    """One line of an invoice or receipt."""

    text: str
    quantity: int
    price: Decimal

    @property
    def amount(self) -> Decimal:
        """Quantity times price."""
        return self.quantity * self.price


@dataclass(frozen=True, slots=True)
class Sale:
    """Items with their sums. `rate` is the tax rate in percent."""

    items: tuple[Item, ...]
    rate: Decimal

    @property
    def net(self) -> Decimal:
        """Sum of the items."""
        return sum((item.amount for item in self.items), Decimal(0))

    @property
    def tax(self) -> Decimal:
        """Tax on the sum, to the cent."""
        return (self.net * self.rate / 100).quantize(Decimal("0.01"))

    @property
    def total(self) -> Decimal:
        """What is to be paid."""
        return self.net + self.tax


SELLER: Final = ("Quillmarsh Paper & Twine Ltd.", "1 Nowhere Lane, Inkpot Yard", "Exampleton EX0 1AA", "accounts@quillmarsh.example")
BUYER: Final = ("Featherstone & Daughters", "Department of Unsent Letters", "77 Imaginary Road", "Samplebury SB0 2BB")
SELLER_IBAN: Final = iban("DE", "900000010001234567")
INVOICE: Final = Sale(
    items=(
        Item("Laid writing paper A4, ream of 500", 12, Decimal("8.40")),
        Item("Hemp twine, natural, 100 m spool", 30, Decimal("3.15")),
        Item("Archive box, acid free, large", 25, Decimal("6.80")),
        Item("Iron gall ink, 50 ml bottle", 8, Decimal("11.25")),
        Item("Sealing wax, red, pack of ten", 4, Decimal("14.90")),
    ),
    rate=Decimal(20),
)
INVOICE_NUMBER: Final = "QPT-2025-00417"
INVOICE_DATES: Final = ("2025-03-14", "2025-04-13")  # issued, due
ORDER_NUMBER: Final = "PO-558210"

SHOP: Final = ("THE MADE-UP GROCER", "12 Fable Street, Exampleton", "Tel. (202) 555-0148")
RECEIPT: Final = Sale(
    items=(
        Item("OAT BREAD LOAF", 1, Decimal("3.20")),
        Item("GREEN APPLES 1KG", 2, Decimal("2.45")),
        Item("CHEDDAR CHEESE", 1, Decimal("5.60")),
        Item("TOMATO SOUP", 3, Decimal("1.85")),
        Item("GROUND COFFEE", 1, Decimal("7.95")),
        Item("DISH SOAP LEMON", 1, Decimal("2.10")),
    ),
    rate=Decimal(5),
)

LETTER_IBAN: Final = iban("DE", "900000020009876543")
LETTER_ENGLISH: Final = (
    "Dear Ms Thistlewood,",
    (
        "Thank you for your application for membership number MQ-20417. Before we can open your account we have to confirm the details that we "
        "hold about you. Please read them with care and tell us if anything is wrong."
    ),
    (
        "Our records show that you were born on 12 May 1984 and that you live at 48 Hollow Oak Drive, Springvale. You can be reached by telephone "
        "at (202) 555-0173 or by e-mail at eleanor.thistlewood@mailbox.example. Your yearly fee will be collected from the account of your "
        f"partner, Jonathan Ashgrove, with the IBAN {spaced(LETTER_IBAN)}."
    ),
)
LETTER_GERMAN: Final = (
    "Sehr geehrte Frau Thistlewood,",
    (
        "vielen Dank für Ihren Antrag auf Mitgliedschaft mit der Nummer MQ-20417. Bevor wir Ihr Konto eröffnen können, müssen wir Ihre Angaben "
        "bestätigen. Bitte prüfen Sie diese sorgfältig und teilen Sie uns Änderungen mit."
    ),
    (
        "Nach unseren Unterlagen wurden Sie am 12.05.1984 geboren. Ihre Ansprechpartnerin in Berlin ist Frau Greta Lindenbaum, Telefon "
        "+49 30 23125 417, E-Mail greta.lindenbaum@archivverein.example. Der Jahresbeitrag wird vom Konto "
        f"{spaced(LETTER_IBAN)} eingezogen."
    ),
)

REPORT: Final = (
    "Minutes of the storage committee",
    (
        "The committee met on 3 June 2025 to decide how the old papers of the mill should be kept. Present were the keeper of the archive, two "
        "members of the board and a visitor from the county museum."
    ),
    (
        "The keeper reported that eleven of forty shelves stand near the river wall, where damp has reached the lowest boards. She asked for dry "
        "boxes and for a fan that runs at night. The cost is estimated at 1,240.00 for the year."
    ),
    (
        "It was agreed to move the ledgers first, then the maps, and to leave the printed newspapers until the spring. The visitor offered two "
        "rooms in the museum until the work is finished."
    ),
)
REPORT_SCANNED: Final = (
    "Appendix: inventory of the river wall",
    (
        "Shelf one holds nine ledgers from the years 1871 to 1880, bound in brown leather, with water marks on the lower edge. Shelf two holds "
        "letters to the carters, sorted by month. Shelf three is empty but for a broken lamp."
    ),
    (
        "Shelf four holds drawings of the wheel and of the new stones. Two of them are torn along the fold and should be copied before they are "
        "moved. Shelf five holds receipts for grain, most of them without a date."
    ),
    "Checked and signed by the keeper of the archive on the second day of June.",
)
