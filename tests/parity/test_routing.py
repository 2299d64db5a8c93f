"""Parity of routing: converters, methods, slashes, hosts, subdomains and mounting."""

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
    options,
    post,
)


def shower(fw):
    """A view which shows how the request was routed."""

    def show(**args):
        rule = fw.request.url_rule
        return f"{fw.request.method} {fw.request.endpoint} {rule.rule} {sorted(args.items())!r}"

    return show


def build_routes(fw):
    app = make_app(fw)
    show = shower(fw)

    from werkzeug.routing import BaseConverter

    class ListConverter(BaseConverter):
        part_isolating = False
        regex = r"[^/]+(?:,[^/]+)*"

        def to_python(self, value):
            return value.split(",")

        def to_url(self, value):
            return ",".join(value)

    class EvenConverter(BaseConverter):
        regex = r"\d+"

        def to_python(self, value):
            from werkzeug.routing import ValidationError

            number = int(value)
            if number % 2:
                raise ValidationError
            return number

    app.url_map.converters["list"] = ListConverter
    app.url_map.converters["even"] = EvenConverter
    rules = {
        "index": "/",
        "string": "/string/<name>",
        "fixed": "/fixed/<string(length=3):name>",
        "bounded": "/bounded/<string(minlength=2, maxlength=4):name>",
        "int": "/int/<int:n>",
        "int_signed": "/signed/<int(signed=True):n>",
        "int_range": "/range/<int(min=3, max=9):n>",
        "int_digits": "/digits/<int(fixed_digits=3):n>",
        "float": "/float/<float:n>",
        "float_signed": "/fsigned/<float(signed=True):n>",
        "path": "/path/<path:rest>",
        "path_edit": "/path/<path:rest>/edit",
        "any": "/any/<any(red, green, 'light blue'):colour>",
        "uuid": "/uuid/<uuid:ident>",
        "list": "/list/<list:items>",
        "even": "/even/<even:n>",
        "two": "/two/<a>/<b>",
        "joined": "/joined/<a>-<b>.<ext>",
        "static_first": "/mixed/fixed",
        "dynamic": "/mixed/<name>",
        "dynamic_int": "/mixed/<int:n>",
        "branch": "/branch/",
        "leaf": "/leaf",
        "nested_branch": "/branch/<name>/",
        "unicode": "/ünï/<name>",
        "dotted": "/file.<ext>",
    }
    for endpoint, rule in rules.items():
        app.add_url_rule(rule, endpoint, show)
    app.add_url_rule("/loose", "loose", show, strict_slashes=False)
    app.add_url_rule("/loose-branch/", "loose_branch", show, strict_slashes=False)
    app.add_url_rule("/merge/a/b", "merge", show)
    app.add_url_rule("/nomerge/<path:rest>", "nomerge", show, merge_slashes=False)
    app.add_url_rule("/pages/", "pages", show, defaults={"page": 1})
    app.add_url_rule("/pages/<int:page>", "pages", show)
    app.add_url_rule("/const", "const", show, defaults={"extra": "x"})
    app.add_url_rule("/old/<int:n>", "old", show, redirect_to="int/<n>")
    app.add_url_rule("/older/<int:n>", "older", show, redirect_to=lambda adapter, n: f"int/{n + 1}")
    app.add_url_rule("/canonical", "aliased", show)
    app.add_url_rule("/alias", "aliased", show, alias=True)
    app.add_url_rule("/build-only", "build_only", show, build_only=True)
    app.add_url_rule("/ws", "ws", show, websocket=True)
    return app


