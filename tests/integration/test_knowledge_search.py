"""Searching a real LanceDB table: modes, identifiers, filters, maintenance, tables of another version."""

from datetime import date

import numpy as np
import pytest

from docmill.errors import InvalidOptions, VersionMismatch
from docmill.stages.knowledge.chunk import Chunk
from docmill.stages.knowledge.chunk_file import schema as chunk_schema
from docmill.stages.knowledge.chunk_file import write_chunks
from docmill.stages.knowledge.embedding import DIMENSIONS, embed
from docmill.storage.knowledge import lance_search, lance_table
from docmill.storage.knowledge.fusion import VECTOR_WEIGHT
from docmill.storage.knowledge.lance import LanceKnowledgeBase
from docmill.storage.knowledge.ports import DocumentFacts, Filters, Query, SearchMode, Source
from docmill.values.geometry import Box
from docmill.values.keys import digest

TEXTS = {
    "invoice": "Invoice number INV-2026/0815\nJute twine 10 123.45\nTotal due 1,234.50 EUR",
    "other": "Invoice number INV-2026/0816\nHemp rope 10 99.45\nTotal due 2,234.50 EUR",
    "third": "Invoice number INV-2025/0815\nSisal cord 7 12.00\nTotal due 84.00 EUR",
    "letter": "Please write to anna.maier@example.org about the end of your lease.",
    "birds": "Penguins breed on the ice of Antarctica.",
    "empty": "a",
}
FACTS = {
    "invoice": DocumentFacts("invoice", date(2026, 3, 4), date(2026, 4, 1), "en", ("paid", "it's"), "spring"),
    "other": DocumentFacts("invoice", None, date(2026, 4, 2), "en", ("paid",), "spring"),
    "third": DocumentFacts("invoice", date(2025, 3, 4), date(2026, 4, 1), "de", (), None),
    "letter": DocumentFacts("letter", None, None, "en", ("it's",), "o'hara"),
}


def document(name):
    return digest(name)[:32]


NAMES = {document(name): name for name in TEXTS}


def source(folder, name, text=None, vector=None):
    text = TEXTS[name] if text is None else text
    chunk = Chunk(
        id=digest(name, text)[:32], document_id=document(name), page=2, start=0, end=len(text), text=text, confidence_score=0.9,
        boxes=(Box(1.0, 2.0, 30.5, 4.0),),
    )  # fmt: skip
    path = folder / f"{digest(name, text)}.arrow"
    write_chunks(path, [chunk], embed([text]) if vector is None else vector)
    return Source(document(name), path, FACTS.get(name, DocumentFacts()))


@pytest.fixture
def base(tmp_path):
    return LanceKnowledgeBase(tmp_path / "knowledge")


@pytest.fixture
def filled(base, tmp_path):
    base.replace("acme", [source(tmp_path, name) for name in TEXTS])
    return base


def found(base, text, mode=SearchMode.TEXT, limit=10, **filters):
    return [NAMES[hit.chunk.document_id] for hit in base.search("acme", Query(text, mode, limit, Filters(**filters)))]


IDENTIFIERS = [
    ("INV-2026/0815", "invoice"),
    ("inv 2026-0816", "other"),
    ("INV20250815", "third"),
    ("anna.maier@example.org", "letter"),
    ("ANNA.MAIER@EXAMPLE.ORG", "letter"),
    ("1,234.50", "invoice"),
    ("1.234,50", "invoice"),
    ("99.45", "other"),
    ("sisal", "third"),
    ("penguin breeding", "birds"),
]


@pytest.mark.parametrize("mode", [SearchMode.TEXT, SearchMode.HYBRID])
@pytest.mark.parametrize(("asked", "best"), IDENTIFIERS)
def test_identifiers_and_words_in_tables_are_found_exactly(filled, mode, asked, best):
    assert found(filled, asked, mode)[0] == best


def test_modes_answer_differently(filled):
    meaning = "animals of the far south"
    assert found(filled, meaning) == []
    assert found(filled, meaning, SearchMode.VECTOR, limit=1) == found(filled, meaning, SearchMode.HYBRID, limit=1) == ["birds"]
    scores = [hit.score for hit in filled.search("acme", Query("INV-2026/0815 twine"))]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] <= 1.0


