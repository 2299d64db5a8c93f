"""Greenlets as extensions and servers use them: each has the request that it serves, and no other.

Every test runs on Flask, too: what holds there holds here.
"""

from __future__ import annotations

import flask
import greenlet
import pytest

import bolthead

FRAMEWORKS = {"flask": flask, "bolthead": bolthead}


@pytest.fixture(params=FRAMEWORKS.values(), ids=FRAMEWORKS)
def fw(request):
    """Flask's module or Bolthead's."""
    return request.param


@pytest.fixture
def app(fw, tmp_path):
    """An app whose functions let another greenlet run wherever ``pause`` is called."""
    app = fw.Flask("greenlet_app", root_path=str(tmp_path), instance_path=str(tmp_path / "i"))
    app.secret_key = "a key for tests"
    return app


def pause():
    """Let the greenlet go on that started this one, if there is one."""
    parent = greenlet.getcurrent().parent
    if parent is not None:
        parent.switch()


def take_turns(*functions):
    """Run functions in a greenlet each, one step of each in turn; return what they return."""
    answers = [None] * len(functions)

    def keep(place, function):
        answers[place] = function()

    running = []
    for place, function in enumerate(functions):
        running.append(greenlet.greenlet(lambda p=place, f=function: keep(p, f)))
    while running:
        for each in list(running):
            each.switch()
            if each.dead:
                running.remove(each)
    return answers


def test_each_has_its_request(fw, app):
    """Requests that are served in turns see their own request, session and g all the way."""
    seen = []

    def look(where):
        name = fw.request.args["name"]
        pause()
        kept = fw.g.get("name", name), fw.session.get("name", name)
        seen.append((where, name, fw.request.args["name"], *kept))

    @app.before_request
    def before():
        fw.g.name = fw.session["name"] = fw.request.args["name"]
        look("before")

    @app.after_request
    def after(response):
        look("after")
        return response

    @app.teardown_request
    def leave(error):
        look("teardown")

    @app.route("/")
    def show():
        look("view")
        return fw.render_template_string("{{ request.args.name }} {{ g.name }}")

    names = ["a", "b", "c"]
    ask = [lambda name=name: app.test_client().get(f"/?name={name}").text for name in names]
    assert take_turns(*ask) == [f"{name} {name}" for name in names]
    assert len(seen) == 12
    assert all(len(set(names)) == 1 for _, *names in seen)
    assert not fw.has_request_context()
    assert not fw.has_app_context()


def test_stream_keeps_its_request(fw, app):
    """A stream that is read in turns with others has its own request in each of its parts."""

    @app.route("/")
    def show():
        def parts():
            for _ in range(3):
                pause()
                yield fw.request.args["name"]

        return app.response_class(fw.stream_with_context(parts()))

    ask = [lambda name=name: app.test_client().get(f"/?name={name}").text for name in "ab"]
    assert take_turns(*ask) == ["aaa", "bbb"]
    assert not fw.has_request_context()


def test_a_new_greenlet_has_no_request(fw, app):
    """What a view starts has no context, unless the function was wrapped to have a copy."""

    @app.route("/")
    def show():
        bare = greenlet.greenlet(fw.has_request_context)
        path = fw.copy_current_request_context(lambda: fw.request.path)
        return f"{bare.switch()} {greenlet.greenlet(path).switch()}"

    assert app.test_client().get("/").text == "False /"


def test_a_copy_outlives_the_request(fw, app):
    """A wrapped function that runs when the request is over still has it, once and whole."""
    later = []

    @app.route("/<name>")
    def show(name):
        @fw.copy_current_request_context
        def work():
            first = fw.request.path
            pause()
            return f"{first} {fw.request.path} {fw.session.get('name')}"

        fw.session["name"] = name
        later.append(greenlet.greenlet(work))
        return ""

    for name in ("a", "b"):
        app.test_client().get(f"/{name}")
    for each in later:
        each.switch()
    assert [each.switch() for each in later] == ["/a /a a", "/b /b b"]
    assert not fw.has_request_context()


def test_replaced_method_is_called_in_turns(fw, app):
    """A method that was assigned on the app is called for each, with its own request in force."""
    seen = []
    dispatch = app.dispatch_request

    def traced(*args):
        name = fw.request.args["name"]
        pause()
        answer = dispatch(*args)
        pause()
        seen.append((name, fw.request.args["name"]))
        return answer

    app.dispatch_request = traced
    app.add_url_rule("/", "show", lambda: fw.request.args["name"])
    ask = [lambda name=name: app.test_client().get(f"/?name={name}").text for name in "ab"]
    assert take_turns(*ask) == ["a", "b"]
    assert sorted(seen) == [("a", "a"), ("b", "b")]


def test_signals_in_turns_have_the_real_sender(fw, app):
    """A receiver gets the app itself, in the request that the signal is about."""
    heard = []

    def receive(sender, **told):
        name = fw.request.args["name"]
        pause()
        heard.append((sender is app, type(sender) is fw.Flask, name == fw.request.args["name"]))

    app.add_url_rule("/", "show", lambda: fw.request.args["name"])
    with (
        fw.request_started.connected_to(receive, app),
        fw.request_finished.connected_to(receive, app),
        fw.request_tearing_down.connected_to(receive, app),
    ):
        ask = [lambda name=name: app.test_client().get(f"/?name={name}").text for name in "ab"]
        assert take_turns(*ask) == ["a", "b"]
    assert heard == [(True, True, True)] * 6


def test_error_of_one_is_not_that_of_another(fw, app):
    """An error in one greenlet goes to its handler, and to its teardown functions only."""
    ended = []

    @app.errorhandler(ZeroDivisionError)
    def handle(error):
        pause()
        return f"handled {fw.request.args['name']}", 500

    @app.teardown_request
    def leave(error):
        ended.append((fw.request.args["name"], type(error).__name__))

    @app.route("/")
    def show():
        pause()
        if fw.request.args["name"] == "a":
            raise ZeroDivisionError
        pause()
        return "fine"

    ask = [lambda name=name: app.test_client().get(f"/?name={name}").text for name in "ab"]
    assert take_turns(*ask) == ["handled a", "fine"]
    assert sorted(ended) == [("a", "NoneType"), ("b", "NoneType")]


def test_a_greenlet_that_is_ended_leaves_nothing(fw, app):
    """A greenlet that is ended within a request runs the teardown functions, and is gone."""
    ended = []

    @app.teardown_request
    def leave(error):
        ended.append(type(error).__name__)

    @app.teardown_appcontext
    def leave_app(error):
        ended.append(type(error).__name__)

    @app.route("/")
    def show():
        pause()
        return "never"

    def ask():
        app.test_client().get("/")

    running = greenlet.greenlet(ask)
    running.switch()
    assert not fw.has_request_context()
    running.throw(greenlet.GreenletExit)
    assert running.dead
    assert ended == ["GreenletExit", "GreenletExit"]
    assert not fw.has_request_context()
    assert not fw.has_app_context()
