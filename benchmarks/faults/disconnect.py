"""What is left behind by clients that go away in the middle of an answer?"""

from __future__ import annotations

import asyncio
import json
import typing as t

from common import REQUEST, Client, Server, options, serving, tell

asked = options(__doc__, clients=200, engine="granian")


async def leave_early(port: int, path: bytes) -> None:
    """Ask, read a little, and go away without a word."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(REQUEST % path)
    await reader.readexactly(1500)
    writer.transport.abort()


async def load(server: Server) -> tuple[dict[str, t.Any], dict[str, t.Any]]:
    """Return what the worker holds before and after."""
    client = Client(server.port)

    async def held() -> dict[str, t.Any]:
        return t.cast("dict[str, t.Any]", json.loads((await client.get("/held"))[1]))

    # Threads that were started for it are kept, so both kinds come once before.
    await asyncio.gather(*(leave_early(server.port, b"/pieces") for _ in range(40)))
    await asyncio.gather(*(leave_early(server.port, b"/events") for _ in range(40)))
    await asyncio.sleep(1)
    before = await held()
    for _ in range(asked.clients // 20):
        await asyncio.gather(*(leave_early(server.port, b"/events") for _ in range(10)))
        await asyncio.gather(*(leave_early(server.port, b"/pieces") for _ in range(10)))
    for _ in range(40):
        await asyncio.sleep(0.25)
        after = await held()
        if all(after[name] <= before[name] for name in before):
            break
    return before, after


with serving("--engine", asked.engine) as server:
    before, after = asyncio.run(load(server))

more = {name: after[name] - before[name] for name in before if after[name] > before[name]}
tell(
    f"held after {asked.clients} clients that went away, beyond the {before} before",
    str(more or "nothing"),
    holds=not more,
)
