"""The edge: what is not a well-formed request is answered here and never seen by the app."""

from __future__ import annotations

import base64
import binascii
import re
import typing as t

from .settings import (
    HEADER_COUNT,
    HEADER_SIZE,
    HEADERS_SIZE,
    HOST_SIZE,
    METHOD_SIZE,
    TARGET_SIZE,
)

if t.TYPE_CHECKING:
    from ..protocols.scope import Scope

Headers = list[tuple[bytes, bytes]]


class Reply(t.NamedTuple):
    """An answer that needs no app: status, headers, body."""

    status: int
    headers: Headers
    body: bytes


def reply(status: int, text: str, *headers: tuple[bytes, bytes]) -> Reply:
    """Return a plain text answer after which the connection is closed."""
    body = f"{text}\n".encode()
    fixed = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
    ]
    return Reply(status, [*fixed, *headers], body)


_CLOSE = (b"connection", b"close")


def refuse(status: int, text: str) -> Reply:
    """Return the answer to a request that is not well-formed."""
    return reply(status, text, _CLOSE)


# RFC 9110, 7.2 and RFC 3986, 3.2.2: a name, an IPv4 address or an IPv6 address, then the port.
_HOST = re.compile(
    rb"(?:[A-Za-z0-9_~-]{1,63}(?:\.[A-Za-z0-9_~-]{1,63})*\.?|\[[0-9A-Fa-f:.]{2,45}\])"
    rb"(?::[0-9]{1,5})?"
)
_known_hosts: set[bytes] = set()


def is_legal_host(host: bytes) -> bool:
    """Tell whether a Host header has the form of one."""
    if host in _known_hosts:
        return True
    if len(host) > HOST_SIZE or not _HOST.fullmatch(host):
        return False
    if len(_known_hosts) < 1024:
        _known_hosts.add(host)
    return True


# What the edge does with a header: nothing, or look at its value, or note that it is there.
_PLAIN, _HOST_NAME, _LENGTH, _CODING, _EXPECT, _UNDERSCORE, _SAID = range(7)
_kinds = {
    b"host": _HOST_NAME,
    b"content-length": _LENGTH,
    b"transfer-encoding": _CODING,
    b"expect": _EXPECT,
    b"forwarded": _SAID,
    b"x-request-id": _SAID,
}

NAME_REMEMBERED = 64
"""The most bytes of a header's name that is remembered: strangers choose them."""

SAID = "bolthead.said"
"""The key in a scope that tells of headers that only a proxy may send."""


def _kind(name: bytes) -> int:
    """Return what to do with a header, and remember it for the next request."""
    kind = _UNDERSCORE if b"_" in name else _PLAIN
    if name.startswith(b"x-forwarded-"):
        kind = _UNDERSCORE if kind else _SAID
    if len(name) <= NAME_REMEMBERED and len(_kinds) < 1024:
        _kinds[name] = kind
    return kind


BAD_TARGET = refuse(400, "The request target must be an absolute path.")
BAD_HOST = refuse(400, "A request has one Host header, of the form name:port.")
BAD_LENGTH = refuse(400, "Content-Length must be one number, and not come with Transfer-Encoding.")
BAD_CODING = refuse(501, "The only transfer coding is chunked.")
BAD_EXPECTATION = refuse(417, "The only expectation is 100-continue.")
TOO_LONG = refuse(414, f"Path and query have at most {TARGET_SIZE} bytes (--max-target).")
TOO_LARGE = refuse(
    431,
    f"A request has at most {HEADER_COUNT} headers (--max-header-count), of {HEADER_SIZE} bytes"
    f" each (--max-header) and {HEADERS_SIZE} bytes together (--max-headers).",
)
CUT_SHORT = refuse(400, "The body ended before its declared length.")
TOO_SLOW = refuse(408, "The body came too slowly.")
OTHER_HTTP = refuse(505, "The versions of HTTP here are 1.0 and 1.1.")
UNKNOWN_METHOD = refuse(501, f"A method is in capitals, of at most {METHOD_SIZE} bytes.")
NO_TUNNEL = refuse(405, "CONNECT is not supported.")
OF_THE_SERVER = Reply(204, [], b"")
"""The answer to ``OPTIONS *``, which asks the server rather than the app (RFC 9110, 9.3.7)."""


