"""Languages. ISO 639-1 at every border; engines map to their own names.

Tesseract's names are ISO 639-2/T with its own additions (tessdata file names): https://github.com/tesseract-ocr/tessdata_fast
"""

from types import MappingProxyType

from docmill.errors import InvalidOptions

TESSERACT_NAMES: MappingProxyType[str, str] = MappingProxyType(
    {
        "ar": "ara", "bg": "bul", "cs": "ces", "da": "dan", "de": "deu", "el": "ell", "en": "eng", "es": "spa", "et": "est", "fi": "fin",
        "fr": "fra", "he": "heb", "hi": "hin", "hr": "hrv", "hu": "hun", "id": "ind", "it": "ita", "ja": "jpn", "ko": "kor", "lt": "lit",
        "lv": "lav", "ms": "msa", "nl": "nld", "no": "nor", "pl": "pol", "pt": "por", "ro": "ron", "ru": "rus", "sk": "slk", "sl": "slv",
        "sv": "swe", "th": "tha", "tr": "tur", "uk": "ukr", "vi": "vie", "zh": "chi_sim",
    },
)  # fmt: skip
"""ISO 639-1 -> Tesseract's language data name. Its keys are the languages docmill knows."""

_BY_ALIAS = {name: code for code, name in TESSERACT_NAMES.items()}


def language_code(name: str) -> str:
    """The ISO 639-1 code for a code or a three-letter alias (`eng` for `en`).

    Raises:
        InvalidOptions: the language is unknown; the message names the known ones.
    """
    folded = name.strip().lower()
    code = folded if folded in TESSERACT_NAMES else _BY_ALIAS.get(folded)
    if code is None:
        raise InvalidOptions(f"unknown language; known are {', '.join(sorted(TESSERACT_NAMES))}")
    return code
