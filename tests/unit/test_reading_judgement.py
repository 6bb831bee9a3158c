"""Which text layers are worth reading."""

import pytest

from docmill.stages.reading.judgement import garbage_reason, judge_text_layer
from docmill.stages.reading.layout import DirectedWord
from docmill.stages.reading.text_layer import TextLayer
from docmill.values.geometry import Box

ENGLISH = "The quick brown fox jumps over the lazy dog while the invoice for seven hundred pallets remains unpaid until spring " * 4
POLISH = "Szczęście przyszło wczoraj wieczorem razem z deszczem chociaż strzyżyk jeszcze śpi w gęstych krzakach przy drodze " * 3
RUSSIAN = "Счёт на оплату выставлен вчера вечером и должен быть оплачен в течение четырнадцати дней после получения этого письма " * 3
SHIFTED = "".join(chr(ord(c) - 29) if c.isalpha() else c for c in ENGLISH)
CONSONANTS = "Wkh txlfn eurzq ira mxpsv ryhu wkh odcb grj zkloh wkh lqyrlfh iru vhyhq kxqguhg sdoohwv uhpdlqv xqsdlg " * 3
LEADERS = (
    "Chapter one . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . 7 " * 3
)


def layer(text, *, unmapped=0, invisible=0.0, image=0.0, blank=False):
    tokens = text.split()
    words = tuple(DirectedWord(t, Box(0, 0, 1, 1), 0) for t in tokens)
    return TextLayer(words, unmapped, sum(map(len, tokens)), invisible, image, blank)


@pytest.mark.parametrize(
    ("given", "usable", "reason"),
    [
        (layer(ENGLISH), True, "usable"),
        (layer(POLISH), True, "usable"),
        (layer(RUSSIAN), True, "usable"),
        (layer("Potato"), True, "usable"),
        (layer("Chapter 7", image=0.2), False, "only 8 characters beside"),
        (layer(""), False, "no text layer"),
        (layer(ENGLISH, image=1.0), True, "usable"),
        (layer("Case 1:20-cv-01234 Document 7 Filed 03/04/20 Page 3 of 9", image=0.98), False, "over an image of the page"),
        (layer(ENGLISH, invisible=1.0, image=1.0), True, "invisible text layer that reads as words"),
        (layer("xq zz wrt pfk", invisible=1.0, image=1.0), False, "invisible text layer that is no text"),
        (layer("bcd fgh jkl mnp qrst vwx " * 2 + "|| ~~ %% " * 9, invisible=1.0, image=1.0), False, "invisible text layer that is no text"),
    ],
)
def test_judgement(given, usable, reason):
    got = judge_text_layer(given)
    assert got[0] is usable
    assert reason in got[1]


@pytest.mark.parametrize(
    "text",
    ["\ue001\ue002\ue003\ue004 " * 9, "(cid:12)(cid:7)(cid:99) " * 9, SHIFTED, CONSONANTS, "\ufffd\ufffd\ufffd x " * 9, "♦♣♠ ♥♦♣ " * 20],
    ids=["private use", "glyph numbers", "shifted", "consonants", "replacement", "symbols"],
)
def test_garbage_is_found(text):
    assert garbage_reason(text.split(), 0, len(text)) is not None


@pytest.mark.parametrize(
    "text", [ENGLISH, POLISH, RUSSIAN, LEADERS, "12.50 13.75 (1,200.00) -4 % " * 20, "A1 B2 C3 KR3M 55T01 GTRWA5 " * 20]
)
def test_honest_text_is_no_garbage(text):
    assert garbage_reason(text.split(), 0, len(text)) is None


def test_characters_without_a_unicode_meaning_count():
    assert garbage_reason(ENGLISH.split(), 0, 400) is None
    assert garbage_reason(ENGLISH.split(), 100, 400) == "text layer with characters that have no meaning"
