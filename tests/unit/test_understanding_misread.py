"""What an engine misreads on slips: labels one letter off, letters in dates, glued times, register numbers; and what it does to confidence."""

import re

import pytest

from docmill.stages.understanding import kind_evidence, labels, labels_dates, labels_sums
from docmill.stages.understanding.document import understand_pages
from docmill.stages.understanding.misread import mended, mended_inside
from docmill.values.page import Line, Page
from tests.unit.understanding_pages import page

RECEIPT = """
NADI PRESTIGE SDN BHD
(1198447-X)
LOT 16, GROUND FLOOR,
JALAN PJS 11/15, 47500 PETALING JAYA
TEL: 03-91321611
TAX INVOICE
Date: 22/02/2018 13:34
Slice          26.00
Double         13.00
Grand Total    39.00
Cash           50.00
Change         11.00
"""


def _read(text: str, *, confidence: float = 1.0, words: dict[str, float] | None = None) -> Page:
    drawn = page(text, confidence=confidence)
    lines = tuple(
        Line(words=tuple(w.model_copy(update={"confidence": (words or {}).get(w.text, w.confidence)}) for w in line.words))
        for line in drawn.lines
    )
    return drawn.model_copy(update={"source": "rapidocr", "lines": lines})


def _found(read: Page) -> dict[str, tuple[str | None, float]]:
    return {f.name: (f.value, f.evidence.confidence) for f in understand_pages([read], "receipt").fields}


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        ("involce no.", "invoice no."),
        ("t0tal 5.00", "total 5.00"),
        ("fotal sales indl. of gst", "total sales incl. of gst"),
        ("cashler: 25/o3/2o18", "cashier: 25/03/2018"),
        ("l5/03/2018", "15/03/2018"),
        ("hotel local motel", "hotel local motel"),
        ("co/op/il", "co/op/il"),
        ("excl. inkl. exkl.", "excl. inkl. exkl."),
        ("bil/ol/solo", "bil/ol/solo"),
    ],
)
def test_one_wrong_letter_is_mended_and_nothing_moves(read: str, meant: str) -> None:
    assert mended(read) == meant
    assert len(mended(read)) == len(read)


def test_no_word_of_any_label_is_taken_for_another() -> None:
    tables = [v for m in (labels, labels_sums, labels_dates) for v in vars(m).values() if isinstance(v, tuple) and v]
    patterns = [one.pattern.pattern for table in tables for one in table if isinstance(one, labels.Label)]
    patterns += [re.sub(r"\\[a-z]", " ", rule.pattern.pattern) for rule in kind_evidence.KIND_RULES]
    words = {word for pattern in patterns for word in re.findall(r"[a-zäöüß]{4,}", pattern)}
    assert len(words) > 400
    assert [word for word in words if mended(word) != word] == []


@pytest.mark.parametrize(
    "printed",
    [
        "22/02/2018 13:34",
        "22/02/201813:34:14",
        "22/O2/2018",
        "2018/02/2213:34:14",
        "2018-02-22 13:34",
        "22-02-18",
        "[22/02/18]",
        "22/02/20188:07 PM",
        "22022018",
        "22 022018",
    ],
)
def test_dates_as_engines_read_them(printed: str) -> None:
    assert _found(_read(RECEIPT.replace("22/02/2018 13:34", printed)))["issue_date"][0] == "2018-02-22"


def test_a_misread_label_still_finds_its_sum() -> None:
    text = "SHOP ENTERPRISE\n1, JALAN SATU,\n81100 JOHOR\nInvolce 17\nTotal Excl. of GST   139.62\nTotal Indl. of GST   148.00\nPayment  150.00"
    assert _found(_read(text))["total"][0] == "148.00"


def test_figures_without_separators_are_the_last_resort() -> None:
    both = _found(_read(RECEIPT.replace("Date: 22/02/2018 13:34", "No 22022018\n23/02/2018")))
    assert both["issue_date"][0] == "2018-02-23"
    alone = _read(RECEIPT.replace("Date: 22/02/2018 13:34", "22022018"))
    assert _found(alone)["issue_date"] == ("2018-02-22", 0.4)
    printed = alone.model_copy(update={"source": "text_layer"})
    assert "issue_date" not in {f.name for f in understand_pages([printed], "receipt").fields}


def test_text_layers_are_never_mended() -> None:
    drawn = page(RECEIPT.replace("22/02/2018 13:34", "22/O2/2018"))
    assert "issue_date" not in {f.name for f in understand_pages([drawn], "receipt").fields}


@pytest.mark.parametrize(
    ("head", "name", "address"),
    [
        (
            "FOUR WINDS SDN BHD (1U79369-P)\nNO.12 JLN SATU\n47400 SELANGOR\nGST NO: 1",
            "FOUR WINDS SDN BHD",
            "NO.12 JLN SATU, 47400 SELANGOR",
        ),
        (
            "FOUR WINDS SDN BHD\uff081079369-P\uff09\nNO.12 JLN SATU\n47400 SELANGOR\nGST NO: 1",
            "FOUR WINDS SDN BHD",
            "NO.12 JLN SATU, 47400 SELANGOR",
        ),
        ("A02045\nGOOD ROPES P)\nNO.1 JALAN DUA\n44300 BATU\nTEL: 1", "GOOD ROPES", "NO.1 JALAN DUA, 44300 BATU"),
        ("GOOD CATERING\n19 & 19A, JÀLAN DUA,\n44300 BATU\nTEL: 1", "GOOD CATERING", "19 & 19A, JALAN DUA, 44300 BATU"),
        ("FOURWINDSSDN BHD\n19, JALAN DUA,\n44300 BATU\nTEL: 1", "FOURWINDSSDN BHD", "19, JALAN DUA, 44300 BATU"),
    ],
)
def test_heads_as_engines_read_them(head: str, name: str, address: str) -> None:
    found = _found(_read(f"{head}\nTotal  5.00\nCash 5.00"))
    assert (found["vendor_name"][0], found["vendor_address"][0]) == (name, address)


def test_well_read_and_proven_fields_are_sure() -> None:
    found = _found(_read(RECEIPT))
    assert {name for name, (_, sure) in found.items() if sure >= 0.95} >= {"vendor_name", "vendor_address", "issue_date", "total"}


def test_one_ill_read_word_makes_a_text_doubtful_and_leaves_a_proven_total_sure() -> None:
    found = _found(_read(RECEIPT, words={"PRESTIGE": 0.8, "GROUND": 0.8, "39.00": 0.8}))
    assert found["vendor_name"][1] < 0.75
    assert found["vendor_address"][1] < 0.75
    assert found["total"][1] >= 0.95
    unproven = _found(_read(RECEIPT.replace("Cash           50.00\nChange         11.00", ""), words={"39.00": 0.8}))
    assert unproven["total"][1] < 0.9


@pytest.mark.parametrize(
    ("read", "right"),
    [
        ("Taste Of The WorId", "Taste Of The World"),
        ("Sa1on Kilang", "Salon Kilang"),
        ("B0utique", "B0utique"),  # a capital before it: it may be a code
        ("Shah Alam, 4380O Selangor, 81O00 Johor", "Shah Alam, 43800 Selangor, 81000 Johor"),
        ("McIntosh & Ivy, Unit1, Lot 12O", "McIntosh & Ivy, Unit1, Lot 12O"),
        ("K0TA DAMANSARA, PJU 1A/4", "K0TA DAMANSARA, PJU 1A/4"),
        ("KOTA0BARU", "KOTAOBARU"),
    ],
)
def test_letters_and_figures_are_mended_inside_words_and_postal_codes_alone(read, right):
    assert mended_inside(read) == right
