"""A WebSocket: the request it began with, and the messages that come and go (Quart's names)."""

from __future__ import annotations

import typing as t

from .request import Request


class Connection(t.Protocol):
    """What a WebSocket asks of the protocol."""

    is_accepted: bool
    subprotocols: t.Sequence[str]

    async def accept(self, headers: t.Any, subprotocol: str | None) -> None: ...
    def receive(self) -> t.Coroutine[t.Any, t.Any, str | bytes]: ...
    def send(self, data: str | bytes) -> t.Coroutine[t.Any, t.Any, None]: ...
    async def close(self, code: int, reason: str) -> None: ...


class Websocket(Request):
    """The WebSocket in force, an ``app.websocket_class``; has what a request has, and messages."""

    connection: Connection
    """The server's side; set by the protocol."""

    @property
    def requested_subprotocols(self) -> list[str]:
        """The subprotocols that the client offers, in its order."""
        # Not from the header, which some servers keep to themselves.
        return list(self.connection.subprotocols)

    async def accept(self, headers: t.Any = None, subprotocol: str | None = None) -> None:
        """Complete the handshake, with further headers and one of the offered subprotocols.

        The first ``receive`` or ``send`` does it where the view does not.
        """
        await self.connection.accept(headers, subprotocol)

    def receive(self) -> t.Coroutine[t.Any, t.Any, str | bytes]:
        """Return the next message, when awaited: text as ``str``, binary as ``bytes``.

        WebsocketDisconnected, an ``asyncio.CancelledError``, where the client is gone.
        """
        return self.connection.receive()

    def send(self, data: str | bytes) -> t.Coroutine[t.Any, t.Any, None]:
        """Send a message, when awaited: text for ``str``, binary for ``bytes``."""
        return self.connection.send(data)

    async def receive_json(self) -> t.Any:
        """Return the next message read as JSON; ValueError where it is none."""
        return self.json_module.loads(await self.receive())

    async def send_json(self, *args: t.Any, **kwargs: t.Any) -> None:
        """Send JSON as a text message; arguments are those of ``jsonify``."""
        if args and kwargs:
            raise TypeError("send_json() takes either positional or keyword arguments, not both.")
        data = kwargs or (args[0] if len(args) == 1 else list(args))
        await self.send(self.json_module.dumps(data))

    async def close(  # type: ignore[override]  # a request's close() lets go of its files
        self, code: int = 1000, reason: str = ""
    ) -> None:
        """Close the WebSocket; before ``accept`` this refuses the handshake (403).

        ValueError for a code that may not be sent (RFC 6455, 7.4), or a reason of more than 123
        bytes.
        """
        await self.connection.close(code, reason)

    async def __aiter__(self) -> t.AsyncIterator[str | bytes]:
        """Yield the messages until the client closes."""
        from .disconnected import WebsocketDisconnected

        while True:
            try:
                message = await self.receive()
            except WebsocketDisconnected:
                return
            yield message
