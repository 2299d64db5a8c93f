"""Uploads to real servers by ASGI and RSGI: parsed while they come, and held on disk."""

from __future__ import annotations

import hashlib
import json
import random
import socket

import production
import pytest
import servers

APP = """
import hashlib
import os
import resource
import sys
from bolthead import Flask, request

app = Flask(__name__)
steps = 0


def count(frame, event, _):
    global steps
    steps += event == "call" and frame.f_code.co_name == "next_event"


@app.post("/form")
def form():
    sys.setprofile(count)
    try:
        file, fields = request.files["f"], len(request.form)
    finally:
        sys.setprofile(None)
    digest = hashlib.sha256()
    for block in iter(lambda: file.read(65536), b""):
        digest.update(block)
    return {"steps": steps, "fields": fields, "sha256": digest.hexdigest()}


@app.post("/awaited")
async def awaited():
    return form()


@app.post("/ignores")
async def ignores():
    return "not asked"


@app.get("/state")
async def state():
    opened = 0
    for fd in os.listdir("/proc/self/fd"):
        try:
            opened += "(deleted)" in os.readlink("/proc/self/fd/" + fd)
        except FileNotFoundError:
            pass
    return {"peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, "opened": opened}
"""

WAYS = ("uvicorn", "granian asgi", "granian rsgi", "uvicorn asgi")

NOISE = random.Random(4).randbytes(1_000_000)
FILE = b'--edge\r\nContent-Disposition: form-data; name="f"; filename="f.bin"\r\n\r\n'
FIELD = b'--edge\r\nContent-Disposition: form-data; name="a"\r\n\r\n'
END = b"\r\n--edge--\r\n"


@pytest.fixture(scope="module", params=WAYS)
def port(request, tmp_path_factory):
    """The port of a server with the app: `uvicorn app:app`, and `bolthead serve` by each way."""
    folder = tmp_path_factory.mktemp("uploads")
    if request.param == "uvicorn":
        pytest.importorskip("uvicorn", reason="uvicorn is not installed")
        (folder / "site_app.py").write_text(APP, encoding="utf-8")
        with servers.serving("uvicorn-h11", "site_app:app", folder, folder) as found:
            yield found
    else:
        with production.serving(folder, APP, way=request.param) as server:
            yield server.port


class Upload:
    """A request of which the body is sent by and by."""

    def __init__(self, port, path, length):
        self.line = socket.create_connection(("127.0.0.1", port), 60)
        self.line.sendall(
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            "Content-Type: multipart/form-data; boundary=edge\r\n"
            f"Content-Length: {length}\r\n\r\n".encode()
        )

    def send(self, *pieces):
        for piece in pieces:
            self.line.sendall(piece)

    def answer(self):
        """Return the status and the body of the answer."""
        got = b"".join(iter(lambda: self.line.recv(65_536), b""))
        self.line.close()
        head, _, body = got.partition(b"\r\n\r\n")
        return production.status(head), body


def state(port):
    with socket.create_connection(("127.0.0.1", port), 60) as line:
        line.sendall(b"GET /state HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        got = b"".join(iter(lambda: line.recv(65_536), b""))
    return json.loads(got.partition(b"\r\n\r\n")[2])


@pytest.mark.parametrize("path", ["/form", "/awaited"])
def test_large_file_is_ready_when_the_view_is_called(port, path):
    """A file of 60 MB is on disk and parsed when it has come; it takes little memory."""
    pieces = [FIELD, b"1\r\n", FILE, *[NOISE] * 60, END]
    before = state(port)
    upload = Upload(port, path, sum(map(len, pieces)))
    upload.send(*pieces)
    status, body = upload.answer()
    found = json.loads(body)
    digest = hashlib.sha256(NOISE * 60).hexdigest()
    assert (status, found) == (200, {"steps": 0, "fields": 1, "sha256": digest})
    after = state(port)
    assert after["peak"] - before["peak"] < 30_000_000
    assert after["opened"] == before["opened"]


def test_upload_that_is_broken_off_leaves_no_file(port):
    """While a large file comes it is on disk; when its client goes away it is there no more."""
    before = state(port)["opened"]
    upload = Upload(port, "/form", 100_000_000)
    upload.send(FILE, *[NOISE] * 5)
    production.wait_for(lambda: state(port)["opened"] == before + 1, what="the file on disk")
    upload.line.close()
    production.wait_for(lambda: state(port)["opened"] == before, what="its end")


def test_too_many_parts_are_refused_only_where_the_form_is_read(port):
    """10,000 parts, sent in small pieces, are a 413 to who asks for the form, else nothing."""
    pieces = [FIELD + b"x\r\n"] * 10_000
    for path, expected in (("/form", 413), ("/ignores", 200)):
        upload = Upload(port, path, sum(map(len, pieces)) + len(END))
        for start in range(0, len(pieces), 50):
            upload.send(b"".join(pieces[start : start + 50]))
        upload.send(END)
        assert upload.answer()[0] == expected
