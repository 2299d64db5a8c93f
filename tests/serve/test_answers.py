"""What apps answer through `bolthead serve`, by each engine and interface."""

from __future__ import annotations

import os

import pytest
from production import WAYS, serving

APP = """
import asyncio
import time
from bolthead import EventStream, Flask, request, send_file, stream_with_context

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 4_000_000
started = []
failed = []


@app.on_startup
async def start():
    started.append(1)


@app.get("/plain")
def plain():
    return {
        "args": request.args.get("q"),
        "host": request.host,
        "path": request.path,
        "remote": request.remote_addr,
        "started": started,
        "cookie": request.cookies.get("a"),
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


@app.get("/in-context")
def in_context():
    @stream_with_context
    def generate():
        for number in range(3):
            yield request.args["q"]
    return generate()


@app.get("/events")
def events():
    return EventStream(iter(["a", {"b": 1}]))


@app.get("/file")
def file():
    return send_file(__file__)


@app.get("/none")
async def none():
    return "", 204, [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]


@app.get("/fail")
def fail():
    raise KeyError("x")


@app.get("/late")
def late():
    def generate():
        yield "a" * 1000
        raise ValueError("late")
    return generate()
"""


@pytest.mark.parametrize("way", WAYS)
def test_requests(way, tmp_path):
    """Requests of every kind are answered alike, whatever carries them."""
    with serving(tmp_path, APP, way=way) as server, server.client() as client:
        assert client.get("/plain?q=%C3%A9", headers={"Cookie": "a=1"}).json() == {
            "args": "é",
            "host": server.address,
            "path": "/plain",
            "remote": "127.0.0.1",
            "started": [1],
            "cookie": "1",
        }
        assert client.get("/async/%C3%A9%2B").json() == {"name": "é+"}
        assert client.get("/nowhere").status_code == 404
        assert client.put("/plain").status_code == 405
        assert "GET" in client.options("/plain").headers["allow"]
        large = os.urandom(3_000_000)
        assert client.post("/echo", content=large).content == large
        assert client.post("/echo", content=b"").content == b""
        # The engine closes a connection of which it has not read all: take no other request there.
        alone = {"Connection": "close"}
        assert client.post("/echo", content=bytes(5_000_000), headers=alone).status_code == 413
        chunked = client.post("/echo", content=iter([b"ab", b"cd"]))
        if "wsgi" in way:
            # Granian's WSGI does not tell whether a chunked body was whole.
            assert chunked.status_code == 411
        else:
            assert chunked.content == b"abcd"
        answer = client.post("/form", data={"a": "1"}, files={"f": b"x" * 2_000_000})
        assert answer.json() == {"form": {"a": "1"}, "files": [2_000_000]}
        assert client.get("/stream").text == "012"
        assert client.get("/in-context?q=a").text == "aaa"
        assert client.get("/events").text == 'data: a\n\ndata: {"b": 1}\n\n'
        file = client.get("/file")
        assert file.text == APP
        assert client.get("/file", headers={"Range": "bytes=0-9"}).text == APP[:10]
        tag = {"If-None-Match": file.headers["etag"]}
        assert client.get("/file", headers=tag).status_code == 304
        head = client.head("/plain")
        assert (head.status_code, head.content) == (200, b"")
        assert int(head.headers["content-length"]) > 50
        assert client.get("/none").headers.get_list("set-cookie") == ["a=1", "b=2"]
        assert client.get("/fail").status_code == 500
        assert server.stop() == 0
    assert "KeyError" in server.log()


@pytest.mark.parametrize("way", ["granian asgi", "uvicorn asgi"])
def test_header_bytes_beyond_ascii(way, tmp_path):
    """A cookie with a byte beyond ASCII costs no other cookie."""
    with serving(tmp_path, APP, way=way) as server:
        request = b"GET /plain HTTP/1.1\r\nHost: a\r\nCookie: a=1; b=\xc3\xa9\r\n\r\n"
        assert b'"cookie":"1"' in server.raw(request)


def test_header_bytes_beyond_ascii_by_rsgi(tmp_path):
    """Granian's RSGI leaves such a header out, so the request is refused, not served without."""
    with serving(tmp_path, APP, way="granian rsgi") as server:
        request = b"GET /plain HTTP/1.1\r\nHost: a\r\nCookie: a=1; b=\xc3\xa9\r\n\r\n"
        assert server.raw(request).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("way", ["granian asgi", "uvicorn asgi"])
def test_error_in_the_middle_cuts_the_answer(way, tmp_path):
    """A generator that fails after its first piece leaves an answer that is seen to be cut."""
    with serving(tmp_path, APP, way=way) as server:
        answer = server.raw(b"GET /late HTTP/1.1\r\nHost: a\r\n\r\n", timeout=3)
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert not answer.endswith(b"0\r\n\r\n")
