"""The training script of the ranker, run as its user runs it, on a folder of papers with known fields."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

from test_ranker import receipts

from docmill.stages.understanding.ranking.ranker import metrics_from, ranker_from
from docmill.values.pages_file import read_pages, write_pages

SCRIPT = Path(__file__).parents[2] / "training" / "ranker" / "train.py"


def test_it_prints_rules_against_ranker_and_writes_what_docmill_takes(tmp_path):
    data, pages = tmp_path / "data", tmp_path / "pages"
    data.mkdir()
    pages.mkdir()
    for n, (page, truths, company) in enumerate(receipts(60)):
        file = data / f"a{n}.pdf"
        file.write_bytes(str(n).encode())  # its pages are kept: nothing is read here
        write_pages(pages / f"{hashlib.sha256(file.read_bytes()).hexdigest()}.json", [page])
        facts = {"file": file.name, "company": company, "kind": "receipt", "fields": truths}
        (data / f"a{n}.json").write_text(json.dumps(facts))
    (data / "new.txt").write_text("Nordlicht Handel\nReceipt 4711\nTotal 12.00\n")  # read, and kept for the next time
    (data / "new.json").write_text(json.dumps({"file": "new.txt", "company": "n", "kind": "other", "fields": {}}))
    out = tmp_path / "ranker.json"
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(data), "--keep", str(pages), "--out", str(out)],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    kept = pages / f"{hashlib.sha256((data / 'new.txt').read_bytes()).hexdigest()}.json"
    assert "Receipt 4711" in read_pages(kept.read_bytes())[0].text
    table = {line.split()[0]: line.split() for line in done.stdout.splitlines()}
    assert table["receipt.vendor_name"][1:5] == ["60", "60", "60", "0"]
    assert table["receipt.vendor_name"][-1] == "yes"
    assert table["receipt.total"][-1] == "no"
    ranker = ranker_from(out.read_bytes())
    assert {key for key, one in ranker.fields.items() if one.is_used} == {"receipt.document_number", "receipt.vendor_name"}
    assert metrics_from(out.read_bytes())["right"] > metrics_from(out.read_bytes())["right_by_rules"]
