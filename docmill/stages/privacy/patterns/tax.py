"""Tax and VAT numbers, and national insurance numbers that serve as such."""

import re

from docmill.stages.privacy.patterns.pattern import Pattern, any_of

# Formats: European Commission, VIES, "VAT identification number structure" (https://ec.europa.eu/taxation_customs/vies/)
_VAT = r"""
    (?: ATU\d{8} | BE[01]\d{9} | BG\d{9,10} | CY\d{8}[A-Z] | CZ\d{8,10} | DE\d{9} | DK\d{8} | EE\d{9} | EL\d{9} | ES[A-Z0-9]\d{7}[A-Z0-9]
      | FI\d{8} | FR[A-HJ-NP-Z0-9]{2}\d{9} | GB(?:\d{9}|\d{12}) | HR\d{11} | HU\d{8} | IE\d[A-Z0-9+*]\d{5}[A-Z]{1,2} | IT\d{11} | LT(?:\d{9}|\d{12})
      | LU\d{8} | LV\d{11} | MT\d{8} | NL\d{9}B\d{2} | PL\d{10} | PT\d{9} | RO\d{2,10} | SE\d{12} | SI\d{8} | SK\d{10} | CHE\d{9}(?:MWST|TVA|IVA)? )
"""
_TAX_WORDS = any_of(
    r"vat(?:\s*(?:reg\w*|id|no|number|nr))*\.?", r"tax(?:\s*(?:id\w*|payer|no|number|nr|reg\w*))*\.?", "tin", "ein", "fein", "itin",
    r"ust\W{0,3}id\w*(?:\W{0,2}nr)?\.?", r"umsatzsteuer\S*", r"steuer\S*", r"idnr\.?", "tva", "siren", "siret", r"p\.?\s?iva",
    r"partita\s+iva", r"codice\s+fiscale", "nif", "cif", "nie", r"btw\S*", r"moms\S*", r"n\.?i\.?\s+(?:no|number)",
    r"national\s+insurance\S*", r"gst(?:\s*(?:reg\w*|id|no))*\.?", "abn", "pan", "nip", "cpf", "cnpj",
)  # fmt: skip


def is_german_vat(digits: str) -> bool:
    """ISO 7064 MOD 11,10 over nine digits (the Federal Central Tax Office uses it for USt-IdNr.; the tax id has eleven digits)."""
    product = 10
    for digit in digits[:-1]:
        total = (int(digit) + product) % 10 or 10
        product = 2 * total % 11
    return (11 - product) % 10 == int(digits[-1])


def _plausible_vat(value: str) -> bool:
    plain = re.sub(r"[\s.-]", "", value).upper()
    return not re.fullmatch(r"DE\d{9}", plain) or is_german_vat(plain[2:])


VAT = Pattern(
    "vat",
    "TAX_ID",
    re.compile(rf"(?<![\w-]){_VAT}(?![\w-])", re.VERBOSE),
    0.8,
    accept=lambda value: len(value) >= 10 and _plausible_vat(value),  # noqa: PLR2004 - RO12 alone is a postcode or an article
)

# a date, or a row of amounts from a table with a column for VAT
_NO_TAX_ID = re.compile(r"\d{1,2}[. ]\d{1,2}[. ]\d{4}|(?:[A-Z]{2,3} )?\d{1,6}\.\d\d(?: \d{1,6}\.\d\d?)+(?: \d{1,6})?")

TAX_BY_CONTEXT = Pattern(
    "tax_by_context",
    "TAX_ID",
    re.compile(
        r"""
        (?<![\w.-])
        (?: (?!(?:EIN|TIN|VAT|TAX|PAN|NIP|CPF|ABN|GST|NIF|CIF|NIE|NR|NO|ID)\b)           # labels in capitals are no country
            [A-Z]{2,3}[ .-]?[A-Z0-9](?:[ ./-]?\d){6,12}[A-Z]?(?:[ .]?(?:MWST|TVA|IVA))?  # country letters, then digits in groups
          | \d{2,3}[/ ]\d{3,4}[/ ]\d{4,5}                   # German Steuernummer 12/345/67890
          | \d{2}-\d{7}                                       # US employer identification number
          | \d(?:[ .]?\d){7,14}                              # eight and more digits in groups
          | [A-Z]{5}\d{4}[A-Z] | [A-Z]{6}\d\d[A-Z]\d\d[A-Z]\d{3}[A-Z]   # Indian PAN, Italian codice fiscale
          | [XYZ]?\d{7,8}-?[A-Z]                              # Spanish NIF and NIE
        )
        (?![\w-]|[.,]\d)
        """,
        re.VERBOSE,
    ),
    0.7,
    accept=lambda value: not _NO_TAX_ID.fullmatch(value),
    context=_TAX_WORDS,
)

ITIN = Pattern(
    "itin",
    "TAX_ID",
    re.compile(r"(?<![\w.-])9\d{2}-(?:5\d|6[0-5]|7\d|8[0-8]|9[0-24-9])-\d{4}(?![\w-])"),  # IRS: 9xx and these groups
    0.85,
)

UK_NINO = Pattern(
    "uk_nino",
    "TAX_ID",
    # HMRC NIM39110: letters that are never used, prefixes that are never given, suffix A-D
    re.compile(r"(?<![\w-])(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\s?\d{2}\s?\d{2}\s?\d{2}\s?[A-D](?![\w-])"),
    0.85,
)

TAX_PATTERNS = (VAT, TAX_BY_CONTEXT, ITIN, UK_NINO)
