"""HTML as a reader without scripts sees it."""

import pytest

from docmill.stages.reading.html_file import rendered

UNSEEN = [
    "<p hidden>x</p>", "<template><p>x</p></template>", "<p style='DISPLAY : None !important'>x</p>", "<p style='color:red;visibility:hidden'>x</p>",
    "<datalist><option>x</option></datalist>", "<dialog>x</dialog>", "<div hidden><p>x<b hidden>x</b></p></div>"
]  # fmt: skip


@pytest.mark.parametrize("unseen", UNSEEN)
def test_what_html_hides_is_not_read_and_what_follows_is(unseen):
    text = rendered(f"<html><body><p>before</p>{unseen}after</body></html>")
    assert text.split() == ["before", "after"]


def test_html_is_read_as_without_scripts():
    text = rendered("<html><body><noscript>Total 9.50</noscript><p style='display:block'>and</p><dialog open>more</dialog>")
    assert text.split() == ["Total", "9.50", "and", "more"]
