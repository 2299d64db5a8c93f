"""Parity of url_for: one table of calls, inside a request, in an app context and outside."""

import functools

import pytest
from werkzeug.routing import MapAdapter

from parity.harness import SUBJECT, make_app, outcome, same

CALLS = {
    "index": ("index", {}),
    "page": ("page", {"n": 5}),
    "page-string": ("page", {"n": "5"}),
    "page-missing": ("page", {}),
    "page-extra": ("page", {"n": 1, "b": "x", "a": "y"}),
    "page-bad": ("page", {"n": "five"}),
    "page-none": ("page", {"n": None}),
    "page-negative": ("page", {"n": -1}),
    "page-float": ("page", {"n": 1.5}),
    "string": ("string", {"name": "a b/c?d#e%f&g+h"}),
    "string-unicode": ("string", {"name": "ü☃"}),
    "string-empty": ("string", {"name": ""}),
    "string-int": ("string", {"name": 5}),
    "path": ("path", {"rest": "a/b c/ü"}),
    "path-leading": ("path", {"rest": "/a"}),
    "path-dots": ("path", {"rest": "../x"}),
    "float": ("float", {"f": 1.0}),
    "float-int": ("float", {"f": 1}),
    "any": ("any", {"c": "red"}),
    "any-wrong": ("any", {"c": "pink"}),
    "uuid": ("uuid", {"u": "12345678-1234-5678-1234-567812345678"}),
    "query-list": ("index", {"a": [1, 2], "b": ("x",)}),
    "query-none": ("index", {"a": None, "b": ""}),
    "query-bool": ("index", {"a": True}),
    "query-unicode": ("index", {"ü": "☃ &="}),
    "query-bytes": ("index", {"a": b"x"}),
    "query-keyword": ("index", {"endpoint_": 1, "method": "x"}),
    "anchor": ("index", {"_anchor": "top"}),
    "anchor-quoted": ("index", {"_anchor": "x y/ü?#&"}),
    "anchor-empty": ("index", {"_anchor": ""}),
    "anchor-query": ("index", {"_anchor": "a", "q": 1}),
    "external": ("index", {"_external": True}),
    "external-false": ("index", {"_external": False}),
    "scheme": ("index", {"_scheme": "https"}),
    "scheme-external": ("index", {"_scheme": "ftp", "_external": True}),
    "scheme-relative": ("index", {"_scheme": "https", "_external": False}),
    "scheme-empty": ("index", {"_scheme": "", "_external": True}),
    "method": ("both", {"_method": "POST"}),
    "method-get": ("both", {"_method": "GET"}),
    "method-none": ("both", {}),
    "method-wrong": ("both", {"_method": "PUT"}),
    "method-only-post": ("post_only", {}),
    "unknown-underscore": ("index", {"_other": 1}),
    "defaults": ("pages", {"page": 1}),
    "defaults-other": ("pages", {"page": 2}),
    "defaults-none": ("pages", {}),
    "static": ("static", {"filename": "a b/ü.css"}),
    "static-query": ("static", {"filename": "x.css", "v": 1}),
    "static-missing": ("static", {}),
    "blueprint": ("bp.view", {}),
    "blueprint-nested": ("bp.inner.view", {}),
    "relative": (".index", {}),
    "relative-view": (".view", {}),
    "unknown": ("nowhere", {}),
    "unknown-similar": ("indx", {}),
    "unknown-values": ("nowhere", {"a": 1}),
    "unknown-blueprint": ("bp.nowhere", {}),
    "unknown-external": ("nowhere", {"_external": True, "_anchor": "x", "_method": "PUT"}),
    "empty": ("", {}),
    "dot": (".", {}),
    "build-only": ("build_only", {}),
    "alias": ("aliased", {}),
    "host-like": ("string", {"name": "//evil.test"}),
    "with-default": ("defaulted", {}),
    "processed": ("processed", {}),
}


