"""The checks of a batch as one HTML page that needs nothing else: what Great Expectations calls Data Docs, with ids and counts alone.

The library's own pages load style, fonts and scripts from elsewhere and print values that failed (docs/adr/0012).
"""

from collections.abc import Iterable
from datetime import datetime
from html import escape
from typing import Final

from docmill.values.batch_checks import BatchChecks, CheckLine

MOST_IDS: Final = 1000
"""More ids of one check make the page slow; the batch's report has all."""


def checks_page(batch_id: str, found: BatchChecks, *, made_at: datetime) -> bytes:
    """The page.

    Args:
        batch_id: of the batch.
        found: what the checks say of it.
        made_at: in UTC.
    """
    facts = [("Batch", batch_id), ("Documents looked at", found.documents), ("Checks", len(found.lines))]
    facts += [("Checks that hold", len(found.lines) - len(found.failed)), ("Checks that fail", len(found.failed))]
    facts.append(("Made", f"{made_at:%Y-%m-%d %H:%M} UTC"))
    rows = "".join(_check(one) for one in found.lines)
    failed = "".join(_failed(one) for one in found.failed) or "<p>All checks hold.</p>"
    return _PAGE.format(facts="".join(_row(fact) for fact in facts), rows=rows, failed=failed).encode()


def _check(one: CheckLine) -> str:
    asked = "the batch" if one.documents is None else one.documents
    cells = (_result(one), one.check, one.title, one.severity, one.scope, asked, one.missing or 0, len(one.document_ids))
    return _row(cells, kind="held" if one.is_held else one.severity)


def _result(one: CheckLine) -> str:
    return "holds" if one.is_held else "fails" if one.evaluated else "not asked"


def _failed(one: CheckLine) -> str:
    shown = "".join(f"<li><code>{escape(document_id)}</code></li>" for document_id in one.document_ids[:MOST_IDS])
    rest = len(one.document_ids) - MOST_IDS
    more = f"<p>{rest} more stand in the report of the batch.</p>" if rest > 0 else ""
    none = "It could not be evaluated." if not one.evaluated else "It is about the batch as a whole."
    listed = f"<ul>{shown}</ul>" if shown else f"<p>{none}</p>"
    return f'<section id="{escape(one.check)}"><h3>{escape(one.check)} ({escape(one.severity)})</h3><p>{escape(one.title)}</p>{listed}{more}</section>'


def _row(cells: Iterable[object], *, kind: str = "") -> str:
    first, *rest = cells
    marked = f' class="{escape(kind)}"' if kind else ""
    return f'<tr{marked}><th scope="row">{escape(str(first))}</th>{"".join(f"<td>{escape(str(cell))}</td>" for cell in rest)}</tr>'


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Checks of a batch</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1b; background: #fff }}
h1 {{ font-size: 1.5rem }} h2 {{ font-size: 1.1rem; margin-top: 2rem }} h3 {{ font-size: 1rem; margin-top: 1.5rem }}
table {{ border-collapse: collapse; width: 100% }} td, th {{ text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #ddd; vertical-align: top }}
th {{ font-weight: 600 }} .held th {{ color: #1a6b2d }} .critical th {{ color: #a11010 }} .warning th {{ color: #8a4b00 }}
.scroll {{ overflow-x: auto }}
</style></head><body>
<h1>Checks of a batch</h1>
<table>{facts}</table>
<h2>Checks</h2>
<div class="scroll" tabindex="0" role="region" aria-label="Checks"><table><thead><tr><th scope="col">Result</th><th scope="col">Check</th>
<th scope="col">What holds of a good one</th><th scope="col">Severity</th><th scope="col">Scope</th><th scope="col">Asked of</th>
<th scope="col">Without value</th><th scope="col">Failing</th></tr></thead><tbody>{rows}</tbody></table></div>
<h2>Documents that fail</h2>
{failed}
</body></html>
"""
