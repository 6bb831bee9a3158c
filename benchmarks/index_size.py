"""How the index grows: `python benchmarks/index_size.py 10000 100000`.

For each size, in a process of its own: chunks/s while loading chunk files (without embedding, without index build), seconds of index build (the
writer's upkeep and `optimize`), bytes on disk, recall@10 of vector and of hybrid search against the same search that looks at every vector, p50 and
p95 of each mode in milliseconds, and the peak memory of the process. Then how the figures grow from the first size to the last, and whether the last
keeps to the bounds of hybrid search and loading.

Chunks are synthetic: words by Zipf's law around a topic, vectors around 1,000 topics that overlap, as those of real passages do. Queries are
drawn the same way. Embedding of the query is left out: it costs the same at every size and is printed apart.
"""

import argparse
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
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

LEAST_LOADED_PER_S, LEAST_RECALL, MOST_HYBRID_P95_MS = 5000, 0.95, 50.0
"""What 100,000 chunks must hold on the machine that counts."""

Floats = npt.NDArray[np.float32]


@dataclass
class Figures:
    """What is compared between sizes; the names are printed."""

    chunks: int
    loaded_per_s: float = 0.0
    index_build_s: float = 0.0
    disk_mib: float = 0.0
    vector_recall: float = 0.0
    hybrid_recall: float = 0.0
    vector_p95_ms: float = 0.0
    text_p95_ms: float = 0.0
    hybrid_p95_ms: float = 0.0
    peak_mib: float = 0.0


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
        id=digest(name, number)[:32], document_id=name, page=number + 1, start=0, end=len(text), text=text, confidence_score=0.9, boxes=boxes
    )  # fmt: skip


def ask_with(base: LanceKnowledgeBase, vector: Floats, text: str, mode: SearchMode) -> list[tuple[str, int]]:
    """(document, page) of ten hits, by a given vector instead of the text's own."""
    lance_search.embed = lambda _texts, _origin: vector[None, :]  # type: ignore[assignment,attr-defined] # the model's time is printed apart
    return [(hit.chunk.document_id, hit.chunk.page) for hit in base.search(TENANT, Query(text, mode, 10))]


def percentiles_ms(ask: Callable[[int], object]) -> tuple[float, float]:
    """p50 and p95 over all queries, after ten to warm up: the last ones, which the cache of results has forgotten when their turn comes."""
    for number in range(QUERIES - 10, QUERIES):
        ask(number)
    times = []
    for number in range(QUERIES):
        began = time.perf_counter()
        ask(number)
        times.append((time.perf_counter() - began) * 1000)
    return float(np.percentile(times, 50)), float(np.percentile(times, 95))


def measure(size: int) -> Figures:
    """Print all figures of one size."""
    import lancedb  # loads in 1 s: no part of loading chunks

    del lancedb
    world, found = World(), Figures(size)
    with tempfile.TemporaryDirectory() as scratch:
        folder, vectors = Path(scratch, "chunks"), np.zeros((size, DIMENSIONS), dtype=np.float32)
        folder.mkdir()
        made = list(sources(world, size, folder, vectors))
        where = [(source.document_id, page) for source in made for page in range(1, PER_DOCUMENT + 1)]
        base = LanceKnowledgeBase(Path(scratch, "knowledge"))
        print(f"\n{size} chunks")
        seconds, tending = load(base, made)
        found.loaded_per_s = size / seconds
        print(
            f"  load     {found.loaded_per_s:,.0f} chunks/s in commits of {PER_COMMIT} documents; upkeep by the writer {tending:.1f} s apart"
        )
        began = time.perf_counter()
        stats = base.optimize(TENANT)
        optimized_s = time.perf_counter() - began
        found.index_build_s = tending + optimized_s
        print(f"  optimize {optimized_s:.1f} s; approximate index: {stats.has_vector_index}")
        found.disk_mib = sum(f.stat().st_size for f in Path(scratch, "knowledge").rglob("*") if f.is_file()) / 2**20
        print(f"  disk     {found.disk_mib:.0f} MiB")
        search((base, LanceKnowledgeBase(Path(scratch, "knowledge"))), world, vectors, where, found)
        found.peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"  memory   peak {found.peak_mib:.0f} MiB of the process, the benchmark's own {vectors.nbytes / 2**20:.0f} MiB of vectors included"
        )
    return found


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


