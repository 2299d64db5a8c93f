"""uvicorn as the engine: ASGI and WebSockets, with the limits that uvicorn itself does not have."""

from __future__ import annotations

import asyncio
import functools
import importlib.util
import logging
import socket
import time
import typing as t

from . import edge, uvicorn_websocket
from .door import Door
from .settings import HEADER_COUNT, HEADERS_SIZE, KEEP_ALIVE, TARGET_SIZE, Settings
from .settings import most_connections as count_connections

logger = logging.getLogger("bolthead.serve")

_NEEDED = ("uvicorn", "httptools", "websockets")

ACCEPTED_AT_ONCE = 100
"""How many connections are accepted each time the loop comes around."""

_VERSIONS = frozenset({"1.0", "1.1"})

NO_HTTP = edge.refuse(400, "This is no valid HTTP/1.1 request.")

# What may come before the headers are complete: request line, headers and line ends.
_HEAD_SIZE = TARGET_SIZE + HEADERS_SIZE + 4 * HEADER_COUNT + 1024


def is_installed() -> bool:
    """Tell whether uvicorn and what it needs here can be imported."""
    return all(importlib.util.find_spec(name) is not None for name in _NEEDED)


class UvicornEngine:
    """One server of uvicorn, on the loop that runs."""

    name = "uvicorn"
    interface = "asgi"

    def __init__(self, door: Door, settings: Settings, listener: socket.socket) -> None:
        self._door = door
        self._settings = settings
        self._listener = listener
        self._server: t.Any = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to accept connections."""
        import uvicorn

        self._door.loop_wait = _Clock(asyncio.get_running_loop()).is_late_by

        settings = self._settings
        config = uvicorn.Config(
            app=t.cast("t.Any", self._door),
            http=t.cast("t.Any", _protocol_class(settings)),
            ws=uvicorn_websocket.protocol_class(),
            ws_max_size=_message_size(self._door.app),
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE,
            timeout_graceful_shutdown=int(settings.timeout_graceful) + 1,
            ssl_certfile=settings.tls_cert,
            ssl_keyfile=settings.tls_key,
            backlog=1024,
        )
        for name in ("uvicorn.error", "uvicorn"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._server = uvicorn.Server(config)
        # uvloop takes one connection each time around: behind a busy loop they would wait unseen.
        self._acceptor = _Acceptor(self._listener, self._connect)
        self._server.startup = self._begin
        self._task = asyncio.create_task(self._server._serve(sockets=[]))
        while not self._server.started and not self._task.done():
            await asyncio.sleep(0.005)

    async def _begin(self, sockets: t.Any = None) -> None:
        """Do what uvicorn does at its start, but for the accepting."""
        self._server.lifespan = _NoLifespan()
        self._server.servers = [self._acceptor]
        self._server.started = True
        self._acceptor.start()

    async def _connect(self, accepted: socket.socket) -> None:
        config = self._server.config
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: config.http_protocol_class(
                    config=config, server_state=self._server.server_state, app_state={}
                ),
                accepted,
                ssl=config.ssl,
            )
        except (OSError, asyncio.CancelledError):
            accepted.close()  # a handshake that failed, or a client that has gone

    def stop_accepting(self) -> None:
        """Take no new connections."""
        self._acceptor.close()

    def finish(self) -> None:
        """Close idle connections, and the others once they are answered."""
        self._server.should_exit = True

    async def wait(self) -> None:
        """Wait until all connections are closed."""
        if self._task is not None:
            await asyncio.wait({self._task})


class _NoLifespan:
    """Stands in for uvicorn's: the worker itself tells the app when it starts and ends."""

    state: t.ClassVar[dict[str, t.Any]] = {}
    should_exit = False

    async def shutdown(self) -> None:
        """Do nothing."""


