"""What an app does when parts of it fail: a plain 500, both tracebacks in the log, nothing left."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading

import pytest

import bolthead
from bolthead import Bolthead, Flask, Response, has_app_context, has_request_context, signals
from bolthead.ctx import RequestContext
from bolthead.sessions import SecureCookieSessionInterface
from hostile.doors import Ask, Doors

PROTOCOLS = ["wsgi", "asgi", "loop"]


class Boom(Exception):
    """The first error."""


class Bang(Exception):
    """The error that comes on top of it."""


def boom(*args, **kwargs):
    raise Boom("first")


def bang(*args, **kwargs):
    raise Bang("second")


@pytest.fixture
def doors():
    """Both ways into an app."""
    doors = Doors()
    yield doors
    doors.close()


@pytest.fixture(params=[Flask, Bolthead])
def app(request, tmp_path):
    """An app as in production, of either class."""
    app = request.param("faulty", root_path=str(tmp_path))
    app.secret_key = "a key for tests of faults, long enough"
    app.add_url_rule("/", "index", lambda: "ready")
    app.add_url_rule("/boom", "boom", boom)
    return app


@pytest.fixture
def told(app):
    """What the app logs, with tracebacks."""
    lines = []

    class Keep(logging.Handler):
        def emit(self, record):
            lines.append(self.format(record))

    handler = Keep()
    app.logger.addHandler(handler)
    yield lines
    app.logger.removeHandler(handler)


async def at_end(error):
    """Do nothing, but on the loop."""


def ask(doors, app, protocol, path=b"/", **rest):
    if protocol == "loop":
        app.teardown_appcontext_funcs.append(at_end)
    kind = "wsgi" if protocol == "wsgi" else "asgi"
    reply = doors.ask(app, Ask(path, **rest), kind)
    assert not has_request_context()
    assert not has_app_context()
    return reply


class Store(SecureCookieSessionInterface):
    """A session store that is down."""

    fails: frozenset = frozenset()

    def open_session(self, app, request):
        if "open" in self.fails:
            raise Boom("first")
        return super().open_session(app, request)

    def save_session(self, app, session, response):
        if "save" in self.fails:
            raise Bang("second")
        super().save_session(app, session, response)


def store(*fails):
    def set_up(app):
        app.session_interface = Store()
        app.session_interface.fails = frozenset(fails)

    return set_up


class Broken(Response):
    """A response that cannot be sent."""

    def get_wsgi_headers(self, environ):
        raise Bang("second")


def connect(signal, receiver=bang):
    def set_up(app):
        signal.connect(receiver, app, weak=False)
        app.extensions["signal"] = (signal, receiver)

    return set_up


FAULTS = {
    "view": (b"/boom", lambda app: None, ["Boom"]),
    "before": (b"/", lambda app: app.before_request(boom), ["Boom"]),
    "url value preprocessor": (b"/", lambda app: app.url_value_preprocessor(boom), ["Boom"]),
    "after": (b"/", lambda app: app.after_request(bang), ["Bang"]),
    "after, on top of an error": (b"/boom", lambda app: app.after_request(bang), ["Boom", "Bang"]),
    "after returns nothing": (b"/", lambda app: app.after_request(lambda r: None), ["Error"]),
    "handler": (b"/boom", lambda app: app.register_error_handler(Boom, bang), ["Boom", "Bang"]),
    "handler of 404": (b"/no", lambda app: app.register_error_handler(404, bang), ["Bang"]),
    "handler of 500": (
        b"/boom",
        lambda app: app.register_error_handler(500, bang),
        ["Boom", "Bang"],
    ),
    "handler returns nothing": (
        b"/boom",
        lambda app: app.register_error_handler(Boom, lambda e: None),
        ["TypeError"],
    ),
    "handler of 500 returns nothing": (
        b"/boom",
        lambda app: app.register_error_handler(500, lambda e: None),
        ["Boom", "TypeError"],
    ),
    "both handlers": (
        b"/boom",
        lambda app: (
            app.register_error_handler(Boom, bang),
            app.register_error_handler(500, boom),
        ),
        ["Boom", "Bang"],
    ),
    "store opens": (b"/", store("open"), ["Boom"]),
    "store saves": (b"/", store("save"), ["Bang"]),
    "store saves, on top of an error": (b"/boom", store("save"), ["Boom", "Bang"]),
    "store is gone": (b"/", store("open", "save"), ["Boom"]),
    "request started": (b"/", connect(signals.request_started), ["Bang"]),
    "request finished": (b"/", connect(signals.request_finished), ["Bang"]),
    "request finished, on top of an error": (
        b"/boom",
        connect(signals.request_finished),
        ["Boom", "Bang"],
    ),
    "got request exception": (b"/boom", connect(signals.got_request_exception), ["Boom", "Bang"]),
    "appcontext pushed": (b"/", connect(signals.appcontext_pushed), ["Bang"]),
    "appcontext pushed, on top of an error": (
        b"/boom",
        connect(signals.appcontext_pushed),
        ["Bang"],
    ),
    "response cannot be sent": (
        b"/broken",
        lambda app: app.add_url_rule("/broken", "broken", lambda: Broken("x")),
        ["Bang"],
    ),
    "another WSGI app as answer": (
        b"/broken",
        lambda app: app.add_url_rule("/broken", "broken", lambda: bang),
        ["Bang"],
    ),
    "answer is none": (
        b"/broken",
        lambda app: app.add_url_rule("/broken", "broken", lambda: None),
        ["TypeError"],
    ),
    "answer is a set": (
        b"/broken",
        lambda app: app.add_url_rule("/broken", "broken", lambda: {1}),
        ["TypeError"],
    ),
    "status is none": (
        b"/broken",
        lambda app: app.add_url_rule("/broken", "broken", lambda: ("x", "2 0 0")),
        [],
    ),
    "JSON cannot be": (
        b"/broken",
        lambda app: app.add_url_rule("/broken", "broken", lambda: {"x": object()}),
        ["TypeError"],
    ),
    "log": (b"/boom", lambda app: setattr(app, "log_exception", bang), ["Boom", "Bang"]),
}

# The answer was ready: it is sent, and what fails afterwards is logged.
LATE_FAULTS = {
    "teardown": lambda app: app.teardown_request(bang),
    "teardown of app": lambda app: app.teardown_appcontext(bang),
    "both": lambda app: (app.teardown_request(boom), app.teardown_appcontext(bang)),
    "request tearing down": connect(signals.request_tearing_down),
    "appcontext tearing down": connect(signals.appcontext_tearing_down),
    "appcontext popped": connect(signals.appcontext_popped),
}


@pytest.fixture(autouse=True)
def disconnect(app):
    """Take receivers away, as signals outlive apps."""
    yield
    if "signal" in app.extensions:
        signal, receiver = app.extensions["signal"]
        signal.disconnect(receiver)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_a_plain_500(doors, app, told, protocol, fault):
    """Whatever fails, the client gets a 500, the log each traceback, and nothing stays in force."""
    path, set_up, errors = FAULTS[fault]
    set_up(app)
    ended = []
    app.teardown_request(lambda error: ended.append("request"))
    app.teardown_appcontext(lambda error: ended.append("app"))
    reply = ask(doors, app, protocol, path)
    assert reply.escaped is None
    assert reply.broke is None
    assert reply.status == 500 or not errors, reply
    log = "\n".join(told)
    for error in errors:
        assert f"{error}" in log, (error, log)
    if "Boom" in errors or "Bang" in errors:
        assert "Traceback (most recent call last)" in log
        assert log.count("Traceback (most recent call last)") >= len(errors)
    if fault.startswith("appcontext pushed"):
        return  # nothing was in force, so that there is nothing to leave
    assert ended == ["request", "app"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("fault", LATE_FAULTS)
def test_late_fault_costs_no_answer(doors, app, told, protocol, fault):
    """What fails when the answer is ready is logged; all the other functions run."""
    ended = []
    app.teardown_request(lambda error: ended.append("request"))
    app.teardown_appcontext(lambda error: ended.append("app"))
    LATE_FAULTS[fault](app)
    reply = ask(doors, app, protocol)
    assert (reply.status, reply.body) == (200, b"ready")
    assert reply.escaped is None
    assert ended == ["request", "app"]
    log = "\n".join(told)
    assert "Bang" in log
    assert ("Boom" in log) == (fault == "both")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_teardown_that_raises_what_it_is_told(doors, app, told, protocol):
    """A teardown function that raises the request's own error on costs no answer either."""

    def again(error):
        if error is not None:
            raise error

    app.teardown_request(again)
    reply = ask(doors, app, protocol, b"/boom")
    assert reply.status == 500
    assert reply.escaped is None


