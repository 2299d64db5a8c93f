"""How many requests fail while SIGTERM stops the server under load?

Each client opens a connection for each request, or keeps it. A refused connection is no failure:
the server has stopped. A request that was sent on a new connection and gets no answer is one.
"""

from __future__ import annotations

import asyncio
import signal
from collections import Counter

from common import Client, options, serving, tell

asked = options(__doc__, clients=32, seconds=2.0, engine="granian")


async def ask(port: int, path: str, seen: Counter[str]) -> None:
    """Ask again and again, each time on a new connection, until it is refused."""
    while True:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return
        try:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
            answer = await reader.read()
            seen["ok" if answer.startswith(b"HTTP/1.1 200 ") else "failed"] += 1
        except OSError:
            seen["failed"] += 1
        finally:
            writer.close()


async def keep(port: int, seen: Counter[str]) -> None:
    """Ask again and again on one connection, until it is closed between two requests."""
    client = Client(port)
    while True:
        try:
            status, _ = await client.get("/sleep?seconds=0.05")
        except asyncio.IncompleteReadError as error:
            # Closed before it was asked, as RFC 9112, 9.3.1 allows; or in the middle of an answer.
            seen["closed" if not error.partial else "failed"] += 1
            return
        except OSError:
            seen["closed"] += 1
            return
        seen["ok" if status == 200 else "failed"] += 1


async def load(server: object) -> Counter[str]:
    """Load the server, stop it, and return what became of the requests."""
    seen: Counter[str] = Counter()
    port = server.port  # type: ignore[attr-defined]  # a Server
    asking = [ask(port, "/sleep?seconds=0.3", seen) for _ in range(asked.clients)]
    asking += [ask(port, "/json", seen) for _ in range(asked.clients // 4)]
    asking += [keep(port, seen) for _ in range(asked.clients)]
    tasks = [asyncio.create_task(one) for one in asking]
    await asyncio.sleep(asked.seconds)
    server.tell(signal.SIGTERM)  # type: ignore[attr-defined]  # a Server
    await asyncio.wait_for(asyncio.gather(*tasks), 60)
    return seen


with serving("--workers", "2", "--engine", asked.engine) as server:
    seen = asyncio.run(load(server))
    code = server.process.wait(60)

tell(
    f"requests failed of {seen['ok'] + seen['failed']} while SIGTERM drained (exit code {code})",
    str(seen["failed"]),
    holds=seen["failed"] == 0 and code == 0,
)
