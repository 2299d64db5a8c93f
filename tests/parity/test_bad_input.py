"""Hostile and broken requests: each gets the status it deserves, and nothing ever escapes.

A row is the status Bolthead must answer and the request. Where Flask does not err the whole answer
must be Flask's; where it does, the row is listed in ``differences.py``.
"""

import gzip
import zlib
from base64 import urlsafe_b64encode

import pytest

from parity.differences import known_difference
from parity.harness import (
    BOUNDARY,
    FLASK,
    MULTIPART,
    SUBJECT,
    ask,
    check_difference,
    get,
    head,
    made,
    make_app,
    multipart,
    not_over_asgi,
    not_over_http,
    offer,
    post,
    post_parts,
    signed,
    skip_if_refused,
    talk,
    tell,
    tree,
    within_one_second,
)

ROOT = tree(
    {
        "static/file.txt": "abcdefghijklmnopqrstuvwxyz",
        "secret.txt": "secret",
        "static_evil.txt": "sibling",
        "templates/page.html": "{{ request.path }} {{ request.args }} {{ value }}",
    }
)
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
STATIC = "/static/file.txt"


def build(fw):
    app = make_app(fw, ROOT)
    request = fw.request

    @app.route("/", methods=["GET", "POST"])
    def index():
        return "index"

    @app.route("/seen", methods=["GET", "POST"])
    def seen():
        return [
            request.path,
            request.full_path,
            request.url,
            request.base_url,
            request.host_url,
            request.root_url,
            request.query_string.decode("latin-1"),
            sorted(request.args.items(multi=True)),
            sorted(request.cookies.items(multi=True)),
            sorted(request.headers.items()),
            str(request.user_agent),
            str(request.accept_mimetypes),
            str(request.accept_languages),
            repr(request.authorization and request.authorization.type),
            repr(request.if_modified_since),
            repr(request.if_none_match.to_header()),
            repr(str(request.range)),
            repr(request.content_length),
            repr(request.mimetype),
            repr(request.cache_control.max_age),
            repr(request.max_forwards),
            repr(request.date),
            repr(request.access_route),
        ]

    @app.route("/url")
    def url():
        return f"{request.url} {request.host_url} {fw.url_for('index', _external=True)}"

    @app.route("/args")
    def args():
        number = request.args.get("n", type=int)
        return f"{sorted(request.args.items())!a} {number} {request.args.get('f', type=float)}"

    @app.route("/required")
    def required():
        return request.args["required"]

    @app.route("/form", methods=["GET", "POST", "PUT"])
    def form():
        files = [[key, file.filename, len(file.read())] for key, file in request.files.items()]
        return [[[key, len(value)] for key, value in request.form.items(multi=True)], files]

    @app.route("/form-required", methods=["POST"])
    def form_required():
        return request.form["required"] + request.files["file"].filename

    @app.route("/json", methods=["GET", "POST"])
    def json():
        return [type(request.get_json()).__name__]

    @app.route("/json-silent", methods=["GET", "POST"])
    def json_silent():
        return [type(request.get_json(silent=True)).__name__]

    @app.route("/json-force", methods=["GET", "POST"])
    def json_force():
        return [type(request.get_json(force=True)).__name__]

    @app.route("/json-echo", methods=["POST"])
    def json_echo():
        return fw.jsonify(request.get_json())

    @app.route("/json-url", methods=["POST"])
    def json_url():
        return fw.url_for("index", v=request.get_json(), _anchor=request.get_json())

    @app.route("/data", methods=["GET", "POST"])
    def data():
        return str(len(request.get_data()))

    @app.route("/session")
    def session():
        return f"{sorted(map(str, fw.session))} {fw.get_flashed_messages()}"

    @app.route("/session-write")
    def session_write():
        fw.session["written"] = 1
        return "written"

    @app.route("/int/<int:n>")
    def integer(n):
        return str(n % 1000)

    @app.route("/float/<float:f>")
    def floating(f):
        return str(f)

    @app.route("/string/<text>")
    def string(text):
        return text.encode("utf-8", "backslashreplace")

    @app.route("/path/<path:rest>")
    def path(rest):
        return str(len(rest))

    @app.route("/uuid/<uuid:u>")
    def uuid(u):
        return str(u)

    @app.route("/slash/")
    def slash():
        return "slash"

    @app.route("/files/<path:name>")
    def files(name):
        return fw.send_from_directory("static", name)

    @app.route("/template")
    def template():
        return fw.render_template("page.html", value=request.args.get("v", ""))

    @app.route("/redirect")
    def redirect():
        return fw.redirect(request.args.get("to", "/"))

    @app.route("/header")
    def header():
        return "x", {"X-Echo": request.args.get("v", "")}

    @app.route("/cookie")
    def cookie():
        response = fw.make_response("x")
        response.set_cookie("echo", request.args.get("v", ""))
        return response

    @app.route("/download")
    def download():
        return fw.send_file(
            ROOT / "static" / "file.txt",
            as_attachment=True,
            download_name=request.args.get("v", "x"),
        )

    @app.route("/etag")
    def etag():
        response = fw.Response("content")
        response.set_etag("tag")
        return response.make_conditional(request, accept_ranges=True, complete_length=7)

    @app.errorhandler(418)
    def teapot(error):
        return "teapot", 418

    @app.route("/url-for")
    def address():
        return fw.url_for("slash")

    return app


def build_limited(fw):
    app = build(fw)
    app.config.update(MAX_CONTENT_LENGTH=1000, MAX_FORM_MEMORY_SIZE=200, MAX_FORM_PARTS=5)
    return app


