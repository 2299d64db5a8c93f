"""One request by ASGI (HTTP): scope and body in, answer out; what is plain runs in threads."""

from __future__ import annotations

import contextvars
import functools
import typing as t
from types import CoroutineType

from werkzeug.exceptions import InternalServerError

from ..bridges import is_async
from ..ctx import AppContext, RequestContext
from ..current import _cv_app, _cv_request
from ..made import made
from ..plan import begun, run_async, run_sync
from ..plan.recover import propagates
from ..plan.respond import HEARTBEAT, AsyncBody
from ..plan.steps import go_on
from ..routing import PLAIN_HOSTS, UNSURE
from ..signals import appcontext_tearing_down, request_started, request_tearing_down
from ..wrappers.request import WHOLE
from . import lifespan, websocket, wsgi
from .body import BodyStream, has_body, make_stream, read_body
from .scope import make_environ, raw_headers
from .watch import watched_for_blocking

if t.TYPE_CHECKING:
    import asyncio
else:
    from ..light import asyncio

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from .scope import Message, Receive, Scope, Send
    from .served import Served

_new = object.__new__

ENVIRON = "bolthead.environ"
"""The key of the environ in a scope of which a server has made it already."""

# Status line, headers, and the body: whole, or in pieces to ask for one by one.
Answer = tuple[str, list[tuple[str, str]], t.Any]

# Up to how many bytes a body that says its length is collected in the thread that made it.
_COLLECTED = 64 * 1024


def serve(app: Served, scope: Scope, receive: Receive, send: Send) -> t.Awaitable[None]:
    """Serve one scope, when awaited: a request, a WebSocket, or the life of the server."""
    kind = scope["type"]
    if kind == "http":
        plans = app._changes.compiled
        if plans is not None and plans.begins_at_once and ENVIRON not in scope:
            plan, found = _find_plain(plans, scope)
            if (
                plan is not None
                and app._got_first_request
                and app._lifespan.is_ready
                and not request_started.receivers
            ):
                return _at_once(app, plans, plan, found, scope, receive, send)
        return _http(app, scope, receive, send)
    if kind == "websocket":
        return websocket.serve(app, scope, receive, send)
    if kind == "lifespan":
        return lifespan.serve(app, receive, send)
    raise RuntimeError(f"Bolthead serves 'http', 'websocket' and 'lifespan', not {kind!r}.")


class _Exchange:
    """One request and its answer, with the eye on whether the client is still there."""

    # PERF: what few requests come to have is a default of the class, not set for each.
    gone = False
    has_started = False
    # Whether what runs now is cancelled when the client goes away.
    cancels = False
    task: asyncio.Task[t.Any] | None = None
    # Whether the server wants a stream to end, and the task that waits for its next piece.
    is_ended = False
    takes: asyncio.Task[t.Any] | None = None
    watch: asyncio.Task[None] | None = None

    def __init__(self, app: Served, environ: WSGIEnvironment, receive: Receive, send: Send) -> None:
        self.app = app
        self.environ = environ
        self.receive = receive
        self.send = send

    def begin_watch(self) -> None:
        """From now on notice when the client goes away."""
        stream = self.environ["wsgi.input"]
        if self.watch is None and not (isinstance(stream, BodyStream) and not stream.is_at_end):
            self.task = asyncio.current_task()
            self.watch = asyncio.get_running_loop().create_task(self._watch())

    async def _watch(self) -> None:
        while (await self.receive())["type"] != "http.disconnect":
            pass
        self.gone = True
        if self.cancels and self.task is not None:
            self.task.cancel()

    def end_stream(self) -> None:
        """End a stream of events as if its generator had: the worker stops."""
        self.is_ended = True
        if self.takes is not None:
            self.takes.cancel()

    def end(self) -> None:
        """Let go of the watch and the body."""
        if self.watch is not None:
            self.watch.cancel()
            self.watch = self.task = None
        body = self.environ["wsgi.input"]
        if body is not NO_BODY:
            body.close()

    async def put(self, message: Message) -> None:
        """Send a message; an error that says so tells that the client is gone."""
        self.has_started = True
        try:
            await self.send(message)
        except OSError:
            self.gone = True
            raise


