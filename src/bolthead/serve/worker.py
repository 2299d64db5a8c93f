"""A worker: loads the app, chooses engine and interface, serves, and drains when told to."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import sys
import typing as t
from dataclasses import replace

from ..errors import MissingExtra
from ..keys import find_weak_key
from ..plan.compile import WORKER_THREADS
from ..plan.settings import find_invalid
from . import granian_engine, logs, orphan, uvicorn_engine
from .dispatch import split
from .door import Door
from .life import Life, StartupFailed
from .report import Reporter
from .settings import Settings

logger = logging.getLogger("bolthead.serve")


LAST_CALL = 0.1
"""For how many seconds a worker that stops takes connections that wait already."""

QUIET = 0.2
"""For how many seconds no request may come before idle connections are closed."""

LEAVING = 2.0
"""For how many seconds at most clients are told to connect anew."""


class Refused(Exception):
    """The server will not serve this app like this; the text says why and what to do."""


class NotLoaded(Exception):
    """The app's code failed where it was loaded, by the error that is the cause."""


def check_app(app: t.Any) -> None:
    """Refuse what must not be served in production."""
    if app.debug:
        raise Refused(
            "Debug mode is on, and shows everybody the inside of the app."
            " Leave out '--debug', FLASK_DEBUG and app.debug, or use 'bolthead run'."
        )
    if not app.secret_key and _uses_sessions(app):
        raise Refused(
            "The app uses sessions but has no secret key. Set SECRET_KEY to what"
            " 'bolthead secret-key' prints."
        )
    for _, invalid in find_invalid(app.config):
        raise Refused(invalid)
    weak = None if app.testing else find_weak_key(app.config)
    if weak is not None:
        raise Refused(weak)


def check_tls(settings: Settings) -> None:
    """Refuse files that TLS cannot be spoken with: Granian would abort, uvicorn answer nobody."""
    if settings.tls_cert is None or settings.tls_key is None:
        return
    from .tls import find_fault

    fault = find_fault(settings.tls_cert, settings.tls_key)
    if fault is not None:
        raise Refused(f"'--tls-cert' and '--tls-key': {fault}")


def _uses_sessions(app: t.Any) -> bool:
    """Tell whether code of the app's modules names the session, or an extension needs it."""
    from .sessions_used import uses_sessions

    return uses_sessions(app)


def choose(app: t.Any, settings: Settings) -> tuple[str, str]:
    """Return engine and interface: those asked for, or those that suit the app."""
    engine, interface = settings.engine, settings.interface
    has_sockets = bool(app.websocket_functions)
    if engine == "auto":
        engine = "granian"
        # Its WebSockets take 155 kB each, and messages of 64 MB; see docs/explanation/protocols.md.
        prefers = has_sockets and interface in {"auto", "asgi"} and not settings.http2
        if (prefers or not granian_engine.is_installed()) and uvicorn_engine.is_installed():
            engine = "uvicorn"
    installed = granian_engine if engine == "granian" else uvicorn_engine
    if not installed.is_installed():
        raise MissingExtra("serve", "pip install 'bolthead[serve]'")
    if interface == "auto":
        interface = "asgi"
    if engine == "uvicorn":
        if interface != "asgi":
            raise Refused(f"uvicorn serves by ASGI, not by {interface.upper()}.")
        if settings.http2:
            raise Refused("uvicorn has no HTTP/2. Use '--engine granian'.")
        if settings.static_offload:
            raise Refused("'--static-offload' is Granian's. Use '--engine granian'.")
    if has_sockets and interface != "asgi":
        raise Refused(
            f"The app has WebSockets, which {interface.upper()} cannot carry."
            " Use '--interface asgi'."
        )
    return engine, interface


def static_folders(app: t.Any) -> list[tuple[str, str]]:
    """Return the URL path and the folder of the static files of an app and its blueprints."""
    found = []
    for owner in (app, *app.blueprints.values()):
        path, folder = owner.static_url_path, owner.static_folder
        if not owner.has_static_folder or not os.path.isdir(folder) or not path:
            continue
        prefix = getattr(owner, "url_prefix", None) or ""
        found.append((f"{prefix.rstrip('/')}/{path.strip('/')}", os.path.realpath(folder)))
    return found


