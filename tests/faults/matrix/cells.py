"""The cells of the fault matrix: parts x points x faults, one after the other on one cluster that keeps running.

A cell uploads three tiny documents, waits until some process is held at the point, lays the fault, lets the process go, heals, waits until
everything is over, and looks at the books. It counts only when the log shows, in this order: reached (point, pid), in flight (what the ledger
says is under way), fault (part, kind, pids, in place), released. A cell that was never reached is no success: it is reported as not counted.
"""

import contextlib
import io
import json
import random
import signal
import threading
import time
from datetime import timedelta

import laying
import points
from books import Books
from parts import Cluster
from people import Buyer, Client, Receiver
from plan import OCR, PAGES

STANDS_S = {"kill": 0.0, "stop": 6.5, "slow": 4.0, "full": 4.0}
"""How long a fault stands. Stopping is longer than every lease (3 s of the run's, 6 s of the ledger's): others take over, then it wakes."""
REACHED_S, OVER_S = 90.0, 300.0
DOCUMENTS = 3
LEASE_OVER_S = 30.0
"""No lease may be over for longer while a job is held by it: leases last 6 s, a fault up to 6.5 s, and the sweeper comes every second."""


class Matrix:
    """The cluster with everybody around it. Use as a context manager."""

    def __init__(self, folder, *, seed, log=None):
        self.cluster = Cluster(folder)
        self._log, self._dice = log, random.Random(seed)  # noqa: S311 - chance, no secret
        self._seed, self._numbers = seed, 0
        self.accepted, self.uploaded, self._known = [], 0, set()
        self._over = threading.Event()

    def __enter__(self):
        from docmill.services import sweeping
        from docmill.services.fresh_home import open_home
        from docmill.services.webhooks import add_webhook
        from docmill.settings import settings

        self._open = contextlib.ExitStack()
        try:
            self._open.enter_context(self.cluster)
            settings.cache_clear()
            sweeping.LOST_AFTER = timedelta(seconds=2)
            self.receiver = Receiver()
            self._open.callback(self.receiver.close)
            add_webhook(self.cluster.home, self.receiver.url, ())
            self.room = self._open.enter_context(open_home(settings()))
            self.books = Books(self.cluster.ledger_url, self.room.store, self.receiver)
            sweeper = threading.Thread(target=self._sweep, daemon=True)
            sweeper.start()
            self._open.callback(sweeper.join, 10)
            self._open.callback(self._over.set)
        except BaseException:
            self._open.close()
            raise
        return self

    def __exit__(self, *ignored):
        self._open.close()

    def _sweep(self):
        """The flow `sweep`, every second in place of every five minutes."""
        from docmill.services.sweeping import sweep

        while not self._over.wait(1.0):
            with contextlib.suppress(Exception):
                sweep(self.room)

    def say(self, cell, event, **facts):
        line = {
            "at": round(time.time(), 3),
            "cell": cell.name,
            "part": cell.part,
            "point": cell.point,
            "kind": cell.kind,
            "event": event,
            **facts,
        }
        if self._log:
            self._log.write(json.dumps(line) + "\n")
            self._log.flush()

    @property
    def gateway(self):
        return f"http://127.0.0.1:{self.cluster.ports['gateway']}"

    def documents(self, cell):
        if cell.part == OCR:
            return [("scan.tif", scan(f"seed {self._seed} cell {cell.name}"))]
        return [(f"{n}.txt", f"seed {self._seed} cell {cell.name} document {n}\n".encode()) for n in range(DOCUMENTS)]

    def run(self, cell):
        """One cell, from a well cluster to a well cluster."""
        self._numbers += 1
        cell.number, began = self._numbers, time.monotonic()
        try:
            self._run(cell)
        except AssertionError as error:
            cell.why = str(error).splitlines()[0]
        finally:
            points.CONTROL.disarm()
            points.CONTROL.let_go(cell.name)
            points.CONTROL.set_store_fault("")
            if cell.why:
                self._settle()
            cell.seconds = round(time.monotonic() - began, 1)
            self.say(
                cell,
                "end",
                counted=cell.is_counted,
                why=cell.why,
                violations=cell.violations,
                seconds=cell.seconds,
                lease_over_s=cell.lease_over_s,
            )
        return cell

    def _settle(self):
        """What a cell that did not count left under way must not be taken for the next one's."""
        end = time.monotonic() + OVER_S
        while time.monotonic() < end:
            with contextlib.suppress(Exception):
                if self.books.is_quiet(self.uploaded):
                    return
            time.sleep(0.5)

    def _run(self, cell):
        files = self.documents(cell)
        self.uploaded += len(files)
        if cell.kind != "none" and cell.part != OCR:
            points.CONTROL.arm(cell.name, cell.point)
        client = Client(self.gateway, f"{self._seed}-{cell.name}", files, {"index": "false"}, within_s=OVER_S)
        buyer = None
        if cell.kind != "none":
            heal = self._engine_fault(cell) if cell.part == OCR else self._fault(cell, client)
            buyer = Buyer(self.gateway, within_s=OVER_S)
            time.sleep(STANDS_S[cell.kind])
            heal()
            self.say(cell, "healed")
        self._wait_over(cell, client, buyer)
        self.accepted += client.tasks
        found = self.books.violations(accepted=self.accepted, uploaded=self.uploaded, with_fault=cell.kind != "none")
        cell.violations = [one for one in found if one not in self._known]  # the books are of all cells so far
        if cell.lease_over_s > LEASE_OVER_S:
            cell.violations.append(f"a lease was over for {cell.lease_over_s:.0f} s and its job still held")
        self._known.update(found)
        if cell.kind == "none":
            cell.is_counted = True
        self.cluster.wait_all()

    def _fault(self, cell, client):
        end = time.monotonic() + REACHED_S
        while (reached := points.CONTROL.reached(cell.name)) is None:
            assert time.monotonic() < end, "the point was not reached"
            time.sleep(0.02)
        self.say(cell, "reached", pid=reached["pid"], reached_at=round(reached["at"], 3))
        in_flight = self.books.in_flight() | ({} if client.tasks else {"uploads": 1})
        self.say(cell, "in flight", **in_flight)
        assert in_flight, "nothing was in flight"
        pids, heal = self.cluster.lay(cell.part, cell.kind, reached["pid"])
        assert pids or cell.part == "store", "the part has no process now"
        self.say(cell, "fault", pids=pids)
        assert time.time() - reached["at"] < points.HELD_S, "the point was held too long"
        points.CONTROL.let_go(cell.name)
        points.CONTROL.disarm()
        self.say(cell, "released")
        cell.is_counted = True
        return heal

    def _engine_fault(self, cell):
        """The engine runs for a moment only: it is stopped as soon as it is seen, which holds the pipeline at this page."""
        wanted, seen, end = PAGES.index(cell.point) + 1, [], time.monotonic() + REACHED_S
        while True:
            assert time.monotonic() < end, "the point was not reached"
            for pid in self.cluster.pids_of(OCR):
                if pid in seen:
                    continue
                seen.append(pid)
                if len(seen) < wanted:
                    continue
                with contextlib.suppress(Exception):
                    self.cluster.lay(OCR, "stop", pid)
                    self.say(cell, "reached", pid=pid)
                    self.say(cell, "in flight", **self.books.in_flight())
                    pids, heal = self.cluster.lay(OCR, cell.kind, pid)
                    self.say(cell, "fault", pids=pids)
                    if cell.kind == "full":
                        laying.send(pids, signal.SIGCONT)
                    self.say(cell, "released")
                    cell.is_counted = True
                    return heal
            time.sleep(0.005)

    def _wait_over(self, cell, client, buyer):
        end = time.monotonic() + OVER_S
        while time.monotonic() < end:
            with contextlib.suppress(Exception):
                cell.lease_over_s = max(cell.lease_over_s, self.books.oldest_lease_s())
                if client.tasks and (buyer is None or buyer.has_ordered) and self.books.is_quiet(self.uploaded):
                    self.say(cell, "over")
                    return
            time.sleep(0.2)
        missing = "" if client.tasks else "the upload was never accepted; "
        missing += "" if buyer is None or buyer.has_ordered else "the order was never made; "
        with contextlib.suppress(Exception):
            missing += f"in flight {self.books.in_flight()}"
        cell.violations.append(f"not over within {OVER_S:.0f} s: {missing}")
        raise AssertionError("not over in time")


def scan(text):
    """A TIFF of six small pages, each about half a second of Tesseract."""
    from PIL import Image, ImageDraw, ImageFont

    images = []
    for page in PAGES:
        image = Image.new("L", (1600, 500), 255)
        for row in range(20, 460, 40):
            ImageDraw.Draw(image).text(
                (20, row), f"{text} {page} line {row} " + "the quick brown fox " * 4, fill=0, font=ImageFont.load_default(28)
            )
        images.append(image)
    out = io.BytesIO()
    images[0].save(out, "TIFF", save_all=True, append_images=images[1:], dpi=(300, 300))
    return out.getvalue()
