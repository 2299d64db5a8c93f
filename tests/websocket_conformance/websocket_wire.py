"""A WebSocket client on a bare socket that can break every rule (RFC 6455), and checks the server.

What the server sends is always checked: no mask, no reserved bits but those agreed on, known
opcodes, shortest lengths, whole and unfragmented control frames, valid UTF-8, a legal close.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import typing as t
import zlib

TIMEOUT = 15.0  # seconds a server may take for anything

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # RFC 6455, 1.3: the answer to that key

# What a server does: says something, or ends.
Heard = tuple[t.Any, ...]
GONE: Heard = ("gone",)  # the connection ended without a close frame


def frame(
    opcode: int,
    payload: bytes | str = b"",
    *,
    fin: bool = True,
    rsv: int = 0,
    mask: bytes | None = b"\x37\xfa\x21\x3d",
    form: int | None = None,
    length: int | None = None,
) -> bytes:
    """One frame; `form` is the encoding of the length (7, 16, 64 bits), `length` a false one."""
    data = payload.encode() if isinstance(payload, str) else payload
    size = len(data) if length is None else length
    form = form or (7 if size < 126 else 16 if size < 65536 else 64)
    bit = 0 if mask is None else 0x80
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    if form == 7:
        head += bytes([bit | size])
    elif form == 16:
        head += bytes([bit | 126]) + struct.pack("!H", size)
    else:
        head += bytes([bit | 127]) + struct.pack("!Q", size)
    return head if mask is None and not data else head + masked(data, mask)


def masked(data: bytes, mask: bytes | None) -> bytes:
    if mask is None:
        return data
    whole = (mask * (len(data) // 4 + 1))[: len(data)]
    number = int.from_bytes(data, "big") ^ int.from_bytes(whole, "big")
    return mask + number.to_bytes(len(data), "big")


def close_frame(code: int | None = 1000, reason: bytes | str = b"", **rest: t.Any) -> bytes:
    if code is None:
        return frame(CLOSE, b"", **rest)
    data = reason.encode() if isinstance(reason, str) else reason
    return frame(CLOSE, struct.pack("!H", code) + data, **rest)


def fragments(opcode: int, *parts: bytes | str, between: bytes = b"", rsv: int = 0) -> bytes:
    """A message in as many frames as there are parts, with other frames between them."""
    last = len(parts) - 1
    return between.join(
        frame(opcode if n == 0 else CONTINUATION, part, fin=n == last, rsv=rsv if n == 0 else 0)
        for n, part in enumerate(parts)
    )


class Answer(t.NamedTuple):
    """A server's answer to a handshake."""

    status: int
    headers: dict[str, str]
    body: bytes


