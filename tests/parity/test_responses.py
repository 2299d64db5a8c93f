"""Parity of responses: what a view may return, JSON, redirects, files, streams and cookies."""

import dataclasses
import datetime
import decimal
import io
import uuid

import pytest

from parity.harness import (
    ask,
    cases,
    compare,
    compare_on_one_app,
    configured,
    get,
    head,
    make_app,
    note,
    post,
    tree,
)

LETTERS = b"abcdefghijklmnopqrstuvwxyz"
ROOT = tree(
    {
        "static/style.css": "body { color: red }\n",
        "static/app.js": "let a = 1;\n",
        "static/letters.txt": LETTERS,
        "static/noextension": b"\x00\x01\x02",
        "static/page.html": "<p>static</p>",
        "static/archive.tar.gz": b"not really",
        "static/empty.txt": b"",
        "static/sub/inner.json": '{"a": 1}',
        "static/with space.txt": "space",
        "static/ünï.txt": "unicode",
        "secret.txt": "secret",
        "static_evil.txt": "sibling",
        "templates/stream.html": "{% for n in numbers %}{{ n }};{% endfor %}",
        "templates/streamed_request.html": "{{ request.args['x'] }}{{ g.y }}",
    }
)
UTC = datetime.UTC
WHEN = datetime.datetime(2020, 2, 3, 4, 5, 6, tzinfo=UTC)
IDENT = uuid.UUID("12345678-1234-5678-1234-567812345678")


@dataclasses.dataclass
class Point:
    x: int
    y: list


class Html:
    def __html__(self):
        return "<b>html</b>"


class Plain:
    pass


class Text(str):
    __slots__ = ()


class Mapping(dict):
    pass


def wsgi_app(environ, start_response):
    start_response("418 I'M A TEAPOT", [("X-Wsgi", "yes"), ("Content-Type", "text/x-tea")])
    return [b"short and ", b"stout"]


