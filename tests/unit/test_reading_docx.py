"""What a Word file shows is read, each text once, wherever its XML hides it; what it does not show is not."""

import re
import unicodedata

import docx
import pytest
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import parse_xml

from docmill.stages.reading.docx_file import docx_text
from docmill.stages.reading.docx_symbols import symbol
from docmill.stages.reading.limits import Limits

NAMESPACES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:v="urn:schemas-microsoft-com:vml" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
)


def run(text, properties=""):
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def par(*content):
    return f"<w:p>{''.join(content)}</w:p>"


def cell(text, properties=""):
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{par(run(text))}</w:tc>"


def control(content):
    return f'<w:sdt><w:sdtPr><w:alias w:val="unseen"/></w:sdtPr><w:sdtContent>{content}</w:sdtContent></w:sdt>'


def table(*rows):
    return f"<w:tbl><w:tblPr/><w:tblGrid><w:gridCol/><w:gridCol/></w:tblGrid>{''.join(rows)}</w:tbl>"


def box(*content):
    return f"<wps:wsp><wps:txbx><w:txbxContent>{''.join(content)}</w:txbxContent></wps:txbx></wps:wsp>"


def row(*cells, properties=""):
    return f"<w:tr><w:trPr>{properties}</w:trPr>{''.join(cells)}</w:tr>"


def read(folder, *blocks, change=None):
    document = docx.Document()
    for block in blocks:
        added = parse_xml(f"<w:body {NAMESPACES}>{block}</w:body>")
        for element in list(added):
            document.element.body.insert(len(document.element.body) - 1, element)
    if change:
        change(document)
    document.save(folder / "a.docx")
    return docx_text(folder / "a.docx", Limits())


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (f"{run('costs ')}<w:del>{run('1000')}</w:del><w:ins>{run('482')}{run('13')}</w:ins>{run(' euros')}", "costs 48213 euros"),
        (f"<w:moveFrom>{run('from here')}</w:moveFrom><w:moveTo>{run('to here')}</w:moveTo>", "to here"),
        (f"<w:ins>{run('kept ')}<w:del>{run('and gone')}</w:del></w:ins>", "kept "),
        (f"{run('Name: ')}{control(run('Osborne'))}{run(', filled in')}", "Name: Osborne, filled in"),
        (control(control(run("twice wrapped"))), "twice wrapped"),
        (f'{run("on ")}<w:fldSimple w:instr=" DATE ">{run("14 March")}</w:fldSimple>', "on 14 March"),
        (f'<w:smartTag w:uri="u" w:element="e"><w:smartTagPr/>{run("Street 5")}</w:smartTag>', "Street 5"),
        (f'<w:customXml w:element="e">{run("inside")}</w:customXml>', "inside"),
        (f'<w:bdo w:val="rtl">{run("one ")}</w:bdo><w:dir w:val="ltr">{run("two")}</w:dir>', "one two"),
        (f'<w:hyperlink w:anchor="x"><w:ins>{run("the link")}</w:ins></w:hyperlink>', "the link"),
        (f"<w:r><w:ruby><w:rt>{run('とうきょう')}</w:rt><w:rubyBase>{run('東京')}</w:rubyBase></w:ruby></w:r>", "東京"),
        ("<w:r><w:t>A</w:t><w:tab/><w:t>B</w:t><w:br/><w:t>C</w:t><w:noBreakHyphen/><w:t>D</w:t><w:cr/></w:r>", "A\tB\nC-D\n"),
        ('<w:r><w:t>before</w:t><w:br w:type="page"/><w:t>behind</w:t><w:br w:type="column"/></w:r>', "before\fbehind"),
        (f'{run("seen")}<w:commentRangeStart w:id="0"/><w:r><w:commentReference w:id="0"/></w:r>', "seen"),
    ],
    ids=[
        "insertion", "move", "deleted insertion", "control", "controls", "field", "smart tag", "custom xml", "directions", "link", "ruby", "signs",
        "breaks", "comment",
    ],
)  # fmt: skip
def test_runs_in_all_that_may_stand_around_them(tmp_path, content, text):
    assert read(tmp_path, par(content)) == text


