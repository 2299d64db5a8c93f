"""WebSockets by ASGI: the handshake, messages, hooks, and every way to end."""

from __future__ import annotations

import asyncio
import threading
import typing as t

import pytest
from asgi import ask, make_scope, run

from bolthead import (
    Blueprint,
    Bolthead,
    WebsocketDisconnected,
    abort,
    current_app,
    g,
    session,
    url_for,
    websocket,
)


class Socket:
    """The server's and the client's side of one WebSocket."""

    def __init__(self, app, path="/ws", *, denial=True, **scope):
        self.app = app
        extensions = {"websocket.http.response": {}} if denial else {}
        self.scope = make_scope(path, type="websocket", extensions=extensions, subprotocols=[])
        self.scope.update(scheme="ws", **scope)
        del self.scope["method"]
        self.incoming: asyncio.Queue = asyncio.Queue()
        self.sent: list[t.Any] = []
        self.taken = 0
        self.incoming.put_nowait({"type": "websocket.connect"})

    async def receive(self):
        message = await self.incoming.get()
        self.taken += 1
        return message

    async def send(self, message):
        self.sent.append(message)

    def say(self, data):
        key = "text" if isinstance(data, str) else "bytes"
        self.incoming.put_nowait({"type": "websocket.receive", key: data})

    def hang_up(self, code=1001):
        self.incoming.put_nowait({"type": "websocket.disconnect", "code": code})

    async def __aenter__(self):
        self.task = asyncio.create_task(self.app(self.scope, self.receive, self.send))
        return self

    async def __aexit__(self, *error):
        if error[0] is not None:
            self.task.cancel()
            await asyncio.wait({self.task})
            return
        await asyncio.wait_for(self.task, 5)

    async def until(self, count):
        """Wait until the app has sent so many messages; return them."""
        for _ in range(1000):
            if len(self.sent) >= count or self.task.done():
                break
            await asyncio.sleep(0.001)
        return self.sent

    @property
    def texts(self):
        return [m.get("text") for m in self.sent if m["type"] == "websocket.send"]

    @property
    def closing(self):
        """Code and reason of the app's close, or None."""
        closes = [m for m in self.sent if m["type"] == "websocket.close"]
        assert len(closes) <= 1
        return (closes[0]["code"], closes[0]["reason"]) if closes else None


def talk(app, path="/ws", says=(), *, hangs_up=False, **scope):
    """Say some things, and return the socket when the app has ended."""

    async def work():
        async with Socket(app, path, **scope) as socket:
            for data in says:
                socket.say(data)
            if hangs_up:
                await asyncio.sleep(0.02)
                socket.hang_up()
        return socket

    return run(work())


def test_messages_go_both_ways(app):
    """Text is ``str``, binary is ``bytes``, empty ones are messages, too."""

    @app.websocket("/ws")
    async def view():
        for _ in range(4):
            await websocket.send(await websocket.receive())

    socket = talk(app, says=["é", b"\xff", "", b""])
    assert [m["type"] for m in socket.sent] == [
        "websocket.accept",
        *["websocket.send"] * 4,
        "websocket.close",
    ]
    assert [m.get("text", m.get("bytes")) for m in socket.sent[1:5]] == ["é", b"\xff", "", b""]
    assert socket.closing == (1000, "")


def test_json(app):
    """JSON goes by the app's provider."""

    @app.websocket("/ws")
    async def view():
        await websocket.send_json(await websocket.receive_json())
        await websocket.send_json(a=1)
        await websocket.send_json(1, 2)

    assert talk(app, says=['{"b": [2]}']).texts == ['{"b": [2]}', '{"a": 1}', "[1, 2]"]


def test_iteration_ends_with_the_client(app):
    """``async for`` takes the messages and ends when the client leaves."""
    seen = []

    @app.websocket("/ws")
    async def view():
        async for message in websocket:
            seen.append(message)
        seen.append("end")

    talk(app, says=["a", "b"], hangs_up=True)
    assert seen == ["a", "b", "end"]


