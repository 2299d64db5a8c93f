"""Sends WebSocket messages that are echoed: ``python echo_load.py PORT PATH CONNECTIONS SECONDS``.

Each connection sends the next message when the one before it came back. Prints how many came back
a second. It speaks RFC 6455 itself, with frames made beforehand: it must cost less than any server.
"""

from __future__ import annotations

import base64
import os
import selectors
import socket
import sys
import time
import typing as t

TEXT = b"how many of these in a second?"


def frame(text: bytes) -> bytes:
    """Return a masked text frame, as a client sends it (RFC 6455, 5.2)."""
    mask = os.urandom(4)
    masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(text))
    return bytes([0x81, 0x80 | len(text)]) + mask + masked


def connect(port: int, path: str) -> socket.socket:
    """Return a connection whose handshake is done."""
    line = socket.create_connection(("127.0.0.1", port), timeout=10)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    key = base64.b64encode(os.urandom(16)).decode()
    line.sendall(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    answer = b""
    while b"\r\n\r\n" not in answer:
        piece = line.recv(4096)
        if not piece:
            break
        answer += piece
    if not answer.startswith(b"HTTP/1.1 101") or not answer.endswith(b"\r\n\r\n"):
        raise SystemExit(f"no handshake: {answer!r}")
    return line


def main(port: int, path: str, connections: int, seconds: float) -> None:
    """Send and count."""
    sent, expected = frame(TEXT), bytes([0x81, len(TEXT)]) + TEXT
    lines = [connect(port, path) for _ in range(connections)]
    left: dict[t.Any, bytes] = dict.fromkeys(lines, b"")
    echoed = 0
    with selectors.DefaultSelector() as ready:
        for line in lines:
            line.setblocking(False)
            ready.register(line, selectors.EVENT_READ)
            line.send(sent)
        begin = time.monotonic()
        while (passed := time.monotonic() - begin) < seconds:
            for key, _ in ready.select(1):
                line: t.Any = key.fileobj
                left[line] += line.recv(4096)
                if len(left[line]) < len(expected):
                    continue
                if left[line] != expected:
                    raise SystemExit(f"not the message that was sent: {left[line]!r}")
                left[line] = b""
                echoed += 1
                line.send(sent)
    for line in lines:
        line.close()
    print(f"{echoed / passed:.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
