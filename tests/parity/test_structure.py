"""Parity of what an app is put together of: blueprints, class-based views, async functions."""

import asyncio

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

ROOT = tree(
    {
        "static/own.txt": "the app's",
        "bp/static/own.txt": "the blueprint's",
        "bp/assets/own.txt": "the blueprint's asset",
        "bp/data.txt": "data",
    }
)


def where(fw):
    def view(**args):
        request = fw.request
        return [
            request.endpoint,
            request.blueprint,
            request.blueprints,
            args,
            str(request.url_rule),
        ]

    return view


def build_blueprints(fw):
    app = make_app(fw, ROOT)
    show = where(fw)

    def blueprint(name, *routes, **options):
        made = fw.Blueprint(name, f"parity_{name}", root_path=str(ROOT / "bp"), **options)
        for rule, endpoint in routes:
            made.add_url_rule(rule, endpoint, show)
        return made

    plain = blueprint("plain", ("/plain", "view"), ("/plain/<x>", "with_x"))
    prefixed = blueprint("prefixed", ("/", "root"), ("", "none"), ("/a", "a"), url_prefix="/pre")
    overridden = blueprint("overridden", ("/", "root"), url_prefix="/own")
    variable = blueprint("variable", ("/page", "page"), url_prefix="/<lang>")
    defaults = blueprint("defaults", ("/<x>", "view"), url_defaults={"extra": 1}, url_prefix="/d")
    slashed = blueprint("slashed", ("/view", "view"), url_prefix="/slashed/")
    top = blueprint("top", ("/", "view"), url_prefix="/top")
    middle = blueprint("middle", ("/", "view"), url_prefix="/middle")
    leaf = blueprint("leaf", ("/", "view"), ("/<int:n>", "numbered"))
    files = blueprint("files", ("/own", "own"), url_prefix="/files", static_folder="static")
    assets = blueprint(
        "assets",
        ("/own", "own"),
        static_folder="assets",
        static_url_path="/served",
        url_prefix="/assets",
    )
    rooted = blueprint("rooted", static_folder="static", static_url_path="/rooted")

    @plain.route("/links")
    def links():
        names = [".view", "plain.view", "prefixed.root", "top.middle.leaf.view", "twice.root"]
        return [fw.url_for(name) for name in names] + [
            fw.url_for(".with_x", x="a b"),
            fw.url_for("variable.page", lang="de"),
            fw.url_for("defaults.view", x=1),
            fw.url_for("files.static", filename="own.txt"),
            fw.url_for("assets.static", filename="own.txt"),
            fw.url_for("top.middle.leaf.numbered", n=3),
        ]

    @leaf.route("/relative")
    def relative():
        return [fw.url_for(".view"), fw.url_for(".numbered", n=1)]

    @files.route("/resource")
    def resource():
        with files.open_resource("data.txt") as file:
            return file.read()

    @files.route("/opened")
    def opened():
        with files.open_resource("data.txt", "r") as file:
            return file.read()

    @files.route("/sent")
    def sent():
        return files.send_static_file("own.txt")

    @variable.url_value_preprocessor
    def pull(endpoint, values):
        fw.g.lang = values.pop("lang")

    @variable.url_defaults
    def add(endpoint, values):
        values.setdefault("lang", getattr(fw.g, "lang", "none"))

    @variable.route("/lang")
    def lang():
        return fw.g.lang + fw.url_for(".page") + fw.url_for("variable.page", lang="x")

    @plain.record
    def recorded(state):
        note(app, f"record {state.first_registration} {state.url_prefix} {state.options}")

    @plain.record_once
    def recorded_once(state):
        note(app, f"once {state.blueprint.name} {state.app.name} {state.subdomain}")
        state.add_url_rule("/from-record", "from_record", show)

    @plain.route("/methods", methods=["POST"], defaults={"d": 1})
    def methods(d):
        return str(d)

    plain.get("/verb")(lambda: "verb")
    plain.add_url_rule("/lambda", "lambda_", lambda: "lambda", methods=["PUT"])
    plain.add_url_rule("/external", view_func=links)

    @plain.endpoint("filled")
    def filled():
        return "filled"

    app.add_url_rule("/filled", endpoint="plain.filled")
    app.register_blueprint(plain, option="given")
    app.register_blueprint(plain, name="plain_again", url_prefix="/again")
    app.register_blueprint(prefixed)
    app.register_blueprint(overridden, url_prefix="/changed")
    app.register_blueprint(overridden, name="twice", url_prefix="/twice", url_defaults={"z": 1})
    app.register_blueprint(variable)
    app.register_blueprint(defaults)
    app.register_blueprint(slashed)
    middle.register_blueprint(leaf, url_prefix="/leaf")
    middle.register_blueprint(leaf, name="other", url_prefix="/other")
    top.register_blueprint(middle)
    app.register_blueprint(top)
    app.register_blueprint(top, name="copy", url_prefix="/copy")
    app.register_blueprint(files)
    app.register_blueprint(assets)
    app.register_blueprint(rooted)
    return app