# Streams


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("with_context", [True, False])
def test_error_in_a_stream_cuts_it(doors, app, protocol, with_context):
    """An error in mid-stream reaches the server, which cuts the connection: no clean end."""
    closed = []

    def pieces():
        try:
            yield "a"
            raise Boom("first")
        finally:
            closed.append(has_request_context())

    def view():
        return bolthead.stream_with_context(pieces()) if with_context else pieces()

    app.add_url_rule("/stream", "stream", view)
    reply = ask(doors, app, protocol, b"/stream")
    assert reply.status == 200
    assert isinstance(reply.broke, Boom)
    assert not reply.is_whole
    assert closed == [with_context]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("with_context", [True, False])
def test_client_that_leaves_ends_the_stream(doors, app, protocol, with_context):
    """When the client goes away the generator is closed, in its context, and nothing is left."""
    closed, left, ended = [], [], []

    def pieces():
        try:
            while True:
                yield "a"
        finally:
            closed.append((has_request_context(), threading.current_thread().name))

    def view():
        stream = bolthead.stream_with_context(pieces()) if with_context else pieces()
        response = Response(stream)
        response.call_on_close(lambda: left.append("closed"))
        return response

    app.add_url_rule("/stream", "stream", view)
    app.teardown_request(lambda error: ended.append(1))
    reply = ask(doors, app, protocol, b"/stream", takes=3)
    assert reply.escaped is None
    assert not reply.is_whole
    assert [in_force for in_force, _ in closed] == [with_context]
    assert left == ["closed"]
    assert len(ended) == 1 + with_context


