"""One WebSocket by ASGI: the handshake on the plan's way, then messages through bounded queues."""

from __future__ import annotations

import base64
import typing as t
from collections import deque

from werkzeug.exceptions import BadRequest, HTTPException

from .. import bridges, cross_origin
from ..ctx import WebsocketContext
from ..plan import recover, run_sync
from ..plan.compile import scopes
from ..plan.steps import go_on
from ..wrappers.disconnected import WebsocketDisconnected
from .scope import make_environ, raw_headers

if t.TYPE_CHECKING:
    import asyncio
else:
    from ..light import asyncio

if t.TYPE_CHECKING:
    from .scope import Message, Receive, Scope, Send
    from .served import Served

WEBSOCKET_MAX_MESSAGE_SIZE = 1024 * 1024
"""The most bytes of a message: 1009 above it."""

WEBSOCKET_RECEIVE_QUEUE = 16
"""How many messages wait for the view before no more are taken from the server."""

DISCONNECT_GRACE = 10.0
"""For how many seconds a view may deal with the last message when the client is gone."""

CLOSE_TIMEOUT = 5.0
"""For how many seconds closing may wait for the server."""

TAKEN = "Another task waits for a message of this WebSocket already."

# RFC 6455, 7.4.1 and its register: the codes that an endpoint may send.
_CODES = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015)})


def check_close(code: int, reason: str) -> None:
    """Refuse what may not be sent in a close frame; ValueError says why."""
    if code not in _CODES and not 3000 <= code <= 4999:
        raise ValueError(
            f"The close code {code} may not be sent. Use 1000 for a normal end,"
            " 1001 to 1003 or 1007 to 1014 as RFC 6455 defines them, or one from 3000 to 4999."
        )
    if len(reason.encode()) > 123:
        raise ValueError("The reason of a close frame has at most 123 bytes in UTF-8.")