BUILD_ROUTES = {
    "index": get("/"),
    "missing": get("/nothing/here"),
    "empty-path": get(""),
    "double-slash-root": get("//"),
    "string": get("/string/abc"),
    "string-encoded": get("/string/a%20b%2Bc"),
    "string-encoded-slash": get("/string/a%2Fb"),
    "string-unicode": get("/string/%E2%98%83"),
    "string-raw-unicode": get("/string/☃"),
    "string-empty": get("/string/"),
    "string-semicolon": get("/string/a;b=c"),
    "string-percent": get("/string/100%25"),
    "string-html": get("/string/%3Cscript%3E"),
    "string-trailing-slash": get("/string/abc/"),
    "fixed-right": get("/fixed/abc"),
    "fixed-wrong": get("/fixed/abcd"),
    "bounded-low": get("/bounded/a"),
    "bounded-right": get("/bounded/abc"),
    "bounded-high": get("/bounded/abcde"),
    "int": get("/int/42"),
    "int-zeros": get("/int/007"),
    "int-negative": get("/int/-1"),
    "int-text": get("/int/abc"),
    "int-huge": get("/int/" + "9" * 50),
    "int-unicode-digits": get("/int/%D9%A3"),
    "int-plus": get("/int/+5"),
    "int-signed": get("/signed/-5"),
    "int-signed-plain": get("/signed/5"),
    "int-range-low": get("/range/2"),
    "int-range-in": get("/range/3"),
    "int-range-high": get("/range/10"),
    "int-digits": get("/digits/007"),
    "int-digits-wrong": get("/digits/7"),
    "float": get("/float/1.5"),
    "float-integer": get("/float/1"),
    "float-zeros": get("/float/01.50"),
    "float-negative": get("/float/-1.5"),
    "float-signed": get("/fsigned/-1.5"),
    "float-exponent": get("/float/1e5"),
    "path": get("/path/a/b/c"),
    "path-one": get("/path/a"),
    "path-empty": get("/path/"),
    "path-edit": get("/path/a/b/edit"),
    "path-only-edit": get("/path/edit"),
    "path-dots": get("/path/../etc/passwd"),
    "path-double-slash": get("/path/a//b"),
    "path-double-slash-query": get("/path/a//b?x=1&y=%20"),
    "path-encoded-slash": get("/path/a%2Fb"),
    "path-trailing-slash": get("/path/a/"),
    "any": get("/any/red"),
    "any-quoted": get("/any/light%20blue"),
    "any-wrong": get("/any/blue"),
    "uuid": get("/uuid/12345678-1234-5678-1234-567812345678"),
    "uuid-upper": get("/uuid/ABCDEF12-1234-5678-1234-567812345678"),
    "uuid-wrong": get("/uuid/12345678"),
    "custom-list": get("/list/a,b,c"),
    "custom-one": get("/list/a"),
    "custom-validation": get("/even/4"),
    "custom-validation-fails": get("/even/5"),
    "two": get("/two/x/y"),
    "two-missing": get("/two/x"),
    "joined": get("/joined/a-b.txt"),
    "joined-greedy": get("/joined/a-b-c.d.txt"),
    "mixed-static": get("/mixed/fixed"),
    "mixed-int": get("/mixed/5"),
    "mixed-string": get("/mixed/five"),
    "branch": get("/branch/"),
    "branch-redirect": get("/branch"),
    "branch-redirect-query": get("/branch?a=1&b=x%20y&a=2"),
    "branch-redirect-post": post("/branch", "a=1", "application/x-www-form-urlencoded"),
    "branch-redirect-head": head("/branch"),
    "branch-redirect-https": get("/branch", scheme="https"),
    "branch-redirect-port": get("/branch", host="localhost:5000"),
    "branch-redirect-script": get("/branch", script="/mounted"),
    "branch-redirect-wrong-method": ask("DELETE", "/branch"),
    "branch-options": options("/branch"),
    "nested-branch-redirect": get("/branch/x%20y"),
    "nested-branch-unicode": get("/branch/%C3%BC?q=%C3%BC"),
    "leaf": get("/leaf"),
    "leaf-with-slash": get("/leaf/"),
    "loose": get("/loose"),
    "loose-with-slash": get("/loose/"),
    "loose-branch": get("/loose-branch/"),
    "loose-branch-without": get("/loose-branch"),
    "merge": get("/merge//a///b"),
    "merge-leading": get("//merge/a/b"),
    "merge-post": post("/merge//a/b", "x", "text/plain"),
    "nomerge": get("/nomerge/a//b"),
    "defaults": get("/pages/"),
    "defaults-redirect": get("/pages/1"),
    "defaults-redirect-query": get("/pages/1?x=1"),
    "defaults-other": get("/pages/2"),
    "defaults-constant": get("/const"),
    "redirect-to": get("/old/5"),
    "redirect-to-query": get("/old/5?a=b"),
    "redirect-to-function": get("/older/5"),
    "alias-redirects": get("/alias"),
    "canonical": get("/canonical"),
    "build-only": get("/build-only"),
    "websocket-rule": get("/ws"),
    "unicode-rule": get("/ünï/x"),
    "unicode-rule-encoded": get("/%C3%BCn%C3%AF/x"),
    "unicode-rule-slash": get("/ünï/x/"),
    "dotted": get("/file.txt"),
    "case-matters": get("/LEAF"),
    "query-only": get("/?a=1"),
    "question-marks": get("/string/a?b?c"),
    "null-byte": get("/string/%00"),
    "newline": get("/string/a%0Ab"),
    "tab": get("/string/a%09b"),
    "dot-segment": get("/./leaf"),
    "dot-dot": get("/a/../leaf"),
    "backslash": get("/string/a%5Cb"),
    "long": get("/string/" + "x" * 5000),
}


