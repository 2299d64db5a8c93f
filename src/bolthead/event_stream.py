"""Server-sent events (WHATWG HTML): a view returns an ``EventStream`` of what is yielded."""

from __future__ import annotations

import typing as t
from collections.abc import AsyncIterator
from dataclasses import dataclass

from . import current
from .plan.respond import ASGI, HEARTBEAT
from .wrappers import Response

if t.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its data (text, or what becomes JSON), its name, its id.

    ``retry`` is after how many seconds the browser comes back when the line breaks. An ``id`` is
    given back then, as ``request.headers["Last-Event-ID"]``. ``comment`` is seen by nobody.
    ValueError for a name or id with a line break, or an id with a NUL, which would end it.
    """

    data: t.Any = None
    event: str | None = None
    id: str | int | None = None
    retry: float | None = None
    comment: str | None = None

    def __post_init__(self) -> None:
        for name in ("event", "id"):
            value = getattr(self, name)
            if value is not None and not set("\r\n\0").isdisjoint(str(value)):
                raise ValueError(f"The {name} of an event has no line breaks and no NUL: {value!r}")

    def encode(self) -> bytes:
        """Return the event as it is sent."""
        lines = []
        if self.comment is not None:
            lines += _lines("", self.comment)
        if self.event is not None:
            lines.append(f"event: {self.event}")
        if self.data is not None:
            lines += _lines("data", self.data if isinstance(self.data, str) else _json(self.data))
        if self.id is not None:
            lines.append(f"id: {self.id}")
        if self.retry is not None:
            lines.append(f"retry: {round(self.retry * 1000)}")
        return "\n".join([*lines, "", ""]).encode()


def _lines(field: str, text: str) -> list[str]:
    # Each of the three line breaks would end the line.
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return [f"{field}: {line}" for line in plain.split("\n")]


def _json(data: t.Any) -> str:
    return t.cast(str, current.app().json.dumps(data))


def _encode(dumps: t.Callable[[t.Any], str], item: t.Any) -> bytes:
    if isinstance(item, Event):
        if item.data is None or isinstance(item.data, str):
            return item.encode()
        return Event(dumps(item.data), item.event, item.id, item.retry, item.comment).encode()
    return Event(item if isinstance(item, str) else dumps(item)).encode()


class EventStream(Response):
    """The answer with the events of a generator, asynchronous or plain: ``Event``, text, or data.

    While there is no event, a comment is sent every ``heartbeat`` seconds (None: never), so that
    proxies keep the line open; only ASGI can do that. ``retry`` is sent first. A plain generator
    works under WSGI, too, and keeps a thread for as long as it runs.
    """

    default_mimetype = "text/event-stream"

    def __init__(
        self,
        events: t.AsyncIterable[t.Any] | t.Iterable[t.Any],
        *,
        heartbeat: float | None = 15.0,
        retry: float | None = None,
        headers: t.Any = None,
    ) -> None:
        # The provider of now: when events come, no app may be in force.
        dumps = current.app().json.dumps
        first = None if retry is None else Event(retry=retry).encode()
        pieces: t.Any
        if hasattr(events, "__aiter__"):
            pieces = _async_pieces(t.cast("t.AsyncIterable[t.Any]", events), dumps, first)
        else:
            pieces = _pieces(events, dumps, first)
        super().__init__(pieces, headers=headers)
        self.heartbeat = heartbeat
        self.headers.setdefault("Cache-Control", "no-cache")
        # nginx would keep events until its buffer is full.
        self.headers.setdefault("X-Accel-Buffering", "no")

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> t.Iterable[bytes]:
        """Send the stream."""
        self._note_heartbeat(environ)
        return super().__call__(environ, start_response)

    def get_wsgi_headers(self, environ: WSGIEnvironment) -> t.Any:
        """Return the headers as they are sent."""
        self._note_heartbeat(environ)
        return super().get_wsgi_headers(environ)

    def _note_heartbeat(self, environ: WSGIEnvironment) -> None:
        if self.heartbeat is not None and ASGI in environ:
            environ[HEARTBEAT] = (self.heartbeat, b":\n\n")


def _pieces(
    events: t.Iterable[t.Any], dumps: t.Callable[[t.Any], str], first: bytes | None
) -> t.Iterator[bytes]:
    try:
        if first is not None:
            yield first
        for item in events:
            yield _encode(dumps, item)
    finally:
        close = getattr(events, "close", None)
        if close is not None:
            close()


async def _async_pieces(
    events: t.AsyncIterable[t.Any], dumps: t.Callable[[t.Any], str], first: bytes | None
) -> AsyncIterator[bytes]:
    try:
        if first is not None:
            yield first
        async for item in events:
            yield _encode(dumps, item)
    finally:
        close = getattr(events, "aclose", None)
        if close is not None:
            await close()
