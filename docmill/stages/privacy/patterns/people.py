"""Names that the text itself announces, in any language: behind a label, a title or a salutation, under a closing, above a street.

The model (names.py) knows names by sentence; letters and forms have few sentences.
"""

import re
from collections.abc import Iterator

from docmill.stages.privacy.hits import Hit
from docmill.stages.privacy.patterns.address import STREET_PATTERNS
from docmill.stages.privacy.patterns.pattern import Pattern

_NO_NAME = r"(?!(?:Suite|Apt|Unit|Flat|Box|Address|Phone|Tel|Street)\b)"
_DOTTED = r"(?:(?:[^\W\d_]|Jr|Sr|Ste?|Ph|Chr|Th|Wm|Dipl|Ing|Mag|Hon)\.(?:-Ing\.)?)"  # any other dot ends a sentence, and the name with it
_PART = rf"(?:{_NO_NAME}(?:{_DOTTED}|[^\W\d_](?:[^\W\d_]|['\u2019.-](?=[^\W\d_]))*))"  # one part of a name, any script
_CAP_PART = rf"(?:(?=[^\W\d_a-zß-öø-ÿ]){_PART})"
_LINKS = r"(?:van|von|de|der|den|del|della|di|da|dos|du|la|le|bin|al|el|y|zu|af|ter)"
_NAME = rf"{_CAP_PART}(?:[ ](?:{_LINKS}[ ]){{0,2}}{_CAP_PART}){{0,3}}"

_TITLES = r"Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Sir|Madam|Rev|Herrn?|Frau|Hr|Fr|Monsieur|Madame|Mlle|Mme|M|Sr|Sra|Señora?|Sig|Signora?|Dhr|Mevr|Pan|Pani"
_NOT_ADDRESSED = frozenset(
    {
        "sir",
        "sirs",
        "madam",
        "all",
        "team",
        "customer",
        "customers",
        "colleague",
        "colleagues",
        "friend",
        "friends",
        "valued",
        "hiring",
        "there",
        "everyone",
        "damen",
        "kunde",
        "world",
    }
)
_IS_COMPANY = re.compile(
    r"\b(?:inc|ltd|llc|llp|corp|corporation|company|co|gmbh|ag|kg|ohg|se|sa|sarl|srl|spa|bv|nv|oy|ab|as|plc|group|bank|university|agency|department)\b\.?",
    re.IGNORECASE,
)
_IS_OFFICE = re.compile(
    r"\b(?:customer|care|service|support|team|sales|department|office|accounts|billing|management|human|resources)\b", re.IGNORECASE
)


def _is_person(value: str) -> bool:
    return bool(re.search(r"[^\W\d_]{2}", value)) and not _IS_COMPANY.search(value)


LABELLED = Pattern(
    "name_label",
    "PERSON",
    re.compile(
        rf"""
        (?:^|[\n|;,(>])[ \t]*
        (?i: (?:full|first|last|family|given|middle|sur|customer|client|patient|employee|applicant|contact|guarantor|tenant|insured|beneficiary)?
             [ ]?name(?:\s+of\s+\w+)?
           | (?:account|card)\s?holder(?:'s[ ]name)?|surname|forename|attn|attention|c/o|applicant|employee|signed(?:\s+by)?|sender|recipient
           | from|to|bill\s+to|ship\s+to|sold\s+to
           | nachname|vorname|familienname|kontoinhaber|patient(?:in)?|nom|prénom|nombre|apellidos?|nome|cognome|naam )
        [ \t]*[:.][ \t]*\n?[ \t]*
        (?P<value>{_PART}(?:[ ]{_PART}){{0,4}})
        (?=\.?[ ]*(?:$|[\n,;|(<]|\d|[^\W\d_]+\s?:)|\.\s)
        """,
        re.VERBOSE | re.MULTILINE,
    ),
    0.85,
    accept=_is_person,
)
TITLED = Pattern("name_title", "PERSON", re.compile(rf"(?<!\w)(?:(?:{_TITLES})\.?[ ])+(?P<value>{_NAME})"), 0.85)
SALUTED = Pattern(
    "salutation",
    "PERSON",
    re.compile(
        rf"""
        (?<!\w)(?i:dear|hello|hi|hey|sehr\s+geehrter?|liebe[rs]?|hallo|cher|chère|bonjour|estimad[oa]|querid[oa]|gentile|caro|cara|beste|geachte)[ ]
        (?:(?:{_TITLES})\.?[ ])*
        (?P<value>{_NAME})
        (?=\.?[ ]?(?:[,!:\n]|$))
        """,
        re.VERBOSE,
    ),
    0.85,
    accept=lambda value: value.casefold().split()[0] not in _NOT_ADDRESSED,
)
_CLOSINGS = (
    r"regards|sincerely|faithfully|truly|best\s+wishes|cheers|thanks|mit\s+freundlichen\s+grüßen|salutations|cordialement|saludos|saluti"
)
CLOSED = Pattern(
    "closing",
    "PERSON",
    re.compile(rf"(?i:{_CLOSINGS})[ ]?,?\n+(?P<value>{_NAME})(?=\.?[ ]?(?:\n|$))"),
    0.7,
    accept=lambda value: " " in value and not _IS_OFFICE.search(value),
)


class AboveStreet:
    """The line above a street is who lives there: two to five words without digits, no company."""

    type = "PERSON"
    _LINE = re.compile(rf"[>\s]*(?:(?:{_TITLES})\.?[ ])?(?P<value>{_CAP_PART}(?:[ ]{_PART}){{1,4}})\.?\s*")

    def find(self, text: str) -> Iterator[Hit]:
        """Names above the first street line of a block."""
        streets = (hit.start for pattern in STREET_PATTERNS for hit in pattern.find(text))
        for start in {text.rfind("\n", 0, at) + 1 for at in streets if not text[text.rfind("\n", 0, at) + 1 : at].strip(" >")}:
            if start:
                above = text.rfind("\n", 0, start - 1) + 1
                line = self._LINE.fullmatch(text, above, start)
                if line and not _IS_COMPANY.search(line["value"]) and not _IS_OFFICE.search(line["value"]):
                    yield Hit(*line.span("value"), self.type, 0.7, "pattern:above_street")


TITLE = Pattern("title", "TITLE", re.compile(rf"(?<!\w)(?:{_TITLES})\.?(?=[ ]{_CAP_PART})"), 0.8)

PEOPLE_PATTERNS = (LABELLED, TITLED, SALUTED, CLOSED, AboveStreet(), TITLE)
