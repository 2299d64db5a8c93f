"""An exception becomes an answer: which handler takes it, and what is left if none does."""

from __future__ import annotations

import pytest
from werkzeug.exceptions import (
    BadRequest,
    Conflict,
    Forbidden,
    HTTPException,
    InternalServerError,
    NotFound,
)

from bolthead import Blueprint, abort


class Parent(Exception):
    """An error."""


class Child(Parent):
    """A more special one."""


class Teapot(HTTPException):
    """An HTTP exception of one's own."""

    code = 418
    description = "short and stout"


class Special(Forbidden):
    """A special 403."""


ORDERS = {
    "class before parent": ([Parent, Child], Child, "Child"),
    "parent for child": ([Parent], Child, "Parent"),
    "exception for any": ([Exception], Child, "Exception"),
    "code before class": ([HTTPException, 403], Forbidden, "403"),
    "code for subclass": ([403], Special, "403"),
    "subclass before code": ([403, Special], Special, "Special"),
    "HTTPException for any code": ([HTTPException], Conflict, "HTTPException"),
    "Exception for HTTP": ([Exception], Conflict, "Exception"),
    "HTTPException before Exception": ([Exception, HTTPException], Conflict, "HTTPException"),
    "own code": ([Teapot], Teapot, "Teapot"),
    "LookupError for KeyError": ([LookupError], KeyError, "LookupError"),
    "another code": ([404, HTTPException], BadRequest, "HTTPException"),
}


def name(key):
    """Return what a handler for a key answers."""
    return str(key) if isinstance(key, int) else key.__name__


@pytest.mark.parametrize(("registered", "raised", "answer"), ORDERS.values(), ids=ORDERS)
def test_nearest_handler_answers(app, client, registered, raised, answer):
    """The handler for the code, then the nearest class, answers."""
    for key in registered:
        app.register_error_handler(key, lambda error, key=key: name(key))

    @app.route("/")
    def raising():
        raise raised

    assert client.get("/").text == answer


SCOPES = {
    "part before app": (["app:403", "part:403"], Forbidden, "part:403"),
    "app where part has none": (["app:403", "part:404"], Forbidden, "app:403"),
    "app's code before part's class": (["app:403", "part:HTTPException"], Forbidden, "app:403"),
    "part's class before app's": (
        ["app:Exception", "part:Exception"],
        ValueError,
        "part:Exception",
    ),
    "part's parent before app's child": (["app:Child", "part:Parent"], Child, "part:Parent"),
}
KEYS = {"403": 403, "404": 404, "HTTPException": HTTPException, "Exception": Exception,
        "Child": Child, "Parent": Parent}  # fmt: skip


@pytest.mark.parametrize(("registered", "raised", "answer"), SCOPES.values(), ids=SCOPES)
def test_scope_of_handlers(app, client, registered, raised, answer):
    """By code first, in the blueprint and then in the app; then by class, in the same order."""
    part = Blueprint("part", __name__)
    for text in registered:
        scope, _, key = text.partition(":")
        owner = app if scope == "app" else part
        owner.register_error_handler(KEYS[key], lambda error, text=text: text)

    @part.route("/")
    def raising():
        raise raised

    app.register_blueprint(part)
    assert client.get("/").text == answer


def test_http_exception_without_handler_answers_itself(app, client):
    """An HTTP exception that nobody handles is its own answer."""

    @app.route("/")
    def raising():
        raise Teapot

    response = client.get("/")
    assert response.status_code == 418
    assert "short and stout" in response.text


def test_handler_may_return_the_error(app, client):
    """A handler may answer with the HTTP exception itself."""
    app.register_error_handler(404, lambda error: error)
    assert client.get("/none").status_code == 404


def test_handler_may_raise_another(quiet, client):
    """An error raised in a handler is answered 500, whatever other handlers there are."""

    @quiet.errorhandler(Parent)
    def first(error):
        raise Child

    quiet.errorhandler(Child)(lambda error: "never")

    @quiet.route("/")
    def raising():
        raise Parent

    assert client.get("/").status_code == 500


def test_redirects_of_the_router_pass_handlers(app, client):
    """A handler for every HTTP exception does not see the redirect of a missing slash."""
    app.register_error_handler(HTTPException, lambda error: "handled")
    app.add_url_rule("/folder/", "folder", lambda: "")
    assert client.get("/folder").status_code == 308


LAST = {
    "500": (500, "InternalServerError ValueError"),
    "InternalServerError": (InternalServerError, "InternalServerError ValueError"),
    "HTTPException": (HTTPException, "InternalServerError ValueError"),
    "Exception": (Exception, "ValueError None"),
}


@pytest.mark.parametrize(("key", "text"), LAST.values(), ids=LAST)
def test_what_the_last_handler_gets(quiet, client, key, text):
    """A handler for 500 gets InternalServerError with the cause; one for Exception the cause."""

    def handler(error):
        cause = getattr(error, "original_exception", None)
        return f"{type(error).__name__} {type(cause).__name__ if cause else None}"

    quiet.register_error_handler(key, handler)

    @quiet.route("/")
    def broken():
        raise ValueError

    assert client.get("/").text == text


def test_abort_of_a_500_is_not_logged(quiet, client, caplog):
    """``abort(500)`` is an answer, not a failure: nothing is logged or told."""
    quiet.logger.disabled = False
    quiet.add_url_rule("/", "index", lambda: abort(500))
    assert client.get("/").status_code == 500
    assert caplog.records == []


def test_missing_route_handled_by_the_app_only(app, client):
    """A URL without a route has no blueprint, even below the blueprint's prefix."""
    part = Blueprint("part", __name__, url_prefix="/part")
    part.register_error_handler(NotFound, lambda error: "part")
    app.register_blueprint(part)
    assert "Not Found" in client.get("/part/none").text
