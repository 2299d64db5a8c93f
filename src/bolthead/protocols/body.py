"""A request's body by ASGI: read before the view is called, or while the view takes it."""

from __future__ import annotations

import io
import tempfile
import typing as t

from werkzeug.exceptions import ClientDisconnected

from ..wrappers.lenient import cut_short
from ..wrappers.limits import too_large

if t.TYPE_CHECKING:
    import asyncio
else:
    from ..light import asyncio

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from _typeshed.wsgi import WSGIEnvironment

    from ..bridges import Threads
    from ..wrappers.arriving import ArrivingForm
    from .scope import Message, Receive

IN_MEMORY = 1024 * 1024
"""Above how many bytes a body is written to disk."""

_MULTIPART = "multipart/form-data"

# A request with one of these methods and none of the headers has no body.
_WITHOUT = frozenset({"GET", "HEAD", "OPTIONS", "DELETE", "TRACE"})


def has_body(environ: WSGIEnvironment) -> bool:
    """Tell whether a body may come."""
    if "CONTENT_LENGTH" in environ:
        return bool(environ["CONTENT_LENGTH"] != "0")
    if "HTTP_TRANSFER_ENCODING" in environ or environ["REQUEST_METHOD"] not in _WITHOUT:
        return True
    # Of later versions a body needs no header.
    return not environ["SERVER_PROTOCOL"].startswith("HTTP/1")


async def read_body(
    environ: WSGIEnvironment, receive: Receive, config: Mapping[str, t.Any], threads: Threads
) -> t.IO[bytes] | None:
    """Read a body as far as it may go and return it as a file; None if the client went away.

    What is beyond ``MAX_CONTENT_LENGTH`` stays where it is: the file asks for it when it is read
    so far, after the request has had its say about its own limit. A multipart form is parsed
    meanwhile, unless the body comes in one piece.
    """
    most = config["MAX_CONTENT_LENGTH"]
    if most is not None and _declared(environ) > most:
        return _unread(io.BytesIO(), receive)
    message = await receive()
    if message["type"] != "http.request":
        return None
    chunk = message.get("body", b"")
    if not message.get("more_body"):
        return _checked(io.BytesIO(chunk), len(chunk), environ)

    file: t.IO[bytes] = io.BytesIO()
    waiting: list[bytes] = []
    held = size = 0
    on_disk = False
    form = _begin_form(environ, config)
    try:
        while True:
            waiting.append(chunk)
            held += len(chunk)
            size += len(chunk)
            if form is not None and form.add(chunk):
                await _parse(form, threads)
            if held > IN_MEMORY:
                if not on_disk:
                    on_disk = True
                    file = await threads.call(tempfile.TemporaryFile)
                await threads.call(file.writelines, waiting)
                waiting.clear()
                held = 0
            if not message.get("more_body"):
                break
            if most is not None and size > most:
                file.writelines(waiting)
                file.seek(0)
                return _unread(file, receive)
            message = await receive()
            if message["type"] != "http.request":
                file.close()
                return None
            chunk = message.get("body", b"")
        file.writelines(waiting)
        file.seek(0)
        if form is not None:
            await _parse(form, threads, is_whole=True)
    except BaseException:
        file.close()
        raise
    body = _checked(file, size, environ)
    return body if form is None or body is not file else form.in_body(file, size)


def _begin_form(environ: WSGIEnvironment, config: Mapping[str, t.Any]) -> ArrivingForm | None:
    """Return what parses a multipart form while it arrives; None for any other body."""
    content_type = environ.get("CONTENT_TYPE", "")
    if content_type[: len(_MULTIPART)].lower() != _MULTIPART:
        return None
    # Loaded with the first such form, as the parsers are: they take a tenth of all imports.
    from ..wrappers.arriving import begin

    return begin(content_type, config)


async def _parse(form: ArrivingForm, threads: Threads, *, is_whole: bool = False) -> None:
    """Parse what has come of a form; what would hold the loop for too long, in a thread."""
    if not form.parse(is_whole=is_whole, pauses=True):
        await threads.call(form.parse, is_whole=is_whole, pauses=False)


def _checked(file: t.IO[bytes], size: int, environ: WSGIEnvironment) -> t.IO[bytes]:
    """Return a body; in place of one that is shorter than it should be, one that says so."""
    if environ.get("CONTENT_LENGTH") and size < (declared := _declared(environ)):
        file.close()
        return t.cast("t.IO[bytes]", _CutShort(size, declared))
    return file


