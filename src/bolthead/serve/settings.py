"""What the server was told: one value for each option of ``bolthead serve``, and the limits."""

from __future__ import annotations

import os
import resource
from dataclasses import dataclass


def _most(name: str, first: int) -> int:
    """Return a limit; the command sets a variable for it before this is imported.

    PERF: so the edge asks for a number, as it does for each header; see benchmarks/faults.
    """
    return int(os.environ.get(f"BOLTHEAD_SERVE_{name}") or first)


HEADER_COUNT = _most("MAX_HEADER_COUNT", 100)
"""The most headers of a request: 431 above it."""

HEADER_SIZE = _most("MAX_HEADER", 16 * 1024)
"""The most bytes of one header: 431 above it."""

HEADERS_SIZE = _most("MAX_HEADERS", 64 * 1024)
"""The most bytes of all headers together: 431 above it."""

METHOD_SIZE = 32
"""The most bytes of a method: 501 above it."""

TARGET_SIZE = _most("MAX_TARGET", 8 * 1024)
"""The most bytes of path and query: 414 above it."""

HOST_SIZE = 255
"""The most bytes of the Host header: 400 above it."""

HEADER_TIMEOUT = 10.0
"""Within how many seconds the headers of a request must be there."""

BODY_GRACE = 10.0
"""After how many seconds a body must have come at the least rate: 408 where it has not."""

BODY_RATE = 500
"""The least rate of a body, in bytes per second."""

KEEP_ALIVE = 75
"""For how many seconds a connection may be idle between requests (uvicorn)."""

HEALTH_PATH = "/healthz"
"""The path that tells whether a worker serves, unless the app has a route of this path."""

QUEUE_TIMEOUT = 0.5
"""For how many seconds a request may wait for a thread or the loop: 503 beyond that."""

RETRY_AFTER = 1
"""What a request that is turned away is told, in seconds."""

KILL_AFTER = 5.0
"""How many seconds after the graceful time a worker that still runs is killed."""


def most_connections() -> int:
    """Return how many connections a worker may hold: 0.6 of the file descriptors it may have."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        soft = 1_000_000
    return max(64, int(soft * 0.6))


@dataclass(frozen=True, slots=True)
class Settings:
    """The options of the server; their defaults are those of the command."""

    host: str = "127.0.0.1"
    port: int = 8000
    uds: str | None = None
    workers: int = 1
    threads: int | None = None
    concurrency: int = 1000
    engine: str = "auto"
    interface: str = "auto"
    tls_cert: str | None = None
    tls_key: str | None = None
    http2: bool = False
    log_format: str = "text"
    access_log: bool = True
    trust_proxy: tuple[str, ...] = ()
    health_path: str | None = None
    static_offload: bool = False
    max_requests: int | None = None
    timeout_graceful: float = 30.0
    drain_delay: float = 0.0
    reload: bool = False
    pid_file: str | None = None
    timeout_headers: float = HEADER_TIMEOUT
    timeout_body: float = BODY_GRACE
    timeout_queue: float = QUEUE_TIMEOUT

    def scheme(self) -> str:
        """Return what addresses begin with."""
        return "https" if self.tls_cert else "http"
