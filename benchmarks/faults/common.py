"""What the fault scripts share: a server, clients that count, and figures that are printed."""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import typing as t
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
REQUEST = b"GET %s HTTP/1.1\r\nHost: faults\r\n\r\n"


def options(text: str, **defaults: t.Any) -> argparse.Namespace:
    """Return the options of a script: each has a default of its own type."""
    parser = argparse.ArgumentParser(description=text)
    for name, default in defaults.items():
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            type=type(default),
            default=default,
            help=f"default: {default}",
        )
    return parser.parse_args()


def more_files() -> None:
    """Allow as many open files as the system does; the server inherits it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Server:
    """A running `bolthead serve`."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self.log = log

    def workers(self) -> list[int]:
        """Return the process ids of the workers."""
        pid = self.process.pid
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def memory(self) -> int:
        """Return the resident bytes of all workers."""
        pages = 0
        for pid in self.workers():
            pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pages * resource.getpagesize()

    def tell(self, number: int) -> None:
        """Send a signal to the supervisor."""
        self.process.send_signal(number)


@contextmanager
def serving(*options: str, **environment: str) -> t.Iterator[Server]:
    """Serve the app of this folder on a free port."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    log = Path(tempfile.gettempdir()) / f"bolthead-faults-{port}.log"
    command = [sys.executable, "-m", "bolthead", "--app", str(HERE / "fault_site.py"), "serve"]
    command += ["--port", str(port), "--no-access-log", *options]
    with log.open("wb") as out:
        process = subprocess.Popen(  # noqa: S603  # our own command
            command, env={**os.environ, **environment}, stdout=out, stderr=subprocess.STDOUT
        )
    try:
        deadline = time.monotonic() + 60
        while b"Serving by" not in log.read_bytes():
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit(log.read_text())
            time.sleep(0.05)
        yield Server(process, port, log)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGQUIT)
                process.wait(10)
        log.unlink()


def wrk(server: Server, path: str, seconds: float, connections: int = 32) -> subprocess.Popen[str]:
    """Start wrk; ``failed`` reads what it prints."""
    if shutil.which("wrk") is None:
        sys.exit("wrk is not installed; on Debian: apt-get install wrk")
    url = f"http://127.0.0.1:{server.port}{path}"
    command = ["wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds:.0f}s", url]
    return subprocess.Popen(  # noqa: S603  # a known program
        command, stdout=subprocess.PIPE, text=True
    )


def failed(output: str) -> tuple[int, int]:
    """Return how many requests wrk made, and how many of them failed."""
    requests = re.search(r"(\d+) requests in", output)
    errors = re.search(r"connect (\d+), read (\d+), write (\d+), timeout (\d+)", output)
    others = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    count = sum(map(int, errors.groups())) if errors else 0
    count += int(others[1]) if others else 0
    return int(requests[1]) if requests else 0, count


class Client:
    """One connection that is kept."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def get(self, path: str) -> tuple[int, bytes]:
        """Return status and body."""
        if self._writer is None or self._writer.is_closing():
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        assert self._reader is not None  # noqa: S101  # opened above
        self._writer.write(REQUEST % path.encode())
        try:
            head = await self._reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head.lower())
            body = await self._reader.readexactly(int(length[1]) if length else 0)
        except BaseException:
            self.close()
            raise
        if b"connection: close" in head.lower():
            self.close()
        return int(head.split(b" ", 2)[1]), body

    def close(self) -> None:
        """Close the connection."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None


class Probe:
    """Asks the server every few milliseconds, and remembers how long each answer took."""

    def __init__(self, port: int, path: str = "/json", pause: float = 0.01) -> None:
        self.took: list[float] = []
        self.statuses: Counter[int] = Counter()
        self._client = Client(port)
        self._path = path
        self._pause = pause

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            began = time.perf_counter()
            try:
                status, _ = await asyncio.wait_for(self._client.get(self._path), 30)
            except (OSError, EOFError, TimeoutError):
                status = 0
            self.took.append(time.perf_counter() - began)
            self.statuses[status] += 1
            await asyncio.sleep(self._pause)

    def p99(self) -> float:
        """Return the seconds within which 99 of 100 answers came."""
        return percentile(self.took, 0.99)


def percentile(values: list[float], share: float) -> float:
    """Return the value that a share of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")


def tell(question: str, figure: str, *, holds: bool) -> t.NoReturn:
    """Print a figure, and end with 1 where it is not as it must be."""
    print(f"{'ok  ' if holds else 'FAIL'} {question}: {figure}", flush=True)
    sys.exit(0 if holds else 1)
