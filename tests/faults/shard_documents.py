"""Documents for milling tests, made here, and ways to look at what milling left in the store."""

import contextlib
import itertools
import json
import re
import time

import psutil
from PIL import Image, ImageDraw, ImageFont

from docmill.services.intake import take_in
from docmill.services.milling.lease import write_lease
from docmill.services.running.run import BatchRun
from docmill.services.sources import files_of
from docmill.values.options import MillOptions

_numbers = itertools.count(1)


def write_pages(path, pages, *, text="river ledger", height_px=200, words_px=40):
    """A TIFF of small scanned pages: about 0.2 s of real OCR each. No two files are alike."""
    number = next(_numbers)
    images = []
    for page in range(1, pages + 1):
        image = Image.new("L", (900, height_px), 255)
        ImageDraw.Draw(image).text((40, 70), f"Folio {number} page {page} {text}", fill=0, font=ImageFont.load_default(words_px))
        images.append(image)
    images[0].save(path, save_all=True, append_images=images[1:], dpi=(300, 300))
    return path


def write_slow_page(path, *, height_px=4000):
    """A TIFF of one page that takes Tesseract long: about a minute at 4000 pixels, 5 s at 1000."""
    image = Image.new("L", (3000, height_px), 255)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(28)
    for row in range(20, height_px - 20, 36):
        draw.text((20, row), f"{next(_numbers)} " + "The quick brown fox jumps over the lazy dog 0123456789 " * 4, fill=0, font=font)
    image.save(path, dpi=(300, 300))
    return path


def write_text(path, text="A short note."):
    path.write_text(f"{text} {next(_numbers)}\n", encoding="utf-8")
    return path


def write_damaged(path):
    """It says PDF and is none."""
    path.write_bytes(b"%PDF-1.4\n" + f"{next(_numbers)} cut off".encode())
    return path


def begin(room, paths, *, run_id=None, **options):
    """A batch of these files, claimed by a new run whose lease is fresh."""
    batch_id, _ = take_in(room, files_of([str(p) for p in paths], room.settings), MillOptions(**options))
    run_id = run_id or f"run-{next(_numbers)}"
    write_lease(room.store, room.tenant, run_id, stop=False)
    return BatchRun(room, batch_id, run_id, workers=0, lease_s=60)  # without workers everything is one shard


def journal(room, job_id="", stage=""):
    """The journal's markers below a job: names such as read-page-1/0-1.begun."""
    prefix = f"private/{room.tenant}/journal/{job_id}"
    names = [info.name.removeprefix(f"private/{room.tenant}/journal/") for info in room.store.list(prefix)]
    return sorted(name.partition("/")[2] for name in names if name.split("/")[1].startswith(stage))


def begun(room, stage=""):
    """How often each item was begun: (job id, stage-item) -> times."""
    prefix = f"private/{room.tenant}/journal/"
    found = [info.name.removeprefix(prefix).split("/") for info in room.store.list(prefix)]
    counts = {}
    for job_id, item, mark in found:
        if mark.endswith(".begun") and item.startswith(stage):
            counts[job_id, item] = counts.get((job_id, item), 0) + 1
    return counts


def begun_by(room, stage, item=""):
    """Process ids in the .begun markers of a stage, with the marker's name, oldest first."""
    prefix = f"private/{room.tenant}/journal/"
    names = [i.name for i in room.store.list(prefix) if re.search(rf"/{stage}-{item}[^/]*/[^/]+\.begun$", i.name)]
    marks = [(*room.store.read(name).decode().split(), name) for name in names]
    return [(int(pid), name) for _, pid, name in sorted(marks)]


def outcome_markers(room, run_id, stage):
    """Outcome markers of a run's stage, as dicts."""
    found = room.store.list(f"private/{room.tenant}/runs/{run_id}/{stage}/")
    return [json.loads(room.store.read(info.name)) for info in found]


def until(condition, within_s, what):
    """Wait for something to become true, and give it back."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"not within {within_s} s: {what}")


def at_least(count, least, within_s=5):
    """Wait until a count is reached."""
    until(lambda: count() >= least, within_s, f"at least {least}")


def descendants(pid=None):
    """Living processes below one, without zombies and Python's own resource tracker, which lives as long as its process."""
    try:
        below = psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
    return [p for p in below if lives(p) and not _is_tracker(p)]


def programs():
    """OCR programs below this process: below Dask workers, flow processes, or cells here."""
    return [p for p in descendants() if _name(p) == "tesseract"]


def _name(process):
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.name()
    return ""


def _is_tracker(process):
    with contextlib.suppress(psutil.Error):
        return "multiprocessing.resource_tracker" in " ".join(process.cmdline())
    return False


def lives(process):
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def gone(processes, within_s):
    """Wait until none of them lives; those left are killed, and given back with their command lines."""
    end = time.monotonic() + within_s
    while time.monotonic() < end and any(map(lives, processes)):
        time.sleep(0.02)
    left = [p for p in processes if lives(p)]
    told = []
    for process in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            told.append((process.pid, process.cmdline()))
            process.kill()
    return told


def run_ids(room):
    """The runs that left a lease or markers."""
    return {i.name.split("/")[3] for i in room.store.list(f"private/{room.tenant}/runs/")}


def in_the_middle(room, pages):
    """(pid, job id) of a worker that has left some artefacts of a document of so many pages and is at the next one; None if there is none."""
    for run_id in run_ids(room):
        done = {(m["job_id"], m["item"]) for m in outcome_markers(room, run_id, "read")}
        for pid, name in begun_by(room, "read"):
            job_id, item = name.split("/")[3], name.split("/")[4].removeprefix("read-")
            if 0 < sum(j == job_id for j, _ in done) < pages and (job_id, item) not in done and psutil.pid_exists(pid):
                return pid, job_id
    return None


def held_by(room, pid):
    """(job id, stage-item) of what a process has begun and not ended."""
    ended = {(m["job_id"], f"{m['stage']}-{m['item']}") for r in run_ids(room) for m in outcome_markers(room, r, "read")}
    mine = {(name.split("/")[3], name.split("/")[4]) for p, name in begun_by(room, "read") if p == pid}
    return mine - ended