class Wire:
    """One connection to a server, from its handshake on."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, TIMEOUT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.deflate: dict[str, str | None] | None = None
        self._inflate: t.Any = None
        self._taken = b""
        self._host = f"{address[0]}:{address[1]}"

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *error: object) -> None:
        self.socket.close()

    # Handshake

    def ask(
        self,
        path: str = "/echo",
        *,
        method: str = "GET",
        version: str = "HTTP/1.1",
        drop: t.Container[str] = (),
        more: t.Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        **headers: str,
    ) -> Answer:
        """Send a handshake, changed as the arguments say; return the answer."""
        lines = {
            "Host": self._host,
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": KEY,
            "Sec-WebSocket-Version": "13",
        }
        lines |= {name.replace("_", "-"): value for name, value in headers.items()}
        pairs = [(name, value) for name, value in lines.items() if name not in drop]
        text = "".join(f"{name}: {value}\r\n" for name, value in [*pairs, *more])
        self.socket.sendall(f"{method} {path} {version}\r\n{text}\r\n".encode("latin-1") + body)
        return self.read_answer(has_body=method != "HEAD")

    def read_answer(self, *, has_body: bool = True) -> Answer:
        while b"\r\n\r\n" not in self._taken:
            if not self._more():
                break
        head, _, self._taken = self._taken.partition(b"\r\n\r\n")
        if not head:
            return Answer(0, {}, b"")  # hung up without an answer
        first, *lines = head.decode("latin-1").split("\r\n")
        headers: dict[str, str] = {}
        for line in lines:
            name, _, value = line.partition(":")
            key = name.lower()
            headers[key] = ", ".join(filter(None, [headers.get(key), value.strip()]))
        status = int(first.split(" ")[1])
        if status == 101:
            self._agree(headers.get("sec-websocket-extensions"))
        if status == 101 or not has_body:
            return Answer(status, headers, b"")
        length = int(headers.get("content-length", "0"))
        while len(self._taken) < length and self._more():
            pass
        return Answer(status, headers, self._taken[:length])

    def _agree(self, extensions: str | None) -> None:
        if extensions is None:
            return
        name, *parameters = [part.strip() for part in extensions.split(";")]
        assert name == "permessage-deflate", f"the server chose {extensions!r}"
        self.deflate = {}
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            self.deflate[key] = value.strip('"') or None
        bits = int(self.deflate.get("server_max_window_bits") or 15)
        self._inflate = zlib.decompressobj(-bits)

    def open(self, path: str = "/echo", **rest: t.Any) -> Answer:
        """Shake hands; the server must accept."""
        answer = self.ask(path, **rest)
        assert answer.status == 101, answer
        assert answer.headers["sec-websocket-accept"] == ACCEPT
        assert answer.headers["upgrade"].lower() == "websocket"
        assert "upgrade" in answer.headers["connection"].lower()
        return answer

    # What goes out

    def send(self, *pieces: bytes) -> bool:
        """Send bytes as they are; tell whether the server still took them."""
        try:
            for piece in pieces:
                self.socket.sendall(piece)
        except OSError:
            return False
        return True

    def dribble(self, data: bytes) -> bool:
        """Send bytes one by one, each in a packet of its own."""
        return all(self.send(data[n : n + 1]) for n in range(len(data)))

    def end_sending(self) -> None:
        self.socket.shutdown(socket.SHUT_WR)

    # What comes in

    def _more(self) -> bool:
        try:
            data = self.socket.recv(65536)
        except ConnectionError:
            return False
        self._taken += data
        return bool(data)

    def _take(self, count: int) -> bytes | None:
        while len(self._taken) < count:
            if not self._more():
                return None
        data, self._taken = self._taken[:count], self._taken[count:]
        return data

    def _frame(self) -> tuple[bool, int, int, bytes] | None:
        head = self._take(2)
        if head is None:
            return None
        fin, rsv, opcode = bool(head[0] & 0x80), head[0] >> 4 & 7, head[0] & 15
        assert not head[1] & 0x80, "the server masked a frame (5.1)"
        size = head[1]
        if size >= 126:
            extended = self._take(2 if size == 126 else 8)
            if extended is None:
                return None
            least = 126 if size == 126 else 65536
            size = int.from_bytes(extended, "big")
            assert size >= least, "the server's length is not the shortest (5.2)"
        payload = self._take(size)
        if payload is None:
            return None
        assert opcode in {0, 1, 2, 8, 9, 10}, f"the server used the opcode {opcode}"
        if opcode >= 8:
            assert fin, "the server's control frame is a fragment (5.5)"
            assert size <= 125, "the server's control frame is too long (5.5)"
            assert rsv == 0, "the server's control frame has reserved bits"
        elif rsv:
            assert rsv == 4, f"the server set the reserved bits {rsv}"
            assert self.deflate is not None, "the server compressed without agreement"
            assert opcode != CONTINUATION, "RSV1 is for a message's first frame (RFC 7692, 6)"
        return fin, rsv, opcode, payload

    def hear(self) -> Heard:
        """What the server does next: a message, a control frame, or the end."""
        parts: list[bytes] = []
        kind = compressed = 0
        while True:
            found = self._frame()
            if found is None:
                return GONE
            fin, rsv, opcode, payload = found
            if opcode == PING:
                self.send(frame(PONG, payload))
                continue
            if opcode == PONG:
                return ("pong", payload)
            if opcode == CLOSE:
                return self._closing(payload)
            if opcode == CONTINUATION:
                assert kind, "the server continued nothing (5.4)"
            else:
                assert not kind, "the server began a message within another (5.4)"
                kind, compressed = opcode, rsv
            parts.append(payload)
            if fin:
                break
        data = b"".join(parts)
        if compressed:
            data = self._inflated(data)
        return ("text", data.decode("utf-8", "strict")) if kind == TEXT else ("bytes", data)

    def _inflated(self, data: bytes) -> bytes:
        out = self._inflate.decompress(data + b"\x00\x00\xff\xff")
        assert self.deflate is not None
        if "server_no_context_takeover" in self.deflate:
            bits = int(self.deflate.get("server_max_window_bits") or 15)
            self._inflate = zlib.decompressobj(-bits)
        return bytes(out)

    def _closing(self, payload: bytes) -> Heard:
        if not payload:
            return ("close", 1005, "")
        assert len(payload) >= 2, "the server's close has half a code (5.5.1)"
        (code,) = struct.unpack("!H", payload[:2])
        legal = code in {1000, 1001, 1002, 1003, *range(1007, 1015)} or 3000 <= code <= 4999
        assert legal, f"the server sent the close code {code} (7.4)"
        return ("close", code, payload[2:].decode("utf-8", "strict"))

    def hear_all(self) -> list[Heard]:
        """All until the server ends the connection; it must, within the time."""
        heard = []
        while True:
            what = self.hear()
            heard.append(what)
            if what == GONE:
                return heard

    def ends(self) -> bool:
        """Whether the server ends the TCP connection, with nothing more to say."""
        with contextlib.suppress(ConnectionError):
            return self._taken == b"" and self.socket.recv(1) == b""
        return True

    def leave(self, code: int = 1000, reason: str = "") -> None:
        """Close in the regular way; the server must answer the same code, and end."""
        self.send(close_frame(code, reason))
        what = self.hear()
        assert what[:2] == ("close", code), what
        assert self.ends(), "the server did not end the connection after the closing (7.1.1)"


def compress(data: bytes, bits: int = 15, **options: t.Any) -> bytes:
    """A message's payload as permessage-deflate has it (RFC 7692, 7.2.1)."""
    deflate = zlib.compressobj(wbits=-bits, **options)
    out = deflate.compress(data) + deflate.flush(zlib.Z_SYNC_FLUSH)
    assert out.endswith(b"\x00\x00\xff\xff")
    return out[:-4]


def noise(size: int) -> bytes:
    return os.urandom(size)
