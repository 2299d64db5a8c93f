"""The app that the fault scripts serve."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import time

from bolthead import EventStream, Flask, request, websocket

app = Flask(__name__)
with_sockets = os.environ.get("WITH_SOCKETS") == "1"


@app.get("/json")
def answer_json():
    """Answer at once."""
    return {"message": "Hello, World!"}


@app.get("/sleep")
def sleep():
    """Answer after the seconds that are asked for, in a thread."""
    time.sleep(float(request.args.get("seconds", "0.02")))
    return "slept"


@app.get("/spin")
async def spin():
    """Keep the loop busy for a while."""
    ends = time.thread_time() + float(request.args.get("seconds", "0.005"))
    while time.thread_time() < ends:
        pass
    return "spun"


@app.post("/body")
def take_body():
    """Answer the size of the body."""
    return str(len(request.get_data()))


@app.get("/events")
async def send_events():
    """Send events without end."""

    async def generate():
        while True:
            yield "a" * 1000
            await asyncio.sleep(0.01)

    return EventStream(generate())


@app.get("/pieces")
def send_pieces():
    """Send pieces without end, made in threads."""

    def generate():
        while True:
            yield "a" * 1000
            time.sleep(0.01)

    return generate()


@app.get("/held")
async def count_what_is_held():
    """Answer how many tasks, threads, request contexts and open files the worker holds."""
    gc.collect()
    kinds = [type(thing).__name__ for thing in gc.get_objects()]
    return {
        "tasks": len(asyncio.all_tasks()),
        "threads": threading.active_count(),
        "contexts": kinds.count("RequestContext"),
        "files": len(os.listdir("/proc/self/fd")),
    }


if with_sockets:

    @app.websocket("/ws")
    async def echo():
        """Echo messages."""
        async for message in websocket:
            await websocket.send(message)