def build_methods(fw):
    app = make_app(fw)
    show = shower(fw)
    app.add_url_rule("/get", "get", show)
    app.add_url_rule("/post", "post", show, methods=["POST"])
    app.add_url_rule("/both", "both", show, methods=["GET", "POST"])
    app.add_url_rule("/lower", "lower", show, methods=["get", "put"])
    app.add_url_rule("/set", "set", show, methods={"PATCH"})
    app.add_url_rule("/none", "none", show, methods=[])
    app.add_url_rule("/custom", "custom", show, methods=["PURGE", "GET"])
    app.add_url_rule("/options", "options", show, methods=["GET", "OPTIONS"])
    app.add_url_rule("/no-auto", "no_auto", show, provide_automatic_options=False)
    app.add_url_rule("/auto", "auto", show, methods=["GET"], provide_automatic_options=True)
    app.add_url_rule("/split", "split_get", show, methods=["GET"])
    app.add_url_rule("/split", "split_post", show, methods=["POST"])
    app.add_url_rule("/split/<int:n>", "split_int", show, methods=["PUT"])
    app.add_url_rule("/split/<name>", "split_str", show, methods=["DELETE"])

    @app.get("/short")
    def short_get():
        return "get"

    @app.post("/short")
    def short_post():
        return "post"

    @app.put("/short")
    def short_put():
        return "put"

    @app.delete("/short")
    def short_delete():
        return "delete"

    @app.patch("/short")
    def short_patch():
        return "patch"

    def attributed():
        return fw.request.method

    attributed.methods = ["GET", "POST"]
    attributed.required_methods = ["PUT"]
    attributed.provide_automatic_options = False
    app.add_url_rule("/attributed", view_func=attributed)

    @app.route("/head", methods=["HEAD"])
    def only_head():
        return "never sent", {"X-Seen": "head"}

    app.add_url_rule("/later", endpoint="later")

    @app.endpoint("later")
    def later():
        return "later"

    @app.route("/one")
    @app.route("/other")
    def twice():
        return fw.request.path

    return app


