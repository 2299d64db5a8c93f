"""An ASGI scope as the WSGI environ that requests are made of (PEP 3333 names and rules)."""

from __future__ import annotations

import functools
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


def make_environ(scope: Scope) -> WSGIEnvironment:
    """Return the environ of a request or of a WebSocket's handshake, without its body."""
    scheme = scope.get("scheme", "http")
    script, path = _paths(scope)
    query = scope.get("query_string", b"").decode("latin-1")
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": scope.get("method", "GET"),
        "SCRIPT_NAME": script,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_PROTOCOL": f"HTTP/{scope.get('http_version', '1.1')}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scheme,
        "wsgi.input": _EMPTY,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": _Blocks,
        ASGI: scope,
    }
    raw_path = scope.get("raw_path")
    if raw_path:
        uri = raw_path.decode("latin-1")
        environ["REQUEST_URI"] = environ["RAW_URI"] = f"{uri}?{query}" if query else uri
    server = scope.get("server")
    host, port = server if server else ("localhost", None)
    environ["SERVER_NAME"] = host
    environ["SERVER_PORT"] = str(port or (443 if scheme in {"https", "wss"} else 80))
    client = scope.get("client")
    if client:
        environ["REMOTE_ADDR"] = client[0]
        environ["REMOTE_PORT"] = str(client[1])
    repeated: dict[str, list[str]] | None = None
    for name, value in scope["headers"]:
        key = header_key(name)
        if key is None:
            continue
        text = value.decode("latin-1")
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


_EMPTY = io.BytesIO()


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


@functools.lru_cache(maxsize=1024)
def header_key(name: bytes) -> str | None:
    """Return the environ's key of a header; None for one that could pass for another.

    ``X_Real_IP`` and ``X-Real-IP`` would have the same key, so that with an underscore is ignored.
    """
    if b"_" in name:
        return None
    key = name.decode("latin-1").upper().replace("-", "_")
    return key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"


@functools.lru_cache(maxsize=256)
def _header_name(name: str) -> bytes:
    return name.lower().encode("latin-1")


def raw_headers(headers: t.Sequence[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    """Return headers as ASGI has them."""
    try:
        return [(_header_name(name), value.encode("latin-1")) for name, value in headers]
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
