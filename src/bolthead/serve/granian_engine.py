"""Granian as the engine: its workers are driven directly, so that each request gets its place.

The names below are those of Granian 2.7 and 2.8 (``granian._granian``); it has no public way to
run one worker on a socket that somebody else has opened.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import typing as t

from .door import Door
from .settings import HEADERS_SIZE, TARGET_SIZE, Settings, most_connections

Take = t.Callable[[t.Any], None]

# How long Granian keeps its threads, in seconds: which of them wait is counted.
FOR_EVER = 10 * 365 * 24 * 3600

# The open files of this process, where the system tells them.
_DESCRIPTORS = "/proc/self/fd"


def is_installed() -> bool:
    """Tell whether Granian can be imported."""
    import importlib.util

    return importlib.util.find_spec("granian") is not None


class GranianEngine:
    """One worker of Granian, by ASGI, RSGI or WSGI."""

    name = "granian"

    def __init__(
        self,
        door: Door,
        settings: Settings,
        listener: socket.socket,
        interface: str,
        static: list[tuple[str, str]],
    ) -> None:
        self.interface = interface
        self._door = door
        self._settings = settings
        self._listener = listener
        self._static = static
        self._ended = asyncio.Event()
        self._let_rest_end: t.Callable[[], None] = _unused

    async def start(self) -> None:
        """Begin to accept connections."""
        import granian._granian
        from granian.http import HTTP1Settings, HTTP2Settings

        # Its types leave some arguments out.
        core: t.Any = granian._granian
        loop = asyncio.get_running_loop()
        settings = self._settings
        take, cls, threads = self._way(core, loop)

        class Scheduler(core.CallbackScheduler):  # type: ignore[misc]  # compiled
            __slots__: t.ClassVar[list[str]] = []

            def __init__(self, *args: t.Any) -> None:
                super().__init__()
                self._schedule_fn = take  # type: ignore[misc]  # the base has its place

        self._signal = core.WorkerSignal()
        self._signal.add_cb(lambda: loop.call_soon_threadsafe(self._ended.set))
        is_unix = self._listener.family == socket.AF_UNIX
        self._inode = os.fstat(self._listener.fileno()).st_ino
        holder = core.SocketHolder(self._listener.detach(), is_unix, 1024)
        options: dict[str, t.Any] = {
            "worker_id": 1,
            "sock": (None, holder),
            "ipc": None,
            "threads": 1,
            "blocking_threads": 512,
            "py_threads": threads,
            "py_threads_idle_timeout": FOR_EVER,
            "backpressure": most_connections(),
            "http_mode": "auto" if settings.http2 else "1",
            "http1_opts": HTTP1Settings(
                header_read_timeout=int(settings.timeout_headers * 1000),
                max_buffer_size=HEADERS_SIZE + TARGET_SIZE + 8 * 1024,
            ),
            "http2_opts": HTTP2Settings(max_headers_size=HEADERS_SIZE),
            "static_files": (self._static, None, "3600") if self._static else None,
            "ssl_enabled": bool(settings.tls_cert),
            "ssl_cert": settings.tls_cert,
            "ssl_key": settings.tls_key,
            "ssl_key_password": None,
            "ssl_protocol_min": "tls1.2",
            "ssl_ca": None,
            "ssl_crl": [],
            "ssl_client_verify": False,
            "metrics": (None, None),
        }
        if self.interface != "wsgi":
            has_sockets = bool(self._door.app.websocket_functions)
            options["websockets_enabled"] = has_sockets and self.interface == "asgi"
        worker = cls(**options)
        callback = self._wsgi_callback(loop) if self.interface == "wsgi" else _unused
        scheduler = Scheduler(loop, callback, None, _unused, _unused)
        serve = worker.serve_mtr_uds if is_unix else worker.serve_mtr
        serve(scheduler, loop, self._signal)

    def _way(self, core: t.Any, loop: asyncio.AbstractEventLoop) -> tuple[Take, t.Any, int]:
        """Return what takes requests, Granian's class, and how many threads it calls in."""
        from .dispatch import ByASGI, ByRSGI, Dispatcher, Way, split

        if self.interface == "wsgi":
            return _unused, core.WSGIWorker, self._settings.threads or 1
        if self.interface == "rsgi":
            way: Way = ByRSGI(self._door)
            cls = core.RSGIWorker
        else:
            way = ByASGI(self._door)
            cls = core.ASGIWorker
        # One of them is free to take the next request, whatever the others do.
        threads = split(self._settings.threads or 1)[0] + 1
        return Dispatcher(self._door, loop, way).take, cls, threads

    def _wsgi_callback(self, loop: asyncio.AbstractEventLoop) -> t.Any:
        from .by_wsgi import Resting, make_callback

        resting = Resting()
        self._let_rest_end = resting.end
        return make_callback(self._door, loop, resting)

    def stop_accepting(self) -> None:
        """Take no new connections.

        Granian itself would close those that it has in the same moment, though a request may be
        on its way in one of them. So it is given a socket that nobody connects to.
        """
        if not os.path.isdir(_DESCRIPTORS):
            return
        with socket.socket(socket.AF_UNIX) as deaf:
            deaf.setblocking(False)
            deaf.bind("")  # a name that the system makes up
            deaf.listen(1)
            for name in os.listdir(_DESCRIPTORS):
                with contextlib.suppress(OSError):
                    if os.fstat(int(name)).st_ino == self._inode:
                        os.dup2(deaf.fileno(), int(name), inheritable=False)

    def finish(self) -> None:
        """Close idle connections, and the others once they are answered."""
        self._let_rest_end()
        self._signal.set()

    async def wait(self) -> None:
        """Wait until all connections are closed."""
        await self._ended.wait()


def _unused(*args: t.Any) -> None:
    pass
