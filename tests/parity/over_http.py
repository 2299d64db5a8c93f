"""Puts the tables' requests to a real server: bytes out, an answer in.

What a WSGI environ may hold and no client can send is skipped; ``unsayable`` gives the reason.
"""

import atexit
import contextlib
import dataclasses
import functools
import http.client
import io
import json
import re
import socket
import tempfile
import typing as t
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
import servers

from parity import harness
from parity.harness import Answer, Ask

TIMEOUT = 30  # seconds for one answer
REST_TIMEOUT = 0.3  # seconds until a connection that should end is taken to be at its end
TESTS = Path(__file__).parents[1]

# What servers put beside an app's headers. An app's own Date is left out with theirs.
SERVERS_OWN = {"connection", "date", "keep-alive", "server", "transfer-encoding"}
PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


# Cases whose answer is up to the server, and those that only some servers leave to the app.
NOT_OVER_HTTP = {
    **{
        f"bad_input/echoed/{name}/{view}[?]v": "servers differ in what a field may hold"
        for name in ("unicode", "idna", "null", "control")
        for view in ("header", "download")
    },
    "responses/answers/response-status-odd": "servers differ in what a status is",
    "responses/answers/response-status-word": "servers differ in what a status is",
    "responses/answers/tuple-status-*": "servers differ in what a status is",
    "responses/answers/tuple-100": "an answer that is no final one",
    "responses/answers/bytearray": "Flask gives a bytearray, at which some servers fail",
}
NOT_BY_ASGI = {
    "responses/files[[]USE_X_SENDFILE=True[]]/*": "the body comes from a proxy that is not there",
}
NOT_ON = {
    "mod_wsgi": {
        "*TRACE*": "Apache answers TRACE itself",
        "bad_input/method/trace": "Apache answers TRACE itself",
        "bad_input/path/absolute": "Apache joins slashes",
    },
    "granian-wsgi": {
        "requests/requests/stream*": "of a body read in two parts Flask loses the second",
    },
}

# What a case puts into an environ, and a client can say.
SAYABLE: dict[str, t.Callable[[t.Any], bool]] = {
    "HTTP_HOST": lambda value: value is not None,
    "QUERY_STRING": lambda value: value is not None and not re.search(r"[\x00-\x20]", value),
    "CONTENT_LENGTH": lambda value: value is None,
    "wsgi.input_terminated": lambda value: value is True,
}


@dataclasses.dataclass(frozen=True)
class Remote:
    """An app that a server has made of the builder with this key."""

    key: str
    framework: str
    number: int = 0


@functools.cache
def port() -> int:
    """The port of the one server of this run, which is started now and ended at exit."""
    stack = contextlib.ExitStack()
    atexit.register(stack.close)
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="parity-server-")))
    variables = {"PARITY_PROTOCOL": "", "PARITY_TREES": str(harness.TREES)}
    app = f"parity.on_server:{'asgi' if harness.OVER_ASGI else 'wsgi'}"
    server = servers.serving(str(harness.SERVER), app, folder, TESTS, variables)
    try:
        return stack.enter_context(server)
    except AssertionError as error:
        pytest.exit(f"{harness.SERVER} does not start: {error}", returncode=1)


def up_to_the_server(case_id: str) -> str | None:
    """Why servers differ in a case, if they do."""
    known = NOT_OVER_HTTP | NOT_ON.get(str(harness.SERVER), {})
    if harness.OVER_ASGI:
        known |= NOT_BY_ASGI
    return next((why for key, why in known.items() if fnmatchcase(case_id, key)), None)


def unsayable(request: Ask) -> str | None:
    """Why no client can send a request, or why the answer would not be the app's."""
    if request.chunks is not None:
        return "what is left of a body when the client hangs up is up to the server"
    for key, value in request.environ.items():
        sayable = SAYABLE.get(key)
        if sayable is None or not sayable(value):
            return "an environ that no server makes of a request over TCP"
    if re.search(r"[\x00-\x1f\x7f]", request.environ.get("HTTP_HOST") or request.host):
        return "a field's value holds no such bytes"
    if not TOKEN.fullmatch(request.method):
        return "a method is a token"
    if not request.path.startswith("/"):
        return "a request line has a path"
    headers = {name.lower(): value for name, value in request.headers}
    length = headers.get("content-length", len(request.body or b""))
    if str(length) != str(len(request.body or b"")):
        return "the server judges a body that is not as long as it says"
    for name, value in request.headers:
        if not TOKEN.fullmatch(name):
            return "a field's name is a token"
        if isinstance(value, str) and re.search(r"[\x00-\x08\x0a-\x1f\x7f]", value):
            return "a field's value holds no such bytes"
    return None


