"""Postal addresses: street with number, flats, boxes, postcode with town, and the lines of a postal block. Towns and countries are LOCATION.

No list of towns: a town is known by its postcode, by the street beside it or by the model (names.py).
"""

import re
from collections.abc import Iterator

from docmill.stages.privacy.hits import Hit
from docmill.stages.privacy.patterns.countries import COUNTRY
from docmill.stages.privacy.patterns.pattern import Pattern

_CAP_START = r"[A-ZÀ-ÞΑ-ΩА-ЯŠŽČĆĐŁŚŻŹŐŰİ]"
_SHORTENED = r"(?:(?<=\b\w)|(?<=\b\w\w)|(?<=\b\w\w\w)|(?<=\bProf))\."  # a dot behind a longer word ends a sentence
_CAP = rf"(?:{_CAP_START}(?:[\w'\u2019-]|\.(?=\w))*(?:{_SHORTENED})?)"  # a word that starts with a capital, of the scripts of Europe

_SUFFIX_WORDS = (
    r"Street|St|Road|Rd|Avenue|Ave|Av|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Square|Sq|Terrace|Tce|Crescent|Cres|Close|Way|Parkway|Pkwy|Highway|Hwy"
    r"|Circle|Cir|Trail|Trl|Crossroads?|Harbor|Junctions?|Mews|Row|Gardens?|Grove|Hill|Quay|Walk|Run|Loop|Pike|Alley|Ridge|Plaza|Route|Rte"
    r"|tee|utca|u|út|ut|útja|tér|tere|ter|körút|köz|rakpart|rkp|kapu|sor|fasor|sétány|tn|mnt|pst|katu|tie|gatan|gata|vej|veien|veg|väg|vägen|ulica|ul|trg|cesta|straat|laan|gade"
)
_PLAIN_SUFFIX = (
    r"(?i:street|road|avenue|boulevard|lane|drive|terrace|crescent|utca|út|útja|tér|tere|körút|gatan|vej|straat|katu|tie)"  # no other use
)
_GLUED_ENDINGS = (
    r"stra(?:ss|ß)e|str\.|gasse|weg|platz|allee|ring|damm|ufer|graben|berg|gürtel|zeile|straat|laan|kade|plein|dijk|singel|gracht|dreef|hof|water"
    r"|vej|veien|vegen|vei|gate|gata|gatan|gade|vägen|gränd|stræde|torg|torvet|alle|katu|tie|polku|kuja|kaari"
    r"|braut|stígur|vegur|stræti|götu|tún|gerði|utca|promenade"
)
_PREFIX_WORDS = (
    r"Rue|Avenue|Boulevard|Chemin|Place|Quai|Impasse|Allée|Via|Viale|Piazza|Corso|Vicolo|Largo|Calle|Avda\.?|Avenida|Av\.?|Plaza|Paseo|C/|Carrer|Ronda|Camino|Carretera"
    r"|Rua|R|Travessa|Praça|Estrada|Quinta|Ul\.?|Ulica|al\.|os\.|pl\.|\u0391\u03b3\.|\u039b\u03b5\u03c9\u03c6\.|\u0443\u043b\.|Jl\.?|Jalan|Lorong|Strada|Str\.|Bd\.|Calea|Cl\."
)
_LABEL = r"(?i:\w*(?:nummer|datum|number|date|invoice|rechnung|page|seite|phone|tel|fax|total)\b)"  # the next column, not the town
_LINKS = r"(?:de|da|do|dos|das|del|della|di|du|des|la|le|los|las|el|et|e|y|d')"
_NUMBER = r"\d{1,5}[ ]?[A-Za-z]?(?:[-/]\d{1,4}[A-Za-z]?)?(?!\w)"

