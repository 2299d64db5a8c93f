"""Parity of requests: what a view sees of a query, a form, files, JSON, headers and the URL."""

import json

import pytest
from werkzeug.wrappers import Request as WerkzeugRequest
from werkzeug.wrappers import Response as WerkzeugResponse

from parity.harness import (
    MULTIPART,
    ask,
    cases,
    compare,
    compare_on_one_app,
    configured,
    get,
    make_app,
    multipart,
    post,
    post_form,
    post_json,
    post_parts,
    probes,
    same,
)


def attempt(read):
    """What a read gives, or the error it raises."""
    try:
        return repr(read())
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def build_requests(fw):
    app = make_app(fw)
    request = fw.request

    @app.route("/args")
    def args():
        return {
            "args": sorted(request.args.items(multi=True)),
            "int": request.args.get("n", type=int),
            "default": request.args.get("none", "fallback"),
            "list": request.args.getlist("a"),
            "query": request.query_string.decode("latin-1"),
            "values": sorted(request.values.items(multi=True)),
            "in": "a" in request.args,
        }

    @app.route("/arg-required")
    def arg_required():
        return request.args["a"]

    @app.route("/form", methods=["GET", "POST", "PUT", "DELETE"])
    def form():
        return {
            "form": list(request.form.items(multi=True)),
            "values": sorted(request.values.items(multi=True)),
            "files": list(request.files),
            "data": request.data.decode("latin-1"),
            "json": request.is_json,
            "type": request.content_type,
            "mimetype": request.mimetype,
            "params": request.mimetype_params,
            "length": request.content_length,
        }

    @app.route("/form-required", methods=["POST"])
    def form_required():
        return request.form["name"] + request.form.get("other", "-")

    @app.route("/files", methods=["POST"])
    def files():
        return {
            "files": [
                [
                    key,
                    file.filename,
                    file.content_type,
                    file.content_length,
                    sorted(file.headers),
                    file.read().decode("latin-1"),
                ]
                for key, file in request.files.items(multi=True)
            ],
            "form": list(request.form.items(multi=True)),
        }

    @app.route("/file-required", methods=["POST"])
    def file_required():
        return request.files["upload"].filename or "unnamed"

    @app.route("/json", methods=["GET", "POST"])
    def json_():
        return fw.jsonify(request.json)

    @app.route("/get-json", methods=["GET", "POST"])
    def get_json():
        return fw.jsonify(request.get_json())

    @app.route("/json-force", methods=["GET", "POST"])
    def json_force():
        return fw.jsonify(request.get_json(force=True))

    @app.route("/json-silent", methods=["GET", "POST"])
    def json_silent():
        return fw.jsonify([request.get_json(silent=True), request.is_json])

    @app.route("/json-both", methods=["GET", "POST"])
    def json_both():
        first = attempt(request.get_json)
        return fw.jsonify(first, request.get_json(force=True, silent=True), request.data.decode())

    @app.route("/data", methods=["GET", "POST"])
    def data():
        return [
            request.get_data(as_text=True),
            request.data.decode("latin-1"),
            list(request.form.items()),
        ]

    @app.route("/data-parsed", methods=["POST"])
    def data_parsed():
        parsed = request.get_data(parse_form_data=True)
        return [parsed.decode(), list(request.form.items())]

    @app.route("/stream", methods=["POST"])
    def stream():
        return fw.Response(request.stream.read(5) + b"|" + request.stream.read())

    @app.route("/no-read", methods=["POST"])
    def no_read():
        return "never read"

    @app.route("/cookies")
    def cookies():
        return fw.jsonify(list(request.cookies.items(multi=True)))

    @app.route("/headers")
    def headers():
        return {
            "agent": request.user_agent.string,
            "accept": str(request.accept_mimetypes),
            "best": request.accept_mimetypes.best_match(["text/html", "application/json"]),
            "languages": list(request.accept_languages.values()),
            "custom": request.headers.get("X-Custom"),
            "lower": request.headers.get("x-custom", "none"),
            "auth": attempt(lambda: dict(request.authorization.parameters)),
            "auth-type": attempt(lambda: request.authorization.type),
            "referrer": request.referrer,
            "range": attempt(lambda: str(request.range)),
            "modified": attempt(lambda: request.if_modified_since),
            "none-match": attempt(lambda: request.if_none_match.to_header()),
            "cache": str(request.cache_control),
            "origin": request.origin,
            "date": attempt(lambda: request.date),
            "forwards": request.max_forwards,
            "route": list(request.access_route),
            "remote": request.remote_addr,
            "user": request.remote_user,
            "pragma": list(request.pragma),
            "all": sorted(request.headers.items()),
            "xhr": request.headers.get("X-Requested-With"),
        }

    def where(**args):
        return {
            "endpoint": request.endpoint,
            "view_args": request.view_args,
            "blueprint": request.blueprint,
            "blueprints": request.blueprints,
            "rule": str(request.url_rule),
            "method": request.method,
            "path": request.path,
            "full_path": request.full_path,
            "script_root": request.script_root,
            "root_path": request.root_path,
            "url": request.url,
            "base_url": request.base_url,
            "root_url": request.root_url,
            "url_root": request.url_root,
            "host_url": request.host_url,
            "host": request.host,
            "scheme": request.scheme,
            "secure": request.is_secure,
            "server": request.server,
            "multithread": request.is_multithread,
            "max": [
                request.max_content_length,
                request.max_form_memory_size,
                request.max_form_parts,
            ],
            "repr": repr(request._get_current_object()),
            "exception": repr(request.routing_exception),
        }

    app.add_url_rule("/where", "where", where)
    app.add_url_rule("/where/<int:n>/<path:rest>", "where_args", where)
    inner = fw.Blueprint("inner", "parity_inner")
    inner.add_url_rule("/<x>", "view", where)
    outer = fw.Blueprint("outer", "parity_outer", url_prefix="/outer")
    outer.register_blueprint(inner, url_prefix="/inner")
    outer.add_url_rule("/", "view", where)
    app.register_blueprint(outer)
    app.register_blueprint(outer, name="again", url_prefix="/again")

    @app.errorhandler(404)
    def missing(error):
        return [
            attempt(lambda: request.endpoint),
            attempt(lambda: request.view_args),
            attempt(lambda: request.blueprint),
            attempt(lambda: request.blueprints),
            attempt(lambda: request.url_rule),
            attempt(lambda: request.routing_exception),
        ], 404

    @app.route("/lowered", methods=["POST"])
    def lowered():
        request.max_content_length = 10
        request.max_form_memory_size = 5
        request.max_form_parts = 1
        return list(request.form.items())

    return app


