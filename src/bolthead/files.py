"""Files of a folder, answered with what was found out about them the last time.

Werkzeug makes the response of a file, and is the truth. What it found out (type, length, dates,
ETag) holds as long as the file's time and size do, and is kept for that long.
"""

from __future__ import annotations

import functools
import os
import stat
import time
import typing as t

from werkzeug.http import http_date
from werkzeug.security import safe_join
from werkzeug.wsgi import wrap_file

from .wrappers import Response

# What asks for more than the file, or for it under conditions that Werkzeug must weigh.
_WEIGHED = ("HTTP_RANGE", "HTTP_IF_RANGE", "HTTP_IF_MATCH", "HTTP_IF_UNMODIFIED_SINCE")


class _Kept(t.NamedTuple):
    """What identifies a state of a file, and the headers of its response."""

    state: tuple[float, int]
    headers: list[tuple[str, str]]
    etag: str
    modified: str


_kept: dict[tuple[str, int | None], _Kept] = {}
_MOST_KEPT = 2048


def quick_file(
    directory: str, path: str, max_age: int | None, environ: t.Mapping[str, t.Any]
) -> Response | None:
    """Return the response of a file that was answered before, or None for Werkzeug to make it."""
    full = safe_join(directory, path)
    known = None if full is None else _kept.get((full, max_age))
    if full is None or known is None or any(name in environ for name in _WEIGHED):
        return None
    try:
        found = os.stat(full)
    except OSError:
        return None
    if (found.st_mtime, found.st_size) != known.state or not stat.S_ISREG(found.st_mode):
        return None
    unchanged = _is_unchanged(known, environ)
    if unchanged is None:
        return None

    response = Response()
    now = time.time()
    moving = {"Date": _written(int(now)), "Expires": _written(int(now + (max_age or 0)))}
    response.headers._list[:] = [
        (name, moving[name]) if name in moving else (name, value) for name, value in known.headers
    ]
    if unchanged:
        response.status_code = 304
        return response
    file = open(full, "rb")  # noqa: SIM115  # the server closes it when it was sent
    response.response = wrap_file(t.cast("t.Any", environ), file)
    response.direct_passthrough = True
    return response


def _is_unchanged(known: _Kept, environ: t.Mapping[str, t.Any]) -> bool | None:
    """Tell whether the client's copy is good (RFC 9110, section 13.2.2); None where unsure."""
    tag = environ.get("HTTP_IF_NONE_MATCH")
    if tag is not None:
        return True if tag == known.etag else None
    since = environ.get("HTTP_IF_MODIFIED_SINCE")
    if since is not None:
        return True if since == known.modified else None
    return False


def keep(
    directory: str,
    path: str,
    max_age: int | None,
    response: t.Any,
    environ: t.Mapping[str, t.Any],
) -> None:
    """Keep what a whole response of a file says, for the next request of it."""
    conditional = any(name.startswith(("HTTP_IF_", "HTTP_RANGE")) for name in environ)
    if type(response) is not Response or response.status_code != 200 or conditional:
        return
    full = safe_join(directory, path)
    headers = response.headers
    if full is None or "ETag" not in headers or "Last-Modified" not in headers:
        return
    try:
        found = os.stat(full)
    except OSError:
        return
    if headers.get("Content-Length") != str(found.st_size):
        return  # it changed meanwhile
    if len(_kept) >= _MOST_KEPT:
        _kept.clear()
    _kept[full, max_age] = _Kept(
        (found.st_mtime, found.st_size),
        list(headers),
        headers["ETag"],
        headers["Last-Modified"],
    )


@functools.lru_cache(maxsize=16)
def _written(second: int) -> str:
    return http_date(second)