_FLAGS = re.VERBOSE
STREET_FIRST_NUMBER = Pattern(  # 203 Kingswood Road
    "street_en",
    "ADDRESS",
    re.compile(
        rf"(?<![\w.,-])(?:\d{{1,6}}[ ])?{_NUMBER}[ ](?:{_CAP}[ ]){{1,4}}(?:{_SUFFIX_WORDS}|{_PLAIN_SUFFIX})\b\.?"
        r"(?:[ ](?:[NSEW]{1,2}|North|South|East|West)\b)?",
        _FLAGS,
    ),
    0.85,
)
STREET_GLUED = Pattern(  # Linzer Strasse 69, Kromwater 38, Auerstrasse 84
    "street_glued",
    "ADDRESS",
    re.compile(rf"(?<![\w.,-])(?:\d{{1,6}}[ ])?(?:{_CAP}[ ]){{0,2}}(?=\w)[\w'\u2019-]{{0,40}}(?i:{_GLUED_ENDINGS})[ ]{_NUMBER}", _FLAGS),
    0.85,
)
STREET_WORD_NUMBER = Pattern(  # Luige tee 10, Rákóczi út 67.
    "street_word",
    "ADDRESS",
    re.compile(rf"(?<![\w.,-])(?:\d{{1,6}}[ ])?(?:{_CAP}[ ]){{1,3}}(?:{_SUFFIX_WORDS}|{_PLAIN_SUFFIX})\.?[ ]{_NUMBER}\.?", _FLAGS),
    0.85,
)
STREET_PREFIX = Pattern(  # Via Zannoni 49, Rua Cidade de Maracajá 468, 12 Rue de la Paix
    "street_prefix",
    "ADDRESS",
    re.compile(
        rf"(?<![\w.,-])(?:\d{{1,6}}[ ])?(?:(?:{_PREFIX_WORDS})[ ](?:(?:{_CAP}|{_LINKS})[ ]){{1,5}}{_NUMBER}"
        rf"|{_NUMBER},?[ ](?i:rue|avenue|boulevard|chemin|place|quai|impasse|allée)[ ](?:(?:de|des|du|la|le|l'|d')[ ]?)*{_CAP}(?:[ -]{_CAP})*)",
        _FLAGS,
    ),
    0.85,
)
STREET_NAME = Pattern(  # the corner shop on Merrow Street: no number, a word that means nothing else
    "street_name",
    "ADDRESS",
    re.compile(
        rf"(?<![\w.,-])(?:(?:{_CAP}[ ]){{1,3}}(?:Street|Avenue|Road|Boulevard|Lane|Terrace|Crescent|ulica|utca|tänav)"
        rf"|{_CAP_START}[\w'\u2019-]{{2,40}}(?:stra(?:ss|ß)e|straat|gasse|gatan|gade|gracht|allee))\b(?![ ]?\d)",
        _FLAGS,
    ),
    0.6,
    accept=lambda value: not value.startswith(("The ", "This ", "Our ", "Your ", "My ", "Main Street and")),
)
_FLAT = (
    r"(?<!\w)(?i:(?:apt|apartment|suite|ste|unit|flat|room|rm|floor|psc|apartado|postfach)\b\.?|p\.?[ ]?o\.?[ ]?box|box)"
    r"[ ]?(?:\#[ ]?)?\d{1,6}[A-Za-z]?(?!\w)"
)
FLAT = Pattern("flat", "ADDRESS", re.compile(_FLAT), 0.8)  # Apt. 370, P.O. Box 12
MILITARY = Pattern(  # APO AP 96854
    "military_post",
    "ADDRESS",
    re.compile(r"(?<!\w)(?i:(?:[ADF]PO)[,]?\s(?:AA|AE|AP))\s\d{5}(?:-\d{4})?(?!\w)"),
    0.9,
)
CORNER = Pattern(  # the corner of Pachergasse 64 and Radolič Harbor
    "corner",
    "ADDRESS",
    re.compile(
        rf"(?i:(?:the[ ])?corner[ ]of)[ ](?:\d{{1,6}}[ ])?(?:[\w'\u2019.-]+[ ]){{1,6}}?(?i:and|&)[ ]{_CAP}(?:[ ]{_CAP}){{0,3}}", _FLAGS
    ),
    0.8,
)
US_TOWN = Pattern(  # Springfield, IL 62704: the town with its state, and the postcode
    "state_zip",
    "LOCATION",
    re.compile(rf"(?<!\w)(?:{_CAP}[ ]){{0,3}}{_CAP}[ ]?,[ ][A-Z]{{2}}(?=[ ]\d{{5}}(?:-\d{{4}})?(?!\w))", _FLAGS),
    0.85,
)
US_ZIP = Pattern("zip", "ADDRESS", re.compile(rf"(?<!\w){_CAP}[ ]?,[ ][A-Z]{{2}}[ ](?P<value>\d{{5}}(?:-\d{{4}})?)(?!\w)", _FLAGS), 0.85)
COUNTRY_NAME = Pattern("country", "LOCATION", re.compile(rf"(?<!\w){COUNTRY}(?!\w)"), 0.6)
UK_POSTCODE = Pattern(
    "uk_postcode",
    "ADDRESS",
    re.compile(r"(?<!\w)[A-Z]{1,2}\d[A-Z\d]?[ ]\d[ABD-HJLNP-UW-Z]{2}(?!\w)"),  # Royal Mail: outward and inward code
    0.85,
)

