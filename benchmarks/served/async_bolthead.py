"""Asynchronous views in Bolthead: JSON, a wait, a WebSocket; and a plain one beside them."""

import asyncio

from workloads import DOCUMENT

from bolthead import Flask, websocket

app = Flask(__name__)


@app.get("/json")
async def show():
    """Answer the document."""
    return DOCUMENT


@app.get("/sync")
def show_plainly():
    """Answer the document from a plain function."""
    return DOCUMENT


@app.get("/sleep")
async def wait():
    """Answer after a tenth of a second."""
    await asyncio.sleep(0.1)
    return DOCUMENT


@app.websocket("/echo")
async def echo():
    """Send every message back."""
    while True:
        await websocket.send(await websocket.receive())
