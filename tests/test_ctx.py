"""Contexts: when they are in force, what they keep, and what happens when they end."""

from __future__ import annotations

import contextvars
import gc
import threading
import weakref

import pytest

from bolthead import (
    Flask,
    after_this_request,
    appcontext_popped,
    appcontext_pushed,
    copy_current_request_context,
    current_app,
    g,
    has_app_context,
    has_request_context,
    request,
    session,
)
from bolthead.ctx import _AppCtxGlobals
from bolthead.globals import app_ctx, request_ctx


def test_app_context_puts_the_app_in_force(app):
    """Inside of ``with app.app_context()`` the app is current, and not after it."""
    assert not has_app_context()
    with app.app_context() as ctx:
        assert current_app._get_current_object() is app
        assert app_ctx._get_current_object() is ctx
        assert has_app_context()
        assert not has_request_context()
    assert not has_app_context()


def test_request_context_puts_request_and_app_in_force(app):
    """A request context brings an app context with it."""
    with app.test_request_context("/path?a=1", method="POST") as ctx:
        assert (request.path, request.method, request.args["a"]) == ("/path", "POST", "1")
        assert request_ctx._get_current_object() is ctx
        assert current_app._get_current_object() is app
        assert has_request_context()
    assert not has_request_context()
    assert not has_app_context()


def test_request_in_an_app_context_shares_it(app):
    """A request pushed inside of an app context of the same app shares that context and its g."""
    with app.app_context() as outer:
        g.word = "shared"
        with app.test_request_context():
            assert app_ctx._get_current_object() is outer
            assert g.word == "shared"
        assert g.word == "shared"


def test_request_in_another_apps_context_has_its_own(app):
    """A request of another app has an app context of its own."""
    other = Flask("other_app")
    with app.app_context():
        g.word = "mine"
        with other.test_request_context():
            assert current_app._get_current_object() is other
            assert "word" not in g
        assert current_app._get_current_object() is app


def test_each_request_has_its_own_g(app, client):
    """What one request keeps in g is not seen by the next."""
    app.add_url_rule("/", "index", lambda: str(g.setdefault("count", g.get("count", 0) + 1)))
    assert [client.get("/").text for _ in range(2)] == ["1", "1"]


def test_nested_contexts_are_left_in_order(app):
    """An inner context of the same app has its own g, and the outer one's is back after it."""
    with app.app_context():
        g.level = 1
        with app.app_context():
            assert "level" not in g
            g.level = 2
        assert g.level == 1


def test_leaving_the_wrong_context_is_an_error(app):
    """Contexts are left in the reverse order of entering."""
    outer, inner = app.app_context(), app.app_context()
    outer.push()
    inner.push()
    with pytest.raises(AssertionError, match="Popped wrong app context"):
        outer.pop()


def test_leaving_the_wrong_request_context_is_an_error(app):
    """Request contexts, too, are left in the reverse order of entering."""

    def work():
        outer, inner = app.test_request_context("/a"), app.test_request_context("/b")
        outer.push()
        inner.push()
        with pytest.raises(AssertionError, match="Popped wrong"):
            outer.pop()

    contextvars.copy_context().run(work)


def test_context_may_be_entered_again(app):
    """A context that is entered twice is torn down when it is left the last time."""
    log = []
    app.teardown_appcontext(lambda error: log.append(error))
    ctx = app.app_context()
    with ctx:
        with ctx:
            g.word = 1
        assert log == []
        assert g.word == 1
    assert log == [None]


@pytest.mark.parametrize("kind", ["app_context", "test_request_context"])
def test_teardown_gets_the_error_that_ended_the_context(app, kind):
    """Teardown functions get the error which left the ``with`` block."""
    log = []
    app.teardown_appcontext(lambda error: log.append(repr(error)))
    with pytest.raises(ValueError, match="inside"), getattr(app, kind)():
        raise ValueError("inside")
    with getattr(app, kind)():
        pass
    assert log == ["ValueError('inside')", "None"]


def test_pop_takes_the_error(app):
    """``pop`` may be given the error; in an ``except`` block it finds it."""
    log = []
    app.teardown_appcontext(lambda error: log.append(repr(error)))
    ctx = app.app_context()
    ctx.push()
    ctx.pop(KeyError("given"))
    ctx.push()
    try:
        raise ValueError("handled")
    except ValueError:
        ctx.pop()
    assert log == ["KeyError('given')", "ValueError('handled')"]


def test_signals_of_app_contexts(app):
    """``appcontext_pushed`` and ``appcontext_popped`` are sent for every context."""
    log = []

    def pushed(sender, **kwargs):
        log.append(("pushed", sender, has_app_context()))

    def popped(sender, **kwargs):
        log.append(("popped", sender, has_app_context()))

    with (
        appcontext_pushed.connected_to(pushed, app),
        appcontext_popped.connected_to(popped, app),
        app.app_context(),
    ):
        assert len(log) == 1
    assert log == [("pushed", app, True), ("popped", app, False)]


def test_repr_of_a_request_context(app):
    """A request context shows URL, method and app."""
    assert (
        repr(app.test_request_context("/x?y=1", method="PUT"))
        == "<RequestContext 'http://localhost/x?y=1' [PUT] of tested_app>"
    )


# g


