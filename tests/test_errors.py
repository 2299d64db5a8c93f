"""The errors that are raised for developers, and what they say."""

from __future__ import annotations

import io
import logging

import pytest
from werkzeug.routing import RequestRedirect

import bolthead
from bolthead import Flask, debughelpers, g, render_template, request, session
from bolthead.errors import FormDataRoutingRedirect, MissingExtra


def test_missing_extra_names_its_cure():
    """The error of an optional part says which command installs it."""
    error = MissingExtra("serve", "pip install 'bolthead[serve]'")
    assert isinstance(error, RuntimeError)
    assert "'serve'" in str(error)
    assert "pip install 'bolthead[serve]'" in str(error)


@pytest.mark.parametrize(
    ("name", "bases"),
    [
        ("UnexpectedUnicodeError", (AssertionError, UnicodeError)),
        ("DebugFilesKeyError", (KeyError, AssertionError)),
        ("FormDataRoutingRedirect", (AssertionError,)),
    ],
)
def test_errors_are_where_flask_has_them(name, bases):
    """``debughelpers`` offers the errors of debug mode, of the classes they always had."""
    assert issubclass(getattr(debughelpers, name), bases)


class Moved(RequestRedirect):
    """A redirect as browsers follow it: without the form."""

    code = 301


CASES = {
    "form in debug mode": (True, "POST", Moved, True),
    "nothing to lose": (True, "GET", Moved, False),
    "form is kept by 308": (True, "POST", RequestRedirect, False),
    "production": (False, "POST", Moved, False),
}


@pytest.mark.parametrize(("debug", "method", "kind", "explained"), CASES.values(), ids=CASES)
def test_redirect_that_loses_a_form_is_explained(app, debug, method, kind, explained):
    """In debug mode a redirect that would drop a form's data raises an error that says so."""
    app.debug = debug
    with app.test_request_context("/folder", method=method):
        request.routing_exception = kind("http://localhost/folder/")
        with pytest.raises(FormDataRoutingRedirect if explained else kind) as caught:
            app.raise_routing_exception(request)
    if explained:
        assert "http://localhost/folder/" in str(caught.value)
        assert "trailing slash" in str(caught.value)


TEXTS = {
    "no app": (lambda: bolthead.current_app.name, "with app.app_context()"),
    "no request": (lambda: bolthead.request.path, "Working outside of request context"),
    "no key": (lambda: bolthead.session.update(a=1), "Set the secret_key on the application"),
    "nothing returned": (None, "returned None or ended without a return statement"),
}


@pytest.mark.parametrize(("act", "text"), TEXTS.values(), ids=TEXTS)
def test_errors_say_what_to_do(act, text):
    """An error of use names its cure."""
    app = bolthead.Flask("tested_app")
    if act is None:
        app.testing = True
        app.add_url_rule("/", "index", lambda: None)
        with pytest.raises(TypeError, match=text):
            app.test_client().get("/")
        return
    ctx = app.test_request_context() if "key" in text else None
    if ctx is not None:
        ctx.push()
    try:
        with pytest.raises(RuntimeError) as caught:
            act()
        assert text in str(caught.value)
    finally:
        if ctx is not None:
            ctx.pop()


async def wait():
    return "done"


def forget_to_await():
    g.made = wait()
    return g.made


def close_what_was_made(error):
    if "made" in g:
        g.made.close()  # else it warns, some time later, that nobody awaited it


def write_session():
    session["seen"] = 1
    return "ok"


# What a view does, and the last line of the traceback in the log: what to do about it.
CURES = {
    "a missing template": (lambda: render_template("none.html"), "Looked in {folder}/templates ("),
    "a missing secret key": (write_session, "Set SECRET_KEY to what 'bolthead secret-key' prints."),
    "a forgotten await": (forget_to_await, "An 'async def' function was called without 'await'."),
}


@pytest.mark.parametrize(("view", "cure"), CURES.values(), ids=CURES)
def test_cure_is_logged(view, cure, tmp_path):
    """The traceback of a usual mistake ends with what to do; the error's own text is Flask's."""
    app = Flask("shop", root_path=str(tmp_path))
    app.add_url_rule("/", "index", view)
    app.teardown_request(close_what_was_made)
    log = io.StringIO()
    app.logger.addHandler(logging.StreamHandler(log))
    assert app.test_client().get("/").status_code == 500
    assert log.getvalue().splitlines()[-1].startswith(cure.format(folder=tmp_path))


def test_cure_of_a_wrong_converter():
    """A rule with an unknown converter says which there are."""
    app = Flask("shop")
    with pytest.raises(LookupError, match="the converter 'integer' does not exist") as caught:
        app.add_url_rule("/<integer:number>", "index", write_session)
    (note,) = caught.value.__notes__
    assert "'/<integer:number>'" in note
    assert "int, path, string" in note


def test_cure_of_two_views_of_one_name():
    """A name that is taken says how the second view gets another."""
    app = Flask("shop")
    app.add_url_rule("/", "index", write_session)
    with pytest.raises(AssertionError, match="existing endpoint function: index") as caught:
        app.add_url_rule("/two", "index", wait)
    (note,) = caught.value.__notes__
    assert "give its route an 'endpoint'" in note
