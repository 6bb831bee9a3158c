"""Words as an engine misread them, mended for looking things up: `Involce`, `T0tal`, `25/O3/2018`. Offsets stay, and what is shown stays as read.

Belongs here: one-letter mistakes in words that labels are made of, letters for figures in dates, and inside words and postal codes of names and
addresses. Values are never mended beyond that.
"""

import re
from types import MappingProxyType
from typing import Final

BORN_DIGITAL = frozenset({"text_layer", "plain_text", "none"})
"""Sources whose words are right: they are not mended."""

_LABEL_WORDS: Final = re.findall(
    r"\w+",
    "account address adjustment amount balance cashier change customer delivery discount document exclusive gross incl excl inkl exkl inclusive"
    " invoice number order payable payment purchase quantity receipt rounding sales service subtotal summary tendered terminal"
    " total totals rechnung rechnungsnummer rechnungsdatum datum summe gesamt gesamtbetrag zwischensumme betrag netto brutto"
    " kundennummer lieferschein lieferdatum zahlbar umsatzsteuer mehrwertsteuer steuernummer facture montant numero commande"
    " bedrag factuur factura fattura nummer orden somme totaal totale",
)
_PATTERNS: MappingProxyType[str, str] = MappingProxyType(
    {f"{word[:i]}?{word[i + 1 :]}": word for word in reversed(_LABEL_WORDS) for i in range(len(word))},
)
_KNOWN = frozenset(_LABEL_WORDS) | frozenset({"chance", "charge", "betray", "totem", "nette", "brutta", "cents", "motel"})
"""Right as they are: the label words, and others one letter away from one of them."""

_WORD = re.compile(r"[^\W_]{4,}")
_LETTER_FOR_FIGURE = str.maketrans("oilsb|", "011581")
_NEARLY_DATE = re.compile(r"(?<![^\W\d_])[\doil|]{1,2}(?P<s>[./-])[\doil|]{1,2}(?P=s)(?:[2z][o0]|)[\doil|]{2}(?![^\W\d_])")
_INNER_LETTERS: Final = (
    (re.compile(r"(?<=[abd-zà-ÿ])[I1|](?=[a-zà-ÿ])"), "l"),  # not behind c: McIntosh
    (re.compile(r"(?<=[a-zà-ÿ])0(?=[a-zà-ÿ])"), "o"),
    (re.compile(r"(?<=[A-Z]{2})0(?=[A-Z])"), "O"),
    (re.compile(r"(?<=\b\d{2})[Oo](?=\d{2}\b)|(?<=\b\d{3})[Oo](?=\d\b)|(?<=\b\d{4})[Oo]\b"), "0"),
)
"""What stands inside a word is no figure, and what stands inside a number of five figures, as postal codes are, no letter."""


def mended_inside(text: str) -> str:
    """Names and addresses with letters in place of figures between small letters and the other way round: `WorId`, `4380O`."""
    for pattern, right in _INNER_LETTERS:
        text = pattern.sub(right, text)
    return text


def mended(text: str) -> str:
    """Lower-case text of the same length in which misread label words are right: one letter of a known word may be wrong."""
    return _NEARLY_DATE.sub(_figures, _WORD.sub(_mended_word, text))


def _mended_word(match: re.Match[str]) -> str:
    word = match[0]
    if word in _KNOWN:
        return word
    return next((right for i in range(len(word)) if (right := _PATTERNS.get(f"{word[:i]}?{word[i + 1 :]}"))), word)


def _figures(match: re.Match[str]) -> str:
    figures = match[0].replace("z", "2").translate(_LETTER_FOR_FIGURE)
    return figures if sum(c.isdigit() for c in match[0]) > len(match[0]) / 3 else match[0]