def build_trusted(fw):
    app = build(fw)
    app.config.update(TRUSTED_HOSTS=["localhost", ".good.test"])
    return app


def build_named(fw):
    app = make_app(fw, subdomain_matching=True, config={"SERVER_NAME": "example.test"})
    app.add_url_rule("/", "index", lambda: fw.request.host)
    app.add_url_rule("/", "sub", lambda sub: sub, subdomain="<sub>")
    return app


def raw(text):
    """Bytes as a server hands them over: one character per byte."""
    return text.encode("utf-8", "surrogatepass").decode("latin-1")


def environ(**values):
    return {"environ": values}


def part(head_, content="x"):
    return f"--{BOUNDARY}\r\n{head_}\r\n\r\n{content}\r\n"


END = f"--{BOUNDARY}--\r\n"
DISPOSITION = 'Content-Disposition: form-data; name="a"'


def cookie(payload, **options):
    return {"Cookie": lambda before: f"session={signed(payload, **options)}"}


def zipped(content):
    return b"." + urlsafe_b64encode(zlib.compress(content)).rstrip(b"=")


def based(content):
    return urlsafe_b64encode(content).rstrip(b"=")


PATHS = {
    "not-utf8": (404, get("/%ff%fe")),
    "not-utf8-string": (200, get("/string/%ff%fe")),
    "not-utf8-int": (404, get("/int/%ff")),
    "not-utf8-slash": (404, get("/slash%ff")),
    "overlong": (200, get("/string/%c0%af")),
    "surrogate": (200, get("/string/%ed%a0%80")),
    "cut-utf8": (200, get("/string/%e2%98")),
    "null": (200, get("/string/%00")),
    "null-path": (404, get("/%00")),
    "null-static": (404, get("/static/file.txt%00")),
    "null-middle-static": (404, get("/static/%00file.txt")),
    "null-directory": (404, get("/files/a%00b")),
    "newline": (404, get("/slash%0d%0aX-Evil:%201")),
    "newline-string": (200, get("/string/a%0d%0ab")),
    "control": (200, get("/string/%01%02%7f")),
    "percent-garbage": (200, get("/string/%zz%", environ={"PATH_INFO": "/string/%zz%"})),
    "percent-twice": (200, get("/string/%2525")),
    "dots": (404, get("/../../../etc/passwd")),
    "dots-encoded": (404, get("/static/%2e%2e/%2e%2e/secret.txt")),
    "dots-twice-encoded": (404, get("/static/%252e%252e/secret.txt")),
    "dots-files": (404, get("/files/../secret.txt")),
    "dots-overlong": (404, get("/files/%c0%ae%c0%ae/secret.txt")),
    "dots-sibling": (404, get("/files/../static_evil.txt")),
    "backslash": (404, get("/files/..%5c..%5csecret.txt")),
    "absolute": (308, get("/files//etc/passwd")),
    "drive": (404, get("/files/C:/windows")),
    "unc": (404, get("/files/%5c%5cserver%5cshare")),
    "device": (404, get("/files/CON")),
    "tilde": (404, get("/files/~root")),
    "long-name": (404, get("/files/" + "x" * 5000)),
    "long-static": (404, get("/static/" + "x/" * 3000)),
    "long": (404, get("/" + "x" * 60_000)),
    "long-path": (200, get("/path/" + "a/" * 20_000)),
    "many-slashes": (200, get("/" * 3000)),
    "slashes-evil": (404, get("//evil.test/slash")),
    "slashes-evil-slash": (404, get("//evil.test//slash")),
    "int-huge": (200, get("/int/" + "9" * 4000)),
    "int-too-huge": (404, get("/int/" + "9" * 6000)),
    "int-arabic": (200, get("/int/%D9%A1")),
    "float-huge": (200, get("/float/" + "9" * 400 + ".0")),
    "float-nan": (404, get("/float/nan")),
    "uuid-bad": (404, get("/uuid/zzzzzzzz-zzzz-zzzz-zzzz-zzzzzzzzzzzz")),
    "empty": (308, get("", environ={"PATH_INFO": ""})),
    "no-path-info": (200, get("/", environ={"PATH_INFO": None})),
    "no-leading-slash": (200, get("/", environ={"PATH_INFO": "seen"})),
    "full-url": (404, get("/", environ={"PATH_INFO": "http://evil.test/seen"})),
    "star": (404, ask("OPTIONS", "/", environ={"PATH_INFO": "*"})),
    "semicolon": (404, get("/seen;x=1")),
    "at": (404, get("/", environ={"PATH_INFO": "@evil.test/seen"})),
    "script-name": (200, get("/url", script="/a b")),
    "script-not-utf8": (200, get("/url", environ={"SCRIPT_NAME": "/\xff"})),
    "bidi": (200, get("/string/%E2%80%AE")),
    "replacement": (200, get("/string/%EF%BF%BD")),
}
QUERIES = {
    "raw-not-utf8": (200, get("/args", environ={"QUERY_STRING": "a=\xff\xfe"})),
    "raw-not-utf8-seen": (200, get("/seen", environ={"QUERY_STRING": "a=\xff\xfe"})),
    "raw-not-utf8-url": (200, get("/url", environ={"QUERY_STRING": "\xff"})),
    "raw-not-utf8-redirect": (308, get("/slash", environ={"QUERY_STRING": "a=\xff"})),
    "raw-not-utf8-template": (200, get("/template", environ={"QUERY_STRING": "v=\xff"})),
    "encoded-not-utf8": (200, get("/args?a=%ff&%fe=b")),
    "encoded-not-utf8-seen": (200, get("/seen?a=%ff")),
    "percent": (200, get("/seen?a=%&b=%z&%%%")),
    "null": (200, get("/seen?a=%00")),
    "raw-null": (200, get("/seen", environ={"QUERY_STRING": "a=\x00b"})),
    "newline": (200, get("/seen?a=%0d%0ab")),
    "raw-newline": (200, get("/url", environ={"QUERY_STRING": "a\r\nX: y"})),
    "raw-newline-redirect": (308, get("/slash", environ={"QUERY_STRING": "a\r\nX: y"})),
    "surrogate": (200, get("/seen?a=%ed%a0%80")),
    "surrogate-template": (200, get("/template?v=%ed%a0%80")),
    "many": (200, get("/args?" + "a=1&" * 5000)),
    "many-names": (200, get("/args?" + "&".join(f"k{n}=" for n in range(5000)))),
    "long": (200, get("/args?a=" + "x" * 100_000)),
    "int-huge": (200, get("/args?n=" + "9" * 6000)),
    "int-text": (200, get("/args?n=x")),
    "float-nan": (200, get("/args?f=nan")),
    "float-huge": (200, get("/args?f=1e999")),
    "missing": (400, get("/required")),
    "missing-similar": (400, get("/required?Required=1")),
    "none": (200, get("/seen", environ={"QUERY_STRING": None})),
    "html": (200, get("/template?v=<script>alert(1)</script>")),
    "template": (200, get("/template?v={{7*7}}")),
    "ampersands": (200, get("/args?" + "&" * 10_000)),
}
HEADERS = {
    "not-utf8": (200, get("/seen", {"X-Any": "\xff\xfe"})),
    "null": (200, get("/seen", {"X-Any": "a\x00b"})),
    "newline": (200, get("/seen", {"X-Any": "a\r\nX-Evil: 1"})),
    "long": (200, get("/seen", {"X-Any": "x" * 100_000})),
    "empty": (200, get("/seen", {"X-Any": ""})),
    "agent": (200, get("/seen", {"User-Agent": "\xff" * 500})),
    "accept-garbage": (200, get("/seen", {"Accept": "///;;q=q,,=,\xff;q=2"})),
    "accept-many": (200, get("/seen", {"Accept": "a/b;q=0.1," * 3000})),
    "accept-quality": (200, get("/seen", {"Accept": "a/b;q=" + "9" * 400})),
    "accept-quality-nan": (200, get("/seen", {"Accept": "a/b;q=nan, c/d;q=inf"})),
    "languages": (200, get("/seen", {"Accept-Language": "*,,-;q=,;" * 50})),
    "authorization": (200, get("/seen", {"Authorization": "\xff"})),
    "basic-garbage": (200, get("/seen", {"Authorization": "Basic \xff\xfe"})),
    "basic-not-utf8": (200, get("/seen", {"Authorization": "Basic //79"})),
    "basic-no-colon": (200, get("/seen", {"Authorization": "Basic YWJj"})),
    "digest-garbage": (200, get("/seen", {"Authorization": 'Digest ",=",=,,"'})),
    "forwarded": (200, get("/seen", {"X-Forwarded-For": ",,,\xff" * 100})),
    "cache": (200, get("/seen", {"Cache-Control": "max-age=x, =,,\xff"})),
    "cache-huge": (200, get("/seen", {"Cache-Control": "max-age=" + "9" * 6000})),
    "forwards": (200, get("/seen", {"Max-Forwards": "x"})),
    "forwards-huge": (200, get("/seen", {"Max-Forwards": "9" * 6000})),
    "date": (200, get("/seen", {"Date": "\xff"})),
    "date-huge": (200, get("/seen", {"Date": "Sat, 01 Jan 99999999999999999999 00:00:00 GMT"})),
    "override": (200, post("/", "", headers={"X-HTTP-Method-Override": "DELETE"})),
    "type-garbage": (200, get("/seen", {"Content-Type": ";;;=\xff"})),
    "type-long": (200, get("/seen", {"Content-Type": "a/b" + ";a=b" * 5000})),
    "type-charset": (200, post("/data", "x", "text/plain; charset=nothing")),
    "encoding": (400, post("/json", gzip.compress(b"{}", mtime=0), JSON)),
    "encoding-said": (
        400,
        post("/json", gzip.compress(b"{}", mtime=0), JSON, headers={"Content-Encoding": "gzip"}),
    ),
    "expect": (200, post("/data", "x", headers={"Expect": "nothing"})),
    "upgrade": (400, get("/", {"Upgrade": "websocket", "Connection": "upgrade"})),
    "md5": (200, post("/data", "x", headers={"Content-MD5": "\xff"})),
}
CONDITIONS = {
    f"{name}-{place.strip('/').split('/')[0]}": (status, get(place, {header: value}))
    for place in (STATIC, "/etag")
    for name, (status, header, value) in {
        "modified-garbage": (200, "If-Modified-Since", "\xff garbage"),
        "modified-year": (
            200,
            "If-Modified-Since",
            "Sat, 01 Jan 99999999999999999999 00:00:00 GMT",
        ),
        "modified-zero": (200, "If-Modified-Since", "Sat, 00 Jan 0000 00:00:00 GMT"),
        "modified-zone": (200, "If-Modified-Since", "Sat, 01 Jan 2000 00:00:00 +9999999999"),
        "modified-hours": (200, "If-Modified-Since", "Sat, 01 Jan 2000 99:99:99 GMT"),
        "unmodified-year": (200, "If-Unmodified-Since", "Sat, 01 Jan 999999999999 00:00:00 GMT"),
        "unmodified-garbage": (200, "If-Unmodified-Since", "x"),
        "if-range-year": (200, "If-Range", "Sat, 01 Jan 99999999999999999999 00:00:00 GMT"),
        "none-match-garbage": (200, "If-None-Match", '"\xff, W/W/"", ""'),
        "none-match-many": (200, "If-None-Match", '"a",' * 5000),
        "none-match-quotes": (200, "If-None-Match", '"' * 3000),
        "match-garbage": (412, "If-Match", "\xff\x00"),
        "match-empty": (200, "If-Match", ""),
        "range-garbage": (416, "Range", "\xff\xfe"),
        "range-words": (416, "Range", "bytes=a-b"),
        "range-empty": (416, "Range", "bytes="),
        "range-dash": (416, "Range", "bytes=-"),
        "range-minus": (416, "Range", "bytes=--5"),
        "range-reversed": (416, "Range", "bytes=9-2"),
        "range-huge": (206, "Range", "bytes=0-" + "9" * 50),
        "range-too-huge": (416, "Range", "bytes=" + "9" * 6000 + "-"),
        "range-beyond": (416, "Range", "bytes=1000-2000"),
        "range-many": (416, "Range", "bytes=" + ",".join(["0-0"] * 5000)),
        "range-ascending": (416, "Range", "bytes=" + ",".join(f"{n}-{n}" for n in range(3000))),
        "range-overlap": (416, "Range", "bytes=0-5,3-8"),
        "range-arabic": (416, "Range", "bytes=\xd9\xa1-\xd9\xa2"),
        "range-unit": (416, "Range", "=0-5"),
        "range-null": (416, "Range", "bytes=0-5\x00"),
        "range-suffix-zero": (416, "Range", "bytes=-0"),
        "range-suffix-huge": (416, "Range", "bytes=-" + "9" * 6000),
    }.items()
}
# Names which cannot be decoded; every other bad name is taken for an empty one.
HOST_STATUS = {"punycode-long": 400, "long": 400, "dot": 400}
HOSTS = {
    f"{name}{path}": (HOST_STATUS.get(name, status), get(path, environ={"HTTP_HOST": value}))
    for path, status in {"/": 200, "/url": 200, "/seen": 200, "/slash": 308}.items()
    for name, value in {
        "empty": "",
        "space": "a b",
        "slash": "evil.test/path",
        "question": "a?b",
        "at": "user@evil.test",
        "not-utf8": "\xff\xfe",
        "null": "a\x00b",
        "newline": "a\r\nX-Evil: 1",
        "port-text": "localhost:port",
        "port-huge": "localhost:999999999999",
        "port-empty": "localhost:",
        "port-twice": "a:1:2",
        "punycode": "xn--a",
        "punycode-long": "xn--" + "a" * 5000,
        "long": "a" * 5000,
        "labels": "a." * 3000,
        "two": "good.test,evil.test",
        "brackets": "[::1",
        "brackets-bad": "[zz]",
        "percent": "%31%32",
        "dot": ".",
        "underscore": "a_b.test",
        "html": "<script>",
        "hash": "a#b",
        "backslash": "a\\b",
    }.items()
}
METHODS = {
    "unknown": (405, ask("NOTHING", "/")),
    "lower": (200, ask("get", "/")),
    "empty": (405, ask("", "/")),
    "not-utf8": (405, ask("\xff", "/")),
    "null": (405, ask("GET\x00", "/")),
    "space": (405, ask("G ET", "/")),
    "long": (405, ask("X" * 10_000, "/")),
    "trace": (405, ask("TRACE", "/")),
    "connect": (405, ask("CONNECT", "/")),
    "html": (405, ask("<script>", "/")),
    "delete-static": (405, ask("DELETE", STATIC)),
    "post-slash": (404, post("/slash", "x", "text/plain")),
    "put-missing": (404, ask("PUT", "/nowhere")),
    "head-bad": (400, head("/required")),
}
LENGTHS = {
    f"{name}-{path.strip('/')}": (
        400 if path != "/" and name in ("huge", "long") else 200,
        post(
            path,
            "a=1",
            FORM if path == "/form" else "text/plain",
            headers={"Content-Length": value},
        ),
    )
    for path in ("/data", "/form", "/")
    for name, value in {
        "negative": "-1",
        "text": "abc",
        "empty": "",
        "float": "1.5",
        "plus": "+3",
        "spaces": " 3 ",
        "huge": "9" * 30,
        "too-huge": "9" * 6000,
        "hex": "0x3",
        "two": "3,3",
        "arabic": "\xd9\xa3",
        "underscore": "1_0",
        "short": "2",
        "long": "50",
        "zero": "0",
        "not-utf8": "\xff",
    }.items()
}
FORMS = {
    "not-utf8": (200, post("/form", b"a=\xff\xfe", FORM)),
    "encoded-not-utf8": (200, post("/form", "a=%ff", FORM)),
    "null": (200, post("/form", b"a=\x00&\x00=b", FORM)),
    "percent": (200, post("/form", "%%%=%zz", FORM)),
    "ampersands": (200, post("/form", "&" * 50_000, FORM)),
    "equals": (200, post("/form", "=" * 50_000, FORM)),
    "many": (200, post("/form", "a=1&" * 5000, FORM)),
    "binary": (200, post("/form", bytes(range(256)), FORM)),
    "charset": (200, post("/form", "a=1", FORM + "; charset=nothing")),
    "charset-utf7": (200, post("/form", "a=+ADw-", FORM + "; charset=utf-7")),
    "missing": (400, post("/form-required", "a=1", FORM)),
    "missing-file": (400, post("/form-required", "required=1", FORM)),
    "large": (200, post("/form", "a=" + "x" * 600_000, FORM)),
    "json-as-form": (200, post("/form", "{}", JSON)),
    "form-as-json": (415, post("/json", "a=1", FORM)),
    "type-parts": (200, post("/form", "a=1", f"{FORM}; boundary=x")),
    "type-case": (200, post("/form", "a=1", "Application/X-WWW-Form-URLEncoded")),
    "type-spaces": (200, post("/form", "a=1", f"  {FORM}  ;  ")),
    "type-two": (200, post("/form", "a=1", f"{FORM}, {JSON}")),
    "type-html": (200, post("/form", "a=1", "<script>")),
}
PARTS = {
    "no-boundary": (200, post("/form", multipart(("a", "1")), "multipart/form-data")),
    "empty-boundary": (200, post("/form", multipart(("a", "1")), "multipart/form-data; boundary=")),
    "other-boundary": (
        200,
        post("/form", multipart(("a", "1")), "multipart/form-data; boundary=x"),
    ),
    "boundary-quotes": (200, post("/form", "x", 'multipart/form-data; boundary="')),
    "boundary-not-utf8": (200, post("/form", "x", "multipart/form-data; boundary=\xff")),
    "boundary-null": (200, post("/form", "x", "multipart/form-data; boundary=a\x00b")),
    "boundary-long": (200, post("/form", "x", "multipart/form-data; boundary=" + "x" * 100_000)),
    "boundary-space": (200, post("/form", "x", 'multipart/form-data; boundary="a b "')),
    "boundary-newline": (200, post("/form", "x", 'multipart/form-data; boundary="a\r\nb"')),
    "boundary-regex": (200, post("/form", "x", 'multipart/form-data; boundary="(.*)+$["')),
    "empty": (200, post("/form", "", MULTIPART)),
    "no-body": (200, ask("POST", "/form", {"Content-Type": MULTIPART})),
    "get": (200, post("/form", multipart(("a", "1")), MULTIPART, method="GET")),
    "only-end": (200, post("/form", END, MULTIPART)),
    "only-start": (200, post("/form", f"--{BOUNDARY}", MULTIPART)),
    "no-end": (200, post("/form", part(DISPOSITION), MULTIPART)),
    "cut-content": (200, post("/form", part(DISPOSITION)[:-3], MULTIPART)),
    "cut-headers": (200, post("/form", f"--{BOUNDARY}\r\nContent-Dispo", MULTIPART)),
    "cut-boundary": (200, post("/form", part(DISPOSITION) + END[:8], MULTIPART)),
    "no-headers": (200, post("/form", f"--{BOUNDARY}\r\n\r\nx\r\n{END}", MULTIPART)),
    "no-disposition": (200, post("/form", part("X-Other: 1") + END, MULTIPART)),
    "no-name": (200, post("/form", part("Content-Disposition: form-data") + END, MULTIPART)),
    "empty-name": (
        200,
        post("/form", part('Content-Disposition: form-data; name=""') + END, MULTIPART),
    ),
    "no-colon": (200, post("/form", part("Content-Disposition") + END, MULTIPART)),
    "other-disposition": (
        200,
        post("/form", part('Content-Disposition: x; name="a"') + END, MULTIPART),
    ),
    "header-not-utf8": (
        200,
        post(
            "/form",
            b"--" + BOUNDARY.encode() + b'\r\nContent-Disposition: form-data; name="\xff"'
            b"\r\n\r\nx\r\n" + END.encode(),
            MULTIPART,
        ),
    ),
    "header-null": (200, post("/form", part(DISPOSITION + "\x00") + END, MULTIPART)),
    "header-long": (
        200,
        post("/form", part(DISPOSITION + "; x=" + "y" * 200_000) + END, MULTIPART),
    ),
    "headers-many": (200, post("/form", part(DISPOSITION + "\r\nX: y" * 5000) + END, MULTIPART)),
    "header-folded": (
        200,
        post("/form", part(DISPOSITION.replace("; ", ";\r\n ")) + END, MULTIPART),
    ),
    "params-many": (200, post("/form", part(DISPOSITION + "; a=b" * 5000) + END, MULTIPART)),
    "bare-newlines": (
        200,
        post("/form", (part(DISPOSITION) + END).replace("\r\n", "\n"), MULTIPART),
    ),
    "content-not-utf8": (200, post_parts("/form", ("a", b"\xff\xfe"))),
    "content-charset": (
        200,
        post(
            "/form",
            part(DISPOSITION + "\r\nContent-Type: text/plain; charset=nothing") + END,
            MULTIPART,
        ),
    ),
    "transfer-encoding": (
        200,
        post(
            "/form",
            part(DISPOSITION + "\r\nContent-Transfer-Encoding: base64", "!!") + END,
            MULTIPART,
        ),
    ),
    "part-length": (
        200,
        post("/form", part(DISPOSITION + '; filename="f"\r\nContent-Length: abc') + END, MULTIPART),
    ),
    "nested": (
        200,
        post("/form", part(DISPOSITION + f"\r\nContent-Type: {MULTIPART}") + END, MULTIPART),
    ),
    "preamble": (200, post("/form", "p" * 50_000 + "\r\n" + part(DISPOSITION) + END, MULTIPART)),
    "preamble-newlines": (200, post("/form", "\r\n" * 50_000 + part(DISPOSITION) + END, MULTIPART)),
    "epilogue": (200, post("/form", part(DISPOSITION) + END + "e" * 50_000, MULTIPART)),
    "many-parts": (200, post_parts("/form", *[("a", "1")] * 1000)),
    "too-many-parts": (413, post_parts("/form", *[("a", "1")] * 1001)),
    "too-many-files": (413, post_parts("/form", *[("a", "1", "f", "a/b")] * 1001)),
    "large-field": (413, post_parts("/form", ("a", "x" * 600_000))),
    "large-file": (200, post_parts("/form", ("a", "x" * 600_000, "f", "a/b"))),
    "carriage-returns": (200, post_parts("/form", ("a", "\r" * 300_000, "f", "a/b"))),
    "newlines": (200, post_parts("/form", ("a", "\r\n--" * 50_000, "f", "a/b"))),
    "file-traversal": (200, post_parts("/form", ("a", "x", "../../x\x00.py", "a/b"))),
    "file-extended": (
        200,
        post("/form", part(DISPOSITION + "; filename*=nothing'x'%ff%zz") + END, MULTIPART),
    ),
    "file-quotes": (200, post("/form", part(DISPOSITION + '; filename="a\\"b') + END, MULTIPART)),
    "continuation": (
        200,
        post("/form", part(DISPOSITION + '; filename*0="a"; filename*9="b"') + END, MULTIPART),
    ),
    "mixed": (200, post("/form", multipart(("a", "1")), MULTIPART.replace("form-data", "mixed"))),
    "missing-field": (400, post_parts("/form-required", ("a", "1"))),
    "missing-file": (400, post_parts("/form-required", ("required", "1"))),
}
JSON_BODIES = {
    f"{name}-{path.removeprefix('/')}": (
        200 if path == "/json-silent" else status,
        post(path, body, JSON),
    )
    for path in ("/json", "/json-silent", "/json-echo")
    for name, (status, body) in {
        "empty": (400, ""),
        "cut": (400, '{"a":'),
        "garbage": (400, "garbage"),
        "not-utf8": (400, b'"\xff"'),
        "latin": (400, '"ü"'.encode("latin-1")),
        "null": (400, b'"\x00"'),
        "nulls": (400, b"\x00\x00\x00\x00"),
        "bom": (200, b"\xef\xbb\xbf{}"),
        "utf16": (200, '"ü"'.encode("utf-16")),
        "utf32": (200, '"ü"'.encode("utf-32")),
        "utf16-cut": (400, b"\xff\xfe\x00"),
        "surrogate": (200, r'"\ud800"'),
        "raw-surrogate": (200, b'"\xed\xa0\x80"'),
        "surrogate-key": (200, r'{"\udfff": 1}'),
        "bad-escape": (400, r'"\x"'),
        "control": (400, b'"\x01"'),
        "deep-list": (400, "[" * 100_000),
        "deep-list-closed": (400, "[" * 100_000 + "]" * 100_000),
        "deep-object": (400, '{"a":' * 100_000),
        "deep-mixed": (400, '[{"a":' * 50_000),
        "int-huge": (400, "9" * 6000),
        "int-negative-huge": (400, "-" + "9" * 6000),
        "float-huge": (200, "1e99999"),
        "nan": (200, "NaN"),
        "trailing": (400, "{} x"),
        "two": (400, "{}{}"),
        "comma": (400, "[1,]"),
        "single": (400, "{'a': 1}"),
        "comment": (400, "/* x */ {}"),
        "form": (400, "a=1"),
        "html": (400, "<script>"),
        "duplicate": (200, '{"a": 1, "a": 2}'),
        "proto": (200, '{"__proto__": {"__class__": 1}}'),
        "long": (200, '"' + "x" * 500_000 + '"'),
        "many": (200, "[" + "1," * 50_000 + "1]"),
    }.items()
}
JSON_TYPES = {
    f"{name}-{path.removeprefix('/')}": (
        200 if path == "/json-force" else status,
        post(path, "{}", value),
    )
    for path in ("/json", "/json-force")
    for name, (status, value) in {
        "none": (415, None),
        "empty": (415, ""),
        "text": (415, "text/plain"),
        "form": (415, FORM),
        "html": (415, "text/html"),
        "not-quite": (415, "application/jsonp"),
        "suffix": (200, "application/x+json"),
        "suffix-text": (415, "text/x+json"),
        "charset": (200, JSON + "; charset=nothing"),
        "charset-utf16": (200, JSON + "; charset=utf-16"),
        "upper": (200, JSON.upper()),
        "garbage": (415, "\xff/\xfe"),
        "null": (415, JSON + "\x00"),
        "two": (415, f"{JSON}, text/html"),
        "parts": (415, MULTIPART),
    }.items()
}
COOKIES = {
    f"{name}{path}": (200, get(path, {"Cookie": value}))
    for path in ("/session", "/seen")
    for name, value in {
        "empty": "",
        "garbage": ";;;==\xff",
        "null": "session=\x00",
        "newline": "session=a\r\nX: y",
        "no-value": "session",
        "nameless": "=session",
        "unsigned": "session=e30",
        "dots": "session=...",
        "signature": "session=e30.x.y",
        "not-base64": "session=\xff.\xff.\xff",
        "timestamp": "session=e30.!!!!.abc",
        "none": "session=eyJhbGciOiJub25lIn0.e30.",
        "long": "session=" + "x" * 100_000,
        "many": "; ".join(f"c{n}=v" for n in range(3000)),
        "many-session": "; ".join(["session=x"] * 3000),
        "quotes": 'session="' + "\\" * 3000,
        "quoted": 'session="\\377\\376"',
        "octal": 'a="' + "\\101" * 3000 + '"',
        "not-utf8": "\xff=\xfe",
        "semicolons": ";" * 5000,
        "host-prefix": "=__Host-session=x",
    }.items()
}
SIGNED = {
    f"{name}{path}": (200, get(path, cookie(payload)))
    for path in ("/session", "/session-write", "/")
    for name, payload in {
        "list": [1],
        "string": "x",
        "number": 5,
        "null": None,
        "not-json": based(b"{"),
        "not-utf8": based(b"\xff\xfe"),
        "empty": b"",
        "not-base64": b"!!!!",
        "not-zlib": b"." + based(b"not zlib"),
        "empty-zlib": b".",
        "zlib-cut": zipped(b'{"a": 1}' * 50)[:-20],
        "zlib-list": zipped(b"[1]"),
        "tag-uuid": {"v": {" u": "not a uuid"}},
        "tag-uuid-number": {"v": {" u": 5}},
        "tag-date": {"v": {" d": "not a date"}},
        "tag-bytes": {"v": {" b": "!"}},
        "tag-bytes-number": {"v": {" b": 5}},
        "tag-tuple": {"v": {" t": 5}},
        "tag-markup": {"v": {" m": 5}},
        "tag-dict": {"v": {" di": 5}},
        "tag-top": {" t": [1]},
        "flashes-number": {"_flashes": 5},
        "flashes-text": {"_flashes": "text"},
        "flashes-short": {"_flashes": [["only one"]]},
        "flashes-null": {"_flashes": None},
        "permanent-text": {"_permanent": "yes"},
        "deep": based(b'{"a":' + b"[" * 50_000 + b"]" * 50_000 + b"}"),
        "int-huge": based(b'{"a":' + b"9" * 6000 + b"}"),
        "surrogate": {"v": "\ud800"},
        "surrogate-key": {"\ud800": 1},
    }.items()
} | {
    "old": (200, get("/session", cookie({"a": 1}, age=86400 * 400))),
    "future": (200, get("/session", cookie({"a": 1}, age=-86400))),
    "other-key": (200, get("/session", cookie({"a": 1}, key="other"))),
    "other-salt": (200, get("/session", cookie({"a": 1}, salt="other"))),
}
ECHOED = {
    f"{name}{path}": (302 if path == "/redirect?to" else 200, get(f"{path}={value}"))
    for path in ("/redirect?to", "/header?v", "/cookie?v", "/download?v", "/template?v")
    for name, value in {
        "newline": "a%0d%0aX-Evil:%201",
        "null": "a%00b",
        "not-utf8": "%ff%fe",
        "surrogate": "%ed%a0%80",
        "unicode": "%E2%98%83",
        "bracket": "http://[",
        "ports": "http://a:b:c",
        "idna": "http://%E2%84%80.com",
        "script": "javascript:alert(1)",
        "slashes": "//evil.test",
        "backslash": "/%5cevil.test",
        "control": "%01%7f",
        "long": "x" * 20_000,
        "percent": "%25%25zz",
        "empty": "",
    }.items()
    # A line break in a header that the app itself sets stays the app's error.
    if (name, path) != ("newline", "/header?v")
}
LIMITED = {
    "body-at": (200, post("/data", "x" * 1000, "text/plain")),
    "body-over": (413, post("/data", "x" * 1001, "text/plain")),
    "body-over-json": (413, post("/json", '"' + "x" * 1001 + '"', JSON)),
    "body-over-json-silent": (413, post("/json-silent", '"' + "x" * 1001 + '"', JSON)),
    "body-over-form": (413, post("/form", "a=" + "x" * 1001, FORM)),
    "body-over-parts": (413, post_parts("/form", ("a", "x" * 1001, "f", "a/b"))),
    "body-over-unread": (200, post("/", "x" * 1001, "text/plain")),
    "field-over": (413, post_parts("/form", ("a", "x" * 201))),
    "fields-over": (413, post_parts("/form", ("a", "x" * 150), ("b", "x" * 150))),
    "form-over": (200, post("/form", "a=" + "x" * 300, FORM)),
    "parts-at": (413, post_parts("/form", *[("a", "1")] * 5)),
    "parts-over": (413, post_parts("/form", *[("a", "1")] * 6)),
    "said-over": (413, post("/data", "x", "text/plain", headers={"Content-Length": "1001"})),
    "chunked-fits": (
        200,
        post(
            "/data",
            "x" * 900,
            "text/plain",
            **environ(CONTENT_LENGTH=None, **{"wsgi.input_terminated": True}),
        ),
    ),
    "chunked-over": (
        413,
        post(
            "/data",
            "x" * 5000,
            "text/plain",
            **environ(CONTENT_LENGTH=None, **{"wsgi.input_terminated": True}),
        ),
    ),
    "chunked-over-form": (
        413,
        post(
            "/form",
            "a=" + "x" * 5000,
            FORM,
            **environ(CONTENT_LENGTH=None, **{"wsgi.input_terminated": True}),
        ),
    ),
    "chunked-over-json": (
        413,
        post(
            "/json",
            "[" + "1," * 5000 + "1]",
            JSON,
            **environ(CONTENT_LENGTH=None, **{"wsgi.input_terminated": True}),
        ),
    ),
    "chunked-header": (
        200,
        post(
            "/data",
            "x" * 5000,
            "text/plain",
            **environ(CONTENT_LENGTH=None, HTTP_TRANSFER_ENCODING="chunked"),
        ),
    ),
}
TRUSTED = {
    f"{name}{path}": (
        status if name in ("good", "sub") else 400,
        get(path, environ={"HTTP_HOST": value}),
    )
    for path, status in {"/": 200, "/nowhere": 404, "/slash": 308}.items()
    for name, value in {
        "good": "localhost",
        "sub": "a.good.test",
        "evil": "evil.test",
        "suffix": "evilgood.test",
        "prefix": "good.test.evil.test",
        "at": "good.test@evil.test",
        "space": "good.test evil.test",
        "port": "localhost:x",
        "empty": "",
        "not-utf8": "\xff",
        "punycode": "xn--a",
        "dot": "localhost.",
        "null": "localhost\x00",
        "two": "localhost,evil.test",
    }.items()
}
NAMED = {
    name: (200, get("/", environ={"HTTP_HOST": value}))
    for name, value in {
        "good": "example.test",
        "sub": "a.example.test",
        "evil": "evil.test",
        "suffix": "evilexample.test",
        "dots": "..example.test",
        "not-utf8": "\xff.example.test",
        "punycode": "xn--a.example.test",
        "long": "a" * 3000 + ".example.test",
        "empty": "",
        "space": "a b.example.test",
        "port": "example.test:x",
        "ip": "127.0.0.1",
    }.items()
}
# Beyond limits that Flask has none of.
BEYOND = {
    "path": (200, get("/path/" + "a" * 70_000)),
    "query": (200, get("/args?" + "a&" * 10_001)),
    "fields": (200, post("/form", "a=1&" * 10_001, FORM)),
    "text": (200, post("/form", "a=" + "x" * 16_000_000, FORM)),
    "session": (200, get("/session", cookie(zipped(b'{"a": "' + b"x" * 70_000 + b'"}')))),
    "short": (
        200,
        post(
            "/data",
            "x" * 5,
            "text/plain",
            headers={"Content-Length": "500"},
            environ={"wsgi.input_terminated": True},
        ),
    ),
    "surrogate": (500, post("/json-url", r'"\ud800"', JSON)),
}
# Where the app is mounted, as a proxy's header says it through ProxyFix.
MOUNTS = {
    f"{name}-{kind}": (status, get(path, environ={"SCRIPT_NAME": value}))
    for kind, path, status in (("redirect", "/slash", 308), ("url", "/url-for", 200))
    for name, value in {
        "good": "/mounted",
        "slashes": "//evil.test",
        "backslash": "/\\evil.test",
        "newline": "/a\r\nX-Evil: 1",
        "word": "mounted",
        "accent": "/\xc3\xa9",
    }.items()
}
GROUPS = {
    "path": (build, PATHS),
    "query": (build, QUERIES),
    "header": (build, HEADERS),
    "condition": (build, CONDITIONS),
    "host": (build, HOSTS),
    "method": (build, METHODS),
    "length": (build, LENGTHS),
    "form": (build, FORMS),
    "parts": (build, PARTS),
    "json": (build, JSON_BODIES),
    "json-type": (build, JSON_TYPES),
    "cookie": (build, COOKIES),
    "signed": (build, SIGNED),
    "echoed": (build, ECHOED),
    "limited": (build_limited, LIMITED),
    "trusted": (build_trusted, TRUSTED),
    "named": (build_named, NAMED),
    "beyond": (build, BEYOND),
    "mount": (build, MOUNTS),
}
for build_app, _ in GROUPS.values():
    offer(build_app)
