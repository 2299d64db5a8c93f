"""The test client in asynchronous tests: requests, streams and WebSockets by ASGI."""

from __future__ import annotations

import asyncio
import json
import threading

import pytest
from asgi import run

from bolthead import (
    Event,
    EventStream,
    Flask,
    current_app,
    redirect,
    request,
    session,
    stream_body,
    websocket,
)
from bolthead.testing import FlaskClient, WebsocketClosed, WebsocketRefused


def talk(app, work):
    """Run a coroutine function with the app's asynchronous client."""

    async def begin():
        async with app.test_client() as client:
            return await work(client)

    return run(begin())


@pytest.fixture
def app(app):
    @app.get("/plain")
    def plain():
        return {"main": threading.current_thread() is threading.main_thread()}

    @app.get("/awaited")
    async def awaited():
        await asyncio.sleep(0)
        return {
            "main": threading.current_thread() is threading.main_thread(),
            "by asgi": "bolthead.scope" in request.environ,
        }

    @app.route("/echo", methods=["POST", "PUT", "PATCH", "DELETE"])
    async def echo():
        return {
            "method": request.method,
            "form": request.form.to_dict(),
            "json": request.get_json(silent=True),
            "files": [len(file.read()) for file in request.files.values()],
            "query": request.args.to_dict(),
            "header": request.headers.get("X-A"),
            "environ": request.environ.get("own.key"),
        }

    @app.get("/fails")
    async def fails():
        raise LookupError("in the view")

    return app


def test_requests_go_by_asgi(app):
    """Async views run on the test's loop, plain ones in threads."""

    async def work(client):
        return (await client.get("/plain")).json, (await client.get("/awaited")).json

    assert talk(app, work) == ({"main": False}, {"main": True, "by asgi": True})


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_what_a_request_carries(app, method):
    """Forms, JSON, files, query, headers and the environ arrive as by the test client."""

    async def work(client):
        ask = getattr(client, method)
        form = await ask(
            "/echo?q=1", data={"a": "ü", "f": (__import__("io").BytesIO(b"xyz"), "f.txt")}
        )
        sent = await ask(
            "/echo", json=[1], headers={"X-A": "2"}, environ_overrides={"own.key": "own"}
        )
        return form.json, sent.json

    form, sent = talk(app, work)
    assert form["form"] == {"a": "ü"}
    assert form["files"] == [3]
    assert form["query"] == {"q": "1"}
    assert form["method"] == method.upper()
    assert (sent["json"], sent["header"], sent["environ"]) == ([1], "2", "own")


def test_answers(app):
    """Status, headers, text and the request are those of the test client."""

    @app.get("/answer")
    async def answer():
        return "text", 418, {"X-B": "1"}

    async def work(client):
        head = await client.head("/answer")
        options = await client.options("/answer")
        return await client.get("/answer"), head, options

    response, head, options = talk(app, work)
    assert (response.status, response.text) == ("418 I'M A TEAPOT", "text")
    assert response.headers["X-B"] == "1"
    assert response.request.path == "/answer"
    assert (head.status_code, head.data) == (418, b"")
    assert "GET" in options.allow


def test_redirects_and_cookies(app):
    """Redirects are followed where asked for, and cookies are kept, also for plain requests."""

    @app.get("/login")
    async def login():
        session["user"] = "ada"
        return redirect("/me")

    @app.get("/me")
    async def me():
        return session.get("user", "nobody")

    async def begin():
        client = app.test_client()
        async with client as asynchronous:
            before = (await asynchronous.get("/me")).text
            answer = await asynchronous.get("/login", follow_redirects=True)
            with asynchronous.session_transaction() as changed:
                user = changed["user"]
            asynchronous.set_cookie("a", "1")
            value = asynchronous.get_cookie("a").value
            asynchronous.delete_cookie("a")
        return before, answer, user, value, client.get("/me").text

    before, answer, *rest = run(begin())
    assert before == "nobody"
    assert (answer.text, [one.status_code for one in answer.history]) == ("ada", [302])
    assert rest == ["ada", "1", "ada"]


