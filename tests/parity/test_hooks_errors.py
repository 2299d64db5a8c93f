"""Parity of hooks and error handling: what runs, in which order, and who answers for an error."""

import pytest
from werkzeug import exceptions

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
)


class Base(Exception):
    pass


class Derived(Base):
    pass


class Mixed(Derived, ValueError):
    pass


class Teapot(exceptions.HTTPException):
    code = 418
    description = "short & stout"


class Codeless(exceptions.HTTPException):
    pass


class SpecialNotFound(exceptions.NotFound):
    description = "special"


APP_WIDE = {
    "url_value_preprocessor": "app_url_value_preprocessor",
    "before_request": "before_app_request",
    "after_request": "after_app_request",
    "teardown_request": "teardown_app_request",
}


def trace_hooks(fw, app, scaffold, label, *, app_wide=False):
    """Register one of each hook; each notes its turn and can be told to answer or to raise.

    The request says which: ``?raise=label.hook`` or ``?answer=label.hook``.
    """

    def turn(hook, extra=""):
        name = f"{label}.{hook}"
        note(app, name + extra)
        args = fw.request.args
        if name in args.getlist("raise"):
            raise Base(f"raised in {name}")
        if name in args.getlist("abort"):
            fw.abort(409, f"aborted in {name}")
        return f"answer of {name}" if name in args.getlist("answer") else None

    def register(hook, function):
        if app_wide:
            hook = APP_WIDE[hook]
        getattr(scaffold, hook)(function)

    register(
        "url_value_preprocessor", lambda endpoint, values: turn("pull", f" {endpoint} {values}")
    )
    register("before_request", lambda: turn("before1"))
    register("before_request", lambda: turn("before2"))

    def after(number):
        def run(response):
            turn(f"after{number}", f" {response.status_code}")
            response.headers.add("X-After", f"{label}{number}")
            return response

        return run

    register("after_request", after(1))
    register("after_request", after(2))
    register("teardown_request", lambda error: note(app, f"{label}.teardown1 {error!r}"))
    register("teardown_request", lambda error: turn("teardown2"))


def build_hooks(fw):
    app = make_app(fw)
    trace_hooks(fw, app, app, "app")
    inner = fw.Blueprint("inner", "parity_inner")
    outer = fw.Blueprint("outer", "parity_outer", url_prefix="/outer")
    other = fw.Blueprint("other", "parity_other", url_prefix="/other")
    trace_hooks(fw, app, inner, "inner")
    trace_hooks(fw, app, outer, "outer")
    trace_hooks(fw, app, other, "other")
    trace_hooks(fw, app, other, "everywhere", app_wide=True)

    @app.teardown_appcontext
    def app_teardown_1(error):
        note(app, f"appcontext1 {error!r}")

    @app.teardown_appcontext
    def app_teardown_2(error):
        note(app, f"appcontext2 {error!r}")
        if fw.has_request_context() and "appcontext" in fw.request.args.getlist("raise"):
            raise Base("raised in appcontext")

    def view(**args):
        @fw.after_this_request
        def this(response):
            note(app, "after this")
            if "this" in fw.request.args.getlist("raise"):
                raise Base("raised after this")
            return response

        note(app, f"view {args}")
        if "view" in fw.request.args.getlist("raise"):
            raise Base("raised in view")
        return "viewed"

    app.add_url_rule("/", "view", view, methods=["GET", "POST"])
    app.add_url_rule("/<int:n>", "numbered", view)
    inner.add_url_rule("/<int:n>", "view", view)
    outer.add_url_rule("/", "view", view)
    other.add_url_rule("/", "view", view)
    outer.register_blueprint(inner, url_prefix="/inner")
    app.register_blueprint(outer)
    app.register_blueprint(other)
    return app


def build_hooks_handled(fw):
    app = build_hooks(fw)

    @app.errorhandler(Base)
    def base(error):
        note(app, f"handled {error}")
        return f"handled {error}", 400

    return app