ROWS = [
    pytest.param(build_app, request, status, f"bad_input/{group}/{name}", id=f"{group}/{name}")
    for group, (build_app, rows) in GROUPS.items()
    for name, (status, request) in rows.items()
]


def check_harmless(answer):
    """Nothing escaped, no 5xx, no traceback in the body, no header that a server must refuse."""
    assert answer.escaped is None
    assert answer.code is not None
    assert answer.code < 500
    assert b"Traceback (most recent call last)" not in answer.body
    for name, value in answer.headers:
        assert not set(name + value) & set("\r\n"), (name, value)


@pytest.mark.parametrize(("build_app", "request_", "status", "case_id"), ROWS)
def test_bad_input(build_app, request_, status, case_id):
    """A bad request gets its status: Flask's whole answer, or better where Flask errs."""
    if why := not_over_asgi(case_id) or not_over_http(case_id, [request_]):
        pytest.skip(why)
    theirs, ours = within_one_second(
        lambda: tuple(talk(made(build_app, fw), [request_])[0] for fw in (FLASK, SUBJECT))
    )
    skip_if_refused(theirs, ours)
    if known := known_difference(case_id):
        check_difference(case_id, known, theirs, ours)
        if SUBJECT is not FLASK:
            check_harmless(ours)
        return
    assert theirs.code == status, f"{case_id}: Flask answers\n{theirs}"
    check_harmless(ours)
    assert theirs == ours, tell(case_id, "bad input", theirs, ours)


@pytest.mark.parametrize("group", GROUPS)
def test_good_request_after_bad_ones(group):
    """An app which has been asked all of a group still answers a good request."""
    build_app, rows = GROUPS[group]
    app = made(build_app, SUBJECT)
    for name, (_, request) in rows.items():
        if not not_over_http(f"bad_input/{group}/{name}", [request]):
            talk(app, [request])
    host = "example.test" if build_app is build_named else "localhost"
    (answer,) = talk(app, [get("/", host=host)])
    assert answer.code == 200
    assert answer.escaped is None
