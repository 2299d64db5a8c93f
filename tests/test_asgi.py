"""Requests by ASGI, through the public door: the app is called as servers call it."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import gc
import inspect
import io
import json
import logging
import sys
import threading
import time
import tracemalloc
from unittest.mock import MagicMock, call

import pytest
from asgi import Client, ask, make_scope, run
from werkzeug.routing import BaseConverter

from bolthead import (
    Blueprint,
    Flask,
    Response,
    abort,
    after_this_request,
    copy_current_request_context,
    current_app,
    g,
    has_app_context,
    has_request_context,
    request,
    request_started,
    send_file,
    session,
    stream_body,
    stream_with_context,
    url_for,
)
from bolthead.ctx import RequestContext
from bolthead.current import _cv_request
from bolthead.views import MethodView, View

MAIN = "MainThread"


def thread():
    return threading.current_thread().name


def plain(function):
    return function


def awaited(function):
    """The same function as ``async def``."""

    async def wrapper(*args, **kwargs):
        await asyncio.sleep(0)
        return function(*args, **kwargs)

    wrapper.__name__ = function.__name__
    return wrapper


KINDS = {"plain": plain, "awaited": awaited}


# Where functions run


def test_plain_view_runs_in_a_worker_thread(app):
    """A ``def`` view does not run on the loop."""
    app.add_url_rule("/", "index", thread)
    assert run(ask(app)).text.startswith("bolthead-worker-")


def test_awaited_view_runs_on_the_loop(app):
    """An ``async def`` view runs where the server's loop runs."""
    app.add_url_rule("/", "index", awaited(thread))
    assert run(ask(app)).text == MAIN


def test_blocked_thread_does_not_block_the_loop(app):
    """While ``def`` views wait, ``async def`` ones are answered."""
    go = threading.Event()
    app.add_url_rule("/blocked", "blocked", lambda: str(go.wait(5)))
    app.add_url_rule("/free", "free", awaited(lambda: "free"))

    async def talk():
        blocked = asyncio.create_task(ask(app, "/blocked"))
        answers = [(await ask(app, "/free")).text for _ in range(10)]
        go.set()
        return answers, (await blocked).text

    assert run(talk()) == (["free"] * 10, "True")


def test_threads_are_bounded(app):
    """No more than WORKER_THREADS ``def`` views run at a time; the others wait their turn."""
    app.config["WORKER_THREADS"] = 3
    running, most = [], []

    def view():
        running.append(1)
        most.append(len(running))
        time.sleep(0.01)
        running.pop()
        return "done"

    app.add_url_rule("/", "index", view)

    async def talk():
        return await asyncio.gather(*(ask(app) for _ in range(20)))

    assert [answer.text for answer in run(talk())] == ["done"] * 20
    assert 1 < max(most) <= 3


@pytest.mark.parametrize("hooks", KINDS)
@pytest.mark.parametrize("view", KINDS)
def test_order_is_the_same_in_every_mixture(app, view, hooks):
    """Whichever functions are ``async def``, each step is taken once, in order."""
    steps = []

    def note(name, result=None, kind=hooks):
        def function(*args):
            steps.append((name, request.path))
            return args[0] if name.startswith("after") else result

        return KINDS[kind](function)

    for number in (1, 2):
        app.before_request(note(f"before {number}"))
        app.after_request(note(f"after {number}"))
        app.teardown_request(note(f"teardown {number}"))
    app.url_value_preprocessor(lambda endpoint, values: steps.append(("values", request.path)))
    app.add_url_rule("/x", "x", note("view", "answer", view))
    assert run(ask(app, "/x")).text == "answer"
    assert [name for name, _ in steps] == [
        "values",
        "before 1",
        "before 2",
        "view",
        "after 2",
        "after 1",
        "teardown 2",
        "teardown 1",
    ]
    assert {path for _, path in steps} == {"/x"}


@pytest.mark.parametrize("kind", KINDS)
def test_context_variables_are_carried(app, kind):
    """What one function sets, the next one sees, in whatever thread each runs."""
    variable = contextvars.ContextVar("variable", default="unset")
    app.before_request(lambda: variable.set("before") and None)

    @KINDS[kind]
    def view():
        seen = variable.get()
        variable.set("view")
        return seen

    app.add_url_rule("/", "index", view)

    @app.after_request
    async def after(response):
        response.headers["Seen"] = variable.get()
        return response

    answer = run(ask(app))
    assert (answer.text, answer.header("seen")) == ("before", "view")
    assert variable.get() == "unset"


