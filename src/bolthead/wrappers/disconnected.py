"""The end of a WebSocket, as a view learns of it."""

from __future__ import annotations

import asyncio


class WebsocketDisconnected(asyncio.CancelledError):
    """The client is gone; raised where a view waits for it, as Quart's cancellation is.

    ``code`` is the close code, 1005 where the client gave none.
    """

    def __init__(self, code: int = 1005, reason: str = "") -> None:
        super().__init__(f"The WebSocket was closed with code {code}. {reason}".strip())
        self.code = code
        self.reason = reason