def test_arguments_session_and_request_data(app):
    """A WebSocket has what a request has: arguments, query, headers, cookies, g, session."""
    key = app.session_interface.get_signing_serializer(app).dumps({"user": "ada"})

    @app.websocket("/room/<int:number>")
    async def room(number):
        g.number = number
        await websocket.send_json(
            number=g.number,
            query=websocket.args["q"],
            header=websocket.headers["X-A"],
            user=session["user"],
            url=websocket.url,
            app=current_app.name,
            endpoint=websocket.endpoint,
            built=url_for("room", number=5, _external=True),
        )

    headers = [(b"host", b"localhost"), (b"x-a", b"1"), (b"cookie", f"session={key}".encode())]
    socket = talk(app, "/room/3", query_string=b"q=2", headers=headers)
    assert app.json.loads(socket.texts[0]) == {
        "number": 3,
        "query": "2",
        "header": "1",
        "user": "ada",
        "url": "ws://localhost/room/3?q=2",
        "app": "tested_app",
        "endpoint": "room",
        "built": "ws://localhost/room/5",
    }


def test_accept_with_subprotocol_and_headers(app):
    """The view chooses among what the client offers, and may add headers."""

    @app.websocket("/ws")
    async def view():
        assert websocket.requested_subprotocols == ["chat", "superchat"]
        await websocket.accept(headers={"X-B": "2"}, subprotocol="superchat")
        await websocket.accept()

    offered = ["chat", "superchat"]
    headers = [(b"host", b"localhost"), (b"sec-websocket-protocol", b"chat, superchat")]
    socket = talk(app, subprotocols=offered, headers=headers)
    assert socket.sent[0] == {
        "type": "websocket.accept",
        "headers": [(b"x-b", b"2")],
        "subprotocol": "superchat",
    }


def test_subprotocol_that_was_not_offered_is_refused(quiet):
    """The client would have to break off; the view is told before."""

    @quiet.websocket("/ws")
    async def view():
        await websocket.accept(subprotocol="other")

    assert talk(quiet).sent[0]["status"] == 500


def test_unmatched_path_is_a_404_before_the_upgrade(app):
    """A path without a WebSocket is answered, not accepted."""
    app.register_error_handler(404, lambda error: ("nothing here", 404))
    socket = talk(app, "/none")
    assert socket.sent[0]["type"] == "websocket.http.response.start"
    assert socket.sent[0]["status"] == 404
    assert socket.sent[1]["body"] == b"nothing here"
    assert talk(app, "/none", denial=False).sent == [
        {"type": "websocket.close", "code": 1000, "reason": ""}
    ]


def test_http_and_websocket_may_share_a_path(app):
    """One path can be a page and a WebSocket."""

    @app.websocket("/same")
    async def socket_view():
        await websocket.send("socket")

    app.add_url_rule("/same", "page", lambda: "page")
    assert talk(app, "/same").texts == ["socket"]
    assert app.test_client().get("/same").text == "page"


def test_wsgi_names_the_cure(app):
    """Asked for by WSGI, a WebSocket is an error that says what to do."""

    @app.websocket("/ws")
    async def view():
        pass

    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade"}
    with pytest.raises(RuntimeError, match="Serve the app by ASGI"):
        app.test_client().get("/ws", headers=upgrade)


@pytest.mark.parametrize("way", ["wsgi", "asgi"])
def test_handshake_by_http(way, caplog):
    """In production a handshake that is only an HTTP request is a 400, and told in the log once."""
    app = Bolthead("sockets_by_http")
    app.websocket("/ws")(lambda: None)
    upgrade = [("Upgrade", "websocket"), ("Connection", "Upgrade")]
    for _ in range(3):
        if way == "wsgi":
            status = app.test_client().get("/ws", headers=upgrade).status_code
        else:
            status = run(ask(app, "/ws", headers=upgrade)).status
        assert status == 400
    (line,) = caplog.messages
    assert "Serve the app by ASGI" in line


def test_proxy_outside_of_a_websocket(app):
    """The proxy says where it can be used."""
    with pytest.raises(RuntimeError, match="active WebSocket"):
        _ = websocket.headers
    with app.test_request_context(), pytest.raises(RuntimeError, match="active WebSocket"):
        _ = websocket.headers


HOOKS = ["before_websocket", "after_websocket", "teardown_websocket"]


