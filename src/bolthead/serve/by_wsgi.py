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
import threading
import typing as t
from collections import deque
from operator import itemgetter

from .. import bridges
from ..protocols.asgi import NO_BODY
from ..protocols.scope import header_key
from . import door as doors
from . import edge, ids
from .access_log import Visit, now
from .dispatch import AT_ONCE
from .settings import HEADER_COUNT, HEADER_SIZE, TARGET_SIZE

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

logger = logging.getLogger("bolthead.serve")

NEEDS_LENGTH = edge.refuse(411, "A body needs a Content-Length here.")


def make_callback(
    door: doors.Door, loop: asyncio.AbstractEventLoop, resting: Resting
) -> t.Callable[[t.Any, WSGIEnvironment], None]:
    """Return what Granian calls for each request.

    What is ``async def`` runs on the worker's loop, and so do background tasks: it waits for them.
    """
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
    working_for = bridges._working_for
    health, make_id, room = door.health_path, door.make_id, door.room
    answer, new_context = _make_answer(door), contextvars.Context
    get_ident = threading.get_ident
    known: set[int] = set()
    waiting, parked = resting.waiting, resting.parked

    def take(protocol: t.Any, environ: WSGIEnvironment) -> None:
        began = now()
        # PERF: what is rare is looked at as ASGI has it; see benchmarks/async_servers.py.
        pick = _picks.get(tuple(environ))
        path = environ["PATH_INFO"]
        if (
            # Of a set of keys that is known to be plain, and small.
            (
                pick is not None
                and len("".join(pick(environ))) <= _SMALL
                and environ["HTTP_HOST"] in _hosts
                and environ["REQUEST_METHOD"] in edge.METHODS
                and path[:1] == "/"
            )
            or _is_plain(environ)
        ) and path != health:
            visit = None
            request_id = make_id()
        else:
            visit, reply = door.begin(scope := _scope(environ))
            if reply is None and "HTTP_TRANSFER_ENCODING" in environ:
                reply = NEEDS_LENGTH
            if reply is not None:
                _put(door, protocol, reply, visit)
                return
            _correct(environ, scope)
            request_id = visit.id
        try:
            room.pop()
        except IndexError:
            _put(door, protocol, doors.BUSY, visit or _visit(request_id, environ))
            return
        environ.update(basis)
        if "CONTENT_LENGTH" not in environ:
            environ["wsgi.input"] = NO_BODY
            environ["wsgi.input_terminated"] = True
        # With a length, Werkzeug counts: it trusts the end of a stream only where it must.
        if get_ident() not in known:
            known.add(get_ident())
            working_for.loop = loop
        else:
            waiting.pop()
        # What waits in Granian would wait for a view, if nobody else were there to take it.
        if not waiting and parked:
            resting.wake()
        try:
            new_context().run(answer, protocol, environ, request_id, began)
        finally:
            if len(waiting) < AT_ONCE:
                waiting.append(None)
            else:
                resting.park()

    return take


def _visit(request_id: str, environ: WSGIEnvironment) -> Visit:
    return Visit(
        request_id,
        environ.get("REMOTE_ADDR"),
        environ["REQUEST_METHOD"],
        environ["PATH_INFO"],
        environ["SERVER_PROTOCOL"][5:],
    )


class Resting:
    """Granian's threads that are not needed: they rest where they do not fight for the GIL.

    Granian has as many threads as requests wait, and each that wakes up for one costs others time.
    """

    def __init__(self) -> None:
        self.waiting: deque[None] = deque()
        """A mark for each thread that waits for a request."""
        self.parked: deque[t.Any] = deque()
        self._has_ended = False

    def park(self) -> None:
        """Wait until this thread is needed."""
        lock = threading.Lock()
        lock.acquire()
        self.parked.append(lock)
        # Those that waited may all have found a request meanwhile, and nobody to wake.
        if not self.waiting or self._has_ended:
            self.wake()
        lock.acquire()

    def wake(self) -> None:
        """Let one thread go and wait for a request."""
        try:
            lock = self.parked.popleft()
        except IndexError:
            return
        self.waiting.append(None)
        lock.release()

    def end(self) -> None:
        """Let all go, for good."""
        self._has_ended = True
        while self.parked:
            self.wake()


# What picks from an environ the values of which the size matters, for sets of keys that are plain.
_picks: dict[tuple[str, ...], t.Callable[[WSGIEnvironment], tuple[str, ...]]] = {}
_MOST_PICKS = 256
_MOST_KEYS = 40