def build_hooks_500(fw):
    app = build_hooks(fw)

    @app.errorhandler(500)
    def failed(error):
        note(app, f"500 {error.original_exception!r}")
        return f"{type(error).__name__} {error.original_exception!r}", 500

    return app


HOOKS = ["pull", "before1", "before2", "after1", "after2", "teardown2"]
PATHS = {"app": "/", "inner": "/outer/inner/5", "outer": "/outer/", "everywhere": "/"}
HOOK_CASES = (
    {
        "plain": get("/"),
        "args": get("/5"),
        "post": post("/", "x", "text/plain"),
        "head": head("/"),
        "options": ask("OPTIONS", "/"),
        "missing": get("/missing"),
        "method": ask("DELETE", "/"),
        "outer": get("/outer/"),
        "inner": get("/outer/inner/5"),
        "inner-missing": get("/outer/inner/x"),
        "other": get("/other/"),
        "slash": get("/outer"),
        "static": get("/static/nothing"),
        "view-raises": get("/?raise=view"),
        "view-raises-inner": get("/outer/inner/5?raise=view"),
        "this-raises": get("/?raise=this"),
        "appcontext-raises": get("/?raise=appcontext"),
        "view-and-after": get("/?raise=view&raise=app.after1"),
        "view-and-teardown": get("/?raise=view&raise=app.teardown2"),
    }
    | {
        f"{how}-{label}-{hook}": get(f"{path}?{how}={label}.{hook}")
        for label, path in PATHS.items()
        for hook in HOOKS
        for how in ("raise", "answer", "abort")
        if how != "answer" or hook in ("before1", "before2", "pull")
    }
    | {f"missing-answer-{hook}": get(f"/missing?answer=app.{hook}") for hook in HOOKS[:3]}
)
SHORT_HOOK_CASES = {
    name: request
    for name, request in HOOK_CASES.items()
    if name.startswith(("raise-app", "raise-inner", "view", "this", "missing"))
}


