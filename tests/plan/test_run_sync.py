"""The request's way, step by step, as a whole."""

from __future__ import annotations

import threading

import pytest

from bolthead import Blueprint, abort, g, request, session


@pytest.fixture
def log(app):
    """What happened, in order, in an app that notes every step."""
    steps = []

    def note(name, answer=None):
        def function(*args):
            steps.append(name)
            return args[0] if name.startswith("after") else answer

        return function

    app.url_value_preprocessor(lambda endpoint, values: steps.append("values"))
    app.before_request(note("before"))
    app.after_request(note("after"))
    app.teardown_request(note("teardown"))
    app.teardown_appcontext(note("app teardown"))
    app.errorhandler(404)(lambda error: steps.append("handler") or ("none", 404))
    app.errorhandler(KeyError)(lambda error: steps.append("handler") or "handled")

    @app.route("/<what>")
    def view(what):
        steps.append("view")
        if what == "abort":
            abort(404)
        if what == "raise":
            raise KeyError
        return what

    return steps


WAYS = {
    "answer": ("/a", ["values", "before", "view", "after", "teardown", "app teardown"]),
    "abort": (
        "/abort",
        ["values", "before", "view", "handler", "after", "teardown", "app teardown"],
    ),
    "error": (
        "/raise",
        ["values", "before", "view", "handler", "after", "teardown", "app teardown"],
    ),
    "miss": ("/a/b", ["values", "before", "handler", "after", "teardown", "app teardown"]),
}


@pytest.mark.parametrize(("path", "steps"), WAYS.values(), ids=WAYS)
def test_steps_in_order(client, log, path, steps):
    """Each step is taken once, in order, however the request goes."""
    client.get(path)
    assert log == steps


def test_steps_where_a_check_answers(app, client, log):
    """A check that answers leaves out the view only."""
    app.before_request(lambda: log.append("answer") or "stopped")
    client.get("/a")
    assert log == ["values", "before", "answer", "after", "teardown", "app teardown"]


def test_error_in_a_check_is_handled_as_the_views(app, client, log):
    """An error of a before function goes to the handlers."""

    @app.before_request
    def failing():
        raise KeyError

    assert client.get("/a").text == "handled"
    assert "view" not in log


def test_error_in_an_after_function_is_a_500(quiet, client):
    """An error of an after function is answered 500, and the functions are tried once more."""
    calls = []

    @quiet.after_request
    def failing(response):
        calls.append(response.status_code)
        if len(calls) == 1:
            raise KeyError
        return response

    quiet.add_url_rule("/", "index", lambda: "")
    assert client.get("/").status_code == 500
    assert calls == [200, 500]


def test_answer_of_a_handler_may_be_any(app, client):
    """A handler answers as a view does."""
    app.errorhandler(404)(lambda error: ({"error": error.code}, 404, {"X-A": "1"}))
    response = client.get("/none")
    assert (response.json, response.status_code, response.headers["X-A"]) == (
        {"error": 404},
        404,
        "1",
    )


def test_check_may_change_the_route(app, client):
    """A before function may change the arguments and the rule of the request."""
    app.add_url_rule("/old/<n>", "old", lambda n: f"old {n}")
    app.add_url_rule("/new/<n>", "new", lambda n: f"new {n}")

    @app.before_request
    def change():
        request.view_args["n"] = "changed"
        if "rule" in request.args:
            request.url_rule = next(app.url_map.iter_rules("new"))

    assert client.get("/old/1").text == "old changed"
    assert client.get("/old/1?rule").text == "new changed"


def test_endpoint_without_a_view_is_an_error(app, client):
    """A rule whose endpoint nobody registered a view for is an error of the app."""
    app.add_url_rule("/", "nobody")
    with pytest.raises(KeyError, match="nobody"):
        client.get("/")


def test_base_exceptions_pass(app, client):
    """SystemExit and KeyboardInterrupt are nobody's to handle; teardown runs all the same."""
    told = []
    app.register_error_handler(Exception, lambda error: "handled")
    app.teardown_request(told.append)

    @app.route("/")
    def leave():
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        client.get("/")
    assert isinstance(told[0], SystemExit)


def test_requests_in_threads_do_not_mix(app):
    """Each thread's request has its own arguments, g and session."""
    barrier = threading.Barrier(8)
    failures = []

    @app.route("/<word>")
    def view(word):
        g.word = word
        session["word"] = word
        barrier.wait(timeout=10)
        return f"{request.path} {g.word} {session['word']}"

    def work(word):
        text = app.test_client().get(f"/{word}").text
        if text != f"/{word} {word} {word}":
            failures.append(text)

    threads = [threading.Thread(target=work, args=(f"w{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_blueprints_functions_are_of_its_requests(app, client):
    """A plan is made for each route: a blueprint's functions are in those of its routes."""
    part = Blueprint("part", __name__)
    part.before_request(lambda: "stopped")
    part.add_url_rule("/in", "in", lambda: "in")
    app.add_url_rule("/out", "out", lambda: "out")
    app.register_blueprint(part)
    assert [client.get(path).text for path in ("/in", "/out", "/in")] == [
        "stopped",
        "out",
        "stopped",
    ]
