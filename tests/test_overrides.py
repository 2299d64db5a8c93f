"""Telling replaced methods from one's own; what they do is in contracts/test_overrides.py."""

from __future__ import annotations

import abc
import asyncio
import functools
import threading

import pytest
from asgi import ask, run

from bolthead import Flask, Response
from bolthead.ctx import AppContext, RequestContext

BOTH = [
    "full_dispatch_request",
    "preprocess_request",
    "dispatch_request",
    "make_default_options_response",
]


@pytest.mark.parametrize("name", BOTH)
def test_methods_may_be_called_with_or_without_the_context(app, name):
    """In a request each method answers to Flask 3.1's call and to 3.2's."""
    app.add_url_rule("/", "index", lambda: "own")
    results = []
    for with_context in (False, True):
        with app.test_request_context() as ctx:
            args = (ctx,) if with_context else ()
            result = getattr(app, name)(*args)
            results.append(getattr(result, "data", result))
    assert results[0] == results[1]


WITH_ARGUMENT = {
    "finalize_request": "answer",
    "process_response": None,
    "handle_user_exception": ValueError("x"),
    "update_template_context": {},
}


@pytest.mark.parametrize("name", WITH_ARGUMENT)
@pytest.mark.parametrize("with_context", [False, True], ids=["3.1", "3.2"])
def test_methods_with_arguments_may_be_called_both_ways(app, name, with_context):
    """So do the methods that take something else."""
    app.register_error_handler(ValueError, lambda error: "handled")
    with app.test_request_context() as ctx:
        argument = app.response_class() if name == "process_response" else WITH_ARGUMENT[name]
        args = (ctx, argument) if with_context else (argument,)
        result = getattr(app, name)(*args)
    expected = {"handle_user_exception": "handled", "update_template_context": None}
    if name in expected:
        assert result == expected[name]
    else:
        assert result.status_code == 200


def test_context_may_be_given_by_keyword(app):
    """``ctx=`` is taken as well."""
    app.add_url_rule("/", "index", lambda: "own")
    with app.test_request_context() as ctx:
        assert app.dispatch_request(ctx=ctx) == "own"


def test_app_class_may_be_abstract():
    """An app class may derive from abstract classes."""

    class Abstract(abc.ABC):
        @abc.abstractmethod
        def word(self): ...

    class Own(Flask, Abstract):
        def word(self):
            return "own"

    assert Own("tested_app").word() == "own"
    with pytest.raises(TypeError, match="abstract"):
        type("Other", (Flask, Abstract), {})("tested_app")


def test_app_class_may_take_options():
    """Keywords of a class statement reach ``__init_subclass__``."""

    class Base(Flask):
        def __init_subclass__(cls, word, **kwargs):
            super().__init_subclass__(**kwargs)
            cls.word = word

    class Own(Base, word="own"):
        pass

    assert Own("tested_app").word == "own"


def test_contexts_are_told_from_arguments(app):
    """What is taken for the context is one of the two context classes."""
    with app.test_request_context() as ctx:
        assert isinstance(ctx, RequestContext)
    with app.app_context() as ctx:
        assert isinstance(ctx, AppContext)


# What calls the app


def wsgi_only(inner, seen):
    """A ``__call__`` as tracing tools put one on the class: for WSGI."""

    def traced(self, environ, start_response):
        seen.append((environ["PATH_INFO"], threading.current_thread() is threading.main_thread()))
        return inner(self, environ, start_response)

    return traced


@pytest.fixture(params=["patched", "subclass"])
def traced_app(request, monkeypatch):
    """An app whose class has a ``__call__`` for WSGI only; give it and what that has seen."""
    seen = []
    traced = wsgi_only(Flask.__call__, seen)
    if request.param == "patched":
        app = Flask("traced")
        monkeypatch.setattr(Flask, "__call__", traced)
    else:
        app = type("Traced", (Flask,), {"__call__": traced})("traced")
    app.add_url_rule("/plain", "plain", lambda: "plain")

    async def awaited():
        return "awaited"

    app.add_url_rule("/awaited", "awaited", awaited)
    return app, seen


def test_call_for_wsgi_only(traced_app):
    """One that is put on the class for WSGI sees each request by WSGI and by ASGI."""
    app, seen = traced_app
    assert app.test_client().get("/plain").text == "plain"
    assert run(ask(app, "/plain")).text == "plain"
    assert run(ask(app, "/awaited")).text == "awaited"
    assert [path for path, _ in seen] == ["/plain", "/plain", "/awaited"]
    assert not seen[-1][1], "by ASGI it would hold up the loop"


def test_call_that_is_taken_back(monkeypatch):
    """When the class has its own again, requests go their way as before."""
    app, seen = Flask("traced"), []
    app.add_url_rule("/", "index", lambda: "index")
    with monkeypatch.context() as patch:
        patch.setattr(Flask, "__call__", wsgi_only(Flask.__call__, seen))
        assert run(ask(app, "/")).text == "index"
    assert run(ask(app, "/")).text == "index"
    assert len(seen) == 1


def test_servers_are_told_that_it_is_async(traced_app):
    """Servers that choose by themselves take ASGI, whoever has put a ``__call__`` there."""
    app, _ = traced_app
    assert asyncio.iscoroutinefunction(type(app).__call__)


def named(name, response):
    """Write a handler's name around an answer."""
    return Response(f"{name}({response.get_data(as_text=True)})")


def first_with_context(original):
    def handle_exception(ctx, e):
        return named("first", original(e))

    return handle_exception


def with_context(original):
    @functools.wraps(original)
    def handle_exception(ctx, e):
        return named(type(ctx).__name__, original(e))

    return handle_exception


def without_context(original):
    @functools.wraps(original)
    def handle_exception(e):
        return named("plain", original(e))

    return handle_exception


def with_anything(original):
    @functools.wraps(original)
    def handle_exception(*args, **kwargs):
        return named("any", original(*args, **kwargs))

    return handle_exception


@pytest.mark.parametrize("inner", [with_context, without_context, with_anything])
@pytest.mark.parametrize("outer", [with_context, without_context, with_anything])
def test_decorators_around_each_other_take_what_they_name(app, inner, outer):
    """Methods set one around the other with ``functools.wraps`` get the arguments they name."""
    app.config.update(TESTING=False)
    app.add_url_rule("/", "index", lambda: 1 / 0)
    app.handle_exception = lambda e: Response(type(e).__name__)
    names = {with_context: "RequestContext", without_context: "plain", with_anything: "any"}
    for wrap in (first_with_context, inner, outer):
        app.handle_exception = wrap(app.handle_exception)
    expected = f"{names[outer]}({names[inner]}(first(ZeroDivisionError)))"
    assert app.test_client().get("/").text == expected
