"""The life of a server's worker: what runs at its start, at its end, and beside the requests."""

from __future__ import annotations

import atexit
import contextvars
import threading
import traceback
import typing as t
import weakref
from functools import partial

from .. import bridges
from ..current import _cv_request

if t.TYPE_CHECKING:
    import asyncio
    from concurrent import futures
else:
    from ..light import asyncio, futures

if t.TYPE_CHECKING:
    from .scope import Receive, Send
    from .served import Served

Function = t.Callable[..., t.Any]

# For how many seconds background tasks are waited for at the end.
BACKGROUND_TASK_SHUTDOWN_TIMEOUT = 5.0


class Lifespan:
    """An app's start-up and shut-down functions, and its background tasks.

    Under ASGI the server says when; under WSGI, and where an ASGI server does not say, they run
    at a worker's first request. Shut-down functions then run when the process ends.
    """

    def __init__(self) -> None:
        self.on_startup: list[Function] = []
        self.on_shutdown: list[Function] = []
        self.is_ready = True
        """Whether there is nothing to be run before requests are served."""
        self.websockets: weakref.WeakSet[t.Any] = weakref.WeakSet()
        """Those that are open; the end of the worker closes them."""
        self.streams: weakref.WeakSet[t.Any] = weakref.WeakSet()
        """The streams of events that are sent; the end of the worker ends them."""
        self._lock = threading.Lock()
        self._starting: asyncio.Lock | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._pool: futures.ThreadPoolExecutor | None = None

    def add(self, functions: list[Function], function: Function) -> None:
        """Add a function to the list of those at the start, or of those at the end."""
        functions.append(function)
        self.is_ready = False

    # ASGI

    async def start(self, app: Served) -> None:
        """Run the start-up functions, once, however many wait for that."""
        if self._starting is None:
            self._starting = asyncio.Lock()
        async with self._starting:
            if self.is_ready:
                return
            for function in self.on_startup:
                await self._call(app, function)
            self._ready(app)

    async def stop(self, app: Served) -> None:
        """Close what is open, wait for background tasks, and run the shut-down functions.

        All of them run, though one fails; the first error is raised at the end.
        """
        await self.close_open()
        await self._end_tasks(app)
        failed: Exception | None = None
        for function in self.on_shutdown:
            try:
                await self._call(app, function)
            except Exception as error:
                app.logger.exception("A shut-down function failed")
                failed = failed or error
        self.is_ready = not (self.on_startup or self.on_shutdown)
        app._changes.note()
        if failed is not None:
            raise failed

    async def close_open(self) -> None:
        """End streams of events, and close WebSockets with 1001: the worker takes no more."""
        for stream in list(self.streams):
            stream.end_stream()
        for open_one in list(self.websockets):
            await open_one.close_for_shutdown()

    async def _call(self, app: Served, function: Function) -> None:
        with app.app_context():
            if bridges.is_async(function):
                await function()
            else:
                await app._threads.call(function)

    async def _end_tasks(self, app: Served) -> None:
        loop = asyncio.get_running_loop()
        tasks = {task for task in self._tasks if task.get_loop() is loop}
        if not tasks:
            return
        name = "BACKGROUND_TASK_SHUTDOWN_TIMEOUT"
        seconds = app.config.get(name, BACKGROUND_TASK_SHUTDOWN_TIMEOUT)
        _, late = await asyncio.wait(tasks, timeout=seconds)
        for task in late:
            app.logger.warning("A background task takes longer than %s, %s s", name, seconds)
            task.cancel()
        if late:
            await asyncio.wait(late)

    # WSGI

    def start_now(self, app: Served) -> None:
        """Run the start-up functions from plain code, once, and the others at the exit."""
        with self._lock:
            if self.is_ready:
                return
            for function in self.on_startup:
                with app.app_context():
                    app.ensure_sync(function)()
            if self.on_shutdown:
                atexit.register(_stop_at_exit, weakref.ref(app))
            self._ready(app)

    def _ready(self, app: Served) -> None:
        self.is_ready = True
        app._changes.note()

    def stop_now(self, app: Served) -> None:
        """Run the shut-down functions from plain code, all though one fails."""
        for function in self.on_shutdown:
            try:
                with app.app_context():
                    app.ensure_sync(function)()
            except Exception:
                app.logger.exception("A shut-down function failed")

    # Background tasks

    def add_task(
        self, app: Served, function: Function, args: tuple[t.Any, ...], kwargs: dict[str, t.Any]
    ) -> None:
        """Call a function when the request in force is answered, or at once where none is."""
        loop = bridges.serving_loop()
        begin = partial(self._begin, app, loop, partial(function, *args, **kwargs))
        ctx = _cv_request.get(None)
        if ctx is None or ctx.is_websocket:
            begin()
            return

        def when_sent(response: t.Any) -> t.Any:
            response.call_on_close(begin)
            return response

        ctx._after_request_functions.append(when_sent)

    def _begin(
        self, app: Served, loop: asyncio.AbstractEventLoop | None, function: Function
    ) -> None:
        if loop is not None and loop.is_running():
            loop.call_soon_threadsafe(self._begin_on_loop, app, loop, function)
            return
        if self._pool is None:
            with self._lock:
                # Its threads are waited for when the process ends.
                self._pool = self._pool or futures.ThreadPoolExecutor(4, "bolthead-background")
        self._pool.submit(contextvars.Context().run, _run_task_now, app, function)

    def _begin_on_loop(
        self, app: Served, loop: asyncio.AbstractEventLoop, function: Function
    ) -> None:
        task = loop.create_task(self._run_task(app, function), context=contextvars.Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run_task(self, app: Served, function: Function) -> None:
        try:
            await self._call(app, function)
        except Exception:
            app.logger.exception("A background task failed")


def _run_task_now(app: Served, function: Function) -> None:
    try:
        with app.app_context():
            app.ensure_sync(function)()
    except Exception:
        app.logger.exception("A background task failed")


def _stop_at_exit(app_ref: weakref.ref[Served]) -> None:
    app = app_ref()
    if app is not None:
        app._lifespan.stop_now(app)


async def serve(app: Served, receive: Receive, send: Send) -> None:
    """Run the functions when the server says, and tell it how it went."""
    while True:
        message = await receive()
        stage = message["type"].partition(".")[2]
        work = app._lifespan.start if stage == "startup" else app._lifespan.stop
        try:
            await work(app)
        except Exception as error:
            app.logger.exception("The %s failed", stage)
            text = "".join(traceback.format_exception_only(error)).strip()
            await send({"type": f"lifespan.{stage}.failed", "message": text})
            return
        await send({"type": f"lifespan.{stage}.complete"})
        if stage == "shutdown":
            return