class _Patient:
    """Awaits what is left of a coroutine that has to wait: meanwhile the client is watched.

    PERF: a task costs 15 us, and most views that wait for nothing need none.
    """

    __slots__ = ("_coroutine", "_exchange", "_waiting")

    def __init__(
        self, exchange: _Exchange, coroutine: t.Coroutine[t.Any, t.Any, t.Any], waiting: t.Any
    ) -> None:
        self._exchange = exchange
        self._coroutine = coroutine
        self._waiting = waiting

    def __await__(self) -> t.Generator[t.Any, t.Any, t.Any]:
        exchange = self._exchange
        try:
            exchange.begin_watch()
            exchange.cancels = True
            return (yield from go_on(self._coroutine, self._waiting))
        finally:
            exchange.cancels = False


async def _http(app: Served, scope: Scope, receive: Receive, send: Send) -> None:
    if not app._lifespan.is_ready:
        await app._lifespan.start(app)
    plans = app._changes.compiled
    if plans is None:
        plans = app._current_plans()
    environ = scope.get(ENVIRON) or make_environ(scope, plans.spelled)
    exchange = _Exchange(app, environ, receive, send)
    # The plan, as far as it can be known before anything is in force.
    plan, found = _find(plans, environ) if plans.runs_on_loop else (None, None)
    on_loop = plans.runs_on_loop and (plan is None or plan.awaited is not None)
    streams = on_loop and plan is not None and plan.streams_body
    if not streams and has_body(environ):
        body = await read_body(environ, receive, app.config, plans.threads)
        if body is None:
            return  # the client went away before it had asked
        environ["wsgi.input"] = body
        environ[WHOLE] = True
    elif not streams:
        environ["wsgi.input"] = NO_BODY
    context = None if on_loop else contextvars.copy_context()
    if on_loop:
        answering: t.Awaitable[Answer] = _answer(exchange, plans, plan, found)
    else:
        answering = plans.threads.call_in(context, answer_in_thread, app, environ)
    await _see_through(exchange, plans.threads, answering, context)


async def _see_through(
    exchange: _Exchange,
    threads: t.Any,
    answering: t.Awaitable[Answer],
    context: contextvars.Context | None,
) -> None:
    """Wait for an answer and send it, whatever becomes of the app and of the client."""
    try:
        answer = await answering
        # PERF: a coroutine less for what is whole.
        status, headers, body = answer
        if type(body) is bytes:
            start = _start(status, headers)
            exchange.has_started = True
            try:
                await exchange.send(start)
                await exchange.send(
                    {"type": "http.response.body", "body": body, "more_body": False}
                )
            except OSError:
                exchange.gone = True
                raise
        else:
            await _send_pieces(exchange, threads, answer, context)
    except asyncio.CancelledError:
        task = exchange.task
        if not exchange.gone or task is None or task.uncancel():
            raise
        # It was the watch that cancelled: nobody is there to answer any more.
    except Exception as failure:
        # Sending to a client that is gone fails, and is no failure.
        if not (exchange.gone and isinstance(failure, OSError)):
            await _answer_plainly(exchange, failure)
    finally:
        exchange.end()


async def send_answer(
    app: Served,
    environ: WSGIEnvironment,
    receive: Receive,
    send: Send,
    answer: Answer,
    context: contextvars.Context,
) -> None:
    """Send what ``answer_in_thread`` gave in a context; for servers that call it by themselves."""
    exchange = _Exchange(app, environ, receive, send)
    await _see_through(exchange, app._threads, _given(answer), context)


async def _given(answer: Answer) -> Answer:
    return answer


async def _answer_plainly(exchange: _Exchange, failure: Exception) -> None:
    """Answer a plain 500 to what left the app; where the answer had begun, the server cuts it."""
    app = exchange.app
    if exchange.has_started or propagates(app):
        raise failure
    app.logger.error("A response cannot be sent; answering a plain 500", exc_info=failure)
    error = InternalServerError()
    body = str(error.get_body()).encode()
    headers = [*error.get_headers(), ("Content-Length", str(len(body)))]
    added = app._current_plans().added
    if added is not None:
        headers += added.missing(headers, exchange.environ, None)
    start = {"type": "http.response.start", "status": 500, "headers": raw_headers(headers)}
    await exchange.put(start)
    await exchange.put({"type": "http.response.body", "body": body, "more_body": False})


# The shortest way: a view that is begun first of all, and mostly has nothing to wait for


# What the headers of a plain request may be: anything but a sign of a body, a session, an upgrade.
_HARMLESS, _HOST, _OTHER = range(3)
_header_kinds: dict[bytes, int] = {}


