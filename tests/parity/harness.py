"""Puts the same question to Flask and to Bolthead and compares what comes back.

An app is a function ``build(fw)`` which takes the framework (the module ``flask`` or ``bolthead``)
and returns an app of it. A table names requests; ``cases(build, table)`` makes parameters of it and
``compare`` asks both apps. What is no request (an error text, a configuration) is a *probe*: a
function which takes the framework and returns, or raises, the same on both sides.

``PARITY_PROTOCOL=asgi`` calls Bolthead by ASGI; ``make test`` runs all tables in both ways. With
``asgi-loop`` every app has an ``async def`` function, so that the loop's runner does the work.
``http:KIND`` asks a real server, which serves both apps; by ASGI, Flask is asked in process.
``make test-servers`` runs that for every kind of ``tests/servers.py``.
``PARITY_SUBJECT=flask`` compares Flask with itself, which shows that a table is deterministic.
"""

import asyncio
import atexit
import dataclasses
import fnmatch
import functools
import hashlib
import importlib
import io
import itertools
import json
import logging
import os
import re
import shutil
import tempfile
import time
import typing as t
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes, urlencode

import asgi
import pytest
import servers
from itsdangerous import TimestampSigner, URLSafeTimedSerializer

from parity.differences import Difference, known_difference

APP_NAME = "parity_app"
BOUNDARY = "parity-boundary"
FIXED_TIME = 1_700_000_000
SUBMODULES = [
    "app",
    "blueprints",
    "cli",
    "config",
    "ctx",
    "debughelpers",
    "globals",
    "helpers",
    "json",
    "json.provider",
    "json.tag",
    "logging",
    "sessions",
    "signals",
    "templating",
    "testing",
    "typing",
    "views",
    "wrappers",
]

Framework = t.Any
Build = Callable[[Framework], t.Any]
Probe = Callable[[Framework], t.Any]
Value = str | Callable[[Sequence["Answer"]], str]


def load(name: str) -> Framework:
    """Import a framework with all its submodules, so that ``fw.views`` and the like are there."""
    fw = importlib.import_module(name)
    for submodule in SUBMODULES:
        importlib.import_module(f"{name}.{submodule}")
    return fw


FLASK = load("flask")
SUBJECT_NAME = os.environ.get("PARITY_SUBJECT", "bolthead")
SUBJECT = load(SUBJECT_NAME)
PROTOCOL = os.environ.get("PARITY_PROTOCOL", "")
SERVER = PROTOCOL.removeprefix("http:") if PROTOCOL.startswith("http:") else None
OVER_ASGI = servers.KINDS[SERVER].asgi if SERVER else PROTOCOL in {"asgi", "asgi-loop"}
ON_LOOP = PROTOCOL == "asgi-loop"


# Requests


@dataclasses.dataclass(frozen=True)
class Ask:
    """One request; ``environ`` has the last word on what the app is given."""

    method: str = "GET"
    path: str = "/"
    headers: tuple[tuple[str, Value], ...] = ()
    body: bytes | None = None
    host: str = "localhost"
    scheme: str = "http"
    script: str = ""
    environ: Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    chunks: int | None = None
    """How many chunks of the body the client takes before it hangs up."""


