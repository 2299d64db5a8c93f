"""A view's answer becomes a response."""

from __future__ import annotations

import pytest
from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response as BaseResponse

import bolthead
from bolthead import Response, redirect


def wsgi_answer(environ, start_response):
    """A WSGI application that a view answers with."""
    start_response("203 Own", [("Content-Type", "text/x-own")])
    return [b"from wsgi ", environ["PATH_INFO"].encode()]


HTML = "text/html; charset=utf-8"
JSON = "application/json"

ANSWERS = {
    "text": ("é", 200, "é".encode(), HTML),
    "empty text": ("", 200, b"", HTML),
    "bytes": (b"\xff", 200, b"\xff", HTML),
    "bytearray": (bytearray(b"a"), 200, b"a", HTML),
    "dictionary": ({"a": 1}, 200, b'{"a":1}\n', JSON),
    "empty dictionary": ({}, 200, b"{}\n", JSON),
    "list": ([1, 2], 200, b"[1,2]\n", JSON),
    "iterator": (iter(["a", "b"]), 200, b"ab", HTML),
    "generator of bytes": ((part for part in (b"a", b"b")), 200, b"ab", HTML),
    "response": (Response("r", 201, mimetype="text/plain"), 201, b"r", "text/plain; charset=utf-8"),
    "Werkzeug's response": (BaseResponse("w", 202), 202, b"w", "text/plain; charset=utf-8"),
    "redirect": (redirect("/x", 303), 303, None, HTML),
    "WSGI application": (wsgi_answer, 203, b"from wsgi /", "text/x-own"),
    "status": (("a", 201), 201, b"a", HTML),
    "status text": (("a", "404 Gone Fishing"), 404, b"a", HTML),
    "no content": (("", 204), 204, b"", HTML),
    "data and status": (({"a": 1}, 400), 400, b'{"a":1}\n', JSON),
    "list and status": (([1], 400), 400, b"[1]\n", JSON),
    "response and status": ((Response("r"), 418), 418, b"r", HTML),
    "content type": (("a", {"Content-Type": "text/css"}), 200, b"a", "text/css"),
    "all three": (("a", 201, {"Content-Type": "text/css"}), 201, b"a", "text/css"),
}


@pytest.mark.parametrize(("answer", "status", "body", "kind"), ANSWERS.values(), ids=ANSWERS)
def test_answers(app, client, answer, status, body, kind):
    """Whatever a view may return becomes a response with its body, status and type."""
    app.add_url_rule("/", "index", lambda: answer)
    response = client.get("/")
    assert (response.status_code, response.content_type) == (status, kind)
    if body is not None:
        assert response.data == body


HEADERS = {
    "dictionary": {"X-A": "1"},
    "pairs": [("X-A", "1")],
    "tuple of pairs": (("X-A", "1"),),
    "Headers": Headers({"X-A": "1"}),
    "list of values": {"X-A": ["1"]},
}


@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS)
@pytest.mark.parametrize("form", ["two", "three"])
def test_headers_of_an_answer(app, client, headers, form):
    """Headers go beside the body, with or without a status, in any form."""
    app.add_url_rule("/", "index", lambda: ("a", headers) if form == "two" else ("a", 200, headers))
    assert client.get("/").headers["X-A"] == "1"


def test_headers_replace_those_of_a_response(app, client):
    """Headers beside a response take the place of its own."""
    made = Response("r", headers={"X-A": "own", "X-B": "own"})
    app.add_url_rule("/", "index", lambda: (made, {"X-A": "given"}))
    response = client.get("/")
    assert (response.headers["X-A"], response.headers["X-B"]) == ("given", "own")


def test_several_values_of_a_header(app, client):
    """A list gives several headers of the name."""
    app.add_url_rule("/", "index", lambda: ("", {"X-A": ["1", "2"]}))
    assert client.get("/").headers.getlist("X-A") == ["1", "2"]


BAD = {
    "None": (None, "ended without a return statement"),
    "number": (3, "but it was a int"),
    "object": (object(), "but it was a object"),
    "set": ({1}, "but it was a set"),
    "one in a tuple": (("a",), "did not return a valid response tuple"),
    "four in a tuple": (("a", 1, {}, 4), "did not return a valid response tuple"),
    "empty tuple": ((), "did not return a valid response tuple"),
    "None in a tuple": ((None, 400), "ended without a return statement"),
    "no WSGI": (lambda: "a", "must be a string, dict, list"),
}


@pytest.mark.parametrize(("answer", "text"), BAD.values(), ids=BAD)
def test_what_is_no_answer(app, client, answer, text):
    """What cannot be an answer is a TypeError that says what it may be."""
    app.add_url_rule("/", "index", lambda: answer)
    with pytest.raises(TypeError, match=text):
        client.get("/")


def test_error_names_the_view(app, client):
    """The error of a view that returned nothing names its endpoint."""
    app.add_url_rule("/", "my_view", lambda: None)
    with pytest.raises(TypeError, match="'my_view'"):
        client.get("/")


def test_response_class_is_the_apps(app, client):
    """Every answer becomes the app's response class, others' responses too."""
    seen = []

    class Own(bolthead.Response):
        pass

    app.response_class = Own
    app.after_request(lambda response: seen.append(type(response)) or response)
    for number, answer in enumerate(["text", {}, BaseResponse("w"), bolthead.Response("r")]):
        app.add_url_rule(f"/{number}", f"view{number}", lambda answer=answer: answer)
    for number in range(4):
        client.get(f"/{number}")
    assert seen == [Own] * 4


def test_response_class_sees_the_status(app, client):
    """A text's response is made with status and headers, so that the class can look at them."""

    class Own(bolthead.Response):
        def __init__(self, response=None, status=None, headers=None, **kwargs):
            if status == 299:
                response = f"{response} seen"
            super().__init__(response, status, headers, **kwargs)

    app.response_class = Own
    app.add_url_rule("/", "index", lambda: ("a", 299))
    assert client.get("/").text == "a seen"
