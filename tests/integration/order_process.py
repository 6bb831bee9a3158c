"""Processes that approve and order requests and are killed now and then: python order_process.py URL PROCESSES CHANCE LIMIT_S.

One process forks the others, and a new one for each that died, until no request is left; it prints how many were killed. Some kill themselves
between number and order and between order and commit, some are killed by the first process wherever they happen to be.
"""

import os
import random
import signal
import sys
import time

from docmill.errors import Conflict, LedgerUnavailable, NotAllowed
from docmill.services.purchasing import ordering, requests
from docmill.storage.ledger import open_ledger, purchase_orders, purchase_requests
from docmill.values.purchase_records import RequestState

TENANT = "default"
TICK_S = 0.02


def main() -> None:
    url, processes, chance, limit_s = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])
    until, seed, killed, running = time.monotonic() + limit_s, 0, 0, set()
    dice = random.Random(0)  # noqa: S311 - chance, no secret
    while time.monotonic() < until:
        while len(running) < processes:
            seed += 1
            running.add(_forked(url, seed, chance))
        child, status = os.waitpid(-1, os.WNOHANG)
        if child == 0:
            if dice.random() < chance / 5:
                os.kill(dice.choice(sorted(running)), signal.SIGKILL)
            time.sleep(TICK_S)
            continue
        running.discard(child)
        if os.WIFSIGNALED(status):
            killed += 1
        elif status == 0:
            break  # this one found nothing left
    for child in running:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    sys.stdout.write(f"{killed}\n")


def _forked(url: str, seed: int, chance: float) -> int:
    child = os.fork()
    if child == 0:
        status = 1
        try:
            _work(url, seed, chance)
            status = 0
        finally:
            os._exit(status)
    return child


def _work(url: str, seed: int, chance: float) -> None:
    dice = random.Random(seed)  # noqa: S311 - chance, no secret

    def maybe_die() -> None:
        if dice.random() < chance:
            os.kill(os.getpid(), signal.SIGKILL)

    _dying_after(purchase_orders, "next_sequence", maybe_die)  # between the number and the order
    _dying_after(purchase_orders, "insert", maybe_die)  # between the order and the commit
    ledger = open_ledger(url)
    while True:
        with ledger.reading() as conn:
            waiting = [r.request_id for r in purchase_requests.newest(conn, TENANT, (RequestState.SUBMITTED,), limit=100)]
            waiting += purchase_requests.ids_without_order(conn, TENANT)[:100]
        if not waiting:
            return
        for request_id in dice.sample(waiting, len(waiting)):
            _order(ledger, request_id)
            maybe_die()


def _order(ledger: object, request_id: str) -> None:
    for step in (_approve, _place):
        try:
            step(ledger, request_id)
        except (Conflict, NotAllowed, LedgerUnavailable):
            continue  # another process was first, or holds the lock


def _approve(ledger, request_id):
    requests.approve_request(ledger, TENANT, request_id, by="local", own_approval=True)


def _place(ledger, request_id):
    request = requests.request_view(ledger, TENANT, request_id)
    ordering.place_order(ledger, TENANT, request, request.content, ())


def _dying_after(module, name, maybe_die):
    real = getattr(module, name)

    def call(*args, **kwargs):
        result = real(*args, **kwargs)
        maybe_die()
        return result

    setattr(module, name, call)


if __name__ == "__main__":
    main()
