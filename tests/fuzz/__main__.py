"""Throws variations of hostile requests at an app of every feature, and counts what is wrong.

    python -m fuzz --seconds 60 --seed 1

By WSGI, ASGI, RSGI and as WebSockets. Counted are answers of 5xx, exceptions that left the app,
answers that no server can send, answers that took longer than 0.5 s of processor time, growth of
memory, secrets in answers, and control characters or secrets in the log. The exit status is 1
unless each is 0. A finding is printed with what is needed to see it again. With
``--parsers`` the parsers and the matcher are fuzzed by atheris, which is guided by coverage.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import re
import subprocess
import sys
import tempfile
import time
import typing as t
import warnings
from collections import Counter
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from hostile.doors import LOOPED, Ask, Doors, Reply, by_wsgi
from hostile.everything import SECRETS, leaked, make_app

from bolthead import Bolthead, Flask
from fuzz.mutate import SOCKETS, variation

SLOW = 0.5
# What caches and the allocator may add in 20,000 requests, in bytes: 20 for each.
MAY_GROW = 400_000


class Listener(logging.Handler):
    """Keeps the lines of the log that carry a control character, or a secret."""

    def __init__(self) -> None:
        super().__init__()
        self.dirty: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if CONTROL.search(message) or any(secret in self.format(record) for secret in LOGGED):
            self.dirty.append(message)


CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
LOGGED = [secret for secret in SECRETS if secret.isascii() and " " not in secret]


class Tally:
    """What was found so far."""

    KINDS = ("5xx", "escaped", "broken", "slow", "leaked secrets", "dirty log", "memory growth")

    def __init__(self) -> None:
        self.requests = 0
        self.statuses: Counter[int | None] = Counter()
        self.found: Counter[str] = Counter()
        self.shown: Counter[tuple[str, bytes]] = Counter()
        self.listener = Listener()

    def note(self, kind: str, number: int, ask: Ask, reply: Reply | None, what: object) -> None:
        """Count a finding, and print the first ones of its kind and path."""
        self.found[kind] += 1
        self.shown[kind, ask.path[:6]] += 1
        if self.shown[kind, ask.path[:6]] <= 2 and len(self.shown) < 100:
            print(f"FOUND {kind} by request {number}, {door_of(number)}: {what!a}")
            print(f"  {ask.method!a} {ask.path[:300]!a}?{ask.query[:300]!a} host={ask.host!a:.80}")
            print(f"  headers {str(ask.headers)[:600]}")
            print(f"  body {b''.join(ask.body)[:600]!a} declared={ask.declared}")
            if reply is not None:
                print(f"  -> {reply.status} {reply.body[:200]!a}")
        sys.stdout.flush()

    def put_by_wsgi(self, app: t.Any, number: int, ask: Ask) -> None:
        """Put a request by WSGI and count what is wrong; what was slow is tried once more."""
        for _ in range(2):
            began = time.process_time()
            reply = by_wsgi(app, ask)
            spent = time.process_time() - began
            if spent <= SLOW:
                break
        self.judge(number, ask, reply, spent)

    async def put_on_loop(self, app: t.Any, asks: list[tuple[int, Ask]]) -> None:
        """Put requests by the doors that need a loop: at once; one by one to find a slow one."""
        began = time.process_time()
        replies = await asyncio.gather(*(_answer(app, *asked) for asked in asks))
        together = time.process_time() - began
        for (number, ask), reply in zip(asks, replies, strict=True):
            spent = 0.0
            if together > SLOW:
                began = time.process_time()
                reply = await _answer(app, number, ask)
                spent = time.process_time() - began
            self.judge(number, ask, reply, spent)

    def judge(self, number: int, ask: Ask, reply: Reply, spent: float) -> None:
        """Count what is wrong with an answer."""
        self.requests += 1
        self.statuses[reply.status] += 1
        if reply.escaped is not None:
            self.note("escaped", number, ask, reply, reply.escaped)
        elif reply.broke is not None:
            self.note("broken", number, ask, reply, reply.broke)
        elif reply.status is not None and reply.status >= 500:
            self.note("5xx", number, ask, reply, reply.status)
        if spent > SLOW:
            self.note("slow", number, ask, reply, f"{spent:.2f} s")
        if self.listener.dirty:
            self.note("dirty log", number, ask, reply, self.listener.dirty.pop())
            self.listener.dirty.clear()
        secrets = leaked(reply)
        if secrets:
            self.note("leaked secrets", number, ask, reply, secrets)


# One request in so many goes by each door; and how many go to one app, and are made, at a time.
DOORS = ["wsgi"] * 14 + ["asgi"] * 4 + ["rsgi", "websocket"]
BATCH = 4 * len(DOORS)
APPS = ((Flask, "plain"), (Bolthead, "plain"), (Flask, "subdomains"), (Bolthead, "hosts"))
SHOWN = 20_000
# After how many seconds a request that nobody answers is given up.
PATIENCE = 60


def door_of(number: int) -> str:
    """Return by which door a request goes."""
    return DOORS[number * 13 % len(DOORS)]


def asked(seed: int, number: int) -> Ask:
    """Return a request; one that opens a WebSocket mostly asks for the path of one."""
    ask = variation(seed, number)
    if door_of(number) != "websocket" or number % 9 == 0:
        return ask
    return replace(ask, path=SOCKETS[number % len(SOCKETS)])


async def _answer(app: t.Any, number: int, ask: Ask) -> Reply:
    """Return the answer to a request; an error where there is none at all."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await LOOPED[door_of(number)](app, ask)
    except TimeoutError:
        return Reply(escaped=TimeoutError("nobody answers"))


