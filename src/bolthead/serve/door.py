"""The way of a request through the server: edge, proxies, health, admission, the app, the log."""

from __future__ import annotations

import logging
import random
import typing as t
from collections import deque

from ..wrappers.lenient import allowed_underscores
from . import edge, ids
from .access_log import AccessLog, Visit
from .body import Body, declared_length
from .proxies import Proxies
from .settings import HEALTH_PATH, RETRY_AFTER

if t.TYPE_CHECKING:
    from ..protocols.scope import Message, Receive, Scope, Send
    from .settings import Settings

logger = logging.getLogger("bolthead.serve")

BUSY = edge.reply(
    503,
    "The server is busy. Try again later.",
    (b"retry-after", str(RETRY_AFTER).encode()),
)
HEALTHY = edge.reply(200, "ok", (b"cache-control", b"no-store"))
DRAINING = edge.reply(503, "draining", (b"cache-control", b"no-store"), (b"connection", b"close"))
FAILED = edge.reply(500, "Internal Server Error")

GONE = 499
"""The status in the log of a request whose client went away before it was answered."""

_CLOSE = (b"connection", b"close")


class Door:
    """What every request of a worker goes through; an ASGI application around the app."""

    def __init__(self, app: t.Any, settings: Settings) -> None:
        self.app = app
        self.settings = settings
        self.is_draining = False
        self.answered = 0
        """About how many requests were answered."""
        self.log = AccessLog(settings.log_format) if settings.access_log else None
        self.retire: t.Callable[[], None] = _nothing
        """Called once, when the worker has answered as many requests as it should."""
        self.loop_wait: t.Callable[[], float] = _no_wait
        """Tells for how many seconds what has come has waited for the loop, where it is asked."""
        self.spelled = allowed_underscores(getattr(app, "config", {}))
        """The headers with underscores in their names that the app takes."""
        self._proxies = Proxies(settings.trust_proxy)
        self.make_id = ids.maker()
        """Makes the id of a request."""
        self.health_path = _health_path(app, settings)
        # A mark for each request that may run beside those that do; taking one is atomic.
        self.room: deque[None] = deque([None] * settings.concurrency)
        self._left = _with_jitter(settings.max_requests)
        self.is_counted = self._left is not None
        """Whether the worker is replaced after some number of requests."""

    # Before the app

    def begin(self, scope: Scope) -> tuple[Visit, edge.Reply | None]:
        """Look at a request: what its line in the log tells, and its answer if it needs no app."""
        is_socket = scope["type"] == "websocket"
        check = edge.check_handshake if is_socket else edge.check
        refusal = check(scope, self.spelled)
        if refusal is not None:
            return self._visit(scope, None), refusal
        made = None
        if edge.SAID in scope and self._proxies.apply(scope):
            made = _given_id(scope["headers"])
            if not _has_legal_host(scope["headers"]):
                refusal = edge.BAD_HOST
        visit = self._visit(scope, made)
        if scope["path"] == self.health_path and not is_socket:
            refusal = DRAINING if self.is_draining else HEALTHY
        return visit, refusal

    def _visit(self, scope: Scope, given: str | None) -> Visit:
        client = scope.get("client")
        return Visit(
            given or self.make_id(),
            client[0] if client else None,
            scope.get("method", "GET"),
            scope["path"],
            scope["http_version"],
        )

    def enter(self, waited: float) -> bool:
        """Tell whether one more request may run; ``leave`` when it is answered."""
        if waited > self.settings.timeout_queue:
            return False
        try:
            self.room.pop()
        except IndexError:
            return False
        return True

    def leave(self) -> None:
        """Note that a request runs no more."""
        self.room.append(None)
        self.answered += 1
        if self._left is not None:
            self._left -= 1
            if self._left == 0:
                self.retire()

    @property
    def running(self) -> int:
        """How many requests run."""
        return self.settings.concurrency - len(self.room)

    def mark(self, headers: edge.Headers, visit: Visit) -> None:
        """Put the request's id among the headers of an answer, unless the app has done so.

        While the worker drains, the client is told to connect anew: a connection that is closed
        between two requests may be closed while the next one is on its way.
        """
        if self.is_draining and visit.version[:1] == "1":
            headers.append(_CLOSE)
        for name, _ in headers:
            if name == b"x-request-id":
                return
        headers.append((b"x-request-id", visit.id.encode()))

    def mark_text(
        self, headers: list[tuple[str, str]], version: str, request_id: str
    ) -> list[tuple[str, str]]:
        """Return headers as ``mark`` makes them, for interfaces that have them as text."""
        if self.is_draining and version[:1] == "1":
            headers = [*headers, ("connection", "close")]
        for name, _ in headers:
            # PERF: names of another length are others, without a look at their letters.
            if len(name) == 12 and name != "Content-Type" and name.lower() == "x-request-id":
                return headers
        return [*headers, ("x-request-id", request_id)]

    def marked(self, answer: edge.Reply, visit: Visit) -> edge.Headers:
        """Return the headers of an answer that needs no app."""
        headers = [*answer.headers, (b"x-request-id", visit.id.encode())]
        if self.is_draining and visit.version[:1] == "1" and _CLOSE not in headers:
            headers.append(_CLOSE)
        return headers

    def end(self, visit: Visit) -> None:
        """Write the line of a request."""
        if self.log is not None:
            self.log.write(visit)

    # On the loop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one scope by ASGI."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        visit, answer = self.begin(scope)
        if scope["type"] == "websocket":
            await self.websocket(scope, receive, send, visit, answer)
            return
        if answer is None and not self.enter(max(self.loop_wait(), self.app._threads.wait())):
            answer = BUSY
        if answer is not None:
            await self.put(answer, send, visit)
            self.end(visit)
            return
        await self.http(scope, receive, send, visit)

    async def http(self, scope: Scope, receive: Receive, send: Send, visit: Visit) -> None:
        """Let the app answer a request that has entered."""
        ids.current.set(visit.id)
        comes, declared = declared_length(scope["headers"])
        body = Body(receive, declared, self.settings) if comes else None
        answer = _Answer(self, send, visit)
        try:
            await self.app(scope, body or receive, answer)
            if not answer.has_begun and body is not None and body.problem is not None:
                await self.put(body.problem, send, visit)
        except Exception:
            logger.exception("The app failed outside its own handling of errors")
            if answer.has_begun:
                raise
            await self.put(FAILED, send, visit)
        finally:
            answer.leave()
            visit.status = visit.status or GONE
            self.end(visit)

    async def put(self, answer: edge.Reply, send: Send, visit: Visit) -> None:
        """Send an answer that needs no app."""
        visit.status = answer.status
        visit.size = 0 if visit.method == "HEAD" else len(answer.body)
        headers = self.marked(answer, visit)
        try:
            await send({"type": "http.response.start", "status": answer.status, "headers": headers})
            body = b"" if visit.method == "HEAD" else answer.body
            await send({"type": "http.response.body", "body": body, "more_body": False})
        except OSError:
            pass  # nobody is there any more

    async def websocket(
        self, scope: Scope, receive: Receive, send: Send, visit: Visit, refusal: edge.Reply | None
    ) -> None:
        """Let the app take a WebSocket, or refuse its handshake."""
        ids.current.set(visit.id)
        if refusal is None and self.is_draining:
            refusal = DRAINING
        try:
            if refusal is None:
                visit.status = 101
                await self.app(scope, receive, _Refusable(send, visit))
            else:
                await receive()
                await _refuse_handshake(scope, send, refusal, visit)
        finally:
            self.end(visit)


