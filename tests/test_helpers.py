"""What views call: answers, addresses, messages, files and streams."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from werkzeug.exceptions import HTTPException

import bolthead
from bolthead import (
    abort,
    flash,
    g,
    get_flashed_messages,
    get_template_attribute,
    make_response,
    redirect,
    request,
    send_file,
    send_from_directory,
    session,
    stream_with_context,
)
from bolthead.helpers import get_debug_flag, get_load_dotenv, get_root_path

# make_response, redirect, abort

RESPONSES = {
    "nothing": ((), (200, b"")),
    "text": (("a",), (200, b"a")),
    "text and status": (("a", 201), (201, b"a")),
    "all three": (("a", 202, {"X-A": "1"}), (202, b"a")),
    "a tuple": ((("a", 203),), (203, b"a")),
    "data": (({"a": 1},), (200, b'{"a":1}\n')),
}


@pytest.mark.parametrize(("args", "expected"), RESPONSES.values(), ids=RESPONSES)
def test_make_response(app, args, expected):
    """``make_response`` makes a response of what a view might answer."""
    with app.test_request_context():
        response = make_response(*args)
        assert (response.status_code, response.data) == expected
        assert isinstance(response, app.response_class)


@pytest.mark.parametrize("code", [301, 302, 303, 305, 307, 308])
def test_redirect_codes(app, code):
    """A redirect has the code given, also outside of an app."""
    assert redirect("/there", code).status_code == code
    with app.test_request_context():
        response = redirect("/there", code=code)
    assert (response.status_code, response.location) == (code, "/there")


def test_redirect_goes_through_the_app(app):
    """In an app ``redirect`` is the app's method, whichever class is given (Flask API)."""
    app.redirect = lambda location, code=302: f"{location} {code}"
    with app.app_context():
        assert redirect("/there", 307) == "/there 307"
        assert redirect("/there", Response=bolthead.Response) == "/there 302"
    assert type(redirect("/there", Response=bolthead.Response)) is bolthead.Response


@pytest.mark.parametrize("code", [400, 401, 403, 404, 410, 418, 429, 500, 503])
def test_abort_raises_the_exception_of_a_code(app, code):
    """``abort`` raises the HTTP exception of the code, inside and outside of an app."""
    with pytest.raises(HTTPException) as caught:
        abort(code)
    assert caught.value.code == code
    with app.app_context(), pytest.raises(HTTPException) as caught:
        abort(code, "the reason")
    assert caught.value.description == "the reason"


def test_abort_with_an_unknown_code(app):
    """A code without an exception is a LookupError."""
    with app.app_context(), pytest.raises(LookupError, match="799"):
        abort(799)


def test_abort_goes_through_the_aborter(app):
    """``app.aborter`` may know codes of one's own."""

    class Odd(HTTPException):
        code = 499
        description = "odd"

    app.aborter.mapping[499] = Odd
    with app.app_context(), pytest.raises(Odd):
        abort(499)


# Messages


def test_messages_are_shown_once(app, client):
    """A flashed message is kept for the next page that shows messages, and gone after that."""
    app.add_url_rule("/flash", "flash", lambda: flash("saved") or "")
    app.add_url_rule("/show", "show", lambda: get_flashed_messages())
    client.get("/flash")
    client.get("/flash")
    assert client.get("/show").json == ["saved", "saved"]
    assert client.get("/show").json == []


def test_messages_stay_through_a_request(app):
    """Asking twice in one request gives the same messages."""
    with app.test_request_context():
        flash("one")
        assert get_flashed_messages() == ["one"]
        flash("two")
        assert get_flashed_messages() == ["one"]
        assert "_flashes" in session


CATEGORIES = {
    "messages": ({}, ["a", "b", "c"]),
    "with categories": (
        {"with_categories": True},
        [("message", "a"), ("error", "b"), ("info", "c")],
    ),
    "filtered": ({"category_filter": ["error", "info"]}, ["b", "c"]),
    "filtered with categories": (
        {"category_filter": ("error",), "with_categories": True},
        [("error", "b")],
    ),
    "filtered to none": ({"category_filter": ["no"]}, []),
    "empty filter": ({"category_filter": []}, ["a", "b", "c"]),
}


@pytest.mark.parametrize(("options", "expected"), CATEGORIES.values(), ids=CATEGORIES)
def test_categories(app, options, expected):
    """Messages have categories, by which they can be told and chosen."""
    with app.test_request_context():
        flash("a")
        flash("b", "error")
        flash("c", category="info")
        assert get_flashed_messages(**options) == expected


