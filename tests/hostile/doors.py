"""Puts a request to an app in process as a strict server does: what could not be sent is an error.

A request is told as a client's bytes: path and query percent-encoded or raw, headers as pairs of
bytes, a body in pieces. Each door makes of it what a server of its protocol makes of it.
"""

from __future__ import annotations

import asyncio
import io
import re
import time
import typing as t
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

T = t.TypeVar("T")

VALUE = re.compile(r"[\t -~\x80-\xff]*")
NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
STATUS = re.compile(r"[1-5]\d\d [\t -~\x80-\xff]*")


@dataclass(frozen=True)
class Ask:
    """One request."""

    path: bytes = b"/"
    query: bytes = b""
    method: str = "GET"
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: tuple[bytes, ...] = ()
    host: bytes | None = b"localhost"
    declared: int | None = None
    """The Content-Length, where it is not that of the body; -1 for a chunked body."""
    fails_after: int | None = None
    """After how many pieces of the body reading fails, as the connection broke."""
    takes: int | None = None
    """After how many pieces of the answer the client goes away."""


@dataclass
class Reply:
    """What came back, and how long it took."""

    status: int | None = None
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    escaped: BaseException | None = None
    """What left the app itself."""
    broke: BaseException | None = None
    """What the body raised while it was sent, which cuts the connection."""
    is_whole: bool = False
    seconds: float = 0.0

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


class Unsendable(Exception):
    """A server cannot send what the app gave it."""


def check_start(status: str, headers: list[tuple[str, str]]) -> None:
    """Raise Unsendable for a status or a header that a server must refuse."""
    if type(status) is not str or STATUS.fullmatch(status) is None:
        raise Unsendable(f"status {status!a}")
    for name, value in headers:
        if NAME.fullmatch(name) is None or VALUE.fullmatch(value) is None:
            raise Unsendable(f"header {name!a}: {value[:200]!a}")


class _Input:
    """``wsgi.input``: gives the body piece by piece, and may fail."""

    def __init__(self, ask: Ask) -> None:
        self._left = list(ask.body)
        self._fails_after = ask.fails_after
        self._given = 0
        self._held = b""

    def read(self, size: int = -1) -> bytes:
        while size < 0 or len(self._held) < size:
            if self._fails_after is not None and self._given >= self._fails_after:
                raise ConnectionBroke("the peer is gone")
            if not self._left:
                break
            self._held += self._left.pop(0)
            self._given += 1
        size = len(self._held) if size < 0 else size
        piece, self._held = self._held[:size], self._held[size:]
        return piece

    def readline(self, size: int = -1) -> bytes:
        line = self.read()
        self._held = line.partition(b"\n")[2]
        return line[: len(line) - len(self._held)]

    def readlines(self, hint: int = -1) -> list[bytes]:
        return self.read().splitlines(keepends=True)

    def __iter__(self) -> t.Iterator[bytes]:
        return iter(self.readlines())


class ConnectionBroke(Exception):
    """A server's own error, of no class that anybody knows."""


def make_environ(ask: Ask) -> dict[str, t.Any]:
    """The WSGI environ of a request, as Gunicorn makes it."""
    environ: dict[str, t.Any] = {
        "REQUEST_METHOD": ask.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(ask.path).decode("latin-1"),
        "QUERY_STRING": ask.query.decode("latin-1"),
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": _Input(ask),
        "wsgi.input_terminated": True,
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if ask.host is not None:
        environ["HTTP_HOST"] = ask.host.decode("latin-1")
    for name, value in ask.headers:
        key = name.decode("latin-1").upper().replace("-", "_")
        if key not in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
            key = f"HTTP_{key}"
        text = value.decode("latin-1")
        if key in environ:
            text = f"{environ[key]}{'; ' if key == 'HTTP_COOKIE' else ','}{text}"
        environ[key] = text
    length = _length(ask)
    if length is not None:
        environ["CONTENT_LENGTH"] = str(length)
    elif ask.body:
        environ["HTTP_TRANSFER_ENCODING"] = "chunked"
    return environ


def _length(ask: Ask) -> int | None:
    if ask.declared == -1:
        return None
    if ask.declared is not None:
        return ask.declared
    return sum(map(len, ask.body)) if ask.body else None


def by_wsgi(app: t.Any, ask: Ask) -> Reply:
    """Put a request by WSGI; always close."""
    reply = Reply()
    pieces: list[bytes] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], exc_info: t.Any = None
    ) -> t.Any:
        check_start(status, headers)
        reply.status, reply.headers = int(status[:3]), headers
        return pieces.append

    began = time.perf_counter()
    try:
        body = app(make_environ(ask), start_response)
    except Exception as error:
        reply.escaped = error
        reply.seconds = time.perf_counter() - began
        return reply
    try:
        reply.is_whole = True
        for count, piece in enumerate(body, 1):
            if type(piece) is not bytes:
                raise Unsendable(f"piece {piece!a}")
            pieces.append(piece)
            if count == ask.takes:
                reply.is_whole = False
                break
    except Exception as error:
        reply.broke, reply.is_whole = error, False
    finally:
        close = getattr(body, "close", None)
        if close is not None:
            try:
                close()
            except Exception as error:
                reply.broke = error
    reply.seconds = time.perf_counter() - began
    reply.body = b"".join(pieces)
    if reply.status is None and reply.broke is None:
        reply.escaped = Unsendable("no status")
    return reply