BLUEPRINT_PATHS = [
    "/plain",
    "/plain/x",
    "/again/plain",
    "/pre/",
    "/pre",
    "/pre/a",
    "/own/",
    "/changed/",
    "/twice/",
    "/de/page",
    "/de/lang",
    "/d/5",
    "/slashed/view",
    "/slashed//view",
    "/top/",
    "/top",
    "/top/middle/",
    "/top/middle/leaf/",
    "/top/middle/leaf/7",
    "/top/middle/other/",
    "/copy/middle/leaf/7",
    "/copy/",
    "/links",
    "/again/links",
    "/top/middle/leaf/relative",
    "/top/middle/other/relative",
    "/copy/middle/leaf/relative",
    "/files/static/own.txt",
    "/files/own",
    "/assets/served/own.txt",
    "/assets/static/own.txt",
    "/rooted/own.txt",
    "/static/own.txt",
    "/files/opened",
    "/files/sent",
    "/files/resource",
    "/from-record",
    "/again/from-record",
    "/verb",
    "/lambda",
    "/methods",
    "/filled",
    "/external",
    "/files/static/missing",
    "/files/static/../data.txt",
    "/nowhere",
    "/top/nowhere",
]


def build_blueprint_subdomain(fw):
    app = make_app(fw, subdomain_matching=True, config={"SERVER_NAME": "example.test"})
    api = fw.Blueprint("api", "parity_api", subdomain="api")
    admin = fw.Blueprint("admin", "parity_admin")
    inner = fw.Blueprint("inner", "parity_inner", subdomain="inner")
    for made in (api, admin, inner):
        made.add_url_rule("/", "view", where(fw))
    outer = fw.Blueprint("outer", "parity_outer", subdomain="outer")
    outer.register_blueprint(inner)
    app.register_blueprint(api)
    app.register_blueprint(admin, subdomain="<who>.admin")
    app.register_blueprint(outer)

    @app.route("/")
    def index():
        return [fw.url_for("api.view"), fw.url_for("admin.view", who="me"), fw.url_for("index")]

    return app


HOSTS = [
    "example.test",
    "api.example.test",
    "me.admin.example.test",
    "outer.example.test",
    "inner.example.test",
    "inner.outer.example.test",
    "x.example.test",
]


