"""An app whose requests take turns in one thread, as greenlets of gevent; prints what was mixed up.

python greenlets.py: serves itself by gevent's WSGI server and asks itself many times at once.
"""

# ruff: noqa: E402
from gevent import monkey

monkey.patch_all()

import asyncio
import json
import socket

import flask
import gevent
from flask import Flask, copy_current_request_context, g, request, session
from gevent.pool import Pool
from gevent.pywsgi import WSGIServer

app = Flask("greenlets")
app.secret_key = "0f9c2a5b7d1e4c3a8b6d"
left = []
# Flask's way of running async views stops where another greenlet runs one.
ON_BOLTHEAD = Flask.__module__.startswith("bolthead")


@app.before_request
def note():
    g.name = request.args["name"]
    gevent.sleep(0.001)


@app.teardown_request
def leave(error):
    # A copied context has a g of its own; one that is pushed within a request shares its g.
    name = request.args["name"]
    left.append((g.get("name", name) if name != "inner" else name, name))


@app.get("/")
def show():
    gevent.sleep(0.01)
    session["name"] = request.args["name"]
    gevent.sleep(0.01)

    @copy_current_request_context
    def beside():
        gevent.sleep(0.005)
        return request.args["name"]

    spawned = gevent.spawn(beside)
    bare = gevent.spawn(lambda: flask.has_request_context())
    gevent.joinall([spawned, bare])
    return {
        "names": [g.name, request.args["name"], session["name"], spawned.value],
        "bare": bare.value,
    }


@app.get("/stream")
def stream():
    @flask.stream_with_context
    def pieces():
        for _ in range(3):
            gevent.sleep(0.005)
            yield request.args["name"]

    return pieces()


@app.get("/awaited")
async def awaited():
    await asyncio.sleep(0.01)
    return {"names": [g.name, request.args["name"]]}


@app.get("/nested")
def nested():
    with app.test_request_context("/?name=inner"):
        gevent.sleep(0.01)
        inner = request.args["name"]
    gevent.sleep(0.01)
    return {"names": [inner, request.args["name"]]}


def ask(path, name):
    with socket.create_connection(("127.0.0.1", server.server_port), 20) as line:
        line.sendall(f"GET {path}?name={name} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
        data = b""
        while piece := line.recv(65536):
            data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    return head.split()[1].decode(), body.decode()


server = WSGIServer(("127.0.0.1", 0), app, log=None)
server.start()
pool = Pool(100)
wrong = []


def check(number):
    name = f"n{number}"
    status, body = ask("/", name)
    seen = json.loads(body)
    if status != "200" or set(seen["names"]) != {name} or seen["bare"]:
        wrong.append([name, status, body])
    status, body = ask("/stream", name)
    if body != name * 3:
        wrong.append([name, status, body])
    status, body = ask("/nested", name)
    if json.loads(body)["names"] != ["inner", name]:
        wrong.append([name, status, body])
    if ON_BOLTHEAD:
        status, body = ask("/awaited", name)
        if status != "200" or set(json.loads(body)["names"]) != {name}:
            wrong.append([name, status, body])


pool.map(check, range(300))
server.stop()
print(
    json.dumps(
        {
            "flask": type(app).__module__,
            "wrong": wrong,
            "left": len(left),
            "mixed": [pair for pair in left if pair[0] != pair[1]],
            "in force": flask.has_request_context() or flask.has_app_context(),
        }
    )
)
