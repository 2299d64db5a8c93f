"""How late are normal requests while many connections are open and idle?"""

from __future__ import annotations

import asyncio

from common import REQUEST, Probe, Server, more_files, options, serving, tell

asked = options(__doc__, connections=2000, seconds=5.0, engine="granian", limit=0.1)


async def load(server: Server) -> tuple[int, Probe]:
    """Open the connections, each with one request, then ask on another."""
    idle = []
    for number in range(asked.connections):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        if number % 2:
            writer.write(REQUEST % b"/json")
            await reader.readuntil(b"}")
        idle.append((reader, writer))
    probe = Probe(server.port)
    task = asyncio.create_task(probe.run())
    await asyncio.sleep(asked.seconds)
    task.cancel()
    held = sum(not reader.at_eof() for reader, _ in idle[1::2])
    for _, writer in idle:
        writer.close()
    return held, probe


more_files()
# Granian closes idle connections after this time, too.
with serving("--engine", asked.engine, "--timeout-headers", "60") as server:
    before = server.memory()
    held, probe = asyncio.run(load(server))
    each = (server.memory() - before) / asked.connections

p99 = probe.p99()
tell(
    f"p99 of a normal request beside {asked.connections} idle connections"
    f" ({held} kept of the {asked.connections // 2} that had asked, {each / 1000:.1f} kB each)",
    f"{p99 * 1000:.1f} ms",
    holds=p99 < asked.limit and set(probe.statuses) == {200} and held == asked.connections // 2,
)
