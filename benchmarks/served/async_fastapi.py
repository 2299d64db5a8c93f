"""Asynchronous views in FastAPI: JSON, a wait; and a plain one beside them."""

import asyncio

from fastapi import FastAPI
from workloads import DOCUMENT

app = FastAPI()


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