class Connection:
    """The server's side of one WebSocket."""

    def __init__(self, app: Served, scope: Scope, receive: Receive, send: Send) -> None:
        self.is_accepted = False
        self.is_closed = False
        self.subprotocols: t.Sequence[str] = scope.get("subprotocols", ())
        self._scope = scope
        self._receive = receive
        self._send = send
        self._most = app.config.get("WEBSOCKET_MAX_MESSAGE_SIZE", WEBSOCKET_MAX_MESSAGE_SIZE)
        self._room = app.config.get("WEBSOCKET_RECEIVE_QUEUE", WEBSOCKET_RECEIVE_QUEUE)
        self._queue: deque[str | bytes] = deque()
        # Whoever waits for a message, and the reader where it waits for room.
        self._waiting: asyncio.Future[None] | None = None
        self._full: asyncio.Future[None] | None = None
        self._reader: asyncio.Task[None] | None = None
        # Whether the view itself may take from the server; whether it does, or sends, just now.
        self.is_direct = _may_be_cancelled(receive)
        self._is_taking = self._is_sending = False
        self._task: asyncio.Task[t.Any] | None = None
        self._takes = False
        self._late: asyncio.TimerHandle | None = None
        self.gone: WebsocketDisconnected | None = None
        self.cancelled = False

    # What a view does

    async def accept(self, headers: t.Any = None, subprotocol: str | None = None) -> None:
        """Complete the handshake."""
        if self.is_accepted:
            return
        if self.gone is not None or self.is_closed:
            raise self._ended()
        if subprotocol is not None and subprotocol not in self.subprotocols:
            raise ValueError(
                f"The client did not offer the subprotocol {subprotocol!r},"
                f" but {list(self.subprotocols)}."
            )
        pairs = headers.items() if hasattr(headers, "items") else headers or ()
        message: Message = {"type": "websocket.accept", "headers": raw_headers(pairs)}
        if subprotocol is not None:
            message["subprotocol"] = subprotocol
        self.is_accepted = True
        self._task = asyncio.current_task()
        await self._put(message)
        if not self.is_direct:
            self.begin_reading()

    def begin_reading(self) -> None:
        """Take from the server in a task of its own, unless somebody takes or sends just now.

        So the end is noticed while the view waits for something else.
        """
        is_over = self.is_closed or self.gone is not None
        if self._reader is None and not (self._is_taking or self._is_sending or is_over):
            self._reader = asyncio.get_running_loop().create_task(self._read())

    def receive(self) -> t.Coroutine[t.Any, t.Any, str | bytes]:
        """Return the next message, when awaited."""
        # PERF: a task less for each message; see benchmarks/async_servers.py.
        if self.is_direct and self.is_accepted and self._reader is None and not self._queue:
            return self._receive_directly()
        return self._receive_from_queue()

    async def _receive_from_queue(self) -> str | bytes:
        if not self.is_accepted:
            await self.accept()
            if self.is_direct:
                return await self._receive_directly()
        self._takes = True
        if self._late is not None and not self._queue:
            self._late.cancel()
        while not self._queue:
            if self.gone is not None or self.is_closed:
                raise self._ended()
            if self._waiting is not None:
                raise RuntimeError(TAKEN)
            self._waiting = asyncio.get_running_loop().create_future()
            try:
                await self._waiting
            finally:
                self._waiting = None
        message = self._queue.popleft()
        if self._full is not None and not self._full.done():
            self._full.set_result(None)
        return message

    async def _receive_directly(self) -> str | bytes:
        if self.gone is not None or self.is_closed:
            raise self._ended()
        if self._is_taking:
            raise RuntimeError(TAKEN)
        self._is_taking = self._takes = True
        try:
            message = await self._receive()
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if self.gone is None or task is None:
                raise
            task.uncancel()
            raise self._ended() from None
        finally:
            self._is_taking = False
        data = self._data_of(message)
        if data is None:
            raise self._ended()
        if self._is_too_large(data):
            await self._refuse_too_large()
            raise self._ended()
        return data

    async def send(self, data: str | bytes) -> None:
        """Send a message."""
        if type(data) is str or isinstance(data, str):
            message: Message = {"type": "websocket.send", "text": data}
        elif isinstance(data, bytes | bytearray | memoryview):
            message = {"type": "websocket.send", "bytes": bytes(data)}
        else:
            raise TypeError(
                f"A message is str or bytes, not {type(data).__name__}; see send_json()."
            )
        if not self.is_accepted:
            await self.accept()
        if self.gone is not None or self.is_closed:
            raise self._ended()
        # PERF: as in _put, a coroutine less for each message.
        self._is_sending = True
        try:
            await self._send(message)
        except OSError as error:
            self._end(WebsocketDisconnected(1006))
            raise self._ended() from error
        finally:
            self._is_sending = False

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close; once, and without waiting for a client or a server that does not answer."""
        check_close(code, reason)
        if self.is_closed or self.gone is not None:
            return
        self.is_closed = True
        # Some servers do not close while somebody waits for a message.
        await self._stop_reading()
        message = {"type": "websocket.close", "code": code, "reason": reason}
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await self._send(message)
        except (OSError, TimeoutError):
            pass  # the client is gone, or the server waits for it

    async def close_for_shutdown(self) -> None:
        """Close because the server stops, and end the view."""
        await self.close(1001)
        self._end(WebsocketDisconnected(1001), now=True)

    def _ended(self) -> WebsocketDisconnected:
        return self.gone or WebsocketDisconnected(1000, "It was closed by the app.")

    async def _put(self, message: Message) -> None:
        self._is_sending = True
        try:
            await self._send(message)
        except OSError as error:
            self._end(WebsocketDisconnected(1006))
            raise self._ended() from error
        finally:
            self._is_sending = False

    # What comes

    async def _read(self) -> None:
        while True:
            data = self._data_of(await self._receive())
            if data is None:
                return
            if self._is_too_large(data):
                self._reader = None  # this task is not to be cancelled by the closing
                await self._refuse_too_large()
                return
            self._queue.append(data)
            self._wake()
            while len(self._queue) >= self._room:
                self._full = asyncio.get_running_loop().create_future()
                await self._full

    def _data_of(self, message: Message) -> str | bytes | None:
        """Return what a message holds; None, and all is over, where it tells of the end."""
        if message["type"] != "websocket.receive":
            code = message.get("code") or 1005
            self._end(WebsocketDisconnected(code, message.get("reason") or ""))
            return None
        data: str | bytes | None = message.get("text")
        return message.get("bytes") or b"" if data is None else data

    async def _refuse_too_large(self) -> None:
        await self.close(1009, f"A message may have {self._most} bytes.")
        self._end(WebsocketDisconnected(1009), now=True)

    def _is_too_large(self, data: str | bytes) -> bool:
        most: int | None = self._most
        if most is None or len(data) * 4 <= most:
            return False
        return len(data.encode() if isinstance(data, str) else data) > most

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def _end(self, gone: WebsocketDisconnected, *, now: bool = False) -> None:
        """Note that the client is gone, and end the view: where it waits, or wherever it is."""
        if self.gone is None:
            self.gone = gone
        if self._waiting is not None:
            self._wake()
        elif self._takes and not now:
            # It deals with a message, and will come back for the next.
            loop = asyncio.get_running_loop()
            self._late = loop.call_later(DISCONNECT_GRACE, self._cancel)
        else:
            self._cancel()

    def _cancel(self) -> None:
        if self._task is not None and self._task is not asyncio.current_task():
            self.cancelled = True
            self._task.cancel()

    async def _stop_reading(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None and reader is not asyncio.current_task():
            reader.cancel()
            await asyncio.wait({reader})

    async def end(self) -> None:
        """Leave nothing behind."""
        self._task = None
        if self._late is not None:
            self._late.cancel()
        await self._stop_reading()


def _may_be_cancelled(receive: Receive) -> bool:
    """Tell whether who waits for a message can be cancelled without the loss of one.

    With these servers it is a queue that they take from; with Granian a message can get lost.
    """
    owner = type(getattr(receive, "__self__", None)).__module__
    return owner.partition(".")[0] in {"uvicorn", "hypercorn"}


class _Attentive:
    """Awaits a view; once it waits for something else than messages, those are read beside it."""

    __slots__ = ("_connection", "_coroutine")

    def __init__(self, connection: Connection, coroutine: t.Coroutine[t.Any, t.Any, t.Any]) -> None:
        self._connection = connection
        self._coroutine = coroutine

    def __await__(self) -> t.Generator[t.Any, t.Any, t.Any]:
        connection = self._connection

        def read() -> None:
            if connection.is_accepted:
                connection.begin_reading()

        try:
            waiting = self._coroutine.send(None)
        except StopIteration as done:
            return done.value
        return (yield from go_on(self._coroutine, waiting, read))


async def serve(app: Served, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one WebSocket, and leave its context whatever happened."""
    if not app._lifespan.is_ready:
        await app._lifespan.start(app)
    if (await receive())["type"] != "websocket.connect":
        return
    environ = make_environ(scope, app._current_plans().spelled)
    # Of HTTP/2 and later, and of some servers, these are not among the headers.
    environ.update(REQUEST_METHOD="GET", HTTP_UPGRADE="websocket", HTTP_CONNECTION="Upgrade")
    is_secure = scope.get("scheme") in {"wss", "https"}
    environ["wsgi.url_scheme"] = "https" if is_secure else "http"
    connection = Connection(app, scope, receive, send)
    app._lifespan.websockets.add(connection)
    ctx: WebsocketContext[t.Any] = WebsocketContext(app, environ)
    ctx.connection = connection
    error: BaseException | None = None
    pushed = ctx.enter()
    try:
        try:
            answer = await _run(app, ctx, connection)
            if connection.is_accepted:
                await connection.close()
            else:
                await _refuse(app, ctx, connection, answer)
        except Exception as failure:
            error = failure
            await _fail(app, ctx, connection, failure)
        except BaseException as failure:
            error = failure
            if not _is_over(connection, failure):
                await connection.end()
                await connection.close(1001 if connection.is_accepted else 1000)
                raise
    finally:
        app._lifespan.websockets.discard(connection)
        await connection.end()
        try:
            await _leave(app, ctx, None if isinstance(error, WebsocketDisconnected) else error)
        finally:
            ctx.leave(pushed)


