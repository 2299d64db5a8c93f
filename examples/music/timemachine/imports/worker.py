"""The thread that does imports: one in each process that serves."""

import logging
import os
import secrets
import socket
import threading

from sqlalchemy.exc import DBAPIError

from ..extensions import db
from . import jobs

logger = logging.getLogger("timemachine.imports")

LOOK_AGAIN = 2.0
"""Seconds after which a worker looks for imports that another process has taken in or dropped."""


class Worker:
    def __init__(self, app) -> None:
        self.app = app
        self.name = f"{socket.gethostname()[:30]}-{os.getpid()}-{secrets.token_hex(4)}"
        self._woken = threading.Event()
        self._lock = threading.Lock()
        self._started = False

    def start(self) -> None:
        """Begin, once; the thread ends with the process, and its import is begun again."""
        with self._lock:
            if not self._started:
                self._started = True
                threading.Thread(target=self.run, name="imports", daemon=True).start()

    def wake(self) -> None:
        """Say that there is work."""
        self.start()
        self._woken.set()

    def run(self) -> None:
        while True:
            self._woken.clear()
            try:
                while self.work_once():
                    pass
            except DBAPIError as error:
                logger.warning("The database does not answer: %s", error.orig)
            except Exception:
                logger.exception("The worker of imports stumbled")
            self._woken.wait(LOOK_AGAIN)

    def work_once(self) -> bool:
        """Do one import if there is one."""
        with self.app.app_context():
            job_id = jobs.claim(self.name)
            if job_id is None:
                return False
            jobs.work(job_id, self.name)
            db.session.remove()
            return True


def make_worker(app) -> Worker:
    worker = app.extensions["import_worker"] = Worker(app)
    return worker
