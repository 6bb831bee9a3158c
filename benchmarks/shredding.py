"""What it costs to overwrite before unlinking: objects of a local store, and page images in a scratch folder.

python benchmarks/shredding.py [FOLDER]      on the disk of FOLDER, which is the temporary folder where none is named

Medians in milliseconds: `unlink` of a file that is on the disk, `delete` of a LocalStore (zeros flushed), and `shred` of a file just made.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from docmill.shredding import shred_file
from docmill.storage.objects import StoreSpec, open_store

SIZES_BYTES = (1_000, 300_000, 1_000_000, 3_900_000, 20_000_000)  # 3.9 MB: a letter page, raw and gray at 200 dpi
TIMES = 20


def median_ms(make: Callable[[], object], go: Callable[[], object]) -> float:
    """The median of what `go` takes, each time on what `make` made."""
    taken = []
    for _ in range(TIMES):
        make()
        begun = time.perf_counter()
        go()
        taken.append((time.perf_counter() - begun) * 1000)
    return statistics.median(taken)


def _synced(path: Path, body: bytes) -> None:
    with path.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as made:
        folder = Path(made)
        store, path, name = open_store(StoreSpec(url=(folder / "store").as_uri())), folder / "page", "originals/t/a"
        for size_bytes in SIZES_BYTES:
            body = os.urandom(size_bytes)
            unlink = median_ms(lambda body=body: _synced(path, body), path.unlink)
            delete = median_ms(lambda body=body: store.create(name, body), lambda: store.delete(name))
            shred = median_ms(lambda body=body: path.write_bytes(body), lambda: shred_file(path))
            print(f"{size_bytes:>12,} bytes: unlink {unlink:7.2f} ms, delete {delete:7.2f} ms, shred {shred:7.2f} ms")


if __name__ == "__main__":
    main()
