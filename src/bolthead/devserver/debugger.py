"""Werkzeug's debugger, for who sits at this machine only: it runs any code that it is given.

It answers where the server listens on a loopback address, the request comes from one, asks for one
and went through no proxy. Anybody else gets the app's plain answer. In a container, where nothing
of this can hold, a token that is printed in the terminal lets one browser in, once.
"""

from __future__ import annotations

import hmac
import ipaddress
import os
import secrets
import socket
import typing as t
from urllib.parse import parse_qsl, urlencode

from werkzeug.debug import DebuggedApplication
from werkzeug.http import dump_cookie, parse_cookie

from ..redaction import find_secrets, mask, mask_page

if t.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

TOKEN = "__debugger_token__"  # noqa: S105  # the name of a parameter
"""The parameter of the query that has the one-time token."""

COOKIE = "bolthead_debugger"

# What keeps a browser let in when the reloader starts the server anew.
_VARIABLE = "BOLTHEAD_DEBUGGER_SECRET"

# Where an error left the app, the environ holds what must not be shown of it.
_FAILED = "bolthead.debugger.secrets"
_PRESERVE = "werkzeug.debug.preserve_context"

# Set by proxies and tunnels: the request came from further away than it seems.
_FORWARDED = (
    "HTTP_FORWARDED",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_REAL_IP",
    "HTTP_VIA",
)


def is_loopback(host: str) -> bool:
    """Tell whether an address or a name to listen on can be reached from this machine only."""
    if _is_loopback_name(host):
        return True
    try:
        found = socket.getaddrinfo(host, None)
    except OSError:
        return False
    return bool(found) and all(_is_loopback_name(str(address[4][0])) for address in found)


def _is_loopback_name(name: str) -> bool:
    """Tell whether a name means this machine wherever it is looked up (RFC 6761, 6.3)."""
    name = name.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _host_name(host: str) -> str:
    """Return the name in a Host header, without port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if host.count(":") == 1 else host


class LocalDebugger(DebuggedApplication):
    """An app with the debugger around it, for requests from this machine.

    ``token`` is accepted once from any address, in the query as ``__debugger_token__``.
    """

    def __init__(
        self, app: WSGIApplication, *, listens_on_loopback: bool, token: str | None = None
    ) -> None:
        super().__init__(_Watched(app), evalex=True, console_init_func=lambda: {"app": app})
        self._plain = app
        self._listens_on_loopback = listens_on_loopback
        self._token = token
        secret = "" if token is None else os.environ.setdefault(_VARIABLE, secrets.token_hex(32))
        self._pass = secret and hmac.digest(secret.encode(), b"pass", "sha256").hex()

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> t.Iterable[bytes]:
        """Answer with the debugger where it may be seen, else as the app does."""
        if self.check_host_trust(environ):
            return self._answer(environ, start_response)
        if self._takes_token(environ):
            return self._let_in(environ, start_response)
        return self._plain(environ, start_response)

    def check_host_trust(self, environ: WSGIEnvironment) -> bool:
        """Tell whether a request may see the debugger, and use it once it has its PIN."""
        return self._is_local(environ) or self._has_pass(environ)

    def _is_local(self, environ: WSGIEnvironment) -> bool:
        return (
            self._listens_on_loopback
            # Under any other server nobody knows what it listens on.
            and environ.get("SERVER_SOFTWARE", "").startswith("Werkzeug/")
            and _is_loopback_name(environ.get("REMOTE_ADDR", ""))
            and _is_loopback_name(_host_name(environ.get("HTTP_HOST", "")))
            and environ.keys().isdisjoint(_FORWARDED)
        )

    # The token

    def _has_pass(self, environ: WSGIEnvironment) -> bool:
        given = parse_cookie(environ).get(COOKIE, "")
        return bool(self._pass) and hmac.compare_digest(given.encode(), self._pass.encode())

    def _takes_token(self, environ: WSGIEnvironment) -> bool:
        if self._token is None or TOKEN not in environ.get("QUERY_STRING", ""):
            return False
        given = dict(parse_qsl(environ["QUERY_STRING"], errors="replace")).get(TOKEN, "")
        if not hmac.compare_digest(given.encode(), self._token.encode()):
            return False
        self._token = None
        return True

    def _let_in(self, environ: WSGIEnvironment, start_response: StartResponse) -> t.Iterable[bytes]:
        """Give the browser its pass, and send it to the address without the token."""
        query = [pair for pair in parse_qsl(environ["QUERY_STRING"]) if pair[0] != TOKEN]
        cookie = dump_cookie(COOKIE, self._pass, httponly=True, samesite="Strict")
        headers = [
            ("Location", f"?{urlencode(query)}"),  # the same path (RFC 3986, 5.4.1)
            ("Set-Cookie", cookie),
            ("Cache-Control", "no-store"),
            ("Referrer-Policy", "no-referrer"),
            ("Content-Length", "0"),
        ]
        start_response("303 See Other", headers)
        return [b""]

    # The page

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> t.Iterator[bytes]:
        """Answer by the debugger, whose pages show no secrets."""
        environ["wsgi.errors"] = _MaskedErrors(environ["wsgi.errors"], environ)
        is_started = False
        waiting: list[tuple[str, list[tuple[str, str]]]] = []

        def start(status: str, headers: list[tuple[str, str]], *exc_info: t.Any) -> t.Any:
            nonlocal is_started
            if _FAILED in environ and not is_started:
                # It tells the page's length, which changes with what is masked.
                waiting[:] = [(status, headers)]
                return None
            is_started = True
            return start_response(status, headers, *exc_info)

        for piece in super().__call__(environ, start):
            if waiting:
                piece = mask_page(piece.decode(), environ[_FAILED]).encode()
                status, headers = waiting.pop()
                kept = [pair for pair in headers if pair[0].lower() != "content-length"]
                start_response(status, [*kept, ("Content-Length", str(len(piece)))])
            yield piece


class _Watched:
    """The app, with the secrets of a request collected when an error leaves it."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> t.Iterator[bytes]:
        __traceback_hide__ = True  # from the debugger's page
        contexts: list[t.Any] = []
        keep = environ.get(_PRESERVE)

        def keep_and_look(ctx: t.Any) -> None:
            contexts.append(ctx)
            if keep is not None:
                keep(ctx)

        environ[_PRESERVE] = keep_and_look
        body: t.Any = ()
        try:
            body = self._app(environ, start_response)
            yield from body
        except Exception:
            requests = [getattr(ctx, "_request", None) for ctx in contexts]
            request = next((one for one in requests if one is not None), None)
            environ[_FAILED] = find_secrets(getattr(self._app, "config", None), environ, request)
            raise
        finally:
            close = getattr(body, "close", None)
            if close is not None:
                close()


class _MaskedErrors:
    """The server's error stream, on which the debugger writes the traceback, without secrets."""

    def __init__(self, stream: t.Any, environ: WSGIEnvironment) -> None:
        self._stream = stream
        self._environ = environ

    def write(self, text: str) -> t.Any:
        """Write text, masked where an error has left the app."""
        if _FAILED in self._environ:
            text = mask(text, self._environ[_FAILED])
        return self._stream.write(text)

    def writelines(self, lines: t.Iterable[str]) -> None:
        """Write several pieces of text."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> t.Any:
        return getattr(self._stream, name)