def test_blocks_rows_and_cells_in_content_controls(tmp_path):
    wrapped_row = control(row(cell("Desk lamp"), control(cell("9.50"))))
    found = read(
        tmp_path,
        par(run("first")),
        control(par(run("in a control")) + table(row(cell("Chair"), cell("80.00")), wrapped_row)),
        control(table(row(f"<w:tc>{control(par(run('Total')))}<w:p/></w:tc>", cell("89.50")))),
        par(run("last")),
    )
    assert found == "first\nin a control\nChair      80.00\nDesk lamp   9.50\nTotal  89.50\nlast"


def test_merged_and_deleted_cells(tmp_path):
    made = table(
        row(cell("Both", '<w:vMerge w:val="restart"/>'), cell("1")),
        control(row(cell("", "<w:vMerge/>"), cell("2"))),
        row(cell("gone"), cell("3"), properties="<w:del/>"),
        row(cell("wide", '<w:gridSpan w:val="2"/>')),
        row(cell("", "<w:vMerge/>"), cell("no cell above", "<w:vMerge/>")),
    )
    assert read(tmp_path, made) == "Both              1\nBoth              2\nwide\nwide  no cell above"


def test_tables_in_merged_cells_are_read_once(tmp_path):
    inner = par(run("x"))
    for _ in range(8):
        rows = (
            f'<w:tr><w:tc><w:tcPr><w:vMerge w:val="{value}"/></w:tcPr>{{}}<w:p/></w:tc></w:tr>'
            for value in ("restart", "continue", "continue")
        )
        first, *others = rows
        inner = f"<w:tbl>{first.format(inner)}{''.join(others).format('', '')}</w:tbl>"
    assert read(tmp_path, inner).split() == ["x"] * 3  # of the innermost alone, where it is a label


def test_long_texts_of_merged_cells_are_read_once(tmp_path):
    rows = [row(cell("", "<w:vMerge/>"), cell("b")) for _ in range(3)]
    assert read(tmp_path, table(row(cell("a" * 201, '<w:vMerge w:val="restart"/>'), cell("b")), *rows)).count("a") == 201


def adobe(name):
    """The character of a glyph of Symbol; Greek letters are no signs of the same look, and pieces of brackets had no codes when Adobe named them."""
    from reportlab.pdfbase._glyphlist import _glyphname2unicode

    letters = {"Delta": "Δ", "Omega": "Ω", "mu": "μ"}
    if name in letters or not 0xE000 <= (code := _glyphname2unicode[name]) < 0xF900:
        return letters.get(name) or chr(code)
    if piece := re.fullmatch("(paren|bracket|brace)(left|right)?(tp|mid|bt|ex)", name):
        end = "CORNER" if piece[1] == "bracket" else "HOOK"
        part = {"tp": f"UPPER {end}", "bt": f"LOWER {end}", "mid": "MIDDLE PIECE", "ex": "EXTENSION"}[piece[3]]
        shape = {"paren": "PARENTHESIS", "bracket": "SQUARE BRACKET", "brace": "CURLY BRACKET"}[piece[1]]
        return unicodedata.lookup(f"{(piece[2] or '').upper()} {shape} {part}".strip())
    others = {
        "radicalex": "OVERLINE", "arrowvertex": "VERTICAL LINE EXTENSION", "arrowhorizex": "HORIZONTAL LINE EXTENSION",
        "integralex": "INTEGRAL EXTENSION", "register": "REGISTERED SIGN", "copyright": "COPYRIGHT SIGN", "trademark": "TRADE MARK SIGN",
    }  # fmt: skip
    return unicodedata.lookup(others[re.sub("s(ans|erif)$", "", name)])


def test_every_code_of_symbol_is_what_adobe_calls_it():
    from reportlab.pdfbase._fontdata import encodings

    told = {code: name for code, name in enumerate(encodings["SymbolEncoding"]) if name}
    assert {name: symbol("Symbol", f"F0{code:02X}") for code, name in told.items()} == {name: adobe(name) for name in told.values()}
    assert len(told) > 180


@pytest.mark.parametrize(
    ("font", "code", "shown"),
    [
        ("Wingdings", "F0FE", "☑"), ("Wingdings", "F0A8", "☐"), ("Wingdings", "00FC", "✓"), ("Symbol", "F0B1", "±"), ("Symbol", "F044", "Δ"),
        ("Symbol", "F0E5", "∑"), ("Wingdings", "F08D", "❷"), ("Wingdings", "F021", "\ufffd"), ("Segoe UI Symbol", "2612", "☒"), ("Own", "F041", "\ufffd"),
        ("Own", "D800", "\ufffd"), ("Own", "no", "\ufffd"),
    ],
)  # fmt: skip
def test_symbols_by_font_and_code(tmp_path, font, code, shown):
    assert read(tmp_path, par(run("a"), f'<w:r><w:sym w:font="{font}" w:char="{code}"/></w:r>', run("b"))) == f"a{shown}b"