def test_a_hit_of_one_side_gets_the_score_of_the_other(base, tmp_path, monkeypatch):
    monkeypatch.setattr(lance_search, "CANDIDATES", 1)  # each side brings one: the letter comes by text alone
    near = embed(["zebra9000x"])
    across = np.roll(near, 1)
    across -= (across @ near.T) * near
    across /= np.linalg.norm(across)
    base.replace(
        "acme", [source(tmp_path, "birds", "zebra picture", near), source(tmp_path, "letter", "zebra9000x", 0.6 * near + 0.8 * across)]
    )
    (hit,) = base.search("acme", Query("zebra9000x", limit=1))
    assert NAMES[hit.chunk.document_id] == "letter"
    assert hit.score == pytest.approx(VECTOR_WEIGHT * 0.6 + 1 - VECTOR_WEIGHT, abs=0.01)


@pytest.mark.parametrize("mode", SearchMode)
def test_filters_come_before_the_limit(filled, mode):
    assert len(found(filled, "penguins breed invoice", mode, limit=1, kind="invoice")) == 1


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({}, {"invoice", "other", "third"}),
        ({"kind": "invoice"}, {"invoice", "other", "third"}),
        ({"kind": "letter"}, set()),
        ({"language": "de"}, {"third"}),
        ({"tags": ("paid",)}, {"invoice", "other"}),
        ({"tags": ("paid", "it's")}, {"invoice"}),
        ({"collection": "spring"}, {"invoice", "other"}),
        ({"date_from": date(2026, 3, 4)}, {"invoice", "other"}),
        ({"date_from": date(2026, 3, 5)}, {"other"}),
        ({"date_to": date(2026, 3, 4)}, {"invoice", "third"}),
        ({"date_from": date(2025, 1, 1), "date_to": date(2025, 12, 31)}, {"third"}),
        ({"kind": "invoice' OR 'a'='a"}, set()),
        ({"kind": "x' OR TRUE OR kind='"}, set()),
        ({"tags": ("') OR TRUE --",)}, set()),
        ({"tags": ("\\') OR TRUE --",)}, set()),
        ({"collection": "spring'; DROP TABLE acme"}, set()),
    ],
)
@pytest.mark.parametrize("mode", SearchMode)
def test_filters(filled, mode, filters, names):
    seen = set(found(filled, "invoice number total", mode, **filters)) - ({"birds", "letter", "empty"} if not filters else set())
    if mode is SearchMode.TEXT or filters.get("kind") != "letter":
        assert seen == names
    else:
        assert seen == {"letter"}


def test_a_quote_in_a_tag_is_a_quote(filled):
    assert found(filled, "lease", tags=("it's",), collection="o'hara") == ["letter"]


@pytest.mark.parametrize(
    "text", ["", "   ", "the of and", '"', "a:b ( [", "+x -y", "*", "\0", "x" * 9000, "' OR 1=1 --", "\N{GRINNING FACE}"]
)
@pytest.mark.parametrize("mode", SearchMode)
def test_any_text_may_be_asked(filled, mode, text):
    filled.search("acme", Query(text, mode, 3))


@pytest.mark.parametrize("query", [Query("x", limit=0), Query("x", limit=1001), Query("x" * 10_001)])
def test_queries_that_are_refused(filled, query):
    with pytest.raises(InvalidOptions):
        filled.search("acme", query)


def test_what_was_replaced_or_deleted_is_not_found(filled, tmp_path):
    filled.replace("acme", [source(tmp_path, "invoice", "Nothing but string.")])
    assert found(filled, "jute twine") == []
    assert found(filled, "string") == ["invoice"]
    filled.optimize("acme")
    assert found(filled, "jute twine") == []
    filled.delete("acme", [document("invoice")])
    assert found(filled, "string") == []


def test_rows_outside_the_index_are_found_and_optimize_takes_them_in(filled, monkeypatch):
    assert filled.statistics("acme").unindexed == len(TEXTS)
    before = found(filled, "penguin"), found(filled, "INV-2026/0815")
    stats = filled.optimize("acme")
    assert (stats.chunks, stats.unindexed, stats.fragments, stats.has_vector_index) == (len(TEXTS), 0, 1, False)
    assert (found(filled, "penguin"), found(filled, "INV-2026/0815")) == before
    assert filled.optimize("nobody").chunks == filled.statistics("nobody").chunks == 0


@pytest.mark.parametrize(
    ("rows", "unindexed", "fragments", "tends"),
    [(4000, 4000, 5, False), (5000, 4097, 5, True), (100_000, 20_000, 5, False), (100_000, 20_001, 5, True), (100, 0, 64, False),
     (100, 0, 65, True), (100_000, 0, 164, False), (100_000, 0, 165, True)],
)  # fmt: skip
def test_upkeep_grows_with_the_table(rows, unindexed, fragments, tends):
    assert lance_table.is_behind(rows, unindexed, fragments) is tends


