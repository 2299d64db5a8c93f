"""How the log records of an app and of the server are written: text or JSON, each with its id."""

from __future__ import annotations

import json
import logging
import sys
import traceback

from .. import logging as app_logging
from .ids import mark_records

TEXT = "[%(asctime)s] %(levelname)s in %(module)s [%(request_id)s]: %(message)s"


class JSONFormatter(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        entry = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "kind": "log",
            "level": record.levelname,
            "logger": record.name,
            "module": record.module,
            "line": record.lineno,
            "message": record.getMessage(),
            "request_id": getattr(record, "request_id", "-"),
        }
        if record.exc_text:
            entry["exception"] = record.exc_text  # redacted, where there was something to redact
        elif record.exc_info and record.exc_info[1] is not None:
            entry["exception"] = "".join(traceback.format_exception(record.exc_info[1]))
        return json.dumps(entry, ensure_ascii=False)


def set_up(style: str) -> None:
    """Write records with ids: those of the app's own handler, and all others if nobody else does.

    Handlers that the app made keep their format; their records have ``request_id``, too.
    """
    mark_records()
    formatter = JSONFormatter() if style == "json" else logging.Formatter(TEXT)
    app_logging.default_handler.setFormatter(formatter)
    root = logging.getLogger()
    if not root.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.addFilter(app_logging.RedactingFilter())
        handler.setFormatter(formatter)
        root.addHandler(handler)


def server_logger(style: str) -> logging.Logger:
    """Return the logger of the server itself, for supervisor and workers."""
    mark_records()
    logger = logging.getLogger("bolthead.serve")
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stderr)
        text = "[%(asctime)s] %(levelname)s [%(process)d] %(message)s"
        handler.setFormatter(JSONFormatter() if style == "json" else logging.Formatter(text))
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False
    return logger
