"""Whatever of the app is replaced, and however, is called and takes effect.

The table names every method and attribute of Flask's app that a subclass, an extension or a
tracing tool may replace. Each is replaced in every way there is, before and after requests were
served, so that a way that was found to be fast is left as soon as somebody could tell.
"""

from __future__ import annotations

import functools
import inspect
import json
import logging
import sys
import threading
import typing as t
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from jinja2 import DictLoader
from werkzeug.exceptions import Aborter, HTTPException, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.test import run_wsgi_app
from werkzeug.wrappers import Response as BaseResponse

import bolthead
from bolthead import Blueprint, Flask, abort, current_app, g, request, session, signals, url_for
from bolthead.config import Config
from bolthead.ctx import AppContext, RequestContext, _AppCtxGlobals
from bolthead.json.provider import DefaultJSONProvider
from bolthead.sessions import SecureCookieSession, SecureCookieSessionInterface
from bolthead.templating import Environment
from bolthead.testing import FlaskClient, FlaskCliRunner

REPLACED = "replaced"
MARK = "X-Mark"
FOLDER = Path(__file__).parent

Use = Callable[[Flask], object]
Around = Callable[..., t.Any]


def make_app(cls: type[Flask] = Flask) -> Flask:
    """Return the app that is looked at: a view for each step that can be taken."""
    app = cls("overridden_app", root_path=str(FOLDER), static_folder=".", static_url_path="/static")
    app.config.update(SECRET_KEY="key", PROPAGATE_EXCEPTIONS=False, SERVER_NAME="localhost")
    app.logger.setLevel(logging.CRITICAL + 1)

    @app.route("/")
    def index():
        return "own"

    @app.route("/error")
    def error():
        raise ValueError("meant to fail")

    @app.route("/abort")
    def aborted():
        abort(409)

    @app.route("/async")
    async def asynchronous():
        return "own"

    @app.route("/json")
    def as_json():
        return {"answer": "own"}

    @app.route("/where")
    def where():
        return url_for("index")

    @app.route("/nowhere")
    def nowhere():
        return url_for("no such endpoint")

    @app.route("/away")
    def away():
        return bolthead.redirect("/")

    @app.route("/page")
    def page():
        return bolthead.render_template_string("{{ word|default('own') }}")

    @app.route("/autoescape")
    def autoescaped():
        return bolthead.render_template_string("{{ '<' }}")

    @app.route("/template")
    def template():
        return bolthead.render_template("replaced.txt")

    @app.route("/session")
    def read_session():
        return str(session.get("word", "own"))

    @app.route("/kinds")
    def kinds():
        objects = (request._get_current_object(), g._get_current_object())
        return " ".join(type(found).__name__ for found in objects)

    return app


def log_of(app: Flask) -> list[object]:
    """Return what replacements and views noted down."""
    return app.extensions.setdefault("log", [])


# What is done with an app; the answer is REPLACED where the replacement took effect.


def text(path: str, **options: t.Any) -> Use:
    """Ask for a page and look at its text."""
    return lambda app: app.test_client().get(path, **options).text


def mark(path: str, method: str = "GET") -> Use:
    """Ask for a page and look at the header that replacements set."""
    return lambda app: app.test_client().open(path, method=method).headers.get(MARK)


def noted(path: str) -> Use:
    """Ask for a page and look at what was noted down meanwhile."""

    def use(app: Flask) -> object:
        log_of(app).clear()
        app.test_client().get(path)
        return REPLACED if REPLACED in log_of(app) else None

    return use


def failing(path: str) -> Use:
    """Ask for a page and look for a 500 with the mark of an app that treats errors so."""
    return lambda app: REPLACED if app.test_client().get(path).status_code == 500 else None


def ignoring(app: Flask) -> object:
    """Let a view fail and look at the error that teardown functions are told of."""
    told: list[object] = []
    app.teardown_request_funcs[None].append(told.append)
    try:
        app.test_client().get("/error")
    finally:
        app.teardown_request_funcs[None].remove(told.append)
    return REPLACED if told == [None] else None


def called(name: str, *args: t.Any) -> Use:
    """Call a method of the app and look at what it returns."""
    return lambda app: getattr(app, name)(*args)


def in_context(app: Flask) -> object:
    """Enter a context of the app and look at its mark."""
    with app.app_context() as ctx:
        return getattr(ctx, "mark", None)


def in_request(app: Flask) -> object:
    """Enter a context of a request and look at its mark."""
    with app.test_request_context() as ctx:
        return getattr(ctx, "mark", None)


def in_served_request(app: Flask) -> object:
    """Let a view look at the mark of the app context it runs in."""

    def view():
        return getattr(bolthead.globals.app_ctx, "mark", "own")

    own, app.view_functions["index"] = app.view_functions["index"], view
    try:
        return app.test_client().get("/").text
    finally:
        app.view_functions["index"] = own


# What replacements do, given the method they replace. Some let it work and mark what it made.


def answer(original: t.Any, *args: t.Any, **kwargs: t.Any) -> str:
    return REPLACED


def marked(original: t.Any, *args: t.Any, **kwargs: t.Any) -> t.Any:
    response = original(*args, **kwargs)
    response.headers[MARK] = REPLACED
    return response


def ctx_marked(original: t.Any, *args: t.Any, **kwargs: t.Any) -> t.Any:
    ctx = original(*args, **kwargs)
    ctx.mark = REPLACED
    return ctx


def calls_through(original: t.Any, *args: t.Any, **kwargs: t.Any) -> str:
    original(*args, **kwargs)
    return REPLACED


def note(original: t.Any, *args: t.Any, **kwargs: t.Any) -> t.Any:
    log_of(current_app._get_current_object()).append(REPLACED)
    return original(*args, **kwargs)


def handles_anything(original: t.Any, error: Exception) -> str:
    assert isinstance(error, ValueError | HTTPException)
    return REPLACED


def yes(original: t.Any, *args: t.Any, **kwargs: t.Any) -> bool:
    original(*args, **kwargs)
    return True


def no_route(original: t.Any, request: t.Any) -> t.NoReturn:
    assert isinstance(request.routing_exception, NotFound)
    raise HTTPException(response=BaseResponse(REPLACED))


def wrapped_function(original: t.Any, function: t.Any) -> t.Any:
    plain = original(function)

    def call(*args: t.Any, **kwargs: t.Any) -> t.Any:
        plain(*args, **kwargs)
        return REPLACED

    return call if function.__name__ in {"index", "asynchronous"} else plain


def mounted_adapter(original: t.Any, request: t.Any) -> t.Any:
    adapter = original(request)
    adapter.script_name = f"/{REPLACED}/"
    return adapter


def more_values(original: t.Any, endpoint: str, values: dict[str, t.Any]) -> None:
    original(endpoint, values)
    values["by"] = REPLACED