@pytest.mark.parametrize(
    ("choice", "fallback", "text"),
    [
        (run("as it is"), run("for old programs"), "as it is"),
        ("<w:r/>", run("only here"), "only here"),
        (
            f"<w:r><w:drawing>{box(par(run('in the box')), par(run('second line')))}</w:drawing></w:r>",
            f"<w:r><w:pict><v:textbox><w:txbxContent>{par(run('in the box'))}</w:txbxContent></v:textbox></w:pict></w:r>",
            "\nin the box\nsecond line",
        ),
    ],
)
def test_of_alternatives_one_is_read(tmp_path, choice, fallback, text):
    content = (
        f'<mc:AlternateContent><mc:Choice Requires="wps">{choice}</mc:Choice><mc:Fallback>{fallback}</mc:Fallback></mc:AlternateContent>'
    )
    assert read(tmp_path, par(content)) == text


def test_a_box_in_a_box_is_read_once(tmp_path):
    inner = f"<w:r><w:drawing>{box(par(control(run('inner'))))}</w:drawing></w:r>"
    outer = f"<w:r><w:drawing>{box(par(run('outer'), inner), par(run('hidden', '<w:vanish/>')))}</w:drawing></w:r>"
    assert read(tmp_path, par(run("beside"), outer)).split() == ["beside", "outer", "inner"]


def test_hidden_text(tmp_path):
    def styles(document):
        document.styles.add_style("Secret", WD_STYLE_TYPE.PARAGRAPH).font.hidden = True
        document.styles.add_style("Heir", WD_STYLE_TYPE.PARAGRAPH).base_style = document.styles["Secret"]
        document.styles.add_style("Whisper", WD_STYLE_TYPE.CHARACTER).font.hidden = True

    by_style = '<w:pPr><w:pStyle w:val="Heir"/></w:pPr>'
    whisper = '<w:rStyle w:val="Whisper"/>'
    found = read(
        tmp_path,
        par(run("a"), run("HIDDEN", "<w:vanish/>"), run("b", '<w:vanish w:val="0"/>'), run("c", "<w:webHidden/>")),
        par(by_style, run("HIDDEN"), run("d", '<w:vanish w:val="false"/>'), run("e", whisper)),
        par(run("HIDDEN", whisper), run("f", whisper + '<w:vanish w:val="off"/>')),
        par('<w:pPr><w:pStyle w:val="ListBullet"/></w:pPr>', run("HIDDEN", "<w:vanish/>")),
        change=styles,
    )
    assert found == "abc\nde\nf\n"


def margins(document):
    section = document.sections[0]
    section.first_page_header.paragraphs[0].text, section.header.paragraphs[0].text = "Letterhead", "Running head"
    section.even_page_header.paragraphs[0].text = "Even head"
    section.first_page_footer.paragraphs[0].text, section.footer.paragraphs[0].text = "Bank details", "Page"
    section.even_page_footer.paragraphs[0].text = "Even foot"


@pytest.mark.parametrize(
    ("first", "even", "lines"),
    [
        (False, False, ["Running head", "body", "Page"]),
        (True, False, ["Letterhead", "Running head", "body", "Bank details", "Page"]),
        (False, True, ["Running head", "Even head", "body", "Page", "Even foot"]),
    ],
)
def test_headers_and_footers_that_are_in_force(tmp_path, first, even, lines):
    def change(document):
        margins(document)
        document.sections[0].different_first_page_header_footer = first
        document.settings.odd_and_even_pages_header_footer = even

    assert read(tmp_path, par(run("body")), change=change).split("\n") == lines


def test_a_section_shows_the_header_that_it_has_from_the_one_before(tmp_path):
    def change(document):
        margins(document)
        document.add_section().different_first_page_header_footer = True
        third = document.add_section()
        third.header.is_linked_to_previous = third.footer.is_linked_to_previous = False
        third.header.paragraphs[0].text = "Running head"  # its own part with the same words
        third.footer.paragraphs[0].text = "Last page"

    lines = read(tmp_path, par(run("body")), change=change).split("\n")
    assert [line for line in lines if line] == ["Running head", "Letterhead", "body", "Page", "Bank details", "Last page"]
