"""One request by RSGI (HTTP), Granian's own interface: told as ASGI would tell it.

RSGI has no place for a WebSocket's subprotocol and headers, so WebSockets are for ASGI.
"""

from __future__ import annotations

import typing as t

from . import asgi

if t.TYPE_CHECKING:
    import asyncio
else:
    from ..light import asyncio

if t.TYPE_CHECKING:
    from .scope import Message, Scope
    from .served import Served


async def serve(app: Served, scope: t.Any, protocol: t.Any) -> None:
    """Serve one scope: a request, or a WebSocket, which is refused."""
    if scope.proto != "http":
        protocol.close(403)
        app.logger.error("RSGI cannot carry WebSockets. Use granian --interface asgi.")
        return
    told = make_scope(scope)
    if told is None:
        protocol.response_str(400, [("content-type", "text/plain")], NOT_ASCII)
        return
    channel = Channel(protocol, told)
    try:
        await asgi.serve(app, told, channel.receive, channel.send)
    finally:
        channel.end()


def start(app: Served, loop: asyncio.AbstractEventLoop) -> None:
    """Run the start-up functions, before the loop runs."""
    loop.run_until_complete(app._lifespan.start(app))


def stop(app: Served, loop: asyncio.AbstractEventLoop) -> None:
    """Run the shut-down functions, after the loop has run."""
    loop.run_until_complete(app._lifespan.stop(app))


NOT_ASCII = "The values of headers must be ASCII here.\n"
"""The answer to what Granian's RSGI does not hand over."""


def make_scope(scope: t.Any) -> Scope | None:
    """Return a scope as ASGI has it; None where RSGI has left out a header.

    It leaves out those whose value is not ASCII: without its cookies a request is another one.
    """
    headers = scope.headers
    pairs = headers.items()
    if len(pairs) < len(headers.keys()):
        return None
    host, _, port = scope.client.rpartition(":")
    own_host, _, own_port = scope.server.rpartition(":")
    version = scope.http_version
    authority = scope.authority
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs]
    if authority is not None and "host" not in headers:
        raw.append((b"host", authority.encode("latin-1")))
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.0" if version == "1" else version,
        "method": scope.method,
        "scheme": scope.scheme,
        "path": scope.path,
        "query_string": scope.query_string.encode("utf-8", "surrogateescape"),
        "root_path": "",
        "headers": raw,
        "client": (host.strip("[]"), int(port)) if port.isdigit() else None,
        "server": (own_host.strip("[]"), int(own_port)) if own_port.isdigit() else None,
        "extensions": {},
    }


class Channel:
    """What ASGI's ``receive`` and ``send`` are for a request by RSGI."""

    __slots__ = ("_chunks", "_has_body", "_headers", "_protocol", "_status", "_transport")

    def __init__(self, protocol: t.Any, scope: Scope) -> None:
        self._protocol = protocol
        self._has_body = _has_body(scope)
        self._chunks: t.Any = None
        self._status = 0
        self._headers: list[tuple[str, str]] = []
        self._transport: t.Any = None

    async def receive(self) -> Message:
        """Return the next part of the body, then wait for the client to go away."""
        if self._has_body is None:
            await self._protocol.client_disconnect()
            return {"type": "http.disconnect"}
        if not self._has_body:
            self._has_body = None
            return {"type": "http.request", "body": b"", "more_body": False}
        if self._chunks is None:
            self._chunks = aiter(self._protocol)
        chunk = await anext(self._chunks)
        if chunk:
            return {"type": "http.request", "body": chunk, "more_body": True}
        # An end is one empty chunk; what was broken off, and trailers, are one more.
        self._has_body = None
        try:
            await anext(self._chunks)
        except StopAsyncIteration:
            return {"type": "http.request", "body": b"", "more_body": False}
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Send a part of the answer; one that is whole goes as such."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = [
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in message["headers"]
            ]
            return
        body, more = message.get("body", b""), message.get("more_body", False)
        if self._transport is None:
            if not more:
                self._protocol.response_bytes(self._status, self._headers, body)
                return
            self._transport = self._protocol.response_stream(self._status, self._headers)
        if body:
            try:
                await self._transport.send_bytes(body)
            except RuntimeError as error:
                raise ConnectionResetError("The client has gone away.") from error
        if not more:
            # It ends when nobody holds it any more.
            self._transport = None

    def end(self) -> None:
        """Let go of an answer that was broken off; RSGI has no way to show that it was."""
        self._transport = None


def _has_body(scope: Scope) -> bool | None:
    for name, value in scope["headers"]:
        if name == b"transfer-encoding" or (name == b"content-length" and value != b"0"):
            return True
    return scope["http_version"] not in {"1.0", "1.1"} and scope["method"] not in {"GET", "HEAD"}
