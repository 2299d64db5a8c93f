"""JSON through the application's provider, or plain where no application is in force."""

from __future__ import annotations

import json as _json
import typing as t

from .. import current
from .provider import _default as _default

if t.TYPE_CHECKING:
    from .provider import Response


def dumps(obj: t.Any, **kwargs: t.Any) -> str:
    """Return data as JSON text, by ``app.json`` where an app is in force (Flask API, "JSON")."""
    app = current.app_or_none()
    if app is not None:
        text: str = app.json.dumps(obj, **kwargs)
        return text
    kwargs.setdefault("default", _default)
    return _json.dumps(obj, **kwargs)


def dump(obj: t.Any, fp: t.IO[str], **kwargs: t.Any) -> None:
    """Write data as JSON to a text file."""
    app = current.app_or_none()
    if app is not None:
        app.json.dump(obj, fp, **kwargs)
        return
    kwargs.setdefault("default", _default)
    _json.dump(obj, fp, **kwargs)


def loads(s: str | bytes, **kwargs: t.Any) -> t.Any:
    """Return the data of JSON text; ValueError where it is none."""
    app = current.app_or_none()
    return _json.loads(s, **kwargs) if app is None else app.json.loads(s, **kwargs)


def load(fp: t.IO[t.AnyStr], **kwargs: t.Any) -> t.Any:
    """Return the data of an open JSON file; ValueError where it holds none."""
    app = current.app_or_none()
    return _json.load(fp, **kwargs) if app is None else app.json.load(fp, **kwargs)


def jsonify(*args: t.Any, **kwargs: t.Any) -> Response:
    """Return a JSON response: of one value, of several as a list, or of keywords as an object.

    Raises TypeError when values and keywords are mixed.
    """
    return t.cast("Response", current.app().json.response(*args, **kwargs))