def build_views(fw):
    app = make_app(fw)
    views = fw.views

    class Simple(views.View):
        def dispatch_request(self, **args):
            return f"{fw.request.method} {args}"

    class Listed(Simple):
        methods = ["PUT", "POST"]  # noqa: RUF012
        provide_automatic_options = False

    class Counting(views.View):
        def __init__(self, start=0):
            self.count = start

        def dispatch_request(self):
            self.count += 1
            return str(self.count)

    class CountingOnce(Counting):
        init_every_request = False

    def shouting(view):
        def run(*args, **kwargs):
            return fw.make_response(view(*args, **kwargs)).get_data(as_text=True).upper()

        return run

    def wrapping(view):
        def run(*args, **kwargs):
            return f"[{fw.make_response(view(*args, **kwargs)).get_data(as_text=True)}]"

        return run

    class Decorated(Simple):
        decorators = [shouting, wrapping]  # noqa: RUF012

    class Item(views.MethodView):
        def get(self, n=None):
            return f"get {n}"

        def post(self):
            return "post", 201

        def delete(self, n):
            return "", 204

    class WithHead(Item):
        def head(self, n=None):
            return fw.Response(headers={"X-Head": "own"})

        def options(self, n=None):
            return "own options"

    class Inherited(Item):
        def put(self, n):
            return f"put {n}"

    class Narrowed(Inherited):
        methods = ["GET"]  # noqa: RUF012

    class Only(views.MethodView):
        def post(self):
            return "only"

    class Async(views.MethodView):
        async def get(self):
            await asyncio.sleep(0)
            return "async get"

    class Unfinished(views.View):
        pass

    app.add_url_rule("/simple", view_func=Simple.as_view("simple"))
    app.add_url_rule("/simple/<x>", view_func=Simple.as_view("simple_x"), methods=["GET", "PATCH"])
    app.add_url_rule("/listed", view_func=Listed.as_view("listed"))
    app.add_url_rule("/count", view_func=Counting.as_view("count", 5))
    app.add_url_rule("/once", view_func=CountingOnce.as_view("once", start=5))
    app.add_url_rule("/decorated", view_func=Decorated.as_view("decorated"))
    item = Item.as_view("item")
    app.add_url_rule("/item", view_func=item)
    app.add_url_rule("/item/<int:n>", view_func=item, methods=["GET", "DELETE"])
    app.add_url_rule("/head", view_func=WithHead.as_view("head"))
    app.add_url_rule("/inherited/<n>", view_func=Inherited.as_view("inherited"))
    app.add_url_rule("/narrowed/<n>", view_func=Narrowed.as_view("narrowed"))
    app.add_url_rule("/only", view_func=Only.as_view("only"))
    app.add_url_rule("/async", view_func=Async.as_view("async"))
    app.add_url_rule("/unfinished", view_func=Unfinished.as_view("unfinished"))

    @app.route("/attributes")
    def attributes():
        shown = []
        for name in ("simple", "listed", "once", "item", "narrowed"):
            view = app.view_functions[name]
            shown.append(
                [
                    view.__name__,
                    view.view_class.__name__,
                    sorted(view.methods or ()),
                    view.provide_automatic_options,
                    view.__module__,
                    view.__doc__,
                ]
            )
        return shown

    app.register_blueprint(fw.Blueprint("files", __name__, static_folder="static"))

    @app.route("/static-views")
    def static_views():
        """Programs exempt these from checks by their full names."""
        views = [app.view_functions[name] for name in ("static", "files.static")]
        return [f"{view.__module__}.{view.__name__}" for view in views]

    return app


VIEW_PATHS = [
    "/simple",
    "/simple/x",
    "/listed",
    "/decorated",
    "/item",
    "/item/5",
    "/item/x",
    "/head",
    "/inherited/1",
    "/narrowed/1",
    "/only",
    "/async",
    "/unfinished",
    "/attributes",
    "/static-views",
]
VIEW_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS")
BUILD_VIEWS = {
    f"{method}{path}": ask(method, path) for path in VIEW_PATHS for method in VIEW_METHODS
} | {"count": [get("/count")] * 3, "once": [get("/once")] * 3}


