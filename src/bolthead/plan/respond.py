"""A view's answer becomes a response."""

from __future__ import annotations

import inspect
import typing as t
from collections.abc import Iterator

from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.wrappers import Response as BaseResponse

from .. import current
from ..bridges import Threads
from ..wrappers import Response
from ..wrappers.lenient import (
    KNOWN_NAMES,
    encoded,
    is_header_name,
    is_sendable,
    sendable_headers,
    sendable_value,
)
from .route_plan import Ready

Messages = tuple[dict[str, t.Any], bytes]
"""The message that ASGI starts an answer with, and the body."""

BAD_TUPLE = (
    "The view function did not return a valid response tuple."
    " The tuple must have the form (body, status, headers),"
    " (body, status), or (body, headers)."
)


def respond(plan: t.Any, ctx: t.Any, answer: t.Any) -> t.Any:
    """Return the response of a view's answer (Flask docs, "About Responses"); a runner's step."""
    return make_response(ctx.app, answer)


def respond_own(plan: t.Any, ctx: t.Any, answer: t.Any) -> t.Any:
    """Do as ``respond`` for an app of whose response class nothing was replaced."""
    if type(answer) is str:
        return _text_response(answer)
    if type(answer) is tuple and len(answer) == 2:
        text, status = answer
        if type(text) is str and type(status) is int:
            response = _text_response(text)
            response.status_code = status
            return response
    return make_response(ctx.app, answer)


def make_response(app: t.Any, answer: t.Any) -> t.Any:
    """Return the response of a view's answer, an ``app.response_class``.

    TypeError for an answer that is none, naming the view.
    """
    status = headers = None
    if isinstance(answer, tuple):
        answer, status, headers = _taken_apart(answer)
    if answer is None:
        endpoint = current.request_context().request.endpoint
        raise TypeError(
            f"The view function for {endpoint!r} did not"
            " return a valid response. The function either returned"
            " None or ended without a return statement."
        )

    if not isinstance(answer, app.response_class):
        if isinstance(answer, str | bytes | bytearray | Iterator):
            # The class takes them at once, so that it sees the status that the text goes with.
            try:
                return app.response_class(answer, status=status, headers=headers)
            except UnicodeEncodeError:
                if not isinstance(answer, str):
                    raise
                return app.response_class(encoded(answer), status=status, headers=headers)
        answer = _converted(app, answer)

    if status is not None:
        if isinstance(status, str | bytes | bytearray):
            answer.status = status
        else:
            answer.status_code = status
    if headers:
        answer.headers.update(headers)
    return answer


def respond_awaited(plain: t.Any, threads: Threads) -> t.Any:
    """Return a runner's step to await; another WSGI application is asked in a worker thread."""

    async def respond(plan: t.Any, ctx: t.Any, answer: t.Any) -> t.Any:
        body = answer[0] if isinstance(answer, tuple) and answer else answer
        if callable(body) and not isinstance(body, BaseResponse | HTTPException):
            return await threads.call(plain, plan, ctx, answer)
        return plain(plan, ctx, answer)

    return respond


def _taken_apart(answer: tuple[t.Any, ...]) -> tuple[t.Any, t.Any, t.Any]:
    """Return body, status and headers of an answer given as a tuple."""
    if len(answer) == 3:
        return answer
    if len(answer) != 2:
        raise TypeError(BAD_TUPLE)
    body, second = answer
    if isinstance(second, Headers | dict | tuple | list):
        return body, None, second
    return body, second, None


def _converted(app: t.Any, answer: t.Any) -> t.Any:
    """Return the response of data, of another class's response, or of a WSGI application."""
    if isinstance(answer, dict | list):
        return app.json.response(answer)
    if hasattr(answer, "__aiter__") and not callable(answer):
        return app.response_class(answer)
    if isinstance(answer, BaseResponse) or callable(answer):
        environ = current.request_context().request.environ
        try:
            return app.response_class.force_type(answer, environ)
        except TypeError as error:
            raise TypeError(f"{error}\n{_not_an_answer(answer)}").with_traceback(
                error.__traceback__
            ) from None
    refused = TypeError(_not_an_answer(answer))
    if inspect.isawaitable(answer):
        refused.add_note("An 'async def' function was called without 'await'.")
    raise refused


def _not_an_answer(answer: t.Any) -> str:
    return (
        "The view function did not return a valid"
        " response. The return type must be a string,"
        " dict, list, tuple with headers or status,"
        " Response instance, or WSGI callable, but it was a"
        f" {type(answer).__name__}."
    )


# What makes a response bytes. Where one of these is patched, it is called.
_SENDING = ("__init__", "__call__", "get_wsgi_response", "get_wsgi_headers", "get_app_iter")


