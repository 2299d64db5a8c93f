"""How many requests a second does one worker on one core answer, and how late are the last?

The server has core 0, the load generator (wrk) core 1. All servers are up at once, and are loaded
in turns: so each meets the same moments. The figure of each is the median of its turns.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import typing as t
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from workloads import DOCUMENT

HERE = Path(__file__).parent
CONNECTIONS = 32
THREADS = 4
# A turn in which other programs had more than this share of the two cores is taken again.
DISTURBED = 0.1
TRIES = 5
UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3}


@dataclass
class Server:
    """A framework on a server: its command, and what was measured."""

    framework: str
    on: str
    command: list[str]
    path: str = "/json"
    connections: int = CONNECTIONS
    port: int = 0
    pid: int = 0
    disturbed: int = 0
    requests: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.framework} on {self.on}"


def granian(framework: str, interface: str, threads: int | None = None) -> Server:
    """Return an app on Granian with one worker."""
    command = ["granian", "--interface", interface, "--workers", "1", "--http", "1", "--no-ws"]
    command += ["--log-level", "error", "--host", "127.0.0.1", "--port", "{port}"]
    on = f"Granian ({interface})"
    if threads is not None:
        command += ["--blocking-threads", str(threads)]
        on = f"Granian ({interface}, {threads} thread{'s' if threads > 1 else ''})"
    return Server(framework, on, [*command, app_of(framework)])


def uvicorn(framework: str) -> Server:
    """Return an app on uvicorn with its fast loop and parser."""
    command = ["uvicorn", "--loop", "uvloop", "--http", "httptools", "--no-access-log"]
    command += ["--log-level", "error", "--host", "127.0.0.1", "--port", "{port}"]
    return Server(framework, "uvicorn", [*command, app_of(framework)])


def app_of(framework: str) -> str:
    """Return where a framework's app is."""
    module = "raw_wsgi" if framework == "raw WSGI" else f"{framework.lower()}_app"
    return f"served.{module}:app"


def all_servers() -> list[Server]:
    """Return all that are measured, new."""
    wsgi = ["Bolthead", "raw WSGI", "Flask", "Falcon", "Django"]
    asgi = ["FastAPI", "Starlette", "Litestar", "BlackSheep", "Quart"]
    bind = ["--bind", "127.0.0.1:{port}"]
    gunicorn = ["gunicorn", "--workers", "1", "--worker-class", "gthread", "--log-level", "error"]
    gunicorn += ["--threads", str(THREADS), *bind, "--no-control-socket"]
    return [
        *(granian(name, "wsgi", threads) for threads in (1, THREADS) for name in wsgi),
        Server("Flask", "Gunicorn (gthread)", [*gunicorn, app_of("Flask")]),
        *(granian(name, "asgi") for name in asgi),
        *(uvicorn(name) for name in asgi),
        Server("Quart", "hypercorn", ["hypercorn", *bind, "--workers", "0", app_of("Quart")]),
        granian("Emmett", "rsgi"),
        Server("Robyn", "its own server", ["-m", "served.robyn_app", "{port}"]),
    ]


def free_port() -> int:
    """Return a port of the loopback that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def running(server: Server) -> t.Iterator[None]:
    """Start a server on core 0, and stop it with all its processes."""
    server.port = free_port()
    command = [word.replace("{port}", str(server.port)) for word in server.command]
    scripts = Path(sys.executable).parent
    start = [sys.executable] if command[0] == "-m" else [str(scripts / command.pop(0))]
    path = [str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(  # noqa: S603  # our own command
            ["taskset", "-c", "0", *start, *command],  # noqa: S607  # the system's
            cwd=HERE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(path)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        server.pid = process.pid
        try:
            wait_for_answer(server, process, log)
            yield
        finally:
            stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a server's group of processes: kindly first."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
            process.wait(3)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            pass


def wait_for_answer(server: Server, process: subprocess.Popen[bytes], log: t.Any) -> None:
    """Wait until the server gives the right answer, or raise with what it printed."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=2)
            connection.request("GET", server.path)
            response = connection.getresponse()
            body = response.read()
            connection.close()
        except OSError:
            time.sleep(0.1)
            continue
        if response.status != 200 or json.loads(body) != DOCUMENT:
            raise RuntimeError(f"{server.name} answers {response.status} {body!r}")
        return
    log.seek(0)
    raise RuntimeError(f"{server.name} does not answer: {log.read().decode(errors='replace')}")


def wrk(server: Server, seconds: float) -> str:
    """Load a server for a while from core 1 and return what wrk says about it.

    RuntimeError if a request failed.
    """
    command = [
        "taskset",
        "-c",
        "1",
        "wrk",
        "--threads",
        "1",
        "--connections",
        str(server.connections),
    ]
    command += ["--duration", f"{seconds:g}s", "--latency"]
    said = subprocess.check_output(  # noqa: S603  # our own command
        [*command, f"http://127.0.0.1:{server.port}{server.path}"], text=True
    )
    if "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(f"{server.name} failed under load:\n{said}")
    return said