def _header_kind(name: bytes) -> int:
    """Return what a header of a request means here, and remember it for the next one."""
    kind = _HARMLESS
    # One with underscores may stand for one with hyphens (``ALLOW_UNDERSCORE_HEADERS``).
    lower = name.lower().replace(b"_", b"-")
    if lower == b"host":
        kind = _HOST
    elif lower in {b"content-length", b"transfer-encoding", b"upgrade", b"cookie"}:
        kind = _OTHER
    if len(_header_kinds) < 256 and len(name) <= 64:
        _header_kinds[name] = kind
    return kind


def _find_plain(plans: t.Any, scope: Scope) -> tuple[t.Any, t.Any]:
    """Return the plan of a plain request and what was found; None where there is more to look at.

    A plain request is a GET without body and cookies, whose view can be begun before anything else.
    """
    path = scope["path"]
    if scope.get("method") != "GET" or not path.isascii() or scope.get("root_path"):
        return None, None
    # Of other versions a body needs no header.
    if scope.get("http_version") not in {"1.1", "1.0"}:
        return None, None
    found = plans.matcher.find("GET", path)
    if found is None or found is UNSURE:
        return None, None
    plan = plans.routes.get(found[0].endpoint)
    if plan is None or plan.begun is None:
        return None, None
    host = None
    for name, value in scope["headers"]:
        kind = _header_kinds[name] if name in _header_kinds else _header_kind(name)
        if kind == _HARMLESS:
            continue
        if kind == _OTHER or host is not None:
            return None, None
        host = value
    if host is None or str(host, "latin-1") not in PLAIN_HOSTS:
        return None, None
    return plan, found


def is_plain(app: Served, scope: Scope) -> bool:
    """Tell whether a request is one of which the view is begun before anything else."""
    plans = app._changes.compiled
    return plans is not None and plans.begins_at_once and _find_plain(plans, scope)[0] is not None


class _ScopeContext(RequestContext[t.Any]):
    """The context of a request whose environ is made when somebody asks for it."""

    scope: Scope
    begun: t.Awaitable[t.Any]
    """How the view goes on that was begun."""

    @made
    def environ(self) -> WSGIEnvironment:
        """The environ that the scope stands for."""
        environ = make_environ(self.scope, self.app._current_plans().spelled)
        environ["wsgi.input"] = NO_BODY
        return environ


# It is one to whoever looks at it.
_ScopeContext.__name__ = RequestContext.__name__


async def _at_once(
    app: Served,
    plans: t.Any,
    plan: t.Any,
    found: t.Any,
    scope: Scope,
    receive: Receive,
    send: Send,
) -> None:
    """Serve a plain request: what ``_http`` does where the view ends at once with a plain answer.

    PERF: in one coroutine, without an environ; see benchmarks/async_servers.py.
    """
    ctx = _new(_ScopeContext)
    ctx.app = app
    ctx.scope = scope
    ctx.url_rule, ctx.view_args = found
    own: AppContext[t.Any] | None = None
    outer = _cv_app.get(None)
    if outer is None or outer.app is not app:
        own = _new(AppContext)
        own.app = app
        own_token = _cv_app.set(own)
        own_tokens = own._cv_tokens = (own_token,)
    token = _cv_request.set(ctx)
    tokens = ctx._cv_tokens = ((token, own),)

    convert: t.Any = None
    rest: t.Awaitable[t.Any] | None = None
    try:
        steps = plan.awaited.view(**ctx.view_args)
        if type(steps) is not CoroutineType:
            steps = _awaiting(steps)
        try:
            rest = begun.Rest(steps, steps.send(None))
        except StopIteration as done:
            answer = done.value
            convert = None if plan.messages is None else plan.messages.get(type(answer))
    except BaseException as error:
        rest = begun.fail(error)
    start = None
    if (
        convert is not None
        and app._changes.compiled is plans
        and ctx._opened is None
        and ctx._once is None
        and ctx._cv_tokens is tokens
        and (own is None or own._cv_tokens is own_tokens)
    ):
        try:
            start, body = convert(answer)
        except Exception:
            start = None  # it fails once more below, where that is answered
    if start is None:
        # What is left takes the way of all requests.
        ctx.begun = rest or begun.give(answer)
        exchange = _Exchange(app, ctx.environ, receive, send)
        answering = _answer(exchange, plans, plan, found, (ctx, tokens))
        await _see_through(exchange, plans.threads, answering, None)
        return

    # As in ``_answer``: nothing has to be called, and nobody told.
    if ctx._request is not None:
        ctx._close_request()
    ctx._cv_tokens = ()
    _cv_request.reset(token)
    if own is not None:
        own._cv_tokens = ()
        _cv_app.reset(own_token)
    try:
        await send(start)
        await send({"type": "http.response.body", "body": body, "more_body": False})
    except OSError:
        pass  # the client is gone