def make_answers(fw):
    """What a view may return, by name; each is made in the request."""
    response = fw.Response
    return {
        "str": lambda: "text",
        "str-empty": lambda: "",
        "str-unicode": lambda: "ünï ☃",
        "str-surrogate": lambda: "\udc80",
        "str-subclass": lambda: Text("subclass"),
        "bytes": lambda: b"bytes\xff",
        "bytearray": lambda: bytearray(b"array"),
        "memoryview": lambda: memoryview(b"view"),
        "dict": lambda: {"b": 1, "a": [1, None, True, 1.5]},
        "dict-empty": dict,
        "dict-subclass": lambda: Mapping(z=1),
        "list": lambda: [3, "x", {"k": "v"}],
        "list-empty": list,
        "generator": lambda: (str(n) for n in range(3)),
        "generator-bytes": lambda: (b"%d" % n for n in range(3)),
        "generator-empty": lambda: (n for n in ()),
        "iterator": lambda: iter(["a", "b"]),
        "map": lambda: map(str, range(3)),
        "none": lambda: None,
        "int": lambda: 5,
        "float": lambda: 1.5,
        "true": lambda: True,
        "set": lambda: {1},
        "object-class": lambda: Plain,
        "markup": lambda: fw.render_template_string("<i>"),
        "response": lambda: response("made", 201, {"X-A": "1"}),
        "response-no-type": lambda: response("x", content_type=None),
        "response-mimetype": lambda: response("x", mimetype="text/plain"),
        "response-type": lambda: response("x", content_type="text/plain; charset=latin-1"),
        "response-json-mimetype": lambda: response("x", mimetype="application/json"),
        "response-list": lambda: response(["a", b"b"]),
        "response-status-str": lambda: response("x", "299 Fine"),
        "response-status-number-str": lambda: response("x", "404"),
        "response-status-odd": lambda: response("x", 799),
        "response-status-word": lambda: response("x", "wow"),
        "werkzeug-response": lambda: __import__("werkzeug").Response("w", 202),
        "base-response": lambda: __import__("werkzeug").wrappers.Response("w", mimetype="a/b"),
        "http-exception": lambda: __import__("werkzeug").exceptions.NotFound("gone away"),
        "wsgi-app": lambda: wsgi_app,
        "make-response-none": lambda: fw.make_response(),
        "make-response-one": lambda: fw.make_response("one"),
        "make-response-two": lambda: fw.make_response("two", 202),
        "make-response-three": lambda: fw.make_response("three", 203, {"X-T": "3"}),
        "make-response-tuple": lambda: fw.make_response(("t", 204)),
        "make-response-dict": lambda: fw.make_response({"a": 1}),
        "tuple-status": lambda: ("x", 201),
        "tuple-status-str": lambda: ("x", "201 Brewed"),
        "tuple-status-enum": lambda: ("x", __import__("http").HTTPStatus.ACCEPTED),
        "tuple-status-none": lambda: ("x", None),
        "tuple-status-zero": lambda: ("x", 0),
        "tuple-status-float": lambda: ("x", 1.5),
        "tuple-status-text": lambda: ("x", "abc"),
        "tuple-204": lambda: ("", 204),
        "tuple-204-body": lambda: ("body", 204),
        "tuple-304": lambda: ("", 304),
        "tuple-100": lambda: ("", 100),
        "tuple-headers": lambda: ("x", {"X-A": "1", "x-b": "2"}),
        "tuple-headers-list": lambda: ("x", [("X-A", "1"), ("X-A", "2")]),
        "tuple-headers-multi": lambda: ("x", {"X-A": ["1", "2"]}),
        "tuple-headers-int": lambda: ("x", {"X-A": 1}),
        "tuple-headers-type": lambda: ("x", {"Content-Type": "text/plain"}),
        "tuple-headers-werkzeug": lambda: (
            "x",
            __import__("werkzeug").datastructures.Headers([("X-A", "1")]),
        ),
        "tuple-headers-length": lambda: ("x", {"Content-Length": "5"}),
        "tuple-headers-newline": lambda: ("x", {"X-A": "a\r\nX-B: b"}),
        "tuple-headers-unicode": lambda: ("x", {"X-A": "ü"}),
        "tuple-three": lambda: ("x", 201, {"X-A": "1"}),
        "tuple-three-list": lambda: ("x", 201, [("X-A", "1"), ("X-B", "2")]),
        "tuple-three-none": lambda: ("x", None, None),
        "tuple-dict-status": lambda: ({"a": 1}, 201),
        "tuple-list-headers": lambda: ([1], {"X-A": "1"}),
        "tuple-response": lambda: (response("r", 200, {"X-A": "0"}), 202, {"X-A": "1"}),
        "tuple-response-headers": lambda: (response("r", 203), {"Content-Type": "a/b"}),
        "tuple-generator": lambda: ((c for c in "ab"), 201),
        "tuple-none": lambda: (None, 200),
        "tuple-empty": lambda: (),
        "tuple-one": lambda: ("x",),
        "tuple-four": lambda: ("x", 200, {}, "y"),
        "tuple-nested": lambda: (("x", 201), 202),
        "tuple-in-list": lambda: [("x", 201)],
        "tuple-wsgi": lambda: (wsgi_app, 200, {"X-B": "b"}),
        "jsonify-none": lambda: fw.jsonify(),
        "jsonify-null": lambda: fw.jsonify(None),
        "jsonify-one": lambda: fw.jsonify("text"),
        "jsonify-many": lambda: fw.jsonify(1, "a", None),
        "jsonify-kwargs": lambda: fw.jsonify(b=1, a=2),
        "jsonify-both": lambda: fw.jsonify(1, a=2),
        "jsonify-sorted": lambda: fw.jsonify({"z": 1, "a": {"y": 1, "b": 2}}),
        "jsonify-mixed-keys": lambda: fw.jsonify({1: "a", "b": 2}),
        "jsonify-int-keys": lambda: fw.jsonify({10: "a", 9: "b"}),
        "jsonify-unicode": lambda: fw.jsonify("ünï ☃ \u2028 </script>"),
        "jsonify-date": lambda: fw.jsonify(WHEN.date()),
        "jsonify-datetime": lambda: fw.jsonify(WHEN),
        "jsonify-naive": lambda: fw.jsonify(WHEN.replace(tzinfo=None)),
        "jsonify-zone": lambda: fw.jsonify(
            WHEN.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=2)))
        ),
        "jsonify-time": lambda: fw.jsonify(WHEN.time()),
        "jsonify-timedelta": lambda: fw.jsonify(datetime.timedelta(1)),
        "jsonify-uuid": lambda: fw.jsonify(IDENT),
        "jsonify-decimal": lambda: fw.jsonify(decimal.Decimal("1.10")),
        "jsonify-dataclass": lambda: fw.jsonify(Point(1, [2])),
        "jsonify-dataclass-class": lambda: fw.jsonify(Point),
        "jsonify-html": lambda: fw.jsonify(Html()),
        "jsonify-tuple": lambda: fw.jsonify((1, (2, 3))),
        "jsonify-set": lambda: fw.jsonify({1}),
        "jsonify-bytes": lambda: fw.jsonify(b"x"),
        "jsonify-object": lambda: fw.jsonify(Plain),
        "jsonify-nan": lambda: fw.jsonify(float("nan"), float("inf")),
        "jsonify-floats": lambda: fw.jsonify(1e100, 0.1, -0.0, 10**30),
        "jsonify-generator": lambda: fw.jsonify(n for n in ()),
        "jsonify-status": lambda: (fw.jsonify(a=1), 400),
        "dict-date": lambda: {"when": WHEN, "id": IDENT, "d": decimal.Decimal("0.5")},
        "dict-bad": lambda: {"bad": {1}},
        "redirect": lambda: fw.redirect("/there"),
        "redirect-301": lambda: fw.redirect("/there", 301),
        "redirect-303": lambda: fw.redirect("/there", code=303),
        "redirect-308": lambda: fw.redirect("/there?a=1&b=2", code=308),
        "redirect-200": lambda: fw.redirect("/there", 200),
        "redirect-full": lambda: fw.redirect("https://example.org/a b?x=ü#f"),
        "redirect-html": lambda: fw.redirect('/<script>"'),
        "redirect-unicode": lambda: fw.redirect("/ünï"),
        "redirect-empty": lambda: fw.redirect(""),
        "redirect-class": lambda: fw.redirect("/x", Response=fw.Response),
        "redirect-url-for": lambda: fw.redirect(fw.url_for("answer", name="x y")),
        "abort-404": lambda: fw.abort(404),
        "abort-text": lambda: fw.abort(403, "not <you>"),
        "abort-description": lambda: fw.abort(400, description="why"),
        "abort-410": lambda: fw.abort(410),
        "abort-418": lambda: fw.abort(418),
        "abort-429": lambda: fw.abort(
            __import__("werkzeug").exceptions.TooManyRequests(retry_after=5)
        ),
        "abort-401": lambda: fw.abort(
            __import__("werkzeug").exceptions.Unauthorized(
                www_authenticate=__import__("werkzeug").datastructures.WWWAuthenticate(
                    "basic", {"realm": "x"}
                )
            )
        ),
        "abort-405": lambda: fw.abort(
            __import__("werkzeug").exceptions.MethodNotAllowed(["GET", "PUT"])
        ),
        "abort-500": lambda: fw.abort(500),
        "abort-503": lambda: fw.abort(503, "down"),
        "abort-unknown": lambda: fw.abort(600),
        "abort-402": lambda: fw.abort(402),
        "abort-response": lambda: fw.abort(fw.Response("aborted", 499)),
        "abort-302": lambda: fw.abort(302),
        "key-error": lambda: {}["missing"],
        "args-key-error": lambda: fw.request.args["missing"],
        "zero": lambda: 1 / 0,
        "system-exit": lambda: (_ for _ in ()).throw(KeyError("k")),
    }


