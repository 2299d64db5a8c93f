"""What clients send that is malformed, made harmless before a parser stumbles over it."""

from __future__ import annotations

import ipaddress
import logging
import re
import sys
import typing as t
from urllib.parse import quote

from werkzeug.exceptions import ClientDisconnected, HTTPException
from werkzeug.http import parse_date
from werkzeug.urls import iri_to_uri
from werkzeug.wsgi import LimitedStream

from ..made import Pattern
from .limits import too_large

T = t.TypeVar("T")


_log = logging.getLogger("bolthead.requests")

_BLOCK = 64 * 1024


class Body(LimitedStream):
    """A body as a server hands it over, with an eye on its length.

    ``declared`` is how many bytes the client said: fewer are a client that went away (400, and
    logged). ``is_bounded`` says that the server does not end the stream by itself. ``most`` is
    how many may come where no length was declared: one more raises ``RequestEntityTooLarge``
    (413). Whatever the server's stream raises is a client that went away (400).

    It is what Werkzeug's requests have, with ``limit``, ``is_exhausted``, ``exhaust()`` and
    ``tell()``, for programs that ask for them.
    """

    def __init__(
        self,
        stream: t.IO[bytes],
        declared: int | None,
        most: float | None,
        *,
        is_bounded: bool = False,
    ) -> None:
        self.source = self._stream = stream
        self._declared = declared
        self._most = None if most is None else int(most)
        self._limit_is_max = declared is None
        end = self._most if declared is None else declared
        self.limit = sys.maxsize if end is None else end
        # Where the stream is not to be read beyond its length.
        self._end = declared if is_bounded else None
        self._pos = 0

    def would_pass(self, size: int) -> bool:
        """Tell whether a body of that size would come through, of which nothing has come yet."""
        return self._pos == 0 and (self._most is None or size <= self._most)

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: t.Any) -> int:
        """Read into a buffer; 0 at the end."""
        chunk = self.read(len(buffer))
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def readall(self) -> bytes:
        """Read what is left."""
        return self.read()

    def read(self, size: int | None = -1) -> bytes:
        """Read at most so many bytes; without a size, all that is left."""
        # PERF: in place of RawIOBase.read, which copies each piece twice.
        if size is None or size < 0:
            return self._rest()
        declared = self._declared
        if self._end is not None:
            size = min(size, self._end - self._pos)
            if size <= 0:
                return b""
        elif self._most is not None:
            # One byte more than is allowed, to tell a body that ends there from one that goes on.
            size = min(size, self._most - self._pos + 1)
        try:
            chunk = self.source.read(size)
        except HTTPException:
            raise
        except Exception as error:
            raise ClientDisconnected() from error
        self._pos += len(chunk)
        if self._most is not None and self._pos > self._most:
            raise too_large("MAX_CONTENT_LENGTH", self._most, is_new=declared is None)
        if not chunk and size and declared is not None and self._pos < declared:
            raise cut_short(self._pos, declared)
        return chunk

    def _rest(self) -> bytes:
        known = 0 if self._declared is None else self._declared - self._pos
        # The length is only a claim, and nobody has to have the room for it at once.
        chunk = self.read(known if 0 < known <= 16 * _BLOCK else _BLOCK)
        if self._end is not None and len(chunk) == known:
            return chunk
        pieces = [chunk]
        while chunk:
            chunk = self.read(_BLOCK)
            pieces.append(chunk)
        return b"".join(pieces)


def cut_short(size: int, declared: int) -> ClientDisconnected:
    """Log that a body ended too early, and return the answer to it."""
    _log.warning(
        "A body ended after %d of the %d bytes that were declared; it is answered with 400.",
        size,
        declared,
    )
    return ClientDisconnected()


# A name or an IPv4 address, or an IPv6 address; a port (RFC 9110, 7.2; an underscore is in use).
_HOST = Pattern(
    r"(?:(?P<name>(?:[A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63}\.?)|\[(?P<v6>[0-9A-Fa-f:.]{2,45})\])"
    r"(?::(?P<port>[0-9]{0,5}))?"
)


def is_legal_host(host: str) -> bool:
    """Tell whether a Host header holds a host that can be: 255 characters at most."""
    if len(host) > 255:
        return False
    if not host.isascii() and max(host) > "\xff":
        # No server gives such text, which is none of bytes; a program may.
        try:
            host = host.encode("idna").decode()
        except UnicodeError:
            return False
    match = _HOST.fullmatch(host)
    if match is None or int(match["port"] or 0) > 65_535:
        return False
    if match["v6"] is not None:
        try:
            ipaddress.IPv6Address(match["v6"])
        except ValueError:
            return False
        return True
    return all(map(_is_label, match["name"].split(".")))


def _is_label(label: str) -> bool:
    """Tell whether a part of a name stands for readable characters where it says so."""
    if label[:4].lower() != "xn--":
        return True
    try:
        text = label[4:].encode().decode("punycode")
    except (UnicodeError, ValueError):
        return False
    return not text.isascii() and text.isprintable()


SCHEMES = frozenset({"http", "https", "ws", "wss"})
"""The schemes of requests and of WebSockets."""

_SCHEME = Pattern(r"[A-Za-z][A-Za-z0-9+.-]{0,31}")


