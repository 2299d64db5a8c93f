"""One WebSocket by ASGI."""

from __future__ import annotations

import typing as t


async def serve(app: t.Any, scope: t.Any, receive: t.Any, send: t.Any) -> None:
    """Serve one WebSocket."""
    raise NotImplementedError
