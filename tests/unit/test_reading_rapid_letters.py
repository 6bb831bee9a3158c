"""On a western paper RapidOCR's own decoder chooses among western letters alone."""

import numpy as np
import pytest

from docmill.stages.reading.rapid_letters import LetterChoice

LETTERS = ["*", "\u5927", "\uff1a", "B"]


@pytest.fixture
def choice():
    from rapidocr.ch_ppocr_rec.utils import CTCLabelDecode

    return LetterChoice(CTCLabelDecode(character=LETTERS))


def columns(choice, *likely):
    """One line whose columns are each the likeliest letter, with an asterisk close behind."""
    made = np.full((1, len(likely), len(choice.character)), 0.01, dtype=np.float32)
    for column, letter in enumerate(likely):
        made[0, column, choice.character.index("*")] = 0.6
        made[0, column, choice.character.index(letter)] = 0.9
    return made


@pytest.mark.parametrize(
    ("language", "text", "confidence"), [("en", "*B", 0.75), ("de", "*B", 0.75), ("zh", "\u5927B", 0.9), ("ja", "\u5927B", 0.9)]
)
def test_what_looks_like_an_ideograph(choice, language, text, confidence):
    choice.choose(language)
    (read, sure), *_ = choice(columns(choice, "\u5927", "B"))[0]
    assert read == text
    assert sure == pytest.approx(confidence)


def test_a_full_width_sign_is_eastern_too(choice):
    choice.choose("en")
    assert choice(columns(choice, "\uff1a"))[0][0][0] == "*"
    choice.choose("zh")
    assert choice(columns(choice, "\uff1a"))[0][0][0] == "\uff1a"
