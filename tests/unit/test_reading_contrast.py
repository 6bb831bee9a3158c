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


@pytest.mark.parametrize(("ink", "paper"), [(255, 0), (230, 40), (140, 30)])
def test_light_print_on_dark_paper_has_its_contrast(ink: int, paper: int) -> None:
    image = Image.new("L", (1000, 400), paper)
    ImageDraw.Draw(image).text((20, 40), "Pump 7 and its seals", fill=ink, font=ImageFont.load_default(40))
    assert sum(value == ink for value in image.tobytes()) < 0.03 * 1000 * 400
    assert levels_of(image) == (paper, ink)


def test_a_flash_on_a_dark_copy_is_not_its_print() -> None:
    image = sheet(20, 84).convert("L")
    image.paste(250, (0, 0, 40, 40))
    assert levels_of(image) == (20, 84)


@pytest.mark.parametrize(("ink", "paper"), [(0, 255), (40, 40 + PALE), (255, 255), (90, 90)])
def test_what_is_clear_and_what_is_blank_stays(ink: int, paper: int) -> None:
    image = sheet(ink, paper)
    assert stretched(image) is image
