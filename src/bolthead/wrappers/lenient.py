"""What clients send that is malformed, made harmless before a parser stumbles over it."""

from __future__ import annotations

import io
import typing as t
from urllib.parse import quote

from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.http import parse_date
from werkzeug.urls import iri_to_uri

T = t.TypeVar("T")


class CappedStream(io.RawIOBase):
    """A body of unknown length, of which at most a number of bytes may come.

    One more raises ``RequestEntityTooLarge`` (413); an error of the server's stream is a client
    that went away (400).
    """

    def __init__(self, stream: t.IO[bytes], most: int) -> None:
        self._stream = stream
        self._left = most

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: t.Any) -> int:
        """Read into a buffer; 0 at the end."""
        # One byte more than is allowed, to tell a body that ends there from one that goes on.
        try:
            chunk = self._stream.read(min(len(buffer), self._left + 1))
        except (OSError, ValueError) as error:
            raise ClientDisconnected() from error
        if len(chunk) > self._left:
            raise RequestEntityTooLarge()
        self._left -= len(chunk)
        buffer[: len(chunk)] = chunk
        return len(chunk)


def clean_query(query: str) -> bytes:
    """Return a query string, given as WSGI does, with bytes that are not UTF-8 percent-encoded."""
    raw = query.encode("latin-1", "replace")
    # Registered by Werkzeug, which keeps what ``%ff`` cannot be decoded to in the same way.
    return raw.decode("utf-8", "werkzeug.url_quote").encode()


def or_none(read: t.Callable[[], T]) -> T | None:
    """Return what a header says, or None where it says nothing that can be."""
    try:
        return read()
    except (OverflowError, ValueError):
        return None


_DATES = ("HTTP_IF_MODIFIED_SINCE", "HTTP_IF_UNMODIFIED_SINCE", "HTTP_IF_RANGE")


def without_absurd_dates(environ: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return an environ without the conditions whose date is beyond all years."""
    clean = dict(environ)
    for name in _DATES:
        if name in clean and not _can_be_parsed(clean[name]):
            del clean[name]
    return clean


def _can_be_parsed(date: str) -> bool:
    try:
        parse_date(date)
    except OverflowError:
        return False
    return True


def sendable_location(location: str) -> str:
    """Return a target that is no URL with the characters encoded that cannot be in one."""
    location = location.replace("\r", "%0D").replace("\n", "%0A")
    try:
        iri_to_uri(location)
    except ValueError:
        pass
    else:
        return location
    scheme, slashes, rest = location.partition("://")
    safe = "%!#$&'()*+,/;=?@-._~"
    encoded = quote(rest, safe=safe, errors="replace") if slashes else ""
    return f"{quote(scheme, safe=safe + ':', errors='replace')}{slashes}{encoded}"