# Up to how many characters all of them together are surely within the limits of each.
_SMALL = min(TARGET_SIZE, HEADER_SIZE)

# Hosts that are legal.
_hosts: set[str] = set()


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
    headers = []
    for key, value in environ.items():
        kind = _kinds.get(key, -1)
        if not kind:
            continue
        if kind < 0:
            kind = _kind(key)
        if kind == _HEADER:
            if len(value) > HEADER_SIZE:
                return False
            headers.append(key)
        elif kind == _HOST:
            hosts += 1
            if not edge.is_legal_host(value.encode("latin-1")):
                return False
            if len(_hosts) < 1024:
                _hosts.add(value)
        elif kind == _OTHER:
            return False
    path = environ["PATH_INFO"]
    if environ["REQUEST_METHOD"] not in edge.METHODS or path[:1] != "/":
        return False
    if len(headers) + hosts > HEADER_COUNT:
        return False
    if hosts != 1 or len(path) + len(environ.get("QUERY_STRING", "")) > TARGET_SIZE:
        return False
    # Strangers choose the names of headers: neither many of them nor long ones are kept.
    if (
        len(_picks) < _MOST_PICKS
        and len(environ) <= _MOST_KEYS
        and "QUERY_STRING" in environ
        and all(len(key) <= edge.NAME_REMEMBERED for key in environ)
    ):
        _picks[tuple(environ)] = itemgetter("PATH_INFO", "QUERY_STRING", "HTTP_HOST", *headers)
    return True


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


class _Started:
    """What an app gives to ``start_response``."""

    # PERF: what few requests come to have is a default of the class, not set for each.
    status = "500 Internal Server Error"
    headers: t.Any = None
    written: list[bytes] | None = None

    def start(
        self, status: str, headers: list[tuple[str, str]], exc_info: t.Any = None
    ) -> t.Callable[[bytes], None]:
        """Be the ``start_response`` of a request."""
        self.status = status
        self.headers = headers
        return self.write

    def write(self, data: bytes) -> None:
        """Take a piece of the body before the others."""
        if self.written is None:
            self.written = []
        self.written.append(data)


_codes: dict[str, int] = {}


def _code(status: str) -> int:
    """Return the code of a status line, and remember it for the next answer."""
    code = int(status[:3])
    if len(_codes) < 1024 and len(status) < 64:
        _codes[status] = code
    return code


def _make_answer(door: doors.Door) -> t.Callable[[t.Any, WSGIEnvironment, str, int], None]:
    """Return what lets the app answer a request that has entered."""
    app, room, is_counted = door.app, door.room, door.is_counted
    note = None if door.log is None else door.log.note
    set_id = ids.current.set

    def answer(protocol: t.Any, environ: WSGIEnvironment, request_id: str, began: int) -> None:
        set_id(request_id)
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        version = environ["SERVER_PROTOCOL"][5:]
        started = _Started()
        try:
            body = (app._wsgi_call or app.wsgi_app)(environ, started.start)
            if started.written is not None:
                body = [*started.written, *body]
            kind = type(body)
            if kind is not list and kind is not tuple and started.headers is None:
                body = _begun(body)
            status = _codes.get(started.status) or _code(started.status)
            headers = door.mark_text(started.headers or [], version, request_id)
            if kind is not list and kind is not tuple:
                visit = _visit(request_id, environ)
                visit.began, visit.status = began, status
                protocol.response_iter(status, headers, _Pieces(door, body, visit))
                return
            data = body[0] if len(body) == 1 else b"".join(body)
            protocol.response_bytes(status, headers, data)
            size = len(data)
        except Exception:
            logger.exception("The app failed outside its own handling of errors")
            visit = _visit(request_id, environ)
            visit.began = began
            door.leave()
            _put(door, protocol, doors.FAILED, visit)
            return
        # PERF: what ``door.leave()`` does, without the call.
        if is_counted:
            door.leave()
        else:
            room.append(None)
            door.answered += 1
        if note is not None:
            client = environ.get("REMOTE_ADDR")
            note(began, client, method, path, version, status, size, request_id)

    return answer


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


def _put(door: doors.Door, protocol: t.Any, reply: edge.Reply, visit: Visit) -> None:
    """Send an answer that needs no app, and write its line."""
    visit.status = reply.status
    body = b"" if visit.method == "HEAD" else reply.body
    visit.size = len(body)
    headers = [(name.decode(), value.decode()) for name, value in door.marked(reply, visit)]
    protocol.response_bytes(reply.status, headers, body)
    door.end(visit)