@pytest.mark.parametrize("kind", KINDS)
def test_state_is_that_of_the_request(app, kind):
    """g, session, flashes and after_this_request belong to one request, in both kinds of view."""

    @KINDS[kind]
    def view(number):
        g.number = number
        session["number"] = number

        @after_this_request
        def add(response):
            response.headers["Number"] = str(g.number)
            return response

        return url_for("view", number=number)

    app.add_url_rule("/<int:number>", "view", view)

    async def talk():
        return await asyncio.gather(*(ask(app, f"/{number}") for number in range(20)))

    for number, answer in enumerate(run(talk())):
        assert answer.text == f"/{number}"
        assert answer.header("number") == str(number)
        assert "session=" in answer.header("set-cookie")


@pytest.mark.parametrize("handler", KINDS)
@pytest.mark.parametrize("view", KINDS)
def test_error_handlers(quiet, view, handler):
    """A handler answers an error of either kind of view."""

    @KINDS[view]
    def fail():
        raise KeyError("x")

    quiet.register_error_handler(KeyError, KINDS[handler](lambda error: (repr(error), 400)))
    quiet.add_url_rule("/", "fail", fail)
    answer = run(ask(quiet))
    assert (answer.status, answer.text) == (400, "KeyError('x')")


@pytest.mark.parametrize("kind", KINDS)
def test_unhandled_error(quiet, kind):
    """An error that nothing handles is a 500, and teardown functions are told of it."""
    told = []
    quiet.teardown_request(KINDS[kind](lambda error: told.append(repr(error))))
    quiet.add_url_rule("/", "fail", KINDS[kind](lambda: 1 // 0))
    assert run(ask(quiet)).status == 500
    assert len(told) == 1
    assert "ZeroDivisionError" in told[0]


def test_error_is_raised_in_tests(app):
    """In testing mode the error itself reaches the server."""
    app.add_url_rule("/", "fail", awaited(lambda: 1 // 0))
    with pytest.raises(ZeroDivisionError):
        run(ask(app))


@pytest.mark.parametrize("kind", KINDS)
def test_failing_teardown_does_not_cost_the_answer(quiet, kind):
    """The answer that was ready is sent, though a teardown function fails."""
    quiet.teardown_request(KINDS[kind](lambda error: 1 // 0))
    quiet.add_url_rule("/", "index", awaited(lambda: "ready"))
    assert run(ask(quiet)).text == "ready"


def test_miss_has_the_hooks(app):
    """``before_request`` runs on a 404, also where it is ``async def``."""
    app.before_request(awaited(lambda: setattr(g, "seen", True)))
    app.register_error_handler(404, awaited(lambda error: (f"none {g.seen}", 404)))
    assert run(ask(app, "/none")).text == "none True"


def test_blueprint_hooks(app):
    """A blueprint's ``async def`` hooks run for its routes only."""
    part = Blueprint("part", __name__, url_prefix="/part")
    part.before_request(awaited(lambda: setattr(g, "seen", "part")))
    part.add_url_rule("/", "index", lambda: g.get("seen", "none"))
    app.add_url_rule("/", "index", lambda: g.get("seen", "none"))
    app.register_blueprint(part)
    assert run(ask(app, "/part/")).text == "part"
    assert run(ask(app, "/")).text == "none"


def test_class_based_views_are_awaited(app):
    """The ``async def`` methods of a class run on the loop."""

    class Item(MethodView):
        async def get(self, number):
            return f"{thread()} {number}"

        async def post(self, number):
            return "posted"

    class Whole(View):
        init_every_request = False

        async def dispatch_request(self):
            return thread()

    app.add_url_rule("/item/<int:number>", view_func=Item.as_view("item"))
    app.add_url_rule("/whole", view_func=Whole.as_view("whole"))
    assert run(ask(app, "/item/3")).text == f"{MAIN} 3"
    assert run(ask(app, "/item/3", "POST")).text == "posted"
    assert run(ask(app, "/item/3", "DELETE")).status == 405
    assert run(ask(app, "/whole")).text == MAIN


@pytest.mark.parametrize("kind", ["plain", "async"])
def test_decorator_around_a_class_based_view_is_not_passed_by(app, kind):
    """A decorator that copies the attributes of an ``async def`` class's view is called for it."""

    class Secret(MethodView):
        async def get(self, number):
            return f"secret {number}"

    def members_only(view):
        @functools.wraps(view)
        def checked(**values):
            if "Authorization" not in request.headers:
                abort(401)
            return view(**values)

        @functools.wraps(view)
        async def checked_async(**values):
            if "Authorization" not in request.headers:
                abort(401)
            return current_app.ensure_sync(view)(**values)

        return checked if kind == "plain" else checked_async

    app.add_url_rule("/<int:number>", view_func=members_only(Secret.as_view("secret")))
    assert run(ask(app, "/3")).status == 401
    assert run(ask(app, "/3", headers=[("authorization", "Basic eDp5")])).text == "secret 3"


def test_mocks_are_called_as_plain_functions(app):
    """A mock, which has every attribute, is called once and as what it is."""
    hook = MagicMock(return_value=None)
    app.before_request(hook)
    app.add_url_rule("/", "index", MagicMock(return_value="x"), methods=["GET"])
    app.add_url_rule("/async", "async", awaited(lambda: "x"))
    for path in ("/", "/async"):
        assert run(ask(app, path)).text == "x"
    assert app.test_client().get("/").text == "x"
    assert hook.mock_calls == [call()] * 3


def test_plain_code_calls_async_code_on_the_servers_loop(app):
    """What a ``def`` view or a decorator calls through ``ensure_sync`` shares the server's loop."""
    loops = []

    async def inner():
        loops.append(asyncio.get_running_loop())
        return request.path

    app.add_url_rule("/", "index", lambda: current_app.ensure_sync(inner)())

    async def talk():
        loops.append(asyncio.get_running_loop())
        return await ask(app)

    assert run(talk()).text == "/"
    assert loops[0] is loops[1]


def test_replaced_methods_are_called(app):
    """Methods replaced on the instance are called, for ``async def`` views, too."""
    called = []
    dispatch = app.dispatch_request
    app.dispatch_request = lambda: called.append(thread()) or dispatch()
    app.add_url_rule("/", "index", awaited(thread))
    assert run(ask(app)).text == MAIN
    assert called[0].startswith("bolthead-worker-")


def test_signals_are_sent(app):
    """Receivers of signals are called under ASGI."""
    seen = []

    def receive(sender, **about):
        seen.append(request.path)

    app.add_url_rule("/a", "a", awaited(lambda: "a"))
    with request_started.connected_to(receive, app):
        run(ask(app, "/a"))
    assert seen == ["/a"]


def test_own_converter_does_not_run_on_the_loop(app):
    """A converter of the app's own may wait, so it is asked in a worker thread."""
    threads = []

    class Slow(BaseConverter):
        def to_python(self, value):
            threads.append(thread())
            return value

    app.url_map.converters["slow"] = Slow
    app.add_url_rule("/<slow:name>", "index", awaited(lambda name: name))
    assert run(ask(app, "/x")).text == "x"
    assert all(name.startswith("bolthead-worker-") for name in threads)


def test_sessions_of_others_are_kept_off_the_loop(app):
    """An interface of the app's own is opened and saved in a worker thread."""
    threads = []

    class Interface(type(app.session_interface)):
        def open_session(self, app, request):
            threads.append(thread())
            return super().open_session(app, request)

        def save_session(self, *args):
            threads.append(thread())
            return super().save_session(*args)

    app.session_interface = Interface()
    app.add_url_rule("/", "index", awaited(lambda: str(session.get("x"))))
    run(ask(app))
    assert len(threads) == 2
    assert all(name.startswith("bolthead-worker-") for name in threads)


# One object, two protocols


def test_app_tells_the_protocols_apart_and_says_that_it_is_async(app):
    """The same object answers by WSGI and by ASGI; servers that ask are told of ASGI."""
    app.add_url_rule("/", "index", awaited(lambda: "both"))
    assert app.test_client().get("/").text == "both"
    assert run(ask(app)).text == "both"
    asks = inspect if sys.version_info >= (3, 12) else asyncio
    assert asks.iscoroutinefunction(app.__call__)


def test_asgi_app_can_be_wrapped(app):
    """``app.asgi_app`` takes a middleware as ``app.wsgi_app`` does."""
    app.add_url_rule("/x", "x", awaited(lambda: request.headers["X-Added"]))
    inner = app.asgi_app

    async def middleware(scope, receive, send):
        scope["headers"] = [*scope["headers"], (b"x-added", b"yes")]
        await inner(scope, receive, send)

    app.asgi_app = middleware
    assert run(ask(app, "/x")).text == "yes"


def test_wsgi_middleware_counts_under_asgi(app):
    """A wrapped ``wsgi_app`` (ProxyFix, say) is not lost: the request goes through it."""
    inner = app.wsgi_app

    def middleware(environ, start_response):
        environ["REMOTE_ADDR"] = "10.0.0.9"
        return inner(environ, start_response)

    app.wsgi_app = middleware
    app.add_url_rule("/", "index", awaited(lambda: request.remote_addr))
    assert run(ask(app)).text == "10.0.0.9"


def test_unknown_scope_is_refused(app):
    """A scope of another type is an error that says so."""
    with pytest.raises(RuntimeError, match="'http', 'websocket' and 'lifespan'"):
        run(app({"type": "other"}, Client().receive, Client().send))


# The environ

ENVIRONS = {
    "query": ({"query_string": b"a=%C3%A9&a=2"}, lambda: request.args.getlist("a"), ["é", "2"]),
    "https": ({"scheme": "https"}, lambda: request.is_secure, True),
    "client": ({"client": ("10.0.0.1", 5)}, lambda: request.remote_addr, "10.0.0.1"),
    "no client": ({"client": None}, lambda: request.remote_addr, None),
    "no server": ({"server": None, "headers": []}, lambda: request.host, "localhost"),
    "unix socket": (
        {"server": ("/run/app.sock", None)},
        lambda: request.environ["SERVER_PORT"],
        "80",
    ),
    "version": ({"http_version": "2"}, lambda: request.environ["SERVER_PROTOCOL"], "HTTP/2"),
    "mount, path below": (
        {"root_path": "/m"},
        lambda: [request.root_path, request.path],
        ["/m", "/x"],
    ),
    "mount, whole path": (
        {"root_path": "/m", "path": "/m/x", "raw_path": b"/m/x"},
        lambda: [request.root_path, request.path],
        ["/m", "/x"],
    ),
    "several headers": (
        {"headers": [(b"x-a", b"1"), (b"x-a", b"2")]},
        lambda: request.headers["X-A"],
        "1,2",
    ),
    "several cookies": (
        {"headers": [(b"cookie", b"a=1"), (b"cookie", b"b=2")]},
        lambda: dict(request.cookies),
        {"a": "1", "b": "2"},
    ),
    "header with an underscore": (
        {"headers": [(b"x_real_ip", b"1.1.1.1")]},
        lambda: request.headers.get("X-Real-Ip"),
        None,
    ),
    "latin header": (
        {"headers": [(b"x-a", "é".encode())]},
        lambda: request.headers["X-A"],
        "é".encode().decode("latin-1"),
    ),
    "body terminated": ({}, lambda: request.environ["wsgi.input_terminated"], True),
    "query stays encoded": (
        {"query_string": b"a=%2F"},
        lambda: request.environ["QUERY_STRING"],
        "a=%2F",
    ),
    "raw address": (
        {"raw_path": b"/%78", "query_string": b"q"},
        lambda: request.environ["REQUEST_URI"],
        "/%78?q",
    ),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("changes", "look", "expected"), ENVIRONS.values(), ids=ENVIRONS)
def test_scope_becomes_environ(app, changes, look, expected, kind):
    """The request is read from whatever a server puts into the scope."""
    app.add_url_rule("/x", "x", KINDS[kind](lambda: {"found": look()}))
    client = Client()
    scope = {**make_scope("/x"), **changes}
    run(app(scope, client.receive, client.send))
    assert json.loads(client.answer.text) == {"found": expected}


def test_path_of_other_bytes(app):
    """A path's bytes that are not UTF-8 are taken from the raw path, as under WSGI."""
    app.add_url_rule("/<name>", "x", awaited(lambda name: request.environ["PATH_INFO"]))
    scope = make_scope("/�", raw_path=b"/%ff%C3%A9"[:4])
    client = Client()
    run(app(scope, client.receive, client.send))
    assert client.answer.text == "/\xff"


# Bodies


@pytest.mark.parametrize("kind", KINDS)
def test_forms_json_and_files_are_plain_calls(app, kind):
    """The body is there before the view is called: no view has to await it."""

    @KINDS[kind]
    def view():
        return {
            "form": dict(request.form),
            "json": request.get_json(silent=True),
            "files": {name: file.read().decode() for name, file in request.files.items()},
        }

    app.add_url_rule("/", "index", view, methods=["POST"])
    answer = run(ask(app, "/", "POST", b'{"a": 1}', headers=[("content-type", "application/json")]))
    assert json.loads(answer.text)["json"] == {"a": 1}
    form = [("content-type", "application/x-www-form-urlencoded")]
    answer = run(ask(app, "/", "POST", b"a=1&b=2", headers=form))
    assert json.loads(answer.text)["form"] == {"a": "1", "b": "2"}
    parts = (
        b'--x\r\nContent-Disposition: form-data; name="f"; filename="f.txt"\r\n\r\n'
        b"content\r\n--x--\r\n"
    )
    many = [("content-type", "multipart/form-data; boundary=x")]
    answer = run(ask(app, "/", "POST", parts, headers=many))
    assert json.loads(answer.text)["files"] == {"f": "content"}


async def post(app, parts, path="/", headers=(("transfer-encoding", "chunked"),)):
    client = Client(parts)
    await app(make_scope(path, "POST", headers), client.receive, client.send)
    return client


@pytest.mark.parametrize("kind", KINDS)
def test_large_body_is_on_disk(app, kind):
    """Beyond 1 MB a body is not held in memory."""

    @KINDS[kind]
    def view():
        stream = request.environ["wsgi.input"]
        size = sum(map(len, iter(lambda: request.stream.read(65536), b"")))
        return f"{size} {isinstance(stream, io.BytesIO)}"

    app.add_url_rule("/", "index", view, methods=["POST"])
    chunk = b"x" * 100_000
    tracemalloc.start()
    client = run(post(app, [chunk] * 300))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert client.answer.text == "30000000 False"
    assert peak < 10_000_000


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "headers",
    [[("transfer-encoding", "chunked")], [("content-length", "30")]],
    ids=["chunked", "length"],
)
def test_body_over_the_limit_is_not_read(app, kind, headers):
    """A body is read no further than MAX_CONTENT_LENGTH; whoever asks for it gets a 413."""
    app.config["MAX_CONTENT_LENGTH"] = 10
    app.add_url_rule("/", "index", KINDS[kind](lambda: request.get_data()), methods=["POST"])
    app.add_url_rule("/no", "no", KINDS[kind](lambda: "not asked"), methods=["POST"])
    client = run(post(app, [b"x" * 6] * 5, headers=headers))
    assert client.answer.status == 413
    assert run(post(app, [b"x" * 6] * 5, "/no", headers=headers)).answer.text == "not asked"
    assert run(post(app, [b"x" * 5] * 2, headers=[("content-length", "10")])).answer.status == 200


def test_plain_view_may_raise_its_own_limit(app):
    """``request.max_content_length`` counts, too: the rest is then read while the view waits."""
    app.config["MAX_CONTENT_LENGTH"] = 10

    def view():
        request.max_content_length = 1000
        return str(len(request.get_data()))

    app.add_url_rule("/", "index", view, methods=["POST"])
    assert run(post(app, [b"x" * 6] * 50)).answer.text == "300"


def test_no_view_is_called_for_half_a_body(app):
    """A client that goes away before its body is complete has no view called."""
    called = []
    app.add_url_rule("/", "index", lambda: called.append(1) or "x", methods=["POST"])
    client = Client([b"half", b"never"])

    async def receive():
        if len(client._parts) == 1:
            return {"type": "http.disconnect"}
        return await client.receive()

    run(app(make_scope("/", "POST", [("content-length", "9")]), receive, client.send))
    assert called == []
    assert client.answer.status is None


def test_streamed_body(app):
    """A view marked with ``stream_body`` takes the chunks while they arrive."""

    @app.post("/")
    @stream_body
    async def view():
        return [len(chunk) async for chunk in request.stream]

    assert json.loads(run(post(app, [b"abc", b"", b"de"])).answer.text) == [3, 2]


def test_streamed_body_keeps_the_limit(app):
    """A streamed body over the limit is a 413."""
    app.config["MAX_CONTENT_LENGTH"] = 4

    @app.post("/")
    @stream_body
    async def view():
        async for _ in request.stream:
            pass
        return "all"

    assert run(post(app, [b"abc", b"de"])).answer.status == 413
    assert run(post(app, [b"abc", b"d"])).answer.text == "all"


def test_stream_body_is_for_async_views():
    """A ``def`` view cannot take its body as a stream, and is told so at once."""
    with pytest.raises(TypeError, match="Only an 'async def' view"):
        stream_body(lambda: "x")


# Answers


@pytest.mark.parametrize("view", KINDS)
def test_streamed_answers(app, view):
    """A generator is sent piece by piece, with the request in force where it asked for that."""

    @KINDS[view]
    def pieces():
        @stream_with_context
        def generate():
            yield request.path
            yield "b"

        return generate()

    app.add_url_rule("/s", "s", pieces)
    answer = run(ask(app, "/s"))
    assert answer.pieces == [b"/s", b"b"]
    assert answer.is_whole


@pytest.mark.parametrize("wrap", [lambda pieces: pieces, Response], ids=["bare", "Response"])
@pytest.mark.parametrize("view", KINDS)
def test_async_generators(app, view, wrap):
    """An asynchronous generator is an answer, from either kind of view."""

    async def generate():
        yield "a"
        await asyncio.sleep(0)
        yield b"b"

    app.add_url_rule("/", "index", KINDS[view](lambda: wrap(generate())))
    assert run(ask(app)).pieces == [b"a", b"b"]
    head = run(ask(app, "/", "HEAD"))
    assert (head.status, head.body, head.is_whole) == (200, b"", True)


def test_async_generator_with_context(app):
    """``stream_with_context`` keeps the request in force for an asynchronous generator."""

    @app.get("/s")
    async def view():
        @stream_with_context
        async def generate():
            yield request.path
            await asyncio.sleep(0)
            yield request.path

        return generate()

    assert run(ask(app, "/s")).pieces == [b"/s", b"/s"]


def test_async_generator_under_wsgi_names_the_cure(app):
    """WSGI cannot wait for an asynchronous generator; the error says what can."""

    async def generate():
        yield "a"

    app.add_url_rule("/", "index", generate)
    app.add_url_rule("/r", "r", lambda: Response(generate()))
    for path in ("/r",):
        with pytest.raises(RuntimeError, match="Serve the app by ASGI"):
            app.test_client().get(path)


def test_files_ranges_and_conditions(app, tmp_path):
    """Files are answered as under WSGI: whole, in ranges, not modified, for HEAD."""
    (tmp_path / "f.bin").write_bytes(bytes(range(256)) * 2000)
    app.add_url_rule("/f", "f", awaited(lambda: send_file(tmp_path / "f.bin")))
    whole = run(ask(app, "/f"))
    assert len(whole.body) == 512_000
    part = run(ask(app, "/f", headers=[("range", "bytes=1-3")]))
    assert (part.status, part.body) == (206, b"\x01\x02\x03")
    etag = whole.header("etag")
    assert run(ask(app, "/f", headers=[("if-none-match", etag)])).status == 304
    assert run(ask(app, "/f", "HEAD")).body == b""


def test_automatic_options_and_redirects(app):
    """OPTIONS and the redirect to a slash are as under WSGI."""
    app.add_url_rule("/x/", "x", awaited(lambda: "x"))
    assert "GET" in run(ask(app, "/x/", "OPTIONS")).header("allow")
    assert run(ask(app, "/x")).status == 308


async def _look():
    told = [request.args.get("q"), request.headers["Accept"], request.headers.get("X-Mine")]
    return [request.path, request.endpoint, *told]


async def _wait():
    await asyncio.sleep(0)
    return {"q": request.args["q"], "g": "x" in g}


async def _wait_and_fail():
    await asyncio.sleep(0)
    raise LookupError("late")


async def _remember():
    session["seen"] = session.get("seen", 0) + 1
    return "seen"


async def _once():
    @after_this_request
    def add(response):
        response.headers["X-Once"] = request.path
        return response

    await asyncio.sleep(0)
    return "once"


async def _fail():
    raise LookupError("at once")


async def _give(answer):
    return answer


BEGUN = {
    "text": lambda: _give("text"),
    "text that cannot be encoded": lambda: _give("\ud800"),
    "data": lambda: _give({"b": [1, "\xe9"], "a": None}),
    "list": lambda: _give([1, 2]),
    "status": lambda: _give(("made", 201, {"X-Made": "1"})),
    "response": lambda: _give(Response(b"bytes", mimetype="image/png")),
    "pieces": lambda: _give(iter(["a", "b"])),
    "what no answer is": lambda: _give(None),
    "data that cannot be written": lambda: _give({"a": object()}),
    "request": _look,
    "wait": _wait,
    "wait and fail": _wait_and_fail,
    "fail": _fail,
    "refuse": lambda: abort(409),
    "session": _remember,
    "after": _once,
    "other app": lambda: _give(lambda environ, start: (start("200 OK", []) and []) or [b"other"]),
    "no coroutine": lambda: asyncio.sleep(0, "slept"),
}


@pytest.mark.parametrize("case", BEGUN)
def test_later_requests_are_answered_as_the_first(quiet, case):
    """A view that is begun before all else, as from the second request on, answers alike."""
    view = BEGUN[case]

    async def show(**values):
        return await view(**values)

    def marked():
        return view()

    inspect_marks = getattr(inspect, "markcoroutinefunction", None)
    if case == "no coroutine" and inspect_marks is not None:
        show = inspect_marks(marked)
    quiet.secret_key = "k"
    quiet.config["ALLOW_UNDERSCORE_HEADERS"] = ["X_Mine"]
    quiet.add_url_rule("/", "show", show)
    quiet.register_error_handler(LookupError, awaited(lambda error: (str(error), 418)))
    quiet.register_error_handler(TypeError, lambda error: ("a TypeError", 419))

    async def talk():
        answers = []
        for _ in range(3):
            answer = await ask(quiet, "/?q=1", headers=[("Accept", "*/*"), ("X_Mine", "a")])
            answers.append((answer.status, answer.headers, answer.body, answer.is_whole))
            assert not has_request_context()
            assert not has_app_context()
        return answers

    first, second, third = run(talk())
    assert first[3]
    assert first == second == third
    assert case != "request" or json.loads(first[2]) == ["/", "show", "1", "*/*", "a"]


def test_context_of_a_view_that_is_begun_at_once():
    """It is a request's context like any other: its copies hold, and it tells of the request."""
    app = Flask(__name__)
    seen = []

    @app.get("/<name>")
    async def view(name):
        ctx = _cv_request.get()
        seen.append((repr(ctx), isinstance(ctx, RequestContext), type(ctx).__name__))
        call = copy_current_request_context(lambda: request.environ["PATH_INFO"])
        return [name, call(), request.environ is ctx.environ, request.get_data(as_text=True)]

    async def talk():
        return [json.loads((await ask(app, "/a")).body) for _ in range(2)]

    assert run(talk()) == [["a", "/a", True, ""]] * 2
    assert seen[0] == seen[1]


def test_disconnect_cancels_a_view_that_is_begun_at_once(app):
    """It is watched from when it waits; its context is in force to the end."""
    ended = []

    @app.get("/")
    async def view():
        if "q" not in request.args:
            return "ready"
        try:
            await asyncio.sleep(30)
        finally:
            ended.append(request.args["q"])

    async def talk():
        assert (await ask(app)).text == "ready"
        client = Client()
        task = asyncio.create_task(app(make_scope("/?q=a"), client.receive, client.send))
        await asyncio.sleep(0.02)
        client.gone.set()
        await asyncio.wait_for(task, 5)
        assert not task.cancelled()
        client = Client()
        task = asyncio.create_task(app(make_scope("/?q=b"), client.receive, client.send))
        await asyncio.sleep(0.02)
        task.cancel()
        await asyncio.wait({task}, timeout=5)
        assert task.cancelled()
        assert client.answer.status is None
        client = Client()
        client.gone.set()
        await app(make_scope(), client.receive, client.send)

    run(talk())
    assert ended == ["a", "b"]


# Clients that go away


def test_disconnect_cancels_an_async_view(app):
    """The view is cancelled, and teardown functions run."""
    ended = []
    app.teardown_request(lambda error: ended.append(type(error).__name__))

    @app.get("/")
    async def view():
        try:
            await asyncio.sleep(30)
        finally:
            ended.append("view")

    async def talk():
        client = Client()
        task = asyncio.create_task(app(make_scope(), client.receive, client.send))
        await asyncio.sleep(0.02)
        client.gone.set()
        await asyncio.wait_for(task, 5)
        assert not task.cancelled()

    run(talk())
    assert ended == ["view", "CancelledError"]


@pytest.mark.parametrize("kind", ["plain", "async"])
def test_disconnect_ends_a_stream(app, kind):
    """The generator is closed when the client has gone."""
    ended = []

    def generate():
        try:
            while True:
                yield "x"
        finally:
            ended.append(has_request_context())

    async def generate_async():
        try:
            while True:
                yield "x"
                await asyncio.sleep(0)
        finally:
            ended.append(has_request_context())

    make = generate if kind == "plain" else generate_async
    app.add_url_rule("/", "index", lambda: stream_with_context(make()))
    client = Client(hang_up_after=3)
    run(app(make_scope(), client.receive, client.send))
    assert ended == [True]
    assert len(client.answer.pieces) == 3


def test_servers_own_cancellation_is_not_swallowed(app):
    """Where the server cancels, teardown runs and the cancellation goes on."""
    ended = []
    app.teardown_request(lambda error: ended.append(type(error).__name__))
    app.add_url_rule("/", "index", awaited(lambda: None))

    @app.get("/slow")
    async def slow():
        await asyncio.sleep(30)

    async def talk():
        client = Client()
        task = asyncio.create_task(app(make_scope("/slow"), client.receive, client.send))
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(talk())
    assert ended == ["CancelledError"]


def test_nothing_is_left_behind(app):
    """After many requests, half of whose clients went away, nothing is left."""
    app.teardown_request(awaited(lambda error: None))

    @app.get("/stream")
    async def stream():
        @stream_with_context
        async def generate():
            while True:
                yield "x"
                await asyncio.sleep(0)

        return generate()

    def plain_stream():
        @stream_with_context
        def generate():
            while True:
                yield "x"

        return generate()

    app.add_url_rule("/plain", "plain", plain_stream)
    app.add_url_rule("/short", "short", awaited(lambda: "x"))

    async def talk(times):
        for _ in range(times):
            for path, after in (("/stream", 2), ("/plain", 2), ("/short", None)):
                client = Client(hang_up_after=after)
                await app(make_scope(path), client.receive, client.send)

    def contexts():
        return sum(type(thing) is RequestContext for thing in gc.get_objects())

    gc.collect()
    before = contexts()
    run(talk(5))
    gc.collect()
    threads = threading.active_count()
    run(talk(50))
    gc.collect()
    assert threading.active_count() <= threads + 1
    assert contexts() <= before
    assert not has_request_context()


# The loop


def test_blocking_the_loop_is_logged_with_its_line(app, caplog):
    """In debug mode a view that holds the loop is named, with the line where it does."""
    app.debug = True
    app.config["LOOP_BLOCK_WARNING"] = 0.03

    @app.get("/")
    async def blocking():
        time.sleep(0.2)  # this line
        return "x"

    app.add_url_rule("/fine", "fine", awaited(lambda: "x"))
    with caplog.at_level(logging.WARNING):
        run(ask(app, "/fine"))
        assert not caplog.records
        run(ask(app))
    (record,) = caplog.records
    assert "time.sleep(0.2)  # this line" in record.getMessage()
    assert "blocking" in record.getMessage()


def test_abort_in_an_async_view(app):
    """``abort`` works as in a plain view."""
    app.add_url_rule("/", "index", awaited(lambda: abort(418)))
    assert run(ask(app)).status == 418


def test_small_answers_need_no_response(app):
    """What nobody needs to see as a response goes out as bytes, as under WSGI."""
    app.add_url_rule("/j", "j", awaited(lambda: {"a": 1}))
    assert app.plan_for("j").awaited.quick is not None
    assert run(ask(app, "/j")).body == b'{"a":1}\n'


def test_setup_may_change_between_requests():
    """A change of the set-up counts from the next request on."""
    app = Flask("changing")
    app.add_url_rule("/", "index", awaited(lambda: "first"))
    assert run(ask(app)).text == "first"
    app.view_functions["index"] = lambda: thread()
    assert run(ask(app)).text.startswith("bolthead-worker")


@pytest.mark.parametrize("kind", KINDS)
def test_request_is_gone_when_the_app_context_ends(app, kind):
    """The request's teardown functions see it; those of the app context do not."""
    seen = []
    app.teardown_request(KINDS[kind](lambda error: seen.append(has_request_context())))
    app.teardown_appcontext(KINDS[kind](lambda error: seen.append(has_request_context())))
    app.add_url_rule("/", "index", awaited(lambda: "x"))
    run(ask(app))
    assert seen == [True, False]


def test_many_waiting_views_at_a_time(app):
    """Five hundred views that wait do so together."""

    @app.get("/")
    async def view():
        await asyncio.sleep(0.1)
        return "x"

    async def talk():
        begun = time.perf_counter()
        answers = await asyncio.gather(*(ask(app) for _ in range(500)))
        return [answer.status for answer in answers], time.perf_counter() - begun

    statuses, seconds = run(talk())
    assert statuses == [200] * 500
    assert seconds < 2


def test_setting_up_a_plan_tells_which_functions_are_awaited(app):
    """A plan of plain functions has no second one beside it."""
    app.add_url_rule("/plain", "plain", lambda: "x")
    app.add_url_rule("/async", "async", awaited(lambda: "x"))
    assert app.plan_for("plain").awaited is None
    assert app.plan_for("async").awaited is not None
