"""What enrichment costs: `python benchmarks/enrichment.py [FILE...]`. CPU milliseconds of this process, so that other work beside it does not count.

Files are read by their text layer or as text; without any, pages of drawn English prose are taken. The first call loads the language model and the
lexicon; a warm cell has done that.
"""

import argparse
import random
import resource
import tempfile
import time
from pathlib import Path
from statistics import median

from docmill.stages.reading import verbs as reading
from docmill.stages.understanding.enrichment.verbs import enrich

LIMITS = {
    "max_bytes": 1e8,
    "max_pages": 2000,
    "max_pixels": 1e8,
    "max_members": 100,
    "max_unpacked_bytes": 1e9,
    "max_ratio": 200,
    "deadline_s": 60,
}
WORDS = (
    "the", "of", "and", "to", "in", "is", "was", "for", "that", "on", "with", "as", "by", "mill", "river", "wheel", "stone", "flour",
    "grain", "water", "engineer", "invoice", "contract", "delivery", "order", "payment", "tenant", "house", "garden", "window",
    "repair", "careful", "broken", "happy", "late", "price", "total", "amount", "Monday", "March", "report", "letter", "town",
    "visitor", "bridge", "road",
)  # fmt: skip
PROSE_PAGES = (1, 1, 1, 10, 50)


def drawn(pages: int, file: Path) -> Path:
    """English prose of so many pages of about 400 words."""
    chance = random.Random(pages)  # noqa: S311 - a seed, no secret
    lines = [" ".join(chance.choices(WORDS, k=13)).capitalize() + "." for _ in range(31 * pages)]
    file.write_text("\f".join("\n".join(lines[at : at + 31]) for at in range(0, len(lines), 31)))
    return file


def page_files(file: Path, scratch: Path) -> list[str]:
    """The file's pages as read."""
    found = reading.inspect(str(file), LIMITS)
    media_type, made = str(found["media_type"]), []
    for number in range(1, int(found["page_count"] or 0) + 1):
        made.append(str(scratch / f"{number}.json"))
        reading.read_page(str(file), media_type, number, "en", "auto", str(scratch), made[-1], LIMITS)
    return made


def main() -> None:
    """Print milliseconds per document and page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="*")
    times = []
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        files = parser.parse_args().files or [drawn(pages, scratch / f"{n}.txt") for n, pages in enumerate(PROSE_PAGES)]
        before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
        enrich(page_files(drawn(1, scratch / "first.txt"), scratch), "", str(scratch / "out"))
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(f"first document of a process {time.process_time() - began:.2f} s, {(after - before) / 1024:.0f} MiB more at the peak")
        for file in files:
            pages = page_files(file, scratch)
            began = time.process_time()
            enrich(pages, "", str(scratch / "out"))
            times.append((len(pages), (time.process_time() - began) * 1000))
    for pages, took_ms in times:
        print(f"{pages:5} pages {took_ms:8.1f} ms, {took_ms / max(1, pages):6.1f} ms a page")
    print(f"median of one-page documents {median([took_ms for pages, took_ms in times if pages == 1] or [0.0]):.1f} ms")


if __name__ == "__main__":
    main()