def test_g_is_a_namespace(app):
    """g keeps attributes, and has get, pop, setdefault, ``in`` and iteration."""
    with app.app_context():
        g.a = 1
        assert (g.a, g.get("a"), g.get("b"), g.get("b", 2)) == (1, 1, None, 2)
        assert g.setdefault("a", 9) == 1
        assert g.setdefault("c", 3) == 3
        assert "a" in g
        assert sorted(g) == ["a", "c"]
        assert (g.pop("a"), g.pop("a", None)) == (1, None)
        with pytest.raises(KeyError):
            g.pop("a")
        del g.c
        assert list(g) == []


@pytest.mark.parametrize(
    "act", [lambda: g.absent, lambda: delattr(g, "absent")], ids=["get", "del"]
)
def test_missing_attribute_of_g(app, act):
    """An attribute that g lacks is an AttributeError that names it."""
    with app.app_context(), pytest.raises(AttributeError, match="absent"):
        act()


def test_repr_of_g(app):
    """g shows which app it belongs to, and is a plain object outside."""
    with app.app_context():
        assert repr(g) == "<flask.g of 'tested_app'>"
        assert repr(_AppCtxGlobals()) == "<flask.g of 'tested_app'>"
    assert "_AppCtxGlobals object" in repr(_AppCtxGlobals())


def test_g_may_be_of_ones_own_class(app):
    """``app_ctx_globals_class`` makes g."""

    class Own:
        word = "own"

    app.app_ctx_globals_class = Own
    with app.app_context():
        assert g.word == "own"


# Outside


OUTSIDE = {
    "current_app": (lambda: current_app.name, "application context"),
    "g": (lambda: g.word, "application context"),
    "request": (lambda: request.path, "request context"),
    "session": (lambda: session.get("x"), "request context"),
}


@pytest.mark.parametrize(("look", "text"), OUTSIDE.values(), ids=OUTSIDE)
def test_proxy_outside_of_its_context(look, text):
    """A proxy that stands for nothing says which context is missing."""
    with pytest.raises(RuntimeError, match=f"Working outside of {text}"):
        look()


# Functions of a request


def test_after_this_request(app, client):
    """Functions registered during a request change its response only, before the app's own."""

    @app.after_request
    def last(response):
        response.headers["X-Order"] = response.headers.get("X-Order", "") + "c"
        return response

    @app.route("/<word>")
    def view(word):
        for letter in word:

            @after_this_request
            def once(response, letter=letter):
                response.headers["X-Order"] = response.headers.get("X-Order", "") + letter
                return response

        return ""

    assert client.get("/ab").headers["X-Order"] == "abc"
    assert client.get("/b").headers["X-Order"] == "bc"


def test_after_this_request_may_be_async(app, client):
    """An ``async def`` function is run as well."""

    @app.route("/")
    def view():
        @after_this_request
        async def once(response):
            response.headers["X-Async"] = "yes"
            return response

        return ""

    assert client.get("/").headers["X-Async"] == "yes"


@pytest.mark.parametrize("function", [after_this_request, copy_current_request_context])
def test_functions_of_a_request_need_one(app, function):
    """Outside of a request they say so, even in an app context."""
    with app.app_context(), pytest.raises(RuntimeError, match="when a request context is active"):
        function(len)


def test_copied_context_works_in_a_thread(app, client):
    """A function wrapped in a view sees the request and session in another thread."""
    found = []

    @app.route("/page")
    def view():
        session["word"] = "kept"

        @copy_current_request_context
        def work(more):
            found.append((request.path, session["word"], more))

        thread = threading.Thread(target=work, args=(1,))
        thread.start()
        thread.join()
        return work.__name__

    assert client.get("/page").text == "work"
    assert found == [("/page", "kept", 1)]


def test_context_of_one_thread_is_not_anothers(app):
    """A context is in force in its thread only."""
    found = []
    with app.test_request_context():
        thread = threading.Thread(target=lambda: found.append(has_request_context()))
        thread.start()
        thread.join()
    assert found == [False]


def test_request_is_freed_with_its_context(app):
    """Neither environ nor context keep a request alive after it."""
    app.add_url_rule("/", "index", lambda: "")
    gc.collect()
    gc.disable()
    try:
        with app.test_request_context() as ctx:
            gone = weakref.ref(ctx.request)
        del ctx
        assert gone() is None
    finally:
        gc.enable()


def test_test_request_context_takes_what_builders_take(app):
    """``test_request_context`` takes the arguments of ``EnvironBuilder``."""
    with app.test_request_context(
        "/x", base_url="https://example.org/root", json={"a": 1}, headers={"X-A": "1"}
    ):
        assert request.url == "https://example.org/root/x"
        assert (request.json, request.headers["X-A"]) == ({"a": 1}, "1")


def test_request_context_of_an_environ(app):
    """``request_context`` takes an environ as servers give it."""
    with app.test_request_context("/x") as first:
        environ = first.request.environ
    with app.request_context(environ):
        assert request.path == "/x"


def test_matching_happens_when_the_context_is_entered(app):
    """In a test request context the route and its arguments are known."""
    app.add_url_rule("/user/<int:number>", "user", lambda number: "")
    with app.test_request_context("/user/3"):
        assert (request.endpoint, request.view_args) == ("user", {"number": 3})
        assert request.url_rule.rule == "/user/<int:number>"
    with app.test_request_context("/none"):
        assert request.endpoint is None
        assert request.routing_exception.code == 404