def test_message_flashed_is_sent(app):
    """Each message is told to receivers of ``message_flashed``."""
    heard = []

    def receive(sender, message, category, **kwargs):
        heard.append((sender, message, category))

    with (
        app.test_request_context(),
        bolthead.message_flashed.connected_to(receive, app),
    ):
        flash("a", "error")
    assert heard == [(app, "a", "error")]


# Files


@pytest.fixture
def folder(tmp_path):
    """A folder of files beside which a secret lies."""
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.txt").write_text("0123456789")
    (tmp_path / "secret.txt").write_text("secret")
    return tmp_path


def sent(app, view, **options):
    """Return the response of a view to a GET."""
    app.add_url_rule("/", "view", view)
    return app.test_client().get("/", buffered=True, **options)


def test_send_file_by_path(app, folder):
    """A file is sent by its path, relative to the app's root, with type, length, date and tag."""
    response = sent(app, lambda: send_file("files/a.txt"))
    assert (response.text, response.mimetype) == ("0123456789", "text/plain")
    assert response.content_length == 10
    assert response.last_modified is not None
    assert response.headers["ETag"]
    assert response.headers["Content-Disposition"] == "inline; filename=a.txt"
    assert response.cache_control.no_cache


FILE_OPTIONS = {
    "attachment": ({"as_attachment": True}, "Content-Disposition", "attachment; filename=a.txt"),
    "name": (
        {"as_attachment": True, "download_name": "b.csv"},
        "Content-Disposition",
        "attachment; filename=b.csv",
    ),
    "name decides the type": (
        {"download_name": "b.csv"},
        "Content-Type",
        "text/csv; charset=utf-8",
    ),
    "type": ({"mimetype": "application/x-own"}, "Content-Type", "application/x-own"),
    "max age": ({"max_age": 5}, "Cache-Control", "public, max-age=5"),
    "computed age": ({"max_age": lambda path: 7}, "Cache-Control", "public, max-age=7"),
    "tag": ({"etag": "own"}, "ETag", '"own"'),
    "no tag": ({"etag": False}, "ETag", None),
    "date": (
        {"last_modified": datetime(2020, 1, 2, tzinfo=UTC)},
        "Last-Modified",
        "Thu, 02 Jan 2020 00:00:00 GMT",
    ),
}


@pytest.mark.parametrize(("options", "name", "value"), FILE_OPTIONS.values(), ids=FILE_OPTIONS)
def test_options_of_send_file(app, folder, options, name, value):
    """Options of ``send_file`` set the headers of the answer."""
    assert sent(app, lambda: send_file("files/a.txt", **options)).headers.get(name) == value


RANGES = {
    "both ends": ("bytes=0-1", 206, b"01"),
    "suffix": ("bytes=-2", 206, b"89"),
    "from": ("bytes=7-", 206, b"789"),
    "beyond": ("bytes=50-", 416, None),
    "nonsense": ("bytes=x", 416, None),
}


@pytest.mark.parametrize(("header", "status", "body"), RANGES.values(), ids=RANGES)
def test_ranges_of_a_file(app, folder, header, status, body):
    """A part of a file is sent where the client asks for it."""
    response = sent(app, lambda: send_file("files/a.txt"), headers={"Range": header})
    assert response.status_code == status
    if body is not None:
        assert response.data == body


def test_unchanged_file_is_not_sent_again(app, folder):
    """A client that has the file, by tag or by date, is told so without it."""
    first = sent(app, lambda: send_file("files/a.txt"))
    client = app.test_client()
    for headers in (
        {"If-None-Match": first.headers["ETag"]},
        {"If-Modified-Since": first.headers["Last-Modified"]},
    ):
        response = client.get("/", headers=headers, buffered=True)
        assert (response.status_code, response.data) == (304, b"")


def test_send_open_file(app):
    """An open binary file is sent; its type must be known from name or option."""
    view = lambda: send_file(io.BytesIO(b"data"), download_name="a.bin")  # noqa: E731
    response = sent(app, view)
    assert (response.data, response.mimetype) == (b"data", "application/octet-stream")


@pytest.mark.parametrize(
    "given", [io.StringIO("text"), io.BytesIO(b"data")], ids=["text", "no name"]
)
def test_send_open_file_refusals(app, given):
    """A text file, or bytes without name or type, cannot be sent."""
    with app.test_request_context(), pytest.raises((ValueError, TypeError)):
        send_file(given)