def more_names(original: t.Any, context: dict[str, t.Any]) -> None:
    original(context)
    context["word"] = REPLACED


def shell_names(original: t.Any) -> dict[str, t.Any]:
    return {**original(), "word": REPLACED}


def own_loader(original: t.Any) -> t.Any:
    assert original() is not None
    return DictLoader({"replaced.txt": REPLACED})


def own_environment(original: t.Any) -> t.Any:
    environment = original()
    environment.globals["word"] = REPLACED
    return environment


def plain_wsgi(original: t.Any, environ: t.Any, start_response: t.Any) -> t.Any:
    def start(status: str, headers: list[tuple[str, str]], *more: t.Any) -> t.Any:
        return start_response(status, [*headers, (MARK, REPLACED)], *more)

    return original(environ, start)


def always(value: object) -> Around:
    def around(original: t.Any, *args: t.Any, **kwargs: t.Any) -> object:
        original(*args, **kwargs)
        return value

    return around


@dataclass(frozen=True)
class Point:
    """A method of the app: what it is replaced by, and what is done to see that."""

    name: str
    around: Around
    use: Use
    id: str = ""

    @property
    def label(self) -> str:
        return f"{self.name}-{self.id}" if self.id else self.name


def expect(value: object, use: Use) -> Use:
    """Look for another value than REPLACED, where a method's answer cannot be that."""
    return lambda app: REPLACED if use(app) == value else None


# The methods that Flask 3.2 hands the context, before their other arguments.
WITH_CONTEXT = [
    Point("full_dispatch_request", marked, mark("/")),
    Point("preprocess_request", calls_through, text("/")),
    Point("dispatch_request", calls_through, text("/")),
    Point("finalize_request", marked, mark("/")),
    Point("finalize_request", marked, mark("/error"), id="of an error"),
    Point("process_response", marked, mark("/")),
    Point("process_response", marked, mark("/error"), id="of an error"),
    Point("handle_exception", marked, mark("/error")),
    Point("handle_user_exception", handles_anything, text("/error")),
    Point("handle_user_exception", handles_anything, text("/abort"), id="of an abort"),
    Point("handle_http_exception", calls_through, text("/abort")),
    Point("handle_http_exception", calls_through, text("/missing"), id="of a miss"),
    Point("log_exception", note, noted("/error")),
    Point("make_default_options_response", marked, mark("/", method="OPTIONS")),
    Point("do_teardown_request", note, noted("/")),
    Point("do_teardown_appcontext", note, noted("/")),
    Point("update_template_context", more_names, text("/page")),
]

# The others that are looked up when they are needed.
METHODS = [
    Point("make_response", marked, mark("/")),
    Point("make_response", marked, mark("/json"), id="of data"),
    Point("make_response", marked, mark("/error"), id="of an error"),
    Point("make_response", marked, mark("/missing"), id="of a miss"),
    Point("trap_http_exception", yes, failing("/abort")),
    Point("should_ignore_error", yes, ignoring),
    Point("raise_routing_exception", no_route, text("/missing")),
    Point("ensure_sync", wrapped_function, text("/")),
    Point("ensure_sync", wrapped_function, text("/async"), id="of async def"),
    Point("async_to_sync", wrapped_function, text("/async")),
    Point("create_url_adapter", mounted_adapter, expect(f"/{REPLACED}/", text("/where"))),
    Point("url_for", calls_through, text("/where")),
    Point("inject_url_defaults", more_values, expect(f"/?by={REPLACED}", text("/where"))),
    Point("handle_url_build_error", answer, text("/nowhere")),
    Point("redirect", marked, mark("/away")),
    Point("make_shell_context", shell_names, lambda app: app.make_shell_context().get("word")),
    Point("wsgi_app", plain_wsgi, mark("/")),
    Point("request_context", ctx_marked, in_request),
    Point("test_request_context", ctx_marked, in_request),
    Point("app_context", ctx_marked, in_context),
    Point("app_context", ctx_marked, in_served_request, id="of a request"),
    Point("create_jinja_environment", own_environment, text("/page")),
    Point("create_global_jinja_loader", own_loader, text("/template")),
    Point("select_jinja_autoescape", always(False), expect("<", text("/autoescape"))),
    Point(
        "get_send_file_max_age",
        always(7),
        expect(7, lambda app: _static(app).cache_control.max_age),
    ),
    Point("send_static_file", marked, lambda app: _static(app).headers.get(MARK)),
    Point("test_client", ctx_marked, lambda app: getattr(app.test_client(), "mark", None)),
    Point("test_cli_runner", ctx_marked, lambda app: getattr(app.test_cli_runner(), "mark", None)),
    Point("iter_blueprints", calls_through, called("iter_blueprints")),
]


def _static(app: Flask) -> t.Any:
    response = app.test_client().get("/static/test_overrides.py", buffered=True)
    assert response.status_code == 200
    return response


# How a replacement is written: which arguments it takes, and which it hands to its original.
SIGNATURES: dict[str, tuple[bool, bool]] = {
    "3.1": (False, False),
    "3.1 calling 3.2": (False, True),
    "3.2": (True, True),
    "3.2 calling 3.1": (True, False),
}


def replacement(point: Point, original: Callable[..., t.Any], signature: str) -> t.Any:
    """Return a method for a class; ``original`` takes the app before its other arguments."""
    takes_ctx, gives_ctx = SIGNATURES[signature]
    # As the documentation has it: whoever replaces a method writes these arguments.
    documented = inspect.signature(getattr(Flask, point.name))

    def work(app: Flask, ctx: t.Any, args: tuple[t.Any, ...], kwargs: dict[str, t.Any]) -> t.Any:
        if not isinstance(app, Flask):
            raise AssertionError(f"{point.name} got {app!r} for the app")
        documented.bind(app, *args, **kwargs)
        if not gives_ctx:
            return point.around(functools.partial(original, app), *args, **kwargs)
        if ctx is None:
            of_request = point.name != "do_teardown_appcontext"
            ctx = (
                bolthead.globals.request_ctx if of_request else bolthead.globals.app_ctx
            )._get_current_object()
        return point.around(functools.partial(original, app, ctx), *args, **kwargs)

    if takes_ctx:

        def method(self: t.Any, ctx: t.Any, *args: t.Any, **kwargs: t.Any) -> t.Any:
            assert isinstance(ctx, RequestContext | AppContext)
            return work(self, ctx, args, kwargs)
    else:

        def method(self: t.Any, *args: t.Any, **kwargs: t.Any) -> t.Any:
            return work(self, None, args, kwargs)

    return method


# The ways of replacing. Each returns an app that has the replacement.


