"""The app's logger: its name, level and handler."""

from __future__ import annotations

import io
import logging
import sys

import pytest

from bolthead import Flask
from bolthead.logging import default_handler, has_level_handler, wsgi_errors_stream

NAME = "logging_app"


@pytest.fixture(autouse=True)
def root():
    """Give the app's logger a root of its own, in the state of a fresh process."""
    own = logging.getLogger(NAME)
    kept, own.parent = own.parent, logging.RootLogger(logging.WARNING)
    own.handlers = []
    own.setLevel(logging.NOTSET)
    yield own.parent
    own.parent = kept
    own.handlers = []
    own.setLevel(logging.NOTSET)


@pytest.fixture
def app():
    """An app whose logger nobody has looked at."""
    return Flask(NAME)


def test_logger_has_the_apps_name(app):
    """The logger is that of the app's name, and stays the same."""
    assert app.logger is logging.getLogger(NAME)
    assert app.logger is app.logger


def test_default_handler_is_added(app):
    """Where nobody configured logging, records go to a handler of the framework's own."""
    assert app.logger.handlers == [default_handler]
    assert app.logger.level == logging.NOTSET


def test_debug_mode_shows_everything(app):
    """In debug mode the level is DEBUG, unless one was set."""
    app.debug = True
    assert app.logger.level == logging.DEBUG


def test_level_that_was_set_stays(app):
    """A level that somebody chose before stays, in debug mode too."""
    logging.getLogger(NAME).setLevel(logging.ERROR)
    app.debug = True
    assert app.logger.level == logging.ERROR


def test_configured_logging_is_left_alone(app, root):
    """Where the root logger has a handler, none is added."""
    root.addHandler(logging.StreamHandler(io.StringIO()))
    assert app.logger.handlers == []


def test_records_go_to_the_servers_error_stream(app):
    """During a request the handler writes to ``wsgi.errors``, in the format of the docs."""
    stream = io.StringIO()

    @app.route("/")
    def index():
        app.logger.error("from the view")
        return ""

    app.test_client().get("/", errors_stream=stream)
    assert stream.getvalue().endswith("] ERROR in test_logging: from the view\n")
    assert stream.getvalue().startswith("[")


def test_stream_is_stderr_outside_of_requests(app):
    """Outside of a request the stream is ``sys.stderr``, and inside the server's."""
    assert wsgi_errors_stream._get_current_object() is sys.stderr
    stream = io.StringIO()
    with app.test_request_context(errors_stream=stream):
        assert wsgi_errors_stream._get_current_object() is stream


def _logger(name, level=logging.NOTSET, handler=None, propagate=True):
    logger = logging.getLogger(f"{NAME}.{name}")
    logger.handlers = []
    logger.setLevel(level)
    logger.propagate = propagate
    if handler is not None:
        added = logging.StreamHandler(io.StringIO())
        added.setLevel(handler)
        logger.addHandler(added)
    return logger


LEVELS = {
    "no handler": ({}, False),
    "handler of any level": ({"handler": logging.NOTSET}, True),
    "handler of the level": ({"level": logging.INFO, "handler": logging.INFO}, True),
    "handler above the level": ({"level": logging.INFO, "handler": logging.ERROR}, False),
}


@pytest.mark.parametrize(("options", "expected"), LEVELS.values(), ids=LEVELS)
def test_has_level_handler(options, expected):
    """A logger has a handler for its level where one up its tree takes such records."""
    assert has_level_handler(_logger("case", **options)) is expected


def test_has_level_handler_asks_parents():
    """Parents are asked as far as records travel."""
    _logger("parent", handler=logging.NOTSET)
    assert has_level_handler(_logger("parent.child"))
    assert not has_level_handler(_logger("parent.alone", propagate=False))
