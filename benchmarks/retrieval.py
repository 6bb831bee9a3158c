"""nDCG@10 of text, vector and hybrid search: `python benchmarks/retrieval.py DATA_FOLDER [--keep FOLDER]`.

DATA_FOLDER holds a set `retrieval_cranfield` of corpus.jsonl (id, title, text), queries.jsonl (id, text) and qrels.tsv (query, document, grade).
Every document is written as a text file and goes the product's own way: read, cut into chunks, embedded, put into a knowledge base, searched.
A document ranks where its best chunk does. `--keep` keeps the chunk files, so that a second run need not embed again.
"""

import argparse
import json
import math
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from docmill.stages.knowledge.verbs import index
from docmill.stages.knowledge.version import VERSION
from docmill.stages.reading.limits import Limits
from docmill.stages.reading.plain_text import count_pages, read_text_page
from docmill.storage.knowledge.lance import LanceKnowledgeBase
from docmill.storage.knowledge.ports import Query, SearchMode, Source
from docmill.values.keys import digest

SET = "retrieval_cranfield"
TENANT = "benchmark"
AT = 10
CHUNKS_ASKED = 40
LIMITS = Limits(max_pages=1000, max_pixels=10**8, max_bytes=10**8)

Grades = Mapping[str, int]


@dataclass(frozen=True)
class Collection:
    """Documents as (id, text), queries as (id, text), grades by query and document."""

    documents: Sequence[tuple[str, str]]
    queries: Sequence[tuple[str, str]]
    grades: Mapping[str, Grades]


def read_collection(folder: Path) -> Collection:
    """The collection in a folder; a document's text is its title, an empty line, its abstract."""
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    for line in (folder / "qrels.tsv").read_text().splitlines()[1:]:
        query, document, grade = line.split("\t")
        grades[query][document] = int(grade)
    documents = [json.loads(line) for line in (folder / "corpus.jsonl").read_text().splitlines()]
    queries = [json.loads(line) for line in (folder / "queries.jsonl").read_text().splitlines()]
    return Collection(
        [(d["id"], f"{d['title']}\n\n{d['text']}\n") for d in documents],
        [(q["id"], q["text"]) for q in queries],
        grades,
    )


def ndcg(ranking: Sequence[str], grades: Grades) -> float | None:
    """Normalised discounted cumulative gain at 10 with linear gain (Jaervelin and Kekaelaeinen 2002); None when nothing is relevant."""
    gains = [max(0, grades.get(name, 0)) for name in ranking[:AT]]
    best = sorted((grade for grade in grades.values() if grade > 0), reverse=True)[:AT]
    ideal = _discounted(best)
    return _discounted(gains) / ideal if ideal else None


def _discounted(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(place + 2) for place, gain in enumerate(gains))


def chunk_file(name: str, text: str, folder: Path) -> Path:
    """The chunks file of a document, made the product's own way unless it is there."""
    out = folder / f"{digest(VERSION, name, text)}.arrow"
    if not out.exists():
        with tempfile.TemporaryDirectory() as scratch:
            file = Path(scratch, "document.txt")
            file.write_text(text)
            pages = []
            for number in range(1, count_pages(file, "text/plain", LIMITS) + 1):
                pages.append(Path(scratch, f"page-{number}.json"))
                pages[-1].write_text(read_text_page(file, "text/plain", number, "en", LIMITS).model_dump_json())
            index([str(page) for page in pages], document_id(name), str(out))
    return out


def document_id(name: str) -> str:
    """An id as the product's are."""
    return digest(SET, name)[:32]


def ranked(base: LanceKnowledgeBase, text: str, mode: SearchMode, names: Mapping[str, str]) -> list[str]:
    """Documents by their best chunk."""
    hits = base.search(TENANT, Query(text, mode, CHUNKS_ASKED))
    return list(dict.fromkeys(names[hit.chunk.document_id] for hit in hits))


def main() -> None:
    """Index the set and print a line per mode."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--keep", type=Path)
    asked = parser.parse_args()
    collection = read_collection(asked.data / SET)
    names = {document_id(name): name for name, _ in collection.documents}
    with tempfile.TemporaryDirectory() as scratch:
        kept = asked.keep or Path(scratch, "chunks")
        kept.mkdir(parents=True, exist_ok=True)
        began = time.perf_counter()
        sources = [Source(document_id(name), chunk_file(name, text, kept)) for name, text in collection.documents]
        embedded = time.perf_counter()
        base = LanceKnowledgeBase(Path(scratch, "knowledge"))
        chunks = base.rebuild(TENANT, sources)
        print(f"{len(names)} documents, {chunks} chunks: chunked and embedded in {embedded - began:.1f} s", end=", ")
        print(f"indexed in {time.perf_counter() - embedded:.1f} s; {len(collection.queries)} queries")
        for mode in SearchMode:
            scores, times = [], []
            for query, text in collection.queries:
                asked_at = time.perf_counter()
                ranking = ranked(base, text, mode, names)
                times.append(time.perf_counter() - asked_at)
                if (score := ndcg(ranking, collection.grades.get(query, {}))) is not None:
                    scores.append(score)
            middle = sorted(times)[len(times) // 2] * 1000
            print(f"{mode:7} nDCG@{AT} {sum(scores) / len(scores):.4f}  median {middle:.1f} ms")


if __name__ == "__main__":
    main()