def _is_over(connection: Connection, failure: BaseException) -> bool:
    """Tell whether the view ended because the client did, not because the server wants it to."""
    if isinstance(failure, WebsocketDisconnected):
        return True
    if isinstance(failure, asyncio.CancelledError) and connection.cancelled:
        task = asyncio.current_task()
        return bool(task is not None and task.uncancel() == 0)
    return False


async def _run(app: t.Any, ctx: WebsocketContext[t.Any], connection: Connection) -> t.Any:
    """Match, check and call: the first check that answers refuses the handshake."""
    _check_handshake(ctx.environ)
    plans = app._current_plans()
    if plans.enters_on_loop:
        run_sync.enter(plans, ctx)
    else:
        await app._threads.call(run_sync.enter, plans, ctx)
    endpoint = run_sync.endpoint(ctx)
    cross_origin.check_websocket(app, ctx, app.websocket_functions.get(endpoint))
    names = scopes(endpoint)
    for before in _functions(app.before_websocket_funcs, names[::-1]):
        answer = await _call(app, before)
        if answer is not None:
            return answer
    websocket = ctx.request
    if websocket.routing_exception is not None:
        raise websocket.routing_exception
    view = app.websocket_functions[endpoint]
    answering: t.Any = _call(app, view, **(websocket.view_args or {}))
    answer = await (_Attentive(connection, answering) if connection.is_direct else answering)
    for after in _functions(app.after_websocket_funcs, names, -1):
        answer = await _call(app, after, answer)
    return answer


