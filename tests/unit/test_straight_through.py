"""The benchmark of promises runs: on an invented receipt and on invented invoices, judged by their truth."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from straight_through import judged_generated, judged_receipts, show, split

LINES = [
    "HEMP AND ROPE SDN BHD",
    "12 JALAN TALI, 50000 KUALA LUMPUR",
    "TAX INVOICE",
    "DATE: 14/03/2018",
    "ROPE 2 X 10.00 20.00",
    "TOTAL 20.00",
]
TRUTH = {
    "id": "r1",
    "file": "r1.jpg",
    "group": "hemp",
    "fields": {"company": "HEMP AND ROPE SDN BHD", "date": "14/03/2018", "address": "12 JALAN TALI, 50000 KUALA LUMPUR", "total": "20.00"},
    "fields_norm": {"date_iso": "2018-03-14", "total": "20.00"},
    "lines": [{"text": text, "box": [40, 40 * row, 40 + 12 * len(text), 40 * row + 24]} for row, text in enumerate(LINES, 1)],
}


def test_fields_of_receipts_are_judged_by_their_truth(tmp_path):
    (tmp_path / "receipts_sroie").mkdir()
    for name, total in (("r1", "20.00"), ("r2", "21.00")):
        facts = {**TRUTH, "id": name, "fields_norm": {**TRUTH["fields_norm"], "total": total}}
        (tmp_path / "receipts_sroie" / f"{name}.json").write_text(json.dumps(facts))
    found = {(one.document, one.field): one for one in judged_receipts(tmp_path, ocr=False)}
    assert {one.group for one in found.values()} == {"hemp"}
    assert [found[name, "total"].is_right for name in ("r1", "r2")] == [True, False]
    assert found["r1", "issue_date"].is_right


def test_no_company_is_on_both_sides_and_too_few_decisions_promise_nothing(capsys):
    judged = judged_generated(12)
    decided, rest = split(judged, 4, seed=1)
    assert decided
    assert not {one.group for one in decided} & {one.group for one in rest}
    show(judged, [4], [0.01], splits=2)
    assert "at least 299 decisions" in capsys.readouterr().out
