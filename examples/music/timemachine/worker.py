"""The thread that works in the background: imports, changes of time zones; one in each process."""

import logging
import os
import secrets
import socket
import threading

from sqlalchemy.exc import DBAPIError

from . import zones
from .extensions import db
from .imports import jobs

logger = logging.getLogger("timemachine.worker")

LOOK_AGAIN = 2.0
"""Seconds after which a worker looks for work that another process has taken in or dropped."""


class Worker:
    def __init__(self, app) -> None:
        self.app = app
        self.name = f"{socket.gethostname()[:30]}-{os.getpid()}-{secrets.token_hex(4)}"
        self._woken = threading.Event()
        self._lock = threading.Lock()
        self._started = False

    def start(self) -> None:
        """Begin, once; the thread ends with the process, and its work is begun again."""
        with self._lock:
            if not self._started:
                self._started = True
                threading.Thread(target=self.run, name="background", daemon=True).start()

    def wake(self) -> None:
        """Say that there is work."""
        self.start()
        self._woken.set()

    def run(self) -> None:
        try:
            with self.app.app_context():
                jobs.tidy()
        except Exception:
            logger.exception("Files that were left behind could not be deleted")
        while True:
            self._woken.clear()
            try:
                while self.work_once():
                    pass
            except DBAPIError as error:
                logger.warning("The database does not answer: %s", error.orig)
            except Exception:
                logger.exception("The worker in the background stumbled")
            self._woken.wait(LOOK_AGAIN)

    def work_once(self) -> bool:
        """Do one piece of work if there is one; say whether there was."""
        with self.app.app_context():
            try:
                return jobs.work_once(self.name) or zones.work_once(self.name)
            finally:
                db.session.remove()


def make_worker(app) -> Worker:
    worker = app.extensions["background_worker"] = Worker(app)
    return worker
