"""How much memory does an idle WebSocket take, and how late are normal requests beside many?"""

from __future__ import annotations

import asyncio
import base64
import os

from common import Probe, Server, more_files, options, serving, tell

asked = options(__doc__, sockets=1000, seconds=5.0, engine="auto", most=60_000, limit=0.1)


async def open_one(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a WebSocket and exchange one message, so that all of it is there."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    key = base64.b64encode(os.urandom(16)).decode()
    writer.write(
        f"GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 101 "):
        raise ConnectionError(head)
    writer.write(b"\x81\x82\0\0\0\0hi")
    if await reader.readexactly(4) != b"\x81\x02hi":
        raise ConnectionError("no echo")
    return reader, writer


async def load(server: Server) -> tuple[int, Probe, float]:
    """Open the WebSockets, then ask on another connection."""
    first = await open_one(server.port)
    before = server.memory()
    idle = [await open_one(server.port) for _ in range(asked.sockets)]
    probe = Probe(server.port)
    task = asyncio.create_task(probe.run())
    await asyncio.sleep(asked.seconds)
    task.cancel()
    each = (server.memory() - before) / asked.sockets
    held = sum(not reader.at_eof() for reader, _ in idle)
    for _, writer in [first, *idle]:
        writer.close()
    return held, probe, each


more_files()
with serving("--engine", asked.engine, WITH_SOCKETS="1") as server:
    held, probe, each = asyncio.run(load(server))

p99 = probe.p99()
tell(
    f"memory of each of {held} idle WebSockets (p99 of a request beside them {p99 * 1000:.1f} ms)",
    f"{each / 1000:.1f} kB",
    holds=each <= asked.most and held == asked.sockets and p99 < asked.limit,
)
