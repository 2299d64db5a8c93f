"""Request and response: Werkzeug's, with the route and the app's settings."""

from __future__ import annotations

import io

import pytest
from werkzeug.wsgi import LimitedStream

import bolthead
from bolthead import Blueprint, make_response, request
from bolthead.debughelpers import DebugFilesKeyError


def asked(app, view, *args, **options):
    """Return the answer to a POST of a view."""
    app.add_url_rule("/", "view", view, methods=["GET", "POST"])
    return app.test_client().post("/", *args, **options)


def test_request_knows_its_route(app, client):
    """endpoint, blueprint, blueprints, url_rule and view_args tell what matched."""
    outer, inner = Blueprint("outer", __name__), Blueprint("inner", __name__)
    inner.add_url_rule(
        "/in/<int:n>",
        "page",
        lambda n: {
            "endpoint": request.endpoint,
            "blueprint": request.blueprint,
            "blueprints": request.blueprints,
            "rule": request.url_rule.rule,
            "args": request.view_args,
        },
    )
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    assert client.get("/in/3").json == {
        "endpoint": "outer.inner.page",
        "blueprint": "outer.inner",
        "blueprints": ["outer.inner", "outer"],
        "rule": "/in/<int:n>",
        "args": {"n": 3},
    }


def test_request_of_the_app_has_no_blueprint(app, client):
    """A view of the app has none, and a request without a route has no endpoint either."""
    app.add_url_rule("/", "index", lambda: f"{request.blueprint} {request.blueprints}")
    assert client.get("/").text == "None []"
    with app.test_request_context("/none"):
        assert (request.endpoint, request.blueprint, request.blueprints) == (None, None, [])


def test_stream_of_a_declared_body_is_werkzeugs(app):
    """``request.stream`` tells its limit and place, and gives what is left."""
    with app.test_request_context(method="POST", data=b"hello world"):
        stream = request.stream
        assert isinstance(stream, LimitedStream)
        assert (stream.limit, stream.tell(), stream.is_exhausted) == (11, 0, False)
        assert stream.read(5) == b"hello"
        assert (stream.tell(), stream.is_exhausted) == (5, False)
        assert (stream.exhaust(), stream.exhaust()) == (b" world", b"")
        assert (stream.tell(), stream.is_exhausted) == (11, True)


def test_stream_of_an_undeclared_body_has_the_limit_of_the_app(app):
    """Where no length is declared, ``limit`` is ``MAX_CONTENT_LENGTH``, and reading ends before."""
    app.config["MAX_CONTENT_LENGTH"] = 20
    told = {"wsgi.input_terminated": True, "wsgi.input": io.BytesIO(b"hello")}
    with app.test_request_context(method="POST", environ_overrides=told):
        stream = request.stream
        assert (stream.limit, stream.is_exhausted) == (20, False)
        assert stream.exhaust() == b"hello"
        assert stream.tell() == 5


def test_request_outside_of_an_app():
    """A bare request has no route, and Werkzeug's limits."""
    bare = bolthead.Request({"REQUEST_METHOD": "GET", "wsgi.url_scheme": "http"})
    assert (bare.endpoint, bare.view_args, bare.blueprints) == (None, None, [])
    assert bare.max_content_length is None
    assert bare.max_form_memory_size == 500_000
    assert bare.max_form_parts == 1_000


LIMITS = {
    "body": ("MAX_CONTENT_LENGTH", 10, {"data": b"x" * 11}),
    "form": ("MAX_CONTENT_LENGTH", 10, {"data": {"a": "x" * 20}}),
    "memory": (
        "MAX_FORM_MEMORY_SIZE",
        10,
        {"data": {"a": "x" * 20}, "content_type": "multipart/form-data"},
    ),
    "parts": (
        "MAX_FORM_PARTS",
        1,
        {"data": {"a": "1", "b": "2"}, "content_type": "multipart/form-data"},
    ),
}


@pytest.mark.parametrize(("setting", "limit", "sent"), LIMITS.values(), ids=LIMITS)
@pytest.mark.parametrize("where", ["setting", "request"])
def test_limits(app, setting, limit, sent, where):
    """A body beyond the app's limit, or the request's own, is answered 413."""

    def view():
        if where == "request":
            setattr(request, setting.lower(), limit)
        return str(len(request.form) + len(request.data))

    if where == "setting":
        app.config[setting] = limit
    assert asked(app, view, **sent).status_code == 413


def test_own_limit_comes_before_the_setting(app):
    """A view may allow more than the app does."""
    app.config["MAX_CONTENT_LENGTH"] = 1

    def view():
        request.max_content_length = 100
        return request.form["a"]

    assert asked(app, view, data={"a": "xyz"}).text == "xyz"


