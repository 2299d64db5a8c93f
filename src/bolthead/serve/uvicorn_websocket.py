"""uvicorn's WebSockets (on websockets' protocol), mended where they are not RFC 6455's way."""

from __future__ import annotations

import functools
import typing as t


@functools.cache
def protocol_class() -> t.Any:
    """Return the protocol of a connection that was upgraded."""
    from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
    from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
    from websockets.frames import Opcode
    from websockets.server import ServerProtocol

    class Frames(ServerProtocol):
        """What checks and answers frames."""

        def recv_frame(self, frame: t.Any) -> None:
            if frame.opcode is Opcode.CLOSE:
                # RFC 6455, 5.4: a close may come between a message's fragments.
                self.current_size = None
            super().recv_frame(frame)

    # 2 kB of window each way: an idle WebSocket that compresses takes 58 kB, with uvicorn's 67 kB.
    compression = [
        ServerPerMessageDeflateFactory(
            server_max_window_bits=11,
            client_max_window_bits=11,
            compress_settings={"memLevel": 4},
        )
    ]

    class Socket(WebSocketsSansIOProtocol):
        """One connection."""

        def __init__(self, *args: t.Any, **kwargs: t.Any) -> None:
            super().__init__(*args, **kwargs)
            # uvicorn has no setting for either.
            self.conn.__class__ = Frames
            if self.conn.available_extensions:
                self.conn.available_extensions = compression

        def connection_lost(self, exc: Exception | None) -> None:
            if self.handshake_complete and not self.close_sent and self.conn.close_rcvd is None:
                # RFC 6455, 7.1.5: 1006 where no close came; uvicorn says 1005.
                self.queue.put_nowait({"type": "websocket.disconnect", "code": 1006})
            super().connection_lost(exc)

    return Socket