def build_request_class(fw):
    class Special(fw.Request):
        max_form_parts = 2
        shout = property(lambda self: self.path.upper())

        def on_json_loading_failed(self, error):
            return {"failed": type(error).__name__}

        def make_form_data_parser(self):
            return super().make_form_data_parser()

    class App(fw.Flask):
        request_class = Special

    app = App("parity_app")

    @app.route("/json", methods=["POST"])
    def json_():
        return fw.jsonify(fw.request.json, fw.request.shout, type(fw.request.args).__name__)

    @app.route("/form", methods=["POST"])
    def form():
        return list(fw.request.form.items())

    return app


FORM = "application/x-www-form-urlencoded"
JSON_VALUES = {
    "object": '{"a": 1}',
    "array": "[1, 2]",
    "string": '"text"',
    "number": "5",
    "null": "null",
    "empty": "",
    "space": "  ",
    "broken": '{"a": 1',
    "trailing": '{"a": 1} x',
    "single-quotes": "{'a': 1}",
    "nan": "[NaN, Infinity]",
    "duplicate": '{"a": 1, "a": 2}',
    "unicode": '"ü☃"',
    "escape": r'"\u00fc\ud83d\ude00"',
    "surrogate": r'"\ud83d"',
    "bom": "\ufeff{}",
    "big": "123456789012345678901234567890",
    "float": "1e400",
}
JSON_TYPES = {
    "json": "application/json",
    "charset": "application/json; charset=utf-8",
    "latin": "application/json; charset=latin-1",
    "vendor": "application/vnd.api+json",
    "upper": "APPLICATION/JSON",
    "text": "text/plain",
    "form": FORM,
    "none": None,
    "odd": "application/jsonx",
    "text-json": "text/json",
    "empty": "",
}
QUERIES = {
    "none": "",
    "empty": "?",
    "one": "?a=1",
    "several": "?a=1&a=2&b=3",
    "int": "?n=5",
    "int-bad": "?n=five",
    "int-unicode": "?n=%D9%A3",
    "no-value": "?a",
    "empty-value": "?a=",
    "empty-name": "?=x",
    "plus": "?a=x+y%2Bz",
    "encoded": "?a=%C3%BC&%C3%BC=b",
    "raw-unicode": "?a=ü",
    "bad-percent": "?a=%zz%",
    "semicolon": "?a=1;b=2",
    "ampersands": "?&&a=1&&",
    "equals": "?a=b=c",
    "bad-utf8": "?a=%ff",
    "null": "?a=%00",
    "question": "?a=?&b=/",
    "brackets": "?a[]=1&a[]=2&b[c]=d",
    "fragment": "?a=1%23x",
}
HEADERS = {
    "none": {},
    "agent": {"User-Agent": "Parity/1.0"},
    "accept": {"Accept": "text/html;q=0.5, application/json", "Accept-Language": "de, en;q=0.5"},
    "accept-bad": {"Accept": ";;q=x,,"},
    "custom": {"X-Custom": "value"},
    "custom-latin": {"X-Custom": "\xfc"},
    "basic": {"Authorization": "Basic dXNlcjpwYXNz"},
    "basic-bad": {"Authorization": "Basic !!!"},
    "bearer": {"Authorization": "Bearer token=="},
    "bearer-empty": {"Authorization": "Bearer"},
    "digest": {"Authorization": 'Digest username="u", realm="r"'},
    "referrer": {"Referer": "http://example.org/"},
    "range": {"Range": "bytes=0-5"},
    "dates": {"If-Modified-Since": "Mon, 01 Jan 2001 00:00:00 GMT", "Date": "garbage"},
    "etags": {"If-None-Match": '"a", W/"b"'},
    "cache": {"Cache-Control": "no-cache, max-age=5", "Pragma": "no-cache"},
    "origin": {"Origin": "null"},
    "forwarded": {"X-Forwarded-For": "1.2.3.4, 5.6.7.8", "X-Forwarded-Proto": "https"},
    "forwards": {"Max-Forwards": "5"},
    "xhr": {"X-Requested-With": "XMLHttpRequest"},
    "type": {"Content-Type": "text/plain; charset=utf-8"},
    "length": {"Content-Length": "0"},
}
COOKIES = {
    "none": None,
    "one": "a=1",
    "two": "a=1; b=2",
    "repeated": "a=1; a=2",
    "no-space": "a=1;b=2",
    "quoted": 'a="x y"',
    "escaped": r'a="\303\274\"x"',
    "nameless": "=x; a=1",
    "valueless": "a; b=1",
    "equals": "a=b=c",
    "latin": "a=\xfc",
    "utf8": "a=" + "ü".encode().decode("latin-1"),
    "garbage": ";;;=;,a=,",
    "long": "a=" + "x" * 9000,
    "comma": "a=1, b=2",
    "dollar": "$Version=1; a=1",
}
BUILD_REQUESTS = (
    {f"args-{name}": get("/args" + query) for name, query in QUERIES.items()}
    | {
        "arg-required": get("/arg-required?a=1"),
        "arg-missing": get("/arg-required"),
        "form": post_form("/form", {"a": "1", "b": ["2", "3"], "ü": "☃"}),
        "form-empty": post("/form", "", FORM),
        "form-put": post("/form", "a=1", FORM, method="PUT"),
        "form-get": post("/form?q=1", "a=1", FORM, method="GET"),
        "form-delete": post("/form", "a=1", FORM, method="DELETE"),
        "form-charset": post("/form", b"a=%FC&b=\xfc", FORM + "; charset=latin-1"),
        "form-upper": post("/form", "a=1", FORM.upper()),
        "form-query": post_form("/form?a=0&c=9", {"a": "1"}),
        "form-plain": post("/form", "a=1", "text/plain"),
        "form-untyped": post("/form", "a=1"),
        "form-typed-nothing": ask("POST", "/form", {"Content-Type": FORM}),
        "form-plus": post("/form", "a=x+y&b=%2B&c", FORM),
        "form-bad-utf8": post("/form", b"a=\xff\xfe&%ff=%fe", FORM),
        "form-xml": post("/form", "<a/>", "application/xml; charset=utf-8; x=y"),
        "form-required": post_form("/form-required", {"name": "ann"}),
        "form-missing": post_form("/form-required", {"other": "x"}),
        "form-parts": post_parts("/form", ("a", "1"), ("b", "ü☃"), ("a", "2")),
        "form-parts-file": post_parts("/form", ("a", "1"), ("f", "content", "f.txt", "text/plain")),
        "form-long": post_form("/form", {"a": "x" * 100_000}),
        "files": post_parts(
            "/files",
            ("title", "two"),
            ("upload", b"\x00\xff\r\n--x", "a b.bin", "application/x-bin"),
            ("upload", "", "empty.txt", "text/plain"),
            ("other", "ü", "ünï.txt", "text/plain; charset=utf-8"),
        ),
        "files-none": post_parts("/files", ("a", "1")),
        "files-unnamed": post_parts("/files", ("upload", "", "", "application/octet-stream")),
        "files-path": post_parts("/files", ("upload", "x", "../../etc/passwd", "text/plain")),
        "files-backslash": post_parts("/files", ("upload", "x", r"C:\dir\f.txt", "text/plain")),
        "files-quotes": post_parts("/files", ("upload", "x", r"a\"b.txt", "text/plain")),
        "files-large": post_parts("/files", ("upload", "x" * 600_000, "big", "text/plain")),
        "file-required": post_parts("/file-required", ("upload", "x", "f", "text/plain")),
        "file-missing": post_parts("/file-required", ("a", "1")),
        "file-as-field": post_form("/file-required", {"upload": "f.txt"}),
        "file-json": post_json("/file-required", {"upload": 1}),
        "stream": post("/stream", "hello world", "text/plain"),
        "stream-empty": post("/stream"),
        "stream-form": post("/stream", "a=1&b=2", FORM),
        "no-read": post("/no-read", "x" * 1000, "text/plain"),
        "data": post("/data", "text ü", "text/plain"),
        "data-form": post("/data", "a=1", FORM),
        "data-none": get("/data"),
        "data-parsed": post("/data-parsed", "a=1", FORM),
        "data-parsed-text": post("/data-parsed", "a=1", "text/plain"),
        "data-short": post("/data", "12345", "text/plain", headers={"Content-Length": "3"}),
        "json-get": get("/json"),
        "json-silent-get": get("/json-silent"),
        "json-force-get": get("/json-force"),
        "json-utf16": post("/json", json.dumps("ü").encode("utf-16"), "application/json"),
        "json-latin": post("/json", '"ü"'.encode("latin-1"), "application/json"),
        "json-both": post("/json-both", "{", "application/json"),
        "json-both-good": post("/json-both", "{}", "application/json"),
        "json-both-text": post("/json-both", "{}", "text/plain"),
    }
    | {
        f"json-{name}": post("/json", body, "application/json")
        for name, body in JSON_VALUES.items()
    }
    | {
        f"json-{kind}-{name}": post(f"/json-{kind}", body, "application/json")
        for kind in ("silent", "force")
        for name, body in JSON_VALUES.items()
        if name in ("object", "empty", "broken", "null")
    }
    | {
        f"{path}-type-{name}": post(f"/{path}", "[1]", type_)
        for path in ("json", "get-json", "json-silent", "json-force")
        for name, type_ in JSON_TYPES.items()
    }
    | {f"headers-{name}": get("/headers", value) for name, value in HEADERS.items()}
    | {
        f"cookies-{name}": get("/cookies", {} if value is None else {"Cookie": value})
        for name, value in COOKIES.items()
    }
    | {
        "where": get("/where"),
        "where-query": get("/where?a=1&b=%C3%BC"),
        "where-args": get("/where/5/a/b%20c?x=y"),
        "where-mounted": get("/where", script="/mount"),
        "where-mounted-unicode": get("/where", script="/mount/x"),
        "where-https": get("/where", scheme="https", host="example.org"),
        "where-port": get("/where", host="example.org:8080"),
        "where-default-port": get("/where", host="example.org:80"),
        "where-https-80": get("/where", scheme="https", host="example.org:80"),
        "where-idn": get("/where", host="xn--nxasmq6b.example"),
        "where-ipv6": get("/where", host="[::1]:5000", environ={"SERVER_NAME": "::1"}),
        "where-upper": get("/where", host="EXAMPLE.org"),
        "where-no-host": get("/where", environ={"HTTP_HOST": None}),
        "where-forwarded": get("/where", {"X-Forwarded-Host": "evil.test"}),
        "where-blueprint": get("/outer/"),
        "where-nested": get("/outer/inner/x"),
        "where-again": get("/again/inner/x"),
        "where-missing": get("/outer/nope/at/all"),
        "where-method": ask("POST", "/where"),
        "where-unix": get("/where", environ={"SERVER_PORT": None, "SERVER_NAME": "unix"}),
        "where-threaded": get("/where", environ={"wsgi.multithread": True}),
        "lowered-fits": post("/lowered", "a=1", FORM),
        "lowered-large": post("/lowered", "a=123456789", FORM),
        "lowered-parts": post_parts("/lowered", ("a", "1"), ("b", "2")),
    }
)

