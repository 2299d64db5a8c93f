"""The ten signals: when they are sent, in which order, and what receivers are told."""

from __future__ import annotations

import pytest

import bolthead
from bolthead import abort, flash, render_template_string, signals

NAMES = [
    "template_rendered",
    "before_render_template",
    "request_started",
    "request_finished",
    "request_tearing_down",
    "got_request_exception",
    "appcontext_tearing_down",
    "appcontext_pushed",
    "appcontext_popped",
    "message_flashed",
]


@pytest.fixture
def heard(app):
    """What was heard of the app: pairs of a signal's name and what came with it."""
    log = []
    receivers = []
    for name in NAMES:

        def receive(sender, name=name, **told):
            told.pop("_async_wrapper", None)
            log.append((name, told))

        getattr(signals, name).connect(receive, app)
        receivers.append((name, receive))
    yield log
    for name, receive in receivers:
        getattr(signals, name).disconnect(receive)


@pytest.mark.parametrize("name", NAMES)
def test_signal_is_a_top_name(name):
    """Each signal is offered by ``bolthead`` and by ``bolthead.signals``."""
    signal = getattr(signals, name)
    assert getattr(bolthead, name) is signal
    assert signal.name == name.replace("_", "-")


def test_order_in_a_request(app, client, heard):
    """A request sends started, finished, tearing down, in between the contexts' own."""
    app.before_request(lambda: heard.append(("before", {})))
    app.after_request(lambda response: heard.append(("after", {})) or response)
    app.add_url_rule("/", "index", lambda: heard.append(("view", {})) or "")
    client.get("/")
    assert [name for name, _ in heard] == [
        "appcontext_pushed",
        "request_started",
        "before",
        "view",
        "after",
        "request_finished",
        "request_tearing_down",
        "appcontext_tearing_down",
        "appcontext_popped",
    ]


def told(heard, name):
    """Return what one signal told."""
    [found] = [told for heard_name, told in heard if heard_name == name]
    return found


def test_what_an_answer_tells(app, client, heard):
    """``request_finished`` tells the response; the teardown signals tell that nothing failed."""
    app.add_url_rule("/", "index", lambda: ("body", 201))
    client.get("/")
    assert told(heard, "request_finished")["response"].status_code == 201
    assert told(heard, "request_tearing_down") == {"exc": None}
    assert told(heard, "appcontext_tearing_down") == {"exc": None}


def test_what_an_error_tells(quiet, client, heard):
    """An error that nothing handled is told by three signals."""
    error = ValueError("meant")

    @quiet.route("/")
    def broken():
        raise error

    client.get("/")
    assert told(heard, "got_request_exception") == {"exception": error}
    assert told(heard, "request_tearing_down") == {"exc": error}
    assert told(heard, "appcontext_tearing_down") == {"exc": error}
    assert told(heard, "request_finished")["response"].status_code == 500


def test_handled_errors_are_not_told(app, client, heard):
    """An HTTP exception, or an error that a handler answers, is no ``got_request_exception``."""
    app.register_error_handler(ValueError, lambda error: "handled")

    @app.route("/value")
    def value():
        raise ValueError

    app.add_url_rule("/abort", "abort", lambda: abort(400))
    client.get("/value")
    client.get("/abort")
    assert "got_request_exception" not in dict(heard)


def test_exception_is_told_before_it_propagates(app, client, heard):
    """In tests the error is told, too, and then raised."""

    @app.route("/")
    def broken():
        raise ValueError("meant")

    with pytest.raises(ValueError, match="meant"):
        client.get("/")
    assert str(told(heard, "got_request_exception")["exception"]) == "meant"
    assert "request_finished" not in dict(heard)


def test_what_templates_tell(app, client, heard):
    """A template is told before and after it is rendered, with its context."""
    app.add_url_rule("/", "index", lambda: render_template_string("{{ a }}", a=1))
    client.get("/")
    before, after = told(heard, "before_render_template"), told(heard, "template_rendered")
    assert before["context"]["a"] == after["context"]["a"] == 1
    assert before["template"] is after["template"]
    assert before["template"].render(a=2) == "2"


def test_template_receiver_may_add_names(app):
    """A receiver of ``before_render_template`` may add to the context."""

    def receive(sender, template, context, **kwargs):
        context["word"] = "added"

    with (
        app.app_context(),
        signals.before_render_template.connected_to(receive, app),
    ):
        assert render_template_string("{{ word }}") == "added"


def test_what_a_message_tells(app, heard):
    """A flashed message is told with its category."""
    with app.test_request_context():
        flash("saved", "info")
    assert told(heard, "message_flashed") == {"message": "saved", "category": "info"}


def test_receiver_works_in_the_request(app, client):
    """Receivers run with the request in force, at its start and its end."""
    paths = []

    def receive(sender, **kwargs):
        paths.append(bolthead.request.path)

    with (
        signals.request_started.connected_to(receive, app),
        signals.request_finished.connected_to(receive, app),
        signals.request_tearing_down.connected_to(receive, app),
    ):
        client.get("/nowhere")
    assert paths == ["/nowhere"] * 3


def test_error_of_a_receiver_is_the_requests(quiet, client):
    """A receiver of ``request_started`` that fails is answered as a view that fails."""

    def receive(sender, **kwargs):
        raise ValueError("in the receiver")

    with signals.request_started.connected_to(receive, quiet):
        assert client.get("/").status_code == 500
