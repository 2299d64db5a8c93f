"""Where a request that Granian hands over runs: in its own thread, a worker, or the loop.

A request without a body whose route has no ``async def`` needs no loop at all. It runs in the
thread that Granian calls in, as long as one of these threads stays free to take the next request;
beyond that in one of the app's worker threads. Everything else is given to the loop.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import time
import typing as t
from collections import deque

from .. import bridges
from ..protocols import asgi, rsgi
from ..protocols.body import has_body
from ..protocols.scope import make_environ, raw_headers
from . import door as doors
from . import edge, ids

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from ..protocols.scope import Receive, Scope, Send
    from .access_log import Visit

    Channel = tuple[Receive, Send, t.Callable[[], None]]

logger = logging.getLogger("bolthead.serve")

AT_ONCE = 3
"""How many requests may run in Granian's own threads; more of them only fight for the GIL."""

BATCH = 8
"""How many requests the loop begins before it looks after those that run."""


def split(threads: int) -> tuple[int, int]:
    """Return how many of so many threads are Granian's, and how many are worker threads."""
    return (AT_ONCE, threads - AT_ONCE) if threads > AT_ONCE else (0, threads)


class Dispatcher:
    """Takes requests from Granian, in whatever thread it calls."""

    def __init__(self, door: doors.Door, loop: asyncio.AbstractEventLoop, way: Way) -> None:
        self.door = door
        self.way = way
        self._loop = loop
        self._app = door.app
        self._is_plain_asgi = _calls_asgi_itself(door.app)
        # A mark for each of Granian's threads that may run a request.
        self._at_once: deque[None] = deque([None] * split(door.settings.threads or 1)[0])
        # What waits for the loop, and since when.
        self._for_loop: deque[tuple[float, t.Any, Scope, Visit | None]] = deque()
        self._is_woken = False

    def take(self, watcher: t.Any) -> None:
        """Take a request; called by Granian."""
        try:
            self._take(watcher)
        except BaseException as error:
            logger.exception("A request failed before the app")
            watcher.err(error)

    def _take(self, watcher: t.Any) -> None:
        way = self.way
        scope = way.scope(watcher)
        if scope is None:
            return
        if scope["type"] != "http":
            self._give_to_loop(watcher, scope, None)
            return
        door = self.door
        visit, answer = door.begin(scope)
        threads = self._app._threads
        if answer is None and not door.enter(max(self._waited(), threads.wait())):
            answer = doors.BUSY
        if answer is not None:
            way.put(watcher, answer, visit)
            door.end(visit)
            return
        try:
            self._run(watcher, scope, visit, threads)
        except BaseException:
            door.leave()
            raise

    def _run(self, watcher: t.Any, scope: Scope, visit: Visit, threads: bridges.Threads) -> None:
        if self._is_plain_asgi and asgi.is_plain(self._app, scope):
            self._give_to_loop(watcher, scope, visit)
            return
        environ = make_environ(scope, self.door.spelled)
        if not self._needs_no_loop(environ):
            scope[asgi.ENVIRON] = environ
            self._give_to_loop(watcher, scope, visit)
            return
        plain = _Plain(self, watcher, scope, environ, visit)
        try:
            self._at_once.pop()
        except IndexError:
            threads.start(plain)
            return
        try:
            plain.answer()
        finally:
            self._at_once.append(None)

    def _needs_no_loop(self, environ: WSGIEnvironment) -> bool:
        app = self._app
        if not self._is_plain_asgi or "asgi_app" in app.__dict__ or has_body(environ):
            return False
        if not app._lifespan.is_ready:
            return False
        return asgi.needs_no_loop(app._current_plans(), environ)

    # The loop

    def _waited(self) -> float:
        """Return for how many seconds the first has waited for the loop."""
        if not self._for_loop:
            return 0.0
        try:
            return time.monotonic() - self._for_loop[0][0]
        except IndexError:
            return 0.0  # the loop has just taken it

    def _give_to_loop(self, watcher: t.Any, scope: Scope, visit: Visit | None) -> None:
        self._for_loop.append((time.monotonic(), watcher, scope, visit))
        # PERF: a wake-up costs a system call; one serves all that come until it is noticed.
        if not self._is_woken:
            self._is_woken = True
            self._loop.call_soon_threadsafe(self._begin_all)

    def _begin_all(self) -> None:
        self._is_woken = False
        create_task = self._loop.create_task
        for _ in range(BATCH):
            if not self._for_loop:
                return
            _, watcher, scope, visit = self._for_loop.popleft()
            task = create_task(self._serve(watcher, scope, visit), context=contextvars.Context())
            watcher.taskref(task)
        # The others stay in line, where it is seen how long they wait.
        self._is_woken = True
        self._loop.call_soon(self._begin_all)

    async def _serve(self, watcher: t.Any, scope: Scope, visit: Visit | None) -> None:
        receive, send, end = self.way.channel(watcher, scope)
        try:
            if visit is None:
                visit, refusal = self.door.begin(scope)
                await self.door.websocket(scope, receive, send, visit, refusal)
            else:
                await self.door.http(scope, receive, send, visit)
        except BaseException as error:
            watcher.err(error)
        else:
            watcher.done()
        finally:
            end()

    # An answer that takes its time

    def stream(self, plain: _Plain, answer: asgi.Answer, context: contextvars.Context) -> None:
        """Send an answer in pieces, on the loop; called in a thread."""

        def begin() -> None:
            coroutine = self._stream(plain, answer, context)
            task = self._loop.create_task(coroutine, context=contextvars.Context())
            plain.watcher.taskref(task)

        self._loop.call_soon_threadsafe(begin)

    async def _stream(
        self, plain: _Plain, answer: asgi.Answer, context: contextvars.Context
    ) -> None:
        receive, put, end = self.way.channel(plain.watcher, plain.scope)
        send = doors._Answer(self.door, put, plain.visit)
        try:
            await asgi.send_answer(self._app, plain.environ, receive, send, answer, context)
        except BaseException as error:
            if not isinstance(error, OSError | asyncio.CancelledError):
                logger.exception("An answer failed while it was sent")
            plain.watcher.err(error)
        else:
            plain.watcher.done()
        finally:
            end()
            send.leave()
            self.door.end(plain.visit)


