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


class RedactingFilter(logging.Filter):
    """Takes control characters and secrets out of log records; it lets all of them pass.

    The app's logger has one. Give one to a handler of your own to have it for every logger's
    records. Masked are the values of secret settings, and of the request in force its cookies, its
    Authorization and its password fields.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Make a record fit to be written; True."""
        from .redaction import redact

        redact(record)
        return True


_redacting_filter = RedactingFilter()

default_handler = logging.StreamHandler(t.cast(t.TextIO, wsgi_errors_stream))
default_handler.addFilter(_redacting_filter)
default_handler.setFormatter(
    logging.Formatter("[%(asctime)s] %(levelname)s in %(module)s: %(message)s")
)


def create_logger(app: t.Any) -> logging.Logger:
    """Return the logger of the app's name: at DEBUG in debug mode, with a handler in any case."""
    logger = logging.getLogger(app.name)
    logger.addFilter(_redacting_filter)
    if app.debug and not logger.level:
        logger.setLevel(logging.DEBUG)
    if not has_level_handler(logger):
        logger.addHandler(default_handler)
    return logger
