"""The supervisor: opens the socket, starts workers, and replaces, reloads and stops them.

A worker is this very command once more, with an environment variable that says so. So a reload
takes whatever has changed, and nothing of an app is in the supervisor.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import selectors
import signal
import socket
import stat
import subprocess
import sys
import time
import typing as t
from pathlib import Path

from .report import Heard
from .settings import KILL_AFTER, Settings

logger = logging.getLogger("bolthead.serve")

WORKER = "BOLTHEAD_SERVE_WORKER"
"""The variable that makes the command a worker: the file descriptors of socket and line."""

BACK_OFF = (0.5, 30.0)
"""After how many seconds a worker that ended is started again: at first, and at most."""

STEADY_AFTER = 10.0
"""For how many seconds a worker must have run for the next failure to count as the first."""

RELOAD_INTERVAL = 0.5
"""How often, in seconds, the files of the app are looked at."""


class CannotListen(Exception):
    """The address is taken, or not to be had."""


class CannotWrite(Exception):
    """The file for the process id cannot be written."""


def listen(settings: Settings) -> socket.socket:
    """Open the socket that all workers share: none of them takes waiting connections with it."""
    if settings.uds is not None:
        return _listen_at_path(settings.uds)
    listener = _listen_on(settings.host, settings.port)
    listener.setblocking(False)
    return listener


def check_address(host: str, port: int) -> None:
    """Raise CannotListen, with what to do, where no server can listen on an address."""
    _listen_on(host, port).close()


def _listen_on(host: str, port: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        while True:
            family, kind, protocol, _, address = found.pop(0)
            try:
                return _opened(family, kind, protocol, address)
            except OSError as error:
                # "localhost" is ::1 first, also on machines that have no IPv6.
                if error.errno == errno.EADDRINUSE or not found:
                    raise
    except (OSError, UnicodeError) as error:
        raise CannotListen(f"Cannot listen on {host}:{port}: {_reason(error)}") from error


def _opened(family: int, kind: int, protocol: int, address: t.Any) -> socket.socket:
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
    except BaseException:
        listener.close()
        raise
    return listener


def _listen_at_path(path: str) -> socket.socket:
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            raise CannotListen(f"Cannot listen at {path}: there is a file that is no socket.")
        with socket.socket(socket.AF_UNIX) as asking:
            try:
                asking.connect(path)
            except OSError:
                os.unlink(path)  # a socket that somebody left
            else:
                raise CannotListen(f"Cannot listen at {path}: another server does.")
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(path)
        listener.listen(2048)
    except OSError as error:
        raise CannotListen(f"Cannot listen at {path}: {_reason(error)}") from error
    listener.setblocking(False)
    return listener


_HOST = "'--host' takes an address of this machine; 0.0.0.0 is all of them."
_CURES = {
    errno.EADDRINUSE: "Stop the program that listens there, or give another '--port'.",
    errno.EADDRNOTAVAIL: _HOST,
    errno.EACCES: "Ports below 1024 are for root: give '--port 8000', behind a proxy.",
    errno.ENOENT: "Make the folder first.",
}


def _reason(error: OSError | UnicodeError) -> str:
    """Return what the system says, and what to do about it."""
    if isinstance(error, UnicodeError):
        return f"It is no name of a host. {_HOST}"
    cure = _HOST if isinstance(error, socket.gaierror) else _CURES.get(error.errno or 0)
    told = f"{(error.strerror or str(error)).rstrip('.')}."
    return f"{told} {cure}" if cure else told


class _Child:
    """A worker, as the supervisor sees it."""

    def __init__(self, process: subprocess.Popen[bytes], heard: Heard, replaces: _Child | None):
        self.process = process
        self.heard = heard
        self.replaces = replaces
        self.began = time.monotonic()
        self.is_ready = False
        self.stopping_since: float | None = None
        self.is_replaced = False


class Supervisor:
    """Keeps as many workers running as were asked for, until it is told to stop."""

    def __init__(self, settings: Settings, listener: socket.socket) -> None:
        self._settings = settings
        self._listener = listener
        self._address = _address(settings, listener)
        self._children: list[_Child] = []
        self._selector = selectors.DefaultSelector()
        self._signals: list[int] = []
        self._failures = 0
        self._start_again_at: list[float] = []
        self._is_stopping = False
        self._exit_code = 0
        self._was_announced = False
        self._files: dict[str, float] = {}
        self._looked_at = 0.0

    def run(self) -> int:
        """Serve until SIGTERM or SIGINT; return the exit code."""
        waker, woken = socket.socketpair()
        waker.setblocking(False)
        woken.setblocking(False)
        signal.set_wakeup_fd(waker.fileno())
        for number in (
            signal.SIGTERM,
            signal.SIGINT,
            signal.SIGHUP,
            signal.SIGCHLD,
            signal.SIGQUIT,
        ):
            signal.signal(number, self._note)
        self._selector.register(woken, selectors.EVENT_READ)
        with _pid_file(self._settings.pid_file):
            for _ in range(self._settings.workers):
                self._start()
            while self._children or not self._is_stopping:
                for key, _ in self._selector.select(self._pause()):
                    if key.fileobj is woken:
                        with contextlib.suppress(BlockingIOError):
                            woken.recv(4096)
                    else:
                        self._hear(key.data)
                self._act_on_signals()
                self._reap()
                self._start_due()
                self._kill_late()
                if self._settings.reload:
                    self._look_at_files()
        if self._settings.uds is not None:
            with contextlib.suppress(OSError):
                os.unlink(self._settings.uds)
        return self._exit_code

    def _note(self, number: int, frame: t.Any) -> None:
        self._signals.append(number)

    def _pause(self) -> float:
        """Return for how many seconds nothing is due."""
        now = time.monotonic()
        due = [at - now for at in self._start_again_at]
        if any(child.stopping_since is not None for child in self._children):
            due.append(0.25)
        if self._settings.reload:
            due.append(RELOAD_INTERVAL)
        return max(0.0, min(due, default=3600.0))

    # Workers

    def _start(self, replaces: _Child | None = None) -> None:
        mine, its = socket.socketpair()
        descriptors = (self._listener.fileno(), its.fileno())
        process = subprocess.Popen(  # noqa: S603  # this very command
            [sys.executable, *sys.orig_argv[1:]],
            env={**os.environ, WORKER: f"{descriptors[0]},{descriptors[1]}"},
            pass_fds=descriptors,
        )
        its.close()
        child = _Child(process, Heard(mine), replaces)
        self._children.append(child)
        self._selector.register(mine, selectors.EVENT_READ, child)

    def _hear(self, child: _Child) -> None:
        messages = child.heard.read()
        if not messages:
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(child.heard.line)
        for message in messages:
            kind = message["kind"]
            if kind == "ready":
                self._is_ready(child, message)
            elif kind == "retire":
                logger.info(
                    "Worker %d has served its requests; another takes its place", child.process.pid
                )
                self._replace(child)
            elif kind == "refused":
                self._was_refused(child, message["reason"])

    def _is_ready(self, child: _Child, message: dict[str, t.Any]) -> None:
        child.is_ready = True
        self._announce(child, message)
        for path in message["files"]:
            self._files.setdefault(path, _changed_at(path))
        if child.replaces is not None:
            self._stop(child.replaces)
            child.replaces = None

    def _was_refused(self, child: _Child, reason: str) -> None:
        if self._is_stopping:
            return  # another worker has told the reason
        logger.error("%s", reason)
        if child.replaces is not None:
            # What runs goes on: a broken release must not end the service.
            child.replaces.is_replaced = False
            child.replaces = None
            child.stopping_since = time.monotonic()
            logger.error("The old worker goes on. Mend the app and send SIGHUP again.")
        elif not self._was_announced:
            self._exit_code = 1
            self._stop_all()

    def _announce(self, child: _Child, message: dict[str, t.Any]) -> None:
        """Say once what serves, and where."""
        if self._was_announced:
            logger.info("Worker %d is ready", child.process.pid)
            return
        self._was_announced = True
        settings = self._settings
        logger.info(
            "Serving by %s (%s), workers: %d, threads: %d, at %s (process %d)",
            message["interface"].upper(),
            message["engine"],
            settings.workers,
            message["threads"],
            self._address,
            os.getpid(),
        )

    def _replace(self, child: _Child) -> None:
        """Start a worker that takes the place of another once it is ready."""
        if self._is_stopping or child.is_replaced or child.stopping_since is not None:
            return
        child.is_replaced = True
        self._start(child)

    def _stop(self, child: _Child) -> None:
        if child.stopping_since is None:
            child.stopping_since = time.monotonic()
            with contextlib.suppress(ProcessLookupError):
                child.process.terminate()

    def _stop_all(self) -> None:
        self._is_stopping = True
        self._start_again_at.clear()
        # The workers take those who wait; others wait for nothing, and are refused after that.
        with contextlib.suppress(OSError):
            self._listener.listen(0)
        self._listener.close()
        for child in self._children:
            self._stop(child)

    def _kill_late(self) -> None:
        now = time.monotonic()
        settings = self._settings
        most = settings.timeout_graceful + settings.drain_delay + KILL_AFTER
        for child in self._children:
            if child.stopping_since is not None and now - child.stopping_since > most:
                logger.warning("Worker %d does not stop; it is killed", child.process.pid)
                child.process.kill()

    def _reap(self) -> None:
        for child in list(self._children):
            code = child.process.poll()
            if code is None:
                continue
            self._hear(child)
            self._children.remove(child)
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(child.heard.line)
            child.heard.line.close()
            if child.stopping_since is None and not self._is_stopping:
                self._ended_by_itself(child, code)

    def _ended_by_itself(self, child: _Child, code: int) -> None:
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        logger.error("Worker %d ended unexpectedly (%s)", child.process.pid, how)
        if child.replaces is not None:
            child.replaces.is_replaced = False
            logger.error("The old worker goes on")
            return
        if any(other.replaces is child for other in self._children):
            return  # its successor is on the way
        if not self._was_announced:
            self._exit_code = 1
            self._stop_all()
            return
        is_steady = child.is_ready and time.monotonic() - child.began > STEADY_AFTER
        self._failures = 1 if is_steady else self._failures + 1
        first, most = BACK_OFF
        pause = min(most, first * 2 ** (self._failures - 1))
        self._start_again_at.append(time.monotonic() + pause)

    def _start_due(self) -> None:
        now = time.monotonic()
        for at in [at for at in self._start_again_at if at <= now]:
            self._start_again_at.remove(at)
            self._start()

    # Signals and changed files

    def _act_on_signals(self) -> None:
        while self._signals:
            number = self._signals.pop(0)
            if number in {signal.SIGTERM, signal.SIGINT} and not self._is_stopping:
                logger.info("Stopping: no new connections, %d workers drain", len(self._children))
                self._stop_all()
            elif number == signal.SIGQUIT:
                self._stop_all()
                for child in self._children:
                    child.process.kill()
            elif number == signal.SIGHUP:
                self._reload()

    def _reload(self) -> None:
        """Start new workers; each old one drains when its successor is ready."""
        logger.info("Reloading: new workers first, then the old ones drain")
        self._files.clear()
        for child in list(self._children):
            if child.replaces is not None:
                # Not ready yet, and out of date already: its successor replaces the old one.
                old, child.replaces = child.replaces, None
                self._stop(child)
                old.is_replaced = True
                self._start(old)
            else:
                self._replace(child)

    def _look_at_files(self) -> None:
        now = time.monotonic()
        if now - self._looked_at < RELOAD_INTERVAL:
            return
        self._looked_at = now
        changed = [path for path, at in self._files.items() if _changed_at(path) != at]
        if changed:
            logger.info("Changed: %s", ", ".join(changed[:3]))
            files = {path: _changed_at(path) for path in self._files}
            self._reload()
            self._files = files


def _changed_at(path: str) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0.0


def _address(settings: Settings, listener: socket.socket) -> str:
    if settings.uds is not None:
        return f"unix:{settings.uds}"
    host, port = listener.getsockname()[:2]
    return f"{settings.scheme()}://{f'[{host}]' if ':' in host else host}:{port}"


@contextlib.contextmanager
def _pid_file(path: str | None) -> t.Iterator[None]:
    if path is None:
        yield
        return
    file = Path(path)
    try:
        file.write_text(f"{os.getpid()}\n", encoding="ascii")
    except OSError as error:
        raise CannotWrite(f"Cannot write the process id to {path}: {_reason(error)}") from error
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            file.unlink()