def build_answers(fw):
    app = make_app(fw, ROOT)
    answers = make_answers(fw)

    @app.route("/<name>", methods=["GET", "POST"])
    def answer(name):
        return answers[name]()

    return app


class Names:
    """Gives the table's names without a framework."""

    def __getattr__(self, name):
        return None


ANSWERS = list(make_answers(Names()))
BUILD_ANSWERS = {name: get(f"/{name}") for name in ANSWERS}
HEAD_NAMES = [
    "str",
    "dict",
    "generator",
    "redirect",
    "abort-404",
    "tuple-204",
    "none",
    "response-list",
    "wsgi-app",
]
BUILD_ANSWERS |= {f"{name}-head": head(f"/{name}") for name in HEAD_NAMES}
BUILD_ANSWERS |= {
    "redirect-post": post("/redirect", "x", "text/plain"),
    "redirect-mounted": get("/redirect", script="/mount"),
    "redirect-http10": get("/redirect", environ={"SERVER_PROTOCOL": "HTTP/1.0"}),
}
DEBUG_NAMES = [
    "str",
    "dict",
    "jsonify-sorted",
    "jsonify-kwargs",
    "jsonify-none",
    "redirect",
    "abort-404",
    "abort-500",
    "key-error",
    "none",
    "zero",
    "args-key-error",
    "redirect-303",
    "tuple-four",
]


def build_json_config(fw):
    app = build_answers(fw)
    app.json.sort_keys = False
    app.json.ensure_ascii = False
    app.json.compact = False
    app.json.mimetype = "application/vnd.x+json"
    return app


def build_json_compact_debug(fw):
    app = build_answers(fw)
    app.debug = True
    app.json.compact = True
    return app


def build_json_provider(fw):
    class Provider(fw.json.provider.DefaultJSONProvider):
        @staticmethod
        def default(value):
            if isinstance(value, set):
                return sorted(value)
            return fw.json.provider.DefaultJSONProvider.default(value)

    class App(fw.Flask):
        json_provider_class = Provider

    flask_class, fw_app = fw.Flask, None
    fw.Flask = App
    try:
        fw_app = build_answers(fw)
    finally:
        fw.Flask = flask_class
    return fw_app


def build_response_class(fw):
    app = build_answers(fw)

    class Special(fw.Response):
        default_mimetype = "text/special"
        default_status = 299

    app.response_class = Special
    return app


