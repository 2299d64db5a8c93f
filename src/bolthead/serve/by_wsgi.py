"""Where a request that Granian hands over by WSGI runs: in Granian's own threads.

Fast, and for use behind a proxy that takes whole requests from slow clients before it passes them
on: a thread waits for a body that drips. What Granian says wrong is mended or refused here: bodies
cut short (it has them end like whole ones), so chunked ones (nobody could tell), and several Hosts.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import sys
import typing as t

from .. import bridges
from ..protocols.asgi import NO_BODY
from ..protocols.scope import header_key
from . import door as doors
from . import edge, ids
from .access_log import Visit
from .settings import HEADER_SIZE, TARGET_SIZE

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

logger = logging.getLogger("bolthead.serve")

NEEDS_LENGTH = edge.refuse(411, "A body needs a Content-Length here.")


def make_callback(
    door: doors.Door, loop: asyncio.AbstractEventLoop
) -> t.Callable[[t.Any, WSGIEnvironment], None]:
    """Return what Granian calls for each request.

    What is ``async def`` runs on the worker's loop, and so do background tasks: it waits for them.
    """
    working_for = bridges._working_for
    basis = {
        "GATEWAY_INTERFACE": "CGI/1.1",
        "SCRIPT_NAME": "",
        "SERVER_SOFTWARE": "Bolthead",
        "wsgi.errors": sys.stderr,
        "wsgi.multiprocess": True,
        "wsgi.multithread": True,
        "wsgi.run_once": False,
        "wsgi.version": (1, 0),
    }
    app = door.app
    new_context = contextvars.Context
    make_id, health = door.make_id, door.health_path

    def take(protocol: t.Any, given: WSGIEnvironment) -> None:
        path = given["PATH_INFO"]
        environ = basis | given
        if _is_plain(given) and path[:1] == "/" and path != health:
            method, version = given["REQUEST_METHOD"], given["SERVER_PROTOCOL"][5:]
            visit = Visit(make_id(), given.get("REMOTE_ADDR"), method, path, version)
            answer = None
        else:
            # PERF: what is rare is looked at as ASGI has it; see benchmarks/async_servers.py.
            scope = _scope(given)
            visit, answer = door.begin(scope)
            if answer is None and "HTTP_TRANSFER_ENCODING" in given:
                answer = NEEDS_LENGTH
            if answer is None:
                _correct(environ, scope)
        if answer is None and not door.enter(0.0):
            answer = doors.BUSY
        if answer is not None:
            _put(door, protocol, answer, visit)
            door.end(visit)
            return
        if "CONTENT_LENGTH" not in given:
            environ["wsgi.input"] = NO_BODY
            environ["wsgi.input_terminated"] = True
        # With a length, Werkzeug counts: it trusts the end of a stream only where it must.
        working_for.loop = loop
        new_context().run(_answer, door, app, environ, protocol, visit)

    return take


# What of an environ needs no look: not a header, or one of which only the size matters.
_NO_HEADER, _HEADER, _HOST, _OTHER = range(4)
_kinds = {"HTTP_HOST": _HOST, "CONTENT_TYPE": _HEADER, "CONTENT_LENGTH": _NO_HEADER}


def _kind(key: str) -> int:
    """Return what a key stands for, and remember it for the next request."""
    kind = _HEADER if key.startswith("HTTP_") else _NO_HEADER
    said = ("HTTP_X_FORWARDED_", "HTTP_FORWARDED", "HTTP_X_REQUEST_ID")
    if key.startswith(said) or key in {"HTTP_TRANSFER_ENCODING", "HTTP_EXPECT"}:
        kind = _OTHER
    if len(key) > HEADER_SIZE:
        return _OTHER
    if len(key) <= edge.NAME_REMEMBERED and len(_kinds) < 1024:
        _kinds[key] = kind
    return kind


def _is_plain(environ: WSGIEnvironment) -> bool:
    """Tell whether there is nothing in a request that the edge or the proxies rule minds."""
    hosts = 0
    for key, value in environ.items():
        kind = _kinds.get(key, -1)
        if not kind:
            continue
        if kind < 0:
            kind = _kind(key)
        if kind == _HEADER:
            if len(value) > HEADER_SIZE:
                return False
        elif kind == _HOST:
            hosts += 1
            if not edge.is_legal_host(value.encode("latin-1")):
                return False
        elif kind == _OTHER:
            return False
    if environ["REQUEST_METHOD"] not in edge.METHODS:
        return False
    query = environ.get("QUERY_STRING", "")
    return hosts == 1 and len(environ["PATH_INFO"]) + len(query) <= TARGET_SIZE


def _scope(environ: WSGIEnvironment) -> dict[str, t.Any]:
    """Return what the edge looks at, as ASGI would have it."""
    headers = [
        (key[5:].replace("_", "-").lower().encode("latin-1"), str(value).encode("latin-1"))
        for key, value in environ.items()
        if key.startswith("HTTP_")
    ]
    for key, name in (("CONTENT_TYPE", b"content-type"), ("CONTENT_LENGTH", b"content-length")):
        if environ.get(key):
            headers.append((name, environ[key].encode("latin-1")))
    address = environ.get("REMOTE_ADDR")
    path = environ["PATH_INFO"]
    return {
        "type": "http",
        "method": environ["REQUEST_METHOD"],
        "path": path,
        "query_string": environ.get("QUERY_STRING", "").encode("latin-1", "replace"),
        "http_version": environ["SERVER_PROTOCOL"].partition("/")[2],
        "headers": headers,
        "client": (address, 0) if address else None,
        "scheme": environ["wsgi.url_scheme"],
    }


def _correct(environ: WSGIEnvironment, scope: dict[str, t.Any]) -> None:
    """Take over what the proxies rule has changed."""
    client = scope["client"]
    if client is not None:
        environ["REMOTE_ADDR"] = client[0]
    environ["wsgi.url_scheme"] = scope["scheme"]
    kept = {header_key(name) for name, _ in scope["headers"]}
    for key in [key for key in environ if key.startswith(("HTTP_X_FORWARDED_", "HTTP_FORWARDED"))]:
        if key not in kept:
            del environ[key]
    for name, value in scope["headers"]:
        if name == b"host":
            environ["HTTP_HOST"] = value.decode("latin-1")


def _answer(
    door: doors.Door, app: t.Any, environ: WSGIEnvironment, protocol: t.Any, visit: Visit
) -> None:
    ids.current.set(visit.id)
    started: list[t.Any] = [500, []]
    written: list[bytes] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], exc_info: t.Any = None
    ) -> t.Callable[[bytes], None]:
        started[:] = int(status[:3]), headers
        return written.append

    try:
        body = (app._wsgi_call or app.wsgi_app)(environ, start_response)
        if written:
            body = [*written, *body]
        elif type(body) is tuple:
            body = list(body)
        if started[1] == [] and type(body) is not list:
            body = _begun(body)
        status, headers = started
        visit.status = status
        headers = door.mark_text(headers, visit)
        if type(body) is list:
            data = b"".join(body)
            visit.size = len(data)
            protocol.response_bytes(status, headers, data)
        else:
            protocol.response_iter(status, headers, _Pieces(door, body, visit))
            return
    except Exception:
        logger.exception("The app failed outside its own handling of errors")
        _put(door, protocol, doors.FAILED, visit)
    door.leave()
    door.end(visit)


def _begun(body: t.Any) -> t.Any:
    """Return a body of which the first piece was asked for: it may start the answer."""
    pieces = iter(body)
    first = next(pieces, b"")

    def rest() -> t.Iterator[bytes]:
        try:
            yield first
            yield from pieces
        finally:
            getattr(body, "close", _nothing)()

    return rest()


def _nothing() -> None:
    pass


class _Pieces:
    """A body in pieces; its end is the end of the request."""

    def __init__(self, door: doors.Door, body: t.Any, visit: Visit) -> None:
        self._door = door
        self._body = body
        self._visit = visit
        self._pieces = iter(body)
        self._context = contextvars.copy_context()
        self._has_ended = False

    def __iter__(self) -> _Pieces:
        return self

    def __next__(self) -> bytes:
        try:
            piece = t.cast(bytes, self._context.run(next, self._pieces))
        except StopIteration:
            raise
        except Exception:
            self._context.run(logger.exception, "An answer failed while it was sent")
            raise
        self._visit.size += len(piece)
        return piece

    def close(self) -> None:
        """End the request."""
        if self._has_ended:
            return
        self._has_ended = True
        try:
            self._context.run(getattr(self._body, "close", _nothing))
        finally:
            self._door.leave()
            self._door.end(self._visit)


def _put(door: doors.Door, protocol: t.Any, answer: edge.Reply, visit: Visit) -> None:
    visit.status = answer.status
    body = b"" if visit.method == "HEAD" else answer.body
    visit.size = len(body)
    headers = [(name.decode(), value.decode()) for name, value in door.marked(answer, visit)]
    protocol.response_bytes(answer.status, headers, body)
