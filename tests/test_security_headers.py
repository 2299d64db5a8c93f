"""The headers that are added to answers: which, where, once, and the nonce of the policy."""

from __future__ import annotations

import re
import sys

import pytest
from asgi import ask, run
from werkzeug.test import EnvironBuilder, run_wsgi_app

from bolthead import (
    Bolthead,
    Flask,
    Response,
    csp_nonce,
    redirect,
    render_template_string,
    stream_template_string,
)
from bolthead.security_headers import BASIC, STRICT

WAYS = ["wsgi", "client", "asgi", "asgi-loop"]
SCRIPT = "<script nonce='{{ csp_nonce() }}'>1</script>"


def make(cls=Bolthead, *, way="wsgi", tmp_path=None, **settings):
    options = {} if tmp_path is None else {"static_folder": tmp_path, "static_url_path": "/static"}
    app = cls("quiet_headers", **options)
    app.config.update(settings)
    app.logger.disabled = True

    def plain(view):
        if way != "asgi-loop":
            return view

        async def view_async(**values):
            return view(**values)

        view_async.__name__ = view.__name__
        return view_async

    def route(path):
        return lambda view: app.add_url_rule(path, view.__name__, plain(view)) or view

    @route("/text")
    def text():
        return "text"

    @route("/json")
    def json():
        return {"a": 1}

    @route("/response")
    def response():
        return Response("response")

    @route("/away")
    def away():
        return redirect("/text")

    @route("/fail")
    def fail():
        raise RuntimeError

    @route("/stream")
    def stream():
        return (piece for piece in ("a", "b"))

    @route("/wsgi")
    def wsgi():
        def other(environ, start_response):
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b"other"]

        return other

    @route("/own")
    def own():
        headers = {"referrer-policy": "no-referrer", "X-Content-Type-Options": "sniff"}
        return "own", 200, headers

    @route("/page")
    def page():
        return render_template_string(SCRIPT + SCRIPT)

    @route("/streamed-page")
    def streamed_page():
        return stream_template_string(SCRIPT + SCRIPT)

    return app


def get(app, path, way, method="GET", scheme="http"):
    """Ask by one of the ways; return status, headers as a list of pairs, and text."""
    if way == "wsgi":
        environ = EnvironBuilder(
            path=path, method=method, base_url=f"{scheme}://shop"
        ).get_environ()
        body, status, headers = run_wsgi_app(app, environ, buffered=True)
        return int(status[:3]), list(headers), b"".join(body).decode()
    if way == "client":
        answer = app.test_client().open(
            path, method=method, base_url=f"{scheme}://shop", buffered=True
        )
        return answer.status_code, list(answer.headers), answer.text
    answer = run(ask(app, path, method, scheme=scheme))
    return answer.status, answer.headers, answer.text


def added(headers):
    """The headers of an answer that protect, by lower-case name; each stands once."""
    names = {name.lower() for name in STRICT}
    pairs = [(name.lower(), value) for name, value in headers if name.lower() in names]
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def lowered(headers):
    return {name.lower(): value for name, value in headers.items()}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/text", "GET", 200),
        ("/text", "HEAD", 200),
        ("/text", "OPTIONS", 200),
        ("/text", "POST", 405),
        ("/json", "GET", 200),
        ("/response", "GET", 200),
        ("/away", "GET", 302),
        ("/stream", "GET", 200),
        ("/wsgi", "GET", 200),
        ("/nothing", "GET", 404),
        ("/fail", "GET", 500),
        ("/static/data.txt", "GET", 200),
        ("/static/none.txt", "GET", 404),
    ],
)
def test_on_every_answer(way, path, method, status, tmp_path):
    """Each kind of answer has the two headers in ``Bolthead``, and none of them in ``Flask``."""
    (tmp_path / "data.txt").write_text("data")
    for cls, expected in ((Bolthead, BASIC), (Flask, {})):
        app = make(cls, way=way, tmp_path=tmp_path)
        found, headers, _ = get(app, path, way, method)
        assert (found, added(headers)) == (status, lowered(expected))


def test_on_a_plain_500_that_nobody_handles():
    """The answer of last resort, to a handler that fails, has them too."""
    app = make()

    @app.errorhandler(500)
    def fail(error):
        raise RuntimeError("again")

    status, headers, _ = get(app, "/fail", "wsgi")
    assert (status, added(headers)) == (500, lowered(BASIC))


