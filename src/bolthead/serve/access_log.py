"""One line for each request, as text or JSON, written by a thread of its own."""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from collections import deque

from .proxies import UNIX

FLUSH_INTERVAL = 0.2
"""For how many seconds lines are collected; a worker that is killed loses so many."""


class Visit:
    """One request, as its line in the log tells it."""

    __slots__ = ("began", "client", "id", "method", "size", "status", "target", "version")

    def __init__(
        self, request_id: str, client: str | None, method: str, target: str, version: str
    ) -> None:
        self.began = time.perf_counter()
        self.id = request_id
        self.client = client or UNIX
        self.method = method
        # Without the query, which may hold what nobody else may know.
        self.target = target
        self.version = version
        self.status = 0
        self.size = 0


class AccessLog:
    """Collects lines and writes them to a file descriptor."""

    def __init__(self, style: str, descriptor: int = 1) -> None:
        self._line = _as_json if style == "json" else _as_text
        self._descriptor = descriptor
        self._lines: deque[str] = deque()
        self._ended = threading.Event()
        self._writing = threading.Lock()
        self._second = 0
        self._time = ""
        self._thread = threading.Thread(target=self._run, name="bolthead-access-log", daemon=True)
        self._thread.start()

    def write(self, visit: Visit) -> None:
        """Note that a request was answered."""
        took = time.perf_counter() - visit.began
        second = int(time.time())
        if second != self._second:
            self._time = time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(second))
            self._second = second
        self._lines.append(self._line(self._time, visit, took))

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


def _as_text(moment: str, visit: Visit, took: float) -> str:
    target = visit.target
    if not target.isascii() or not target.isprintable() or '"' in target:
        target = escaped(target)
    return (
        f'{moment} {visit.client} "{visit.method} {target} HTTP/{visit.version}"'
        f" {visit.status} {visit.size} {took * 1000:.1f}ms {visit.id}\n"
    )


def escaped(text: str) -> str:
    """Return a text without control characters, so that nobody can write lines of their own."""
    return text.encode("unicode_escape").decode("ascii").replace('"', '\\"')


_encode = json.JSONEncoder(separators=(",", ":")).encode


def _as_json(moment: str, visit: Visit, took: float) -> str:
    entry = {
        "time": moment,
        "kind": "access",
        "client": visit.client,
        "method": visit.method,
        "path": visit.target,
        "protocol": f"HTTP/{visit.version}",
        "status": visit.status,
        "size": visit.size,
        "ms": round(took * 1000, 1),
        "request_id": visit.id,
    }
    return f"{_encode(entry)}\n"
