"""uvicorn's WebSockets (on websockets' protocol), mended where they are not RFC 6455's way."""

from __future__ import annotations

import functools
import typing as t


@functools.cache
def protocol_class() -> t.Any:
    """Return the protocol of a connection that was upgraded."""
    from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
    from websockets.frames import Opcode
    from websockets.server import ServerProtocol

    class Frames(ServerProtocol):
        """What checks and answers frames."""

        def recv_frame(self, frame: t.Any) -> None:
            if frame.opcode is Opcode.CLOSE:
                # RFC 6455, 5.4: a close may come between a message's fragments.
                self.current_size = None
            super().recv_frame(frame)

    class Socket(WebSocketsSansIOProtocol):
        """One connection."""

        def __init__(self, *args: t.Any, **kwargs: t.Any) -> None:
            super().__init__(*args, **kwargs)
            # It has no factory for this.
            self.conn.__class__ = Frames

        def connection_lost(self, exc: Exception | None) -> None:
            if self.handshake_complete and not self.close_sent and self.conn.close_rcvd is None:
                # RFC 6455, 7.1.5: 1006 where no close came; uvicorn says 1005.
                self.queue.put_nowait({"type": "websocket.disconnect", "code": 1006})
            super().connection_lost(exc)

    return Socket