JSON_NAMES = [name for name in ANSWERS if name.startswith(("jsonify", "dict", "list"))]
CLASS_NAMES = [
    "str",
    "bytes",
    "dict",
    "list",
    "generator",
    "tuple-status",
    "tuple-headers",
    "werkzeug-response",
    "wsgi-app",
    "redirect",
    "abort-404",
    "response",
    "jsonify-null",
    "make-response-none",
    "base-response",
    "http-exception",
    "zero",
]


def build_files(fw):
    app = make_app(fw, ROOT)
    letters = str(ROOT / "static" / "letters.txt")

    files = {
        "path": lambda: fw.send_file(letters),
        "relative": lambda: fw.send_file("static/letters.txt"),
        "pathlib": lambda: fw.send_file(ROOT / "static" / "letters.txt"),
        "attachment": lambda: fw.send_file(letters, as_attachment=True),
        "renamed": lambda: fw.send_file(letters, as_attachment=True, download_name="a b.txt"),
        "unicode-name": lambda: fw.send_file(
            letters, as_attachment=True, download_name="ünï ☃.txt"
        ),
        "quoted-name": lambda: fw.send_file(
            letters, as_attachment=True, download_name='a"b\\c;.txt'
        ),
        "inline-name": lambda: fw.send_file(letters, download_name="x.html"),
        "mimetype": lambda: fw.send_file(letters, mimetype="application/x-letters"),
        "no-conditional": lambda: fw.send_file(letters, conditional=False),
        "no-etag": lambda: fw.send_file(letters, etag=False),
        "own-etag": lambda: fw.send_file(letters, etag="mine"),
        "modified": lambda: fw.send_file(letters, last_modified=WHEN),
        "modified-number": lambda: fw.send_file(letters, last_modified=1_000_000_000),
        "age": lambda: fw.send_file(letters, max_age=60),
        "age-zero": lambda: fw.send_file(letters, max_age=0),
        "age-function": lambda: fw.send_file(letters, max_age=lambda name: len(name or "")),
        "bytes-io": lambda: fw.send_file(io.BytesIO(LETTERS), mimetype="text/plain"),
        "bytes-io-name": lambda: fw.send_file(io.BytesIO(LETTERS), download_name="l.txt"),
        "bytes-io-nameless": lambda: fw.send_file(io.BytesIO(LETTERS)),
        "bytes-io-attachment": lambda: fw.send_file(
            io.BytesIO(LETTERS), mimetype="text/plain", as_attachment=True
        ),
        "string-io": lambda: fw.send_file(io.StringIO("text"), mimetype="text/plain"),
        "open-file": lambda: fw.send_file(open(letters, "rb"), download_name="l.txt"),  # noqa: SIM115
        "open-text": lambda: fw.send_file(io.StringIO("text"), mimetype="text/plain"),
        "missing": lambda: fw.send_file("nope.txt"),
        "folder": lambda: fw.send_file(str(ROOT)),
        "gz": lambda: fw.send_file("static/archive.tar.gz"),
        "unknown": lambda: fw.send_file("static/noextension"),
        "empty": lambda: fw.send_file("static/empty.txt"),
        "changed": lambda: change(fw.send_file(letters)),
    }

    def change(response):
        response.headers["X-Changed"] = "yes"
        response.set_cookie("c", "v")
        return response, 203

    @app.route("/file/<name>", methods=["GET", "POST"])
    def file(name):
        return files[name]()

    @app.route("/dir/<path:name>")
    def folder(name):
        return fw.send_from_directory("static", name)

    @app.route("/dir-abs/<path:name>")
    def folder_absolute(name):
        return fw.send_from_directory(str(ROOT / "static"), name, as_attachment=True, max_age=5)

    @app.route("/etag", methods=["GET", "HEAD", "PUT"])
    def etag():
        response = fw.make_response("content")
        response.set_etag("tag", weak=fw.request.args.get("weak") is not None)
        response.last_modified = WHEN
        return response.make_conditional(fw.request)

    @app.route("/auto-etag")
    def auto_etag():
        response = fw.make_response("content")
        response.add_etag()
        return response.make_conditional(fw.request)

    @app.route("/ranges")
    def ranges():
        return fw.Response(LETTERS).make_conditional(
            fw.request, accept_ranges=True, complete_length=26
        )

    app.extensions["files"] = files
    return app


