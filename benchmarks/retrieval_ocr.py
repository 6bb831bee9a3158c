"""What noisy scans cost the search: `python benchmarks/retrieval_ocr.py DATA_FOLDER [--documents 150] [--engine auto] [--keep FOLDER]`.

The collection is that of benchmarks/retrieval.py. Queries are drawn until their relevant documents are as many as asked; these documents are
set in type, drawn at 200 dpi, worn heavily (skew up to 2 degrees, blur, noise of 45 grey levels, dust, JPEG of quality 25) and read by OCR.
All other documents are distractors as clean text. Both sides search the same distractors for the same queries: all that was relevant is clean
on one side and was read by OCR on the other, which is harder than noise that falls on all documents alike.
"""

import argparse
import random
import tempfile
import time
from collections import Counter
from pathlib import Path

import retrieval
from PIL import Image, ImageFilter

from docmill.services.samples.paper import pdf, prose, rendered
from docmill.services.samples.wear import scanned
from docmill.stages.knowledge.verbs import index
from docmill.stages.knowledge.version import VERSION
from docmill.stages.reading import verbs
from docmill.storage.knowledge.lance import LanceKnowledgeBase
from docmill.storage.knowledge.ports import SearchMode, Source
from docmill.values.keys import digest
from docmill.values.page import Page

DPI, JPEG_QUALITY, NOISE = 200, 25, 45.0
PARAGRAPH_WORDS, PAGE_WORDS = 110, 420
SEED = 17


def worn_pages(name: str, text: str, scratch: Path) -> list[Path]:
    """The pages of a document as bad scans."""
    title, _, body = text.partition("\n\n")
    words, chance = body.split(), random.Random(digest(name))  # noqa: S311 - a seed, no secret
    paragraphs = [" ".join(words[at : at + PARAGRAPH_WORDS]) for at in range(0, max(1, len(words)), PARAGRAPH_WORDS)]
    per_page = PAGE_WORDS // PARAGRAPH_WORDS
    painters = [prose(title[:60], [title, *paragraphs[at : at + per_page]]) for at in range(0, len(paragraphs), per_page)]
    file, made = pdf(scratch / "clean.pdf", "sample", painters), []
    for number in range(1, len(painters) + 1):
        page = scanned(rendered(file, number, DPI), skew_deg=chance.uniform(-2, 2), noise=NOISE, seed=chance.randrange(2**31))
        made.append(scratch / f"scan-{number}.jpg")
        softened: Image.Image = page.filter(ImageFilter.GaussianBlur(1.0))
        softened.save(made[-1], "JPEG", quality=JPEG_QUALITY, dpi=(DPI, DPI))
    return made


def ocr_chunk_file(name: str, text: str, engine: str, folder: Path) -> tuple[Path, float]:
    """The chunks file of a document that was scanned, unless it is there, and the share of its words that OCR got right (0.0-1.0)."""
    out, note = (folder / f"{digest(VERSION, name, text, engine, NOISE)}.ocr.{kind}" for kind in ("arrow", "txt"))
    if not (out.exists() and note.exists()):
        with tempfile.TemporaryDirectory() as scratch:
            pages = []
            for scan in worn_pages(name, text, Path(scratch)):
                pages.append(Path(scratch, f"{scan.stem}.json"))
                verbs.read_page(str(scan), "image/jpeg", 1, "en", engine, scratch, str(pages[-1]), {})
            for number, path in enumerate(pages, start=1):
                path.write_text(Page.model_validate_json(path.read_bytes()).model_copy(update={"number": number}).model_dump_json())
            index([str(path) for path in pages], retrieval.document_id(name), str(out))
            read = Counter(word for path in pages for word in Page.model_validate_json(path.read_bytes()).text.lower().split())
            wanted = Counter(text.lower().split())
            note.write_text(str((read & wanted).total() / max(1, wanted.total())))
    return out, float(note.read_text())


def drawn(collection: retrieval.Collection, wanted: int) -> tuple[list[tuple[str, str]], set[str]]:
    """Queries, and the ids of all documents relevant to them, about as many as wanted."""
    queries, sample = list(collection.queries), set[str]()
    random.Random(SEED).shuffle(queries)  # noqa: S311 - a seed, no secret
    for taken, (query, _) in enumerate(queries):
        if len(sample) >= wanted:
            return queries[:taken], sample
        sample |= {name for name, grade in collection.grades.get(query, {}).items() if grade > 0}
    return queries, sample


def main() -> None:
    """Print nDCG@10 of every mode for clean and for scanned relevant documents."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--documents", type=int, default=150)
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--keep", type=Path)
    asked = parser.parse_args()
    collection = retrieval.read_collection(asked.data / retrieval.SET)
    queries, sample = drawn(collection, asked.documents)
    names = {retrieval.document_id(name): name for name, _ in collection.documents}
    with tempfile.TemporaryDirectory() as scratch:
        kept = asked.keep or Path(scratch, "chunks")
        kept.mkdir(parents=True, exist_ok=True)
        began, right, scanned_files = time.perf_counter(), [], {}
        for name, text in collection.documents:
            if name in sample:
                scanned_files[name], share = ocr_chunk_file(name, text, asked.engine, kept)
                right.append(share)
        print(
            f"{len(queries)} queries, {len(right)} scans, {sum(right) / len(right):.1%} of words right, {time.perf_counter() - began:.0f} s"
        )
        clean = {name: retrieval.chunk_file(name, text, kept) for name, text in collection.documents}
        sides = []
        for side, files in (("clean", clean), ("scanned", {**clean, **scanned_files})):
            sides.append(LanceKnowledgeBase(Path(scratch, side)))
            sides[-1].rebuild(retrieval.TENANT, [Source(retrieval.document_id(name), path) for name, path in files.items()])
        for mode in SearchMode:
            figures = [mean_ndcg(base, queries, collection, mode, names) for base in sides]
            print(f"{mode:7} nDCG@{retrieval.AT} clean {figures[0]:.4f}  scanned {figures[1]:.4f}  loss {figures[0] - figures[1]:+.4f}")


def mean_ndcg(
    base: LanceKnowledgeBase, queries: list[tuple[str, str]], collection: retrieval.Collection, mode: SearchMode, names: dict[str, str]
) -> float:
    """The mean over the queries that have something relevant."""
    scores = [retrieval.ndcg(retrieval.ranked(base, text, mode, names), collection.grades.get(query, {})) for query, text in queries]
    known = [score for score in scores if score is not None]
    return sum(known) / len(known)


if __name__ == "__main__":
    main()
