"""How many requests fail while SIGHUP replaces all workers every two seconds, under load?"""

from __future__ import annotations

import signal
import time

from common import failed, options, serving, tell, wrk

asked = options(__doc__, seconds=8, every=2.0, workers=2, engine="granian")
with serving("--workers", str(asked.workers), "--engine", asked.engine) as server:
    load = wrk(server, "/json", asked.seconds)
    ends = time.monotonic() + asked.seconds - 1
    reloads = 0
    while time.monotonic() + asked.every < ends:
        time.sleep(asked.every)
        server.tell(signal.SIGHUP)
        reloads += 1
    output, _ = load.communicate()
    requests, failures = failed(output)
    replaced = server.log.read_text().count("is ready")

tell(
    f"requests failed of {requests} while SIGHUP came {reloads} times ({replaced} new workers)",
    str(failures),
    holds=failures == 0 and replaced > 0,
)