TEN = "0123456789"
LIMITED = {
    "data-at": post("/data", TEN, "text/plain"),
    "data-over": post("/data", TEN + "x", "text/plain"),
    "form-over": post("/form", "a=" + TEN, FORM),
    "json-over": post("/json", '"' + TEN + '"', "application/json"),
    "json-silent-over": post("/json-silent", '"' + TEN + '"', "application/json"),
    "parts-over": post_parts("/form", ("a", TEN)),
    "stream-over": post("/stream", TEN + "x", "text/plain"),
    "unread-over": post("/no-read", TEN + "x", "text/plain"),
    "get-over": post("/where", TEN + "x", "text/plain", method="GET"),
    "said-too-long": post("/data", "x", "text/plain", headers={"Content-Length": "11"}),
    "where": get("/where"),
}
FORM_LIMITED = {
    "urlencoded": post_form("/form", {"a": "x" * 200}),
    "part-at": post_parts("/form", ("a", "x" * 100)),
    "part-over": post_parts("/form", ("a", "x" * 101)),
    "parts-sum-over": post_parts("/form", ("a", "x" * 60), ("b", "x" * 60)),
    "file-over": post_parts("/files", ("f", "x" * 500, "f", "text/plain")),
    "json": post_json("/json", "x" * 500),
    "where": get("/where"),
}
PART_LIMITED = {
    "at": post_parts("/form", ("a", "1"), ("b", "2")),
    "over": post_parts("/form", ("a", "1"), ("b", "2"), ("c", "3")),
    "files-over": post_parts("/files", *[("f", "x", "f", "text/plain")] * 3),
    "urlencoded": post_form("/form", {"a": "1", "b": "2", "c": "3"}),
}
DEBUG_CASES = {
    "arg-missing": get("/arg-required"),
    "form-missing": post_form("/form-required", {"a": "b"}),
    "file-missing": post_parts("/file-required", ("a", "1")),
    "file-as-field": post_form("/file-required", {"upload": "f.txt"}),
    "file-as-field-twice": post("/file-required", "upload=a&upload=b", FORM),
    "file-other-field": post_form("/file-required", {"a": "f.txt"}),
    "file-json": post_json("/file-required", {"upload": 1}),
    "json-broken": post("/json", "{", "application/json"),
    "json-type": post("/json", "{}", "text/plain"),
    "over": post("/data", TEN * 2, "text/plain"),
}