class _NoBody:
    """The body of a request without one."""

    __slots__ = ()

    def read(self, size: int = -1) -> bytes:
        return b""

    readline = read

    def readlines(self, hint: int = -1) -> list[bytes]:
        return []

    def __iter__(self) -> t.Iterator[bytes]:
        return iter(())

    def close(self) -> None:
        pass


NO_BODY = _NoBody()


def _find(plans: t.Any, environ: WSGIEnvironment) -> tuple[t.Any, t.Any]:
    """Return the plan of a request where the tree of paths knows it, and what was found; or None.

    Nothing is found where ``run_sync.enter`` has more to look at.
    """
    if not plans.enters_on_loop or "HTTP_UPGRADE" in environ:
        return None, None
    found = plans.matcher.find(environ["REQUEST_METHOD"], environ["PATH_INFO"])
    if found is None:
        return plans.missed, None
    if found is UNSURE:
        return None, None
    endpoint = found[0].endpoint
    plan = plans.routes.get(endpoint) or plans.route(endpoint)
    host = environ.get("HTTP_HOST") or environ["SERVER_NAME"]
    return plan, found if host in PLAIN_HOSTS else None


# All of it in one thread: no function of the route is ``async def``


def needs_no_loop(plans: t.Any, environ: WSGIEnvironment) -> bool:
    """Tell whether a thread can do all of a request, as far as that is known beforehand."""
    if not plans.runs_on_loop:
        return True
    plan, _ = _find(plans, environ)
    return plan is not None and plan.awaited is None


def answer_in_thread(app: Served, environ: WSGIEnvironment) -> Answer:
    """Answer by WSGI, and collect a body that is small and ready; runs in a worker thread."""
    started: list[tuple[str, list[tuple[str, str]]]] = []
    written: list[bytes] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], exc_info: t.Any = None
    ) -> t.Callable[[bytes], None]:
        started[:] = [(status, headers)]
        return written.append

    body: t.Any = (app._wsgi_call or app.wsgi_app)(environ, start_response)
    if not started and not isinstance(body, AsyncBody):
        # A generator of a middleware: it starts the answer with its first piece.
        pieces = iter(body)
        body = _Begun([piece for piece in (next(pieces, None),) if piece is not None], pieces, body)
    status, headers = started[0]
    if written:
        body = _Begun(written, iter(body), body)
    return status, headers, _collected(body, headers)


class _Begun:
    """A body of which some pieces were taken already."""

    def __init__(self, taken: list[bytes], rest: t.Iterator[bytes], body: t.Any) -> None:
        self._taken, self._rest, self._body = taken, rest, body

    def __iter__(self) -> t.Iterator[bytes]:
        yield from self._taken
        yield from self._rest

    def close(self) -> None:
        getattr(self._body, "close", _nothing)()


def _nothing() -> None:
    pass


def _collected(body: t.Any, headers: list[tuple[str, str]]) -> t.Any:
    """Return a body as bytes where it is ready, or says that it is small."""
    if type(body) is list or type(body) is tuple:
        return b"".join(body)
    if isinstance(body, AsyncBody) or not 0 <= _length(headers) <= _COLLECTED:
        return body
    try:
        return b"".join(body)
    finally:
        getattr(body, "close", _nothing)()


def _length(headers: list[tuple[str, str]]) -> int:
    for name, value in headers:
        if name.lower() == "content-length":
            return int(value) if value.isascii() and value.isdigit() else -1
    return -1


# On the loop: some function of the route is ``async def``