def as_sent(request: Ask, before: Sequence[Answer]) -> Ask:
    """The same request as a client puts it on the wire."""
    path, mark, query = request.path.partition("?")
    if "QUERY_STRING" in request.environ:
        mark, query = "?", request.environ["QUERY_STRING"]
        query = quote(query.encode("latin-1"), safe=PRINTABLE)
    headers = [
        (name, value(before) if callable(value) else value) for name, value in request.headers
    ]
    environ = {}
    if "CONTENT_LENGTH" in request.environ:
        headers.append(("Transfer-Encoding", "chunked"))
        environ["CONTENT_LENGTH"] = None
    return dataclasses.replace(
        request,
        path=quote(path, safe=PRINTABLE) + mark + quote(query, safe=PRINTABLE),
        headers=(*headers, ("Connection", "close")),
        host=request.environ.get("HTTP_HOST", request.host),
        environ=environ,
    )


def as_served(request: Ask, before: Sequence[Answer]) -> Ask:
    """The same request with what the server adds to its environ, to ask an app in process."""
    sent = as_sent(request, before)
    environ = {"SERVER_NAME": "127.0.0.1", "SERVER_PORT": str(port())}
    return dataclasses.replace(sent, environ={**sent.environ, **environ})


def send(app: Remote, request: Ask, cookies: Mapping[str, str], before: Sequence[Answer]) -> Answer:
    """Send one request on a connection of its own and read all that comes back."""
    sent = as_sent(request, before)
    with socket.create_connection(("127.0.0.1", port()), TIMEOUT) as connection:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(request_bytes(app, sent, cookies))
        return read(connection, request.method)


def request_bytes(app: Remote, sent: Ask, cookies: Mapping[str, str]) -> bytes:
    """The bytes of a request; a body is sent with its length, or in chunks if it says so."""
    told = {**dataclasses.asdict(app), "script": sent.script, "scheme": sent.scheme}
    names = {name.lower() for name, _ in sent.headers}
    fields = [("Host", sent.host), ("X-Parity", quote(json.dumps(told)))]
    if cookies and "cookie" not in names:
        fields.append(("Cookie", "; ".join(f"{name}={value}" for name, value in cookies.items())))
    body = sent.body or b""
    if "transfer-encoding" in names:
        body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n"
    elif sent.body is not None and "content-length" not in names:
        fields.append(("Content-Length", str(len(body))))
    lines = [f"{sent.method} {sent.path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in [*fields, *sent.headers]]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


class Kept(io.BufferedReader):
    """A connection's bytes, which stay readable when an answer has ended."""

    def close(self) -> None:
        pass


class Wire:
    """What ``HTTPResponse`` asks of a socket."""

    def __init__(self, connection: socket.socket) -> None:
        self.file = Kept(socket.SocketIO(connection, "r"))

    def makefile(self, mode: str) -> Kept:
        return self.file


def read(connection: socket.socket, method: str) -> Answer:
    """The answer that comes, without what the server itself put into it."""
    wire = Wire(connection)
    response = http.client.HTTPResponse(t.cast(socket.socket, wire), method=method)
    escaped = None
    try:
        response.begin()
        body = response.read()
    except http.client.IncompleteRead as error:
        body, escaped = error.partial, "the connection was cut"
    except (http.client.HTTPException, ConnectionResetError) as error:
        return Answer(None, (), b"", f"no answer: {type(error).__name__}", (), (), ())
    body += rest(connection, wire)
    headers = as_compared(response.getheaders())
    told = response.getheader("x-parity-escaped")
    if told is not None:
        return Answer(None, (), b"", unquote(told), (), (), ())
    if response.getheader("x-parity-reached") is None:
        escaped = "the server answered, not the app"
    status = f"{response.status} {response.reason}"
    return Answer(status, headers, body, escaped, (), (), ())


def rest(connection: socket.socket, wire: Wire) -> bytes:
    """What follows an answer on its connection: nothing should."""
    connection.settimeout(REST_TIMEOUT)
    try:
        return wire.file.read()
    except (TimeoutError, ConnectionResetError):
        return b""


def as_compared(headers: t.Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The headers that an app has made, those of one name together."""
    kept = [
        (name, value)
        for name, value in headers
        if name.lower() not in SERVERS_OWN and not name.lower().startswith("x-parity-")
    ]
    if not harness.OVER_ASGI:
        return tuple(kept)
    # Two processes order a set in two ways, and a server may sort headers by their names.
    sets = [(name, in_order(value) if name.lower() == "allow" else value) for name, value in kept]
    return tuple(sorted(sets, key=lambda pair: pair[0].lower()))


def in_order(value: str) -> str:
    return ", ".join(sorted(value.split(", ")))