@pytest.mark.parametrize("way", ["wsgi", "asgi", "asgi-loop"])
def test_on_a_plain_500_for_what_cannot_be_sent(way):
    """The answer in place of a response that fails while it is sent has them, too."""

    class Unsendable(Response):
        def get_wsgi_headers(self, environ):
            raise RuntimeError("no headers")

    app = make(way=way)
    app.add_url_rule("/unsendable", "unsendable", lambda: Unsendable("text"))
    if way == "wsgi":
        # Werkzeug's caller raises what a server may only raise where headers were sent.
        started = []
        environ = EnvironBuilder(path="/unsendable").get_environ()
        app(environ, lambda *given: started.append(given))
        status, headers = int(started[0][0][:3]), started[0][1]
    else:
        status, headers, _ = get(app, "/unsendable", way)
    assert (status, added(headers)) == (500, lowered(BASIC))


def test_on_a_plain_500_for_a_middleware_that_fails():
    """By ASGI an error of a middleware is a plain 500, which has them, too."""
    app = make()

    def fail(environ, start_response):
        raise RuntimeError("middleware")

    app.wsgi_app = fail
    status, headers, _ = get(app, "/text", "asgi")
    assert (status, added(headers)) == (500, lowered(BASIC))


@pytest.mark.parametrize("way", WAYS)
def test_what_the_app_set_stays(way):
    """A header that the app has set, in whatever case, is neither changed nor doubled."""
    _, headers, _ = get(make(way=way), "/own", way)
    assert added(headers) == {"referrer-policy": "no-referrer", "x-content-type-options": "sniff"}


def test_after_request_has_the_first_word():
    """What an after function sets stays; one that looks sees what the app has set, only."""
    app = make()
    seen = []

    @app.after_request
    def after(response):
        seen.append("Referrer-Policy" in response.headers)
        response.headers["Referrer-Policy"] = "origin"
        return response

    _, headers, _ = get(app, "/text", "wsgi")
    assert seen == [False]
    assert added(headers)["referrer-policy"] == "origin"


def test_a_response_that_is_kept_is_not_changed():
    """A response object that the app returns again and again gets no headers of its own."""
    app = make()
    kept = Response("kept")
    app.add_url_rule("/kept", "kept", lambda: kept)
    for _ in range(3):
        _, headers, _ = get(app, "/kept", "wsgi")
        assert added(headers) == lowered(BASIC)
    assert added(list(kept.headers)) == {}


def test_not_modified(tmp_path):
    """A 304 has them, as the answer that it stands for has."""
    (tmp_path / "data.txt").write_text("data")
    app = make(tmp_path=tmp_path)
    client = app.test_client()
    tag = client.get("/static/data.txt", buffered=True).headers["ETag"]
    answer = client.get("/static/data.txt", headers={"If-None-Match": tag})
    assert answer.status_code == 304
    assert added(list(answer.headers)) == lowered(BASIC)


# The setting


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("path", ["/text", "/response"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_strict(way, path, scheme):
    """The strict preset adds all of its headers; that of HTTPS over HTTPS only."""
    app = make(way=way, SECURITY_HEADERS="strict")
    _, headers, _ = get(app, path, way, scheme=scheme)
    expected = lowered(STRICT)
    if scheme == "http":
        del expected["strict-transport-security"]
    policy = added(headers)["content-security-policy"]
    assert "nonce" not in policy
    assert "script-src 'self';" in policy
    expected["content-security-policy"] = policy
    assert added(headers) == expected


@pytest.mark.parametrize("cls", [Flask, Bolthead])
@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        (None, {}),
        ({}, {}),
        ("basic", BASIC),
        ({"X-Frame-Options": "SAMEORIGIN"}, {"X-Frame-Options": "SAMEORIGIN"}),
        ({**BASIC, "Referrer-Policy": "no-referrer"}, {**BASIC, "Referrer-Policy": "no-referrer"}),
        (
            {**BASIC, "Referrer-Policy": None},
            {"X-Content-Type-Options": "nosniff"},
        ),
    ],
    ids=["None", "empty", "basic", "one", "changed", "left out"],
)
def test_setting(cls, setting, expected):
    """Either class adds what the setting says: nothing, a preset, or headers of one's own."""
    app = make(cls, SECURITY_HEADERS=setting)
    assert added(get(app, "/text", "wsgi")[1]) == lowered(expected)