def test_writers_tend_the_index_when_it_falls_behind(base, tmp_path, monkeypatch):
    monkeypatch.setattr(lance_table, "UNTENDED_FRAGMENTS", 4)
    tended = []
    real = lance_table.index_terms
    monkeypatch.setattr(lance_table, "index_terms", lambda table: (tended.append(1), real(table)))
    for n in range(4):
        base.replace("acme", [source(tmp_path, "birds", f"edition {n}", vector=embed(["x"])), source(tmp_path, "letter", f"note {n}")])
        base.replace("acme", [source(tmp_path, "other", f"other {n}")])
    assert base.statistics("acme").fragments <= 4
    assert base.count("acme") == 3
    assert len(tended) == 1  # made with the table, then only brought up to date


def test_an_approximate_index_is_made_where_it_pays_and_dropped_where_not(base, tmp_path, monkeypatch):
    monkeypatch.setattr(lance_table, "VECTOR_INDEX_ROWS", 500)
    vectors = np.random.default_rng(3).normal(size=(600, DIMENSIONS)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    path = tmp_path / "many.arrow"
    write_chunks(path, [chunk_of("birds", n) for n in range(600)], vectors)
    base.replace("acme", [Source(document("birds"), path)])
    assert base.optimize("acme").has_vector_index
    base.replace("acme", [source(tmp_path, "invoice")])  # not in the index yet: searched one by one
    assert found(base, TEXTS["invoice"], SearchMode.VECTOR, limit=1) == ["invoice"]
    base.delete("acme", [document("birds")])
    assert not base.optimize("acme").has_vector_index
    assert found(base, TEXTS["invoice"], SearchMode.VECTOR) == ["invoice"]


def chunk_of(name, n):
    return Chunk(id=digest(name, n)[:32], document_id=document(name), page=1, start=0, end=1, text="x", confidence_score=1.0, boxes=())


def test_a_rebuild_killed_before_its_index_is_mended_by_the_next_writer(filled, tmp_path):
    filled._opened("acme").drop_index("terms_idx")
    assert found(filled, "penguin") == ["birds"], "the version before it answers"
    filled.replace("acme", [source(tmp_path, "letter")])
    assert filled._opened("acme").index_stats("terms_idx") is not None
    assert found(filled, "INV-2026/0815")[0] == "invoice"


def test_the_old_index_serves_until_the_new_one_has_its_full_text(filled, tmp_path, monkeypatch):
    meanwhile, real = [], lance_table.index_terms

    def index_terms(table):
        # without its index a table is read by words as they stand: "breeds" would find nothing
        meanwhile.extend([found(filled, "breeds"), found(filled, "breeds", SearchMode.HYBRID)[:1], found(filled, "string")])
        real(table)

    monkeypatch.setattr(lance_table, "index_terms", index_terms)
    filled.rebuild("acme", [source(tmp_path, "letter", "Nothing but string.")])
    assert meanwhile == [["birds"], ["birds"], []]
    assert (found(filled, "breeds"), found(filled, "strings")) == ([], ["letter"])


def test_a_table_that_was_never_finished_is_made_again(base, tmp_path):
    (tmp_path / "knowledge" / "acme.lance" / "_versions").mkdir(parents=True)
    (tmp_path / "knowledge" / "acme.lance" / "data").mkdir()
    assert base.search("acme", Query("penguin")) == []
    base.replace("acme", [source(tmp_path, "birds")])
    assert found(base, "penguin") == ["birds"]


def test_a_table_of_another_version_is_refused_until_it_is_rebuilt(base, tmp_path):
    import lancedb

    made = source(tmp_path, "birds")
    old = lancedb.connect(str(tmp_path / "knowledge")).create_table("acme", schema=chunk_schema())
    from docmill.stages.knowledge.chunk_file import read_chunks

    old.add(read_chunks(made.path))
    for ask in (
        lambda: base.search("acme", Query("penguin")),
        lambda: base.replace("acme", [made]),
        lambda: base.delete("acme", [document("birds")]),
        lambda: base.count("acme"),
        lambda: base.optimize("acme"),
    ):
        with pytest.raises(VersionMismatch, match="reindex"):
            ask()
    assert base.rebuild("acme", [made]) == 1
    assert found(base, "penguin") == ["birds"]
    assert base.replace("acme", [made, source(tmp_path, "letter")]) == 2
