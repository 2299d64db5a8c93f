"""The app's logger: named after the app, writing to the server's error stream by default."""

from __future__ import annotations

import logging
import sys
import typing as t

from werkzeug.local import LocalProxy

from .current import _cv_request


@LocalProxy
def wsgi_errors_stream() -> t.TextIO:
    """The error stream of the request in force (PEP 3333, ``wsgi.errors``), or ``sys.stderr``."""
    ctx = _cv_request.get(None)
    if ctx is None:
        return sys.stderr
    return t.cast(t.TextIO, ctx.environ["wsgi.errors"])


def has_level_handler(logger: logging.Logger) -> bool:
    """Tell whether a handler up the logger's tree takes records of the logger's level."""
    level = logger.getEffectiveLevel()
    asked: logging.Logger | None = logger
    while asked is not None:
        if any(handler.level <= level for handler in asked.handlers):
            return True
        asked = asked.parent if asked.propagate else None
    return False


default_handler = logging.StreamHandler(t.cast(t.TextIO, wsgi_errors_stream))
default_handler.setFormatter(
    logging.Formatter("[%(asctime)s] %(levelname)s in %(module)s: %(message)s")
)


def create_logger(app: t.Any) -> logging.Logger:
    """Return the logger of the app's name: at DEBUG in debug mode, with a handler in any case."""
    logger = logging.getLogger(app.name)
    if app.debug and not logger.level:
        logger.setLevel(logging.DEBUG)
    if not has_level_handler(logger):
        logger.addHandler(default_handler)
    return logger