def throw(options: argparse.Namespace) -> Tally:
    """Throw requests until the time is over, or so many were thrown."""
    apps = [make_app(cls, way=way) for cls, way in APPS]
    doors = Doors()
    tally = Tally()
    for app in apps:
        app.logger.handlers = [tally.listener]
    ends = time.monotonic() + options.seconds
    sizes: list[int] = []
    number = 0
    try:
        while time.monotonic() < ends and number < options.requests:
            count = min(BATCH, options.requests - number)
            # A request depends on its number and the seed, so that one can be seen again alone.
            asks = [(n, asked(options.seed, n)) for n in range(number, number + count)]
            app = apps[number // BATCH % len(apps)]
            looped = []
            for n, ask in asks:
                if door_of(n) == "wsgi":
                    tally.put_by_wsgi(app, n, ask)
                else:
                    looped.append((n, ask))
            doors.run(tally.put_on_loop(app, looped))
            number += count
            if number % SHOWN < count:
                sizes.append(_memory())
                if len(sizes) % 10 == 1:
                    print(f"{number:,} requests, {sizes[-1]:,} bytes held")
                    sys.stdout.flush()
    except KeyboardInterrupt:
        print("interrupted")
    finally:
        doors.close()
    growth = _growth(sizes)
    print(f"growth of memory: {growth:,.0f} bytes in {SHOWN:,} requests")
    if growth > MAY_GROW:
        tally.note("memory growth", number, Ask(), None, f"{growth:,.0f} in {SHOWN:,} requests")
    return tally


def _memory() -> int:
    """Return how many bytes the process holds, after what is garbage was collected."""
    gc.collect()
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def _growth(sizes: list[int]) -> float:
    """Return the growth from one size to the next, once the caches are warm."""
    later = sizes[len(sizes) // 3 :]
    return (later[-1] - later[0]) / (len(later) - 1) if len(later) >= 3 else 0.0


def fuzz_parsers(options: argparse.Namespace) -> int:
    """Fuzz each parser by atheris for a share of the time; say so where it is not installed."""
    try:
        import atheris  # noqa: F401
    except ImportError:
        print("SKIPPED: atheris is not installed for this Python; run: pip install atheris")
        return 0
    from fuzz.parsers import TARGETS

    share = max(1, options.seconds // len(TARGETS))
    failed = 0
    kept = tempfile.mkdtemp(prefix="fuzz-")
    for name in TARGETS:
        command = [sys.executable, "-m", "fuzz.parsers", name]
        limits = [
            f"-artifact_prefix={kept}/{name}-",
            f"-max_total_time={share}",
            f"-seed={options.seed or 1}",
            "-timeout=5",
        ]
        quiet = ["-rss_limit_mb=2048", "-max_len=8192", "-verbosity=0", "-print_final_stats=1"]
        done = subprocess.run(  # ourselves
            [*command, *limits, *quiet],
            cwd=Path(__file__).resolve().parent.parent,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=share * 10 + 120,
        )
        runs = [line for line in done.stderr.splitlines() if "number_of_executed_units" in line]
        print(f"{name:<14} {runs[0].split()[-1] if runs else '?':>10} runs, exit {done.returncode}")
        if done.returncode:
            failed += 1
            said = (done.stdout + done.stderr).splitlines()
            print("\n".join(line for line in said if not line.startswith("INFO"))[-3000:])
            print(f"What breaks it is kept in {kept}")
    return failed


def main(arguments: t.Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=60, help="for how long (60)")
    parser.add_argument("--requests", type=int, default=sys.maxsize, help="at most so many")
    parser.add_argument("--seed", type=int, default=0, help="which variations (0)")
    parser.add_argument("--parsers", action="store_true", help="fuzz the parsers by atheris")
    options = parser.parse_args(arguments)
    if options.parsers:
        return min(1, fuzz_parsers(options))
    logging.getLogger("bolthead.requests").disabled = True
    warnings.simplefilter("ignore")
    tally = throw(options)
    print(f"{tally.requests:,} requests, seed {options.seed}")
    print("statuses:", ", ".join(f"{s}: {n:,}" for s, n in sorted(tally.statuses.items(), key=str)))
    for kind in Tally.KINDS:
        print(f"{kind:<16} {tally.found[kind]}")
    return int(bool(tally.found))


if __name__ == "__main__":
    sys.exit(main())
