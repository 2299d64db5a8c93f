"""What does a request cost as the table of routes grows, and as threads share the work?

In process and by WSGI, Flask and Bolthead taking turns. The requests are for the middle of the
table. With threads, a figure is the time that passes, divided by the requests of all threads.
"""

from __future__ import annotations

import functools
import importlib
import threading
import typing as t

from calling import Client, Turns, take_turns
from in_process import BOLTHEAD, FLASK, FRAMEWORKS
from workloads import Asked, Workload, typed

ROUTES = [10, 100, 1_000, 10_000]
THREADS = [1, 2, 4, 8]


def client_for(name: str, rules: int) -> Client:
    """Return a client of an app with a table of rules, which asks for one in its middle."""
    workload = Workload(
        f"typed-{rules}",
        f"`/<int:id>` among {rules} rules",
        functools.partial(typed, rules=rules),
        Asked(f"/things{rules // 4}/42"),
        lambda answer: answer.body == b"number 42",
    )
    return Client(workload.build(importlib.import_module(FRAMEWORKS[name])), workload)


def in_threads(client: Client, threads: int, count: int) -> None:
    """Send a number of requests, shared among threads that start together."""
    together = threading.Barrier(threads)

    def work() -> None:
        together.wait()
        client.send(count // threads)

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def run(options: t.Any) -> dict[str, t.Any]:
    """Measure both kinds of growth and print a table of each."""
    rounds = options.rounds or (7 if options.quick else 25)
    by_routes = {
        (name, rules): Turns(client_for(name, rules).send)
        for rules in ROUTES
        for name in (BOLTHEAD, FLASK)
    }
    take_turns(by_routes.values(), rounds, 0.01 if options.quick else 0.03)

    by_threads: dict[tuple[str, int], Turns] = {}
    for name in (BOLTHEAD, FLASK):
        client = client_for(name, 100)
        for threads in THREADS:
            run_all = functools.partial(in_threads, client, threads)
            by_threads[name, threads] = Turns(run_all, alike=client.send)
    # Longer turns: starting the threads is not what is asked.
    take_turns(by_threads.values(), rounds, 0.03 if options.quick else 0.1)

    return {
        "rounds": rounds,
        "routes": table("routes", ROUTES, by_routes),
        "threads": table("threads", THREADS, by_threads),
    }


def table(
    what: str, sizes: list[int], timed: dict[tuple[str, int], Turns]
) -> dict[str, dict[str, t.Any]]:
    """Return and print the microseconds of each size, and how they grow from the first one."""
    figures: dict[str, dict[str, t.Any]] = {}
    for size in sizes:
        ours, theirs = (timed[name, size].best for name in (BOLTHEAD, FLASK))
        figures[str(size)] = {
            "us": {BOLTHEAD: round(ours, 3), FLASK: round(theirs, 3)},
            "growth": {
                name: round(timed[name, size].best / timed[name, sizes[0]].best, 2)
                for name in (BOLTHEAD, FLASK)
            },
            "times_faster": round(theirs / ours, 2),
        }
        print(
            f"{size:>6} {what:<8} Bolthead {ours:6.2f} us"
            f" ({figures[str(size)]['growth'][BOLTHEAD]:.2f} of the first)"
            f"   Flask {theirs:6.2f} us ({figures[str(size)]['growth'][FLASK]:.2f})"
            f"   {theirs / ours:.1f}x"
        )
    return figures