def _asgi_headers(ask: Ask) -> list[tuple[bytes, bytes]]:
    headers = [(name.lower(), value) for name, value in ask.headers]
    if ask.host is not None:
        headers.insert(0, (b"host", ask.host))
    length = _length(ask)
    if length is not None:
        headers.append((b"content-length", str(length).encode()))
    elif ask.body:
        headers.append((b"transfer-encoding", b"chunked"))
    return headers


def make_scope(ask: Ask) -> dict[str, t.Any]:
    """The ASGI scope of a request, as uvicorn makes it."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": ask.method,
        "scheme": "http",
        "path": unquote_to_bytes(ask.path).decode("utf-8", "replace"),
        "raw_path": ask.path,
        "query_string": ask.query,
        "root_path": "",
        "headers": _asgi_headers(ask),
        "client": ("127.0.0.1", 50000),
        "server": ("localhost", 80),
    }


async def by_asgi(app: t.Any, ask: Ask) -> Reply:
    """Put a request by ASGI."""
    reply = Reply()
    pieces: list[bytes] = []
    waiting = list(ask.body) or [b""]
    gone = asyncio.Event()
    given = 0

    async def receive() -> dict[str, t.Any]:
        nonlocal given
        if ask.fails_after is not None and given >= ask.fails_after:
            gone.set()
        if waiting and not gone.is_set():
            given += 1
            piece = waiting.pop(0)
            return {"type": "http.request", "body": piece, "more_body": bool(waiting)}
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: t.MutableMapping[str, t.Any]) -> None:
        if gone.is_set():
            raise OSError("the client is gone")
        if message["type"] == "http.response.start":
            assert reply.status is None, "two answers"
            pairs = message["headers"]
            headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in pairs]
            assert all(name == name.lower() for name, _ in headers)
            check_start(f"{message['status']} ", headers)
            reply.status, reply.headers = message["status"], headers
            return
        assert message["type"] == "http.response.body"
        assert reply.status is not None, "a body without a start"
        pieces.append(message.get("body", b""))
        reply.is_whole = not message.get("more_body", False)
        if len(pieces) == ask.takes:
            gone.set()

    began = time.perf_counter()
    try:
        await app(make_scope(ask), receive, send)
    except Exception as error:
        if reply.status is None:
            reply.escaped = error
        else:
            reply.broke = error
    reply.seconds = time.perf_counter() - began
    reply.body = b"".join(pieces)
    return reply


class _Fields:
    """The headers of a request as Granian's RSGI has them: what is not ASCII is a name only."""

    def __init__(self, ask: Ask) -> None:
        self._pairs = [(name.decode("latin-1"), value) for name, value in _asgi_headers(ask)]

    def __contains__(self, name: str) -> bool:
        return any(name == known for known, _ in self._pairs)

    def keys(self) -> list[str]:
        return [name for name, _ in self._pairs]

    def items(self) -> list[tuple[str, str]]:
        return [(name, value.decode("ascii")) for name, value in self._pairs if value.isascii()]


class _RsgiScope:
    """The RSGI scope of a request, as Granian makes it."""

    proto = "http"
    http_version = "1.1"
    scheme = "http"
    client = "127.0.0.1:50000"
    server = "localhost:80"
    authority = None

    def __init__(self, ask: Ask) -> None:
        self.method = ask.method
        self.path = unquote_to_bytes(ask.path).decode("utf-8", "replace")
        self.query_string = ask.query.decode("utf-8", "surrogateescape")
        self.headers = _Fields(ask)


class _RsgiProtocol:
    """The RSGI protocol of a request, which is told what is answered."""

    def __init__(self, ask: Ask) -> None:
        self.reply = Reply()
        self._pieces: list[bytes] = []
        self._ask = ask
        self._gone = asyncio.Event()

    async def __aiter__(self) -> t.AsyncIterator[bytes]:
        for number, piece in enumerate(self._ask.body):
            if number == self._ask.fails_after:
                break
            yield piece
        yield b""
        if self._ask.fails_after is not None:
            yield b""  # an end that is none

    async def client_disconnect(self) -> None:
        await self._gone.wait()

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self._start(status, headers)
        self._pieces.append(body)
        self.reply.is_whole = True

    def response_str(self, status: int, headers: list[tuple[str, str]], body: str) -> None:
        self.response_bytes(status, headers, body.encode())

    def response_stream(self, status: int, headers: list[tuple[str, str]]) -> _RsgiProtocol:
        self._start(status, headers)
        self.reply.is_whole = True  # it ends when nobody holds it; RSGI cannot tell more
        return self

    async def send_bytes(self, piece: bytes) -> None:
        if self._gone.is_set():
            raise RuntimeError("the client is gone")
        if type(piece) is not bytes:
            raise Unsendable(f"piece {piece!a}")
        self._pieces.append(piece)
        if len(self._pieces) == self._ask.takes:
            self._gone.set()

    def _start(self, status: int, headers: list[tuple[str, str]]) -> None:
        assert self.reply.status is None, "two answers"
        check_start(f"{status} ", headers)
        self.reply.status, self.reply.headers = status, headers

    def end(self) -> Reply:
        self.reply.body = b"".join(self._pieces)
        return self.reply