METHODS = [
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "PURGE",
    "get",
]
METHOD_PATHS = [
    "/get",
    "/post",
    "/both",
    "/lower",
    "/set",
    "/none",
    "/custom",
    "/options",
    "/no-auto",
    "/auto",
    "/split",
    "/split/5",
    "/split/x",
    "/short",
    "/attributed",
    "/head",
    "/later",
    "/other",
]
BUILD_METHODS = {
    f"{method}{path}": ask(method, path)
    for path in METHOD_PATHS
    for method in METHODS
    if method in {"GET", "HEAD", "POST", "OPTIONS"} or path in {"/both", "/short", "/split/5"}
} | {
    "purge": ask("PURGE", "/custom"),
    "set": ask("PATCH", "/set"),
    "attributed-put": ask("PUT", "/attributed"),
    "missing-options": options("/missing"),
    "missing-post": post("/missing", "x", "text/plain"),
    "star": options("*"),
}


def build_loose_map(fw):
    app = make_app(fw)
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    for rule in ("/branch/", "/leaf", "/a/b", "/p/<path:rest>"):
        app.add_url_rule(rule, rule, shower(fw))
    return app


BUILD_LOOSE_MAP = {
    "branch": get("/branch"),
    "leaf": get("/leaf/"),
    "double": get("/a//b"),
    "path": get("/p/x//y"),
}


def build_hosts(fw):
    app = make_app(fw, host_matching=True, static_host="static.example", static_folder=None)
    show = shower(fw)
    app.add_url_rule("/", "one", show, host="one.example")
    app.add_url_rule("/", "two", show, host="two.example:8000")
    app.add_url_rule("/", "any", show, host="<name>.any.example")
    app.add_url_rule("/branch/", "branch", show, host="one.example")
    app.add_url_rule("/nohost", "nohost", show)
    return app


BUILD_HOSTS = {
    "one": get("/", host="one.example"),
    "one-upper": get("/", host="ONE.example"),
    "one-other-port": get("/", host="one.example:8000"),
    "one-default-port": get("/", host="one.example:80"),
    "one-https": get("/", host="one.example:443", scheme="https"),
    "two": get("/", host="two.example:8000"),
    "two-no-port": get("/", host="two.example"),
    "any": get("/", host="x.any.example"),
    "any-deep": get("/", host="x.y.any.example"),
    "unknown": get("/", host="three.example"),
    "branch": get("/branch?x=1", host="one.example"),
    "branch-wrong-host": get("/branch", host="two.example:8000"),
    "nohost": get("/nohost", host="one.example"),
    "post": post("/", "x", "text/plain", host="one.example"),
}


def build_subdomains(fw):
    app = make_app(fw, subdomain_matching=True, config={"SERVER_NAME": "example.test:8080"})
    show = shower(fw)
    app.add_url_rule("/", "root", show)
    app.add_url_rule("/", "api", show, subdomain="api")
    app.add_url_rule("/", "user", show, subdomain="<user>")
    app.add_url_rule("/branch/", "branch", show, subdomain="api")
    app.add_url_rule("/only", "only", show, subdomain="api")
    return app


BUILD_SUBDOMAINS = {
    "root": get("/", host="example.test:8080"),
    "root-no-port": get("/", host="example.test"),
    "api": get("/", host="api.example.test:8080"),
    "user": get("/", host="anna.example.test:8080"),
    "deep": get("/", host="a.b.example.test:8080"),
    "foreign": get("/", host="elsewhere.test"),
    "foreign-suffix": get("/", host="badexample.test:8080"),
    "branch": get("/branch", host="api.example.test:8080"),
    "only-api": get("/only", host="api.example.test:8080"),
    "only-root": get("/only", host="example.test:8080"),
    "https": get("/branch", host="api.example.test:8080", scheme="https"),
    "upper": get("/", host="API.example.test:8080"),
}


def build_default_subdomain(fw):
    app = make_app(fw, subdomain_matching=True, config={"SERVER_NAME": "example.test"})
    app.url_map.default_subdomain = "www"
    app.add_url_rule("/", "www", shower(fw))
    app.add_url_rule("/", "api", shower(fw), subdomain="api")
    return app


