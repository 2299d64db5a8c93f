"""How long does a start take, and how much memory does a worker hold? Against Flask.

Each start is that of a fresh interpreter, in turns; the figure is the median. The memory is that of
a Granian worker (WSGI, one thread) after 100,000 requests.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import typing as t
from pathlib import Path

import servers
from in_process import BOLTHEAD, FLASK, FRAMEWORKS

HERE = Path(__file__).parent
REQUESTS = 100_000

IMPORT = """
import time
begin = time.perf_counter()
import {module}
print(time.perf_counter() - begin)
"""

# An app of 200 routes is imported and set up, and answers one request.
FIRST_ANSWER = """
import io, time
begin = time.perf_counter()
from {module} import Flask
app = Flask("benchmark")
for index in range(100):
    app.add_url_rule(f"/page{{index}}/about", f"static{{index}}", lambda: "static")
    app.add_url_rule(f"/things{{index}}/<int:number>", f"typed{{index}}", lambda number: "typed")
environ = {{
    "REQUEST_METHOD": "GET", "PATH_INFO": "/things73/42", "SCRIPT_NAME": "", "QUERY_STRING": "",
    "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "8000", "SERVER_PROTOCOL": "HTTP/1.1",
    "HTTP_HOST": "127.0.0.1:8000", "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(),
}}
body = b"".join(app(environ, lambda *answer: None))
took = time.perf_counter() - begin
assert body == b"typed", body
print(took)
"""


def seconds_of(program: str) -> float:
    """Run a program in a fresh interpreter and return the seconds that it prints."""
    # Modules are compiled once, as they are where an app is in use.
    environ = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", program]
    printed = subprocess.check_output(command, env=environ)  # noqa: S603  # our own program
    return float(printed)


def start(program: str, rounds: int) -> dict[str, float]:
    """Return the milliseconds of a start with each framework: the median of the rounds."""
    took: dict[str, list[float]] = {name: [] for name in FRAMEWORKS}
    for each in range(rounds + 1):
        for name, module in FRAMEWORKS.items():
            seconds = seconds_of(program.format(module=module))
            # The first start may compile the modules.
            if each:
                took[name].append(seconds)
    return {name: round(statistics.median(each) * 1e3, 2) for name, each in took.items()}


def memory(requests: int) -> dict[str, dict[str, float]]:
    """Return the megabytes of a worker, after its first answer and after many."""
    found = {}
    for name in FRAMEWORKS:
        server = servers.granian(name, "wsgi", 1)
        with servers.running(server):
            first = resident(server.pid)
            answered = 0
            while answered < requests:
                answered += servers.answered(servers.wrk(server, 2))
            found[name] = {"first": round(first, 2), "after": round(resident(server.pid), 2)}
    return found


def resident(pid: int) -> float:
    """Return the resident megabytes of the largest of a server's processes: its worker."""
    sizes = []
    # The first one is the server's own, which waits.
    for each in servers.processes(pid)[1:]:
        found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{each}/status").read_text())
        if found is not None:
            sizes.append(int(found[1]) / 1024)
    return max(sizes)


def run(options: t.Any) -> dict[str, t.Any]:
    """Measure starts and memory, and print a line for each."""
    rounds = options.rounds or (7 if options.quick else 41)
    figures: dict[str, t.Any] = {
        "import_ms": start(IMPORT, rounds),
        "first_answer_ms": start(FIRST_ANSWER, rounds),
    }
    if servers.missing_tool() is None:
        requests = 10_000 if options.quick else REQUESTS
        sizes = memory(requests)
        figures["memory_mb_at_first"] = {name: size["first"] for name, size in sizes.items()}
        figures[f"memory_mb_after_{requests}"] = {
            name: size["after"] for name, size in sizes.items()
        }
    else:
        print(f"Memory is not measured: {servers.missing_tool()}")
    ratios = {}
    for what, took in figures.items():
        ratios[what] = round(took[BOLTHEAD] / took[FLASK], 2)
        print(
            f"{what:<24} Bolthead {took[BOLTHEAD]:8.2f}   Flask {took[FLASK]:8.2f}"
            f"   {ratios[what]:.2f} of Flask's"
        )
    return {"rounds": rounds, **figures, "of_flask": ratios}
