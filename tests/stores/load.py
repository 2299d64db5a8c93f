"""Clients that keep asking an app while its store is killed and comes back."""

from __future__ import annotations

import threading
import time
import typing as t
from collections import Counter
from dataclasses import dataclass, field

import httpx

CLIENTS = 6
ENOUGH = 10  # acknowledged requests of each client before the kill, and again after the return
WITHOUT = 2.0  # seconds for which the store is away
TIMEOUT = 60  # seconds for one answer, and for ENOUGH of them


@dataclass
class Record:
    """What one client was told."""

    number: int
    acknowledged: list[t.Any] = field(default_factory=list)
    seen: list[tuple[float, int]] = field(default_factory=list)
    failed: BaseException | None = None


Work = t.Callable[[httpx.Client, Record], int]


@dataclass
class Outage:
    """The records of all clients, and when the store was away (seconds of the same clock).

    It is ``recovered`` when each client has been acknowledged again for some time.
    """

    records: list[Record]
    killed: float
    back: float
    recovered: float

    def counts(self, *, since: float = 0.0, until: float = float("inf")) -> Counter[int]:
        seen = (pair for record in self.records for pair in record.seen)
        return Counter(status for at, status in seen if since <= at < until)


def through_an_outage(store: t.Any, base: str, work: Work, during: t.Any = None) -> Outage:
    """Ask with several clients; kill the store and start it again while they go on.

    ``during`` is called while the store is away.
    """
    stop = threading.Event()
    records = [Record(number) for number in range(CLIENTS)]
    threads = [threading.Thread(target=keep_asking, args=(base, work, r, stop)) for r in records]
    for thread in threads:
        thread.start()
    try:
        wait_for_more(records)
        killed = time.monotonic()
        store.kill()
        time.sleep(WITHOUT)
        if during:
            during()
        store.start()
        back = time.monotonic()
        wait_for_more(records)
        recovered = time.monotonic()
        wait_for_more(records)
    finally:
        stop.set()
        for thread in threads:
            thread.join(TIMEOUT + 10)
    for record in records:
        if record.failed:
            raise record.failed
    return Outage(records, killed, back, recovered)


def wait_for_more(records: list[Record]) -> None:
    """Wait until each client has been acknowledged some more."""
    until = [len(record.acknowledged) + ENOUGH for record in records]
    deadline = time.monotonic() + TIMEOUT
    while any(len(r.acknowledged) < n for r, n in zip(records, until, strict=True)):
        told = [(len(record.acknowledged), record.seen[-3:], record.failed) for record in records]
        assert not any(record.failed for record in records), told
        assert time.monotonic() < deadline, told
        time.sleep(0.05)


def keep_asking(base: str, work: Work, record: Record, stop: threading.Event) -> None:
    try:
        with httpx.Client(base_url=base, timeout=TIMEOUT, trust_env=False) as client:
            while not stop.is_set():
                status = work(client, record)
                record.seen.append((time.monotonic(), status))
                if status != 201:
                    time.sleep(0.05)
    except BaseException as error:
        record.failed = error
