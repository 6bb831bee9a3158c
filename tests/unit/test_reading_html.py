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


APART = [
    "<dl><dt>a</dt><dd>b</dd><dt>c</dt></dl>", "a<hr>b<hr/>c", "<center>a</center>b<center>c</center>", "<section>a</section><section>b</section>c",
    "<form>a</form><form>b</form>c", "<details><summary>a</summary>b</details>c", "<fieldset><legend>a</legend>b</fieldset>c",
    "<dialog open>a</dialog>b<p>c</p>", "<button>a</button><button>b</button>c", "<table><tr><td>a<table><tr><td>b</td></tr></table>c</td></tr></table>",
    "<table><tr><td><table><tr><td>a</td><td>b</td></tr></table></td><td>c</td></tr></table>"
]  # fmt: skip


@pytest.mark.parametrize("html", APART)
def test_words_of_different_blocks_are_not_glued_together(html):
    assert rendered(f"<html><body>{html}</body></html>").split() == ["a", "b", "c"]


def test_an_option_without_text_shows_its_label():
    assert rendered("<html><body><select><option label=Germany value=de></option></select></body></html>").strip() == "Germany"


@pytest.mark.parametrize("style", ["padding-left:99999999px", "color:red; MARGIN-top : 9999em;display:block"])
def test_spacing_is_not_written_out(style):
    assert len(rendered(f'<html><body><div style="{style}">' + "x<br>" * 40 + "</div></body></html>")) < 400