def in_subclass(point: Point, signature: str, monkeypatch: pytest.MonkeyPatch) -> Flask:
    def original(app: Flask, *args: t.Any, **kwargs: t.Any) -> t.Any:
        return getattr(super(Own, app), point.name)(*args, **kwargs)

    Own = type("Own", (Flask,), {point.name: replacement(point, original, signature)})
    return make_app(Own)


def _on_instance(app: Flask, point: Point, signature: str) -> Flask:
    bound = getattr(app, point.name)

    def original(app: Flask, *args: t.Any, **kwargs: t.Any) -> t.Any:
        return bound(*args, **kwargs)

    setattr(app, point.name, replacement(point, original, signature).__get__(app))
    return app


def on_instance(point: Point, signature: str, monkeypatch: pytest.MonkeyPatch) -> Flask:
    return _on_instance(make_app(), point, signature)


def on_instance_later(point: Point, signature: str, monkeypatch: pytest.MonkeyPatch) -> Flask:
    app = make_app()
    _serve_some(app)
    return _on_instance(app, point, signature)


def on_class_later(point: Point, signature: str, monkeypatch: pytest.MonkeyPatch) -> Flask:
    app = make_app()
    _serve_some(app)
    original = getattr(Flask, point.name)
    monkeypatch.setattr(Flask, point.name, replacement(point, original, signature))
    return app


def on_subclass_later(point: Point, signature: str, monkeypatch: pytest.MonkeyPatch) -> Flask:
    Own = type("Own", (Flask,), {})
    app = make_app(Own)
    _serve_some(app)
    setattr(Own, point.name, replacement(point, getattr(Flask, point.name), signature))
    return app