def build_errors(fw):
    """Handlers at app and blueprint, by class and by code; the path says what is raised."""
    app = make_app(fw)
    outer = fw.Blueprint("outer", "parity_outer", url_prefix="/outer")
    inner = fw.Blueprint("inner", "parity_inner", url_prefix="/inner")
    sibling = fw.Blueprint("sibling", "parity_sibling", url_prefix="/sibling")
    raising = {
        "base": lambda: Base("b"),
        "derived": lambda: Derived("d"),
        "mixed": lambda: Mixed("m"),
        "value": lambda: ValueError("v"),
        "lookup": lambda: LookupError("l"),
        "key": lambda: KeyError("k"),
        "index": lambda: IndexError("i"),
        "zero": lambda: ZeroDivisionError("z"),
        "teapot": Teapot,
        "codeless": Codeless,
        "codeless-response": lambda: Codeless(response=fw.Response("carried", 207)),
        "404": exceptions.NotFound,
        "special": SpecialNotFound,
        "403": lambda: exceptions.Forbidden("no"),
        "400": exceptions.BadRequest,
        "bad-key": lambda: exceptions.BadRequestKeyError("name"),
        "409": exceptions.Conflict,
        "500": exceptions.InternalServerError,
        "500-original": lambda: exceptions.InternalServerError(original_exception=Base("o")),
        "503": exceptions.ServiceUnavailable,
        "with-response": lambda: exceptions.Forbidden(response=fw.Response("own", 299)),
        "redirect": lambda: __import__("werkzeug").routing.RequestRedirect("/elsewhere"),
        "handler-raises": lambda: ArithmeticError("a"),
        "handler-aborts": lambda: OSError("o"),
        "handler-none": lambda: AttributeError("n"),
        "handler-returns": lambda: NameError("e"),
        "handler-reraises": lambda: BufferError("r"),
        "assertion": lambda: AssertionError(),
        "chained": lambda: Base("chain"),
        "not-implemented": lambda: NotImplementedError(),
        "stop": lambda: StopIteration(5),
    }

    def view(name):
        raise raising[name]()

    for scaffold in (app, outer, inner, sibling):
        scaffold.add_url_rule("/raise/<name>", "view", view, methods=["GET"])

    def handler(scaffold, key, label, code=200):
        @scaffold.errorhandler(key)
        def handle(error):
            note(app, f"{label} got {error!r}")
            return f"{label}: {type(error).__name__} {error}", code

    handler(app, Base, "app Base")
    handler(app, LookupError, "app LookupError", 404)
    handler(app, 403, "app 403", 403)
    handler(app, exceptions.NotFound, "app NotFound", 404)
    handler(app, ValueError, "app ValueError")
    handler(outer, 404, "outer 404", 404)
    handler(outer, Derived, "outer Derived")
    handler(outer, 409, "outer 409", 409)
    handler(inner, KeyError, "inner KeyError", 404)
    handler(inner, SpecialNotFound, "inner SpecialNotFound", 404)
    handler(inner, exceptions.HTTPException, "inner HTTPException", 499)
    sibling.app_errorhandler(418)(lambda error: (f"everywhere 418: {error.description}", 418))
    sibling.register_error_handler(Exception, lambda error: f"sibling Exception {error!r}")
    app.register_error_handler(ArithmeticError, lambda error: 1 / 0)
    app.register_error_handler(OSError, lambda error: fw.abort(410))
    app.register_error_handler(AttributeError, lambda error: None)
    app.register_error_handler(NameError, lambda error: exceptions.Gone("returned"))

    @app.errorhandler(BufferError)
    def reraise(error):
        raise error

    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    app.register_blueprint(sibling)
    app.extensions["raising"] = raising
    return app


def build_errors_http(fw):
    app = build_errors(fw)

    @app.errorhandler(exceptions.HTTPException)
    def http(error):
        response = error.get_response()
        response.data = f"http {error.code} {error.name}: {error.description}"
        return response

    return app


def build_errors_exception(fw):
    app = build_errors(fw)
    app.register_error_handler(Exception, lambda error: (f"all {type(error).__name__}", 520))
    return app


def build_errors_500(fw):
    app = build_errors(fw)

    @app.errorhandler(exceptions.InternalServerError)
    def failed(error):
        return f"500 for {error.original_exception!r} {error}", 500

    return app


def build_errors_500_raises(fw):
    app = build_errors(fw)
    app.register_error_handler(500, lambda error: {}["from the handler"])
    return app


RAISING = list(build_errors(__import__("flask")).extensions["raising"])
PREFIXES = {"app": "", "outer": "/outer", "inner": "/outer/inner", "sibling": "/sibling"}
ERROR_CASES = {
    f"{label}-{name}": get(f"{prefix}/raise/{name}")
    for label, prefix in PREFIXES.items()
    for name in RAISING
} | {
    "missing": get("/nowhere"),
    "missing-outer": get("/outer/nowhere"),
    "missing-inner": get("/outer/inner/nowhere"),
    "method": ask("POST", "/raise/404"),
    "method-inner": ask("POST", "/outer/inner/raise/404"),
    "head": head("/raise/base"),
    "unknown": get("/raise/unknown-name"),
}
APP_ERRORS = {name: case for name, case in ERROR_CASES.items() if name.startswith(("app", "miss"))}
UNHANDLED = [
    "zero",
    "500",
    "500-original",
    "handler-raises",
    "handler-aborts",
    "handler-none",
    "handler-reraises",
    "assertion",
    "not-implemented",
    "stop",
]
SETTINGS = (
    {"TESTING": True},
    {"DEBUG": True},
    {"PROPAGATE_EXCEPTIONS": True},
    {"TESTING": True, "PROPAGATE_EXCEPTIONS": False},
    {"TRAP_HTTP_EXCEPTIONS": True},
    {"TRAP_BAD_REQUEST_ERRORS": True},
    {"TRAP_HTTP_EXCEPTIONS": True, "PROPAGATE_EXCEPTIONS": True},
)