@pytest.mark.parametrize("kind", ["plain", "async"])
def test_hooks_in_order(app, kind):
    """Hooks of app and blueprint run around the view, in threads where they are plain."""
    steps = []
    part = Blueprint("part", __name__, url_prefix="/part")

    def note(name):
        def plain(*args):
            steps.append((name, threading.current_thread().name == "MainThread"))

        async def awaited(*args):
            plain()

        return plain if kind == "plain" else awaited

    for name in HOOKS:
        getattr(app, name)(note(f"app {name}"))
        getattr(part, name)(note(f"part {name}"))
        getattr(part, name.replace("_", "_app_"))(note(f"all {name}"))
    app.teardown_appcontext(note("app context"))

    @part.websocket("/ws")
    async def view():
        steps.append(("view", True))
        await websocket.accept()

    app.register_blueprint(part)
    talk(app, "/part/ws")
    assert [name for name, _ in steps] == [
        "app before_websocket",
        "all before_websocket",
        "part before_websocket",
        "view",
        "part after_websocket",
        "all after_websocket",
        "app after_websocket",
        "part teardown_websocket",
        "all teardown_websocket",
        "app teardown_websocket",
        "app context",
    ]
    on_loop = {on_loop for name, on_loop in steps if name != "view"}
    assert on_loop == {kind == "async"}


def test_check_that_answers_refuses(app):
    """What a ``before_websocket`` function returns is the answer to the handshake."""
    called = []
    app.before_websocket(lambda: ("not you", 403))

    @app.websocket("/ws")
    async def view():
        called.append(1)

    socket = talk(app)
    assert socket.sent[0]["status"] == 403
    assert called == []


def test_abort_before_the_upgrade(app):
    """``abort`` in a view that has not accepted answers the handshake."""

    @app.websocket("/ws")
    async def view():
        abort(401)

    assert talk(app).sent[0]["status"] == 401


def test_plain_view_with_a_decorator(app):
    """A ``def`` around an ``async def`` view, as decorators of extensions make, works."""

    def decorated():
        return current_app.ensure_sync(inner)()

    async def inner():
        await websocket.send(websocket.path)

    app.websocket("/ws", endpoint="ws")(decorated)
    assert talk(app).texts == ["/ws"]


# Ends


def test_error_closes_with_1011(quiet):
    """An error in an open WebSocket closes it, and is told to teardown functions."""
    told = []
    quiet.teardown_websocket(told.append)

    @quiet.websocket("/ws")
    async def view():
        await websocket.accept()
        raise KeyError("x")

    assert talk(quiet).closing == (1011, "")
    assert isinstance(told[0], KeyError)


def test_error_before_the_upgrade_is_a_500(quiet):
    """An error before ``accept`` answers the handshake."""

    @quiet.websocket("/ws")
    async def view():
        raise KeyError("x")

    assert talk(quiet).sent[0]["status"] == 500


def test_error_is_raised_in_tests(app):
    """In testing mode the error itself reaches the server, after the close."""

    @app.websocket("/ws")
    async def view():
        await websocket.accept()
        raise KeyError("x")

    with pytest.raises(KeyError):
        talk(app)


def test_app_closes(app):
    """Code and reason are sent; afterwards nothing can be."""
    after = []

    @app.websocket("/ws")
    async def view():
        await websocket.accept()
        await websocket.close(4000, "enough")
        await websocket.close(4001)
        try:
            await websocket.send("x")
        except WebsocketDisconnected as error:
            after.append(error.code)

    assert talk(app).closing == (4000, "enough")
    assert after == [1000]


def test_close_before_accept_refuses(app):
    """Closing before ``accept`` leaves the refusal to the server: 403."""

    @app.websocket("/ws")
    async def view():
        await websocket.close()

    assert talk(app).sent == [{"type": "websocket.close", "code": 1000, "reason": ""}]


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 70000])
def test_illegal_close_codes_are_not_sent(app, code):
    """RFC 6455, 7.4: some codes are never sent."""

    @app.websocket("/ws")
    async def view():
        await websocket.accept()
        with pytest.raises(ValueError, match=str(code)):
            await websocket.close(code)

    assert talk(app).closing == (1000, "")