async def by_rsgi(app: t.Any, ask: Ask) -> Reply:
    """Put a request by RSGI."""
    protocol = _RsgiProtocol(ask)
    began = time.perf_counter()
    try:
        await app.__rsgi__(_RsgiScope(ask), protocol)
    except Exception as error:
        if protocol.reply.status is None:
            protocol.reply.escaped = error
        else:
            protocol.reply.broke = error
    protocol.reply.seconds = time.perf_counter() - began
    return protocol.end()


CLOSES = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015), *range(3000, 5000)})
"""The codes that may stand in a close frame (RFC 6455, 7.4)."""


async def by_websocket(app: t.Any, ask: Ask) -> Reply:
    """Open a WebSocket by ASGI and say each piece of the body; 101 is a handshake that was taken.

    A piece that is UTF-8 is said as text, any other as bytes; then the client leaves.
    """
    reply = Reply()
    sent: list[bytes] = []
    incoming: list[dict[str, t.Any]] = [{"type": "websocket.connect"}]
    for piece in ask.body:
        try:
            said: dict[str, t.Any] = {"text": piece.decode()}
        except UnicodeDecodeError:
            said = {"bytes": piece}
        incoming.append({"type": "websocket.receive", **said})
    incoming.append({"type": "websocket.disconnect", "code": 1001})

    async def receive() -> dict[str, t.Any]:
        if not incoming:
            await asyncio.Event().wait()
        return incoming.pop(0)

    async def send(message: t.MutableMapping[str, t.Any]) -> None:
        kind = message["type"]
        if kind in {"websocket.accept", "websocket.http.response.start"}:
            assert reply.status is None, "two answers"
            pairs = message.get("headers", ())
            reply.headers = [(n.decode("latin-1"), v.decode("latin-1")) for n, v in pairs]
            status = 101 if kind == "websocket.accept" else message["status"]
            check_start(f"{status} ", reply.headers)
            reply.status = status
        elif kind == "websocket.send":
            sent.append(message.get("bytes") or (message.get("text") or "").encode())
        elif kind == "websocket.close":
            if message.get("code", 1000) not in CLOSES:
                raise Unsendable(f"close {message}")
            reply.is_whole = True
            if reply.status is None:
                reply.status = 403
        else:
            assert kind == "websocket.http.response.body"
            sent.append(message.get("body", b""))
            reply.is_whole = not message.get("more_body", False)

    headers = [(name.lower(), value) for name, value in ask.headers]
    if ask.host is not None:
        headers.insert(0, (b"host", ask.host))
    offered = b",".join(v for n, v in headers if n == b"sec-websocket-protocol").decode("latin-1")
    scope = make_scope(ask) | {
        "type": "websocket",
        "scheme": "ws",
        "headers": headers,
        "subprotocols": [name.strip() for name in offered.split(",") if name.strip()],
        "extensions": {"websocket.http.response": {}},
    }
    del scope["method"]
    began = time.perf_counter()
    try:
        await app(scope, receive, send)
    except Exception as error:
        reply.escaped = error
    reply.seconds = time.perf_counter() - began
    reply.body = b"".join(sent)
    return reply


LOOPED: dict[str, t.Callable[[t.Any, Ask], t.Coroutine[t.Any, t.Any, Reply]]] = {
    "asgi": by_asgi,
    "rsgi": by_rsgi,
    "websocket": by_websocket,
}
"""The doors that need an event loop."""


class Doors:
    """The doors of an app, with one event loop for those that need one."""

    KINDS = ("wsgi", "asgi")
    ALL = (*KINDS, "rsgi")

    def __init__(self) -> None:
        self._runner: asyncio.Runner | None = None

    def ask(self, app: t.Any, ask: Ask, kind: str) -> Reply:
        """Put a request by one of ALL, or open a WebSocket."""
        if kind == "wsgi":
            return by_wsgi(app, ask)
        return self.run(LOOPED[kind](app, ask))

    def run(self, coroutine: t.Coroutine[t.Any, t.Any, T]) -> T:
        """Run a coroutine on the loop."""
        if self._runner is None:
            self._runner = asyncio.Runner()
        return self._runner.run(coroutine)

    def close(self) -> None:
        """Close the loop."""
        if self._runner is not None:
            self._runner.close()
            self._runner = None