def check(scope: Scope, spelled: t.Container[bytes] = frozenset()) -> Reply | None:
    """Return the refusal of a request, or None; names with underscores are taken out of it.

    ``X_Api_Key`` and ``X-Api-Key`` are one key of an environ, so either could pass for the other.
    Those of ``spelled`` stay: the app takes them where there is none with hyphens.
    """
    path = scope.get("raw_path") or scope["path"].encode("utf-8", "surrogateescape")
    method = scope.get("method")
    if method not in METHODS:
        refusal = _check_method(t.cast(str, method))
        if refusal is not None:
            return refusal
    if path[:1] != b"/":
        if path != b"*" or method != "OPTIONS":
            return BAD_TARGET
        return check({**scope, "path": "/", "raw_path": b"/"}) or OF_THE_SERVER
    if len(path) + len(scope["query_string"]) > TARGET_SIZE:
        return TOO_LONG
    headers = scope["headers"]
    if len(headers) > HEADER_COUNT:
        return TOO_LARGE
    version = scope["http_version"]
    size = hosts = 0
    length = coding = None
    is_clean = True
    for name, value in headers:
        size += len(name) + len(value)
        # PERF: one look-up per header, whatever is asked of it; see benchmarks/faults.
        kind = _kinds.get(name, -1)
        if not kind:
            continue
        if kind < 0:
            kind = _kind(name)
        if kind == _HOST_NAME:
            if not value and version in _WITHOUT_HOST:
                is_clean = False  # Granian puts an empty one where none was
                continue
            hosts += 1
            if value not in _known_hosts and not is_legal_host(value):
                return BAD_HOST
        elif kind == _SAID:
            scope[SAID] = True
        elif kind == _LENGTH:
            if length is not None or not value.isdigit() or len(value) > 18:
                return BAD_LENGTH
            length = value
        elif kind == _CODING:
            if coding is not None or value.lower() != b"chunked":
                return BAD_CODING
            coding = value
        elif kind == _UNDERSCORE:
            is_clean = False
        elif kind == _EXPECT and value.lower() != b"100-continue":
            return BAD_EXPECTATION
    if size > HEADER_SIZE and _is_too_large(headers, size):
        return TOO_LARGE
    if hosts != 1 and (hosts or version not in _WITHOUT_HOST):
        return BAD_HOST
    if coding is not None and (length is not None or version in _WITHOUT_HOST):
        return BAD_LENGTH
    if not is_clean:
        scope["headers"] = [
            pair
            for pair in headers
            if (b"_" not in pair[0] or pair[0] in spelled) and pair != (b"host", b"")
        ]
    return None


_WITHOUT_HOST = frozenset({"1.0", "1", "0.9"})


_ABSOLUTE = re.compile(rb"https?://([^/?#]*)(.*)", re.IGNORECASE | re.DOTALL)


def take_absolute(target: bytes, headers: Headers) -> tuple[bytes, bool]:
    """Return the path of an absolute target, and whether the target is one that may be.

    Its host takes the place of the Host header, whatever that says (RFC 9112, 3.2.2). A target of
    any other form is returned as it is.
    """
    found = _ABSOLUTE.fullmatch(target)
    if found is None:
        return target, b"://" not in target
    host, path = found.groups()
    if not is_legal_host(host):
        return target, False
    said = [place for place, (name, _) in enumerate(headers) if name == b"host"]
    if len(said) == 1:
        headers[said[0]] = (b"host", host)
    return path if path[:1] == b"/" else b"/" + path, True


METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", None})
"""The methods that need no further look; a WebSocket's scope has none."""


def _check_method(method: str) -> Reply | None:
    """Return the refusal of a method that is no usual one, or None.

    ``delete`` is another method than ``DELETE`` (RFC 9110, 9.1). To Werkzeug they are one, so a
    proxy that lets only some methods pass could be deceived.
    """
    if method == "CONNECT":
        return NO_TUNNEL
    if len(method) > METHOD_SIZE or method != method.upper():
        return UNKNOWN_METHOD
    return None


def _is_too_large(headers: Headers, size: int) -> bool:
    return size > HEADERS_SIZE or any(
        len(name) + len(value) > HEADER_SIZE for name, value in headers
    )


# WebSockets

BAD_HANDSHAKE = refuse(400, "This is no handshake of a WebSocket (RFC 6455, 4.2.1).")
OTHER_VERSION = reply(
    426, "The version of WebSockets here is 13.", (b"sec-websocket-version", b"13"), _CLOSE
)


def check_handshake(scope: Scope, spelled: t.Container[bytes] = frozenset()) -> Reply | None:
    """Return the refusal of a WebSocket's handshake, or None (RFC 6455, 4.2.1)."""
    refusal = check(scope, spelled)
    if refusal is not None:
        return refusal
    if scope["http_version"] == "2":
        return None  # an extended CONNECT (RFC 8441) has none of the headers below
    if scope["http_version"] != "1.1" or scope.get("method", "GET") != "GET":
        return BAD_HANDSHAKE
    found: dict[bytes, list[bytes]] = {}
    for name, value in scope["headers"]:
        found.setdefault(name, []).append(value)
    if b"content-length" in found and found[b"content-length"] != [b"0"]:
        return BAD_HANDSHAKE
    if b"transfer-encoding" in found:
        return BAD_HANDSHAKE
    if b"upgrade" not in _tokens(found.get(b"connection", [])):
        return BAD_HANDSHAKE
    if b"websocket" not in _tokens(found.get(b"upgrade", [])):
        return BAD_HANDSHAKE
    if found.get(b"sec-websocket-version") != [b"13"]:
        return OTHER_VERSION
    keys = found.get(b"sec-websocket-key", [])
    if len(keys) != 1 or not _is_key(keys[0]):
        return BAD_HANDSHAKE
    return None


def _tokens(values: list[bytes]) -> set[bytes]:
    return {token.strip().lower() for value in values for token in value.split(b",")}


def _is_key(value: bytes) -> bool:
    try:
        return len(base64.b64decode(value, validate=True)) == 16
    except (binascii.Error, ValueError):
        return False
