"""Runs `bolthead serve` for tests: real processes on free loopback ports."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

BOLTHEAD = Path(sys.executable).parent / "bolthead"

# Each way that an app can be served: engine and interface.
WAYS = ("granian asgi", "granian rsgi", "granian wsgi", "uvicorn asgi")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Server:
    """A running server."""

    def __init__(self, process, address, folder, scheme="http"):
        self.process = process
        self.address = address
        self.folder = folder
        self.url = f"{scheme}://{address}" if address else None
        self.port = int(address.rpartition(":")[2]) if address else None

    def log(self) -> str:
        return (self.folder / "log.txt").read_text(encoding="utf-8")

    def workers(self) -> list[int]:
        """Return the process ids of the workers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    def client(self, **options) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=20, **options)

    def stop(self, number=signal.SIGTERM) -> int:
        """Tell it to stop; return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(30)

    def raw(self, data: bytes, *, ends=False, timeout=10.0) -> bytes:
        """Send bytes; return what comes back until the server closes, or all of one answer."""
        with socket.create_connection(("127.0.0.1", self.port), 5) as line:
            line.settimeout(timeout)
            line.sendall(data)
            if ends:
                line.shutdown(socket.SHUT_WR)
            return read_answer(line)


def read_answer(line: socket.socket) -> bytes:
    """Return one answer with a length, or what comes until the end."""
    got = b""
    with contextlib.suppress(TimeoutError, ConnectionError):
        while True:
            data = line.recv(65536)
            got += data
            if not data:
                break
            head, found, body = got.partition(b"\r\n\r\n")
            if not found or head.startswith(b"HTTP/1.1 100"):
                continue
            for header in head.lower().split(b"\r\n"):
                name, _, value = header.partition(b":")
                if name == b"content-length" and len(body) >= int(value):
                    return got
    return got


def status(answer: bytes) -> int:
    """Return the status of an answer; 0 where there is none."""
    parts = answer.split(b" ", 2)
    return int(parts[1]) if len(parts) > 1 and parts[0].startswith(b"HTTP/") else 0


def wait_for(true, seconds=30.0, what="it"):
    """Wait until a function returns something true, and return that."""
    deadline = time.monotonic() + seconds
    while True:
        found = true()
        if found:
            return found
        assert time.monotonic() < deadline, f"{what} did not happen in {seconds} s"
        time.sleep(0.05)


@contextlib.contextmanager
def serving(folder, source, *options, way=None, environment=None, ready=True, scheme="http"):
    """Write an app into a folder and serve it; give the running server."""
    for name in (way or "granian").split():
        if name in {"granian", "uvicorn"}:
            pytest.importorskip(name, reason=f"{name} is not installed")
    (folder / "site_app.py").write_text(source, encoding="utf-8")
    if way is not None:
        engine, interface = way.split()
        options = ("--engine", engine, "--interface", interface, *options)
    uds = "--uds" in options
    port = None if uds else free_port()
    address = None if uds else f"127.0.0.1:{port}"
    if not uds:
        options = ("--port", str(port), *options)
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("FLASK_", "BOLTHEAD_"))
    }
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen(
            [BOLTHEAD, "--app", "site_app", "serve", *options],
            cwd=folder,
            env={**inherited, "PYTHONDONTWRITEBYTECODE": "1", **(environment or {})},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    server = Server(process, address, folder, scheme)
    try:
        if ready:
            wait_for(
                lambda: "Serving by" in server.log() or process.poll() is not None,
                what="the start",
            )
            assert process.poll() is None, server.log()
        yield server
    finally:
        pids = [] if process.poll() is not None else server.workers()
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
