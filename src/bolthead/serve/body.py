"""A request's body as it arrives: counted against its declared length, and not too slow."""

from __future__ import annotations

import asyncio
import typing as t

from . import edge
from .settings import BODY_RATE

if t.TYPE_CHECKING:
    from ..protocols.scope import Message, Receive
    from .settings import Settings

GONE: Message = {"type": "http.disconnect"}


class Body:
    """Stands in for a server's ``receive``: what is cut short or too slow is a disconnect.

    ``problem`` is then the answer to it, unless one was sent before.
    """

    __slots__ = ("_began", "_declared", "_ended", "_receive", "_settings", "problem", "received")

    def __init__(self, receive: Receive, declared: int | None, settings: Settings) -> None:
        self._receive = receive
        self._declared = declared
        self._settings = settings
        self._began = asyncio.get_running_loop().time()
        self._ended = False
        self.received = 0
        self.problem: edge.Reply | None = None

    async def __call__(self) -> Message:
        """Return the next message."""
        if self.problem is not None:
            return GONE
        if self._ended:
            return await self._receive()
        # At the least rate, so many bytes have taken so many seconds.
        due = self._began + self._settings.timeout_body + self.received / BODY_RATE
        try:
            async with asyncio.timeout_at(due):
                message = await self._receive()
        except TimeoutError:
            self.problem = edge.TOO_SLOW
            return GONE
        if message["type"] != "http.request":
            self._ended = True
            self.problem = edge.CUT_SHORT
            return message
        self.received += len(message.get("body", b""))
        if not message.get("more_body"):
            self._ended = True
            if self._declared is not None and self.received != self._declared:
                self.problem = edge.CUT_SHORT
                return GONE
        return message


def declared_length(headers: edge.Headers) -> tuple[bool, int | None]:
    """Tell whether a body comes, and how many bytes it has where that is said."""
    comes = False
    for name, value in headers:
        if name == b"content-length":
            return value != b"0", int(value)
        if name == b"transfer-encoding":
            comes = True
    return comes, None
