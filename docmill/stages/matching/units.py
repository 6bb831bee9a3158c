"""Units of measure: words and codes to UN/ECE Recommendation 20 codes, and the factor between two units of one dimension."""

from decimal import Decimal
from types import MappingProxyType

_UNITS: tuple[tuple[str, str, str, str], ...] = (
    # code, dimension, how many of the dimension's first unit, words
    (
        "C62",
        "count",
        "1",
        "h87 ea each pc pcs pce piece pieces unit units item items one stk stck stuck stueck st x pz pieza piezas un nr no qty",
    ),
    ("PR", "count", "2", "pair pairs paar paire"),
    ("DZN", "count", "12", "dozen doz dutzend dzd douzaine"),
    ("CEN", "count", "100", "hundred hundert"),
    ("MIL", "count", "1000", "thousand tausend tsd mille"),
    ("SET", "set", "1", "set sets satz kit kits"),
    ("XPK", "pack", "1", "pk pa pack packs package packages packung pkg pak paket paquet"),
    ("XBX", "box", "1", "bx box boxes karton kartons carton cartons ctn kiste schachtel"),
    ("XRO", "roll", "1", "ro roll rolls rolle rollen rouleau"),
    ("XPX", "pallet", "1", "pallet pallets palette paletten"),
    ("LS", "lump", "1", "lump flat pauschal pauschale psch forfait"),
    ("GRM", "mass", "0.001", "g gr gram grams gramm gramme"),
    ("KGM", "mass", "1", "kg kilo kilogram kilograms kilogramm"),
    ("TNE", "mass", "1000", "t to ton tonne tonnes tons tonnen"),
    ("MLT", "volume", "0.001", "ml millilitre milliliter"),
    ("LTR", "volume", "1", "l lt ltr litre litres liter liters"),
    ("MTQ", "volume", "1000", "m3 cbm"),
    ("MMT", "length", "0.001", "mm"),
    ("CMT", "length", "0.01", "cm"),
    ("MTR", "length", "1", "m meter meters metre metres lfm lfdm"),
    ("KMT", "length", "1000", "km"),
    ("MTK", "area", "1", "m2 qm sqm"),
    ("MIN", "time", "0.0166666666666666666666666667", "min minute minutes minuten"),
    ("HUR", "time", "1", "h hr hrs hour hours std stunde stunden heure heures uur"),
    ("DAY", "day", "1", "d day days tag tage pt jour jours dag dagen"),
    ("MON", "month", "1", "month months monat monate mois maand"),
    ("ANN", "year", "1", "year years jahr jahre an jaar"),
)
"""A working day has no agreed number of hours, a pack none of pieces: such units have a dimension of their own."""

_BY_WORD: MappingProxyType[str, tuple[str, Decimal]] = MappingProxyType(
    {word: (dimension, Decimal(factor)) for code, dimension, factor, words in _UNITS for word in (code.casefold(), *words.split())}
)


def _known(unit: str) -> tuple[str, Decimal] | None:
    bare = "".join(c for c in unit.casefold().replace("ü", "u").replace("²", "2").replace("³", "3") if c.isalnum())
    return _BY_WORD.get(bare)


def unit_factor(unit: str, wanted: str) -> Decimal | None:
    """How many `wanted` are in one `unit`; None when they do not measure the same, or one of them is unknown and they are not the same word."""
    if unit.strip().casefold() == wanted.strip().casefold():
        return Decimal(1)
    mine, other = _known(unit), _known(wanted)
    if mine is None or other is None or mine[0] != other[0]:
        return None
    return Decimal(1) if mine == other else mine[1] / other[1]