FILE_NAMES = list(build_files(__import__("flask")).extensions["files"])
RANGES = {
    "first": "bytes=0-4",
    "middle": "bytes=5-9",
    "open": "bytes=20-",
    "suffix": "bytes=-3",
    "suffix-long": "bytes=-300",
    "all": "bytes=0-25",
    "past-end": "bytes=20-100",
    "beyond": "bytes=26-",
    "far-beyond": "bytes=100-200",
    "reversed": "bytes=9-5",
    "several": "bytes=0-1,4-5",
    "unit": "letters=0-4",
    "words": "bytes=a-b",
    "empty": "",
    "no-unit": "0-4",
    "spaces": "bytes = 0 - 4",
    "zero": "bytes=0-0",
    "suffix-zero": "bytes=-0",
}
OLD = "Mon, 01 Jan 2001 00:00:00 GMT"
# The time of every file that tree() writes.
EXACT = "Tue, 14 Nov 2023 22:13:20 GMT"
NEW = "Fri, 01 Jan 2100 00:00:00 GMT"


def last_etag(before):
    return before[-1].header("ETag")


STATIC = "/static/letters.txt"
BUILD_FILES = (
    {f"send-{name}": get(f"/file/{name}") for name in FILE_NAMES}
    | {f"send-{name}-head": head(f"/file/{name}") for name in ("path", "bytes-io", "missing")}
    | {
        f"send-{name}-range": get(f"/file/{name}", {"Range": "bytes=2-4"})
        for name in FILE_NAMES
        if name not in ("missing", "folder")
    }
    | {f"range-{name}": get(STATIC, {"Range": value}) for name, value in RANGES.items()}
    | {f"own-range-{name}": get("/ranges", {"Range": value}) for name, value in RANGES.items()}
    | {
        "range-head": head(STATIC, {"Range": "bytes=0-4"}),
        "range-post": post("/file/path", "", headers={"Range": "bytes=0-4"}),
        "range-if-range-date": get(STATIC, {"Range": "bytes=0-4", "If-Range": EXACT}),
        "range-if-range-old": get(STATIC, {"Range": "bytes=0-4", "If-Range": OLD}),
        "range-if-range-etag": [
            get(STATIC),
            get(STATIC, {"Range": "bytes=0-4", "If-Range": last_etag}),
        ],
        "range-if-range-other": get(STATIC, {"Range": "bytes=0-4", "If-Range": '"other"'}),
        "if-none-match": [get(STATIC), get(STATIC, {"If-None-Match": last_etag})],
        "if-none-match-head": [get(STATIC), head(STATIC, {"If-None-Match": last_etag})],
        "if-none-match-weak": [
            get(STATIC),
            get(STATIC, {"If-None-Match": lambda before: "W/" + last_etag(before)}),
        ],
        "if-none-match-list": [
            get(STATIC),
            get(STATIC, {"If-None-Match": lambda before: '"a", ' + last_etag(before)}),
        ],
        "if-none-match-star": get(STATIC, {"If-None-Match": "*"}),
        "if-none-match-other": get(STATIC, {"If-None-Match": '"other"'}),
        "if-match": [get(STATIC), get(STATIC, {"If-Match": last_etag})],
        "if-match-other": get(STATIC, {"If-Match": '"other"'}),
        "if-match-star": get(STATIC, {"If-Match": "*"}),
        "if-modified-old": get(STATIC, {"If-Modified-Since": OLD}),
        "if-modified-exact": get(STATIC, {"If-Modified-Since": EXACT}),
        "if-modified-new": get(STATIC, {"If-Modified-Since": NEW}),
        "if-modified-garbage": get(STATIC, {"If-Modified-Since": "yesterday"}),
        "if-modified-and-other-etag": get(
            STATIC, {"If-Modified-Since": NEW, "If-None-Match": '"x"'}
        ),
        "if-unmodified-old": get(STATIC, {"If-Unmodified-Since": OLD}),
        "if-unmodified-new": get(STATIC, {"If-Unmodified-Since": NEW}),
        "static": get(STATIC),
        "static-head": head(STATIC),
        "static-post": post(STATIC, "x", "text/plain"),
        "static-options": ask("OPTIONS", STATIC),
        "static-css": get("/static/style.css"),
        "static-js": get("/static/app.js"),
        "static-html": get("/static/page.html"),
        "static-gz": get("/static/archive.tar.gz"),
        "static-unknown": get("/static/noextension"),
        "static-empty": get("/static/empty.txt"),
        "static-sub": get("/static/sub/inner.json"),
        "static-space": get("/static/with%20space.txt"),
        "static-unicode": get("/static/%C3%BCn%C3%AF.txt"),
        "static-missing": get("/static/missing.txt"),
        "static-folder": get("/static/sub"),
        "static-folder-slash": get("/static/sub/"),
        "static-root": get("/static/"),
        "static-no-slash": get("/static"),
        "static-traversal": get("/static/../secret.txt"),
        "static-traversal-encoded": get("/static/%2e%2e/secret.txt"),
        "static-traversal-slash": get("/static/..%2fsecret.txt"),
        "static-traversal-inside": get("/static/sub/../letters.txt"),
        "static-traversal-sibling": get("/static/../static_evil.txt"),
        "static-absolute": get("/static//etc/passwd"),
        "static-backslash": get("/static/..%5Csecret.txt"),
        "static-null": get("/static/letters.txt%00.png"),
        "static-dot": get("/static/./letters.txt"),
        "static-query": get(STATIC + "?v=1"),
        "directory": get("/dir/letters.txt"),
        "directory-sub": get("/dir/sub/inner.json"),
        "directory-missing": get("/dir/nope"),
        "directory-traversal": get("/dir/../secret.txt"),
        "directory-folder": get("/dir/sub"),
        "directory-absolute": get("/dir-abs/letters.txt"),
        "directory-absolute-range": get("/dir-abs/letters.txt", {"Range": "bytes=-2"}),
        "etag": get("/etag"),
        "etag-match": get("/etag", {"If-None-Match": '"tag"'}),
        "etag-weak": get("/etag?weak", {"If-None-Match": '"tag"'}),
        "etag-put-match": ask("PUT", "/etag", {"If-Match": '"tag"'}),
        "etag-put-other": ask("PUT", "/etag", {"If-Match": '"x"'}),
        "etag-head": head("/etag", {"If-None-Match": '"tag"'}),
        "auto-etag": get("/auto-etag"),
        "auto-etag-match": [get("/auto-etag"), get("/auto-etag", {"If-None-Match": last_etag})],
        "x-sendfile": get("/file/path"),
    }
)


