"""Words of lines and names: how alike two are, and whether a line is freight or a discount. RapidFuzz stays behind this module."""

import re
import unicodedata

FREIGHT, DISCOUNT, GOODS = "freight", "discount", "goods"

_FREIGHT = re.compile(
    r"\b(?:freight|shipping|carriage|postage|delivery (?:charge|cost|fee)s?|handling|packaging|packing|fracht\w*|versand\w*|porto|"
    r"lieferkosten|transport(?:kosten)?|verpackung\w*|frais de port|port et emballage|verzendkosten|gastos de env[ií]o|spedizione)\b"
)
_DISCOUNT = re.compile(
    r"\b(?:discount|rebate|allowance|\w*rabatt|nachlass|preisnachlass|skonto|remise|ristourne|korting|descuento|sconto)\b"
)
_LEGAL = re.compile(
    r"\b(?:gmbh|mbh|ag|kg|ohg|gbr|ug|se|e ?k|ltd|limited|llc|llp|inc|incorporated|corp|corporation|co|company|plc|pty|pte|sdn|bhd|"
    r"s ?a|s ?a ?s|s ?a ?r ?l|sarl|sas|bv|b ?v|nv|n ?v|s ?p ?a|spa|srl|s ?r ?l|oy|ab|a ?s|aps|und|and|et|en)\b"
)
_WORD = re.compile(r"\w+")
_OTHER_CODES = 0.7
"""Two descriptions whose words with figures differ (A7x and A5x) are other products, however alike the rest is."""


def plain(text: str) -> str:
    """Lower case words without accents and punctuation."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("ß", "ss"))
    return " ".join(_WORD.findall("".join(c for c in decomposed if not unicodedata.combining(c))))


def sort_of(description: str | None) -> str:
    """freight, discount or goods."""
    words = plain(description or "")
    if _DISCOUNT.search(words):
        return DISCOUNT
    return FREIGHT if _FREIGHT.search(words) and len(words.split()) <= 6 else GOODS  # noqa: PLR2004 - a longer text describes goods


def likeness(left: str, right: str) -> float:
    """How alike two descriptions are, 0-1; words may stand in another order."""
    from rapidfuzz import fuzz  # noqa: PLC0415 - native code, only where something is matched

    one, other = plain(left), plain(right)
    if not one or not other:
        return 0.0
    if one == other:
        return 1.0
    score = max(fuzz.ratio(one, other), fuzz.token_sort_ratio(one, other)) / 100
    codes, others = _codes(one), _codes(other)
    return score * _OTHER_CODES if codes and others and codes != others else score


def name_likeness(left: str, right: str) -> float:
    """How alike two firms' names are, 0-1, without their legal forms."""
    from rapidfuzz import fuzz  # noqa: PLC0415 - as above

    one, other = _bare_name(left), _bare_name(right)
    return fuzz.token_sort_ratio(one, other) / 100 if one and other else 0.0


def _codes(words: str) -> set[str]:
    return {word for word in words.split() if any(c.isdigit() for c in word)}


def _bare_name(name: str) -> str:
    words = plain(name.replace(".", ""))
    return " ".join(_LEGAL.sub(" ", words).split()) or words
