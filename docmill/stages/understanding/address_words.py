"""What a line of a letterhead is: a name, part of an address, a way to get in touch, a number of a register. Patterns as data and their use."""

import re
from enum import StrEnum


class LineRole(StrEnum):
    """What a line at the head of a paper says."""

    NAME = "name"
    ADDRESS = "address"
    PLACE = "place"
    CONTACT = "contact"
    REGISTER = "register"
    STOP = "stop"
    NOISE = "noise"


_REGISTER = re.compile(
    r"(?:\b(?:gst|sst|vat|ust|steuer|btw|tva|siret|siren|kvk|hrb|hra|abn|ein|roc|brn|br|gln|iln)\b"
    r"|(?:co(?:mpany)?\.?|business|tax)\.? ?(?:reg|no\b|id\b)|\breg(?:istration)?\.? ?no|"
    r"^\W*(?:[a-z]{0,3}\d{6,}-? ?[a-z]{1,2}|\d{6,}[a-z]?)\W*$|^\W*id\b|^\W*site\b[ :#]*\d*$)"
)
_CONTACT = re.compile(
    r"\b(?:tel|fax|phone|telephone|fon|telefon|hotline|e-?mail|whatsapp|hp|h/p|mobile|www|http)\b"
    r"|\w@\w|\.com\b|\.(?:de|nl|fr|my)\b|^\W*(?:\+|\(0|0)\d[\d ()/.-]{6,}$"
)
_STOP = re.compile(
    r"\b(?:invoice|receipt|rechnung|facture|factuur|fattura|bill|date|datum|cashier|slip|table|order"
    r"|qty|item|customer|guest|member|welcome|thank|goods sold|cash sale|document|ticket|station"
    r"|server|pax|"
    r"counter|operator|prepay|chit|trn|transaction|statement|reservation|salesperson|time|terminal"
    r"|tax|copy|original|quittung|gutschrift|lieferschein|angebot|bestellung|devis|seite|page|machine"
    r"|pos no)\b"
    r"|^\W*cash\W*$|\bcash (?:bill|receipt)"
)
_STATES = (
    r"selangor|johor|kuala lumpur|k\.?l\.?|penang|pulau pinang|perak|melaka|malacca|pahang|kelantan"
    r"|terengganu|sabah|sarawak|negeri sembilan|kedah|perlis|putrajaya|labuan|malaysia|wilayah"
    r"|persekutuan|"
    r"darul ehsan|darul|d\.e\.?|singapore|germany|deutschland|france|nederland|belgi[eë]|switzerland"
    r"|schweiz|austria|[oö]sterreich|uk|united kingdom|usa"
)
_PLACES = re.compile(rf"\b(?:cheras|ampang|bandar|bdr|medan|{_STATES})\b")
"""Places alone don't begin an address: they stand in names of shops too."""

_STREETS = re.compile(
    r"\b(?:jalan|jln|jl|lot|lorong|lrg|taman|tmn|kawasan|plaza|level|floor|tingkat|blok|block|unit"
    r"|street|road|avenue|ave|lane|boulevard|persiaran|pusat|seksyen|section|sek|kampung|kg|mukim"
    r"|menara|wisma|kompleks|"
    r"complex|mall|batu \d|km \d|perindustrian|g/f|lgf|suite|p\.?o\.? ?box|postfach|rue|av\.|place"
    r"|quai|chemin|autoroute|desa|lebuh|dataran|off jalan|shopping cent\w+)\b"
    r"|\w{3,}(?:stra(?:ß|ss)e|str\.|weg|platz|gasse|allee|straat|laan|plein|gracht|kade|ufer)\b"
    r"|\w{3,}ring\b(?=\.? ?\d)"
    r"|\bno\.? ?:? ?\d|^\W*(?:no\.?|lot)\W{0,2}\w{1,3}[-.]?\w?-?\d"
    r"|^\W*[a-z]{0,2}\d+[a-z]?(?:-\w+)*(?: ?& ?\d+[a-z]?)?[,/]|^\W*[a-z]{1,2}\d?-\d+"
)
_PREFIX = re.compile(r"^\W*(?:(?:hq|head office|mailing|company) )?add(?:ress)?\W*[:.] ?", re.IGNORECASE)

POSTCODE = re.compile(
    r"(?<![\w-])(?:(?:[A-Z]{1,2}-? ?)?\d{5}|\d{4} ?[A-Z]{2}|(?:[A-Z]{1,2}-? ?)?\d{4}(?= [A-ZÄÖÜ])"
    r"|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2})(?![\w-])"
)
PLACE_LINE = re.compile(
    r"^(?:(?:(?:[A-Z]{1,2}|[a-z])-? ?)?\d{4,5},? [A-ZÄÖÜ][^\W\d][\w.'\u2019() /-]{1,40}"
    r"|\d{4} ?[A-Z]{2},? [A-Z][\w.' -]{1,40}|[A-Z][\w.' -]{2,30},? [A-Z]{2} \d{5}(?:-\d{4})?"
    r"|(?:[\w.' -]{2,30},? )?[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}),?\.?$"
)
"""A whole line of postal code and place."""

_LONE_FORM = re.compile(
    r"^\W*(?:sdn\.? ?bhd|bhd|s/b|trading|enterprise|gmbh|ltd|limited|inc|bv|b\.v\.|sarl|sas"
    r"|\(m\) sdn\.? ?bhd|marketing|group|m\) sdn bhd)\.?\W*$"
)
_CODE = re.compile(r"^\W*[A-Z]{1,2}\d{4,6}\W*$")
"""A till's or a form's code; a postal code has a place beside it or a hyphen behind its country."""

_LEAST_LETTERS = 3


def line_role(text: str) -> LineRole:
    """What one line of a letterhead is."""
    low = text.lower()
    if _CODE.match(text) or (sum(c.isalpha() for c in low) < _LEAST_LETTERS and not POSTCODE.search(text)):
        return (
            LineRole.CONTACT if re.fullmatch(r"[\d ()/.+-]{8,}", low) else LineRole.REGISTER if re.search(r"\d{4}", low) else LineRole.NOISE
        )
    if _CONTACT.search(low):
        return LineRole.CONTACT
    if _REGISTER.search(low):
        return LineRole.REGISTER
    if _STOP.search(low):
        return LineRole.STOP
    if _STREETS.search(low) or PLACE_LINE.match(text) or POSTCODE.search(text):
        return LineRole.ADDRESS
    return LineRole.PLACE if _PLACES.search(low) else LineRole.NAME


def without_prefix(text: str) -> str:
    """An address line without the word `address` before it."""
    return _PREFIX.sub("", text)


def is_lone_form(text: str) -> bool:
    """Whether a line is nothing but a legal form or a trade: the rest of a name that began above."""
    return bool(_LONE_FORM.match(text.lower()))