def build_static_moved(fw):
    return make_app(
        fw,
        ROOT,
        static_url_path="/assets",
        static_folder="static/sub",
        config={"SEND_FILE_MAX_AGE_DEFAULT": 3600},
    )


def build_static_root(fw):
    return make_app(fw, ROOT, static_url_path="", static_folder="static")


def build_static_none(fw):
    return make_app(fw, ROOT, static_folder=None)


def build_static_age(fw):
    class App(fw.Flask):
        def get_send_file_max_age(self, filename):
            return 5 if filename.endswith(".js") else super().get_send_file_max_age(filename)

    app = App("parity_app", root_path=str(ROOT))
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = __import__("datetime").timedelta(minutes=2)
    return app


def build_streams(fw):
    app = make_app(fw, ROOT)

    @app.teardown_request
    def teardown(error):
        note(app, f"teardown {error!r}")

    @app.teardown_appcontext
    def teardown_app(error):
        note(app, f"app teardown {error!r}")

    @app.route("/plain")
    def plain():
        def generate():
            yield "a"
            yield "b" if fw.has_request_context() else "no context"

        return generate()

    @app.route("/needs")
    def needs():
        def generate():
            yield "a"
            yield fw.request.path

        return generate()

    @app.route("/with-context")
    def with_context():
        def generate():
            yield "hello "
            yield fw.request.args["name"]
            yield " " + fw.g.get("x", "no g") + fw.session.get("s", "-")

        fw.g.x = "kept"
        return fw.Response(fw.stream_with_context(generate()))

    @app.route("/decorated")
    def decorated():
        @fw.stream_with_context
        def generate(word):
            yield word
            yield fw.request.path

        return fw.Response(generate("w"))

    @app.route("/fails")
    def fails():
        @fw.stream_with_context
        def generate():
            yield "begun"
            raise ValueError("mid-stream")

        return fw.Response(generate())

    @app.route("/fails-first")
    def fails_first():
        def generate():
            raise ValueError("at once")
            yield

        return fw.Response(generate())

    @app.route("/closes")
    def closes():
        def generate():
            try:
                yield "1"
                yield "2"
                yield "3"
            finally:
                note(app, "generator closed")

        return fw.Response(generate())

    @app.route("/on-close")
    def on_close():
        response = fw.Response("x")
        response.call_on_close(lambda: note(app, "on close"))
        return response

    @app.route("/template")
    def template():
        return fw.stream_template("stream.html", numbers=range(4))

    @app.route("/template-string")
    def template_string():
        return fw.stream_template_string("{{ request.path }} {{ n }}{{ g.y }}", n="<1>")

    @app.route("/template-request")
    def template_request():
        fw.g.y = "why"
        return fw.stream_template("streamed_request.html")

    @app.route("/template-list")
    def template_list():
        return fw.stream_template(["none.html", "stream.html"], numbers=[1])

    @app.route("/session")
    def session():
        fw.session["s"] = 1

        @fw.stream_with_context
        def generate():
            yield str(dict(fw.session))
            fw.session["late"] = 1

        return fw.Response(generate())

    @app.route("/direct")
    def direct():
        response = fw.Response(iter([b"a", b"b"]))
        response.direct_passthrough = True
        return response

    @app.route("/sequence")
    def sequence():
        response = fw.Response(c for c in "abc")
        response.make_sequence()
        return response

    @app.route("/wrapped")
    def wrapped():
        return fw.Response(c for c in "abc")

    @app.route("/wrapped-twice")
    @app.route("/wrapped-list", endpoint="wrapped-list", defaults={"body": ["x", b"y"]})
    def wrapped_twice(body=None):
        response = fw.Response(body or fw.stream_with_context(c for c in "abc"))
        for end in ("1", "2"):
            response.response = in_brackets(response.iter_encoded(), end)
        return response

    @app.route("/either-way")
    def either_way():
        return fw.Response(EitherWay())

    @app.route("/either-way-application")
    def either_way_application():
        return EitherWayApplication()

    @app.after_request
    def wrap(response):
        if fw.request.path == "/wrapped":
            response.response = in_brackets(response.iter_encoded(), "")
        return response

    return app