BUILD_DEFAULT_SUBDOMAIN = {
    "www": get("/", host="www.example.test"),
    "bare": get("/", host="example.test"),
    "api": get("/", host="api.example.test"),
    "bare-static": get("/static/x", host="example.test"),
}


def build_server_name(fw):
    app = make_app(fw, config={"SERVER_NAME": "example.test:8080"})

    @app.route("/")
    def index():
        return {
            "url": fw.request.url,
            "host": fw.request.host,
            "local": fw.url_for("index"),
            "external": fw.url_for("index", _external=True),
            "page": fw.url_for("page", n=3),
        }

    @app.route("/page/<int:n>/")
    def page(n):
        return str(n)

    return app


BUILD_SERVER_NAME = {
    "match": get("/", host="example.test:8080"),
    "other-host": get("/", host="localhost"),
    "subdomain": get("/", host="x.example.test:8080"),
    "redirect": get("/page/3", host="localhost"),
    "https": get("/", host="example.test:8080", scheme="https"),
    "script": get("/", host="example.test:8080", script="/app"),
    "ip": get("/", host="127.0.0.1:5000"),
    "ipv6": get("/", host="[::1]", environ={"SERVER_NAME": "::1"}),
}


def build_trusted(fw):
    app = make_app(fw, config={"TRUSTED_HOSTS": ["good.test", ".sub.test"]})

    @app.route("/")
    def index():
        return fw.request.host

    @app.route("/quiet")
    def quiet():
        return "no host used"

    @app.before_request
    def before():
        fw.current_app.extensions["trace"].append(f"before {fw.request.routing_exception!r}")

    return app


BUILD_TRUSTED = {
    f"{name}{path}": get(path, host=host)
    for path in ("/", "/quiet", "/missing")
    for name, host in {
        "good": "good.test",
        "good-port": "good.test:81",
        "bad": "bad.test",
        "suffix": "xgood.test",
        "sub": "a.sub.test",
        "sub-itself": "sub.test",
        "empty": "",
    }.items()
}


def build_application_root(fw):
    app = make_app(fw, config={"APPLICATION_ROOT": "/root"})

    @app.route("/")
    def index():
        return fw.url_for("index") + " " + fw.request.script_root + " " + fw.request.url

    @app.route("/dir/")
    def folder():
        return fw.url_for("folder", _external=True)

    return app


BUILD_APPLICATION_ROOT = {
    "plain": get("/"),
    "script": get("/", script="/root"),
    "other-script": get("/", script="/other"),
    "script-redirect": get("/dir", script="/root"),
    "inside": get("/root/"),
    "folder": get("/dir/"),
    "empty-with-script": get("", script="/root"),
}

ALL = [
    *cases(build_routes, BUILD_ROUTES),
    *cases(build_methods, BUILD_METHODS),
    *cases(build_loose_map, BUILD_LOOSE_MAP),
    *cases(build_hosts, BUILD_HOSTS),
    *cases(build_subdomains, BUILD_SUBDOMAINS),
    *cases(build_default_subdomain, BUILD_DEFAULT_SUBDOMAIN),
    *cases(build_server_name, BUILD_SERVER_NAME),
    *cases(build_trusted, BUILD_TRUSTED),
    *cases(build_application_root, BUILD_APPLICATION_ROOT),
    *cases(
        configured(build_methods, PROVIDE_AUTOMATIC_OPTIONS=False),
        {"options": options("/get"), "own": options("/options"), "get": get("/get")},
    ),
    *cases(
        configured(build_routes, DEBUG=True),
        {
            "branch-post": post("/branch", "x", "text/plain"),
            "branch-get": get("/branch"),
            "missing": get("/nothing"),
        },
    ),
]


@pytest.mark.parametrize(("build", "requests", "case_id"), ALL)
def test_routing(build, requests, case_id):
    """A request is routed, redirected or refused exactly as Flask does it."""
    compare(build, requests, case_id)


def test_routing_on_one_app():
    """No request leaves anything behind that changes the next one's answer."""
    compare_on_one_app(ALL)
