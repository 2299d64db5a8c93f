"""By how much does the resident memory of a worker grow over many requests?"""

from __future__ import annotations

import time

from common import failed, options, serving, tell, wrk

asked = options(__doc__, requests=30_000, warm=10_000, engine="granian", most=0.1)


def load(server: object, wanted: int) -> int:
    """Send at least so many requests; return how many failed."""
    sent = failures = 0
    while sent < wanted:
        output, _ = wrk(server, "/json", 2).communicate()  # type: ignore[arg-type]  # a Server
        requests, wrong = failed(output)
        sent, failures = sent + requests, failures + wrong
    return failures


with serving("--engine", asked.engine) as server:
    failures = load(server, asked.warm)
    time.sleep(1)
    before = server.memory()
    failures += load(server, asked.requests)
    time.sleep(1)
    growth = server.memory() / before - 1

tell(
    f"growth of {before / 1e6:.1f} MB over {asked.requests} requests ({failures} failed)",
    f"{growth * 100:+.1f} %",
    holds=growth <= asked.most and failures == 0,
)
