"""The servers that the cases are put to, each serving `served.py`; one process for all cases."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
import typing as t
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
LIMIT = 2**20


@dataclass(frozen=True)
class Engine:
    """How a server is started, and what it needs."""

    line: str
    modules: tuple[str, ...]
    compresses: bool = True


SERVE = "bolthead --app served.py serve --port {port} --no-access-log"

ENGINES = {
    "serve": Engine(SERVE, ("uvicorn", "httptools", "websockets")),
    "serve-granian": Engine(f"{SERVE} --engine granian", ("granian",), compresses=False),
    "uvicorn": Engine(
        f"uvicorn served:app --port {{port}} --ws-max-size {LIMIT} --log-level warning",
        ("uvicorn", "websockets"),
    ),
}


class Server:
    """A server under test."""

    def __init__(self, name: str, port: int, process: subprocess.Popen[bytes], log: Path) -> None:
        self.name = name
        self.address = ("127.0.0.1", port)
        self.process = process
        self.log = log

    @property
    def compresses(self) -> bool:
        return ENGINES[self.name].compresses


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextlib.contextmanager
def serving(name: str, folder: Path) -> t.Iterator[Server]:
    """Run a server; skips where something of it is not installed."""
    engine = ENGINES[name]
    for module in engine.modules:
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed")
    port = free_port()
    command, *arguments = engine.line.format(port=port).split()
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [BIN / command, *arguments],
            cwd=HERE,
            env=os.environ | {"PYTHONPATH": str(HERE)},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                break
            assert process.poll() is None, log.read_text("utf-8", "replace")
            assert time.monotonic() < deadline, "the server did not come up"
            time.sleep(0.05)
        yield Server(name, port, process, log)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)