def _methods(cls: type) -> list[t.Any]:
    return [getattr(cls, name) for name in _SENDING]


_OWN = _methods(Response)


def is_own(response_class: type) -> bool:
    """Tell whether a class sends its responses as Bolthead's own does."""
    return _methods(response_class) == _OWN


_new = object.__new__


class _QuickHeaders(Headers):
    """Headers of which one is set without further ado."""

    def __setitem__(self, key: t.Any, value: t.Any) -> None:
        if type(key) is str and type(value) is str and "\n" not in value and "\r" not in value:
            length = len(key)
            for name, _ in self._list:
                # PERF: names of another length are others, without a look at their letters.
                if len(name) == length and name.lower() == key.lower():
                    break
            else:
                self._list.append((key, value))
                return
        super().__setitem__(key, value)


def _text_response(text: str) -> Response:
    """Return the response of a text: ``Response(text)``, made of its parts."""
    if not _KNOWN_PARTS:
        return Response(text)
    # PERF: Werkzeug's constructor takes 2 us, this 0.4; see benchmarks/in_process.py.
    try:
        body = text.encode()
    except UnicodeEncodeError:
        body = encoded(text)
    headers = _new(_QuickHeaders)
    headers._list = [("Content-Type", _html_type()), ("Content-Length", str(len(body)))]
    response = _new(Response)
    response.headers = headers
    response._status = "200 OK"
    response._status_code = 200
    response.direct_passthrough = False
    response._on_close = []
    response.response = [body]
    return response


# Whether this release of Werkzeug makes a response of the parts that we know.
_KNOWN_PARTS = vars(Response("a")) == {
    "_on_close": [],
    "_status": "200 OK",
    "_status_code": 200,
    "direct_passthrough": False,
    "headers": Headers([("Content-Type", "text/html; charset=utf-8"), ("Content-Length", "1")]),
    "response": [b"a"],
} and vars(Headers([("A", "b")])) == {"_list": [("A", "b")]}


def _html_type() -> str:
    mimetype = Response.default_mimetype
    if mimetype == "text/html":
        return "text/html; charset=utf-8"
    return Response("").headers["Content-Type"]


def text_sender(response_class: type[Response]) -> t.Callable[[str], Ready]:
    """Return what makes text the status, headers and body that a response of it would have."""
    status, content_type = _as_of(response_class(""))

    def ready(text: str) -> Ready:
        try:
            body = text.encode()
        except UnicodeEncodeError:
            body = encoded(text)
        headers = [("Content-Type", content_type), ("Content-Length", str(len(body)))]
        return status, headers, [body]

    return ready


def json_sender(encode: t.Callable[[t.Any], str], mimetype: str) -> t.Callable[[t.Any], Ready]:
    """Return what makes data the status, headers and body that a JSON response would have."""
    status, content_type = _as_of(Response("", mimetype=mimetype))

    def ready(data: t.Any) -> Ready:
        text = f"{encode(data)}\n"
        try:
            body = text.encode()
        except UnicodeEncodeError:
            body = encoded(text)
        headers = [("Content-Type", content_type), ("Content-Length", str(len(body)))]
        return status, headers, [body]

    return ready


def text_messages(response_class: type[Response]) -> t.Callable[[str], Messages]:
    """Return what makes text ASGI's messages, as ``text_sender`` does for WSGI."""
    start, typed = _begins_as(response_class(""))

    def ready(text: str) -> Messages:
        try:
            body = text.encode()
        except UnicodeEncodeError:
            body = encoded(text)
        return {**start, "headers": [typed, (b"content-length", b"%d" % len(body))]}, body

    return ready


def json_messages(encode: t.Callable[[t.Any], str], mimetype: str) -> t.Callable[[t.Any], Messages]:
    """Return what makes data ASGI's messages, as ``json_sender`` does for WSGI."""
    start, typed = _begins_as(Response("", mimetype=mimetype))

    def ready(data: t.Any) -> Messages:
        text = f"{encode(data)}\n"
        try:
            body = text.encode()
        except UnicodeEncodeError:
            body = encoded(text)
        return {**start, "headers": [typed, (b"content-length", b"%d" % len(body))]}, body

    return ready


def _begins_as(response: Response) -> tuple[dict[str, t.Any], tuple[bytes, bytes]]:
    status, content_type = _as_of(response)
    start = {"type": "http.response.start", "status": int(status[:3])}
    return start, (b"content-type", content_type.encode("latin-1"))


def _as_of(response: Response) -> tuple[str, str]:
    return response.status, response.headers["Content-Type"]