def test_setting_can_change_between_requests():
    """What was compiled follows the setting."""
    app = make()
    assert added(get(app, "/text", "wsgi")[1]) == lowered(BASIC)
    app.config["SECURITY_HEADERS"] = None
    assert added(get(app, "/text", "wsgi")[1]) == {}


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("strictest", "'basic', 'strict', a mapping"),
        ({"X-A": "a\r\nSet-Cookie: b"}, "in one line"),
        ({"X-A": "caf\u00e9"}, "printable ASCII"),
        ({"X A": "a"}, "cannot be sent"),
    ],
)
def test_setting_that_is_none(setting, words):
    """What cannot be sent is an error when the app is asked first, not a header."""
    with pytest.raises(ValueError, match=words):
        get(make(SECURITY_HEADERS=setting), "/text", "wsgi")


# The nonce


def nonces(headers, text):
    """The nonces of the policy, and those of the page."""
    policy = added(headers)["content-security-policy"]
    return re.findall(r"'nonce-([^']*)'", policy), re.findall(r"nonce='([^']*)'", text)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("path", ["/page", "/streamed-page"])
def test_nonce(way, path):
    """A page has the nonce that its policy allows, the same all through, another each time."""
    app = make(way=way, SECURITY_HEADERS="strict")
    seen = set()
    for _ in range(3):
        _, headers, text = get(app, path, way)
        of_policy, of_page = nonces(headers, text)
        assert len(of_page) == 2
        assert set(of_policy) == set(of_page)
        assert len(set(of_page)) == 1
        seen |= set(of_page)
    assert len(seen) == 3
    assert all(len(nonce) >= 22 for nonce in seen)


def test_nonce_in_an_app_that_made_its_templates_before_the_setting():
    """``csp_nonce`` is there though the environment was made before the setting was."""
    app = make(Flask)
    app.jinja_env.filters["own"] = str
    app.config["SECURITY_HEADERS"] = "strict"
    of_policy, of_page = nonces(*get(app, "/page", "wsgi")[1:])
    assert set(of_policy) == set(of_page)


def test_templates_of_flask_have_no_such_name():
    """Without the setting a template of ``Flask`` finds no ``csp_nonce``, as in Flask."""
    assert "csp_nonce" not in Flask("shop").jinja_env.globals


def test_nonce_of_an_app_of_ones_own():
    """A global of that name that the app has set stays."""
    app = make(SECURITY_HEADERS="strict")
    app.jinja_env.globals["csp_nonce"] = lambda: "mine"
    assert "nonce='mine'" in get(app, "/page", "wsgi")[2]


def test_nonce_in_python():
    """A view can ask for it; outside of a request there is none."""
    app = make(SECURITY_HEADERS={"Content-Security-Policy": "script-src 'nonce-{nonce}'"})
    app.add_url_rule("/own-page", "own_page", lambda: f"nonce='{csp_nonce()}'")
    of_policy, of_page = nonces(*get(app, "/own-page", "wsgi")[1:])
    assert of_policy == of_page
    with pytest.raises(RuntimeError, match="outside of request context"):
        csp_nonce()


def test_plan_says_what_is_added():
    """A plan in words names the headers."""
    assert "X-Content-Type-Options" in make().plan_for("text").explain()
    assert "adds" not in make(Flask).plan_for("text").explain()


@pytest.mark.parametrize(
    ("path", "most"), [("/text", 1), ("/json", 1), ("/response", 4), ("/nothing", 4)]
)
def test_cost(path, most):
    """An answer costs ``Bolthead`` so many function calls more than ``Flask``."""

    def calls_of(cls):
        app = make(cls)
        environ = EnvironBuilder(path=path).get_environ()
        counted = 0

        def note(frame, event, argument):
            nonlocal counted
            counted += event == "call"

        def ask_once():
            app.wsgi_app(dict(environ), lambda status, headers: None)

        for _ in range(3):
            ask_once()
        sys.setprofile(note)
        try:
            ask_once()
        finally:
            sys.setprofile(None)
        return counted

    assert calls_of(Bolthead) - calls_of(Flask) <= most
