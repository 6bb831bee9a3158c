"""Pulling ink and paper apart where they are close, and nothing else."""

import pytest
from PIL import Image, ImageDraw, ImageFont

from docmill.stages.reading.contrast import PALE, levels_of, stretched


def sheet(ink: int, paper: int) -> Image.Image:
    image = Image.new("RGB", (400, 200), (paper, paper, paper))
    ImageDraw.Draw(image).text((20, 40), "Pump 7", fill=(ink, ink, ink), font=ImageFont.load_default(60))
    return image


@pytest.mark.parametrize(("ink", "paper"), [(200, 242), (20, 84), (100, 227)])
def test_faded_and_dark_copies_get_the_whole_range(ink: int, paper: int) -> None:
    assert levels_of(sheet(ink, paper).convert("L")) == (ink, paper)
    assert levels_of(stretched(sheet(ink, paper)).convert("L")) == (0, 255)


@pytest.mark.parametrize(("ink", "paper"), [(0, 255), (40, 40 + PALE), (255, 255), (90, 90)])
def test_what_is_clear_and_what_is_blank_stays(ink: int, paper: int) -> None:
    image = sheet(ink, paper)
    assert stretched(image) is image
