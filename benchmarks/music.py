"""How does a real app answer 50 people who click through it, on Bolthead and on Flask?

    python benchmarks/music.py
    python benchmarks/music.py --seconds 20 --users 20      # a look; writes no file

It serves examples/music with two workers: on Bolthead by `bolthead serve`, on Flask by Gunicorn,
one after the other in one run, each with the demo's 200,000 plays. Each user logs in, and then
opens a page, waits a moment, opens the next. It takes the environment that `make setup` makes.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime
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
from contextlib import contextmanager
from pathlib import Path

import httpx

HERE = Path(__file__).resolve().parent
MUSIC = HERE.parent / "examples" / "music"
RESULT = HERE / "results" / "music.json"
EMAIL, PASSWORD = "demo@example.org", "time-machine"
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


def choose(chance: random.Random) -> str:
    [(_, page)] = chance.choices(PAGES, [weight for weight, _ in PAGES])
    year = datetime.date.today().year - chance.randint(1, 8)
    return page.format(year=year, month=chance.randint(1, 9), page=chance.randint(1, 9))


@contextmanager
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


async def log_in(url: str) -> httpx.AsyncClient:
    http = httpx.AsyncClient(base_url=url, timeout=30)
    page = (await http.get("/account/login")).text
    token = re.search(r'csrf-token" content="([^"]+)', page)[1]
    form = {"email": EMAIL, "password": PASSWORD, "csrf_token": token}
    answer = await http.post("/account/login", data=form)
    if answer.status_code != 302:
        sys.exit(f"The login was answered with {answer.status_code}: {answer.text[:200]}")
    return http


async def click(http, number: int, seconds: float, took: list[float], wrong: list[str]) -> None:
    """Be one user: open pages until the time is over."""
    chance = random.Random(number)  # noqa: S311 - no secret
    until = time.monotonic() + seconds
    await asyncio.sleep(chance.uniform(0, 1.5))
    while time.monotonic() < until:
        path = choose(chance)
        start = time.perf_counter()
        try:
            answer = await http.get(path)
            if answer.status_code != 200:
                wrong.append(f"{answer.status_code} {path}")
        except httpx.HTTPError as error:
            wrong.append(f"{error!r} {path}")
        took.append((time.perf_counter() - start) * 1000)
        await asyncio.sleep(chance.uniform(0.5, 1.5))
    await http.aclose()


async def load(url: str, users: int, seconds: float) -> dict:
    took: list[float] = []
    wrong: list[str] = []
    # One after the other: a password is made slow to check, and that is not what is asked here.
    sessions = [await log_in(url) for _ in range(users)]
    async with asyncio.TaskGroup() as group:
        for number, http in enumerate(sessions):
            group.create_task(click(http, number, seconds, took, wrong))
    cuts = statistics.quantiles(took, n=100)
    return {
        "requests": len(took),
        "errors": len(wrong),
        "first_errors": wrong[:5],
        "p50_ms": round(cuts[49], 1),
        "p95_ms": round(cuts[94], 1),
        "p99_ms": round(cuts[98], 1),
        "max_ms": round(max(took), 1),
    }


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    options.add_argument("--users", type=int, default=50)
    options.add_argument("--seconds", type=float, default=60)
    options.add_argument("--plays", type=int, default=200_000)
    chosen = options.parse_args()
    found = {}
    with tempfile.TemporaryDirectory(prefix="music-") as folder:
        first = Path(folder) / "Bolthead"
        first.mkdir()
        environment = os.environ | {"MUSIC_DATA_FOLDER": str(first)}
        seed = [sys.executable, "-m", "bolthead", "--app", "wsgi.py", "seed"]
        seed += ["--email", EMAIL, "--password", PASSWORD, "--plays", str(chosen.plays)]
        subprocess.run(seed, cwd=MUSIC, env=environment, check=True)  # noqa: S603 - our own
        shutil.copytree(first, Path(folder) / "Flask")
        for framework in ("Bolthead", "Flask"):
            with serving(framework, Path(folder) / framework) as url:
                # The first requests fill what each process keeps.
                asyncio.run(load(url, 10, 3))
                found[framework] = asyncio.run(load(url, chosen.users, chosen.seconds))
    print(f"\n{chosen.users} users, {chosen.seconds:.0f} s, {WORKERS} workers\n")
    print("| | requests | errors | p50 ms | p95 ms | p99 ms | max ms |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for framework, row in found.items():
        names = ("requests", "errors", "p50_ms", "p95_ms", "p99_ms", "max_ms")
        print(f"| {framework} | " + " | ".join(str(row[name]) for name in names) + " |")
    ours = found["Bolthead"]
    if (chosen.users, chosen.seconds, chosen.plays) == (50, 60, 200_000):
        about = {
            "date": datetime.date.today().isoformat(),
            "python": platform.python_version(),
            "cores": os.cpu_count(),
            "users": chosen.users,
            "seconds": chosen.seconds,
            "load_average": round(os.getloadavg()[0], 2),
        }
        RESULT.write_text(json.dumps({"about": about, "results": found}, indent=2) + "\n")
    if ours["errors"] or ours["p99_ms"] > LONGEST_P99:
        print(f"Not good enough: {ours['first_errors'] or ours['p99_ms']}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
