"""What does one worker on one core do with async views, WebSockets, and by ``bolthead serve``?

Five questions, each with servers of its own that are loaded in turns, as in ``servers.py``: JSON
from an ``async def`` view, 500 clients whose view sleeps for a tenth of a second, JSON from a plain
view under ASGI, WebSocket messages echoed, and JSON from ``bolthead serve`` as it comes.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import typing as t
from contextlib import ExitStack

import servers
from servers import Server

SLEEPERS = 500
SLEEP = 0.1
SERVE = ["bolthead", "--app", "served.bolthead_app:app", "serve", "--host", "127.0.0.1"]
SERVE += ["--port", "{port}", "--workers", "1"]


def on_granian(framework: str, path: str, **options: t.Any) -> Server:
    """Return an asynchronous app on Granian's ASGI."""
    command = ["granian", "--interface", "asgi", "--workers", "1", "--log-level", "error"]
    command += ["--backpressure", "10000", "--host", "127.0.0.1", "--port", "{port}"]
    return Server(framework, "Granian (asgi)", [*command, app_of(framework)], path, **options)


def on_uvicorn(framework: str, path: str, **options: t.Any) -> Server:
    """Return an asynchronous app on uvicorn."""
    command = ["uvicorn", "--loop", "uvloop", "--http", "httptools", "--no-access-log"]
    command += ["--interface", "asgi3", "--log-level", "error", "--host", "127.0.0.1"]
    return Server(
        framework, "uvicorn", [*command, "--port", "{port}", app_of(framework)], path, **options
    )


def app_of(framework: str) -> str:
    """Return where the asynchronous app of a framework is."""
    if framework in {"Litestar", "BlackSheep"}:
        return servers.app_of(framework)
    module = "raw_asgi" if framework == "raw ASGI" else f"async_{framework.lower()}"
    return f"served.{module}:app"


def questions() -> dict[str, tuple[str, list[Server]]]:
    """Return each question with the servers that answer it."""
    peers = ["FastAPI", "Starlette", "Litestar", "BlackSheep", "Quart"]
    serve = Server("Bolthead", "bolthead serve", SERVE)
    by_wsgi = Server("Bolthead", "bolthead serve --interface wsgi", [*SERVE, "--interface", "wsgi"])
    emmett, robyn = (s for s in servers.all_servers() if s.framework in {"Emmett", "Robyn"})
    many = {"connections": SLEEPERS}
    return {
        "json": (
            "JSON, `async def`",
            [
                *(on_granian(name, "/json") for name in ("Bolthead", "raw ASGI", *peers)),
                *(on_uvicorn(name, "/json") for name in ("Bolthead", *peers)),
            ],
        ),
        "sleep": (
            f"{SLEEPERS} clients at once, each view sleeps 0.1 s",
            [
                *(on_granian(name, "/sleep", **many) for name in ("Bolthead", "raw ASGI")),
                on_uvicorn("Starlette", "/sleep", **many),
            ],
        ),
        "sync": (
            "JSON, plain view under ASGI",
            [
                *(on_granian(name, "/sync") for name in ("Bolthead", "FastAPI", "Starlette")),
                *(on_uvicorn(name, "/sync") for name in ("Bolthead", "FastAPI", "Quart")),
            ],
        ),
        "echo": (
            "WebSocket messages echoed",
            [
                on(name, "/echo")
                for on in (on_granian, on_uvicorn)
                for name in ("Bolthead", "Starlette", "Quart")
            ],
        ),
        "serve": (
            "JSON, plain view, by a production server as it comes",
            [
                serve,
                by_wsgi,
                servers.granian("raw WSGI", "wsgi", servers.THREADS),
                on_granian("Starlette", "/json"),
                servers.granian("BlackSheep", "asgi"),
                emmett,
                robyn,
            ],
        ),
    }


def echo(server: Server, seconds: float) -> float:
    """Return how many messages a second a server echoes."""
    command = ["taskset", "-c", "1", sys.executable, "echo_load.py", str(server.port), server.path]
    said = subprocess.check_output(  # noqa: S603  # our own command
        [*command, str(server.connections), str(seconds)], text=True, cwd=servers.HERE
    )
    return float(said)


def measure(name: str, asked: list[Server], rounds: int, seconds: float) -> None:
    """Load the servers of a question in turns."""
    with ExitStack() as up:
        for server in asked:
            path, server.path = server.path, "/json"
            up.enter_context(servers.running(server))
            server.path = path
        for number in range(rounds + 1):
            for server in asked:
                if name == "echo":
                    rate, late = echo(server, seconds if number else 1), 0.0
                else:
                    rate, late = servers.load(server, seconds if number else 1)
                if number:  # the first turn only warms up
                    server.requests.append(rate)
                    server.p99.append(late)


def run(options: t.Any) -> dict[str, t.Any]:
    """Answer the questions, and print a table for each, the fastest first."""
    missing = servers.missing_tool()
    if missing is not None:
        sys.exit(f"Servers cannot be measured: {missing}")
    rounds = options.rounds or (2 if options.quick else 5)
    seconds = 1 if options.quick else 3
    found: dict[str, t.Any] = {}
    disturbed = 0
    for name, (title, asked) in questions().items():
        if options.only and name not in options.only:
            continue
        measure(name, asked, rounds, seconds)
        disturbed += sum(server.disturbed for server in asked)
        figures = [figure(name, server) for server in asked]
        figures.sort(key=lambda one: one["per_second"], reverse=True)
        found[name] = {"title": title, "servers": figures}
        print(f"\n{title}")
        for one in figures:
            late = f"   p99 {one['p99_ms']:>7.2f} ms" if "p99_ms" in one else ""
            print(f"{one['framework'] + ' on ' + one['server']:<48}{one['per_second']:>9,}/s{late}")
    if disturbed:
        print(f"\nOther programs took the cores in {disturbed} turns: run it on an idle machine.")
    return {
        "rounds": rounds,
        "seconds_per_turn": seconds,
        "connections": servers.CONNECTIONS,
        "ideal_of_sleepers": SLEEPERS / SLEEP,
        "wrk": servers.wrk_version(),
        "disturbed_turns": disturbed,
        "questions": found,
    }


def figure(name: str, server: Server) -> dict[str, t.Any]:
    """Return what was measured of a server: medians of its turns."""
    found = {
        "framework": server.framework,
        "server": server.on,
        "per_second": round(statistics.median(server.requests)),
    }
    if name != "echo":
        found["p99_ms"] = round(statistics.median(server.p99), 2)
    return found