async def _answer(
    exchange: _Exchange, plans: t.Any, plan: t.Any, found: t.Any, entered: t.Any = None
) -> Answer:
    """Answer one request, and leave its context whatever happened: ``wsgi.serve`` with await.

    What was entered already is the context of ``_at_once`` and its tokens: its view was begun.
    """
    app, environ = exchange.app, exchange.environ
    own: AppContext[t.Any] | None = None
    if entered is not None:
        ctx, tokens = entered
        ((token, own),) = tokens
    else:
        ctx = _new(RequestContext)
        ctx.app = app
        ctx.environ = environ
        outer = _cv_app.get(None)
        if outer is None or outer.app is not app:
            own = _new(AppContext)
            own.app = app
            own._cv_tokens = (_cv_app.set(own),)
        token = _cv_request.set(ctx)
        tokens = ctx._cv_tokens = ((token, own),)

    error: BaseException | None = None
    answer: t.Any
    try:
        try:
            if found is not None:
                # What ``run_sync.enter`` would find again.
                ctx.url_rule, ctx.view_args = found
            elif plans.enters_on_loop:
                plan = run_sync.enter(plans, ctx)
            else:
                plan = await plans.threads.call(run_sync.enter, plans, ctx)
            if plan.awaited is None:
                answer = await plans.threads.call(run_sync.run, plan, ctx, plan.quick)
            else:
                if plan.streams_body:
                    stream = environ["wsgi.input"] = make_stream(ctx, exchange.receive)
                    ctx.request.__dict__["stream"] = stream
                awaited = plan.awaited if entered is None else plan.begun
                running: t.Any = run_async.run(awaited, ctx, plan.quick)
                if app.config["DEBUG"]:
                    running = _awaiting(watched_for_blocking(app, running))
                try:
                    waiting = running.send(None)
                except StopIteration as done:
                    answer = done.value
                else:
                    answer = await _Patient(exchange, running, waiting)
        except Exception as failure:
            error = failure
            answer = await plans.threads.call(wsgi._last_answer, app, failure)
        except BaseException as failure:
            error = failure
            raise
        if type(answer) is tuple:
            status, headers, body = answer
            return status, headers, b"" if environ["REQUEST_METHOD"] == "HEAD" else b"".join(body)
        return _started(plans, answer, environ)
    finally:
        if ctx._cv_tokens is not tokens:
            wsgi._leave(app, ctx, error)  # the view entered or left it by itself
        elif plan is not None and plan.leaves_quietly and app._changes.compiled is plans:
            # As in ``wsgi.serve``: nothing has to be called, and nobody told.
            if ctx._request is not None:
                ctx._close_request()
            ctx._cv_tokens = ()
            _cv_request.reset(token)
            if own is not None:
                (own_token,), own._cv_tokens = own._cv_tokens, ()
                _cv_app.reset(own_token)
        else:
            await _leave(app, ctx, token, own, error)


async def _awaiting(awaitable: t.Awaitable[t.Any]) -> t.Any:
    return await awaitable


def _started(plans: t.Any, response: t.Any, environ: WSGIEnvironment) -> Answer:
    started: list[t.Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: t.Any = None) -> None:
        started[:] = (status, headers)

    body = plans.send(response, environ, start_response)
    status, headers = started
    if type(body) is list or type(body) is tuple:
        body = b"".join(body)
    return status, headers, body


async def _leave(
    app: Served, ctx: t.Any, token: t.Any, own: AppContext[t.Any] | None, error: t.Any
) -> None:
    """Take the contexts out of force: ``ctx.pop`` with await. Failures do not cost the answer."""
    try:
        try:
            await _teardown_request(app, ctx, error)
        finally:
            if ctx._request is not None:
                ctx._close_request()
            ctx._cv_tokens = ()
            _cv_request.reset(token)
            if own is not None:
                try:
                    await _teardown_app(app, error)
                finally:
                    (own_token,), own._cv_tokens = own._cv_tokens, ()
                    _cv_app.reset(own_token)
    except Exception as failure:
        wsgi._tell_failed_teardown(app, failure)


async def _teardown_request(app: Served, ctx: t.Any, error: BaseException | None) -> None:
    plans = app._current_plans()
    plan = plans.route(run_sync.endpoint(ctx))
    if not plan.teardown and not request_tearing_down.receivers:
        return
    if plan.awaited is None:
        await plans.threads.call(run_sync.leave, plan, ctx, error)
    else:
        await run_async.leave(plan.awaited, ctx, error)


async def _teardown_app(app: Served, error: BaseException | None) -> None:
    plans = app._current_plans()
    if not plans.app_teardown and not appcontext_tearing_down.receivers:
        return
    if any(map(is_async, plans.app_teardown_raw)):
        await run_async.leave_app(app, plans.app_teardown_awaited, error)
    else:
        await plans.threads.call(run_sync.leave_app, app, plans.app_teardown, error)


# Sending