class _Acceptor:
    """Accepts all connections that wait, whenever the loop comes around."""

    def __init__(
        self,
        listener: socket.socket,
        connect: t.Callable[[socket.socket], t.Coroutine[t.Any, t.Any, None]],
    ) -> None:
        self._listener = listener
        self._connect = connect
        self._loop = asyncio.get_running_loop()
        self._begun: set[asyncio.Task[None]] = set()
        self._is_open = True

    def start(self) -> None:
        """Begin."""
        self._loop.add_reader(self._listener.fileno(), self._accept)

    def _accept(self) -> None:
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                accepted, _ = self._listener.accept()
            except (BlockingIOError, ConnectionError):
                return
            except OSError as error:
                # No file descriptors are left: those who wait are asked again in a while.
                logger.error("Cannot accept connections: %s", error)
                self._loop.remove_reader(self._listener.fileno())
                self._loop.call_later(1, self._resume)
                return
            accepted.setblocking(False)
            if accepted.family != socket.AF_UNIX:
                accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            task = self._loop.create_task(self._connect(accepted))
            self._begun.add(task)
            task.add_done_callback(self._begun.discard)

    def _resume(self) -> None:
        if self._is_open:
            self.start()

    def close(self) -> None:
        """Accept no more."""
        if self._is_open:
            self._is_open = False
            self._loop.remove_reader(self._listener.fileno())
            self._listener.close()

    async def wait_closed(self) -> None:
        """Return at once: what was accepted is uvicorn's."""


