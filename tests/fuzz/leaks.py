"""Puts mixed requests to an app of every feature and shows that nothing of them stays.

    python tests/fuzz/leaks.py --requests 1000000

Good and hostile requests, streams that clients leave, errors and uploads, by WSGI and by ASGI, in
several threads. Printed at each tenth: memory, threads, descriptors, contexts, objects, blocks. The
exit status is 1 if any of it grew beyond what ``LIMITS`` says, from the second tenth on.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import gc
import logging
import os
import random
import sys
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass, fields
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from hostile.doors import Ask, by_asgi, by_wsgi
from hostile.everything import make_app

from bolthead import Bolthead, Flask, has_app_context, has_request_context
from bolthead.ctx import AppContext, RequestContext
from fuzz.mutate import PATHS, Mutator

THREADS = 4
AT_A_TIME = 8


@dataclass
class Held:
    """What the process holds at a moment."""

    memory: int
    threads: int
    descriptors: int
    contexts: int
    objects: int
    blocks: int

    @classmethod
    def now(cls) -> Held:
        """Look, after what is garbage was collected and what is free was given back."""
        gc.collect()
        _give_back()
        things = gc.get_objects()
        contexts = sum(isinstance(thing, AppContext | RequestContext) for thing in things)
        memory = 0
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                memory = int(line.split()[1]) * 1024
        return cls(
            memory,
            threading.active_count(),
            len(os.listdir("/proc/self/fd")),
            contexts,
            len(things),
            sys.getallocatedblocks(),
        )


def _give_back() -> None:
    """Have the C library return what it keeps for later, where it can: peaks are no leaks."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


# How much more there may be at the end than after the second tenth: caches fill slowly. What is
# lost shows in blocks, those that Python has handed out; memory also grows as a few small things
# that caches keep, such as the names of Python's own cache of attributes, lie in many places.
LIMITS = Held(memory=16_000_000, threads=0, descriptors=0, contexts=0, objects=2_000, blocks=10_000)


def mixture(seed: int) -> list[Ask]:
    """Return the requests that are put again and again."""
    dice = random.Random(seed)  # no secret
    good = [Ask(path, b"v=1", headers=((b"Cookie", b"a=b"),)) for path in PATHS]
    left = [Ask(b"/stream", b"v=1", takes=takes) for takes in (1, 2, 3)]
    cut = [
        Ask(path, method="POST", body=(b"a=1", b"&b=2"), fails_after=1)
        for path in (b"/data", b"/form", b"/stream-in", b"/async")
    ]
    hostile = [Mutator(dice).ask() for _ in range(1000)]
    small = [ask for ask in hostile if sum(map(len, ask.body)) < 20_000]
    mixed = [*good * 20, *left * 20, *cut * 20, *small]
    dice.shuffle(mixed)
    return mixed


def put(apps: list[object], mixed: list[Ask], count: int) -> None:
    """Put so many requests: three quarters by WSGI in threads, one by ASGI."""
    number = iter(range(count))
    lock = threading.Lock()

    def next_number() -> int | None:
        with lock:
            return next(number, None)

    def by_threads() -> None:
        while (at := next_number()) is not None:
            by_wsgi(apps[at % len(apps)], mixed[at % len(mixed)])
        assert not has_request_context()
        assert not has_app_context()

    async def on_loop() -> None:
        async def work() -> None:
            while (at := next_number()) is not None:
                await by_asgi(apps[at % len(apps)], mixed[at % len(mixed)])

        await asyncio.gather(*(work() for _ in range(AT_A_TIME)))
        assert len(asyncio.all_tasks()) == 1

    with ThreadPoolExecutor(THREADS) as pool:
        waiting = [pool.submit(by_threads) for _ in range(THREADS - 1)]
        waiting.append(pool.submit(asyncio.run, on_loop()))
        for one in waiting:
            one.result()


def main() -> int:
    parser = argparse.ArgumentParser(description="Shows that requests leave nothing behind.")
    parser.add_argument("--requests", type=int, default=1_000_000, help="how many (1,000,000)")
    parser.add_argument("--seed", type=int, default=0, help="which hostile ones (0)")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    apps: list[object] = [make_app(cls) for cls in (Flask, Bolthead)]
    mixed = mixture(options.seed)
    share = max(1, options.requests // 10)
    names = [field.name for field in fields(Held)]
    print(f"{'requests':>10} {'seconds':>8} " + " ".join(f"{name:>12}" for name in names))
    began = time.monotonic()
    seen: list[Held] = []
    for tenth in range(1, 11):
        put(apps, mixed, share)
        seen.append(Held.now())
        row = " ".join(f"{value:>12,}" for value in astuple(seen[-1]))
        print(f"{tenth * share:>10,} {time.monotonic() - began:>8.1f} {row}")
        sys.stdout.flush()
    first, last = seen[1], seen[-1]
    grown = [
        name for name in names if getattr(last, name) - getattr(first, name) > getattr(LIMITS, name)
    ]
    if last.contexts:
        grown.append("contexts")
    print("grown:", ", ".join(grown) or "nothing")
    return int(bool(grown))


if __name__ == "__main__":
    sys.exit(main())