def test_x_sendfile_leaves_it_to_the_server(app, folder):
    """With USE_X_SENDFILE the path is put in a header."""
    app.config["USE_X_SENDFILE"] = True
    response = sent(app, lambda: send_file("files/a.txt"))
    assert response.headers["X-Sendfile"] == str(folder / "files" / "a.txt")


@pytest.mark.parametrize(
    ("setting", "age"), [(10, 10), (timedelta(hours=1), 3600)], ids=["seconds", "duration"]
)
def test_files_are_kept_as_the_setting_says(app, folder, setting, age):
    """SEND_FILE_MAX_AGE_DEFAULT tells how long files are kept, as seconds or duration."""
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = setting
    assert sent(app, lambda: send_file("files/a.txt")).cache_control.max_age == age


PATHS = {
    "inside": ("a.txt", 200),
    "missing": ("none.txt", 404),
    "above": ("../secret.txt", 404),
    "absolute": ("/etc/passwd", 404),
    "folder": ("", 404),
    "null": ("a\0.txt", 404),
}


@pytest.mark.parametrize(("path", "status"), PATHS.values(), ids=PATHS)
def test_send_from_directory(app, folder, path, status):
    """A file of a folder is sent by a client's path; nothing outside of it ever is."""
    response = sent(app, lambda: send_from_directory("files", path))
    assert response.status_code == status


# Streams


def test_stream_keeps_the_request(app, client):
    """A generator wrapped by ``stream_with_context`` sees the request while it is sent."""

    @app.route("/")
    def view():
        g.word = "kept"
        session["a"] = 1

        def pieces():
            yield request.args["x"]
            yield g.word
            yield str(session["a"])

        return stream_with_context(pieces())

    assert client.get("/?x=q").text == "qkept1"


def test_stream_decorator(app, client):
    """It may decorate the function that makes the generator."""

    @app.route("/")
    def view():
        @stream_with_context
        def pieces(word):
            yield word
            yield request.path

        return pieces("at "), {"X-A": "1"}

    assert client.get("/").text == "at /"


def test_stream_without_it_has_no_request(app, client):
    """A plain generator runs after the request has ended."""

    @app.route("/")
    def view():
        def pieces():
            yield str(bolthead.has_request_context())

        return pieces()

    assert client.get("/").text == "False"


def test_stream_that_is_broken_off_closes_its_generator(app):
    """A client that goes away ends the generator."""
    ended = []

    def pieces():
        try:
            yield "a"
            yield "b"
        finally:
            ended.append(True)

    with app.test_request_context():
        stream = stream_with_context(pieces())
        assert next(stream) == "a"
        stream.close()
    assert ended == [True]


def test_stream_needs_a_request(app):
    """Outside of a request it says so."""
    with app.app_context(), pytest.raises(RuntimeError, match="'stream_with_context' can only be"):
        next(stream_with_context(iter("ab")))


# Templates, flags


def test_get_template_attribute(app, tmp_path):
    """A macro or variable of a template can be used from Python."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "m.html").write_text(
        "{% macro hello(name) %}Hello {{ name }}{% endmacro %}{% set word = 'x' %}"
    )
    with app.app_context():
        assert get_template_attribute("m.html", "hello")("<b>") == "Hello &lt;b&gt;"
        assert get_template_attribute("m.html", "word") == "x"


FLAGS = {"unset": (None, False), "one": ("1", True), "zero": ("0", False), "No": ("No", False)}


@pytest.mark.parametrize(("value", "expected"), FLAGS.values(), ids=FLAGS)
def test_debug_flag(monkeypatch, value, expected):
    """FLASK_DEBUG asks for debug mode unless it is empty, 0, false or no."""
    monkeypatch.delenv("FLASK_DEBUG", raising=False)
    if value is not None:
        monkeypatch.setenv("FLASK_DEBUG", value)
    assert get_debug_flag() is expected


DOTENV = {"unset": (None, True), "one": ("1", False), "zero": ("0", True), "empty": ("", True)}


@pytest.mark.parametrize(("value", "expected"), DOTENV.values(), ids=DOTENV)
def test_dotenv_flag(monkeypatch, value, expected):
    """FLASK_SKIP_DOTENV keeps .env files from being read."""
    monkeypatch.delenv("FLASK_SKIP_DOTENV", raising=False)
    if value is not None:
        monkeypatch.setenv("FLASK_SKIP_DOTENV", value)
    assert get_load_dotenv() is expected


def test_root_path_is_offered_here():
    """``helpers.get_root_path`` is where extensions look for it."""
    assert get_root_path("json").endswith("json")
