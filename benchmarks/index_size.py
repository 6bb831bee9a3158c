"""How the index grows: `python benchmarks/index_size.py 10000 100000`.

For each size: chunks/s while loading chunk files (without embedding, without index build), seconds of `optimize` (index build), bytes on disk,
recall@10 of vector search against exact search, p50 and p95 of each mode in milliseconds, and the peak memory of the process.

Chunks are synthetic: words by Zipf's law around a topic, vectors around 1,000 topics that overlap, as those of real passages do. Queries are
drawn the same way. Embedding of the query is left out: it costs the same at every size and is printed apart.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from docmill.stages.knowledge.chunk import Chunk
from docmill.stages.knowledge.chunk_file import write_chunks
from docmill.stages.knowledge.embedding import DIMENSIONS, embed
from docmill.storage.knowledge import lance_search
from docmill.storage.knowledge.lance import LanceKnowledgeBase
from docmill.storage.knowledge.ports import Query, SearchMode, Source
from docmill.values.geometry import Box
from docmill.values.keys import digest

TENANT = "benchmark"
TOPICS, WORDS = 1000, 20_000
PER_DOCUMENT, PER_COMMIT = 20, 100
QUERIES = 200
CHUNK_WORDS = 120
NOISE = 0.8
"""Length of the part of a vector that no topic explains, against 1.0 of the topic: neighbours have cosines of about 0.6, as MiniLM's do."""

Floats = npt.NDArray[np.float32]