@dataclasses.dataclass(frozen=True)
class Answer:
    """All that an app let the outside see of one request."""

    status: str | None
    headers: tuple[tuple[str, str], ...]
    body: bytes
    escaped: str | None
    trace: tuple[str, ...]
    log: tuple[str, ...]
    warned: tuple[str, ...]

    @property
    def code(self) -> int | None:
        return int(self.status.split(" ", 1)[0]) if self.status else None

    def header(self, name: str) -> str:
        return next(value for key, value in self.headers if key.lower() == name.lower())

    def __str__(self) -> str:
        lines = [self.status or "(no status)"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        lines.append(f"{self.body[:600]!r}")
        for label in ("escaped", "trace", "log", "warned"):
            if found := getattr(self, label):
                lines.append(f"({label}) {found}")
        return "\n".join(f"    {line}" for line in lines)


def ask(method: str, path: str = "/", headers: Mapping[str, Value] | None = None, **rest) -> Ask:
    pairs = headers.items() if isinstance(headers, Mapping) else headers or ()
    return Ask(method, path, tuple(pairs), **rest)


get = functools.partial(ask, "GET")
head = functools.partial(ask, "HEAD")
options = functools.partial(ask, "OPTIONS")


def post(path: str = "/", body: bytes | str | None = None, type: str | None = None, **rest) -> Ask:
    """A POST (or ``method=``) of these bytes under this content type."""
    headers = dict(rest.pop("headers", None) or {})
    if type is not None:
        headers["Content-Type"] = type
    data = body.encode() if isinstance(body, str) else body
    return ask(rest.pop("method", "POST"), path, headers, body=data, **rest)


def post_form(path: str, fields: t.Any, **rest) -> Ask:
    return post(path, urlencode(fields, doseq=True), "application/x-www-form-urlencoded", **rest)


def post_json(path: str, value: t.Any, **rest) -> Ask:
    return post(path, json.dumps(value), "application/json", **rest)


def multipart(*parts: tuple[str, bytes | str] | tuple[str, bytes | str, str, str]) -> bytes:
    """Parts are ``(name, value)`` or ``(name, content, filename, content type)``."""
    lines = []
    for name, value, *file in parts:
        disposition = f'form-data; name="{name}"'
        if file:
            disposition += f'; filename="{file[0]}"\r\nContent-Type: {file[1]}'
        content = value.encode() if isinstance(value, str) else value
        lines.append(
            f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n\r\n".encode() + content
        )
    return b"\r\n".join([*lines, f"--{BOUNDARY}--\r\n".encode()])


MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


def post_parts(path: str, *parts: t.Any, **rest) -> Ask:
    return post(path, multipart(*parts), MULTIPART, **rest)


def make_environ(request: Ask, cookies: Mapping[str, str], before: Sequence[Answer]) -> dict:
    """The WSGI environ a server would make of a request."""
    path, mark, query = request.path.partition("?")
    host, _, port = request.host.partition(":")
    environ = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": request.script,
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query.encode().decode("latin-1"),
        "REQUEST_URI": request.script + path + mark + query,
        "SERVER_NAME": host,
        "SERVER_PORT": port or ("443" if request.scheme == "https" else "80"),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": request.host,
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": request.scheme,
        "wsgi.input": io.BytesIO(request.body or b""),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": OVER_ASGI,
        "wsgi.multiprocess": OVER_ASGI,
        "wsgi.run_once": False,
    }
    if request.body is not None:
        environ["CONTENT_LENGTH"] = str(len(request.body))
    if cookies:
        environ["HTTP_COOKIE"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
    sent: set[str] = set()
    for name, value in request.headers:
        key = name.upper().replace("-", "_")
        if key not in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
            key = f"HTTP_{key}"
        text = value(before) if callable(value) else value
        environ[key] = f"{environ[key]},{text}" if key in sent else text
        sent.add(key)
    if OVER_ASGI:
        # The server knows where the body ends, whatever its headers say.
        environ["wsgi.input_terminated"] = True
    environ.update(request.environ)
    return {key: value for key, value in environ.items() if value is not None}


class Recorder(logging.Handler):
    """Keeps what an app logs."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        # Flask has no such warning, and the keys of tests are weak on purpose.
        if not message.startswith("SECRET_KEY"):
            self.lines.append(f"{record.levelname} {message}")


def call(app: t.Any, environ: dict, chunks: int | None = None) -> Answer:
    """Call a WSGI app as a server does: iterate, stop early if told, always close."""
    started: list[tuple[str, list[tuple[str, str]]]] = []
    body: list[bytes] = []
    escaped = None
    recorder = Recorder()
    logger = logging.getLogger(APP_NAME)

    def start_response(status, headers, exc_info=None):
        started.append((status, headers))
        return body.append

    logger.addHandler(recorder)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            stream = ()
            try:
                stream = app(environ, start_response)
                for count, chunk in enumerate(stream, 1):
                    body.append(chunk)
                    if count == chunks:
                        break
            except Exception as error:
                escaped = describe(error)
            finally:
                try:
                    getattr(stream, "close", lambda: None)()
                except Exception as error:
                    escaped = f"{escaped or ''} close: {describe(error)}"
    finally:
        logger.removeHandler(recorder)
        logger.setLevel(logging.NOTSET)
    status, headers = started[-1] if started else (None, [])
    trace = getattr(app, "extensions", {}).get("trace", [])
    seen = tuple(trace)
    trace.clear()
    return Answer(
        status,
        tuple(headers),
        b"".join(body),
        escaped,
        seen,
        tuple(recorder.lines),
        tuple(
            f"{warning.category.__name__}: {warning.message}"
            for warning in caught
            if not issubclass(warning.category, ResourceWarning)
        ),
    )


# Cases that no ASGI server can put to an app, or that Python does not let through a coroutine.
NOT_OVER_ASGI = {
    "bad_input/path/no-path-info": "a scope always has a path",
    "bad_input/length/huge-*": "a body shorter than its length is a client that went away",
    "bad_input/length/long-*": "a body shorter than its length is a client that went away",
    "bad_input/length/zero-*": "a body longer than its length is not handed on",
    "bad_input/limited/chunked-header": "a chunked body is handed on as far as it comes",
    "hooks_errors/errors*PROPAGATE_EXCEPTIONS=True*/app-stop": "StopIteration ends a coroutine",
    "hooks_errors/errors*TESTING=True*/app-stop": "StopIteration ends a coroutine",
    "hooks_errors/errors*DEBUG=True*/app-stop": "StopIteration ends a coroutine",
    "responses/answers/response-status-word": "by ASGI a status is a number of three digits",
    "responses/answers/tuple-status-zero": "by ASGI a status is a number of three digits",
    "responses/answers/tuple-status-text": "by ASGI a status is a number of three digits",
    "requests/requests/where-unix": "a server without a port is told in another way",
}


def not_over_asgi(case_id: str) -> str | None:
    """Why a case is not put by ASGI, where that is what is tested."""
    if not OVER_ASGI:
        return None
    if ON_LOOP and case_id.endswith("-stop"):
        return "StopIteration ends a coroutine"
    return next(
        (why for key, why in NOT_OVER_ASGI.items() if fnmatch.fnmatchcase(case_id, key)), None
    )


def call_by_asgi(app: t.Any, environ: dict, chunks: int | None = None) -> Answer:
    """Call an app by ASGI with what a server would make of the same request."""
    client = asgi.Client(hang_up_after=chunks)
    scope, parts = asgi_request(environ)
    client._parts = parts

    def by_wsgi(environ, start_response):
        """Stand for the app: everything around the call is as under WSGI."""
        RUNNER.run(app(scope, client.receive, client.send))
        return ()

    by_wsgi.extensions = app.extensions
    found = call(by_wsgi, environ)
    sent = client.answer
    return dataclasses.replace(
        found,
        status=None if sent.status is None else str(sent.status),
        headers=tuple(sent.headers),
        body=sent.body,
    )


RUNNER = asyncio.Runner()
atexit.register(RUNNER.close)


def asgi_request(environ: dict) -> tuple[dict, list[bytes]]:
    """The scope and the body's parts that a server makes of what the environ tells."""
    headers = []
    for key, value in environ.items():
        if key.startswith("HTTP_") or key in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
            name = key.removeprefix("HTTP_").replace("_", "-").lower()
            headers.append((name.encode("latin-1"), value.encode("latin-1")))
    script, path = environ.get("SCRIPT_NAME", ""), environ.get("PATH_INFO", "")
    raw_path = (script + path).encode("latin-1")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": environ["REQUEST_METHOD"],
        "scheme": environ["wsgi.url_scheme"],
        "path": raw_path.decode("utf-8", "replace"),
        "raw_path": quote(raw_path, safe="/").encode(),
        "query_string": environ.get("QUERY_STRING", "").encode("latin-1"),
        "root_path": script.encode("latin-1").decode("utf-8", "replace"),
        "headers": headers,
        "server": (environ["SERVER_NAME"], environ["SERVER_PORT"]),
    }
    if "REMOTE_ADDR" in environ:
        scope["client"] = (environ["REMOTE_ADDR"], 50000)
    body = environ["wsgi.input"].read()
    half = len(body) // 2
    return scope, [part for part in (body[:half], body[half:]) if part] or [b""]


