"""An ASGI scope as the WSGI environ that requests are made of (PEP 3333 names and rules)."""

from __future__ import annotations

import io
import sys
import typing as t
from urllib.parse import unquote_to_bytes

from werkzeug.wsgi import FileWrapper

from ..plan.respond import ASGI
from ..wrappers.lenient import sendable_headers

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Scope = t.MutableMapping[str, t.Any]
Message = t.MutableMapping[str, t.Any]
Receive = t.Callable[[], t.Awaitable[Message]]
Send = t.Callable[[Message], t.Awaitable[None]]

BLOCK = 128 * 1024
"""How many bytes of a file are read at a time: each time a worker thread is asked."""


def make_environ(scope: Scope, allowed: t.Container[bytes] = frozenset()) -> WSGIEnvironment:
    """Return the environ of a request or of a WebSocket's handshake, without its body.

    Of headers with underscores in their names those are taken that are ``allowed``.
    """
    # PERF: a copy and then what differs, and caches that are dictionaries: this is a fifth of an
    # asynchronous request; see benchmarks/async_servers.py.
    get = scope.get
    environ: WSGIEnvironment = _ALIKE.copy()
    environ[ASGI] = scope
    environ["wsgi.errors"] = sys.stderr
    environ["REQUEST_METHOD"] = get("method", "GET")
    path = scope["path"]
    if path.isascii() and not get("root_path"):
        environ["PATH_INFO"] = path
    else:
        environ["SCRIPT_NAME"], environ["PATH_INFO"] = _paths(scope)
    query = get("query_string")
    if query:
        query = environ["QUERY_STRING"] = str(query, "latin-1")
    version = get("http_version", "1.1")
    environ["SERVER_PROTOCOL"] = _PROTOCOLS.get(version) or f"HTTP/{version}"
    scheme = environ["wsgi.url_scheme"] = get("scheme", "http")
    raw_path = get("raw_path")
    if raw_path:
        uri = str(raw_path, "latin-1")
        environ["REQUEST_URI"] = environ["RAW_URI"] = f"{uri}?{query}" if query else uri
    host, port = get("server") or ("localhost", None)
    environ["SERVER_NAME"] = host
    environ["SERVER_PORT"] = str(port or (443 if scheme in {"https", "wss"} else 80))
    client = get("client")
    if client:
        environ["REMOTE_ADDR"] = client[0]
        environ["REMOTE_PORT"] = str(client[1])
    repeated: dict[str, list[str]] | None = None
    for name, value in scope["headers"]:
        key = _KEYS[name] if name in _KEYS else header_key(name)
        if key is None:
            if name in allowed:
                return _make_with_spelled(scope, allowed)
            continue
        text = str(value, "latin-1")
        if key not in environ:
            environ[key] = text
            continue
        if repeated is None:
            repeated = {}
        repeated.setdefault(key, [environ[key]]).append(text)
    if repeated is not None:
        for key, texts in repeated.items():
            environ[key] = ("; " if key == "HTTP_COOKIE" else ",").join(texts)
    return environ


def _make_with_spelled(scope: Scope, allowed: t.Container[bytes]) -> WSGIEnvironment:
    """Return an environ with the headers that are allowed an underscore in their name."""
    headers = scope["headers"]
    plain = [(name, value) for name, value in headers if b"_" not in name]
    environ = make_environ({**scope, "headers": plain})
    environ[ASGI] = scope
    for name, value in headers:
        if name in allowed:
            key = f"HTTP_{name.decode('latin-1').upper().replace('-', '_')}"
            # That with hyphens stands if both are there: a proxy in front may have set it.
            environ.setdefault(key, str(value, "latin-1"))
    return environ


_EMPTY = io.BytesIO()

# What the environs of all requests have alike; and the places of what they all have.
_ALIKE: dict[str, t.Any] = {
    "REQUEST_METHOD": "",
    "SCRIPT_NAME": "",
    "PATH_INFO": "",
    "QUERY_STRING": "",
    "SERVER_PROTOCOL": "",
    "SERVER_NAME": "",
    "SERVER_PORT": "",
    "wsgi.url_scheme": "",
    "wsgi.errors": None,
    ASGI: None,
    "wsgi.version": (1, 0),
    "wsgi.input": _EMPTY,
    "wsgi.input_terminated": True,
    "wsgi.multithread": True,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
}

_PROTOCOLS = {version: f"HTTP/{version}" for version in ("1.0", "1.1", "2", "3")}

# The keys and names of some headers: requests and answers have few different ones.
_KEYS: dict[bytes, str | None] = {}
_NAMES: dict[str, bytes] = {}
_MOST_KEPT = 256


def _paths(scope: Scope) -> tuple[str, str]:
    """Return where the app is mounted, and the path below it, as PEP 3333 has them."""
    path = scope["path"]
    root = scope.get("root_path", "")
    if root and (path == root or path.startswith(f"{root.rstrip('/')}/")):
        # The path of the scope includes the mount point, in some servers.
        path = path[len(root.rstrip("/")) :]
        root = root.rstrip("/")
    if path.isascii() and root.isascii():
        return root, path
    return _as_latin(root), _exact(path, scope.get("raw_path")) or _as_latin(path)


def _exact(path: str, raw_path: bytes | None) -> str | None:
    """Return a path's very bytes where they are known: the decoded path may have lost some."""
    if not raw_path:
        return None
    raw = unquote_to_bytes(raw_path.partition(b"?")[0])
    decoded = raw.decode("utf-8", "replace")
    if not decoded.endswith(path):
        return None
    if decoded == path:
        return raw.decode("latin-1")
    before = decoded[: -len(path)].encode()
    return raw[len(before) :].decode("latin-1") if raw.startswith(before) else None


def _as_latin(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


def header_key(name: bytes) -> str | None:
    """Return the environ's key of a header; None for one that could pass for another.

    ``X_Api_Key`` and ``X-Api-Key`` would have the same key, so that with an underscore is ignored,
    unless ALLOW_UNDERSCORE_HEADERS has it.
    """
    key: str | None = None
    if b"_" not in name:
        key = str(name, "latin-1").upper().replace("-", "_")
        if key not in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
            key = f"HTTP_{key}"
    if len(_KEYS) < _MOST_KEPT:
        _KEYS[name] = key
    return key


def _header_name(name: str) -> bytes:
    raw = name.lower().encode("latin-1")
    if len(_NAMES) < _MOST_KEPT:
        _NAMES[name] = raw
    return raw


def raw_headers(headers: t.Sequence[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    """Return headers as ASGI has them."""
    try:
        return [
            # PERF: what is ASCII is encoded in a third of the time.
            (
                _NAMES.get(name) or _header_name(name),
                value.encode() if value.isascii() else value.encode("latin-1"),
            )
            for name, value in headers
        ]
    except UnicodeEncodeError:
        # Of a middleware; the app's own were looked at.
        return [
            (_header_name(name), value.encode("latin-1"))
            for name, value in sendable_headers(headers)
        ]


class _Blocks(FileWrapper):
    """A file in larger blocks than WSGI servers take."""

    def __init__(self, file: t.IO[bytes], buffer_size: int = BLOCK) -> None:
        super().__init__(file, max(buffer_size, BLOCK))


_ALIKE["wsgi.file_wrapper"] = _Blocks
# The copies of a dictionary have its room: this one has room for the headers, too.
_ALIKE |= {str(number): None for number in range(8)}
for _number in range(8):
    del _ALIKE[str(_number)]