@pytest.mark.parametrize("code", [1000, 1001, 1003, 1007, 1011, 1014, 3000, 4999])
def test_legal_close_codes(app, code):
    """Those that an endpoint may send are sent."""

    @app.websocket("/ws")
    async def view():
        await websocket.accept()
        await websocket.close(code, "é" * 61)

    assert talk(app).closing == (code, "é" * 61)


def test_long_reason_is_refused(app):
    """A close frame holds 123 bytes of reason."""

    @app.websocket("/ws")
    async def view():
        await websocket.accept()
        with pytest.raises(ValueError, match="123 bytes"):
            await websocket.close(1000, "é" * 62)

    assert talk(app).closing == (1000, "")


def test_close_does_not_hang(app, monkeypatch):
    """A server that does not let go is waited for only so long."""
    monkeypatch.setattr("bolthead.protocols.websocket.CLOSE_TIMEOUT", 0.05)

    @app.websocket("/ws")
    async def view():
        await websocket.accept()
        await websocket.close()

    async def work():
        socket = Socket(app)
        send = socket.send

        async def hanging(message):
            if message["type"] == "websocket.close":
                await asyncio.sleep(60)
            await send(message)

        socket.send = hanging
        async with socket:
            pass

    run(work())


def test_reader_is_gone_when_the_close_is_sent(app):
    """Some servers do not close while somebody waits for a message."""
    waiting = []

    @app.websocket("/ws")
    async def view():
        await websocket.accept()
        await asyncio.sleep(0.01)
        await websocket.close()

    async def work():
        async with Socket(app) as socket:
            receive, send = socket.receive, socket.send

            async def watched():
                waiting.append(1)
                try:
                    return await receive()
                finally:
                    waiting.pop()

            async def sending(message):
                if message["type"] == "websocket.close":
                    assert not waiting
                await send(message)

            socket.receive, socket.send = watched, sending
        return socket

    assert run(work()).closing == (1000, "")


@pytest.mark.parametrize("data", ["x" * 101, "é" * 51, b"x" * 101], ids=["text", "utf-8", "bytes"])
def test_large_message_closes_with_1009(app, data):
    """A message over WEBSOCKET_MAX_MESSAGE_SIZE, in bytes, is not handed on."""
    app.config["WEBSOCKET_MAX_MESSAGE_SIZE"] = 100
    seen = []

    @app.websocket("/ws")
    async def view():
        async for message in websocket:
            seen.append(len(message))

    assert talk(app, says=["x" * 100, data]).closing[0] == 1009
    assert seen == [100]


def test_queue_is_bounded(app):
    """A view that takes no messages leaves all but a few with the server."""
    app.config["WEBSOCKET_RECEIVE_QUEUE"] = 4
    taken = []

    @app.websocket("/ws")
    async def view():
        await websocket.accept()
        await asyncio.sleep(0.05)
        taken.append(socket.taken)
        for number in range(50):
            assert await websocket.receive() == str(number)

    async def work():
        nonlocal socket
        socket = Socket(app)
        for number in range(50):
            socket.say(str(number))
        async with socket:
            pass

    socket = None
    run(work())
    assert taken == [5]


def test_disconnect_cancels_a_view_that_does_not_receive(app):
    """A view that only sends, or waits for something else, is cancelled as under Quart."""
    ended = []
    app.teardown_websocket(ended.append)

    @app.websocket("/ws")
    async def view():
        await websocket.accept()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    talk(app, hangs_up=True)
    assert ended[0] == "cancelled"


def test_disconnect_ends_receive(app):
    """A view that waits for a message is told with an ``asyncio.CancelledError``, and the code."""
    ended = []

    @app.websocket("/ws")
    async def view():
        try:
            await websocket.receive()
        except asyncio.CancelledError as error:
            ended.append(error.code)
            raise

    talk(app, hangs_up=True)
    assert ended == [1001]


def test_messages_before_the_disconnect_are_dealt_with(app):
    """A view that works on a message is not cancelled because the client has left meanwhile."""
    done = []

    @app.websocket("/ws")
    async def view():
        async for message in websocket:
            await asyncio.sleep(0.05)
            done.append(message)

    talk(app, says=["a", "b", "c"], hangs_up=True)
    assert done == ["a", "b", "c"]