def test_errors_are_raised_in_testing_mode(app):
    """What a view raises reaches the test, as with the test client."""

    async def work(client):
        with pytest.raises(LookupError, match="in the view"):
            await client.get("/fails")

    talk(app, work)


def test_errors_are_answered_otherwise(quiet):
    """Outside of testing mode an error is a 500."""

    @quiet.get("/wrong")
    async def wrong():
        raise LookupError("in the view")

    async def work(client):
        return (await client.get("/wrong")).status_code

    assert talk(quiet, work) == 500


def test_many_at_a_time(app):
    """Requests of one client wait for each other where the test lets them."""
    gate = asyncio.Event()

    @app.get("/waits")
    async def waits():
        await gate.wait()
        return "went on"

    @app.get("/opens")
    async def opens():
        gate.set()
        return "open"

    async def work(client):
        waiting = asyncio.create_task(client.get("/waits"))
        await asyncio.sleep(0.01)
        opened = await client.get("/opens")
        return opened.text, (await waiting).text

    assert talk(app, work) == ("open", "went on")


def test_request_that_is_broken_off(app):
    """Cancelling a request is a client that goes away: the view is cancelled."""
    ended = []

    @app.get("/waits")
    async def waits():
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("view")

    async def work(client):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.get("/waits"), 0.05)
        for _ in range(100):
            if ended:
                break
            await asyncio.sleep(0.01)

    talk(app, work)
    assert ended == ["view"]


def test_start_and_stop(app):
    """Start-up functions run at the beginning of the block, shut-down functions at its end."""
    steps = []

    @app.on_startup
    async def start():
        steps.append("start")

    @app.on_shutdown
    def stop():
        steps.append("stop")

    @app.post("/task")
    async def task():
        current_app.add_background_task(steps.append, "task")
        return ""

    async def work(client):
        await client.get("/plain")
        await client.post("/task")
        steps.append("work")

    talk(app, work)
    assert steps[0] == "start"
    assert sorted(steps[1:3]) == ["task", "work"]
    assert steps[3:] == ["stop"]


def test_stream(app):
    """Pieces are taken one by one; when the block ends, the generator is closed."""
    made, closed = [], []

    @app.get("/feed")
    async def feed():
        async def events():
            try:
                for number in range(1000):
                    made.append(number)
                    yield Event({"number": number}, id=number)
            finally:
                closed.append(True)

        return EventStream(events())

    async def work(client):
        async with client.stream("/feed") as answer:
            assert answer.status_code == 200
            assert answer.headers["Content-Type"].startswith("text/event-stream")
            lines = []
            async for line in answer.lines():
                lines.append(line)
                if line == "id: 2":
                    break
        return lines

    lines = talk(app, work)
    assert [json.loads(line[6:]) for line in lines if line.startswith("data")] == [
        {"number": 0},
        {"number": 1},
        {"number": 2},
    ]
    assert len(made) < 10
    assert closed == [True]


def test_stream_to_its_end(app):
    """A stream may be read to its end; its cookies count, too."""

    @app.get("/count")
    async def count():
        async def numbers():
            for number in range(3):
                yield f"{number}\n"

        return numbers(), {"Set-Cookie": "seen=1"}

    async def work(client):
        async with client.stream("/count") as answer:
            lines = [line async for line in answer.lines()]
        return lines, client.get_cookie("seen").value

    assert talk(app, work) == (["0", "1", "2"], "1")


def test_stream_that_fails(app):
    """An error after the beginning of the answer is raised at the end."""

    @app.get("/breaks")
    async def breaks():
        async def pieces():
            yield "a"
            raise LookupError("amidst")

        return pieces()

    async def work(client):
        pieces = []
        with pytest.raises(LookupError, match="amidst"):
            async with client.stream("/breaks") as answer:
                pieces += [piece async for piece in answer]
        return pieces

    assert talk(app, work) == [b"a"]


