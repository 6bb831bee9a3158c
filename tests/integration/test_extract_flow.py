"""The extraction flow on a real Prefect server: kinds are told, fields are in the results, and the search index stays empty."""

import json

import pytest
from milled_papers import INVOICE, LETTER

from docmill.errors import NotAllowed
from docmill.settings import settings
from docmill.values.options import MillOptions

pytestmark = pytest.mark.slow


@pytest.fixture
def papers(tmp_path, monkeypatch):
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "invoice.txt").write_text(INVOICE)
    (folder / "letter.txt").write_text(LETTER)
    monkeypatch.setenv("DOCMILL_SOURCE_ROOTS", str(folder))
    settings.cache_clear()
    return folder


def test_files_are_understood_and_not_indexed(prefect_server, papers, room):
    from flows.extract_documents import extract_documents

    told = extract_documents([str(papers)], MillOptions(index=True))
    assert told == {"invoice": 1, "letter": 1}
    results = [json.loads(room.store.read(one.name)) for one in room.store.list("public/") if one.name.endswith("_results.json")]
    fields = {f["name"] for result in results for f in result["fields"]}
    assert "document_number" in fields
    assert room.knowledge.count(room.tenant) == 0


def test_sources_outside_the_roots_are_refused(prefect_server, papers, room, tmp_path):
    from flows.extract_documents import extract_documents

    with pytest.raises(NotAllowed):
        extract_documents([str(tmp_path)])
