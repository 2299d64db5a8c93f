"""Sizes: what is over the limit is ended with 1009 while it arrives; nobody can fill memory."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
import pytest
from websocket_engines import LIMIT
from websocket_wire import BINARY, CONTINUATION, GONE, PING, TEXT, frame, masked, noise


def test_largest(wire):
    """A message of just the limit is taken."""
    data = noise(LIMIT)
    wire.open()
    wire.send(frame(BINARY, data))
    assert wire.hear() == ("bytes", data)
    wire.leave()


def test_largest_in_fragments(wire):
    """It is where it comes in pieces."""
    data = noise(LIMIT)
    wire.open()
    step = LIMIT // 16
    for n in range(0, LIMIT, step):
        opcode = CONTINUATION if n else BINARY
        wire.send(frame(opcode, data[n : n + step], fin=n + step == LIMIT))
    assert wire.hear() == ("bytes", data)
    wire.leave()


TOO_LARGE = {
    "binary": frame(BINARY, b"x" * (LIMIT + 1)),
    "text": frame(TEXT, "x" * (LIMIT + 1)),
    "text-counted-in-bytes": frame(TEXT, "é" * (LIMIT // 2 + 1)),
}


@pytest.mark.parametrize("data", TOO_LARGE.values(), ids=TOO_LARGE)
def test_too_large(wire, data):
    """One byte more closes with 1009."""
    wire.open()
    wire.send(data)
    assert wire.hear()[:2] == ("close", 1009)
    assert wire.hear_all()[-1] == GONE


@pytest.mark.parametrize("length", [LIMIT * 2, 2**30, 2**40, 2**62], ids=["2M", "1G", "1T", "most"])
def test_announced_too_large(wire, length):
    """A frame whose length says so is refused at once; the rest is not waited for."""
    wire.open()
    wire.send(frame(BINARY, b"x" * 1000, form=64, length=length))
    assert wire.hear()[:2] == ("close", 1009)
    assert wire.hear_all()[-1] == GONE


@pytest.mark.parametrize("size", [100, 4096, 65536])
def test_too_large_in_fragments(wire, size):
    """A message without end is refused while it arrives, before it has thrice the limit."""
    wire.open()
    sent = 0
    part = frame(CONTINUATION, b"x" * size, fin=False)
    many = max(1, 65536 // len(part))
    going = wire.send(frame(BINARY, b"x", fin=False))
    while going and sent < 3 * LIMIT:
        going = wire.send(part * many)
        sent += size * many
    heard = wire.hear_all()
    assert heard[0][:2] == ("close", 1009)


def test_too_large_with_pings_between(wire):
    """Control frames between the fragments change nothing."""
    wire.open()
    wire.send(frame(BINARY, b"x", fin=False))
    for _ in range(3 * 16):
        if not wire.send(frame(PING, b"p") + frame(CONTINUATION, b"x" * (LIMIT // 16), fin=False)):
            break
    closes = [what for what in wire.hear_all() if what[0] == "close"]
    assert [code for _, code, _ in closes] == [1009]


def memory(server):
    """Bytes of memory that the server and its workers hold."""
    total = 0
    for pid in processes(server.process.pid):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1]) * 1024
    return total


def processes(pid):
    yield pid
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield from processes(int(child))


def test_view_that_does_not_receive(wire, server):
    """Messages nobody takes hold the client back, and stay in bounds; none is lost later."""
    wire.open("/deaf")
    wire.send(frame(TEXT, "first"))
    before = memory(server)
    wire.socket.settimeout(1.0)
    part = frame(TEXT, "x" * 100_000)
    sent, rest = 0, b""
    try:
        while sent < 100 * 2**20:
            rest = part
            while rest:
                rest = rest[wire.socket.send(rest) :]
            sent += len(part)
    except TimeoutError:
        pass
    assert sent < 60 * 2**20, "the server has taken it all"
    assert memory(server) - before < 60 * 2**20
    host, port = server.address
    assert httpx.post(f"http://{host}:{port}/open-gate", timeout=10).status_code == 200
    wire.socket.settimeout(30)
    wire.send(rest, frame(TEXT, "end"))
    count = sent // len(part) + bool(rest)
    assert wire.hear() == ("text", str(count * 100_000 + 3))


def test_client_that_does_not_read(wire, server):
    """What a client does not read holds the view back, and stays in bounds."""
    before = memory(server)
    wire.open("/push?size=100000&count=1000")
    time.sleep(1.0)
    assert memory(server) - before < 60 * 2**20
    for number in range(1000):
        kind, data = wire.hear()
        assert (kind, len(data), data[0]) == ("bytes", 100_000, number % 256)
    assert wire.hear() == ("close", 1000, "")


def test_mask_of_the_client_helper():
    """What the cases send is masked as 5.3 says."""
    assert masked(b"Hello", b"\x37\xfa\x21\x3d") == b"\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"