def test_view_that_never_comes_back_is_cancelled(app, monkeypatch):
    """After a while it is, though."""
    monkeypatch.setattr("bolthead.protocols.websocket.DISCONNECT_GRACE", 0.05)

    @app.websocket("/ws")
    async def view():
        await websocket.receive()
        await asyncio.sleep(60)

    talk(app, says=["a"], hangs_up=True)


def test_send_to_a_client_that_is_gone(app):
    """``send`` says so, whether the server told of it or refused the message."""
    seen = []

    @app.websocket("/ws")
    async def view():
        await websocket.accept()
        try:
            await websocket.send("x")
        except WebsocketDisconnected as error:
            seen.append(error.code)
            raise

    async def work():
        socket = Socket(app)
        send = socket.send

        async def broken(message):
            if message["type"] == "websocket.send":
                raise ConnectionResetError
            await send(message)

        socket.send = broken
        async with socket:
            pass

    run(work())
    assert seen == [1006]


def test_server_stop_closes_with_1001(app):
    """The end of the worker closes what is open."""
    ended = []

    @app.websocket("/ws")
    async def view():
        try:
            async for _ in websocket:
                pass
        finally:
            ended.append("view")

    async def work():
        said: asyncio.Queue = asyncio.Queue()
        said.put_nowait({"type": "lifespan.startup"})

        async def send(message):
            pass

        server = asyncio.create_task(app({"type": "lifespan"}, said.get, send))
        async with Socket(app) as socket:
            socket.say("a")
            await socket.until(1)
            await asyncio.sleep(0.01)
            said.put_nowait({"type": "lifespan.shutdown"})
            await server
        return socket

    assert run(work()).closing == (1001, "")
    assert ended == ["view"]


def test_servers_cancellation_closes_with_1001(app):
    """Where the server cancels the WebSocket's task, it closes and the cancellation goes on."""

    @app.websocket("/ws")
    async def view():
        await websocket.accept()
        await asyncio.sleep(60)

    async def work():
        socket = Socket(app)
        task = asyncio.create_task(app(socket.scope, socket.receive, socket.send))
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return socket

    assert run(work()).closing == (1001, "")


HOST = (b"host", b"localhost")
KEY = b"dGhlIHNhbXBsZSBub25jZQ=="


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"http_version": "1.0"}, 400),
        ({"headers": [HOST, (b"sec-websocket-version", b"8")]}, 426),
        ({"headers": [HOST, (b"sec-websocket-version", b"13")]}, None),
        ({"headers": [HOST, (b"sec-websocket-key", KEY)]}, None),
        ({"headers": [HOST, (b"sec-websocket-key", KEY[:-4])]}, 400),
        ({"headers": [HOST, (b"sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ!!")]}, 400),
        ({"headers": [HOST, (b"sec-websocket-key", KEY), (b"sec-websocket-key", KEY)]}, 400),
        ({"headers": [(b"sec-websocket-key", KEY)]}, 400),
        ({"http_version": "2"}, None),
    ],
    ids=[
        "HTTP/1.0",
        "version 8",
        "version 13",
        "key",
        "short key",
        "key that is no base64",
        "two keys",
        "no host",
        "HTTP/2",
    ],
)
def test_handshake(app, changes, status):
    """Only a handshake of WebSocket version 13 over HTTP/1.1 or later is accepted."""

    @app.websocket("/ws")
    async def view():
        await websocket.accept()

    sent = talk(app, **changes).sent
    assert sent[0].get("status") == status
    if status == 426:
        assert (b"sec-websocket-version", b"13") in sent[0]["headers"]


def test_data_of_another_type_is_refused(app):
    """What is no message is named; see ``send_json``."""

    @app.websocket("/ws")
    async def view():
        with pytest.raises(TypeError, match="not dict"):
            await websocket.send({})

    talk(app)


def test_many_sockets_leave_nothing(app):
    """Hundreds of WebSockets, half of whose clients just leave, leave nothing open."""

    @app.websocket("/ws")
    async def view():
        async for message in websocket:
            await websocket.send(message)

    async def one(number):
        async with Socket(app) as socket:
            socket.say("x")
            await socket.until(2)
            socket.hang_up()

    async def work():
        await asyncio.gather(*map(one, range(300)))

    run(work())
    assert not app._lifespan.websockets
