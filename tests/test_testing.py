"""Tests without a server: the client, the builder of requests, the runner of commands."""

from __future__ import annotations

import click
import pytest
from werkzeug.test import EnvironBuilder as BaseBuilder

from bolthead import Flask, current_app, g, has_request_context, request, session
from bolthead.testing import EnvironBuilder, FlaskClient, FlaskCliRunner


@pytest.fixture
def echo(app):
    """A view that tells what was asked."""
    app.add_url_rule(
        "/<path:path>",
        "echo",
        lambda path: {"url": request.url, "method": request.method, "scheme": request.scheme},
        methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
    )
    return app


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_methods_of_the_client(echo, client, method):
    """The client has a method for each of HTTP's."""
    assert getattr(client, method)("/x").json["method"] == method.upper()


URLS = {
    "default": ({}, ("/x",), {}, "http://localhost/x"),
    "server name": ({"SERVER_NAME": "example.org"}, ("/x",), {}, "http://example.org/x"),
    "scheme of the settings": (
        {"PREFERRED_URL_SCHEME": "https"},
        ("/x",),
        {},
        "https://localhost/x",
    ),
    "root": ({"APPLICATION_ROOT": "/root"}, ("/x",), {}, "http://localhost/root/x"),
    "subdomain": (
        {"SERVER_NAME": "example.org"},
        ("/x",),
        {"subdomain": "a"},
        "http://a.example.org/x",
    ),
    "scheme": ({}, ("/x",), {"url_scheme": "https"}, "https://localhost/x"),
    "base URL": ({}, ("/x", "https://other.test/b"), {}, "https://other.test/b/x"),
    "whole URL": ({}, ("https://other.test/x?a=1",), {}, "https://other.test/x?a=1"),
    "query": ({}, ("/x",), {"query_string": {"a": 1}}, "http://localhost/x?a=1"),
}


@pytest.mark.parametrize(("settings", "args", "options", "url"), URLS.values(), ids=URLS)
def test_address_of_a_request(echo, client, settings, args, options, url):
    """Where a test's request goes follows from the settings and the arguments."""
    echo.config.update(settings)
    assert client.get(*args, **options).json["url"] == url


@pytest.mark.parametrize("option", ["subdomain", "url_scheme"])
def test_base_url_stands_alone(app, option):
    """A subdomain or scheme beside a base URL is refused."""
    with pytest.raises(AssertionError, match='Cannot pass "subdomain" or "url_scheme"'):
        EnvironBuilder(app, "/", "http://localhost", **{option: "a"})


def test_json_goes_through_the_provider(app, client):
    """``json=`` is written by the app's provider, and answers are read by it."""
    import datetime

    app.add_url_rule("/", "index", lambda: {"got": request.json}, methods=["POST"])
    response = client.post("/", json={"day": datetime.date(2020, 1, 2)})
    assert response.json == {"got": {"day": "Thu, 02 Jan 2020 00:00:00 GMT"}}


def test_environ_base(app, client):
    """Values of ``environ_base`` go with every request, those of a request before them."""
    app.add_url_rule(
        "/",
        "index",
        lambda: f"{request.remote_addr} {request.user_agent} {request.environ.get('own')}",
    )
    assert client.get("/").text.startswith("127.0.0.1 Werkzeug/")
    client.environ_base["own"] = "base"
    client.environ_base["REMOTE_ADDR"] = "10.0.0.1"
    assert client.get("/").text.startswith("10.0.0.1 ")
    assert client.get("/", environ_base={"own": "request"}).text.endswith("request")


FORMS = {
    "builder of the framework": lambda app: EnvironBuilder(app, "/x", method="PUT"),
    "builder of Werkzeug": lambda app: BaseBuilder("/x", method="PUT"),
    "environ": lambda app: BaseBuilder("/x", method="PUT").get_environ(),
    "request": lambda app: BaseBuilder("/x", method="PUT").get_request(),
}


@pytest.mark.parametrize("make", FORMS.values(), ids=FORMS)
def test_what_open_takes(echo, client, make):
    """``open`` takes a builder, an environ or a request."""
    response = client.open(make(echo))
    assert (response.json["method"], response.json["url"]) == ("PUT", "http://localhost/x")


def test_redirects_are_followed(app, client):
    """With ``follow_redirects`` the last answer is given, with the history."""
    from bolthead import redirect

    app.add_url_rule("/a", "a", lambda: redirect("/b"))
    app.add_url_rule("/b", "b", lambda: redirect("/c"))
    app.add_url_rule("/c", "c", lambda: request.path)
    response = client.get("/a", follow_redirects=True)
    assert (response.text, len(response.history)) == ("/c", 2)
    assert client.get("/a").status_code == 302


# Cookies and sessions


def test_client_keeps_cookies(app, client):
    """The client sends the cookies it was given; one without cookies does not."""

    @app.route("/")
    def index():
        response = app.make_response(request.cookies.get("a", "none"))
        response.set_cookie("a", "kept")
        return response

    assert [client.get("/").text for _ in range(2)] == ["none", "kept"]
    plain = app.test_client(use_cookies=False)
    assert [plain.get("/").text for _ in range(2)] == ["none", "none"]