def main(
    load: t.Callable[[], t.Any], settings: Settings, listener: socket.socket, reporter: Reporter
) -> int:
    """Serve until told to stop; return the exit code."""
    logs.server_logger(settings.log_format)
    logs.set_up(settings.log_format)
    orphan.watch(reporter.fileno(), settings)
    try:
        app = load()
        check_app(app)
        engine, interface = choose(app, settings)
        check_tls(settings)
        threads = settings.threads or app.config.get("WORKER_THREADS", WORKER_THREADS)
        settings = replace(settings, threads=threads)
        app.config["WORKER_THREADS"] = split(threads)[1] if engine == "granian" else threads
    except (Refused, MissingExtra) as error:
        reporter.refuse(str(error))
        return 1
    except NotLoaded as error:
        logger.error("The app could not be loaded", exc_info=error.__cause__)
        reporter.refuse(f"The app could not be loaded: {error}")
        return 1
    except Exception as error:
        logger.exception("The app cannot be served")
        reporter.refuse(f"The app cannot be served: {error}")
        return 1
    worker = _Worker(app, settings, listener, reporter, engine, interface)
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            return runner.run(worker.run())
    finally:
        if worker.door.log is not None:
            worker.door.log.close()


def _loop_factory() -> t.Any:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


class _Worker:
    def __init__(
        self,
        app: t.Any,
        settings: Settings,
        listener: socket.socket,
        reporter: Reporter,
        engine: str,
        interface: str,
    ) -> None:
        self.app = app
        self.settings = settings
        self.listener = listener
        self.reporter = reporter
        self.engine_name = engine
        self.interface = interface
        self.door = Door(app, settings)
        self._told_to_stop = asyncio.Event()

    def _make_engine(self) -> t.Any:
        if self.engine_name == "uvicorn":
            return uvicorn_engine.UvicornEngine(self.door, self.settings, self.listener)
        static = static_folders(self.app) if self.settings.static_offload else []
        return granian_engine.GranianEngine(
            self.door, self.settings, self.listener, self.interface, static
        )

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._told_to_stop.set)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        self.door.retire = self.reporter.retire
        # Without a supervisor nobody would stop this worker any more.
        loop.add_reader(self.reporter.fileno(), self._told_to_stop.set)
        life = Life(self.app)
        try:
            await life.start()
        except StartupFailed as error:
            self.reporter.refuse(f"A start-up function failed: {error}")
            return 1
        # PERF: a full collection of garbage holds up all requests while it looks through what the
        # app keeps for good: 100 ms at the 140,000 objects of benchmarks/music.py, 15 ms without.
        gc.collect()
        gc.freeze()
        engine = self._make_engine()
        await engine.start()
        self.reporter.ready(
            self.engine_name, self.interface, self.settings.threads, _source_files()
        )
        await self._told_to_stop.wait()
        loop.remove_reader(self.reporter.fileno())
        await self._drain(engine)
        await life.stop()
        return 0

    async def _let_clients_leave(self) -> None:
        """Wait while requests still come: each answer tells its client to connect anew."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + LEAVING
        answered = -1
        while self.door.answered != answered and loop.time() < ends:
            answered = self.door.answered
            await asyncio.sleep(QUIET)

    async def _drain(self, engine: t.Any) -> None:
        """Finish what is under way, within the graceful time."""
        self.door.is_draining = True
        if self.settings.drain_delay:
            await asyncio.sleep(self.settings.drain_delay)
        # What has connected already is still taken.
        await asyncio.sleep(LAST_CALL)
        engine.stop_accepting()
        await self.app._lifespan.close_open()
        await self._let_clients_leave()
        engine.finish()
        try:
            async with asyncio.timeout(self.settings.timeout_graceful):
                await engine.wait()
        except TimeoutError:
            logger.warning(
                "%d requests still run after %s s; they are broken off",
                self.door.running,
                self.settings.timeout_graceful,
            )


def _source_files() -> list[str]:
    files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    return sorted({os.path.abspath(file) for file in files if file and file.endswith(".py")})


def end(code: int) -> t.NoReturn:
    """End the process: threads that still run are not waited for."""
    import atexit

    with contextlib.suppress(Exception):
        atexit._run_exitfuncs()
    logging.shutdown()
    with contextlib.suppress(Exception):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)
