"""The same app object on real servers over loopback; a server that is not installed is skipped."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import httpx
import pytest

APP = """
import asyncio
from bolthead import EventStream, Flask, request, websocket

app = Flask("served")
log = []


@app.on_startup
async def start():
    log.append("started")


@app.on_shutdown
def stop():
    print("stopped", flush=True)


@app.get("/plain")
def plain():
    return {
        "args": request.args.get("q"),
        "asgi": "bolthead.scope" in request.environ,
        "host": request.host,
        "log": log,
        "path": request.path,
        "remote": request.remote_addr,
    }


@app.get("/async/<name>")
async def awaited(name):
    await asyncio.sleep(0.001)
    return {"name": name}


@app.post("/echo")
def echo():
    return request.get_data()


@app.post("/form")
async def form():
    return {"form": dict(request.form), "files": [len(f.read()) for f in request.files.values()]}


@app.get("/stream")
def stream():
    return (str(number) for number in range(3))


@app.get("/events")
async def events():
    async def generate():
        yield "a"
        await asyncio.sleep(0.01)
        yield {"b": 1}

    return EventStream(generate())


@app.get("/headers")
async def headers():
    return "", 204, [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]


@app.websocket("/ws")
async def ws():
    async for message in websocket:
        await websocket.send(message)


@app.websocket("/close")
async def close():
    await websocket.accept()
    await websocket.close(4001, "bye")


@app.websocket("/fail")
async def fail():
    await websocket.accept()
    raise KeyError("x")
"""

BIN = Path(sys.executable).parent

# How each server is started; those with "asgi" or "rsgi" in their name serve by ASGI's way.
SERVERS = {
    "uvicorn, asgi by itself": ("uvicorn", "uvicorn served:app --port {port} --no-access-log"),
    "hypercorn, asgi": ("hypercorn", "hypercorn asgi:served:app --bind 127.0.0.1:{port}"),
    "granian, asgi": ("granian", "granian --interface asgi --port {port} served:app"),
    "granian, rsgi": ("granian", "granian --interface rsgi --port {port} served:app"),
    "granian, wsgi": ("granian", "granian --interface wsgi --port {port} served:app"),
    "gunicorn": ("gunicorn", "gunicorn --bind 127.0.0.1:{port} served:app"),
    "gunicorn, threads": ("gunicorn", "gunicorn --threads 4 --bind 127.0.0.1:{port} served:app"),
    "waitress": ("waitress", "waitress-serve --listen 127.0.0.1:{port} served:app"),
}


# Servers whose workers end without Python's exit functions.
NO_EXIT = {
    "granian, wsgi": "its WSGI workers end without Python's exit functions",
    "waitress": "it ends by the signal itself, at once",
}


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextlib.contextmanager
def serving(name, folder):
    """Run a server; give its address, and a function that stops it and returns what it printed."""
    module, line = SERVERS[name]
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed")
    (folder / "served.py").write_text(textwrap.dedent(APP), encoding="utf-8")
    port = free_port()
    command, *arguments = line.format(port=port).split()
    log = (folder / "log.txt").open("w+")
    process = subprocess.Popen(
        [BIN / command, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )

    def stop():
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        return (folder / "log.txt").read_text(encoding="utf-8")

    try:
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                break
            assert process.poll() is None, (folder / "log.txt").read_text(encoding="utf-8")
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield f"127.0.0.1:{port}", stop
    finally:
        # With its workers, which some servers leave behind.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
        log.close()


@pytest.mark.parametrize("name", SERVERS)
def test_requests(name, tmp_path):
    """Requests of every kind are answered alike by every server."""
    by_asgi = "asgi" in name or "rsgi" in name
    with contextlib.ExitStack() as stack:
        address, _ = stack.enter_context(serving(name, tmp_path))
        client = stack.enter_context(httpx.Client(base_url=f"http://{address}", timeout=10))
        seen = client.get("/plain?q=%C3%A9").json()
        assert seen == {
            "args": "é",
            "asgi": by_asgi,
            "host": address,
            "log": ["started"],
            "path": "/plain",
            "remote": "127.0.0.1",
        }
        assert client.get("/async/%C3%A9%2B").json() == {"name": "é+"}
        assert client.get("/none").status_code == 404
        assert client.put("/plain").status_code == 405
        large = os.urandom(3_000_000)
        assert client.post("/echo", content=large).content == large
        assert client.post("/echo", content=iter([b"ab", b"cd"])).content == b"abcd"
        answer = client.post("/form", data={"a": "1"}, files={"f": b"x" * 2_000_000})
        assert answer.json() == {"form": {"a": "1"}, "files": [2_000_000]}
        assert client.get("/stream").text == "012"
        head = client.head("/async/x")
        assert (head.status_code, head.content) == (200, b"")
        assert client.get("/headers").headers.get_list("set-cookie") == ["a=1", "b=2"]
        if by_asgi:
            events = client.get("/events")
            assert events.text == 'data: a\n\ndata: {"b": 1}\n\n'
        else:
            assert client.get("/events").status_code == 500


@pytest.mark.parametrize("name", [name for name in SERVERS if "asgi" in name])
def test_websockets(name, tmp_path):
    """Messages, closes and refusals look alike on every server."""
    websockets = pytest.importorskip("websockets", reason="websockets is not installed")

    async def talk(address):
        async with websockets.connect(f"ws://{address}/ws") as ws:
            for message in ("é", b"\xff", "", "x" * 100_000):
                await ws.send(message)
                assert await ws.recv() == message
            await ws.send("x" * 1_100_000)
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await ws.recv()
            assert closed.value.rcvd.code == 1009
        for path, code, reason in (("/close", 4001, "bye"), ("/fail", 1011, "")):
            async with websockets.connect(f"ws://{address}{path}") as ws:
                with pytest.raises(websockets.ConnectionClosed) as closed:
                    await ws.recv()
            assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (code, reason)
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.connect(f"ws://{address}/none")
        assert refused.value.response.status_code == 404

    with serving(name, tmp_path) as (address, _):
        asyncio.run(asyncio.wait_for(talk(address), 30))


@pytest.mark.parametrize("name", SERVERS)
def test_stop(name, tmp_path):
    """Shut-down functions run when the server is told to stop."""
    if name in NO_EXIT:
        pytest.skip(NO_EXIT[name])
    with serving(name, tmp_path) as (address, stop):
        assert httpx.get(f"http://{address}/plain").status_code == 200
        assert stop().count("stopped") == 1