@pytest.mark.parametrize("with_context", [True, False])
def test_client_that_leaves_ends_an_async_stream(doors, app, with_context):
    """The same for an asynchronous generator, which is closed on the loop."""
    closed = []

    async def pieces():
        try:
            while True:
                await asyncio.sleep(0)
                yield "a"
        finally:
            closed.append(has_request_context())

    async def view():
        return bolthead.stream_with_context(pieces()) if with_context else pieces()

    app.add_url_rule("/stream", "stream", view)
    reply = ask(doors, app, "asgi", b"/stream", takes=3)
    assert reply.escaped is None
    assert closed == [with_context]


@pytest.mark.parametrize("protocol", ["thread", "greenlet", "task"])
def test_contexts_are_popped_wherever_a_stream_runs(app, protocol):
    """Streams that end early in threads, greenlets and tasks leave no context behind."""
    closed, errors = [], []

    def pieces():
        try:
            while True:
                yield "a"
        finally:
            closed.append(has_request_context())

    async def async_pieces():
        try:
            while True:
                await asyncio.sleep(0)
                yield "a"
        finally:
            closed.append(has_request_context())

    if protocol == "task":

        async def view():
            return bolthead.stream_with_context(async_pieces())

    else:

        def view():
            return bolthead.stream_with_context(pieces())

    app.add_url_rule("/stream", "stream", view)

    def work():
        doors = Doors()
        try:
            ask(doors, app, "wsgi", b"/stream", takes=2)
        except BaseException as error:
            errors.append(error)

    async def tasks():
        from hostile.doors import by_asgi

        await asyncio.gather(*(by_asgi(app, Ask(b"/stream", takes=2)) for _ in range(20)))
        assert not has_request_context()

    if protocol == "thread":
        threads = [threading.Thread(target=work) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    elif protocol == "greenlet":
        greenlet = pytest.importorskip("greenlet")
        for _ in range(20):
            greenlet.greenlet(work).switch()
    else:
        asyncio.run(tasks())
    assert errors == []
    assert closed == [True] * 20
    gc.collect()
    alive = [
        thing for thing in gc.get_objects() if type(thing) is RequestContext and thing.app is app
    ]
    assert alive == []