def test_session_transaction(app, client):
    """A test can change the session before a request and read it after one."""
    app.add_url_rule("/", "index", lambda: str(session.setdefault("n", 0) + session.get("more", 0)))
    with client.session_transaction() as opened:
        opened["n"] = 4
    assert client.get("/").text == "4"
    with client.session_transaction() as opened:
        assert opened["n"] == 4
        opened["more"] = 1
    assert client.get("/").text == "5"


def test_session_transaction_of_another_address(app, client):
    """It takes the arguments of a request context, as cookies belong to a host and path."""
    app.config["SESSION_COOKIE_PATH"] = "/shop"
    app.add_url_rule("/shop/", "shop", lambda: str(session.get("x")))
    with client.session_transaction("/shop/", base_url="http://other.test") as opened:
        opened["x"] = 1
    assert client.get("/shop/", base_url="http://other.test").text == "1"
    assert client.get("/shop/").text == "None"


def test_session_transaction_refusals(app):
    """Without cookies or without a key there is no session to open, and the error says so."""
    with (
        pytest.raises(TypeError, match="Cookies are disabled"),
        app.test_client(use_cookies=False).session_transaction(),
    ):
        pass
    app.secret_key = None
    with (
        pytest.raises(RuntimeError, match="Session backend did not open a session"),
        app.test_client().session_transaction(),
    ):
        pass


# Kept contexts


def test_context_is_kept_in_a_with_block(app):
    """Within ``with client`` the last request's context can be looked at."""

    @app.route("/<word>")
    def view(word):
        g.word = session["word"] = word
        return ""

    with app.test_client() as client:
        client.get("/one?a=1")
        assert (g.word, session["word"], request.args["a"]) == ("one", "one", "1")
        client.get("/two")
        assert (g.word, request.path) == ("two", "/two")
    assert not has_request_context()


def test_kept_context_is_left_at_the_next_request(app):
    """A kept context is entered again after its request, and left when the next one is sent."""
    log = []
    app.teardown_request(lambda error: log.append(request.path))
    app.add_url_rule("/<word>", "view", lambda word: "")
    with app.test_client() as client:
        client.get("/one")
        assert log == ["/one"]
        client.get("/two")
        assert log == ["/one", "/one", "/two"]
    assert log == ["/one", "/one", "/two", "/two"]


def test_context_of_an_answered_error_is_kept(quiet):
    """The context of a request that failed and was answered can be looked at, too."""

    @quiet.route("/")
    def broken():
        g.word = "seen"
        raise ValueError

    with quiet.test_client() as client:
        client.get("/")
        assert g.word == "seen"


def test_clients_do_not_nest(app):
    """One client is not entered twice."""
    client = app.test_client()
    with client, pytest.raises(RuntimeError, match="Cannot nest client invocations"), client:
        pass


def test_two_clients_may_be_open(app):
    """Two clients keep the contexts of their own requests."""
    app.add_url_rule("/<word>", "view", lambda word: "")
    with app.test_client() as one, app.test_client() as two:
        one.get("/one")
        two.get("/two")
        assert request.path == "/two"
    assert not has_request_context()


# Classes of one's own


def test_client_class(app):
    """``test_client_class`` makes clients, with the keywords of ``test_client``."""

    class Own(FlaskClient):
        def __init__(self, *args, word="none", **kwargs):
            super().__init__(*args, **kwargs)
            self.word = word

    app.test_client_class = Own
    assert app.test_client(word="given").word == "given"
    assert app.test_client().application is app


def test_runner_invokes_the_apps_commands(app):
    """The runner calls a command by name with the app in force."""

    @app.cli.command("hello")
    @click.argument("word")
    def hello(word):
        click.echo(f"{word} {current_app.name}")

    result = app.test_cli_runner().invoke(args=["hello", "x"])
    assert (result.output, result.exit_code) == ("x tested_app\n", 0)
    assert app.test_cli_runner().invoke(hello, ["y"]).output == "y tested_app\n"


def test_runner_class(app):
    """``test_cli_runner_class`` makes runners, with the keywords of ``test_cli_runner``."""

    class Own(FlaskCliRunner):
        pass

    app.test_cli_runner_class = Own
    runner = app.test_cli_runner(charset="latin-1")
    assert isinstance(runner, Own)
    assert runner.charset == "latin-1"


def test_error_of_a_command_is_in_the_result(app):
    """A command that fails gives its error, or raises it where that is asked for."""

    @app.cli.command("fail")
    def fail():
        raise ValueError("meant")

    runner = app.test_cli_runner()
    assert str(runner.invoke(args=["fail"]).exception) == "meant"
    with pytest.raises(ValueError, match="meant"):
        runner.invoke(args=["fail"], catch_exceptions=False)


def test_subclassed_app_has_its_own_client():
    """A subclass may name its client's class."""

    class Client(FlaskClient):
        pass

    class App(Flask):
        test_client_class = Client

    assert type(App("tested_app").test_client()) is Client
