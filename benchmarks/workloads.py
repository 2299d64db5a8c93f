"""What is measured: each workload's app, its request and what its answer must be.

``build(fw)`` takes a framework with Flask's names (the module ``flask`` or ``bolthead``) and
returns a WSGI app of it. ``benchmarks/peers.py`` has the same work in other frameworks' own words,
and ``tests/test_call_counts.py`` counts the calls that each workload makes.
"""

from __future__ import annotations

import atexit
import functools
import io
import json
import shutil
import tempfile
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

Framework = t.Any
WsgiApp = t.Callable[..., t.Iterable[bytes]]
Environ = dict[str, t.Any]

BOUNDARY = "benchmark-boundary"
DOCUMENT = {
    "id": 7,
    "name": "Ada Lovelace",
    "active": True,
    "tags": ["engine", "notes", "numbers"],
    "address": {"city": "London", "postcode": "W1"},
}
ROWS = [{"number": number, "name": f"row {number}", "price": number * 1.25} for number in range(20)]
FORM = b"name=Ada+Lovelace&city=London&born=1815&field=mathematics"
UPLOAD_SIZE = 1_000_000
STATIC_SIZE = 10_000


@dataclass(frozen=True)
class Answer:
    """What an app answered: status code, headers by lower-case name, body."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Asked:
    """A request: what is put into its environ."""

    path: str
    method: str = "GET"
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class Workload:
    """One kind of work: who does it, what is asked, what must come back.

    ``at_least`` is how many times faster than Flask it has to be. ``cookies`` tells that each
    request sends the cookie of the answer before. ``prepare`` makes the request out of a first
    answer to it.
    """

    name: str
    title: str
    build: t.Callable[[Framework], WsgiApp]
    asked: Asked
    check: t.Callable[[Answer], bool]
    at_least: float | None = None
    cookies: bool = False
    prepare: t.Callable[[Asked, Answer], Asked] | None = None


def new_environ(asked: Asked) -> Environ:
    """Return the environ of a request, as a server makes it, but for the body's stream."""
    environ: Environ = {
        "REQUEST_METHOD": asked.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": asked.path,
        "QUERY_STRING": asked.query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_SOFTWARE": "benchmark",
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_PORT": "54321",
        "HTTP_HOST": "127.0.0.1:8000",
        "HTTP_USER_AGENT": "benchmark",
        "HTTP_ACCEPT": "*/*",
        "HTTP_ACCEPT_ENCODING": "gzip, deflate",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.input_terminated": False,
    }
    if asked.body:
        environ["CONTENT_LENGTH"] = str(len(asked.body))
    for name, value in asked.headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    return environ


# Apps


def new_app(fw: Framework, **options: t.Any) -> t.Any:
    """Return an app of the framework with a secret key, set for production."""
    app = fw.Flask("benchmark", **options)
    app.config["SECRET_KEY"] = "a key for benchmarks"  # noqa: S105  # signs nothing of value
    app.logger.disabled = True
    return app


def text(fw: Framework) -> WsgiApp:
    """A view that returns a string."""
    app = new_app(fw)

    @app.get("/")
    def hello() -> str:
        return "Hello, World!"

    return app


def json_(fw: Framework) -> WsgiApp:
    """A view that returns a small document."""
    app = new_app(fw)

    @app.get("/json")
    def show() -> dict[str, t.Any]:
        return DOCUMENT

    return app