STREET_PATTERNS = (STREET_FIRST_NUMBER, STREET_GLUED, STREET_WORD_NUMBER, STREET_PREFIX, FLAT, MILITARY)

LABELLED_ADDRESS = Pattern(  # Address: Luige tee 10, Kehra
    "address_label",
    "ADDRESS",
    re.compile(
        r"(?:^|[\n|;>])[ \t]*(?i:(?:home|postal|mailing|street|billing|shipping|delivery|residential|current|permanent)?[ ]?address"
        r"|anschrift|adresse|wohnort|dirección|domicilio|indirizzo|endereço|adres)[ \t]*:[ \t]*\n?[ \t]*(?P<value>[^\n:]*\w[^\n:]*?)[ .]*(?=\n|$)",
    ),
    0.85,
    accept=lambda value: "@" not in value and "://" not in value,
)

_POSTCODE_TOWN = re.compile(  # 8248 Nemesvámos; what another column printed behind it is left alone
    rf"[>\s]*(?P<value>(?:[A-Z]{{1,2}}[- ])?\d{{3,6}}(?:[- ]\d{{2,4}})?[ ]{_CAP}"
    rf"(?:[ ](?:(?:{_LINKS}|a|am|an|im|in|ob|bei|sur|sous|upon|on)[ ])?(?!{_LABEL}){_CAP}){{0,3}})",
)
_TOWN_LINE = re.compile(
    rf"""
    [>\s]*
    (?: (?:[\w'\u2019().-]+[ ]){{1,4}}(?:[A-Z]{{2}}[ ])?\d{{4,6}}                              # Uganda 48288
      | ,[ ]?(?:[A-Z]{{2}}|\d{{1,3}})?[ ]?\d{{0,6}} | \d{{4,6}}                                      # , NI   61089
      | {_CAP}(?:[ ,/-]+[\w'\u2019().-]+){{0,3}}                                              # Höfn
    )[ ]?[.,]?[ ]?
    """,
    _FLAGS,
)
_WITH_POSTCODE = re.compile(r"(?<![\d-])(?:\d{5}-\d{4}|\d{4,6})(?![\d-])|^\W*\d{3}[ ]\w")
_LABELLED = re.compile(
    r"[>\s]*(?i:invoice|rechnung|order|bestell\w*|auftrag\w*|customer|kunden\w*|account|date|datum|ref|page|seite|po|no|nr)\b"
)
_LAST_LINE = re.compile(  # a country, or a town or country with its postcode; a sentence may go on behind it
    rf"[>\s]*(?P<value>(?:{COUNTRY}(?:[ ]\d{{4,6}})?|(?:{_CAP}[ ]){{1,3}}\d{{4,6}}))(?![\w-])"
)
_BLOCK_LINES = 4  # below a street there are at most flat, town, state, and country or postcode


class AddressTail:
    """What stands behind a street on its line: flat, town, state, postcode, country. `Ennisbraut 27, Reykjahlíð`."""

    type = "ADDRESS"
    _FLAT = rf"(?:{_FLAT})"
    _TOWN = rf"(?:\d{{4,6}}[ ])?{_CAP}(?:[ -]{_CAP}){{0,3}}(?:[ ]\([A-Z]\w+\))?(?:[ ]?,?[ ]\d{{4,6}}(?!\w))?"
    # behind a flat or a comma a capital is a town; right behind the street only when the line or the list ends there
    _NEXT = re.compile(
        rf"""
            [ ]?,?[ ]{_FLAT}
          | [ ]?,[ ]?{_TOWN}
          | [ ](?!{_LABEL}){_TOWN}(?=[ ]?,)
          | [ ](?:{_TOWN}[ ]\d{{4,6}}|\d{{4,6}}[ ]{_TOWN})(?!\w)
          | (?<=\d)[ ](?!{_LABEL}){_TOWN}(?=[ ][a-z]|[ ]?[,.]|$)
        """,
        re.MULTILINE | re.VERBOSE,
    )

    def find(self, text: str) -> Iterator[Hit]:
        """The rest of each street's line, and the lines below it."""
        for street in (hit for pattern in STREET_PATTERNS for hit in pattern.find(text)):
            end = street.end
            while tail := self._NEXT.match(text, end):
                start = end + len(tail[0]) - len(tail[0].lstrip(" ,"))
                yield from _parts(text, start, tail.end(), 0.7, "pattern:address_tail")
                end = tail.end()
            for start, stop in _lines_below(text, end):
                yield from _parts(text, start, stop, 0.75, "pattern:address_block")