class _OtherVersion(HTTPException):
    """The client speaks another version of the protocol (RFC 6455, 4.2.2 and 4.4)."""

    code = 426
    description = "The version of WebSockets here is 13."

    def get_headers(self, *args: t.Any, **kwargs: t.Any) -> list[tuple[str, str]]:
        return [*super().get_headers(*args, **kwargs), ("Sec-WebSocket-Version", "13")]


def _check_handshake(environ: t.Mapping[str, t.Any]) -> None:
    """Refuse what servers let pass that is no handshake (RFC 6455, 4.2.1).

    HTTP/2 has no such headers; where HTTP/1.1 lacks one, no server takes it for a WebSocket.
    """
    if environ["SERVER_PROTOCOL"] in {"HTTP/1.0", "HTTP/0.9"}:
        raise BadRequest("A WebSocket needs HTTP/1.1 or later.")
    if environ.get("HTTP_SEC_WEBSOCKET_VERSION", "13") != "13":
        raise _OtherVersion
    key = environ.get("HTTP_SEC_WEBSOCKET_KEY")
    if key is not None and not _is_key(key):
        raise BadRequest("The key of a WebSocket's handshake is 16 bytes in Base64.")
    if "HTTP_HOST" not in environ and environ["SERVER_PROTOCOL"] == "HTTP/1.1":
        raise BadRequest("A WebSocket's handshake has a Host header.")


def _is_key(value: str) -> bool:
    try:
        return len(base64.b64decode(value, validate=True)) == 16
    except ValueError:
        return False


async def _call(app: t.Any, function: t.Any, *args: t.Any, **kwargs: t.Any) -> t.Any:
    return await bridges.to_async(function, app._threads)(*args, **kwargs)


def _functions(
    table: t.Mapping[str | None, t.Any], names: t.Iterable[str | None], step: int = 1
) -> list[t.Any]:
    return [function for name in names for function in tuple(table.get(name, ()))[::step]]


async def _fail(app: t.Any, ctx: t.Any, connection: Connection, error: Exception) -> None:
    """Close an open WebSocket with 1011; refuse one that is not open with the error's answer."""
    plan = app.plan_for(run_sync.endpoint(ctx))
    handler = None
    if not connection.is_accepted:
        handler = plan.handlers.find(error)
    try:
        if handler is not None:
            answer = await app._threads.call(handler, error)
        elif isinstance(error, HTTPException):
            answer = error
        else:
            app.log_exception((type(error), error, error.__traceback__))
            answer = recover.server_error(error)
        if not connection.is_accepted:
            await _refuse(app, ctx, connection, answer)
            return
    except Exception:
        app.logger.exception("The handling of an error failed")
        answer = None
    await connection.close(1011 if connection.is_accepted else 1000)
    if recover.propagates(app) and not isinstance(error, HTTPException):
        raise error


async def _refuse(app: t.Any, ctx: t.Any, connection: Connection, answer: t.Any) -> None:
    """Answer the handshake with a response where the server can, else with its own 403."""
    if connection.is_closed or connection.gone is not None:
        return
    if answer is None or "websocket.http.response" not in connection._scope.get("extensions", {}):
        await connection.close()
        return
    response = app.make_response(answer)
    if ctx._opened is not None and not isinstance(answer, HTTPException):
        await app._threads.call(app._save_session, ctx, response)
    started: list[t.Any] = []
    send = app._current_plans().send
    body = send(response, ctx.environ, lambda status, headers, exc=None: started.append(headers))
    connection.is_closed = True
    await connection._send(
        {
            "type": "websocket.http.response.start",
            "status": response.status_code,
            "headers": raw_headers(started[0]),
        }
    )
    await connection._send({"type": "websocket.http.response.body", "body": b"".join(body)})


async def _leave(app: t.Any, ctx: t.Any, error: BaseException | None) -> None:
    """Run the teardown functions, all though one fails; a failure is logged."""
    names = scopes(run_sync.endpoint(ctx))
    for teardown in (
        *_functions(app.teardown_websocket_funcs, names, -1),
        *reversed(app.teardown_appcontext_funcs),
    ):
        try:
            await _call(app, teardown, error)
        except Exception:
            app.logger.exception("A teardown function failed")
