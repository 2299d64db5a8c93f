"""Ends a worker whose supervisor is gone, also where the app keeps it from ending by itself."""

from __future__ import annotations

import logging
import os
import select
import threading
import time

from .settings import KILL_AFTER, Settings

logger = logging.getLogger("bolthead.serve")


def watch(line: int, settings: Settings) -> None:
    """End this process when the other end of a line is closed and the graceful time has passed.

    A worker that hears of it drains by itself. But where the loop is blocked, or a start-up or
    shut-down function does not return, nothing on the loop can end it, and the supervisor that
    would kill it is not there.
    """
    seconds = settings.timeout_graceful + settings.drain_delay + KILL_AFTER
    threading.Thread(
        target=_end_late, args=(line, seconds), name="bolthead-orphan", daemon=True
    ).start()


def _end_late(line: int, seconds: float) -> None:
    poll = select.poll()
    poll.register(line, select.POLLIN | select.POLLHUP)
    poll.poll()  # nothing is ever sent this way: it is the end
    time.sleep(seconds)
    logger.error(
        "The supervisor is gone, and this worker (%d) does not stop; it is ended", os.getpid()
    )
    os._exit(1)