BAD_JSON = {
    "no JSON": ({"data": b"{", "content_type": "application/json"}, 400),
    "empty": ({"data": b"", "content_type": "application/json"}, 400),
    "another type": ({"data": b"{}", "content_type": "text/plain"}, 415),
}


@pytest.mark.parametrize(("sent", "status"), BAD_JSON.values(), ids=BAD_JSON)
def test_body_that_is_no_json(app, sent, status):
    """Reading JSON where there is none is answered 400, or 415 for another content type."""
    app.config["TRAP_BAD_REQUEST_ERRORS"] = False
    assert asked(app, lambda: str(request.json), **sent).status_code == status


@pytest.mark.parametrize(("debug", "told"), [(True, True), (False, False)])
def test_reason_of_bad_json_is_told_in_debug_mode(app, debug, told):
    """The parser's words are for developers only."""
    app.debug = debug
    response = asked(app, lambda: request.json, data=b"{", content_type="application/json")
    assert ("Failed to decode JSON object" in response.text) is told


def test_json_may_be_absent_silently(app):
    """``get_json(silent=True)`` is None for what is no JSON."""
    assert asked(app, lambda: repr(request.get_json(silent=True)), data=b"{").text == "None"


def test_file_without_enctype_is_explained_in_debug_mode(app):
    """In debug mode, a file of a form that lacks the enctype raises an error that names it."""
    app.debug = True

    def view():
        return request.files["photo"].filename

    with pytest.raises(DebugFilesKeyError, match=r'enctype="multipart/form-data"') as caught:
        asked(app, view, data={"photo": "photo.jpg"})
    assert "'photo.jpg'" in str(caught.value)


def test_other_missing_files_are_bad_requests(app):
    """A file that the form does not name at all is a plain 400, in debug mode as well."""
    app.debug = True
    app.config["TRAP_BAD_REQUEST_ERRORS"] = False
    assert asked(app, lambda: request.files["none"].filename, data={"a": "b"}).status_code == 400


def test_uploaded_file(app):
    """A file of a multipart form is read, beside the form's fields."""

    def view():
        photo = request.files["photo"]
        return f"{request.form['a']} {photo.filename} {photo.read().decode()}"

    data = {"a": "b", "photo": (io.BytesIO(b"content"), "photo.txt")}
    assert asked(app, view, data=data).text == "b photo.txt content"


def test_files_are_closed_after_the_request(app):
    """Uploaded files are closed when the request's context ends."""
    kept = []

    def view():
        kept.append(request.files["photo"])
        return ""

    asked(app, view, data={"photo": (io.BytesIO(b"content"), "photo.txt")})
    assert kept[0].stream.closed


# The response


def test_response_is_html_by_default(app, client):
    """Text is sent as HTML in UTF-8."""
    app.add_url_rule("/", "index", lambda: "é")
    response = client.get("/")
    assert response.content_type == "text/html; charset=utf-8"
    assert response.data == "é".encode()


def test_response_reads_json_by_the_provider(app):
    """``response.json`` and ``get_json`` go through the app's provider."""
    with app.app_context():
        response = make_response({"a": 1})
        assert (response.json, response.get_json(), response.is_json) == ({"a": 1}, {"a": 1}, True)


def test_location_is_sent_as_given(app, client):
    """A relative location stays relative."""
    app.add_url_rule("/", "index", lambda: ("", 302, {"Location": "../there"}))
    assert client.get("/").location == "../there"


def test_limit_of_cookies_is_a_setting(app):
    """A cookie larger than MAX_COOKIE_SIZE is warned of; 0 warns of none."""
    response = bolthead.Response()
    assert response.max_cookie_size == 4093
    app.config["MAX_COOKIE_SIZE"] = 100
    with app.app_context():
        assert response.max_cookie_size == 100
        with pytest.warns(UserWarning, match="cookie is too large"):
            response.set_cookie("a", "x" * 200)
        app.config["MAX_COOKIE_SIZE"] = 0
        response.set_cookie("a", "x" * 200)


def test_classes_may_be_replaced(app, client):
    """``request_class`` and ``response_class`` of the app are used for every request."""

    class Own(bolthead.Request):
        @property
        def word(self):
            return "own"

    class Plain(bolthead.Response):
        default_mimetype = "text/plain"

    app.request_class, app.response_class = Own, Plain
    app.add_url_rule("/", "index", lambda: request.word)
    response = client.get("/")
    assert (response.text, response.mimetype) == ("own", "text/plain")
