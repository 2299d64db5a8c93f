"""How many requests fail when one of two workers is killed with -9?

At most those that it held: its connections, one request on each.
"""

from __future__ import annotations

import os
import signal
import time

from common import failed, options, serving, tell, wrk

asked = options(__doc__, seconds=6, connections=32, engine="granian")
with serving("--workers", "2", "--engine", asked.engine) as server:
    load = wrk(server, "/sleep?seconds=0.02", asked.seconds, asked.connections)
    time.sleep(asked.seconds / 3)
    killed = server.workers()[0]
    held = sum(
        os.readlink(f"/proc/{killed}/fd/{fd}").startswith("socket:")
        for fd in os.listdir(f"/proc/{killed}/fd")
    )
    os.kill(killed, signal.SIGKILL)
    began = time.monotonic()
    while len(server.workers()) < 2 or killed in server.workers():
        time.sleep(0.02)
    back = time.monotonic() - began
    output, _ = load.communicate()
    requests, failures = failed(output)

tell(
    f"requests failed of {requests} when a worker that held {held} sockets was killed"
    f" (another started after {back:.1f} s)",
    str(failures),
    holds=failures <= held,
)