class World:
    """Synthetic words and vectors; the same seed gives the same world."""

    def __init__(self, seed: int = 11) -> None:
        self.random = np.random.default_rng(seed)
        self.topics = self.unit(self.random.normal(size=(TOPICS, DIMENSIONS)))
        self.words = np.array([f"w{number:x}" for number in range(WORDS)])

    @staticmethod
    def unit(vectors: npt.NDArray[np.float64]) -> Floats:
        """Vectors of length 1."""
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)

    def vectors(self, topics: npt.NDArray[np.int64]) -> Floats:
        """A vector near each topic."""
        noise = self.random.normal(size=(len(topics), DIMENSIONS)) * NOISE / np.sqrt(DIMENSIONS)
        return self.unit(self.topics[topics] + noise)

    def text(self, topic: int, words: int) -> str:
        """Words of everybody and of the topic."""
        common = np.minimum(self.random.zipf(1.2, size=words // 2), WORDS) - 1
        own = (topic * 17 + self.random.integers(0, 60, size=words - words // 2)) % WORDS
        return " ".join(self.words[np.concatenate([common, own])])


def sources(world: World, chunks: int, folder: Path, vectors: Floats) -> Iterator[Source]:
    """Chunk files of documents of 20 chunks each; their vectors are noted in `vectors`."""
    for first in range(0, chunks, PER_DOCUMENT):
        topics = world.random.integers(0, TOPICS, size=PER_DOCUMENT)
        vectors[first : first + PER_DOCUMENT] = world.vectors(topics)
        name = digest(first)[:32]
        made = [chunk(name, number, world.text(int(topic), CHUNK_WORDS)) for number, topic in enumerate(topics)]
        path = folder / f"{name}.arrow"
        write_chunks(path, made, vectors[first : first + PER_DOCUMENT])
        yield Source(name, path)


def chunk(name: str, number: int, text: str) -> Chunk:
    """A chunk with twelve lines' boxes. Its id ends with its number, so that a hit says which vector it has."""
    boxes = tuple(Box(100.0, 40.0 * line, 900.0, 40.0 * line + 30) for line in range(12))
    return Chunk(
        id=digest(name, number)[:32], document_id=name, page=number + 1, start=0, end=len(text), text=text, confidence=0.9, boxes=boxes
    )  # fmt: skip


def ask_with(base: LanceKnowledgeBase, vector: Floats, text: str, mode: SearchMode) -> list[tuple[str, int]]:
    """(document, page) of ten hits, by a given vector instead of the text's own."""
    lance_search.embed = lambda _texts, _origin: vector[None, :]  # type: ignore[assignment,attr-defined] # the model's time is printed apart
    return [(hit.chunk.document_id, hit.chunk.page) for hit in base.search(TENANT, Query(text, mode, 10))]


def percentiles_ms(ask: Callable[[int], object]) -> str:
    """p50 and p95 over all queries, after ten to warm up: the last ones, which the cache of results has forgotten when their turn comes."""
    for number in range(QUERIES - 10, QUERIES):
        ask(number)
    times = []
    for number in range(QUERIES):
        began = time.perf_counter()
        ask(number)
        times.append((time.perf_counter() - began) * 1000)
    return f"p50 {np.percentile(times, 50):.1f} ms, p95 {np.percentile(times, 95):.1f} ms"


def measure(size: int) -> None:
    """Print all figures of one size."""
    world = World()
    with tempfile.TemporaryDirectory() as scratch:
        folder, vectors = Path(scratch, "chunks"), np.zeros((size, DIMENSIONS), dtype=np.float32)
        folder.mkdir()
        made = list(sources(world, size, folder, vectors))
        where = [(source.document_id, page) for source in made for page in range(1, PER_DOCUMENT + 1)]
        base = LanceKnowledgeBase(Path(scratch, "knowledge"))
        print(f"\n{size} chunks")
        seconds, tending = load(base, made)
        print(f"  load     {size / seconds:,.0f} chunks/s in commits of {PER_COMMIT} documents; upkeep by the writer {tending:.1f} s apart")
        began = time.perf_counter()
        stats = base.optimize(TENANT)
        print(f"  optimize {time.perf_counter() - began:.1f} s; approximate index: {stats.has_vector_index}")
        print(f"  disk     {sum(f.stat().st_size for f in Path(scratch, 'knowledge').rglob('*') if f.is_file()) / 2**20:.0f} MiB")
        search(base, world, vectors, where)
        print(f"  memory   peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB of the process so far")


def load(base: LanceKnowledgeBase, made: list[Source]) -> tuple[float, float]:
    """Seconds of loading and of the upkeep in between."""
    from docmill.storage.knowledge import lance_table

    tending = 0.0
    tend = lance_table.tend

    def timed(table: object) -> None:
        nonlocal tending
        began = time.perf_counter()
        tend(table)  # type: ignore[arg-type] # handed through
        tending += time.perf_counter() - began

    lance_table.tend = timed
    began = time.perf_counter()
    for first in range(0, len(made), PER_COMMIT):
        base.replace(TENANT, made[first : first + PER_COMMIT])
    lance_table.tend = tend
    return time.perf_counter() - began - tending, tending


def search(base: LanceKnowledgeBase, world: World, vectors: Floats, where: list[tuple[str, int]]) -> None:
    """Print recall and times."""
    topics = world.random.integers(0, TOPICS, size=QUERIES)
    asked = world.vectors(topics)
    texts = [world.text(int(topic), 6) for topic in topics]
    right = 0
    for vector, text in zip(asked, texts, strict=True):
        exact = {where[row] for row in np.argsort(-(vectors @ vector))[:10]}
        right += len(exact & set(ask_with(base, vector, text, SearchMode.VECTOR)))
    print(f"  recall@10 against exact search {right / (10 * QUERIES):.4f}")
    for mode in SearchMode:
        print(f"  {mode:8} {percentiles_ms(lambda n, mode=mode: ask_with(base, asked[n % QUERIES], texts[n % QUERIES], mode))}")


def main() -> None:
    """Measure every size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", type=int, nargs="*", default=[10_000])
    sizes = parser.parse_args().sizes
    import lancedb  # loads in 1 s: no part of loading chunks

    del lancedb
    question = ["what does the contract say about the end of the lease"]
    embed(question)
    began = time.perf_counter()
    for _ in range(20):
        embed(question)
    print(f"embedding a query: {(time.perf_counter() - began) * 50:.1f} ms")
    for size in sizes:
        measure(size)


if __name__ == "__main__":
    main()
