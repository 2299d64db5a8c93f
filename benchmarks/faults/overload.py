"""At three times capacity: which statuses are sent, and how much of the capacity is kept?

Capacity is what the server answers to as many clients as it has threads. Then requests come at
three times that rate, each at its time, whether the others are answered or not.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter

from common import Client, Server, more_files, options, percentile, serving, tell

asked = options(
    __doc__,
    seconds=6.0,
    threads=8,
    times=3.0,
    engine="granian",
    kept=0.9,
    path="/sleep?seconds=0.02",
)


async def measure_capacity(port: int, seconds: float) -> float:
    """Return how many requests a second are answered to as many clients as threads."""
    ends = time.monotonic() + seconds

    async def ask() -> int:
        client, answered = Client(port), 0
        while time.monotonic() < ends:
            status, _ = await client.get(asked.path)
            answered += status == 200
        client.close()
        return answered

    return sum(await asyncio.gather(*(ask() for _ in range(asked.threads)))) / seconds


async def load(server: Server) -> tuple[float, float, Counter[int], list[float]]:
    """Measure the capacity, then exceed it."""
    capacity = await measure_capacity(server.port, 3.0)
    rate = capacity * asked.times
    statuses: Counter[int] = Counter()
    took: list[float] = []
    free: list[Client] = []

    async def ask() -> None:
        client = free.pop() if free else Client(server.port)
        began = time.perf_counter()
        try:
            status, _ = await asyncio.wait_for(client.get(asked.path), 30)
        except (OSError, EOFError, TimeoutError):
            status = 0
        statuses[status] += 1
        if status == 200:
            took.append(time.perf_counter() - began)
        free.append(client)

    tasks = set()
    began = time.monotonic()
    sent = 0
    while (passed := time.monotonic() - began) < asked.seconds:
        while sent < passed * rate:
            sent += 1
            task = asyncio.create_task(ask())
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        await asyncio.sleep(0.002)
    in_time = statuses[200]
    await asyncio.gather(*tasks)
    for client in free:
        client.close()
    return capacity, in_time / asked.seconds, statuses, took


more_files()
with serving("--threads", str(asked.threads), "--engine", asked.engine) as server:
    capacity, goodput, statuses, took = asyncio.run(load(server))

share = goodput / capacity
tell(
    f"goodput at {asked.times:g} times capacity ({capacity:.0f}/s; statuses {dict(statuses)},"
    f" p99 of 200s {percentile(took, 0.99) * 1000:.0f} ms)",
    f"{share:.2f} of capacity",
    holds=set(statuses) <= {200, 503} and statuses[503] > 0 and share >= asked.kept,
)
