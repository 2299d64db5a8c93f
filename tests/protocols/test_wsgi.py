"""One request by WSGI (PEP 3333): environ in, body out."""

from __future__ import annotations

import io
from wsgiref.validate import validator

import pytest
from werkzeug.test import Client, create_environ, run_wsgi_app

from bolthead import Response, has_request_context, request, stream_with_context


@pytest.fixture
def served(app):
    """An app with a view of each kind of body."""
    app.add_url_rule("/text", "text", lambda: "é")
    app.add_url_rule("/stream", "stream", lambda: stream_with_context(c for c in "abc"))
    app.add_url_rule("/echo", "echo", lambda: request.get_data(), methods=["POST"])
    return app


CASES = {
    "text": ("GET", "/text", b"", 200, "é".encode()),
    "head": ("HEAD", "/text", b"", 200, b""),
    "stream": ("GET", "/stream", b"", 200, b"abc"),
    "body": ("POST", "/echo", b"sent", 200, b"sent"),
    "miss": ("GET", "/none", b"", 404, None),
    "not allowed": ("DELETE", "/text", b"", 405, None),
}


@pytest.mark.parametrize(("method", "path", "sent", "status", "body"), CASES.values(), ids=CASES)
@pytest.mark.filterwarnings("ignore::wsgiref.validate.WSGIWarning")
def test_app_keeps_to_the_protocol(served, method, path, sent, status, body):
    """The standard library's validator finds nothing wrong with the app's answers."""
    environ = create_environ(path, method=method, data=sent or None)
    environ["wsgi.errors"] = io.StringIO()
    environ["QUERY_STRING"] = ""
    found, status_line, _ = run_wsgi_app(validator(served), environ)
    data = b"".join(found)
    getattr(found, "close", lambda: None)()
    assert int(status_line.split()[0]) == status
    if body is not None:
        assert data == body


def test_context_is_left_before_the_body_is_read(served):
    """The request is over when the app returns, though the body is not read yet."""
    served.add_url_rule("/late", "late", lambda: (str(has_request_context()) for _ in range(1)))
    body, _, _ = run_wsgi_app(served, create_environ("/late"))
    assert not has_request_context()
    assert b"".join(body) == b"False"


def test_stream_is_closed_by_the_server(served):
    """A server that stops reading closes the body, and with it the generator."""
    ended = []

    def pieces():
        try:
            yield "a"
            yield "b"
        finally:
            ended.append(True)

    served.add_url_rule("/s", "s", lambda: stream_with_context(pieces()))
    body = served(create_environ("/s"), lambda *args: None)
    assert next(iter(body)) == b"a"
    body.close()
    assert ended == [True]
    assert not has_request_context()


def test_call_on_close(served):
    """Functions given to ``call_on_close`` run when the server closes the body."""
    closed = []

    def view():
        response = Response("a")
        response.call_on_close(lambda: closed.append(True))
        return response

    served.add_url_rule("/c", "c", view)
    Client(served).get("/c", buffered=True).close()
    assert closed


ENVIRONS = {
    "query": ({"QUERY_STRING": "a=%C3%A9&a=2"}, lambda: request.args.getlist("a"), ["é", "2"]),
    "no query at all": ({"QUERY_STRING": None}, lambda: dict(request.args), {}),
    "mount": ({"SCRIPT_NAME": "/m"}, lambda: request.root_path, "/m"),
    "https": ({"wsgi.url_scheme": "https"}, lambda: request.is_secure, True),
    "header": ({"HTTP_X_A": "1"}, lambda: request.headers["X-A"], "1"),
    "no host": (
        {"HTTP_HOST": None, "SERVER_NAME": "example.org", "SERVER_PORT": "8000"},
        lambda: request.host,
        "example.org:8000",
    ),
    "address": ({"REMOTE_ADDR": "10.0.0.1"}, lambda: request.remote_addr, "10.0.0.1"),
}


@pytest.mark.parametrize(("changes", "look", "expected"), ENVIRONS.values(), ids=ENVIRONS)
def test_what_servers_put_into_environ(app, changes, look, expected):
    """The request is read from whatever a server puts into environ, or leaves out."""
    app.add_url_rule("/x", "x", lambda: {"found": look()})
    environ = create_environ("/x")
    for key, value in changes.items():
        if value is None:
            environ.pop(key, None)
        else:
            environ[key] = value
    body, status, _ = run_wsgi_app(app, environ)
    assert status == "200 OK"
    assert app.json.loads(b"".join(body)) == {"found": expected}


def test_path_bytes_are_utf8(app):
    """PATH_INFO's bytes are read as UTF-8 (PEP 3333 hands them on as Latin-1)."""
    app.add_url_rule("/<word>", "x", lambda word: word)
    environ = create_environ("/x")
    environ["PATH_INFO"] = "/é".encode().decode("latin-1")
    body, _, _ = run_wsgi_app(app, environ)
    assert b"".join(body) == "é".encode()


def test_error_of_the_error_handling_is_a_plain_500(quiet):
    """Where even the handling of an error fails, the server gets an answer all the same."""

    @quiet.errorhandler(500)
    def failing(error):
        raise ValueError("worse")

    @quiet.route("/")
    def broken():
        raise KeyError

    response = quiet.test_client().get("/")
    assert response.status_code == 500


def test_errors_leave_no_context(quiet):
    """After any error nothing is in force."""

    @quiet.route("/")
    def broken():
        raise KeyError

    quiet.test_client().get("/")
    assert not has_request_context()
    quiet.config["PROPAGATE_EXCEPTIONS"] = True
    with pytest.raises(KeyError):
        quiet.test_client().get("/")
    assert not has_request_context()