class _Plain(bridges.ThreadJob):
    """A request that one thread answers by itself."""

    __slots__ = ("_dispatcher", "environ", "scope", "visit", "watcher")

    def __init__(
        self,
        dispatcher: Dispatcher,
        watcher: t.Any,
        scope: Scope,
        environ: WSGIEnvironment,
        visit: Visit,
    ) -> None:
        super().__init__()
        self._dispatcher = dispatcher
        self.watcher = watcher
        self.scope = scope
        self.environ = environ
        self.visit = visit

    def run(self, idle: deque[None]) -> None:
        """Answer, in a worker thread."""
        try:
            self.answer()
        finally:
            idle.append(None)

    def answer(self) -> None:
        """Let the app answer, and send it, unless it comes in pieces: then the loop sends it."""
        dispatcher, watcher, visit = self._dispatcher, self.watcher, self.visit
        door = dispatcher.door
        context = contextvars.Context()
        working_for = bridges._working_for
        working_for.loop = dispatcher._loop
        environ = self.environ
        environ["wsgi.input"] = asgi.NO_BODY
        try:
            answer = status, headers, body = context.run(_call, visit.id, door.app, environ)
            visit.status = int(status[:3])
            if type(body) is bytes:
                visit.size = len(body)
                dispatcher.way.respond(watcher, visit, headers, body)
        except BaseException as error:
            if isinstance(error, Exception):
                context.run(logger.exception, "The app failed outside its own handling of errors")
            dispatcher.way.put(watcher, doors.FAILED, visit)
            door.leave()
            door.end(visit)
            return
        finally:
            working_for.loop = None
        if type(body) is not bytes:
            dispatcher.stream(self, answer, context)
            return
        watcher.done()
        door.leave()
        door.end(visit)


def _call(visit_id: str, app: t.Any, environ: WSGIEnvironment) -> asgi.Answer:
    ids.current.set(visit_id)
    return asgi.answer_in_thread(app, environ)


def _nothing() -> None:
    pass


class ByASGI:
    """How Granian's ASGI hands over a request and takes its answer."""

    def __init__(self, door: doors.Door) -> None:
        self._door = door

    def scope(self, watcher: t.Any) -> Scope | None:
        """Return the scope; None where the request is answered already."""
        return t.cast("Scope", watcher.scope)

    def channel(self, watcher: t.Any, scope: Scope) -> Channel:
        """Return what receives and sends, on the loop, and what is called at the end."""
        return watcher.proto.receive, watcher.proto.send, _nothing

    def respond(
        self, watcher: t.Any, visit: Visit, headers: list[tuple[str, str]], body: bytes
    ) -> None:
        """Send a whole answer, from any thread."""
        raw = raw_headers(headers)
        self._door.mark(raw, visit)
        send = watcher.proto.send
        send({"type": "http.response.start", "status": visit.status, "headers": raw})
        send({"type": "http.response.body", "body": body, "more_body": False})

    def put(self, watcher: t.Any, answer: edge.Reply, visit: Visit) -> None:
        """Send an answer that needs no app."""
        visit.status = answer.status
        body = b"" if visit.method == "HEAD" else answer.body
        visit.size = len(body)
        headers = self._door.marked(answer, visit)
        send = watcher.proto.send
        send({"type": "http.response.start", "status": answer.status, "headers": headers})
        send({"type": "http.response.body", "body": body, "more_body": False})
        watcher.done()


class ByRSGI:
    """How Granian's RSGI hands over a request and takes its answer."""

    def __init__(self, door: doors.Door) -> None:
        self._door = door

    def scope(self, watcher: t.Any) -> Scope | None:
        """Return the scope; None where the request is answered already."""
        scope = rsgi.make_scope(watcher.scope)
        if scope is None:
            watcher.proto.response_str(400, [("content-type", "text/plain")], rsgi.NOT_ASCII)
            watcher.done()
        return scope

    def channel(self, watcher: t.Any, scope: Scope) -> Channel:
        """Return what receives and sends, on the loop, and what is called at the end."""
        channel = rsgi.Channel(watcher.proto, scope)
        return channel.receive, channel.send, channel.end

    def respond(
        self, watcher: t.Any, visit: Visit, headers: list[tuple[str, str]], body: bytes
    ) -> None:
        """Send a whole answer, from any thread."""
        marked = self._door.mark_text(headers, visit.version, visit.id)
        watcher.proto.response_bytes(visit.status, marked, body)

    def put(self, watcher: t.Any, answer: edge.Reply, visit: Visit) -> None:
        """Send an answer that needs no app."""
        visit.status = answer.status
        body = b"" if visit.method == "HEAD" else answer.body
        visit.size = len(body)
        marked = self._door.marked(answer, visit)
        headers = [(name.decode(), value.decode()) for name, value in marked]
        watcher.proto.response_bytes(answer.status, headers, body)
        watcher.done()


Way = ByASGI | ByRSGI


def _calls_asgi_itself(app: t.Any) -> bool:
    """Tell whether nobody has put something around the app's way by ASGI in its class."""
    from ..app import Flask

    cls = type(app)
    return cls.__call__ is Flask.__call__ and cls.asgi_app is Flask.asgi_app
