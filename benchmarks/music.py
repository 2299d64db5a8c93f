"""How does a real app answer 50 people who click through it, on Bolthead and on Flask?

    python benchmarks/music.py
    python benchmarks/music.py --seconds 10 --rounds 1      # a look; writes no file

It serves examples/music with two workers: on Bolthead by `bolthead serve`, on Flask by Gunicorn,
each with its own copy of the demo's 200,000 plays. They take turns, in rounds of a minute. Each
user logs in, and then opens a page, waits for about a second, opens the next. It takes the
environment that `make setup` makes, five minutes, and a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import contextlib
import datetime
import importlib.metadata
import json
import os
import platform
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
from report import RESULTS, machine

HERE = Path(__file__).resolve().parent
MUSIC = HERE.parent / "examples" / "music"
RESULT = RESULTS / "music.json"
EMAIL, PASSWORD = "demo@example.org", "time-machine"
FRAMEWORKS = {"Bolthead": "bolthead serve", "Flask": "Gunicorn"}
PACKAGES = ("bolthead", "flask", "granian", "gunicorn", "werkzeug", "sqlalchemy")
WORKERS, THREADS = 2, 25
LONGEST_P99 = 250.0
"""Milliseconds; more is a failure."""

# How often each is opened. The periods differ, so that caches do not answer everything.
PAGES = (
    (6, "/dashboard/?range=all"),
    (6, "/dashboard/?range=year-{year}"),
    (4, "/dashboard/?range=custom&from={year}-0{month}-05&to={year}-0{month}-28"),
    (3, "/analytics/?kind=track&range=year-{year}"),
    (3, "/analytics/?kind=artist&page={page}"),
    (2, "/analytics/?kind=play&page={page}"),
    (2, "/analytics/?kind=track&device=phone&range=year-{year}"),
    (2, "/analytics/compare"),
    (2, "/analytics/streaks"),
    (2, "/analytics/discoveries"),
    (2, "/analytics/forgotten"),
    (2, "/playlists/"),
    (1, "/imports/"),
    (2, "/settings/"),
    (6, "/static/style.css"),
    (3, "/static/charts.js"),
)
WEIGHTS = [weight for weight, _ in PAGES]


def choose(chance: random.Random) -> tuple[str, str]:
    """Return a page's pattern and one address of it."""
    [(_, pattern)] = chance.choices(PAGES, WEIGHTS)
    year = datetime.date.today().year - chance.randint(1, 8)
    address = pattern.format(year=year, month=chance.randint(1, 9), page=chance.randint(1, 9))
    return pattern, address