def load(server: Server, seconds: float) -> tuple[float, float]:
    """Return the requests per second of a loaded server, and its p99 in milliseconds.

    It is loaded again where other programs took the cores meanwhile, a few times at most; the turn
    that was disturbed least counts.
    """
    turns: list[tuple[float, str]] = []
    while len(turns) < TRIES:
        before = busy_by_others(server)
        said = wrk(server, seconds)
        turns.append((busy_by_others(server) - before, said))
        if turns[-1][0] < DISTURBED * seconds:
            break
    others, said = min(turns)
    server.disturbed += others >= DISTURBED * seconds
    late, unit = find(r"99%\s+([\d.]+)(us|ms|s)", said).groups()
    rate = find(r"Requests/sec:\s+([\d.]+)", said)
    return float(rate[1]), float(late) * UNITS[unit]


def busy_by_others(server: Server) -> float:
    """Return the seconds that the cores spent on other programs than the server and wrk."""
    ticks = 0
    for line in Path("/proc/stat").read_text("utf-8").splitlines():
        if re.match(r"cpu[01] ", line):
            user, nice, system = map(int, line.split()[1:4])
            ticks += user + nice + system
    for pid in processes(server.pid):
        # The name of a program is in parentheses, and may have spaces.
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        ticks -= int(fields[11]) + int(fields[12])
    ours = os.times()
    spent = ours.user + ours.system + ours.children_user + ours.children_system
    return ticks / os.sysconf("SC_CLK_TCK") - spent


def processes(pid: int) -> list[int]:
    """Return a process with all those that it started, and they."""
    found = [pid]
    for each in found:
        for children in Path(f"/proc/{each}/task").glob("*/children"):
            found += map(int, children.read_text("utf-8").split())
    return found


def answered(said: str) -> int:
    """Return how many requests were answered."""
    return int(find(r"(\d+) requests in", said)[1])


def find(pattern: str, said: str) -> re.Match[str]:
    """Return what a pattern finds in wrk's words."""
    found = re.search(pattern, said)
    if found is None:
        raise RuntimeError(f"wrk said:\n{said}")
    return found


def missing_tool() -> str | None:
    """Return what has to be installed before servers can be measured."""
    for tool, package in (("wrk", "wrk"), ("taskset", "util-linux")):
        if shutil.which(tool) is None:
            return f"{tool} is missing: apt-get install -y {package}"
    if len(os.sched_getaffinity(0)) < 2:
        return "two cores are needed: one for the server, one for wrk"
    return None


def run(options: t.Any) -> dict[str, t.Any]:
    """Measure the servers in turns, and print them as a table, the fastest first."""
    missing = missing_tool()
    if missing is not None:
        sys.exit(f"Servers cannot be measured: {missing}")
    rounds = options.rounds or (2 if options.quick else 7)
    seconds = 1 if options.quick else 3
    servers = [
        server
        for server in all_servers()
        if not options.only or server.framework.lower() in map(str.lower, options.only)
    ]
    with ExitStack() as up:
        for server in servers:
            up.enter_context(running(server))
        for server in servers:
            wrk(server, 1)
        for _ in range(rounds):
            for server in servers:
                requests, late = load(server, seconds)
                server.requests.append(requests)
                server.p99.append(late)

    figures = [figure(server) for server in servers]
    figures.sort(key=lambda one: one["requests_per_second"], reverse=True)
    for one in figures:
        print(
            f"{one['framework'] + ' on ' + one['server']:<38}"
            f"{one['requests_per_second']:>9,.0f} requests/s   p99 {one['p99_ms']:>7.2f} ms"
        )
    disturbed = sum(server.disturbed for server in servers)
    if disturbed:
        print(f"\nOther programs took the cores in {disturbed} turns: run it on an idle machine.")
    return {
        "rounds": rounds,
        "seconds_per_turn": seconds,
        "connections": CONNECTIONS,
        "wrk": wrk_version(),
        "disturbed_turns": disturbed,
        "servers": figures,
    }


def figure(server: Server) -> dict[str, t.Any]:
    """Return what was measured of a server: medians of its turns."""
    return {
        "framework": server.framework,
        "server": server.on,
        "requests_per_second": round(statistics.median(server.requests)),
        "p99_ms": round(statistics.median(server.p99), 2),
    }


def wrk_version() -> str:
    """Return the load generator's name and version."""
    # wrk tells its version along with its usage, and ends with an error.
    done = subprocess.run(["wrk", "-v"], capture_output=True, text=True, check=False)  # noqa: S607
    return (done.stdout or done.stderr).partition(" [")[0].strip()
