"""Asynchronous views in Starlette: JSON, a wait, a WebSocket; and a plain one beside them."""

import asyncio

from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocketDisconnect
from workloads import DOCUMENT


async def show(request):
    """Answer the document."""
    return JSONResponse(DOCUMENT)


def show_plainly(request):
    """Answer the document from a plain function."""
    return JSONResponse(DOCUMENT)


async def wait(request):
    """Answer after a tenth of a second."""
    await asyncio.sleep(0.1)
    return JSONResponse(DOCUMENT)


async def echo(websocket):
    """Send every message back."""
    await websocket.accept()
    try:
        while True:
            await websocket.send_text(await websocket.receive_text())
    except WebSocketDisconnect:
        pass


app = Starlette(
    routes=[
        Route("/json", show),
        Route("/sync", show_plainly),
        Route("/sleep", wait),
        WebSocketRoute("/echo", echo),
    ]
)