def build_async(fw):
    app = make_app(fw)
    bp = fw.Blueprint("bp", "parity_bp", url_prefix="/bp")

    @app.before_request
    async def before():
        await asyncio.sleep(0)
        note(app, f"before {fw.request.path}")
        return "early" if "early" in fw.request.args else None

    @app.after_request
    async def after(response):
        note(app, f"after {response.status_code}")
        response.headers["X-After"] = "async"
        return response

    @app.teardown_request
    async def teardown(error):
        note(app, f"teardown {error!r}")

    @app.teardown_appcontext
    async def teardown_app(error):
        note(app, f"appcontext {error!r}")

    @app.context_processor
    async def context():
        return {"from_context": "async context"}

    @app.errorhandler(ValueError)
    async def handle(error):
        await asyncio.sleep(0)
        return f"handled {error}", 418

    @bp.errorhandler(404)
    async def handle_404(error):
        return "bp 404", 404

    @bp.before_request
    async def bp_before():
        fw.g.bp = "async"

    @app.route("/view/<int:n>")
    async def view(n):
        await asyncio.sleep(0)
        return {"n": n, "path": fw.request.path}

    @app.route("/g")
    async def g():
        fw.g.x = 1

        async def inner():
            fw.g.y = fw.g.x + 1
            return fw.request.args.get("a")

        got = await inner()
        many = await asyncio.gather(inner(), inner())
        return f"{fw.g.y} {got} {many}"

    @app.route("/session")
    async def session():
        fw.session["count"] = fw.session.get("count", 0) + 1
        return str(fw.session["count"])

    @app.route("/form", methods=["POST"])
    async def form():
        return dict(fw.request.form)

    @app.route("/raise")
    async def raise_():
        raise ValueError("async")

    @app.route("/crash")
    async def crash():
        raise KeyError("async")

    @app.route("/abort")
    async def abort():
        fw.abort(403)

    @app.route("/none")
    async def none():
        pass

    @app.route("/after-this")
    async def after_this():
        @fw.after_this_request
        async def change(response):
            response.headers["X-This"] = "async"
            return response

        return "x"

    @app.route("/template")
    async def template():
        return fw.render_template_string("{{ from_context }}{{ request.path }}")

    @app.route("/sync")
    def sync():
        return "sync"

    @app.route("/to-sync")
    def to_sync():
        async def add(a, b):
            return a + b

        return str(app.async_to_sync(add)(1, b=2)) + app.ensure_sync(lambda: "plain")()

    @app.route("/running")
    async def running():
        return type(asyncio.current_task()).__name__

    @app.route("/stream")
    async def stream():
        return fw.Response(fw.stream_with_context(fw.request.path for _ in "ab"))

    @bp.route("/")
    async def bp_view():
        return fw.g.bp

    @bp.route("/abort")
    async def bp_abort():
        fw.abort(404)

    app.register_blueprint(bp)
    return app


ASYNC_PATHS = [
    "/view/5",
    "/view/x",
    "/g?a=b",
    "/session",
    "/raise",
    "/crash",
    "/abort",
    "/none",
    "/after-this",
    "/template",
    "/sync",
    "/to-sync",
    "/running",
    "/stream",
    "/bp/",
    "/bp/abort",
    "/view/1?early",
    "/nowhere",
    "/sync?early",
]
FORM = "application/x-www-form-urlencoded"
BUILD_ASYNC = {path: get(path) for path in ASYNC_PATHS} | {
    "form": post("/form", "a=1", FORM),
    "head": head("/view/5"),
    "session-twice": [get("/session"), get("/session")],
    "options": ask("OPTIONS", "/view/5"),
}

ALL = [
    *cases(build_blueprints, {path: get(path) for path in BLUEPRINT_PATHS}),
    *cases(
        build_blueprints,
        {"methods": ask("POST", "/methods"), "lambda-put": ask("PUT", "/again/lambda")},
    ),
    *cases(build_blueprint_subdomain, {host: get("/", host=host) for host in HOSTS}),
    *cases(build_views, BUILD_VIEWS),
    *cases(build_async, BUILD_ASYNC),
    *cases(
        configured(build_async, TESTING=True),
        {path: get(path) for path in ("/raise", "/crash", "/abort", "/none")},
    ),
]


@pytest.mark.parametrize(("build", "requests", "case_id"), ALL)
def test_structure(build, requests, case_id):
    """Blueprints, views and coroutines answer as they do under Flask."""
    compare(build, requests, case_id)


def test_structure_on_one_app():
    """An app which has answered once answers the same again."""
    compare_on_one_app([row for row in ALL if "once" not in row.id and "count" not in row.id])
