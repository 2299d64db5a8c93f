"""Throws variations of hostile requests at an app of every feature, and counts what is wrong.

    python -m fuzz --seconds 60 --seed 1

Counted are answers of 5xx, exceptions that left the app, answers that no server can send, answers
that took longer than 0.5 s of processor time, growth of memory, and secrets in answers. The exit
status is 1 unless each is 0. A finding is printed with what is needed to see it again. With
``--parsers`` the parsers and the matcher are fuzzed by atheris, which is guided by coverage.
"""

from __future__ import annotations

import argparse
import gc
import logging
import random
import subprocess
import sys
import tempfile
import time
import typing as t
import warnings
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from hostile.doors import Ask, Doors, Reply
from hostile.everything import leaked, make_app

from bolthead import Bolthead, Flask
from fuzz.mutate import Mutator

SLOW = 0.5
# What caches and the allocator may add in 10,000 requests, in bytes: 40 for each.
MAY_GROW = 400_000


class Tally:
    """What was found so far."""

    KINDS = ("5xx", "escaped", "broken", "slow", "leaked secrets", "memory growth")

    def __init__(self) -> None:
        self.requests = 0
        self.statuses: Counter[int | None] = Counter()
        self.found: Counter[str] = Counter()

    def note(self, kind: str, number: int, ask: Ask, reply: Reply | None, what: object) -> None:
        """Count a finding, and print the first ones of its kind."""
        self.found[kind] += 1
        if self.found[kind] <= 5:
            print(f"FOUND {kind} by request {number}: {what!a}")
            print(f"  {ask.method!a} {ask.path[:300]!a}?{ask.query[:300]!a} host={ask.host!a:.80}")
            print(f"  headers {str(ask.headers)[:600]}")
            print(f"  body {b''.join(ask.body)[:600]!a} declared={ask.declared}")
            if reply is not None:
                print(f"  -> {reply.status} {reply.body[:200]!a}")
        sys.stdout.flush()

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
        secrets = leaked(reply)
        if secrets:
            self.note("leaked secrets", number, ask, reply, secrets)


def throw(options: argparse.Namespace) -> Tally:
    """Throw requests until the time is over, or so many were thrown."""
    apps = [make_app(cls) for cls in (Flask, Bolthead)]
    doors = Doors()
    tally = Tally()
    ends = time.monotonic() + options.seconds
    sizes: list[int] = []
    number = 0
    try:
        while time.monotonic() < ends and number < options.requests:
            # A request depends on its number and the seed, so that one can be seen again alone.
            dice = random.Random(f"{options.seed}-{number}")  # no secret
            ask = Mutator(dice).ask()
            app = apps[number % 2]
            kind = Doors.KINDS[dice.random() < options.asgi]
            for _ in range(2):
                began = time.process_time()
                reply = doors.ask(app, ask, kind)
                spent = time.process_time() - began
                if spent <= SLOW:
                    break
            tally.judge(number, ask, reply, spent)
            number += 1
            if number % 10_000 == 0:
                sizes.append(_memory())
                print(f"{number:,} requests, {sizes[-1]:,} bytes held")
                sys.stdout.flush()
    finally:
        doors.close()
    growth = _growth(sizes)
    print(f"growth of memory: {growth:,.0f} bytes in 10,000 requests")
    if growth > MAY_GROW:
        tally.note("memory growth", number, Ask(), None, f"{growth:,.0f} bytes in 10,000 requests")
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
    parser.add_argument("--asgi", type=float, default=0.3, help="the share put by ASGI (0.3)")
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
