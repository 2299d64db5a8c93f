"""A client of bytes: sends what no library would, and reads answers as strictly as RFC 9112."""

from __future__ import annotations

import re
import socket
import struct
import time
from dataclasses import dataclass

TIMEOUT = 15.0
"""Seconds without a byte after which the server counts as hanging."""


class HalfClose:
    """A step: end the sending side."""


class Reset:
    """A step: break the connection off."""


class Wait(float):
    """A step: send nothing for so many seconds."""


class Expect100:
    """A step: read an interim answer 100 before going on."""


HALF_CLOSE, RESET, READ_100 = HalfClose(), Reset(), Expect100()

Step = bytes | Wait | HalfClose | Reset | Expect100


class Broken(AssertionError):
    """What the server sent is no HTTP, or it sent nothing for too long."""


@dataclass(frozen=True)
class Answer:
    """One answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """Return a header's value."""
        found = [value for key, value in self.headers if key == name]
        if len(found) > 1:
            raise Broken(f"{name} comes twice: {found}")
        return found[0] if found else None


_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9])(?: [\t\x20-\x7e\x80-\xff]*)?")
_FIELD = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)")


class Wire:
    """A connection to the server."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), 5)
        self._socket.settimeout(TIMEOUT)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._got = b""
        self._has_ended = False

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *args: object) -> None:
        self._socket.close()

    def play(self, steps: tuple[Step, ...]) -> None:
        """Send in steps; a server that has closed already takes no more, and may do so."""
        for step in steps:
            try:
                if isinstance(step, bytes):
                    self._socket.sendall(step)
                elif isinstance(step, Wait):
                    time.sleep(step)
                elif isinstance(step, HalfClose):
                    self._socket.shutdown(socket.SHUT_WR)
                elif isinstance(step, Reset):
                    linger = struct.pack("ii", 1, 0)
                    self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    self._socket.close()
                elif not self._read_100():
                    return
            except (BrokenPipeError, ConnectionResetError):
                return
            except OSError as error:
                if error.errno != 107:  # not connected any more: a shutdown after the server's
                    raise
                return

    def _read_100(self) -> bool:
        """Read an interim answer; tell whether one came rather than a final one."""
        while b"\r\n\r\n" not in self._got:
            if not self._more():
                return False
        if not self._got.startswith(b"HTTP/1.1 100"):
            return False
        self._got = self._got.partition(b"\r\n\r\n")[2]
        return True

    def _more(self) -> bool:
        """Read more; False at the end."""
        if self._has_ended:
            return False
        try:
            data = self._socket.recv(65536)
        except ConnectionResetError:
            data = b""
        except TimeoutError:
            raise Broken(f"Nothing came for {TIMEOUT} s, and no end; had {self._got!r}") from None
        self._got += data
        self._has_ended = not data
        return bool(data)

    def _line(self) -> bytes:
        while b"\r\n" not in self._got:
            if len(self._got) > 100_000 or not self._more():
                raise Broken(f"A line without its end: {self._got[:200]!r}")
        line, _, self._got = self._got.partition(b"\r\n")
        return line

    def _exactly(self, size: int) -> bytes:
        while len(self._got) < size:
            if not self._more():
                raise Broken(f"A body of {size} bytes ends after {len(self._got)}")
        data, self._got = self._got[:size], self._got[size:]
        return data

    def ends(self) -> bool:
        """Wait for the end or for a byte; tell which."""
        return not self._got and not self._more()

    def read(self, method: str) -> Answer | None:
        """Read the final answer to a request of this method; None where the connection ends."""
        if self.ends():
            return None
        line = self._line()
        found = _STATUS_LINE.fullmatch(line)
        if found is None:
            raise Broken(f"This is no status line: {line[:200]!r}")
        status = int(found[1])
        headers = []
        while line := self._line():
            field = _FIELD.fullmatch(line)
            if field is None:
                raise Broken(f"This is no header: {line[:200]!r}")
            headers.append((field[1].decode().lower(), field[2].decode("latin-1").strip()))
        if status == 100:
            return self.read(method)
        answer = Answer(status, tuple(headers), b"")
        return Answer(status, answer.headers, self._body(answer, method))

    def _body(self, answer: Answer, method: str) -> bytes:
        length, coding = answer.header("content-length"), answer.header("transfer-encoding")
        if length is not None and coding is not None:
            raise Broken("An answer has both Content-Length and Transfer-Encoding")
        if method == "HEAD" or answer.status in {204, 304} or answer.status < 200:
            return b""
        if coding is not None:
            if coding != "chunked":
                raise Broken(f"An answer has the coding {coding}")
            return self._chunks()
        if length is not None:
            return self._exactly(int(length))
        while self._more():
            pass
        data, self._got = self._got, b""
        return data

    def _chunks(self) -> bytes:
        data = b""
        while size := int(self._line().partition(b";")[0], 16):
            data += self._exactly(size)
            if self._line():
                raise Broken("A chunk is longer than it says")
        while self._line():
            pass
        return data
