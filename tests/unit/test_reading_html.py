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


def test_what_a_form_holds_is_read_and_nothing_else_of_it():
    text = rendered(
        "<html><body><form><label>Name</label><input value='Ada Moor'><label>City</label><input type=TEXT value=Graz>"
        "<input type=hidden value=token><input type=password value=secret><input type=file value=none>"
        "<input type=checkbox checked>paid<input type=radio value=on>by cheque"
        "<select><option>red</option><optgroup label=l><option selected>dark <b>blue</b></option></optgroup></select>, and"
        "<select><option>first</option><option>second</option></select>"
        "<select multiple><option>these</option><option>two</option></select>"
        "<textarea>as soon as possible</textarea><input type=submit value=Send></form>after</body></html>"
    )
    shown = "Name Ada Moor City Graz \N{BALLOT BOX WITH X} paid \N{BALLOT BOX} by cheque dark blue , and first these two as soon as possible Send after"
    assert text.split() == shown.split()