class _Clock:
    """Wants to be called ten times a second, and so knows how late the loop is."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._tick()

    def _tick(self) -> None:
        # The loop's own time stands still while it runs what is ready (uvloop).
        self._due = time.monotonic() + 0.1
        self._loop.call_later(0.1, self._tick)

    def is_late_by(self) -> float:
        """Return by how many seconds the next call is late."""
        return max(0.0, time.monotonic() - self._due)


def _message_size(app: t.Any) -> int:
    from ..protocols.websocket import WEBSOCKET_MAX_MESSAGE_SIZE

    most = app.config.get("WEBSOCKET_MAX_MESSAGE_SIZE", WEBSOCKET_MAX_MESSAGE_SIZE)
    return t.cast(int, most) if most is not None else 2**62


@functools.cache
def _protocol_class(settings: Settings) -> type[asyncio.Protocol]:
    """Return uvicorn's protocol of a connection, with limits."""
    import httptools
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    most_connections = count_connections()

    class Connection(HttpToolsProtocol):
        """A connection whose head is bounded in size and time, and that counts requests right."""

        _head: asyncio.TimerHandle | None = None
        _head_size = 0
        _is_in_head = False
        _header_count = 0
        # Between the end of a head and the end of its body.
        _is_in_body = False
        # How many bytes have come since the last one of a body: extensions of chunks, trailers.
        _idle_size = 0
        _rest: asyncio.TimerHandle | None = None
        # What is said once the answers before it are sent; nothing more is read then.
        _due: edge.Reply | None = None
        _why: edge.Reply | None = None

        def connection_made(self, transport: t.Any) -> None:
            super().connection_made(transport)
            if len(self.connections) > most_connections:
                self._refuse(edge.reply(503, "Too many connections.", (b"retry-after", b"1")))
                return
            self._expect_head()

        def connection_lost(self, exc: Exception | None) -> None:
            self._end_head()
            self._end_rest()
            super().connection_lost(exc)

        def eof_received(self) -> t.Any:
            """Answer a client that has said all and still listens."""
            cycle = self.cycle
            if cycle is None or cycle.response_complete:
                return False
            cycle.keep_alive = False
            if cycle.more_body:
                # The declared length tells; without one the end was never there.
                if b"transfer-encoding" in dict(self.headers):
                    return False
                cycle.more_body = False
                cycle.message_event.set()
            return True

        def data_received(self, data: bytes) -> None:
            if self._due is not None or self.transport.is_closing():
                return
            if self._is_in_body:
                self._idle_size += len(data)
            else:
                if self._head is None and not self._is_answering():
                    self._expect_head()
                self._head_size += len(data)
            self._unset_keepalive_if_required()
            self._feed(data)
            if self._is_in_body:
                if self._idle_size > _HEAD_SIZE and self._is_answering():
                    self._refuse_in_turn(edge.TOO_LARGE)
            elif self._head_size > _HEAD_SIZE:
                self._refuse_in_turn(edge.TOO_LARGE)

        def _is_answering(self) -> bool:
            return self.cycle is not None and not self.cycle.response_complete

        def _feed(self, data: bytes) -> None:
            while data:
                try:
                    self.parser.feed_data(data)
                except httptools.HttpParserUpgrade as upgrade:
                    if self._should_upgrade():
                        self.handle_websocket_upgrade()
                        return
                    # RFC 9110, 7.8: an upgrade to what nobody knows is none; what follows counts.
                    data = data[upgrade.args[0] :]
                except httptools.HttpParserError:
                    self._refuse_in_turn(self._why or NO_HTTP)
                    return
                else:
                    return

        def on_message_begin(self) -> None:
            self._header_count = 0
            self._is_in_head = True
            super().on_message_begin()

        def on_url(self, url: bytes) -> None:
            # What is too long stays too long, and short enough for uvicorn's parser.
            super().on_url(url[: max(0, 2 * TARGET_SIZE - len(self.url))])

        def on_header(self, name: bytes, value: bytes) -> None:
            if self._is_in_body:
                return  # a trailer: not to be merged into the headers (RFC 9110, 6.5.1)
            self._header_count += 1
            if self._header_count <= HEADER_COUNT + 1:
                # RFC 9110, 5.5: the blanks around a value are not part of it.
                super().on_header(name, value.strip(b" \t"))

        def on_headers_complete(self) -> None:
            self._end_head()
            if self.parser.get_http_version() not in _VERSIONS:
                self._stop_for(edge.OTHER_HTTP)
            if self.url[:1] != b"/":
                self.url, is_legal = edge.take_absolute(self.url, self.headers)
                if not is_legal:
                    self._stop_for(edge.BAD_TARGET)
            super().on_headers_complete()
            self._is_in_head = False
            self._is_in_body = True
            self._head_size = self._idle_size = 0

        def on_body(self, body: bytes) -> None:
            self._idle_size = 0
            super().on_body(body)

        def on_message_complete(self) -> None:
            self._is_in_body = False
            self._idle_size = 0
            self._end_rest()
            super().on_message_complete()

        def on_response_complete(self) -> None:
            is_last = not self.pipeline
            waits = self.cycle.waiting_for_100_continue
            super().on_response_complete()
            if not is_last or self.transport.is_closing():
                return
            if self._due is not None:
                self._refuse(self._due)
            elif self._is_in_body:
                if waits:
                    # RFC 9110, 10.1.1: nobody knows whether the body comes after all.
                    self.transport.close()
                else:
                    self._rest = self.loop.call_later(settings.timeout_body, self.transport.close)
            elif self._is_in_head:
                self._expect_head()

        def _stop_for(self, why: edge.Reply) -> t.NoReturn:
            """Leave the parser: what it has found is refused."""
            self._why = why
            raise ValueError

        def _refuse_in_turn(self, answer: edge.Reply) -> None:
            """Refuse what is being read, once the requests before it are answered."""
            if self._is_in_body:
                waits = bool(self.pipeline) and self.pipeline[0][0] is self.cycle
                if waits:
                    self.pipeline.popleft()
                elif self.cycle is not None and self.cycle.response_started:
                    self.transport.close()
                    return
            else:
                waits = self._is_answering()
            if waits:
                self._end_head()
                self._due = answer
            else:
                self._refuse(answer)

        def _end_rest(self) -> None:
            if self._rest is not None:
                self._rest.cancel()
                self._rest = None

        def handle_websocket_upgrade(self) -> None:
            path, _, query = self.url.partition(b"?")
            scope: dict[str, t.Any] = {
                **self.scope,
                "path": path.decode("latin-1"),
                "raw_path": path,
                "query_string": query,
            }
            refusal = edge.check_handshake(scope)
            if refusal is not None:
                self._refuse(refusal)
                return
            self.scope["headers"] = scope["headers"]
            super().handle_websocket_upgrade()

        def _expect_head(self) -> None:
            self._head_size = 0
            self._head = self.loop.call_later(settings.timeout_headers, self._head_is_late)

        def _end_head(self) -> None:
            if self._head is not None:
                self._head.cancel()
                self._head = None

        def _head_is_late(self) -> None:
            self._head = None
            if self._head_size:
                self._refuse(edge.refuse(408, "The headers came too slowly."))
            else:
                self.transport.close()

        def _refuse(self, answer: edge.Reply) -> None:
            """Answer without the app, and close."""
            self._end_head()
            transport = self.transport
            if transport.is_closing():
                return
            head = [b"HTTP/1.1 %d Refused" % answer.status]
            head += [name + b": " + value for name, value in answer.headers]
            if (b"connection", b"close") not in answer.headers:
                head.append(b"connection: close")
            transport.write(b"\r\n".join([*head, b"", answer.body]))
            transport.close()

    return Connection