def by_decorating_partial(point: Point, signature: str, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """As Flask-RESTful does it: ``app.handle_exception = partial(own, app.handle_exception)``."""
    app = make_app()
    bound = getattr(app, point.name)
    setattr(app, point.name, functools.partial(point.around, bound))
    return app


def _serve_some(app: Flask) -> None:
    """Serve a request of each kind, so that whatever is prepared and kept is there."""
    client = app.test_client()
    for path in ("/", "/error", "/abort", "/missing", "/async", "/json", "/where", "/away"):
        client.get(path)
    client.options("/")


WAYS: dict[str, Callable[[Point, str, pytest.MonkeyPatch], Flask]] = {
    "subclass": in_subclass,
    "instance": on_instance,
    "instance after requests": on_instance_later,
    "class after requests": on_class_later,
    "subclass after requests": on_subclass_later,
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("point", [*WITH_CONTEXT, *METHODS], ids=lambda point: point.label)
def test_replaced_method_takes_effect(point, way, monkeypatch):
    """A method replaced with Flask 3.1's signature is called, with the app and its arguments."""
    assert point.use(make_app()) != REPLACED
    assert point.use(way(point, "3.1", monkeypatch)) == REPLACED


@pytest.mark.parametrize("signature", [name for name in SIGNATURES if name != "3.1"])
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("point", WITH_CONTEXT, ids=lambda point: point.label)
def test_replaced_method_may_take_the_context(point, way, signature, monkeypatch):
    """A method may be written with the context first, as in Flask 3.2, and call its original so."""
    assert point.use(way(point, signature, monkeypatch)) == REPLACED


@pytest.mark.parametrize("point", [*WITH_CONTEXT, *METHODS], ids=lambda point: point.label)
def test_partial_on_the_instance_takes_effect(point, monkeypatch):
    """A partial of one's own function and the bound method is called as the method was."""
    assert point.use(by_decorating_partial(point, "3.1", monkeypatch)) == REPLACED


@pytest.mark.parametrize("point", [*WITH_CONTEXT, *METHODS], ids=lambda point: point.label)
def test_patch_that_is_taken_back_has_no_effect(point):
    """After a patch of the class is undone, the app answers as before, its plans included."""
    app = make_app()
    _serve_some(app)
    with pytest.MonkeyPatch.context() as patches:
        original = getattr(Flask, point.name)
        patches.setattr(Flask, point.name, replacement(point, original, "3.1"))
        assert app.test_client().get("/").status_code in {200, 500}
    app.__dict__.pop("jinja_env", None)
    assert point.use(app) != REPLACED


def test_calls_go_through_a_replaced_dunder_call(monkeypatch):
    """Tracing tools patch ``Flask.__call__`` on the class while an app serves."""
    app = make_app()
    _serve_some(app)
    own = Flask.__call__

    def traced(self, environ, start_response):
        return plain_wsgi(functools.partial(own, self), environ, start_response)

    monkeypatch.setattr(Flask, "__call__", traced)
    assert mark("/")(app) == REPLACED


def test_calls_go_through_a_subclass_dunder_call():
    """A subclass may wrap ``__call__``."""

    class Own(Flask):
        def __call__(self, environ, start_response):
            return plain_wsgi(super().__call__, environ, start_response)

    assert mark("/")(make_app(Own)) == REPLACED


def test_middleware_around_wsgi_app_sees_every_request():
    """``app.wsgi_app = Middleware(app.wsgi_app)`` wraps the app, however often it is done."""

    class Middleware:
        def __init__(self, inner, letter):
            self.inner, self.letter = inner, letter

        def __call__(self, environ, start_response):
            environ["seen"] = environ.get("seen", "") + self.letter
            return self.inner(environ, start_response)

    app = make_app()
    app.view_functions["index"] = lambda: request.environ["seen"]
    app.wsgi_app = Middleware(app.wsgi_app, "a")
    assert text("/")(app) == "a"
    app.wsgi_app = Middleware(app.wsgi_app, "b")
    assert text("/")(app) == "ba"


def test_two_methods_may_be_replaced_with_different_signatures():
    """Old and new signatures live in one class beside each other."""

    class Own(Flask):
        def dispatch_request(self, ctx):
            assert ctx.request.path == "/"
            return super().dispatch_request(ctx)

        def process_response(self, response):
            response.headers[MARK] = REPLACED
            return super().process_response(response)

    response = make_app(Own).test_client().get("/")
    assert (response.text, response.headers[MARK]) == ("own", REPLACED)


def test_replaced_methods_may_take_their_arguments_by_keyword():
    """Overrides hand arguments on by the names that the documentation gives them."""

    class Own(Flask):
        def finalize_request(self, rv, from_error_handler=False):
            return super().finalize_request(rv=rv, from_error_handler=from_error_handler)

        def handle_user_exception(self, e):
            return super().handle_user_exception(e=e)

        def handle_http_exception(self, e):
            return super().handle_http_exception(e=e)

        def handle_exception(self, e):
            return super().handle_exception(e=e)

        def process_response(self, response):
            return super().process_response(response=response)

        def make_response(self, rv):
            return super().make_response(rv=rv)

        def do_teardown_request(self, exc=None):
            return super().do_teardown_request(exc=exc)

        def log_exception(self, exc_info):
            return super().log_exception(exc_info=exc_info)

    client = make_app(Own).test_client()
    assert [client.get(path).status_code for path in ("/", "/error", "/abort", "/missing")] == [
        200,
        500,
        409,
        404,
    ]


# Methods that the constructor calls.


@dataclass(frozen=True)
class MadeOf:
    """A method or class that an app is made with."""

    name: str
    value: t.Any
    look: Use


class MarkedConfig(Config):
    """A configuration that can be told apart."""


class MarkedAborter(Aborter):
    """An aborter that can be told apart."""


class MarkedMap(Map):
    """A map that can be told apart."""


class MarkedRule(Rule):
    """A rule that can be told apart."""


class MarkedProvider(DefaultJSONProvider):
    """A provider whose documents can be told apart."""

    def dumps(self, obj, **kwargs):
        return json.dumps({"by": REPLACED, **obj})


def is_a(cls: type, look: Use) -> Use:
    return lambda app: isinstance(look(app), cls)


AT_CONSTRUCTION = [
    MadeOf(
        "make_config",
        lambda self, instance_relative=False: MarkedConfig(self.root_path, self.default_config),
        is_a(MarkedConfig, lambda app: app.config),
    ),
    MadeOf("make_aborter", lambda self: MarkedAborter(), is_a(MarkedAborter, lambda a: a.aborter)),
    MadeOf(
        "auto_find_instance_path",
        lambda self: "/replaced",
        lambda app: app.instance_path == "/replaced",
    ),
    MadeOf("config_class", MarkedConfig, is_a(MarkedConfig, lambda app: app.config)),
    MadeOf("aborter_class", MarkedAborter, is_a(MarkedAborter, lambda app: app.aborter)),
    MadeOf("url_map_class", MarkedMap, is_a(MarkedMap, lambda app: app.url_map)),
    MadeOf(
        "url_rule_class",
        MarkedRule,
        lambda app: all(isinstance(rule, MarkedRule) for rule in app.url_map.iter_rules()),
    ),
    MadeOf("json_provider_class", MarkedProvider, is_a(MarkedProvider, lambda app: app.json)),
    MadeOf(
        "default_config",
        {**Flask.default_config, "OWN": 1},
        lambda app: app.config.get("OWN") == 1,
    ),
]


@pytest.mark.parametrize("part", AT_CONSTRUCTION, ids=lambda part: part.name)
@pytest.mark.parametrize("way", ["subclass", "class"])
def test_what_an_app_is_made_of_may_be_replaced(part, way, monkeypatch):
    """What the constructor uses may be set on a subclass, or on the class before an app is made."""
    assert not part.look(make_app())
    if way == "subclass":
        app = make_app(type("Own", (Flask,), {part.name: part.value}))
    else:
        monkeypatch.setattr(Flask, part.name, part.value)
        app = make_app()
    assert part.look(app)
    assert text("/")(app) == "own"


# Attributes that are looked at while requests are served.


class MarkedRequest(bolthead.Request):
    """A request that can be told apart."""


class MarkedResponse(bolthead.Response):
    """A response that can be told apart."""

    default_mimetype = "text/x-marked"


class MarkedGlobals(_AppCtxGlobals):
    """A namespace that can be told apart."""


class MarkedEnvironment(Environment):
    """An environment that can be told apart."""


class MarkedClient(FlaskClient):
    """A client that can be told apart."""


class MarkedRunner(FlaskCliRunner):
    """A runner that can be told apart."""


class MarkedSession(SecureCookieSession):
    """A session that can be told apart."""


class MarkedInterface(SecureCookieSessionInterface):
    """An interface that opens sessions with a word in them, and marks what it saves."""

    session_class = MarkedSession

    def open_session(self, app, request):
        return self.session_class({"word": REPLACED})

    def save_session(self, app, session, response):
        response.headers[MARK] = REPLACED


def mimetype(path: str) -> Use:
    return lambda app: app.test_client().get(path).mimetype == "text/x-marked"


ATTRIBUTES = [
    MadeOf("request_class", MarkedRequest, lambda app: "MarkedRequest" in text("/kinds")(app)),
    MadeOf("app_ctx_globals_class", MarkedGlobals, lambda a: "MarkedGlobals" in text("/kinds")(a)),
    MadeOf("response_class", MarkedResponse, mimetype("/")),
    MadeOf("response_class", MarkedResponse, mimetype("/async")),
    MadeOf("jinja_environment", MarkedEnvironment, is_a(MarkedEnvironment, lambda a: a.jinja_env)),
    MadeOf(
        "jinja_options",
        {"variable_start_string": "{{", "trim_blocks": True},
        lambda app: app.jinja_env.trim_blocks,
    ),
    MadeOf("test_client_class", MarkedClient, is_a(MarkedClient, lambda app: app.test_client())),
    MadeOf(
        "test_cli_runner_class", MarkedRunner, is_a(MarkedRunner, lambda app: app.test_cli_runner())
    ),
    MadeOf("session_interface", MarkedInterface(), lambda app: text("/session")(app) == REPLACED),
    MadeOf("session_interface", MarkedInterface(), lambda app: mark("/")(app) == REPLACED),
]

ATTRIBUTE_WAYS = ["subclass", "instance", "instance after requests", "class after requests"]


@pytest.mark.parametrize("way", ATTRIBUTE_WAYS)
@pytest.mark.parametrize(
    "part", ATTRIBUTES, ids=[f"{i}-{part.name}" for i, part in enumerate(ATTRIBUTES)]
)
def test_replaced_attribute_takes_effect(part, way, monkeypatch):
    """A class or interface of the app may be replaced at any time, and is used from then on."""
    assert not part.look(make_app())
    if way == "subclass":
        app = make_app(type("Own", (Flask,), {part.name: part.value}))
    else:
        app = make_app()
        if "after requests" in way:
            _serve_some(app)
        if way.startswith("class"):
            monkeypatch.setattr(Flask, part.name, part.value)
        else:
            setattr(app, part.name, part.value)
    assert part.look(app)


@pytest.mark.parametrize("served", [False, True], ids=["at once", "after requests"])
@pytest.mark.parametrize("make", [bolthead.jsonify, dict], ids=["jsonify", "dict"])
def test_json_provider_may_be_assigned(served, make):
    """A provider assigned to ``app.json`` writes and reads all JSON from then on."""
    app = make_app()
    app.view_functions["as_json"] = lambda: make(answer="own")
    app.add_url_rule("/echo", "echo", lambda: str(request.get_json()["answer"]), methods=["POST"])

    class Provider(MarkedProvider):
        def loads(self, s, **kwargs):
            return {"answer": REPLACED}

    if served:
        app.test_client().get("/json")
    app.json = Provider(app)
    assert json.loads(text("/json")(app)) == {"by": REPLACED, "answer": "own"}
    assert app.test_client().post("/echo", json={"answer": "own"}).text == REPLACED


def test_url_rule_class_may_be_assigned():
    """Rules that are added after ``url_rule_class`` was assigned are of that class."""
    app = make_app()
    app.url_rule_class = MarkedRule
    app.add_url_rule("/later", "later", lambda: "later")
    assert type(next(app.url_map.iter_rules("later"))) is MarkedRule
    assert text("/later")(app) == "later"


@pytest.mark.parametrize("served", [False, True], ids=["at once", "after requests"])
@pytest.mark.parametrize("path", ["/", "/session"], ids=["unused session", "used session"])
def test_open_session_assigned_on_the_interface_is_called(served, path, monkeypatch):
    """A function assigned to the interface's ``open_session`` opens each request's session."""
    app = make_app()
    if served:
        _serve_some(app)
    opened = []

    def open_session(app, request):
        opened.append(request.path)
        return SecureCookieSession({"word": REPLACED})

    monkeypatch.setattr(app.session_interface, "open_session", open_session, raising=False)
    assert text(path)(app) == {"/": "own", "/session": REPLACED}[path]
    assert opened == [path]


@pytest.mark.parametrize("served", [False, True], ids=["at once", "after requests"])
@pytest.mark.parametrize("path", ["/", "/session", "/error"], ids=["unused", "used", "error"])
def test_save_session_assigned_on_the_interface_is_called(served, path, monkeypatch):
    """A function assigned to the interface's ``save_session`` saves each request's session."""
    app = make_app()
    if served:
        _serve_some(app)

    def save_session(app, session, response):
        response.headers[MARK] = REPLACED

    monkeypatch.setattr(app.session_interface, "save_session", save_session, raising=False)
    assert mark(path)(app) == REPLACED


@pytest.mark.parametrize("name", ["open_session", "save_session"])
def test_session_methods_patched_on_the_class_are_called(name, monkeypatch):
    """A patch of the cookie interface's class while an app serves is called for every request."""
    app = make_app()
    _serve_some(app)
    calls = []
    own = getattr(SecureCookieSessionInterface, name)

    def patched(self, app, *args):
        calls.append(name)
        return own(self, app, *args)

    monkeypatch.setattr(SecureCookieSessionInterface, name, patched)
    text("/")(app)
    assert calls == [name]


COOKIE_FACTS = {
    "get_cookie_name": ("other", "other="),
    "get_cookie_domain": ("example.org", "Domain=example.org"),
    "get_cookie_path": ("/deep", "Path=/deep"),
    "get_cookie_secure": (True, "Secure"),
    "get_cookie_samesite": ("Strict", "SameSite=Strict"),
    "get_cookie_partitioned": (True, "Partitioned"),
    "get_cookie_httponly": (True, "HttpOnly"),
    "should_set_cookie": (True, "session="),
}


@pytest.mark.parametrize(("name", "case"), COOKIE_FACTS.items(), ids=COOKIE_FACTS)
@pytest.mark.parametrize("way", ["subclass", "instance"])
def test_replaced_cookie_facts_are_asked(name, case, way):
    """What a session interface tells about its cookie may be replaced in a subclass or on it."""
    value, expected = case
    if way == "subclass":
        cls = type("Own", (SecureCookieSessionInterface,), {name: lambda self, *args: value})
        interface = cls()
    else:
        interface = SecureCookieSessionInterface()
        setattr(interface, name, lambda *args: value)
    app = make_app()
    _serve_some(app)
    app.session_interface = interface

    def view():
        session["word"] = 1
        return ""

    app.view_functions["index"] = view
    assert expected in app.test_client().get("/").headers["Set-Cookie"]


# Registries that are changed directly, after requests were served.


@pytest.fixture
def served():
    """An app with a blueprint that has served requests of each kind."""
    app = make_app()
    blueprint = Blueprint("part", __name__)
    blueprint.add_url_rule("/part", "page", lambda: "own")
    blueprint.add_url_rule("/part/error", "error", app.view_functions["error"])
    app.register_blueprint(blueprint)
    _serve_some(app)
    app.test_client().get("/part")
    return app


def answering() -> str:
    return REPLACED


def marking(response: t.Any) -> t.Any:
    response.headers[MARK] = REPLACED
    return response


def error_answering(error: Exception) -> str:
    return REPLACED


class OwnList(list):
    """A list that somebody files in place of another."""


REGISTRY_CHANGES: dict[str, tuple[Callable[[Flask], object], Use]] = {
    "before_request_funcs append": (
        lambda app: app.before_request_funcs[None].append(answering),
        text("/"),
    ),
    "before_request_funcs insert": (
        lambda app: app.before_request_funcs.setdefault(None, []).insert(0, answering),
        text("/"),
    ),
    "before_request_funcs extend": (
        lambda app: app.before_request_funcs.setdefault(None, []).extend([answering]),
        text("/"),
    ),
    "before_request_funcs iadd": (
        lambda app: _iadd(app.before_request_funcs, None, answering),
        text("/"),
    ),
    "before_request_funcs key set": (
        lambda app: app.before_request_funcs.__setitem__(None, [answering]),
        text("/"),
    ),
    "before_request_funcs update": (
        lambda app: app.before_request_funcs.update({None: [answering]}),
        text("/"),
    ),
    "before_request_funcs or-update": (
        lambda app: app.before_request_funcs.__ior__({None: [answering]}),
        text("/"),
    ),
    "before_request_funcs a list of one's own": (
        lambda app: app.before_request_funcs.__setitem__(None, OwnList([answering])),
        text("/"),
    ),
    "before_request_funcs of a blueprint": (
        lambda app: app.before_request_funcs["part"].append(answering),
        text("/part"),
    ),
    "before_request_funcs of a blueprint by setdefault": (
        lambda app: app.before_request_funcs.setdefault("part", []).append(answering),
        text("/part"),
    ),
    "before_request_funcs of a miss": (
        lambda app: app.before_request_funcs[None].append(answering),
        text("/missing"),
    ),
    "before_request_funcs whole": (
        lambda app: setattr(app, "before_request_funcs", {None: [answering]}),
        text("/"),
    ),
    "after_request_funcs append": (
        lambda app: app.after_request_funcs[None].append(marking),
        mark("/"),
    ),
    "after_request_funcs setdefault": (
        lambda app: app.after_request_funcs.setdefault(None, []).append(marking),
        mark("/error"),
    ),
    "after_request_funcs whole": (
        lambda app: setattr(app, "after_request_funcs", {None: [marking]}),
        mark("/"),
    ),
    "teardown_request_funcs append": (
        lambda app: app.teardown_request_funcs[None].append(
            lambda error: log_of(app).append(REPLACED)
        ),
        noted("/"),
    ),
    "teardown_request_funcs whole": (
        lambda app: setattr(
            app, "teardown_request_funcs", {None: [lambda error: log_of(app).append(REPLACED)]}
        ),
        noted("/"),
    ),
    "teardown_appcontext_funcs append": (
        lambda app: app.teardown_appcontext_funcs.append(
            lambda error: log_of(app).append(REPLACED)
        ),
        noted("/"),
    ),
    "teardown_appcontext_funcs whole": (
        lambda app: setattr(
            app, "teardown_appcontext_funcs", [lambda error: log_of(app).append(REPLACED)]
        ),
        noted("/"),
    ),
    "error_handler_spec class": (
        lambda app: app.error_handler_spec[None][None].__setitem__(ValueError, error_answering),
        text("/error"),
    ),
    "error_handler_spec code": (
        lambda app: app.error_handler_spec[None][404].__setitem__(NotFound, error_answering),
        text("/missing"),
    ),
    "error_handler_spec of a blueprint": (
        lambda app: app.error_handler_spec["part"][None].__setitem__(ValueError, error_answering),
        text("/part/error"),
    ),
    "error_handler_spec tables of one's own": (
        lambda app: app.error_handler_spec.__setitem__(None, {None: {ValueError: error_answering}}),
        text("/error"),
    ),
    "error_handler_spec whole": (
        lambda app: setattr(
            app, "error_handler_spec", {None: {None: {ValueError: error_answering}}}
        ),
        text("/error"),
    ),
    "view_functions set": (
        lambda app: app.view_functions.__setitem__("index", answering),
        text("/"),
    ),
    "view_functions wrapped": (
        lambda app: app.view_functions.update(
            {name: _wrapped(view) for name, view in app.view_functions.items()}
        ),
        text("/"),
    ),
    "view_functions of a blueprint": (
        lambda app: app.view_functions.__setitem__("part.page", answering),
        text("/part"),
    ),
    "view_functions whole": (
        lambda app: setattr(app, "view_functions", {"index": answering}),
        text("/"),
    ),
    "url_value_preprocessors append": (
        lambda app: app.url_value_preprocessors[None].append(
            lambda endpoint, values: log_of(app).append(REPLACED)
        ),
        noted("/"),
    ),
    "url_value_preprocessors whole": (
        lambda app: setattr(
            app,
            "url_value_preprocessors",
            {None: [lambda endpoint, values: log_of(app).append(REPLACED)]},
        ),
        noted("/"),
    ),
    "url_default_functions append": (
        lambda app: app.url_default_functions[None].append(
            lambda endpoint, values: values.update(by=REPLACED)
        ),
        expect(f"/?by={REPLACED}", text("/where")),
    ),
    "url_default_functions whole": (
        lambda app: setattr(
            app,
            "url_default_functions",
            {None: [lambda endpoint, values: values.update(by=REPLACED)]},
        ),
        expect(f"/?by={REPLACED}", text("/where")),
    ),
    "template_context_processors append": (
        lambda app: app.template_context_processors[None].append(lambda: {"word": REPLACED}),
        text("/page"),
    ),
    "template_context_processors whole": (
        lambda app: setattr(
            app, "template_context_processors", {None: [lambda: {"word": REPLACED}]}
        ),
        text("/page"),
    ),
    "url_build_error_handlers append": (
        lambda app: app.url_build_error_handlers.append(lambda error, endpoint, values: REPLACED),
        text("/nowhere"),
    ),
    "url_map.add": (
        lambda app: (
            app.url_map.add(Rule("/added", endpoint="added")),
            app.view_functions.__setitem__("added", answering),
        ),
        text("/added"),
    ),
    "url_map.add for a view that is there": (
        lambda app: (
            app.view_functions.__setitem__("index", answering),
            app.url_map.add(Rule("/other", endpoint="index")),
        ),
        text("/other"),
    ),
    "url_map whole": (
        lambda app: (
            setattr(app, "url_map", Map([Rule("/whole", endpoint="index")])),
            app.view_functions.__setitem__("index", answering),
        ),
        text("/whole"),
    ),
    "jinja_env globals": (
        lambda app: app.jinja_env.globals.update(word=REPLACED),
        text("/page"),
    ),
    "jinja_env filter": (
        lambda app: app.jinja_env.filters.update(default=lambda value, default: REPLACED),
        text("/page"),
    ),
    "jinja_env loader": (
        lambda app: setattr(app.jinja_env, "loader", DictLoader({"replaced.txt": REPLACED})),
        text("/template"),
    ),
    "jinja_loader": (
        lambda app: setattr(app, "jinja_loader", DictLoader({"replaced.txt": REPLACED})),
        text("/template"),
    ),
}


def _iadd(table: t.Any, key: object, function: object) -> None:
    table[key] += [function]


def _wrapped(view: t.Any) -> t.Any:
    @functools.wraps(view)
    def traced(*args: t.Any, **kwargs: t.Any) -> t.Any:
        view(*args, **kwargs)
        return REPLACED

    return traced


@pytest.mark.parametrize(("change", "use"), REGISTRY_CHANGES.values(), ids=REGISTRY_CHANGES)
def test_direct_change_of_a_registry_takes_effect(change, use, served):
    """A registry that is edited or replaced after requests were served is the one in force."""
    assert use(served) != REPLACED
    served.__dict__.pop("jinja_env", None)
    change(served)
    assert use(served) == REPLACED


REMOVALS: dict[str, Callable[[list[t.Any]], object]] = {
    "remove": lambda functions: functions.remove(answering),
    "clear": lambda functions: functions.clear(),
    "pop": lambda functions: functions.pop(),
    "del": lambda functions: functions.__delitem__(0),
    "slice": lambda functions: functions.__setitem__(slice(None), []),
    "multiplied by zero": lambda functions: functions.__imul__(0),
}


@pytest.mark.parametrize("remove", REMOVALS.values(), ids=REMOVALS)
def test_function_taken_out_is_no_longer_called(remove, served):
    """A function taken out of a registry, in whichever way, is not called any more."""
    served.before_request_funcs[None].append(answering)
    assert text("/")(served) == REPLACED
    remove(served.before_request_funcs[None])
    assert text("/")(served) == "own"


@pytest.mark.parametrize(
    "remove",
    [
        lambda app: app.before_request_funcs.pop(None),
        lambda app: app.before_request_funcs.__delitem__(None),
        lambda app: app.before_request_funcs.clear(),
        lambda app: setattr(app, "before_request_funcs", {}),
    ],
    ids=["pop", "del", "clear", "whole"],
)
def test_scope_taken_out_is_no_longer_called(remove, served):
    """A scope taken out of a registry takes its functions with it."""
    served.before_request_funcs[None].append(answering)
    assert text("/")(served) == REPLACED
    remove(served)
    assert text("/")(served) == "own"


def test_kept_list_still_counts_after_requests(served):
    """A list that was fetched before the first request may be edited through that reference."""
    functions = served.before_request_funcs[None]
    assert text("/")(served) == "own"
    functions.append(answering)
    assert text("/")(served) == REPLACED


def test_order_changes_of_functions_take_effect(served):
    """Turning or sorting a list of functions changes the order they are called in."""
    served.before_request_funcs[None] += [lambda: "first", lambda: "second"]
    assert text("/")(served) == "first"
    served.before_request_funcs[None].reverse()
    assert text("/")(served) == "second"


@pytest.mark.parametrize(
    "registry",
    [
        "before_request_funcs",
        "after_request_funcs",
        "teardown_request_funcs",
        "url_value_preprocessors",
        "url_default_functions",
        "template_context_processors",
        "error_handler_spec",
    ],
)
def test_registries_are_default_dictionaries(registry, served):
    """A registry makes the table of a scope that it is asked for, as Flask's do."""
    table = getattr(served, registry)
    assert isinstance(table, dict)
    assert not table["a scope nobody has"]
    assert "a scope nobody has" in table


@pytest.mark.parametrize(
    "registry",
    ["before_request_funcs", "after_request_funcs", "teardown_request_funcs"],
)
def test_registries_compare_as_plain_ones(registry, app):
    """The containers that count their changes equal plain ones of the same content."""
    assert getattr(app, registry) == {}
    getattr(app, registry)[None].append(len)
    assert getattr(app, registry) == {None: [len]}


# Configuration, between requests.


def redirecting_in_debug(app: Flask) -> object:
    with pytest.raises(ValueError, match="meant to fail"):
        app.test_client().get("/error")
    return REPLACED


def _session_cookie(app: Flask) -> str:
    def view():
        session["word"] = 1
        return ""

    app.view_functions["index"] = view
    return app.test_client().get("/").headers["Set-Cookie"]


CONFIG_CHANGES: dict[str, tuple[dict[str, t.Any], Callable[[Flask], object]]] = {
    "TESTING": ({"TESTING": True, "PROPAGATE_EXCEPTIONS": None}, redirecting_in_debug),
    "DEBUG": ({"DEBUG": True, "PROPAGATE_EXCEPTIONS": None}, redirecting_in_debug),
    "PROPAGATE_EXCEPTIONS": ({"PROPAGATE_EXCEPTIONS": True}, redirecting_in_debug),
    "TRAP_HTTP_EXCEPTIONS": ({"TRAP_HTTP_EXCEPTIONS": True}, failing("/abort")),
    "SECRET_KEY": (
        {"SECRET_KEY": None},
        lambda app: "no secret" in _raised(lambda: _with_error(app, _session_cookie)),
    ),
    "SESSION_COOKIE_NAME": (
        {"SESSION_COOKIE_NAME": "other"},
        lambda app: _session_cookie(app).startswith("other="),
    ),
    "SESSION_COOKIE_SAMESITE": (
        {"SESSION_COOKIE_SAMESITE": "Lax"},
        lambda app: "SameSite=Lax" in _session_cookie(app),
    ),
    "SESSION_COOKIE_PATH": (
        {"SESSION_COOKIE_PATH": "/deep"},
        lambda app: "Path=/deep" in _session_cookie(app),
    ),
    "APPLICATION_ROOT": (
        {"APPLICATION_ROOT": "/deep"},
        lambda app: "Path=/deep" in _session_cookie(app),
    ),
    "MAX_CONTENT_LENGTH": ({"MAX_CONTENT_LENGTH": 1}, lambda app: _posted(app) == 413),
    "TRUSTED_HOSTS": (
        {"TRUSTED_HOSTS": ["example.org"]},
        lambda app: app.test_client().get("/").status_code == 400,
    ),
    "SEND_FILE_MAX_AGE_DEFAULT": (
        {"SEND_FILE_MAX_AGE_DEFAULT": 9},
        lambda app: _static(app).cache_control.max_age == 9,
    ),
    "PREFERRED_URL_SCHEME": (
        {"PREFERRED_URL_SCHEME": "https"},
        lambda app: _external(app).startswith("https://"),
    ),
    "SERVER_NAME": (
        {"SERVER_NAME": "example.org"},
        lambda app: "//example.org/" in _external(app),
    ),
}


def _raised(act: Callable[[], object]) -> str:
    with pytest.raises(Exception) as caught:  # noqa: PT011  # any: its text is looked at
        act()
    return str(caught.value)


def _with_error(app: Flask, act: Callable[[Flask], object]) -> object:
    app.config["PROPAGATE_EXCEPTIONS"] = True
    return act(app)


def _posted(app: Flask) -> int:
    def view():
        return str(len(request.form))

    app.add_url_rule.__wrapped__(app, "/form", "form", view, methods=["POST"])
    return app.test_client().post("/form", data={"word": "own"}).status_code


def _external(app: Flask) -> str:
    with app.app_context():
        return url_for("index")


@pytest.mark.parametrize(("settings", "holds"), CONFIG_CHANGES.values(), ids=CONFIG_CHANGES)
@pytest.mark.parametrize("way", ["item", "update", "from_mapping", "whole"])
def test_config_changed_after_requests_takes_effect(settings, holds, way, served):
    """A setting that is changed between requests is that of the next one."""
    if way == "item":
        for name, value in settings.items():
            served.config[name] = value
    elif way == "update":
        served.config.update(settings)
    elif way == "from_mapping":
        served.config.from_mapping(settings)
    else:
        served.config = Config(served.root_path, {**served.config, **settings})
    assert holds(served)


def test_debug_and_testing_attributes_are_the_settings(served):
    """``app.testing = True`` between requests lets errors through from then on."""
    served.config["PROPAGATE_EXCEPTIONS"] = None
    assert served.test_client().get("/error").status_code == 500
    served.testing = True
    assert redirecting_in_debug(served)
    served.testing = False
    assert served.test_client().get("/error").status_code == 500
    served.debug = True
    assert redirecting_in_debug(served)


# Signals


SIGNALS: dict[str, tuple[t.Any, str]] = {
    "request_started": (signals.request_started, "/"),
    "request_finished": (signals.request_finished, "/"),
    "request_tearing_down": (signals.request_tearing_down, "/"),
    "appcontext_tearing_down": (signals.appcontext_tearing_down, "/"),
    "appcontext_pushed": (signals.appcontext_pushed, "/"),
    "appcontext_popped": (signals.appcontext_popped, "/"),
    "got_request_exception": (signals.got_request_exception, "/error"),
    "before_render_template": (signals.before_render_template, "/page"),
    "template_rendered": (signals.template_rendered, "/page"),
}


@pytest.mark.parametrize(("signal", "path"), SIGNALS.values(), ids=SIGNALS)
@pytest.mark.parametrize("of_app", [True, False], ids=["of this app", "of any sender"])
def test_receiver_hears_while_it_is_connected(signal, path, of_app, served):
    """A receiver connected between requests hears the next one, and none once disconnected."""
    heard = []

    def receive(sender, **kwargs):
        heard.append(sender)

    client = served.test_client()
    client.get(path)
    if of_app:
        signal.connect(receive, served)
    else:
        signal.connect(receive)
    client.get(path)
    signal.disconnect(receive)
    client.get(path)
    assert heard == [served]


@pytest.mark.parametrize(("signal", "path"), SIGNALS.values(), ids=SIGNALS)
def test_async_receiver_is_run(signal, path, served):
    """An ``async def`` receiver is run like a plain one."""
    heard = []

    async def receive(sender, **kwargs):
        heard.append(sender)

    with signal.connected_to(receive, served):
        served.test_client().get(path)
    assert heard == [served]


def test_request_finished_is_told_the_response_that_is_sent(served):
    """The receiver of ``request_finished`` gets the response after all functions changed it."""
    served.after_request_funcs[None].append(marking)
    seen = []

    def receive(sender, response, **kwargs):
        seen.append(response.headers[MARK])

    with signals.request_finished.connected_to(receive, served):
        served.test_client().get("/")
    assert seen == [REPLACED]


@pytest.fixture
def often_switching():
    """Threads take turns after every few instructions, and not every five milliseconds."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("often_switching")
def test_receivers_may_connect_while_many_threads_ask(served):
    """Receivers that come and go while threads are served neither break nor lose an answer."""
    stop = threading.Event()
    failures: list[object] = []
    answers: list[str] = []

    def ask() -> None:
        client = served.test_client()
        while not stop.is_set():
            try:
                answers.append(client.get("/").text)
            except Exception as error:
                failures.append(error)
                return

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    heard = []
    for _ in range(200):
        with (
            signals.request_started.connected_to(lambda s, **kw: heard.append(1), served),
            signals.request_finished.connected_to(lambda s, **kw: heard.append(2), served),
        ):
            served.test_client().get("/")
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert set(answers) == {"own"}
    assert len(heard) >= 400


@pytest.mark.usefixtures("often_switching")
def test_registries_may_change_while_many_threads_ask(served):
    """Functions that are filed while threads are served break no request that is under way."""
    stop = threading.Event()
    failures: list[object] = []

    def ask() -> None:
        client = served.test_client()
        while not stop.is_set():
            response = client.get("/")
            if response.text not in {"own", REPLACED}:
                failures.append(response.text)
                return

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for _ in range(200):
        served.before_request_funcs[None].append(answering)
        assert text("/")(served) == REPLACED
        served.before_request_funcs[None].remove(answering)
        assert text("/")(served) == "own"
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []


# Two apps in one process


def test_two_apps_do_not_share_what_is_replaced():
    """What is replaced on one app, or registered with it, leaves another one alone."""
    changed, other = make_app(), make_app()
    _serve_some(changed)
    _serve_some(other)
    changed.dispatch_request = lambda: REPLACED
    changed.after_request_funcs[None].append(marking)
    changed.config["TRUSTED_HOSTS"] = ["example.org", "localhost"]
    changed.response_class = MarkedResponse
    assert (text("/")(changed), mark("/")(changed)) == (REPLACED, REPLACED)
    assert (text("/")(other), mark("/")(other)) == ("own", None)
    assert not mimetype("/")(other)


def test_receiver_of_one_app_does_not_hear_another():
    """A receiver connected for one app is not called for another one's requests."""
    one, other = make_app(), make_app()
    heard = []

    def receive(sender, **kwargs):
        heard.append(sender)

    with signals.request_started.connected_to(receive, one):
        other.test_client().get("/")
        one.test_client().get("/")
    assert heard == [one]


def test_subclass_of_one_app_does_not_change_another():
    """A subclass's methods are its own apps' only, also where the class changes later."""
    Own = type("Own", (Flask,), {})
    own, other = make_app(Own), make_app()
    _serve_some(own)
    _serve_some(other)
    Own.dispatch_request = lambda self: REPLACED
    assert (text("/")(own), text("/")(other)) == (REPLACED, "own")
    del Own.dispatch_request
    assert text("/")(own) == "own"


def test_an_app_may_ask_another_one_inside_a_request():
    """A view may call another app as WSGI; each has its own request, session and g."""
    outer, inner = make_app(), make_app()

    def outer_view():
        g.word = "outer"
        body, _, _ = run_wsgi_app(inner, {**_bare_environ(), "PATH_INFO": "/inner"})
        return f"{b''.join(body).decode()} {g.word} {request.path} {current_app.extensions['name']}"

    def inner_view():
        return f"{'word' in g} {request.path} {current_app.extensions['name']}"

    outer.extensions["name"], inner.extensions["name"] = "outer", "inner"
    outer.view_functions["index"] = outer_view
    inner.add_url_rule("/inner", "inner", inner_view)
    assert text("/")(outer) == "False /inner inner outer / outer"


def _bare_environ() -> dict[str, t.Any]:
    from werkzeug.test import create_environ

    return create_environ("/inner", "http://localhost/")


def test_replaced_method_of_one_instance_can_be_taken_back():
    """``del app.dispatch_request`` puts the class's own method in force again."""
    app = make_app()
    app.dispatch_request = lambda: REPLACED
    assert text("/")(app) == REPLACED
    del app.dispatch_request
    assert text("/")(app) == "own"


def test_mixin_before_flask_takes_effect():
    """A mixin class that comes before Flask replaces its methods."""

    class Mixin:
        def dispatch_request(self):
            return REPLACED

    class Own(Mixin, Flask):
        pass

    assert text("/")(make_app(Own)) == REPLACED


def test_mixin_changed_after_requests_takes_effect(monkeypatch):
    """A mixin, though no app class itself, may be patched while an app of it serves."""

    class Mixin:
        pass

    class Own(Mixin, Flask):
        pass

    app = make_app(Own)
    _serve_some(app)
    Mixin.dispatch_request = lambda self: REPLACED
    assert text("/")(app) == REPLACED


def test_class_of_an_app_may_be_changed():
    """``app.__class__ = Traced`` puts the other class's methods in force."""

    class Traced(Flask):
        def dispatch_request(self):
            return REPLACED

    app = make_app()
    _serve_some(app)
    app.__class__ = Traced
    assert text("/")(app) == REPLACED