def typed(fw: Framework, rules: int) -> WsgiApp:
    """A number in the path, in a table of many rules: half of them static, half with a number."""
    app = new_app(fw)

    def show(number: int) -> str:
        return f"number {number}"

    def static() -> str:
        return "static"

    for index in range(rules // 2):
        app.add_url_rule(f"/page{index}/about", f"static{index}", static)
        app.add_url_rule(f"/things{index}/<int:number>", f"typed{index}", show)
    return app


def nested(fw: Framework) -> WsgiApp:
    """A view of a blueprint in a blueprint, each with a prefix."""
    app = new_app(fw)
    outer = fw.Blueprint("outer", "benchmark", url_prefix="/outer")
    inner = fw.Blueprint("inner", "benchmark", url_prefix="/inner")

    @inner.get("/view")
    def view() -> str:
        return "inner view"

    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    return app


def method_view(fw: Framework) -> WsgiApp:
    """A class with a method per HTTP method."""
    from importlib import import_module

    app = new_app(fw)
    views = import_module(f"{fw.__name__}.views")

    class Hello(views.MethodView):  # type: ignore[name-defined,misc]  # taken from either
        def get(self) -> str:
            return "Hello, World!"

        def post(self) -> str:
            return "posted"

    app.add_url_rule("/hello", view_func=Hello.as_view("hello"))
    return app


def hooks(fw: Framework) -> WsgiApp:
    """Three functions before the view and three after it, which set a header each."""
    app = new_app(fw)

    @app.before_request
    def first() -> None:
        fw.g.first = 1

    @app.before_request
    def second() -> None:
        fw.g.second = 2

    @app.before_request
    def third() -> None:
        fw.g.third = 3

    @app.after_request
    def add_c(response: t.Any) -> t.Any:
        response.headers["X-C"] = "c"
        return response

    @app.after_request
    def add_b(response: t.Any) -> t.Any:
        response.headers["X-B"] = "b"
        return response

    @app.after_request
    def add_a(response: t.Any) -> t.Any:
        response.headers["X-A"] = "a"
        return response

    @app.get("/")
    def view() -> str:
        return str(fw.g.first + fw.g.second + fw.g.third)

    return app


def form(fw: Framework) -> WsgiApp:
    """Three values of the query and two of a form are read."""
    app = new_app(fw)

    @app.post("/search")
    def search() -> dict[str, t.Any]:
        args, posted = fw.request.args, fw.request.form
        return {
            "q": args["q"],
            "page": args.get("page", type=int),
            "tags": args.getlist("tag"),
            "name": posted["name"],
            "born": posted.get("born", type=int),
        }

    return app


def session(fw: Framework) -> WsgiApp:
    """A number in the session is read and raised."""
    app = new_app(fw)

    @app.get("/count")
    def count() -> str:
        fw.session["count"] = fw.session.get("count", 0) + 1
        return "counted"

    return app


def flash(fw: Framework) -> WsgiApp:
    """The message flashed by the request before is read, and the next one flashed."""
    app = new_app(fw)

    @app.get("/save")
    def save() -> str:
        messages = fw.get_flashed_messages(with_categories=True)
        fw.flash("It is saved.", "success")
        return ", ".join(f"{category}: {message}" for category, message in messages)

    return app


@functools.cache
def folder() -> Path:
    """Return a folder with the templates and a static file, made once for each process."""
    root = Path(tempfile.mkdtemp(prefix="benchmark-"))
    atexit.register(shutil.rmtree, root)
    (root / "templates").mkdir()
    (root / "templates" / "base.html").write_text(BASE, encoding="utf-8")
    (root / "templates" / "rows.html").write_text(TABLE, encoding="utf-8")
    (root / "static").mkdir()
    (root / "static" / "data.txt").write_bytes(b"0123456789" * (STATIC_SIZE // 10))
    return root


BASE = """<!doctype html>
<title>{% block title %}{% endblock %}</title>
<main>{% block main %}{% endblock %}</main>
"""
TABLE = """{% extends "base.html" %}
{% block title %}{{ title }}{% endblock %}
{% block main %}<table>
{% for row in rows %}<tr><td>{{ row.number }}<td>{{ row.name }}<td>{{ row.price }}
{% endfor %}</table>{% endblock %}
"""


def template(fw: Framework) -> WsgiApp:
    """A template that extends another one, with a table of 20 rows."""
    app = new_app(fw, template_folder=str(folder() / "templates"))

    @app.get("/rows")
    def rows() -> str:
        return t.cast("str", fw.render_template("rows.html", title="Rows", rows=ROWS))

    return app


def url_for(fw: Framework) -> WsgiApp:
    """20 URLs are built: with a number, with a query, and without either."""
    app = new_app(fw)

    @app.get("/things/<int:number>")
    def thing(number: int) -> str:
        return str(number)

    @app.get("/about")
    def about() -> str:
        return "about"

    @app.get("/links")
    def links() -> str:
        urls = [fw.url_for("thing", number=number) for number in range(10)]
        urls += [fw.url_for("about") for _ in range(5)]
        urls += [fw.url_for("thing", number=number, page=2) for number in range(5)]
        return "\n".join(urls)

    return app


def static(fw: Framework) -> WsgiApp:
    """A file of 10 kB from the static folder."""
    return t.cast("WsgiApp", new_app(fw, static_folder=str(folder() / "static")))


def upload(fw: Framework) -> WsgiApp:
    """A file of 1 MB in a multipart form is read."""
    app = new_app(fw)

    @app.post("/upload")
    def take() -> str:
        return f"{fw.request.form['title']}: {len(fw.request.files['file'].read())}"

    return app


def missing(fw: Framework) -> WsgiApp:
    """A path that no rule has, answered by a handler."""
    app = new_app(fw)

    @app.get("/")
    def hello() -> str:
        return "Hello, World!"

    @app.errorhandler(404)
    def not_found(error: Exception) -> tuple[str, int]:
        return "nothing here", 404

    return app


class OutOfStock(Exception):
    """What a view raises."""


def error(fw: Framework) -> WsgiApp:
    """An exception of the app's own, answered by a handler."""
    app = new_app(fw)

    @app.get("/buy")
    def buy() -> str:
        raise OutOfStock("no more")

    @app.errorhandler(OutOfStock)
    def out_of_stock(error: Exception) -> tuple[str, int]:
        return str(error), 409

    return app


def async_(fw: Framework) -> WsgiApp:
    """An ``async def`` view."""
    app = new_app(fw)

    @app.get("/")
    async def hello() -> str:
        return "Hello, World!"

    return app


# Requests and answers


def _body(expected: bytes, status: int = 200) -> t.Callable[[Answer], bool]:
    return lambda answer: answer.status == status and answer.body == expected


def _data(expected: t.Any) -> t.Callable[[Answer], bool]:
    return lambda answer: (
        answer.status == 200
        and answer.headers["content-type"].startswith("application/json")
        and json.loads(answer.body) == expected
    )


def _headers_set(answer: Answer) -> bool:
    set_ = [answer.headers.get(name) for name in ("x-a", "x-b", "x-c")]
    return answer.body == b"6" and set_ == ["a", "b", "c"]


def _rows(answer: Answer) -> bool:
    return answer.body.count(b"<tr>") == 20 and b"<title>Rows</title>" in answer.body


def _links(answer: Answer) -> bool:
    links = answer.body.decode().split("\n")
    return len(links) == 20 and [links[0], links[10], links[-1]] == [
        "/things/0",
        "/about",
        "/things/4?page=2",
    ]


def _not_modified(answer: Answer) -> bool:
    return answer.status == 304 and not answer.body


def _conditional(asked: Asked, answer: Answer) -> Asked:
    """Ask as a browser does that has the file: by its entity tag and its date."""
    known = {
        "If-None-Match": answer.headers["etag"],
        "If-Modified-Since": answer.headers["last-modified"],
    }
    return Asked(asked.path, headers=known)


def _multipart() -> bytes:
    return (
        (
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="title"\r\n\r\nphoto\r\n'
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="photo.png"\r\n'
            "Content-Type: image/png\r\n\r\n"
        ).encode()
        + (bytes(range(256)) * (UPLOAD_SIZE // 256 + 1))[
            # Line ends in the data, as a binary file has them.
            :UPLOAD_SIZE
        ]
        + f"\r\n--{BOUNDARY}--\r\n".encode()
    )


WORKLOADS = [
    Workload("text", "text", text, Asked("/"), _body(b"Hello, World!"), 15),
    Workload("json", "JSON", json_, Asked("/json"), _data(DOCUMENT), 15),
    Workload(
        "typed-200",
        "`/<int:id>` among 200 rules",
        functools.partial(typed, rules=200),
        Asked("/things73/42"),
        _body(b"number 42"),
        15,
    ),
    Workload(
        "typed-10000",
        "`/<int:id>` among 10,000 rules",
        functools.partial(typed, rules=10_000),
        Asked("/things4073/42"),
        _body(b"number 42"),
    ),
    Workload("nested", "nested blueprint", nested, Asked("/outer/inner/view"),
             _body(b"inner view"), 15),
    Workload("method-view", "MethodView", method_view, Asked("/hello"),
             _body(b"Hello, World!"), 15),
    Workload("hooks", "three before, three after hooks", hooks, Asked("/"), _headers_set, 10),
    Workload(
        "form",
        "query and form read",
        form,
        Asked(
            "/search",
            "POST",
            "q=engine&page=2&tag=a&tag=b",
            {"Content-Type": "application/x-www-form-urlencoded"},
            FORM,
        ),
        _data({"q": "engine", "page": 2, "tags": ["a", "b"],
               "name": "Ada Lovelace", "born": 1815}),
        4,
    ),
    Workload("session", "session read and written", session, Asked("/count"),
             _body(b"counted"), 5, cookies=True),
    Workload("flash", "flash and read", flash, Asked("/save"),
             _body(b"success: It is saved."), cookies=True),
    Workload("template", "template, 20 rows, inheritance", template, Asked("/rows"), _rows),
    Workload("url-for", "20 `url_for` calls", url_for, Asked("/links"), _links, 4),
    Workload("static", "static file of 10 kB", static, Asked("/static/data.txt"),
             _body(b"0123456789" * (STATIC_SIZE // 10)), 4),
    Workload("static-304", "static file, 304", static, Asked("/static/data.txt"),
             _not_modified, 4, prepare=_conditional),
    Workload(
        "upload",
        "multipart upload of 1 MB",
        upload,
        Asked(
            "/upload",
            "POST",
            headers={"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"},
            body=_multipart(),
        ),
        _body(f"photo: {UPLOAD_SIZE}".encode()),
        1,
    ),
    Workload("404", "404 through a handler", missing, Asked("/nowhere"),
             _body(b"nothing here", 404), 4),
    Workload("error", "exception through a handler", error, Asked("/buy"),
             _body(b"no more", 409), 4),
    Workload("async", "`async def` view under WSGI", async_, Asked("/"),
             _body(b"Hello, World!"), 10),
]  # fmt: skip
BY_NAME = {workload.name: workload for workload in WORKLOADS}
