"""The names that views import: proxies, in ``globals``, over ``proxies`` and ``current``."""

from __future__ import annotations

import pytest

from bolthead import Flask, current_app, g, globals, request, session
from bolthead.globals import _cv_app, _cv_request, app_ctx, request_ctx

PROXIES = {
    "current_app": (current_app, lambda ctx: ctx.app),
    "g": (g, lambda ctx: app_ctx.g),
    "request": (request, lambda ctx: ctx.request),
    "session": (session, lambda ctx: ctx.session),
    "request_ctx": (request_ctx, lambda ctx: ctx),
}


@pytest.mark.parametrize(("proxy", "look"), PROXIES.values(), ids=PROXIES)
def test_proxy_stands_for_the_thing_itself(app, proxy, look):
    """A proxy's object is that of the context in force."""
    with app.test_request_context() as ctx:
        assert proxy._get_current_object() is look(ctx)
        assert proxy == look(ctx)


@pytest.mark.parametrize(("proxy", "look"), PROXIES.values(), ids=PROXIES)
def test_proxy_is_false_outside(proxy, look):
    """Outside of a context a proxy is false and shows itself as unbound."""
    assert not proxy
    assert "unbound" in repr(proxy)


def test_proxy_acts_as_its_object(app):
    """Attributes are read, set and deleted through a proxy; isinstance sees the object's class."""
    with app.test_request_context():
        assert isinstance(current_app, Flask)
        g.word = 1
        assert app_ctx.g.word == 1
        session["a"] = 1
        assert "a" in request_ctx.session
        assert list(session) == ["a"]


def test_proxies_follow_the_context(app):
    """One proxy is used for all requests, one after the other and within each other."""
    with app.test_request_context("/a"):
        assert request.path == "/a"
        with app.test_request_context("/b"):
            assert request.path == "/b"
        assert request.path == "/a"


def test_context_variables_are_there_for_extensions(app):
    """Extensions look at ``_cv_app`` and ``_cv_request`` directly."""
    assert _cv_app.get(None) is None
    assert _cv_request.get(None) is None
    with app.test_request_context() as ctx:
        assert _cv_request.get() is ctx
        assert _cv_app.get().app is app


def test_top_names_are_those_of_globals():
    """``bolthead.request`` is ``bolthead.globals.request``."""
    assert globals.request is request
    assert globals.current_app is current_app