def as_scheme(scheme: str) -> str:
    """Return a scheme that can stand in an address (RFC 3986, 3.1); "http" for what is none."""
    return scheme if _SCHEME.fullmatch(scheme) else "http"


_NOT_IN_A_PATH = Pattern(r"[\x00-\x1f\x7f-\x9f]")


def as_path(mount: str) -> str:
    """Return where an app is mounted as a path: a proxy may pass on what a client has made up.

    It begins with one slash (PEP 3333; two would begin another host's address), and has no
    control characters, which no header may repeat.
    """
    path = "/" + mount.lstrip("/\\")
    return _NOT_IN_A_PATH.sub(lambda found: quote(found[0]), path)


def clean_query(query: str) -> bytes:
    """Return a query string, given as WSGI does, with bytes that are not UTF-8 percent-encoded."""
    raw = query.encode("latin-1", "replace")
    # Registered by Werkzeug, which keeps what ``%ff`` cannot be decoded to in the same way.
    return raw.decode("utf-8", "werkzeug.url_quote").encode()


def is_deeper(data: t.Any, most: int) -> bool:
    """Tell whether parsed JSON is nested in more levels than that."""
    level = [data] if type(data) in _CONTAINERS else []
    for _ in range(int(most)):
        level = [
            child
            for held in level
            for child in (held.values() if type(held) is dict else held)
            if type(child) in _CONTAINERS
        ]
        if not level:
            return False
    return bool(level)


_CONTAINERS = frozenset({dict, list})


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
    if _is_url(location):
        return location
    scheme, slashes, rest = location.partition("://")
    safe = "%!#$&'()*+,/;=?@-._~"
    text = quote(rest, safe=safe, errors="replace") if slashes else ""
    text = f"{quote(scheme, safe=safe + ':', errors='replace')}{slashes}{text}"
    # What stands for a host still and cannot be one is made a path.
    return text if _is_url(text) else quote(location, safe="%?=&", errors="replace")


def _is_url(location: str) -> bool:
    try:
        iri_to_uri(location)
    except ValueError:
        return False
    return True


# What a field's value and name are made of (RFC 9110, 5.5 and 5.6.2), as WSGI has their bytes.
_VALUE = Pattern(r"[\t -~\x80-\xff]*")
_NAME = Pattern(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = Pattern(r"[\x00-\x08\x0a-\x1f\x7f]")


KNOWN_NAMES = {
    "Cache-Control",
    "Content-Disposition",
    "Content-Length",
    "Content-Type",
    "Date",
    "ETag",
    "Last-Modified",
    "Set-Cookie",
    "Vary",
}
"""Names of headers that were seen to be fit for it; a set, to ask without a call."""

_MOST_KNOWN = 1024


def is_sendable(value: str) -> bool:
    """Tell whether a server can send a header's value as it is."""
    return _VALUE.fullmatch(value) is not None


def is_header_name(name: str) -> bool:
    """Tell whether a header can have such a name."""
    if _NAME.fullmatch(name) is None:
        return False
    if len(KNOWN_NAMES) < _MOST_KNOWN:
        KNOWN_NAMES.add(name)
    return True


# What says how long a body is, what it is, or what a proxy has seen: nobody else may say so.
_NEVER_SPELLED = Pattern(
    r"(?:content|transfer|x[-_]forwarded)[-_].*|x[-_]real[-_]ip", re.IGNORECASE
)


def allowed_underscores(config: t.Mapping[str, t.Any]) -> frozenset[bytes]:
    """Return the names of ``ALLOW_UNDERSCORE_HEADERS`` in small letters; ValueError for others."""
    names = config.get("ALLOW_UNDERSCORE_HEADERS") or ()
    if not isinstance(names, list | tuple | set | frozenset):
        names = [names]
    for name in names:
        if not isinstance(name, str) or "_" not in name or _NAME.fullmatch(name) is None:
            raise ValueError(
                f"ALLOW_UNDERSCORE_HEADERS has {name!r}. It is a list of names of headers with an"
                " underscore in them, such as ['X_Api_Key']."
            )
        if _NEVER_SPELLED.fullmatch(name):
            raise ValueError(
                f"ALLOW_UNDERSCORE_HEADERS has {name!r}, by which a client could speak for a proxy"
                " or frame its body otherwise. Send it with hyphens, and take it out of the list."
            )
    return frozenset(name.lower().encode() for name in names)


def sendable_value(value: str) -> str:
    """Return a header's value without what no server may send.

    A control character becomes a space (RFC 9110, 5.5); text beyond Latin-1 becomes the bytes of
    its UTF-8, which is what browsers take them for.
    """
    if _VALUE.fullmatch(value) is not None:
        return value
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        value = value.encode("utf-8", "replace").decode("latin-1")
    return _CONTROL.sub(" ", value)


def sendable_headers(headers: t.Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return headers as a server can send them; one whose name is none is left out, and logged."""
    sendable = []
    for name, value in headers:
        if is_header_name(name):
            sendable.append((name, sendable_value(value)))
        else:
            _log.error("A header is not sent, as it cannot have the name %a.", name)
    return sendable


def encoded(text: str) -> bytes:
    """Return text as UTF-8; half a surrogate pair, which has none, becomes a question mark."""
    return text.encode(errors="replace")