def in_brackets(pieces, end):
    """Change each piece while it is sent, as extensions that compress streams do."""
    for piece in pieces:
        yield b"<" + piece + b">" + end.encode()


class EitherWay:
    """A body that plain code and asynchronous code can iterate, such as those of HTTP clients."""

    def __iter__(self):
        yield from (b"plain", b" code")

    async def __aiter__(self):
        yield b"plain"
        yield b" code"


class EitherWayApplication(EitherWay):
    """The same as a WSGI application."""

    def __call__(self, environ, start_response):
        start_response("202 Accepted", [("Content-Type", "text/plain"), ("X-App", "asked")])
        return [b"an application"]


STREAMS = [
    "plain",
    "needs",
    "with-context?name=ann",
    "with-context",
    "decorated",
    "fails",
    "fails-first",
    "closes",
    "on-close",
    "template",
    "template-string",
    "template-request?x=%3Cb%3E",
    "template-list",
    "session",
    "direct",
    "sequence",
    "wrapped",
    "wrapped-twice",
    "wrapped-list",
    "either-way",
    "either-way-application",
]
BUILD_STREAMS = (
    {name: get(f"/{name}") for name in STREAMS}
    | {f"{name}-head": head(f"/{name}") for name in ("closes", "template", "fails", "plain")}
    | {f"{name}-cut": get(f"/{name}", chunks=1) for name in ("closes", "fails", "template")}
)


def build_cookies(fw):
    app = make_app(fw)
    options = {
        "plain": {},
        "age": {"max_age": 60},
        "age-zero": {"max_age": 0},
        "age-delta": {"max_age": datetime.timedelta(hours=1)},
        "expires": {"expires": WHEN},
        "expires-number": {"expires": 1_600_000_000},
        "expires-string": {"expires": "Wed, 01 Jan 2020 00:00:00 GMT"},
        "path": {"path": "/sub"},
        "path-none": {"path": None},
        "domain": {"domain": "example.org"},
        "domain-dot": {"domain": ".example.org"},
        "secure": {"secure": True},
        "httponly": {"httponly": True},
        "lax": {"samesite": "Lax"},
        "strict-lower": {"samesite": "strict"},
        "none-site": {"samesite": "None", "secure": True},
        "bad-site": {"samesite": "Whatever"},
        "partitioned": {"partitioned": True},
        "all": {
            "max_age": 1,
            "expires": WHEN,
            "path": "/p",
            "domain": "d.org",
            "secure": True,
            "httponly": True,
            "samesite": "Strict",
            "partitioned": True,
        },
    }
    values = {
        "empty": "",
        "space": "a b",
        "semicolon": "a;b",
        "comma": "a,b",
        "quote": 'a"b',
        "backslash": "a\\b",
        "unicode": "ü☃",
        "equals": "a=b",
        "newline": "a\nb",
        "huge": "x" * 5000,
    }

    @app.route("/option/<name>")
    def option(name):
        response = fw.make_response("x")
        response.set_cookie("c", "v", **options[name])
        return response

    @app.route("/value/<name>")
    def value(name):
        response = fw.make_response("x")
        response.set_cookie("c", values[name])
        return response

    @app.route("/name/<path:name>")
    def name_(name):
        response = fw.make_response("x")
        response.set_cookie(name, "v")
        return response

    @app.route("/delete")
    def delete():
        response = fw.make_response("x")
        response.delete_cookie("c")
        response.delete_cookie("d", path="/p", domain="x.org", secure=True, samesite="Lax")
        return response

    @app.route("/several")
    def several():
        response = fw.make_response("x")
        response.set_cookie("a", "1")
        response.set_cookie("b", "2")
        response.set_cookie("a", "3")
        return response

    @app.route("/after")
    def after():
        @fw.after_this_request
        def first(response):
            response.set_cookie("late", "1")
            return response

        @fw.after_this_request
        def second(response):
            response.headers["X-Order"] = response.headers.get("X-Order", "") + "second"
            return response

        fw.after_this_request(lambda response: fw.Response(b"replaced:" + response.data))
        return "after"

    @app.route("/after-fails")
    def after_fails():
        fw.after_this_request(lambda response: 1 / 0)
        return "after"

    @app.route("/headers")
    def headers():
        response = fw.make_response("x")
        response.headers["x-lower"] = "1"
        response.headers.add("Link", "<a>", rel="next")
        response.headers.add("Link", "<b>")
        response.vary.add("Accept")
        response.cache_control.max_age = 5
        response.cache_control.public = True
        response.content_language.add("de")
        response.allow.add("GET")
        response.location = "/somewhere"
        response.retry_after = 3
        response.status_code = 503
        response.content_security_policy = None
        response.access_control_allow_origin = "*"
        response.date = WHEN
        response.age = 9
        return response

    @app.route("/headers-as-a-dict")
    def headers_as_a_dict():
        response = fw.make_response("x")
        response.headers = {"X-A": "1", "Content-Type": "text/plain"}
        return response

    @app.route("/mutate")
    def mutate():
        response = fw.make_response("first")
        response.data = "second ü"
        response.mimetype = "text/x"
        response.status = "202 Nearly"
        return response

    @app.route("/json-property")
    def json_property():
        response = fw.jsonify(a=1)
        return f"{response.json} {response.is_json} {response.max_cookie_size}"

    app.extensions["names"] = (list(options), list(values))
    return app


