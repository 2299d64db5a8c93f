"""One line for each request, as text or JSON, written by a thread of its own."""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
import typing as t
from collections import deque

from .proxies import UNIX

FLUSH_INTERVAL = 0.2
"""For how many seconds lines are collected; a worker that is killed loses so many."""


Note = t.Callable[[int, "str | None", str, str, str, int, int, str], None]
"""Notes that a request was answered: when it began (``now``), the client's address, method, path,
version of HTTP, status, size of the body in bytes, and id."""

now = time.perf_counter_ns
"""The clock of the log, in nanoseconds."""


class Visit:
    """One request, as its line in the log tells it."""

    __slots__ = ("began", "client", "id", "method", "size", "status", "target", "version")

    def __init__(
        self, request_id: str, client: str | None, method: str, target: str, version: str
    ) -> None:
        self.began = now()
        self.id = request_id
        self.client = client
        self.method = method
        # Without the query, which may hold what nobody else may know.
        self.target = target
        self.version = version
        self.status = 0
        self.size = 0


class AccessLog:
    """Collects lines and writes them to a file descriptor."""

    def __init__(self, style: str, descriptor: int = 1) -> None:
        self._descriptor = descriptor
        self._lines: deque[str] = deque()
        self.note = _noting(_as_json if style == "json" else None, self._lines)
        self._ended = threading.Event()
        self._writing = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="bolthead-access-log", daemon=True)
        self._thread.start()

    def write(self, visit: Visit) -> None:
        """Note that a request was answered."""
        self.note(
            visit.began,
            visit.client,
            visit.method,
            visit.target,
            visit.version,
            visit.status,
            visit.size,
            visit.id,
        )

    def _run(self) -> None:
        while not self._ended.wait(FLUSH_INTERVAL):
            self.flush()

    def flush(self) -> None:
        """Write what is collected."""
        with self._writing:
            taken = [self._lines.popleft() for _ in range(len(self._lines))]
            data = "".join(taken).encode("utf-8", "backslashreplace")
            with contextlib.suppress(OSError):
                while data:
                    data = data[os.write(self._descriptor, data) :]

    def close(self) -> None:
        """Write the rest."""
        self._ended.set()
        self._thread.join(5)
        self.flush()


def _noting(as_line: t.Callable[..., str] | None, lines: deque[str]) -> Note:
    """Return what puts the line of a request among others; it is text unless said otherwise."""
    append = lines.append
    moment = ""
    next_second = 0

    def note(
        began: int,
        client: str | None,
        method: str,
        target: str,
        version: str,
        status: int,
        size: int,
        request_id: str,
    ) -> None:
        nonlocal moment, next_second
        ended = now()
        if ended >= next_second:
            wall = time.time()
            second = int(wall)
            moment = time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(second))
            next_second = ended + int((second + 1 - wall) * 1e9)
        # PERF: a table, as to format a float takes as long as all the rest of a line.
        tenths = (ended - began + 50_000) // 100_000
        took = _TENTHS[tenths] if tenths < 1000 else f"{tenths / 10:.1f}"
        client = client or UNIX
        if as_line is not None:
            append(as_line(moment, client, method, target, version, status, size, took, request_id))
            return
        if not target.isascii() or not target.isprintable() or '"' in target:
            target = escaped(target)
        append(
            f'{moment} {client} "{method} {target} HTTP/{version}"'
            f" {status} {size} {took}ms {request_id}\n"
        )

    return note


_TENTHS = tuple(f"{tenths / 10:.1f}" for tenths in range(1000))


def escaped(text: str) -> str:
    """Return a text without control characters, so that nobody can write lines of their own."""
    return text.encode("unicode_escape").decode("ascii").replace('"', '\\"')


_encode = json.JSONEncoder(separators=(",", ":")).encode


def _as_json(
    moment: str,
    client: str,
    method: str,
    target: str,
    version: str,
    status: int,
    size: int,
    took: str,
    request_id: str,
) -> str:
    entry = {
        "time": moment,
        "kind": "access",
        "client": client,
        "method": method,
        "path": target,
        "protocol": f"HTTP/{version}",
        "status": status,
        "size": size,
        "ms": float(took),
        "request_id": request_id,
    }
    return f"{_encode(entry)}\n"