async def end_of_context(error: BaseException | None) -> None:
    """Do nothing, but on the loop."""


def as_bytes(value: str) -> str:
    """A header's value as it is sent; what is not Latin-1 is UTF-8."""
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode().decode("latin-1")
    return value


def as_asgi_tells(answer: Answer) -> Answer:
    """What ASGI has of an answer: the status as a number, names of headers in lower case."""
    return dataclasses.replace(
        answer,
        status=None if answer.status is None else str(answer.code),
        headers=tuple((name.lower(), as_bytes(value)) for name, value in answer.headers),
    )


def describe(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def keep_cookies(cookies: dict[str, str], answer: Answer) -> None:
    """Do what a browser does with Set-Cookie, as far as names, values and deletion go."""
    for name, value in answer.headers:
        if name.lower() != "set-cookie":
            continue
        pair, *attributes = value.split("; ")
        key, _, content = pair.partition("=")
        if "Max-Age=0" in attributes:
            cookies.pop(key, None)
        else:
            cookies[key] = content


BUILDS: dict[str, Build] = {}
"""What a server can be told to make apps with, by module and name."""


def offer(build: Build) -> str:
    """Make a builder known under the key that is returned, which must be its own."""
    key = f"{build.__module__}:{build.__name__}"
    if BUILDS.setdefault(key, build) is not build:
        raise ValueError(f"Two builders are called {key}. Give one of them another name.")
    return key


NUMBERS = itertools.count(1)


def made(build: Build, fw: Framework, *, fresh: bool = False) -> t.Any:
    """An app of this framework. On a server one app answers all cases, unless it must be fresh."""
    if not SERVER:
        return build(fw)
    from parity import over_http

    key = offer(build)
    if fw is FLASK and OVER_ASGI:
        return build(fw) if fresh else made_once(build)
    name = "flask" if fw is FLASK else "subject"
    return over_http.Remote(key, name, next(NUMBERS) if fresh else 0)


@functools.cache
def made_once(build: Build) -> t.Any:
    return build(FLASK)


def send_to_server(app: t.Any, request: Ask, cookies: t.Any, before: t.Any) -> Answer:
    """Ask an app on a server; by ASGI, Flask in process with what the server would tell it."""
    from parity import over_http

    if isinstance(app, over_http.Remote):
        return over_http.send(app, request, cookies, before)
    answer = call(app, make_environ(over_http.as_served(request, before), cookies, before))
    kept = over_http.as_compared(answer.headers)
    return dataclasses.replace(answer, headers=kept, trace=(), log=(), warned=())


def not_over_http(case_id: str, requests: Iterable[Ask]) -> str | None:
    """Why a case cannot be put to a server, where that is what is tested."""
    if not SERVER:
        return None
    from parity import over_http

    unsayable = (why for request in requests if (why := over_http.unsayable(request)))
    return over_http.up_to_the_server(case_id) or next(unsayable, None)


def skip_if_refused(theirs: Answer, ours: Answer) -> None:
    """Skip what a server refuses before any app is asked; other servers hand it on."""
    if not SERVER or not ours.escaped:
        return
    refused = ours.escaped.startswith("the server answered") and (
        ours.code in {*range(400, 500), 501, 505}
    )
    closed = ours.escaped.startswith("no answer")
    if (refused and OVER_ASGI) or ((refused or closed) and theirs == ours):
        pytest.skip(f"{SERVER} answers this itself: {ours.code or 'it hangs up'}")


def talk(app: t.Any, requests: Iterable[Ask]) -> list[Answer]:
    """Send requests one after the other with one cookie jar."""
    if SERVER:
        return talk_to_server(app, requests)
    send = call
    if OVER_ASGI and type(app).__module__.startswith("bolthead."):
        send = call_by_asgi
        if ON_LOOP and end_of_context not in app.teardown_appcontext_funcs:
            app.teardown_appcontext_funcs.append(end_of_context)
    cookies: dict[str, str] = {}
    answers: list[Answer] = []
    for request in requests:
        answer = send(app, make_environ(request, cookies, answers), request.chunks)
        keep_cookies(cookies, answer)
        answers.append(as_asgi_tells(answer) if OVER_ASGI else answer)
    return answers


def talk_to_server(app: t.Any, requests: Iterable[Ask]) -> list[Answer]:
    cookies: dict[str, str] = {}
    answers: list[Answer] = []
    for request in requests:
        answer = send_to_server(app, request, cookies, answers)
        keep_cookies(cookies, answer)
        answers.append(as_asgi_tells(without_the_cut(answer)) if OVER_ASGI else answer)
    return answers


def level(theirs: Answer, ours: Answer) -> Answer:
    """Without what an ASGI server adds, and a server of another kind does not."""
    if theirs.escaped and ours.escaped:
        return theirs  # One server cuts the answer, another sends a 500 of its own.
    if any(name == "content-length" for name, _ in theirs.headers):
        return ours
    kept = (pair for pair in ours.headers if pair[0] != "content-length")
    return dataclasses.replace(ours, headers=tuple(kept))


def without_the_cut(answer: Answer) -> Answer:
    """How far an answer came before an error escaped is up to the server."""
    if not answer.escaped or answer.escaped.startswith(("the server answered", "no answer")):
        return answer
    return dataclasses.replace(answer, status=None, headers=(), body=b"", escaped="an error")


# Comparison


def within_one_second(work: Callable[[], t.Any]) -> t.Any:
    """Do the work again until it falls into one second of the clock.

    Session cookies and Expires headers carry seconds; both sides must read the same clock.
    """
    for _ in range(20):
        second = int(time.time())
        result = work()
        if int(time.time()) == second:
            return result
    raise AssertionError("The work never fitted into one second.")


Table = Mapping[str, Ask | Sequence[Ask]]


def cases(build: Build, table: Table) -> list:
    """Parameters ``build, requests, case_id`` for each row of a table."""
    area = build.__module__.rpartition(".")[2].removeprefix("test_")
    offer(build)
    rows = []
    for name, requests in table.items():
        case_id = f"{area}/{build.__name__.removeprefix('build_')}/{name}"
        several = (requests,) if isinstance(requests, Ask) else tuple(requests)
        rows.append(pytest.param(build, several, case_id, id=case_id.partition("/")[2]))
    return rows


def configured(build: Build, **settings: t.Any) -> Build:
    """The same app with other settings."""

    def build_configured(fw):
        app = build(fw)
        app.config.update(settings)
        return app

    named = "-".join(f"{key}={value}" for key, value in settings.items())
    build_configured.__name__ = f"{build.__name__}[{named}]"
    build_configured.__module__ = build.__module__
    return build_configured


def compare(build: Build, requests: Sequence[Ask], case_id: str) -> None:
    """Ask both; what differs must be a listed difference."""
    if why := not_over_asgi(case_id) or not_over_http(case_id, requests):
        pytest.skip(why)
    fresh = "once" in case_id or "count" in case_id
    expected, found = within_one_second(
        lambda: tuple(talk(made(build, fw, fresh=fresh), requests) for fw in (FLASK, SUBJECT))
    )
    skip_if_refused(expected[-1], found[-1])
    if known := known_difference(case_id):
        check_difference(case_id, known, expected[-1], found[-1])
        return
    for number, (theirs, ours) in enumerate(zip(expected, found, strict=True)):
        ours = level(theirs, ours) if SERVER and OVER_ASGI else ours
        assert theirs == ours, tell(case_id, f"request {number + 1}", theirs, ours)


def compare_on_one_app(rows: Iterable[t.Any]) -> None:
    """All requests of all rows on one pair of apps per build, there and back again."""
    grouped: dict[Build, list[tuple[tuple[Ask, ...], str]]] = {}
    for row in rows:
        build, requests, case_id = row.values
        if not known_difference(case_id) and not not_over_asgi(case_id):
            grouped.setdefault(build, []).append((requests, case_id))
    for build, group in grouped.items():
        theirs, ours = build(FLASK), build(SUBJECT)
        for requests, case_id in [*group, *reversed(group)]:
            expected, found = within_one_second(
                lambda pair=(theirs, ours), asked=requests: tuple(talk(app, asked) for app in pair)
            )
            assert expected == found, tell(case_id, "on a used app", expected[-1], found[-1])


def check_difference(case_id: str, known: Difference, theirs: Answer, ours: Answer) -> None:
    """A listed difference is one that Flask still shows, and that Bolthead resolves as said."""
    if SERVER and theirs == ours:
        return  # Some servers keep from the app what Flask errs at.
    if known.flask == "escapes":
        assert theirs.escaped, f"{case_id}: Flask no longer lets an exception escape\n{theirs}"
    else:
        assert theirs.code == known.flask, f"{case_id}: Flask no longer errs\n{theirs}"
    if SUBJECT_NAME == "flask":
        return
    if known.bolthead == "escapes":
        assert ours.escaped == theirs.escaped, tell(case_id, "escaped", theirs, ours)
        return
    assert ours.escaped is None, tell(case_id, "escaped", theirs, ours)
    assert ours.code in known.bolthead, tell(case_id, f"want {known.bolthead}", theirs, ours)


def tell(case_id: str, what: str, theirs: t.Any, ours: t.Any) -> str:
    return f"{case_id} ({what})\n  Flask:\n{theirs}\n  Bolthead:\n{ours}"


def probes(table: Mapping[str, Probe] | Iterable[Probe]) -> list:
    """Parameters for probes; a list of functions gives its functions' names."""
    if not isinstance(table, Mapping):
        table = {probe.__name__.removeprefix("probe_"): probe for probe in table}
    return [pytest.param(probe, id=name) for name, probe in table.items()]


def outcome(probe: Probe, fw: Framework) -> tuple:
    """What a probe returned or raised, and the warnings it gave."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            ending = ("returned", comparable(repr(probe(fw))))
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            ending = ("raised", type(error).__name__, comparable(str(error)))
    said = [
        f"{warning.category.__name__}: {warning.message}"
        for warning in caught
        if not issubclass(warning.category, ResourceWarning)
    ]
    return (*ending, said)


def comparable(text: str) -> str:
    """Without addresses, and with one module name in the reprs that Python makes by itself."""
    return re.sub(r" at 0x[0-9a-f]+", "", text).replace(f"<{SUBJECT_NAME}.", "<flask.")


def same(probe: Probe) -> None:
    """Run a probe on both frameworks and compare."""
    expected, found = within_one_second(lambda: (outcome(probe, FLASK), outcome(probe, SUBJECT)))
    assert expected == found, tell(probe.__name__, "probe", f"    {expected}", f"    {found}")


# What apps are made of


def make_home() -> Path:
    """A folder that goes away at exit, or the one of the process that has started this one."""
    if given := os.environ.get("PARITY_TREES"):
        return Path(given)
    home = Path(tempfile.mkdtemp(prefix="parity-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    return home


TREES = make_home()


def tree(files: Mapping[str, str | bytes]) -> Path:
    """Write files into a folder named for them; all have one fixed time."""
    root = TREES / hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()[:8]
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        os.utime(path, (FIXED_TIME, FIXED_TIME))
    return root


NOWHERE = tree({"empty.txt": ""})


def make_app(fw: Framework, root: Path = NOWHERE, **options: t.Any) -> t.Any:
    """An app with a fixed name, a folder of its own and a list to trace calls in."""
    settings = options.pop("config", {})
    options.setdefault("instance_path", str(root / "instance"))
    app = fw.Flask(APP_NAME, root_path=str(root), **options)
    app.secret_key = "a key for tests"
    app.config.update(settings)
    app.extensions["trace"] = []
    return app


def note(app: t.Any, line: str) -> None:
    app.extensions["trace"].append(line)


def signed(
    payload: t.Any,
    *,
    key: str = "a key for tests",
    salt: str = "cookie-session",
    age: int = 0,
) -> str:
    """A session cookie's value, signed as Flask signs it, of a given age in seconds.

    Bytes are taken as the serialised payload itself.
    """

    class PastSigner(TimestampSigner):
        def get_timestamp(self) -> int:
            return int(time.time()) - age

    class Plain:
        @staticmethod
        def dumps(value: t.Any) -> str:
            return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))

        loads = staticmethod(json.loads)

    maker = PastSigner if age else TimestampSigner
    serializer = URLSafeTimedSerializer(
        key,
        salt=salt,
        serializer=Plain,
        signer=maker,
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha1},
    )
    if isinstance(payload, bytes):
        return serializer.make_signer(salt).sign(payload).decode()
    return serializer.dumps(payload)
