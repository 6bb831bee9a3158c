"""Many small or many scanned documents, each different, for benchmarks and load."""

from pathlib import Path
from typing import Final, Literal

import numpy as np

from docmill.services.samples.paper import pdf, picture, prose, rendered
from docmill.services.samples.wear import scanned

_WORDS: Final = (
    "river", "wheel", "stone", "grain", "ledger", "carter", "lantern", "harbour", "winter", "barrel", "copper", "meadow", "timber", "saddle",
    "orchard", "bridge", "candle", "weaver", "granite", "market", "kettle", "anchor", "feather", "garden", "hammer", "island", "jacket",
    "kitchen", "ladder", "mirror", "needle", "oyster", "parcel", "quarry", "ribbon", "shelter", "tunnel", "umbrella", "village", "window",
    "yellow", "basket", "cellar", "donkey", "engine", "farmer", "glove", "honey", "insect", "juniper", "the", "of", "and", "to", "with", "for",
)  # fmt: skip
_PARAGRAPH_WORDS: Final = 62
_PARAGRAPHS: Final = 7


def write_tiny(folder: Path, count: int, *, kind: Literal["text", "pdf"] = "text", first: int = 0) -> list[Path]:
    """Write `count` one-page documents of one sentence each, numbered from `first` on, no two with the same bytes; the same bytes every time."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(first, first + count):
        sentence = f"Note {number}: {_prose(number, 12)}"
        path = folder / f"tiny-{number:06d}.{'txt' if kind == 'text' else 'pdf'}"
        if kind == "text":
            path.write_text(f"{sentence}\n", encoding="utf-8")
        else:
            pdf(path, f"Note {number}", [prose(f"Note {number}", [sentence])])
        paths.append(path)
    return paths


def write_scans(folder: Path, count: int, pages: int, *, dpi: int = 200) -> list[Path]:
    """Write `count` PDFs of `pages` scanned pages each (about 430 words a page, no text layer), no two pages alike; the same bytes every time."""
    folder.mkdir(parents=True, exist_ok=True)
    return [_write_scan(folder / f"scan-{number:04d}.pdf", number, pages, dpi) for number in range(count)]


def write_long(path: Path, pages: int) -> Path:
    """Write one PDF of `pages` pages with a text layer (about 430 words a page), no two alike; the same bytes every time."""
    texts = ([_prose(page * 100 + p, _PARAGRAPH_WORDS) for p in range(_PARAGRAPHS)] for page in range(1, pages + 1))
    return pdf(path, "Long", (prose(f"Folio {page}", text) for page, text in enumerate(texts, start=1)))


def _write_scan(path: Path, number: int, pages: int, dpi: int) -> Path:
    seeds = [number * 10_000 + page for page in range(1, pages + 1)]
    texts = [[_prose(seed * 100 + p, _PARAGRAPH_WORDS) for p in range(_PARAGRAPHS)] for seed in seeds]
    source = pdf(path.with_suffix(".source"), "Scan", [prose(f"Folio {seed}", text) for seed, text in zip(seeds, texts, strict=True)])
    try:
        images = (
            scanned(rendered(source, page, dpi), skew_deg=(seed % 5 - 2) * 0.3, noise=5.0, seed=seed)
            for page, seed in enumerate(seeds, start=1)
        )
        return pdf(path, "Scan", map(picture, images))
    finally:
        source.unlink()


def _prose(seed: int, words: int) -> str:
    chosen = np.random.default_rng(seed).choice(_WORDS, size=words)
    return f"{' '.join(chosen).capitalize()}."