@contextlib.contextmanager
def serving(framework: str, folder: Path):
    """Serve the app until the block ends; give its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {
        "MUSIC_FRAMEWORK": framework.lower(),
        "MUSIC_DATA_FOLDER": str(folder),
        "MUSIC_RATE_LIMITS": "0",
    }
    if framework == "Flask":
        command = ["-m", "gunicorn", "wsgi:app", "--bind", f"127.0.0.1:{port}"]
        command += ["--workers", str(WORKERS), "--threads", str(THREADS)]
    else:
        command = ["-m", "bolthead", "--app", "wsgi.py", "serve", "--port", str(port)]
        command += ["--workers", str(WORKERS), "--no-access-log"]
    with (folder / "log").open("ab") as log:
        server = subprocess.Popen(  # noqa: S603 - this file's own command
            [sys.executable, *command], cwd=MUSIC, env=environment, stdout=log, stderr=log
        )
    url = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                if httpx.get(f"{url}/health").status_code == 200:
                    break
            except httpx.HTTPError:
                time.sleep(0.2)
        else:
            sys.exit(f"{framework} does not answer:\n{(folder / 'log').read_text()}")
        yield url
    finally:
        server.terminate()
        server.wait(30)


async def log_in(http: httpx.AsyncClient) -> None:
    page = (await http.get("/account/login")).text
    token = re.search(r'csrf-token" content="([^"]+)', page)[1]
    form = {"email": EMAIL, "password": PASSWORD, "csrf_token": token}
    answer = await http.post("/account/login", data=form)
    if answer.status_code != 302:
        sys.exit(f"The login was answered with {answer.status_code}: {answer.text[:200]}")


Taken = list[tuple[str, float]]


async def click(http, chance: random.Random, seconds: float, took: Taken, wrong: list[str]) -> None:
    """Be one user: open pages until the time is over."""
    until = time.monotonic() + seconds
    await asyncio.sleep(chance.uniform(0, 1.5))
    while time.monotonic() < until:
        pattern, path = choose(chance)
        start = time.perf_counter()
        try:
            answer = await http.get(path)
            if answer.status_code != 200:
                wrong.append(f"{answer.status_code} {path}")
        except httpx.HTTPError as error:
            wrong.append(f"{error!r} {path}")
        took.append((pattern, (time.perf_counter() - start) * 1000))
        await asyncio.sleep(chance.uniform(0.5, 1.5))


async def load(url: str, users: int, seconds: float, seed: int) -> tuple[Taken, list[str]]:
    """Let users click; return what each request took, in milliseconds, and what went wrong."""
    took: Taken = []
    wrong: list[str] = []
    async with contextlib.AsyncExitStack() as stack:
        sessions = []
        for _ in range(users):
            # Without TLS there are no certificates to read, which takes longer than the login.
            http = httpx.AsyncClient(base_url=url, timeout=30, verify=False)  # noqa: S501
            sessions.append(await stack.enter_async_context(http))
            # One after the other: a password is made slow to check, which is not asked here.
            await log_in(http)
        async with asyncio.TaskGroup() as group:
            for number, http in enumerate(sessions):
                chance = random.Random(seed * 1000 + number)  # noqa: S311 - no secret
                group.create_task(click(http, chance, seconds, took, wrong))
    return took, wrong


def figures(took: Taken, wrong: list[str]) -> dict:
    cuts = statistics.quantiles([each for _, each in took], n=100)
    return {
        "requests": len(took),
        "errors": len(wrong),
        "first_errors": wrong[:5],
        "p50_ms": round(cuts[49], 1),
        "p95_ms": round(cuts[94], 1),
        "p99_ms": round(cuts[98], 1),
        "max_ms": round(max(each for _, each in took), 1),
    }


def by_page(took: Taken) -> dict[str, dict[str, float]]:
    """Return the median and the slowest request of each page."""
    pages = collections.defaultdict(list)
    for pattern, each in took:
        pages[pattern].append(each)
    return {
        pattern: {"p50_ms": round(statistics.median(pages[pattern]), 1),
                  "max_ms": round(max(pages[pattern]), 1)}
        for _, pattern in PAGES
        if pattern in pages
    }  # fmt: skip


NAMES = ("requests", "errors", "p50_ms", "p95_ms", "p99_ms", "max_ms")


def row(name: str, found: dict) -> str:
    return f"| {name} | " + " | ".join(str(found[each]) for each in NAMES) + " |"


def make_data(folder: Path, plays: int) -> None:
    environment = os.environ | {"MUSIC_DATA_FOLDER": str(folder)}
    seed = [sys.executable, "-m", "bolthead", "--app", "wsgi.py", "seed"]
    seed += ["--email", EMAIL, "--password", PASSWORD, "--plays", str(plays)]
    subprocess.run(seed, cwd=MUSIC, env=environment, check=True)  # noqa: S603 - our own


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    options.add_argument("--users", type=int, default=50)
    options.add_argument("--seconds", type=float, default=60, help="of each round")
    options.add_argument("--rounds", type=int, default=2, help="how many turns each takes")
    options.add_argument("--plays", type=int, default=200_000)
    chosen = options.parse_args()
    measured = (chosen.users, chosen.seconds, chosen.plays) == (50, 60, 200_000)
    before = os.getloadavg()[0]
    if before > 0.5:
        print(f"This machine is busy already (load {before:.1f}): the figures will tell of that.")
    took: dict[str, Taken] = {framework: [] for framework in FRAMEWORKS}
    wrong: dict[str, list[str]] = {framework: [] for framework in FRAMEWORKS}
    rounds: dict[str, list[dict]] = {framework: [] for framework in FRAMEWORKS}
    with tempfile.TemporaryDirectory(prefix="music-") as folder, contextlib.ExitStack() as stack:
        first, *others = (Path(folder) / framework for framework in FRAMEWORKS)
        make_data(first, chosen.plays)
        for other in others:
            shutil.copytree(first, other)
        urls = {
            framework: stack.enter_context(serving(framework, Path(folder) / framework))
            for framework in FRAMEWORKS
        }
        for url in urls.values():
            # The first requests fill what each process keeps.
            asyncio.run(load(url, 20, 6, seed=0))
        names = [each.removesuffix("_ms") + " ms" * each.endswith("_ms") for each in NAMES]
        print(f"\n{chosen.users} users, {chosen.seconds:.0f} s a round, {WORKERS} workers\n")
        print("| | " + " | ".join(names) + " |\n| --- |" + " ---: |" * len(names), flush=True)
        for number in range(1, chosen.rounds + 1):
            for framework, url in urls.items():
                asked = asyncio.run(load(url, chosen.users, chosen.seconds, seed=number))
                took[framework] += asked[0]
                wrong[framework] += asked[1]
                rounds[framework].append(figures(*asked))
                print(row(f"{framework}, round {number}", rounds[framework][-1]), flush=True)
    found = {
        framework: figures(took[framework], wrong[framework])
        | {"rounds": rounds[framework], "pages": by_page(took[framework])}
        for framework in FRAMEWORKS
    }
    for framework, server in FRAMEWORKS.items():
        print(row(f"{framework} on {server}", found[framework]))
    if measured:
        about = {
            "question": "music",
            "command": "python benchmarks/music.py",
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "machine": machine(),
            "python": f"{platform.python_implementation()} {platform.python_version()}",
            "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
            "load_before": round(before, 2),
            "users": chosen.users,
            "seconds": chosen.seconds,
            "workers": WORKERS,
            "plays": chosen.plays,
        }
        RESULT.write_text(json.dumps(about | {"results": found}, indent=2) + "\n")
        print(f"\nwritten: {RESULT.relative_to(HERE.parent)}")
    ours = found["Bolthead"]
    if ours["errors"] or ours["p99_ms"] > LONGEST_P99:
        print(f"Not good enough: {ours['first_errors'] or ours['p99_ms']}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