def _nothing() -> None:
    pass


def _health_path(app: t.Any, settings: Settings) -> str | None:
    """Return the path that was asked for, or the usual one where the app does not have it."""
    if settings.health_path is not None:
        return settings.health_path or None
    taken = any(rule.rule == HEALTH_PATH for rule in app.url_map.iter_rules())
    return None if taken else HEALTH_PATH


def _no_wait() -> float:
    return 0.0


def _with_jitter(most: int | None) -> int | None:
    # Workers that started together should not be replaced together.
    return None if most is None else most + random.randrange(max(1, most // 10))  # noqa: S311  # no secret


def _given_id(headers: edge.Headers) -> str | None:
    for name, value in headers:
        if name == b"x-request-id":
            return ids.taken_over(value)
    return None


def _has_legal_host(headers: edge.Headers) -> bool:
    return all(edge.is_legal_host(value) for name, value in headers if name == b"host")


class _Answer:
    """Stands in for a server's ``send``: marks the answer with its id, and notes what it was."""

    __slots__ = ("_door", "_has_left", "_send", "_visit", "has_begun")

    def __init__(self, door: Door, send: Send, visit: Visit) -> None:
        self._door = door
        self._send = send
        self._visit = visit
        self._has_left = False
        self.has_begun = False

    async def __call__(self, message: Message) -> None:
        kind = message["type"]
        if kind == "http.response.start":
            self.has_begun = True
            self._visit.status = message["status"]
            self._door.mark(message["headers"], self._visit)
            if _is_event_stream(message["headers"]):
                # It goes on for as long as the client likes: a connection rather than a request.
                self.leave()
        elif kind == "http.response.body":
            self._visit.size += len(message.get("body", b""))
        await self._send(message)

    def leave(self) -> None:
        """Make room for the next request, once."""
        if not self._has_left:
            self._has_left = True
            self._door.leave()


def _is_event_stream(headers: edge.Headers) -> bool:
    for name, value in headers:
        if name == b"content-type":
            return value.startswith(b"text/event-stream")
    return False


class _Refusable:
    """Stands in for the ``send`` of a WebSocket: notes the status of a refusal."""

    __slots__ = ("_send", "_visit")

    def __init__(self, send: Send, visit: Visit) -> None:
        self._send = send
        self._visit = visit

    async def __call__(self, message: Message) -> None:
        kind = message["type"]
        if kind in {"websocket.http.response.start", "websocket.accept"}:
            self._visit.status = message.get("status", 101)
            headers = [*message.get("headers", ()), (b"x-request-id", self._visit.id.encode())]
            message["headers"] = headers
        await self._send(message)


async def _refuse_handshake(scope: Scope, send: Send, refusal: edge.Reply, visit: Visit) -> None:
    visit.status = refusal.status
    if "websocket.http.response" not in scope.get("extensions", {}):
        visit.status = 403
        await send({"type": "websocket.close", "code": 1008})
        return
    headers = [*refusal.headers, (b"x-request-id", visit.id.encode())]
    await send(
        {
            "type": "websocket.http.response.start",
            "status": refusal.status,
            "headers": headers,
        }
    )
    await send({"type": "websocket.http.response.body", "body": refusal.body})
