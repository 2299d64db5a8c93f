"""What a real server serves in the parity tests: all apps of all tables, one chosen per request.

The header ``X-Parity`` names the app and how it is mounted. It is taken out before the app sees the
request; otherwise the app gets what the server made. An answer that an app gave is marked, so that
it can be told from the server's own.
"""

import functools
import importlib
import json
import typing as t
from urllib.parse import quote, unquote

from parity.harness import BUILDS, FLASK, SUBJECT, describe

FRAMEWORKS = {"flask": FLASK, "subject": SUBJECT}
REACHED = "x-parity-reached"
ESCAPED = "x-parity-escaped"


@functools.cache
def app_for(key: str, framework: str, number: int) -> t.Any:
    """The app of a builder; a number other than 0 asks for one of its own."""
    importlib.import_module(key.partition(":")[0])
    return BUILDS[key](FRAMEWORKS[framework])


def chosen(header: str) -> tuple[t.Any, dict[str, str]]:
    """The app that a request is for, and how it is mounted."""
    told = json.loads(unquote(header))
    app = app_for(told["key"], told["framework"], told["number"])
    app.extensions.get("trace", []).clear()
    return app, told


def wsgi(environ: dict[str, t.Any], start_response: t.Any) -> t.Iterable[bytes]:
    """Call the chosen app; its body goes to the server as it is."""
    header = environ.pop("HTTP_X_PARITY", None)
    if header is None:
        start_response("200 OK", [("Content-Length", "0")])
        return []
    app, told = chosen(header)
    environ["SCRIPT_NAME"] = told["script"]
    environ["wsgi.url_scheme"] = told["scheme"]

    def start(status, headers, exc_info=None):
        return start_response(status, [*headers, (REACHED, "yes")], exc_info)

    try:
        return app(environ, start)
    except Exception as error:
        start_response("500 Escaped", [(ESCAPED, quote(describe(error)))])
        return []


async def asgi(scope: dict[str, t.Any], receive: t.Any, send: t.Any) -> None:
    """Call the chosen app with the server's own scope and functions."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    header = dict(scope["headers"]).get(b"x-parity")
    if header is None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        return
    app, told = chosen(header.decode())
    headers = [pair for pair in scope["headers"] if pair[0] != b"x-parity"]
    mounted = {
        **scope,
        "headers": headers,
        "scheme": told["scheme"],
        "root_path": told["script"],
        "path": told["script"] + scope["path"],
        "raw_path": quote(told["script"]).encode() + scope.get("raw_path", b""),
    }
    started = False

    async def mark(message):
        nonlocal started
        if message["type"] == "http.response.start":
            started = True
            message["headers"] = [*message["headers"], (REACHED.encode(), b"yes")]
        await send(message)

    try:
        await app(mounted, receive, mark)
    except Exception as error:
        if started:
            raise
        escaped = [(ESCAPED.encode(), quote(describe(error)).encode())]
        await send({"type": "http.response.start", "status": 500, "headers": escaped})
        await send({"type": "http.response.body", "body": b""})


async def lifespan(receive: t.Any, send: t.Any) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
