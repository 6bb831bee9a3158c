"""Fills the slots of a template with invented values. Names and words are made of syllables, so that no model learns them."""

import random

_SYLLABLES = (
    "ba",
    "dor",
    "fel",
    "gan",
    "hil",
    "jor",
    "kem",
    "lun",
    "mar",
    "nos",
    "pel",
    "quin",
    "ras",
    "sol",
    "tam",
    "ul",
    "ver",
    "wes",
    "yor",
    "zan",
)
_FORMS = {"en": ("Ltd", "Inc.", "LLC", "plc", "Sdn Bhd"), "de": ("GmbH", "AG", "e.K.", "KG"), "fr": ("SARL", "SAS", "SA", "EURL")}
_STREETS = {"en": "{n} {w} Street", "de": "{w}straße {n}", "fr": "{n} rue {w}"}
_MONTHS = {
    "en": ("January", "March", "May", "July", "Oct", "Dec"),
    "de": ("Januar", "März", "Mai", "Juli", "Oktober", "Dezember"),
    "fr": ("janvier", "mars", "mai", "juillet", "octobre", "décembre"),
}


class Filling:
    """Invented values of one page in one language."""

    def __init__(self, chance: random.Random, language: str) -> None:
        self._chance, self._language = chance, language

    def fill(self, template: str) -> str:
        """The template with a new value in each slot, as {d} for a date."""
        text = template
        for slot, value in (
            ("{d}", self._date), ("{a}", self._amount), ("{n}", self._number), ("{q}", self._quantity),
            ("{p}", self._person), ("{c}", self._company),
            ("{s}", self._street), ("{t}", self._town), ("{w}", self._word), ("{h}", self._time), ("{m}", self._month),
            ("{e}", self._address), ("{u}", self._upper),
        ):  # fmt: skip
            while slot in text:
                text = text.replace(slot, value(), 1)
        return text

    def _word(self) -> str:
        return "".join(self._chance.choices(_SYLLABLES, k=3))

    def _upper(self) -> str:
        return self._word().upper()

    def _person(self) -> str:
        return f"{self._word().title()} {self._word().title()}"

    def _company(self) -> str:
        return f"{self._word().title()} {self._word().title()} {self._chance.choice(_FORMS[self._language])}"

    def _street(self) -> str:
        return _STREETS[self._language].replace("{w}", self._word().title()).replace("{n}", str(self._chance.randint(1, 199)))

    def _town(self) -> str:
        return f"{self._chance.randint(10000, 99999)} {self._word().title()}"

    def _number(self) -> str:
        return self._chance.choice(("", "AB-", "20", "X")) + str(self._chance.randint(1000, 9999999))

    def _quantity(self) -> str:
        return str(self._chance.randint(1, 60))

    def _amount(self) -> str:
        figures = f"{self._chance.randint(1, 9999)},{self._chance.randint(0, 99):02d}"
        return figures if self._language != "en" else figures.replace(",", ".")

    def _date(self) -> str:
        day, month, year = self._chance.randint(1, 28), self._chance.randint(1, 12), self._chance.randint(2009, 2027)
        style = self._chance.randint(0, 3)
        named = f"{day}. {self._chance.choice(_MONTHS[self._language])} {year}"
        return (f"{day:02d}/{month:02d}/{year}", f"{day:02d}.{month:02d}.{year}", f"{year}-{month:02d}-{day:02d}", named)[style]

    def _month(self) -> str:
        return f"{self._chance.randint(1, 12):02d}/{self._chance.randint(1, 28):02d}"

    def _time(self) -> str:
        return f"{self._chance.randint(0, 23):02d}:{self._chance.randint(0, 59):02d}"

    def _address(self) -> str:
        return f"{self._word()}@{self._word()}.example"