def send(response: t.Any, environ: t.Any, start_response: t.Any) -> t.Iterable[bytes]:
    """Send a response: it is a WSGI application."""
    body = getattr(response, "response", None)
    # What can be iterated either way is awaited only where something can wait.
    if hasattr(body, "__aiter__") and (ASGI in environ or not hasattr(body, "__iter__")):
        return t.cast("t.Iterable[bytes]", _send_async(response, environ, start_response))
    if not isinstance(response, Response) or response._status not in _KNOWN_STATUSES:
        start_response = _cleaning(start_response)
    return t.cast("t.Iterable[bytes]", response(environ, start_response))


def _cleaning(start_response: t.Any) -> t.Any:
    """Return a ``start_response`` that is given what a server can send, whoever made it."""

    def start(status: str, headers: t.Any, *exc_info: t.Any) -> t.Any:
        return start_response(sendable_value(status), sendable_headers(headers), *exc_info)

    return start


_KNOWN_STATUSES = frozenset(f"{code} {name.upper()}" for code, name in HTTP_STATUS_CODES.items())


ASGI = "bolthead.scope"
"""The key of the ASGI scope in the environ: what tells that ASGI serves a request."""

HEARTBEAT = "bolthead.heartbeat"
"""The key of what a stream sends while it has nothing to say: seconds, and bytes."""


class AsyncBody:
    """A body that an asynchronous generator makes; only ASGI can wait for its pieces."""

    def __init__(self, response: t.Any, *, is_sent: bool) -> None:
        self.response = response
        self.must_close = bool(response._on_close)
        self._pieces = response.response.__aiter__() if is_sent else None

    def __aiter__(self) -> AsyncBody:
        return self

    async def __anext__(self) -> bytes:
        if self._pieces is None:
            raise StopAsyncIteration
        piece = await self._pieces.__anext__()
        return piece.encode() if isinstance(piece, str) else bytes(piece)

    async def aclose(self) -> None:
        """Close the generator, whether it ran or not."""
        close = getattr(self.response.response, "aclose", None)
        if close is not None:
            await close()


def _send_async(response: t.Any, environ: t.Any, start_response: t.Any) -> AsyncBody:
    if ASGI not in environ:
        raise RuntimeError(
            "The answer is an asynchronous generator, which WSGI cannot wait for."
            " Serve the app by ASGI (bolthead serve, uvicorn, hypercorn),"
            " or return a plain generator."
        )
    start_response(response.status, response.get_wsgi_headers(environ).to_wsgi_list())
    status = response.status_code
    has_body = status >= 200 and status not in {204, 304} and environ["REQUEST_METHOD"] != "HEAD"
    return AsyncBody(response, is_sent=has_body)


# The headers that sending looks at, to rewrite them or not to add them again.
_WATCHED = frozenset({"location", "content-location", "content-length"})
# Names that were seen to be others, and values that are surely fit to be sent.
_others = KNOWN_NAMES - {"Content-Length"}
_MOST_OTHERS = 1024
_USUAL = frozenset(
    {"text/html; charset=utf-8", "text/plain; charset=utf-8", "application/json", "Cookie"}
)


def _is_other(name: str) -> bool:
    """Tell whether a header goes out as it is; the name of one that does is kept."""
    if name.lower() in _WATCHED or not is_header_name(name):
        return False
    if len(_others) < _MOST_OTHERS:
        _others.add(name)
    return True


def send_quickly(response: t.Any, environ: t.Any, start_response: t.Any) -> t.Iterable[bytes]:
    """Send a response; one that is whole and needs no rewriting, without a further object."""
    if (
        type(response) is not Response
        or (type(response.response) is not list and not response.direct_passthrough)
        or response._on_close
        or response._status_code < 200
        or response._status_code in {204, 304}
        or response._status not in _KNOWN_STATUSES
        or environ["REQUEST_METHOD"] == "HEAD"
    ):
        return send(response, environ, start_response)
    held = response.headers
    if type(held) is _QuickHeaders:
        headers = held._list[:]
    elif type(held) is Headers:
        headers = list(held)
    else:
        return send(response, environ, start_response)  # a program has put a dict there
    measured = False
    for name, value in headers:
        # PERF: no call for the common ones.
        if name == "Content-Length":
            measured = True
        elif name not in _others and not _is_other(name):
            return send(response, environ, start_response)
        if value in _USUAL or (value.isascii() and value.isprintable()):
            continue
        if not is_sendable(value):
            return send(response, environ, start_response)
    body: t.Any = response.response
    if response.direct_passthrough:
        start_response(response._status, headers)
        return body  # type: ignore[no-any-return]  # bytes, or what a server takes for them
    if len(body) != 1 or type(body[0]) is not bytes:
        body = [encoded(part) if isinstance(part, str) else bytes(part) for part in body]
    if not measured:
        headers.append(("Content-Length", str(sum(map(len, body)))))
    start_response(response._status, headers)
    return body  # type: ignore[no-any-return]
