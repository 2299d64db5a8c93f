"""How much one request may hold: the settings, and the answer to one that holds more."""

from __future__ import annotations

from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    RequestEntityTooLarge,
    RequestHeaderFieldsTooLarge,
    RequestURITooLarge,
)

from .. import current
from ..frozen import Frozen


class Limit(Frozen):
    """One limit: its setting, what counts where nobody set it, and the answer beyond it."""

    setting: str
    first: int | None
    error: type[HTTPException]
    text: str

    def most(self) -> int | None:
        """Return the limit of the app in force; None for no limit."""
        ctx = current._cv_app.get(None)
        if ctx is None:
            return self.first
        config, setting = ctx.app.config, self.setting
        if setting not in config:  # PERF: as in most apps; ``in`` is no call, ``get`` is one.
            return self.first
        most: int | None = config[setting]
        return most

    def refused(self, most: int | None) -> HTTPException:
        """Return the answer to a request beyond the limit, which names the setting."""
        error = self.error(f"{self.text.format(most)} ({self.setting}).")
        error.limit = self.setting  # type: ignore[attr-defined]  # for error handlers
        return error


PATH_LENGTH = Limit(
    "MAX_PATH_LENGTH", 65_536, RequestURITooLarge, "The path has more than {:,} bytes"
)
QUERY_FIELDS = Limit(
    "MAX_QUERY_FIELDS", 10_000, RequestURITooLarge, "The query has more than {:,} fields"
)
COOKIES = Limit("MAX_COOKIES", 200, RequestHeaderFieldsTooLarge, "There are more than {:,} cookies")
FORM_FIELDS = Limit(
    "MAX_FORM_FIELDS", 10_000, RequestEntityTooLarge, "The form has more than {:,} fields"
)
FORM_TEXT = Limit(
    "MAX_FORM_TEXT_SIZE",
    16_000_000,
    RequestEntityTooLarge,
    "The form's text has more than {:,} bytes",
)
PART_HEADERS = Limit(
    "MAX_PART_HEADERS",
    16,
    RequestEntityTooLarge,
    "A part of the form has more than {:,} headers",
)
PART_HEADER_SIZE = Limit(
    "MAX_PART_HEADER_SIZE",
    8_192,
    RequestEntityTooLarge,
    "The headers of a part of the form have more than {:,} bytes",
)
BOUNDARY_LENGTH = Limit(
    "MAX_BOUNDARY_LENGTH",
    200,
    BadRequest,
    "The boundary between the parts of the form has more than {:,} bytes",
)
JSON_DEPTH = Limit(
    "MAX_JSON_DEPTH", None, BadRequest, "The document is nested more than {:,} levels deep"
)
SESSION_SIZE = Limit(
    "MAX_SESSION_SIZE", 65_536, BadRequest, "The session has more than {:,} bytes inflated"
)

LIMITS = (
    PATH_LENGTH,
    QUERY_FIELDS,
    COOKIES,
    FORM_FIELDS,
    FORM_TEXT,
    PART_HEADERS,
    PART_HEADER_SIZE,
    BOUNDARY_LENGTH,
    JSON_DEPTH,
    SESSION_SIZE,
)
"""The limits that Flask has none of."""

FLASKS = {
    "MAX_CONTENT_LENGTH": "The body has more than {:,} bytes",
    "MAX_FORM_MEMORY_SIZE": "A field of the form has more than {:,} bytes",
    "MAX_FORM_PARTS": "The form has more than {:,} parts",
}


def too_large(setting: str, most: int | None, *, is_new: bool = False) -> RequestEntityTooLarge:
    """Return the answer to a body beyond one of Flask's own limits.

    Its text is Flask's, unless ``EXPLAIN_LIMITS`` asks for the setting's name, or Flask would
    not have answered so; the exception has the name in any case.
    """
    app = current.app_or_none()
    explains = is_new or (app is not None and app.config.get("EXPLAIN_LIMITS", False))
    text = f"{FLASKS[setting].format(most)} ({setting})." if explains and most is not None else None
    error = RequestEntityTooLarge(text)
    error.limit = setting  # type: ignore[attr-defined]  # for error handlers
    return error