ALL = [
    *cases(build_requests, BUILD_REQUESTS),
    *cases(configured(build_requests, MAX_CONTENT_LENGTH=10), LIMITED),
    *cases(configured(build_requests, MAX_FORM_MEMORY_SIZE=100), FORM_LIMITED),
    *cases(configured(build_requests, MAX_FORM_MEMORY_SIZE=None), FORM_LIMITED),
    *cases(configured(build_requests, MAX_FORM_PARTS=2), PART_LIMITED),
    *cases(configured(build_requests, DEBUG=True), DEBUG_CASES),
    *cases(configured(build_requests, TRAP_BAD_REQUEST_ERRORS=True), DEBUG_CASES),
    *cases(configured(build_requests, DEBUG=True, TRAP_BAD_REQUEST_ERRORS=False), DEBUG_CASES),
    *cases(
        build_request_class,
        {
            "json": post_json("/json", [1]),
            "json-broken": post("/json", "{", "application/json"),
            "json-type": post("/json", "{}", "text/plain"),
            "parts": post_parts("/form", ("a", "1"), ("b", "2"), ("c", "3")),
            "part": post("/form", multipart(("a", "1")), MULTIPART),
        },
    ),
]


@pytest.mark.parametrize(("build", "requests", "case_id"), ALL)
def test_requests(build, requests, case_id):
    """A view sees of a request exactly what it sees under Flask."""
    compare(build, requests, case_id)


