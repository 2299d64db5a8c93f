"""Runs a program as its users do, and waits until it listens."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import time
import typing as t
from pathlib import Path

from environments import APPS, Environment

WAIT = 60.0  # seconds until a program listens


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextlib.contextmanager
def serving(
    environment: Environment, line: str, log: Path, *, on_flask: bool = False
) -> t.Iterator[str]:
    """Run a command line, in which `{port}` is a free port; give the address.

    What it printed must be without a traceback at the end.
    """
    port = free_port()
    command, *arguments = line.format(port=port).split()
    with log.open("ab") as output:
        process = subprocess.Popen(
            [environment.command(command), *arguments],
            cwd=APPS,
            env=environment.environ(on_flask=on_flask),
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
    try:
        deadline = time.monotonic() + WAIT
        while True:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 0.5).close()
                break
            assert process.poll() is None, log.read_text("utf-8", "replace")
            assert time.monotonic() < deadline, log.read_text("utf-8", "replace")
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)
    text = log.read_text("utf-8", "replace")
    assert "Traceback" not in text, text[-4000:]