def _start(status: str, headers: list[tuple[str, str]]) -> Message:
    """Return the message that an answer starts with."""
    code = 200 if status == "200 OK" else int(status.partition(" ")[0])
    if not 100 <= code <= 999:
        raise ValueError(
            f"An answer cannot have the status {status!r}. Use a code of three digits."
        )
    return {"type": "http.response.start", "status": code, "headers": raw_headers(headers)}


async def _send_pieces(
    exchange: _Exchange,
    threads: t.Any,
    answer: Answer,
    context: contextvars.Context | None,
) -> None:
    status, headers, body = answer
    start = _start(status, headers)
    if context is None:
        context = contextvars.copy_context()
    make = _AsyncPieces if isinstance(body, AsyncBody) else _PlainPieces
    pieces = make(body, threads, context)
    heartbeat = exchange.environ.get(HEARTBEAT)
    if _is_event_stream(headers):
        exchange.app._lifespan.streams.add(exchange)
    try:
        exchange.begin_watch()
        await exchange.put(start)
        while not exchange.gone and not exchange.is_ended:
            exchange.cancels = make is _AsyncPieces
            exchange.takes = asyncio.current_task()
            try:
                if heartbeat is None:
                    piece = await pieces.take()
                else:
                    piece = await _take_with_heartbeat(exchange, pieces, *heartbeat)
            except asyncio.CancelledError:
                task = exchange.takes
                if exchange.gone or not exchange.is_ended or task is None or task.uncancel():
                    raise
                break
            finally:
                exchange.takes = None
            exchange.cancels = False
            if piece is _END:
                break
            await exchange.put({"type": "http.response.body", "body": piece, "more_body": True})
    finally:
        exchange.cancels = False
        await pieces.close()
    if not exchange.gone:
        await exchange.put({"type": "http.response.body", "body": b"", "more_body": False})


def _is_event_stream(headers: list[tuple[str, str]]) -> bool:
    return any(
        name.lower() == "content-type" and value.startswith("text/event-stream")
        for name, value in headers
    )


async def _take_with_heartbeat(
    exchange: _Exchange, pieces: _PlainPieces | _AsyncPieces, seconds: float, beat: bytes
) -> t.Any:
    """Return the next piece; while there is none, show the client that the line is open."""
    asked = pieces.ask()
    try:
        while not (await asyncio.wait({asked}, timeout=seconds))[0]:
            await exchange.put({"type": "http.response.body", "body": beat, "more_body": True})
        return asked.result()
    finally:
        if not asked.done():
            asked.cancel()
            await asyncio.wait({asked})


_END: t.Any = object()


class _PlainPieces:
    """The pieces of a body that plain code makes: each is asked for in a worker thread.

    All in one context, so that a generator may put a context in force and out of it again.
    """

    def __init__(self, body: t.Any, threads: t.Any, context: contextvars.Context) -> None:
        self._body = body
        self._call = functools.partial(threads.call_in, context)
        self._pieces: t.Iterator[t.Any] | None = None

    async def take(self) -> t.Any:
        """Return the next piece, or _END."""
        return await self._call(self._next)

    def _next(self) -> t.Any:
        if self._pieces is None:
            self._pieces = iter(self._body)
        return next(self._pieces, _END)

    def ask(self) -> asyncio.Task[t.Any]:
        """Begin to take the next piece."""
        return asyncio.get_running_loop().create_task(self.take())

    async def close(self) -> None:
        """Let the body know that nobody asks any more."""
        close = getattr(self._body, "close", None)
        if close is not None:
            await self._call(close)


class _AsyncPieces:
    """The pieces of a body that an asynchronous generator makes."""

    def __init__(self, body: AsyncBody, threads: t.Any, context: contextvars.Context) -> None:
        self._body = body
        self._call = functools.partial(threads.call_in, context)
        self._context = context
        self._asks = False

    async def take(self) -> t.Any:
        """Return the next piece, or _END."""
        async for piece in self._body:
            return piece
        return _END

    def ask(self) -> asyncio.Task[t.Any]:
        """Begin to take the next piece."""
        self._asks = True
        return asyncio.get_running_loop().create_task(self.take(), context=self._context)

    async def close(self) -> None:
        """Close the generator in the context it ran in, then the response."""
        closing = self._body.aclose()
        try:
            if self._asks:
                loop = asyncio.get_running_loop()
                await loop.create_task(closing, context=self._context)
            else:
                await closing
        finally:
            if self._body.must_close:
                await self._call(self._body.response.close)
