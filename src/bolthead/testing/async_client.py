"""A client for asynchronous tests: requests, streams and WebSockets by ASGI, without a server."""

from __future__ import annotations

import asyncio
import typing as t
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

from werkzeug.datastructures import EnvironHeaders, Headers
from werkzeug.http import HTTP_STATUS_CODES

from ..protocols.asgi import ENVIRON
from ..protocols.scope import make_environ

if t.TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from concurrent.futures import Future

    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.test import TestResponse

    from ..protocols.scope import Message, Scope
    from ..sessions import SessionMixin
    from .client import FlaskClient

PATIENCE = 10.0
"""For how many seconds the end of a stream or a WebSocket waits for the view."""

# Status line, headers and body, as a WSGI app answers.
_Answer = tuple[t.Iterable[bytes], str, Headers]


class WebsocketClosed(Exception):
    """The app has closed the WebSocket, with this ``code`` and ``reason``."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"The app closed the WebSocket with {code} {reason}".rstrip())
        self.code = code
        self.reason = reason


class WebsocketRefused(Exception):
    """The app has not accepted the WebSocket: its answer is the ``response``."""

    def __init__(self, response: TestResponse) -> None:
        super().__init__(f"The app answered {response.status} instead of accepting the WebSocket.")
        self.response = response


class _Gone(OSError):
    """What a server raises where the client is not there any more."""


def _scope(app: t.Any, environ: WSGIEnvironment, kind: str) -> Scope:
    """Return the scope of a request that is described by an environ."""
    uri = environ.get("REQUEST_URI", "/")
    path = environ["SCRIPT_NAME"] + environ["PATH_INFO"]
    scheme = environ["wsgi.url_scheme"]
    scope: Scope = {
        "type": kind,
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": environ["SERVER_PROTOCOL"].partition("/")[2],
        "method": environ["REQUEST_METHOD"],
        "scheme": scheme.replace("http", "ws") if kind == "websocket" else scheme,
        "path": path.encode("latin-1").decode("utf-8", "replace"),
        "raw_path": uri.partition("?")[0].encode("latin-1"),
        "query_string": environ["QUERY_STRING"].encode("latin-1"),
        "root_path": environ["SCRIPT_NAME"].encode("latin-1").decode("utf-8", "replace"),
        "headers": [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in EnvironHeaders(environ)
        ],
        "client": (environ.get("REMOTE_ADDR", "127.0.0.1"), 50000),
        "server": (environ["SERVER_NAME"], int(environ["SERVER_PORT"])),
        "state": {},
    }
    if kind == "http":
        # What a test has put into the environ beside the request.
        scope[ENVIRON] = {**environ, **make_environ(scope)}
    return scope


class _Exchange:
    """The server's side of one request: gives the body, and takes the answer piece by piece."""

    def __init__(self, app: t.Any, environ: WSGIEnvironment) -> None:
        self.status = 0
        self.headers = Headers()
        self.started = asyncio.Event()
        self.gone = asyncio.Event()
        self._scope = _scope(app, environ, "http")
        self._app = app
        self._body: bytes | None = environ["wsgi.input"].read()
        # One piece at a time, so that a generator is not ahead of who reads it.
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue(1)

    async def run(self) -> None:
        """Let the app answer."""
        try:
            await self._app(self._scope, self._receive, self._send)
        finally:
            if not self.gone.is_set():
                await self._pieces.put(None)

    async def _receive(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if self.gone.is_set():
            raise _Gone
        if message["type"] == "http.response.start":
            self.status = message["status"]
            for name, value in message["headers"]:
                self.headers.add(name.decode("latin-1"), value.decode("latin-1"))
            self.started.set()
            return
        if message.get("body"):
            await self._pieces.put(message["body"])
        if not message.get("more_body", False):
            await self._pieces.put(None)

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes."""
        while (piece := await self._pieces.get()) is not None:
            yield piece

    def leave(self) -> None:
        """Be gone; what waits to be sent is dropped."""
        self.gone.set()
        while not self._pieces.empty():
            self._pieces.get_nowait()

    @property
    def status_line(self) -> str:
        return f"{self.status} {HTTP_STATUS_CODES.get(self.status, 'Unknown').upper()}"


async def answer(app: t.Any, environ: WSGIEnvironment) -> _Answer:
    """Send a request by ASGI, and return the whole answer as WSGI has it."""
    exchange = _Exchange(app, environ)
    running = asyncio.ensure_future(exchange.run())
    try:
        async with _first(running, exchange.started.wait()):
            body = [piece async for piece in exchange.pieces()]
            await running
    finally:
        exchange.leave()
        await _end(running)
    return body, exchange.status_line, exchange.headers


@asynccontextmanager
async def _first(running: asyncio.Future[t.Any], ready: t.Coroutine[t.Any, t.Any, t.Any]) -> t.Any:
    """Wait until it is ready; where the app ends before, with an error, that is raised."""
    waiting = asyncio.ensure_future(ready)
    try:
        await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done():
            running.result()
            raise RuntimeError("The app ended without an answer.")
        yield
    finally:
        waiting.cancel()


async def _end(running: asyncio.Future[t.Any]) -> None:
    """Wait for the app's end; it has no error where it was noticed that the client is gone."""
    with suppress(_Gone):
        try:
            async with asyncio.timeout(PATIENCE):
                await running
        except TimeoutError:
            raise RuntimeError(f"The view did not end within {PATIENCE} s of its client.") from None


class Stream:
    """An answer while it comes: iterate over it, or over its ``lines()``."""

    def __init__(self, exchange: _Exchange) -> None:
        self._exchange = exchange
        self.status_code = exchange.status
        self.headers = exchange.headers

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._exchange.pieces()

    async def lines(self) -> AsyncIterator[str]:
        """Yield the lines of a text, without their ends."""
        rest = b""
        async for piece in self:
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                yield line.decode()
        if rest:
            yield rest.decode()


class AsyncWebsocket:
    """A client's side of a WebSocket, as ``AsyncClient.websocket`` gives it."""

    def __init__(self, client: AsyncClient, environ: WSGIEnvironment) -> None:
        self.subprotocol: str | None = None
        """What the app has chosen."""
        self.headers = Headers()
        """What the app has sent with its acceptance."""
        self._client = client
        self._environ = environ
        self._ready = asyncio.Event()
        self._refusal: Message | None = None
        self._closed: WebsocketClosed | None = None
        self._to_app: asyncio.Queue[Message] = asyncio.Queue()
        self._from_app: asyncio.Queue[Message] = asyncio.Queue()
        app = client.application
        scope = _scope(app, environ, "websocket")
        offered = environ.get("HTTP_SEC_WEBSOCKET_PROTOCOL", "")
        scope["subprotocols"] = [name.strip() for name in offered.split(",") if name.strip()]
        scope["extensions"] = {"websocket.http.response": {}}
        self._to_app.put_nowait({"type": "websocket.connect"})
        self.running = asyncio.ensure_future(app(scope, self._to_app.get, self._send))
        self.running.add_done_callback(lambda _: self._from_app.put_nowait({"type": "ended"}))

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "websocket.accept":
            self.subprotocol = message.get("subprotocol")
            for name, value in message.get("headers", ()):
                self.headers.add(name.decode("latin-1"), value.decode("latin-1"))
            self._ready.set()
        elif kind == "websocket.http.response.start":
            self._refusal = message
        elif kind == "websocket.http.response.body":
            refusal = t.cast("Message", self._refusal)
            refusal["body"] = refusal.get("body", b"") + message.get("body", b"")
            if not message.get("more_body", False):
                self._ready.set()
        elif not self._ready.is_set():
            self._refusal = {"status": 403, "headers": [], "body": b""}
            self._ready.set()
        else:
            self._from_app.put_nowait(message)

    async def opened(self) -> None:
        """Wait for the app's answer; WebsocketRefused where it is not that it accepts."""
        async with _first(self.running, self._ready.wait()):
            pass
        if self._refusal is not None:
            raise WebsocketRefused(self._client._refusal(self._environ, self._refusal))

    async def send(self, data: str | bytes) -> None:
        """Send a message: text for ``str``, binary for ``bytes``."""
        if self._closed is not None:
            raise self._closed
        key = "text" if isinstance(data, str) else "bytes"
        await self._to_app.put({"type": "websocket.receive", key: data})

    async def send_json(self, data: t.Any) -> None:
        """Send data as JSON, by the app's provider."""
        await self.send(self._client.application.json.dumps(data))

    async def receive(self) -> str | bytes:
        """Return the next message; WebsocketClosed where there is none any more.

        An error of the view is raised where errors propagate, as in testing mode.
        """
        if self._closed is not None:
            raise self._closed
        message = await self._from_app.get()
        if message["type"] != "websocket.send":
            self._closed = WebsocketClosed(message.get("code", 1006), message.get("reason") or "")
            if self._closed.code in {1006, 1011}:
                await _end(self.running)
            raise self._closed
        text: str | None = message.get("text")
        return t.cast(bytes, message["bytes"]) if text is None else text

    async def receive_json(self) -> t.Any:
        """Return the next message read as JSON."""
        return self._client.application.json.loads(await self.receive())

    async def __aiter__(self) -> AsyncIterator[str | bytes]:
        """Yield the messages until the app closes."""
        while True:
            try:
                message = await self.receive()
            except WebsocketClosed:
                return
            yield message

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close, and wait for the view's end; again does no harm."""
        if self._closed is None:
            self._closed = WebsocketClosed(code, reason)
            message = {"type": "websocket.disconnect", "code": code, "reason": reason}
            await self._to_app.put(message)
        await _end(self.running)


class AsyncClient:
    """What ``async with app.test_client() as client`` gives: the same requests, awaited, by ASGI.

    Start-up functions run at its beginning and shut-down functions at its end. Cookies, headers
    for all requests (``environ_base``) and ``session_transaction`` are the test client's.
    """

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        """The test client that this one stands on."""
        self.application = client.application

    # Its life

    async def start(self) -> None:
        """Run the start-up functions."""
        await self.application._lifespan.start(self.application)

    async def stop(self) -> None:
        """Close WebSockets, wait for background tasks, and run the shut-down functions."""
        await self.application._lifespan.stop(self.application)

    # Requests

    async def open(self, *args: t.Any, **kwargs: t.Any) -> TestResponse:
        """Send a request, and return the whole answer; arguments are those of the test client."""
        loop = asyncio.get_running_loop()
        asked: list[Future[_Answer]] = []

        def by_loop(environ: WSGIEnvironment) -> _Answer:
            coroutine = answer(self.application, environ)
            asked.append(asyncio.run_coroutine_threadsafe(coroutine, loop))
            return asked[-1].result()

        def send() -> TestResponse:
            with self.client._sending(by_loop):
                return self.client.open(*args, **kwargs)

        try:
            return await asyncio.to_thread(send)
        except asyncio.CancelledError:
            for one in asked:
                one.cancel()
            raise

    async def get(self, *args: t.Any, **kwargs: t.Any) -> TestResponse:
        """Send a GET request."""
        return await self.open(*args, method="GET", **kwargs)

    async def post(self, *args: t.Any, **kwargs: t.Any) -> TestResponse:
        """Send a POST request."""
        return await self.open(*args, method="POST", **kwargs)

    async def put(self, *args: t.Any, **kwargs: t.Any) -> TestResponse:
        """Send a PUT request."""
        return await self.open(*args, method="PUT", **kwargs)

    async def patch(self, *args: t.Any, **kwargs: t.Any) -> TestResponse:
        """Send a PATCH request."""
        return await self.open(*args, method="PATCH", **kwargs)

    async def delete(self, *args: t.Any, **kwargs: t.Any) -> TestResponse:
        """Send a DELETE request."""
        return await self.open(*args, method="DELETE", **kwargs)

    async def head(self, *args: t.Any, **kwargs: t.Any) -> TestResponse:
        """Send a HEAD request."""
        return await self.open(*args, method="HEAD", **kwargs)

    async def options(self, *args: t.Any, **kwargs: t.Any) -> TestResponse:
        """Send an OPTIONS request."""
        return await self.open(*args, method="OPTIONS", **kwargs)

    @asynccontextmanager
    async def stream(self, *args: t.Any, **kwargs: t.Any) -> AsyncIterator[Stream]:
        """Send a request, and give the answer while it comes; at the end the client hangs up."""
        environ = self._environ(args, kwargs)
        exchange = _Exchange(self.application, environ)
        running = asyncio.ensure_future(exchange.run())
        try:
            async with _first(running, exchange.started.wait()):
                self._take_cookies(environ, exchange.headers)
                yield Stream(exchange)
        finally:
            exchange.leave()
            await _end(running)

    @asynccontextmanager
    async def websocket(
        self, path: str, *, subprotocols: t.Sequence[str] = (), **kwargs: t.Any
    ) -> AsyncIterator[AsyncWebsocket]:
        """Open a WebSocket; it is closed at the end. Other arguments are those of a request.

        WebsocketRefused where the app does not accept it.
        """
        headers = Headers(kwargs.pop("headers", None))
        headers.setdefault("Upgrade", "websocket")
        headers.setdefault("Connection", "Upgrade")
        headers.setdefault("Sec-WebSocket-Version", "13")
        if subprotocols:
            headers["Sec-WebSocket-Protocol"] = ", ".join(subprotocols)
        environ = self._environ((path,), {"headers": headers, **kwargs})
        connection = AsyncWebsocket(self, environ)
        try:
            await connection.opened()
            yield connection
        finally:
            await connection.close()

    # What the test client has

    def set_cookie(self, *args: t.Any, **kwargs: t.Any) -> None:
        """Set a cookie."""
        self.client.set_cookie(*args, **kwargs)

    def get_cookie(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
        """Return a cookie."""
        return self.client.get_cookie(*args, **kwargs)

    def delete_cookie(self, *args: t.Any, **kwargs: t.Any) -> None:
        """Delete a cookie."""
        self.client.delete_cookie(*args, **kwargs)

    def session_transaction(self, *args: t.Any, **kwargs: t.Any) -> t.ContextManager[SessionMixin]:
        """Open the session to read and change it, in a plain ``with`` block."""
        return self.client.session_transaction(*args, **kwargs)

    def _environ(self, args: tuple[t.Any, ...], kwargs: dict[str, t.Any]) -> WSGIEnvironment:
        environ = self.client._request_from_builder_args(args, kwargs).environ
        if self.client._cookies is not None:
            self.client._add_cookies_to_wsgi(environ)
        return environ

    def _take_cookies(self, environ: WSGIEnvironment, headers: Headers) -> None:
        cookies = headers.getlist("Set-Cookie")
        if self.client._cookies is not None and cookies:
            host = environ.get("HTTP_HOST") or environ["SERVER_NAME"]
            self.client._update_cookies_from_response(
                urlsplit(f"//{host}").hostname or "", environ["PATH_INFO"], cookies
            )

    def _refusal(self, environ: WSGIEnvironment, message: Message) -> TestResponse:
        headers = Headers(
            [
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in message["headers"]
            ]
        )
        self._take_cookies(environ, headers)
        status = message["status"]
        line = f"{status} {HTTP_STATUS_CODES.get(status, 'Unknown').upper()}"
        request = self.application.request_class(environ)
        made = self.client.response_wrapper([message.get("body", b"")], line, headers, request)
        made.json_module = self.application.json  # type: ignore[assignment]  # same functions
        return made