class _CutShort(io.RawIOBase):
    """A body that ended before its declared length: whoever reads it answers 400."""

    def __init__(self, size: int, declared: int) -> None:
        self._size = size
        self._declared = declared

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: t.Any) -> int:
        raise cut_short(self._size, self._declared)

    def readall(self) -> bytes:
        raise cut_short(self._size, self._declared)


def _declared(environ: WSGIEnvironment) -> int:
    """Return the length that the client declared; 0 for none, and for what is no number."""
    if "HTTP_TRANSFER_ENCODING" in environ:
        return 0  # which counts, and no length beside it (RFC 9112, 6.3)
    length = environ.get("CONTENT_LENGTH", "")
    if not (length.isascii() and length.isdigit()):
        return 0
    try:
        return int(length)
    except ValueError:
        return 0  # thousands of digits


def _unread(file: t.IO[bytes], receive: Receive) -> t.IO[bytes]:
    return t.cast("t.IO[bytes]", _Unread(file, receive, asyncio.get_running_loop()))


class _Unread(io.RawIOBase):
    """A body of which only the beginning was read.

    A worker thread that reads on waits for what comes. On the loop nobody can wait, so there the
    end of what was read is too much: 413.
    """

    def __init__(
        self, file: t.IO[bytes], receive: Receive, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._file = file
        self._receive = receive
        self._loop = loop
        self._left = b""
        self._more = True

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: t.Any) -> int:
        chunk = self._file.read(len(buffer))
        if not chunk:
            while not self._left and self._more:
                self._left = self._next()
            chunk, self._left = self._left[: len(buffer)], self._left[len(buffer) :]
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def _next(self) -> bytes:
        if asyncio._get_running_loop() is self._loop:
            raise too_large("MAX_CONTENT_LENGTH", None)
        waiting: t.Any = asyncio.run_coroutine_threadsafe(_taken(self._receive), self._loop)
        message = waiting.result()
        if message["type"] != "http.request":
            raise ClientDisconnected()
        self._more = message.get("more_body", False)
        return t.cast(bytes, message.get("body", b""))

    def close(self) -> None:
        self._file.close()
        super().close()


async def _taken(receive: Receive) -> Message:
    return await receive()


class BodyStream(io.RawIOBase):
    """A body that an ``async def`` view takes while it arrives: ``async for chunk in …``.

    RequestEntityTooLarge (413) beyond the request's ``max_content_length``, ClientDisconnected
    (400) where the client goes away before the end.
    """

    def __init__(self, receive: Receive, most: t.Callable[[], int | None], declared: int) -> None:
        self._receive = receive
        self._most = most
        self._size = 0
        self._declared = declared
        self.is_at_end = False

    def __aiter__(self) -> t.AsyncIterator[bytes]:
        return self._chunks()

    async def _chunks(self) -> t.AsyncIterator[bytes]:
        while not self.is_at_end:
            most = self._most()
            if most is not None and max(self._size, self._declared) > most:
                raise too_large("MAX_CONTENT_LENGTH", most, is_new=True)
            message = await self._receive()
            if message["type"] != "http.request":
                self.is_at_end = True
                raise ClientDisconnected()
            chunk = message.get("body", b"")
            self.is_at_end = not message.get("more_body", False)
            self._size += len(chunk)
            if self.is_at_end and self._size < self._declared:
                raise cut_short(self._size, self._declared)
            if most is not None and self._size > most:
                raise too_large("MAX_CONTENT_LENGTH", most, is_new=True)
            if chunk:
                yield chunk

    def readable(self) -> bool:
        """Tell that it is one to read from."""
        return True

    def readinto(self, buffer: t.Any) -> int:
        """Refuse: plain code cannot wait for what has not come yet."""
        raise RuntimeError(
            "The view takes its body as a stream, so nothing was read before it was called."
            " Use 'async for chunk in request.stream', or take 'stream_body' off the view."
        )


def make_stream(ctx: t.Any, receive: Receive) -> BodyStream:
    """Return the stream of a request's body, under the limit of the request."""
    environ = ctx.environ
    return BodyStream(receive, lambda: ctx.request.max_content_length, _declared(environ))