def search(
    bases: tuple[LanceKnowledgeBase, LanceKnowledgeBase], world: World, vectors: Floats, where: list[tuple[str, int]], found: Figures
) -> None:
    """Print recall and times, and note them. `bases` are two of the same folder, because what one was asked it answers again from its cache."""
    base, exactly = bases
    topics = world.random.integers(0, TOPICS, size=QUERIES)
    asked = world.vectors(topics)
    texts = [world.text(int(topic), 6) for topic in topics]
    right = {SearchMode.VECTOR: 0, SearchMode.HYBRID: 0}
    for vector, text in zip(asked, texts, strict=True):
        exact = {where[row] for row in np.argsort(-(vectors @ vector))[:10]}
        right[SearchMode.VECTOR] += len(exact & set(ask_with(base, vector, text, SearchMode.VECTOR)))
        right[SearchMode.HYBRID] += len(looking_everywhere(exactly, vector, text) & set(ask_with(base, vector, text, SearchMode.HYBRID)))
    found.vector_recall, found.hybrid_recall = (right[mode] / (10 * QUERIES) for mode in right)
    print(f"  recall@10 against exact search: vector {found.vector_recall:.4f}, hybrid {found.hybrid_recall:.4f}")
    for mode in SearchMode:
        p50, p95 = percentiles_ms(lambda n, mode=mode: ask_with(base, asked[n % QUERIES], texts[n % QUERIES], mode))
        setattr(found, f"{mode}_p95_ms", p95)
        print(f"  {mode:8} p50 {p50:.1f} ms, p95 {p95:.1f} ms")


def looking_everywhere(base: LanceKnowledgeBase, vector: Floats, text: str) -> set[tuple[str, int]]:
    """What hybrid search gives when it looks into every part of the approximate index."""
    probed, lance_search.PARTITIONS_PROBED = lance_search.PARTITIONS_PROBED, 1_000_000  # type: ignore[misc] # a constant of the product
    try:
        return set(ask_with(base, vector, text, SearchMode.HYBRID))
    finally:
        lance_search.PARTITIONS_PROBED = probed  # type: ignore[misc] # as above


def show_growth(first: Figures, last: Figures) -> None:
    """Print the factors from the first size to the last."""
    print(f"\ngrowth from {first.chunks} to {last.chunks} chunks (x{last.chunks / first.chunks:.0f})")
    for name, value in asdict(last).items():
        before = getattr(first, name)
        print(f"  {name:14} {before:10,.2f} -> {value:10,.2f}  x{value / before if before else float('nan'):.2f}")


def show_bounds(found: Figures, embedding_ms: float) -> None:
    """Print whether the figures keep to the bounds."""
    whole = found.hybrid_p95_ms + embedding_ms
    kept = {
        f"hybrid p95 {found.hybrid_p95_ms:.1f} ms, {whole:.1f} ms with the query's embedding, < {MOST_HYBRID_P95_MS:.0f} ms": whole
        < MOST_HYBRID_P95_MS,
        f"recall@10 {min(found.vector_recall, found.hybrid_recall):.4f} >= {LEAST_RECALL}": min(found.vector_recall, found.hybrid_recall)
        >= LEAST_RECALL,
        f"load {found.loaded_per_s:,.0f} >= {LEAST_LOADED_PER_S:,} chunks/s, index build {found.index_build_s:.1f} s apart": found.loaded_per_s
        >= LEAST_LOADED_PER_S,
    }
    print(f"\n{found.chunks} chunks")
    for what, is_kept in kept.items():
        print(f"  {'holds ' if is_kept else 'FAILS '} {what}")


def main() -> None:
    """Measure every size, each in a process of its own, so that its peak memory is its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", type=int, nargs="*", default=[10_000])
    sizes = parser.parse_args().sizes
    question = ["what does the contract say about the end of the lease"]
    embed(question)
    began = time.perf_counter()
    for _ in range(20):
        embed(question)
    embedding_ms = (time.perf_counter() - began) * 50
    print(f"embedding a query: {embedding_ms:.1f} ms", flush=True)
    found = []
    for size in sizes:
        with multiprocessing.get_context("spawn").Pool(1) as process:
            found.append(process.apply(measure, (size,)))
    if len(found) > 1:
        show_growth(found[0], found[-1])
    show_bounds(found[-1], embedding_ms)


if __name__ == "__main__":
    main()