def test_body_that_is_streamed(app):
    """A view that takes its body as a stream gets it."""

    @app.post("/count")
    @stream_body
    async def count():
        return str(sum([len(chunk) async for chunk in request.stream]))

    async def work(client):
        return (await client.post("/count", data=b"x" * 100_000)).text

    assert talk(app, work) == "100000"


# WebSockets


@pytest.fixture
def sockets(app):
    @app.websocket("/echo/<name>")
    async def talk_back(name):
        await websocket.send(f"{name}, {websocket.args.get('q')}, {session.get('user')}")
        async for message in websocket:
            await websocket.send(message)

    @app.websocket("/chosen")
    async def chosen():
        await websocket.accept({"X-C": "3"}, websocket.requested_subprotocols[-1])
        await websocket.send_json(await websocket.receive_json())
        await websocket.close(4000, "enough")

    @app.websocket("/breaks")
    async def breaks():
        await websocket.receive()
        raise LookupError("in the socket")

    @app.websocket("/refuses")
    async def refuses():
        return None

    @app.before_websocket
    def check():
        if websocket.path == "/refuses":
            return {"why": "not you"}, 403
        return None

    return app


def test_websocket(sockets):
    """Messages go both ways, with the client's cookies; the block's end closes it."""

    async def work(client):
        with client.session_transaction() as changed:
            changed["user"] = "ada"
        async with client.websocket("/echo/ws?q=1") as ws:
            first = await ws.receive()
            await ws.send("text")
            await ws.send(b"bytes")
            return first, await ws.receive(), await ws.receive()

    assert talk(sockets, work) == ("ws, 1, ada", "text", b"bytes")


def test_websocket_of_the_app(sockets):
    """The app's choice, its headers and its close are seen."""

    async def work(client):
        async with client.websocket("/chosen", subprotocols=["a", "b"]) as ws:
            assert (ws.subprotocol, ws.headers["X-C"]) == ("b", "3")
            await ws.send_json({"x": [1]})
            assert [message async for message in ws] == ['{"x": [1]}']
            for action in (ws.receive(), ws.send("more")):
                with pytest.raises(WebsocketClosed) as closed:
                    await action
            return closed.value.code, closed.value.reason

    assert talk(sockets, work) == (4000, "enough")


@pytest.mark.parametrize(("path", "status"), [("/refuses", 403), ("/none", 404)])
def test_websocket_that_is_refused(sockets, path, status):
    """The app's answer is given with the exception."""

    async def work(client):
        with pytest.raises(WebsocketRefused) as refused:
            async with client.websocket(path):
                pytest.fail("it was accepted")
        return refused.value.response

    response = talk(sockets, work)
    assert response.status_code == status
    if status == 403:
        assert response.json == {"why": "not you"}


def test_error_in_a_websocket(sockets):
    """In testing mode the view's error is raised; else the WebSocket is closed with 1011."""

    async def work(client):
        async with client.websocket("/breaks") as ws:
            await ws.send("go")
            await ws.receive()

    with pytest.raises(LookupError, match="in the socket"):
        talk(sockets, work)
    sockets.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    sockets.logger.disabled = True
    try:
        with pytest.raises(WebsocketClosed, match="1011"):
            talk(sockets, work)
    finally:
        sockets.logger.disabled = False


def test_subclass_of_the_client():
    """An app's own client class is used, with what it does to each request."""

    class Own(FlaskClient):
        def open(self, *args, **kwargs):
            kwargs.setdefault("headers", {})["X-Own"] = "1"
            return super().open(*args, **kwargs)

    app = Flask("tested_app")
    app.test_client_class = Own

    @app.get("/")
    async def index():
        return request.headers["X-Own"]

    async def work(client):
        return (await client.get("/")).text

    assert talk(app, work) == "1"