OPTION_NAMES, VALUE_NAMES = build_cookies(__import__("flask")).extensions["names"]
BUILD_COOKIES = (
    {f"option-{name}": get(f"/option/{name}") for name in OPTION_NAMES}
    | {f"value-{name}": get(f"/value/{name}") for name in VALUE_NAMES}
    | {
        "name-bad": get("/name/a=b"),
        "name-space": get("/name/a%20b"),
        "name-unicode": get("/name/%C3%BC"),
        "name-host": get("/name/__Host-x"),
        "delete": get("/delete"),
        "several": get("/several"),
        "after": get("/after"),
        "after-fails": get("/after-fails"),
        "headers": get("/headers"),
        "headers-as-a-dict": get("/headers-as-a-dict"),
        "mutate": get("/mutate"),
        "mutate-head": head("/mutate"),
        "json-property": get("/json-property"),
    }
)

ALL = [
    *cases(build_answers, BUILD_ANSWERS),
    *cases(configured(build_answers, DEBUG=True), {name: get(f"/{name}") for name in DEBUG_NAMES}),
    *cases(
        configured(build_answers, TESTING=True), {name: get(f"/{name}") for name in DEBUG_NAMES}
    ),
    *cases(build_json_config, {name: get(f"/{name}") for name in JSON_NAMES}),
    *cases(build_json_compact_debug, {name: get(f"/{name}") for name in JSON_NAMES[:12]}),
    *cases(build_json_provider, {name: get(f"/{name}") for name in JSON_NAMES}),
    *cases(build_response_class, {name: get(f"/{name}") for name in CLASS_NAMES}),
    *cases(build_files, BUILD_FILES),
    *cases(
        configured(build_files, USE_X_SENDFILE=True),
        {
            "static": get(STATIC),
            "file": get("/file/path"),
            "bytes": get("/file/bytes-io"),
            "directory": get("/dir/letters.txt"),
        },
    ),
    *cases(
        configured(build_files, SEND_FILE_MAX_AGE_DEFAULT=90),
        {"static": get(STATIC), "file": get("/file/path"), "age": get("/file/age")},
    ),
    *cases(
        build_static_moved,
        {
            "moved": get("/assets/inner.json"),
            "old": get("/static/inner.json"),
            "outside": get("/assets/../letters.txt"),
        },
    ),
    *cases(
        build_static_root,
        {"file": get("/letters.txt"), "missing": get("/nope"), "root": get("/")},
    ),
    *cases(build_static_none, {"none": get("/static/letters.txt")}),
    *cases(build_static_age, {"js": get("/static/app.js"), "css": get("/static/style.css")}),
    *cases(build_streams, BUILD_STREAMS),
    *cases(build_cookies, BUILD_COOKIES),
    *cases(configured(build_cookies, MAX_COOKIE_SIZE=0), {"huge": get("/value/huge")}),
]


@pytest.mark.parametrize(("build", "requests", "case_id"), ALL)
def test_responses(build, requests, case_id):
    """What a view returns reaches the wire as the same bytes."""
    compare(build, requests, case_id)


def test_responses_on_one_app():
    """No answer leaves anything behind that changes the next one."""
    compare_on_one_app(ALL)
