"""How late are normal requests while bodies and headers drip, and when are those cut?"""

from __future__ import annotations

import asyncio
import time

from common import Probe, Server, more_files, options, serving, tell

asked = options(
    __doc__, bodies=200, headers=200, seconds=3.0, cut_after=2.0, engine="granian", limit=0.1
)


async def drip(port: int, start: bytes) -> float:
    """Send a byte every now and then; return after how many seconds the server has cut it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began = time.monotonic()
    writer.write(start)

    async def send() -> None:
        while True:
            await asyncio.sleep(0.3)
            writer.write(b"a")

    sending = asyncio.create_task(send())
    try:
        await asyncio.wait_for(reader.read(), asked.cut_after * 10 + 20)
    except (OSError, TimeoutError):
        pass
    finally:
        sending.cancel()
        writer.close()
    return time.monotonic() - began


async def load(server: Server) -> tuple[list[float], Probe]:
    """Drip, and ask beside it."""
    starts = [b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"] * asked.bodies
    starts += [b"GET /json HTTP/1.1\r\nHost: a\r\nX-Drip: "] * asked.headers
    probe = Probe(server.port)
    asking = asyncio.create_task(probe.run())
    cut = await asyncio.gather(*(drip(server.port, start) for start in starts))
    asking.cancel()
    return cut, probe


more_files()
limit = str(asked.cut_after)
with serving(
    "--timeout-headers", limit, "--timeout-body", limit, "--engine", asked.engine
) as server:
    cut, probe = asyncio.run(load(server))

p99 = probe.p99()
tell(
    f"p99 of a normal request beside {asked.bodies} bodies and {asked.headers} headers that drip"
    f" (cut after {min(cut):.1f} to {max(cut):.1f} s, limit {limit} s)",
    f"{p99 * 1000:.1f} ms",
    holds=p99 < asked.limit and max(cut) < asked.cut_after + 3 and set(probe.statuses) == {200},
)