class NumberedStreet:
    """`5638 Aasa 43`: a word between two numbers is a street only when an address goes on behind it. Invoice lines look the same."""

    type = "ADDRESS"
    _STREET = re.compile(rf"(?<![\w.,-])\d{{1,6}}[ ](?:{_CAP}[ ]){{1,3}}{_NUMBER}")
    _FLAT_NEXT = re.compile(rf"[ ,]{{1,2}}{_FLAT}")

    def find(self, text: str) -> Iterator[Hit]:
        """Such streets with a flat behind or a postcode below."""
        for street in self._STREET.finditer(text):
            end = street.end()
            below = _lines_below(text, end)
            if flat := self._FLAT_NEXT.match(text, end):
                end = flat.end()
            if flat or below:
                yield Hit(street.start(), end, self.type, 0.75, "pattern:numbered_street")
                for start, stop in below:
                    yield from _parts(text, start, stop, 0.75, "pattern:address_block")


_NUMBERED = re.compile(rf"{_FLAT}|(?<![^\W\d_])(?:[A-Z]{{1,2}}-)?\d[\w-]*(?:[ -]\d{{2,4}})?(?!\w)|\b[AFD]PO\b.*", _FLAGS)


def _parts(text: str, start: int, end: int, confidence: float, source: str) -> Iterator[Hit]:
    """Flat, box and postcode of an address's line as ADDRESS, what stands between them as LOCATION."""
    at = start
    for number in _NUMBERED.finditer(text, start, end):
        yield from _town(text, at, number.start(), confidence, source)
        yield Hit(*number.span(), "ADDRESS", confidence, source)
        at = number.end()
    yield from _town(text, at, end, confidence, source)


def _town(text: str, start: int, end: int, confidence: float, source: str) -> Iterator[Hit]:
    name = text[start:end].strip(" \t,.>\n")
    if any(c.isalpha() for c in name):
        at = text.index(name, start)
        yield Hit(at, at + len(name), "LOCATION", confidence, source)


def _lines_below(text: str, street_end: int) -> list[tuple[int, int]]:
    """Lines under a street line, but only if one of them ends the block with a postcode.

    Where another column follows the street on its line, only a town right below it counts.
    """
    at = text.find("\n", street_end)
    if at < 0:
        return []
    block: list[tuple[int, int]] = []
    for _ in range(1 if text[street_end:at].strip(" ,.") else _BLOCK_LINES):
        stop = text.find("\n", at + 1)
        stop = len(text) if stop < 0 else stop
        line = text[at + 1 : stop]
        if town := _POSTCODE_TOWN.match(line):
            return [*block, (at + 1 + town.start("value"), at + 1 + town.end())]
        if last := _LAST_LINE.match(line):
            return [*block, (at + 1 + last.start("value"), at + 1 + last.end())]
        if not line.strip() or _LABELLED.match(line) or not _TOWN_LINE.fullmatch(line):
            return []
        block.append((at + 1 + len(line) - len(line.lstrip(" >")), at + 1 + len(line.rstrip())))
        if _WITH_POSTCODE.search(line):
            return block
        at = stop
    return []


ADDRESS_PATTERNS = (
    *STREET_PATTERNS,
    STREET_NAME,
    CORNER,
    COUNTRY_NAME,
    US_TOWN,
    US_ZIP,
    UK_POSTCODE,
    LABELLED_ADDRESS,
    AddressTail(),
    NumberedStreet(),
)
