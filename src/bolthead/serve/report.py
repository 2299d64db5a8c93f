"""What a worker tells its supervisor, through a socket pair: one line of JSON for each."""

from __future__ import annotations

import contextlib
import json
import socket
import typing as t


class Reporter:
    """The worker's end. It becomes readable when the supervisor is gone."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line

    def fileno(self) -> int:
        """Return the file descriptor, to wait for."""
        return self._line.fileno()

    def ready(self, engine: str, interface: str, threads: int | None, files: list[str]) -> None:
        """Tell that requests are accepted from now on, and how."""
        said = {"engine": engine, "interface": interface, "threads": threads, "files": files}
        self._send({"kind": "ready", **said})

    def refuse(self, reason: str) -> None:
        """Tell that the app cannot be served, and why."""
        self._send({"kind": "refused", "reason": reason})

    def retire(self) -> None:
        """Ask for a worker in this one's place: it has answered as many requests as it should."""
        self._send({"kind": "retire"})

    def _send(self, message: dict[str, t.Any]) -> None:
        with contextlib.suppress(OSError):
            self._line.setblocking(True)
            self._line.sendall(json.dumps(message).encode() + b"\n")


class Heard:
    """The supervisor's end."""

    def __init__(self, line: socket.socket) -> None:
        self.line = line
        line.setblocking(False)
        self._rest = b""

    def read(self) -> list[dict[str, t.Any]]:
        """Return what was said since; nothing where the worker is gone."""
        messages = []
        while True:
            try:
                data = self.line.recv(65536)
            except (BlockingIOError, ConnectionError):
                break
            if not data:
                break
            *lines, self._rest = (self._rest + data).split(b"\n")
            messages += [json.loads(line) for line in lines]
        return messages