def build_overrides(fw):
    """Methods of the app which a subclass replaces must still be asked."""

    class App(fw.Flask):
        def preprocess_request(self):
            note(self, "preprocess_request")
            return super().preprocess_request()

        def dispatch_request(self):
            note(self, "dispatch_request")
            return super().dispatch_request()

        def full_dispatch_request(self):
            note(self, "full_dispatch_request")
            return super().full_dispatch_request()

        def finalize_request(self, answer, from_error_handler=False):
            note(self, f"finalize_request {answer!r} {from_error_handler}")
            return super().finalize_request(answer, from_error_handler)

        def make_response(self, answer):
            note(self, f"make_response {answer!r}")
            return super().make_response(answer)

        def process_response(self, response):
            note(self, "process_response")
            return super().process_response(response)

        def handle_http_exception(self, error):
            note(self, f"handle_http_exception {error!r}")
            return super().handle_http_exception(error)

        def handle_user_exception(self, error):
            note(self, f"handle_user_exception {error!r}")
            return super().handle_user_exception(error)

        def handle_exception(self, error):
            note(self, f"handle_exception {error!r}")
            return super().handle_exception(error)

        def log_exception(self, exc_info):
            note(self, f"log_exception {exc_info[0].__name__}")
            return super().log_exception(exc_info)

        def make_default_options_response(self):
            note(self, "make_default_options_response")
            return super().make_default_options_response()

        def raise_routing_exception(self, request):
            note(self, f"raise_routing_exception {request.path}")
            return super().raise_routing_exception(request)

        def do_teardown_request(self, exc=None):
            note(self, f"do_teardown_request {exc!r}")
            return super().do_teardown_request(exc)

        def do_teardown_appcontext(self, exc=None):
            note(self, f"do_teardown_appcontext {exc!r}")
            return super().do_teardown_appcontext(exc)

        def create_url_adapter(self, request):
            if request is not None:
                note(self, f"create_url_adapter {request!r}")
            return super().create_url_adapter(request)

        def request_context(self, environ):
            note(self, "request_context")
            return super().request_context(environ)

        def ensure_sync(self, function):
            note(self, f"ensure_sync {function.__name__}")
            return super().ensure_sync(function)

        def should_ignore_error(self, error):
            note(self, f"should_ignore_error {error!r}")
            return super().should_ignore_error(error)

        def trap_http_exception(self, error):
            note(self, f"trap_http_exception {error!r}")
            return super().trap_http_exception(error)

        def inject_url_defaults(self, endpoint, values):
            note(self, f"inject_url_defaults {endpoint}")
            return super().inject_url_defaults(endpoint, values)

        def handle_url_build_error(self, error, endpoint, values):
            note(self, f"handle_url_build_error {endpoint}")
            return super().handle_url_build_error(error, endpoint, values)

        def update_template_context(self, context):
            note(self, f"update_template_context {sorted(context)}")
            return super().update_template_context(context)

        def select_jinja_autoescape(self, filename):
            note(self, f"select_jinja_autoescape {filename}")
            return super().select_jinja_autoescape(filename)

        def redirect(self, location, code=302):
            note(self, f"redirect {location}")
            return super().redirect(location, code)

    app = App("parity_app")
    app.extensions["trace"] = []
    app.secret_key = "a key for tests"
    app.teardown_appcontext(lambda error: None)

    @app.before_request
    def before():
        return "early" if "early" in fw.request.args else None

    @app.after_request
    def after(response):
        return response

    @app.route("/")
    def index():
        return "index"

    @app.route("/template")
    def template():
        return fw.render_template_string("{{ x }}", x="<")

    @app.route("/url")
    def url():
        return fw.url_for("index")

    @app.route("/url-bad")
    def url_bad():
        return fw.url_for("nope")

    @app.route("/redirect")
    def redirect():
        return fw.redirect("/there")

    @app.route("/boom")
    def boom():
        raise Base("boom")

    @app.route("/handled")
    def handled():
        raise ValueError("handled")

    @app.route("/abort")
    def abort():
        fw.abort(403)

    @app.errorhandler(ValueError)
    def value(error):
        return "handled"

    return app