def test_requests_on_one_app():
    """Nothing of one request is seen by the next."""
    compare_on_one_app(ALL)


def assigned(fw, get_object, name):
    """Whether an attribute can be assigned, unread and read, and is what was assigned then."""
    found = []
    for is_read_before in (False, True):
        thing, value = get_object(), object()
        try:
            if is_read_before:
                getattr(thing, name)
            setattr(thing, name, value)
        except AttributeError as error:
            found.append(type(error).__name__)
        else:
            found.append(getattr(thing, name) is value)
    return found


def of_request(name):
    def probe(fw):
        app = make_app(fw)
        environ = {"path": "/p?q=1", "method": "POST", "data": {"field": "value"}}
        with app.app_context():
            return assigned(fw, lambda: app.test_request_context(**environ).request, name)

    return probe


def of_response(name):
    return lambda fw: assigned(fw, lambda: fw.Response("text"), name)


def public(kind):
    return [name for name in dir(kind) if not name.startswith("_")]


@pytest.mark.parametrize("probe", probes({n: of_request(n) for n in public(WerkzeugRequest)}))
def test_assigned_attributes_of_requests(probe):
    """What an extension may put in the place of a request's attribute is what is read then."""
    same(probe)


@pytest.mark.parametrize("probe", probes({n: of_response(n) for n in public(WerkzeugResponse)}))
def test_assigned_attributes_of_responses(probe):
    """The same of a response."""
    same(probe)