def make(fw, **config):
    app = make_app(fw, config=config)

    def view(**args):
        return "x"

    app.add_url_rule("/", "index", view)
    app.add_url_rule("/page/<int:n>", "page", view)
    app.add_url_rule("/string/<name>", "string", view)
    app.add_url_rule("/path/<path:rest>", "path", view)
    app.add_url_rule("/float/<float:f>", "float", view)
    app.add_url_rule("/any/<any(red, blue):c>", "any", view)
    app.add_url_rule("/uuid/<uuid:u>", "uuid", view)
    app.add_url_rule("/both", "both", view, methods=["GET"])
    app.add_url_rule("/both-post", "both", view, methods=["POST"])
    app.add_url_rule("/post", "post_only", view, methods=["POST"])
    app.add_url_rule("/pages/", "pages", view, defaults={"page": 1})
    app.add_url_rule("/pages/<int:page>", "pages", view)
    app.add_url_rule("/built", "build_only", view, build_only=True)
    app.add_url_rule("/canonical", "aliased", view)
    app.add_url_rule("/alias", "aliased", view, alias=True)
    app.add_url_rule("/<lang>/processed", "processed", view)
    app.add_url_rule("/constant", "defaulted", view, defaults={"x": 1})
    bp = fw.Blueprint("bp", "parity_bp", url_prefix="/bp")
    inner = fw.Blueprint("inner", "parity_inner", url_prefix="/inner")
    bp.add_url_rule("/", "view", view)
    inner.add_url_rule("/", "view", view)
    bp.register_blueprint(inner)
    app.register_blueprint(bp)

    @app.url_defaults
    def add_lang(endpoint, values):
        if endpoint == "processed":
            values.setdefault("lang", "de")

    return app


@functools.cache
def make_once(fw, config):
    return make(fw, **dict(config))


PLACES = {
    "request": lambda app: app.test_request_context("/", base_url="http://example.org/"),
    "https": lambda app: app.test_request_context("/", base_url="https://example.org:8443/"),
    "mounted": lambda app: app.test_request_context("/", base_url="http://localhost/mount"),
    "blueprint": lambda app: app.test_request_context("/bp/"),
    "nested": lambda app: app.test_request_context("/bp/inner/"),
    "missing": lambda app: app.test_request_context("/nowhere/at/all"),
    "app": lambda app: app.app_context(),
}
CONFIGS = {
    "plain": {},
    "server": {"SERVER_NAME": "example.test:5000"},
    "scheme": {"SERVER_NAME": "example.test", "PREFERRED_URL_SCHEME": "https"},
    "root": {"SERVER_NAME": "example.test", "APPLICATION_ROOT": "/root"},
}


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("wanted", CALLS.values(), ids=CALLS)
def test_url_for(wanted, place, config):
    """The same call gives the same URL, or the same error with the same words."""
    endpoint, values = wanted

    def probe(fw):
        with place(make_once(fw, tuple(config.items()))):
            return fw.url_for(endpoint, **values)

    same(probe)


def test_url_for_outside():
    """Outside of every context the error explains what to do."""
    same(lambda fw: fw.url_for("index"))
    same(lambda fw: make(fw).url_for("index"))
    same(lambda fw: make(fw, SERVER_NAME="example.test").url_for("index"))


def test_build_error_handlers():
    """Handlers for build errors are tried in order, and the last error is raised."""

    def probe(fw):
        app = make(fw)
        seen = []

        def first(error, endpoint, values):
            seen.append([type(error).__name__, endpoint, sorted(values.items())])

        def second(error, endpoint, values):
            if endpoint == "handled":
                return "/from/handler"
            raise error

        app.url_build_error_handlers += [first, second]
        with app.test_request_context():
            answers = [fw.url_for("handled", a=1, _external=True, _anchor="x")]
            try:
                fw.url_for("nowhere")
            except Exception as error:
                answers.append(f"{type(error).__name__} {error}")
        return [answers, seen]

    same(probe)
    assert outcome(probe, SUBJECT)[0] == "returned"


def prefixed(fw, app, ctx):
    ctx.url_adapter.script_name = "/prefix/"


def replaced(fw, app, ctx):
    other = fw.Flask("parity_other")
    other.add_url_rule("/elsewhere/<int:n>", "page")
    ctx.url_adapter = other.url_map.bind("elsewhere.test", "/other")


def of_own_class(fw, app, ctx):
    class Marking(MapAdapter):
        def build(self, *args, **kwargs):
            return f"{super().build(*args, **kwargs)}?marked"

    ctx.url_adapter.__class__ = Marking


@pytest.mark.parametrize("change", [prefixed, replaced, of_own_class])
def test_changed_adapter_of_a_request(change):
    """URLs are built by the adapter that the request has by now, also one that was replaced."""

    def probe(fw):
        app = make(fw)
        app.testing = True

        @app.before_request
        def before():
            change(fw, app, fw.globals.request_ctx)

        @app.route("/view")
        def view():
            return [fw.url_for("page", n=3), fw.url_for("page", n=3, _external=True)]

        client = app.test_client()
        return client.get("/view").json, client.get("/view").json

    same(probe)
    assert outcome(probe, SUBJECT)[0] == "returned"