OVERRIDES = {
    "index": get("/"),
    "early": get("/?early"),
    "missing": get("/missing"),
    "method": ask("PUT", "/"),
    "options": ask("OPTIONS", "/"),
    "head": head("/"),
    "template": get("/template"),
    "url": get("/url"),
    "url-bad": get("/url-bad"),
    "redirect": get("/redirect"),
    "boom": get("/boom"),
    "handled": get("/handled"),
    "abort": get("/abort"),
    "static": get("/static/x"),
}


def build_context_override(fw):
    """A subclass which makes its own app contexts."""

    class App(fw.Flask):
        def app_context(self):
            note(self, "app_context")
            return super().app_context()

    app = App("parity_app")
    app.extensions["trace"] = []
    app.add_url_rule("/", "index", lambda: "index")
    return app


def build_instance_overrides(fw):
    """Methods assigned on the instance, as extensions do it."""
    app = make_app(fw)

    @app.route("/")
    def index():
        return "index"

    @app.route("/boom")
    def boom():
        raise Base("boom")

    dispatch, wsgi_app = app.dispatch_request, app.wsgi_app
    app.handle_user_exception = lambda error: (f"user {error!r}", 555)
    app.dispatch_request = lambda *args: note(app, "dispatch") or dispatch(*args)

    def mounted(environ, start_response):
        environ["HTTP_X_SEEN"] = "yes"
        note(app, "middleware")
        return wsgi_app(environ, start_response)

    app.wsgi_app = mounted
    app.before_request_funcs.setdefault(None, []).append(lambda: note(app, "appended"))
    app.after_request_funcs[None].append(lambda response: note(app, "after") or response)
    app.teardown_request_funcs[None] = [lambda error: note(app, f"teardown {error!r}")]
    app.view_functions["index"] = lambda: f"replaced {fw.request.headers['X-Seen']}"
    return app


ALL = [
    *cases(build_hooks, HOOK_CASES),
    *cases(build_hooks_handled, HOOK_CASES),
    *cases(build_hooks_500, SHORT_HOOK_CASES),
    *cases(configured(build_hooks, TESTING=True), SHORT_HOOK_CASES),
    *cases(build_errors, ERROR_CASES),
    *cases(build_errors_http, ERROR_CASES),
    *cases(build_errors_exception, APP_ERRORS),
    *cases(build_errors_500, APP_ERRORS),
    *cases(build_errors_500_raises, {name: get(f"/raise/{name}") for name in UNHANDLED}),
    *[
        row
        for setting in SETTINGS
        for row in cases(configured(build_errors, **setting), APP_ERRORS)
    ],
    *cases(build_overrides, OVERRIDES),
    *cases(build_context_override, {"index": get("/"), "missing": get("/missing")}),
    *cases(
        build_instance_overrides,
        {
            "index": get("/"),
            "boom": get("/boom"),
            "missing": get("/missing"),
            "options": ask("OPTIONS", "/"),
        },
    ),
]


@pytest.mark.parametrize(("build", "requests", "case_id"), ALL)
def test_hooks_and_errors(build, requests, case_id):
    """Hooks run, and errors find their handler, in Flask's order."""
    compare(build, requests, case_id)


def test_hooks_and_errors_on_one_app():
    """An error in one request changes nothing for the next."""
    compare_on_one_app(ALL)
