"""Parity of what a developer reads: the type and the words of every error in setup and use."""

import pytest

from parity.harness import APP_NAME, NOWHERE, call, get, make_app, make_environ, probes, same


def ask_app(app, request):
    answer = call(app, make_environ(request, {}, []))
    return [answer.status, answer.body.decode("latin-1"), answer.escaped, answer.log]


def served(fw):
    """An app which has answered its first request."""
    app = make_app(fw)
    app.add_url_rule("/", "index", lambda: "x")
    ask_app(app, get("/"))
    return app


def returning(make_answer, name="my_view"):
    """A probe: what a view's answer leads to when exceptions propagate."""

    def probe(fw):
        app = make_app(fw, config={"TESTING": True})

        def view():
            return make_answer(fw)

        view.__name__ = name
        app.add_url_rule("/", view_func=view)
        return ask_app(app, get("/"))

    return probe


def on_app(action):
    return lambda fw: action(fw, make_app(fw))


def on_served(action):
    return lambda fw: action(fw, served(fw))


def on_blueprint(action):
    def probe(fw):
        app = make_app(fw)
        bp = fw.Blueprint("bp", "parity_bp")
        bp.add_url_rule("/", "view", lambda: "x")
        app.register_blueprint(bp)
        return action(fw, bp)

    return probe


def in_request(action, path="/", **config):
    def probe(fw):
        app = make_app(fw, config=config)
        with app.test_request_context(path):
            return action(fw, app)

    return probe


def view():
    return "x"


def other_view():
    return "y"


def two_views(fw, app):
    app.add_url_rule("/a", "same", view)
    app.add_url_rule("/b", "same", other_view)


def same_blueprint_twice(fw, app):
    bp = fw.Blueprint("bp", "parity_bp")
    app.register_blueprint(bp)
    app.register_blueprint(bp)


def two_blueprints_of_one_name(fw, app):
    app.register_blueprint(fw.Blueprint("bp", "parity_bp"))
    app.register_blueprint(fw.Blueprint("bp", "parity_bp"))


def blueprint_in_itself(fw, app):
    bp = fw.Blueprint("bp", "parity_bp")
    bp.register_blueprint(bp)


def pushed_wrong(fw, app):
    context, other = app.app_context(), app.app_context()
    context.push()
    other.push()
    context.pop()


def request_pushed_wrong(fw, app):
    context, other = app.test_request_context(), app.test_request_context("/other")
    context.push()
    other.push()
    context.pop()


SETUP = {
    "duplicate-endpoint": on_app(two_views),
    "duplicate-endpoint-same-view": on_app(
        lambda fw, app: [app.add_url_rule("/a", "e", view), app.add_url_rule("/b", "e", view)]
    ),
    "methods-string": on_app(lambda fw, app: app.route("/", methods="GET")(view)),
    "methods-in-shortcut": on_app(lambda fw, app: app.get("/", methods=["GET"])),
    "no-endpoint": on_app(lambda fw, app: app.add_url_rule("/")),
    "no-slash": on_app(lambda fw, app: app.add_url_rule("noslash", "x", view)),
    "bad-converter": on_app(lambda fw, app: app.add_url_rule("/<nope:x>", "x", view)),
    "bad-rule": on_app(lambda fw, app: app.add_url_rule("/<x", "x", view)),
    "same-variable": on_app(lambda fw, app: app.add_url_rule("/<x>/<x>", "x", view)),
    "unknown-option": on_app(lambda fw, app: app.add_url_rule("/", "x", view, nope=1)),
    "error-code-unknown": on_app(lambda fw, app: app.register_error_handler(999, view)),
    "error-code-text": on_app(lambda fw, app: app.register_error_handler("404", view)),
    "error-instance": on_app(lambda fw, app: app.register_error_handler(ValueError(), view)),
    "error-class": on_app(lambda fw, app: app.register_error_handler(int, view)),
    "error-none": on_app(lambda fw, app: app.errorhandler(None)(view)),
    "error-codeless": on_app(
        lambda fw, app: app.register_error_handler(
            __import__("werkzeug").exceptions.HTTPException, view
        )
    ),
    "blueprint-name-dot": lambda fw: fw.Blueprint("a.b", "x"),
    "blueprint-name-empty": lambda fw: fw.Blueprint("", "x"),
    "blueprint-endpoint-dot": lambda fw: fw.Blueprint("a", "parity_x").add_url_rule(
        "/", "x.y", view
    ),
    "blueprint-view-dot": lambda fw: fw.Blueprint("a", "parity_x").add_url_rule(
        "/", view_func=type("V", (), {"__name__": "x.y", "__call__": lambda s: "x"})()
    ),
    "blueprint-twice": on_app(same_blueprint_twice),
    "blueprint-names": on_app(two_blueprints_of_one_name),
    "blueprint-in-itself": on_app(blueprint_in_itself),
    "blueprint-slash": on_app(
        lambda fw, app: app.register_blueprint(_with_rule(fw, "noslash"), url_prefix=None)
    ),
    "blueprint-no-static": lambda fw: fw.Blueprint("a", "parity_x").send_static_file("x"),
    "app-no-static": lambda fw: make_app(fw, static_folder=None).send_static_file("x"),
    "instance-relative": lambda fw: fw.Flask(APP_NAME, instance_path="relative/path"),
    "no-name": lambda fw: fw.Flask(),
    "static-host-alone": lambda fw: fw.Flask(APP_NAME, static_host="x"),
    "host-matching-static": lambda fw: fw.Flask(APP_NAME, host_matching=True),
    "static-url-empty": lambda fw: fw.Flask(APP_NAME, static_folder="").static_url_path,
    "import-name": lambda fw: [
        fw.Flask("__main__").name,
        repr(fw.Flask("a.b.c")),
        repr(fw.Blueprint("bp", "x")),
    ],
    "url-map": on_app(
        lambda fw, app: [
            repr(app.url_map).partition("(")[0],
            repr(type("OwnMap", (type(app.url_map),), {})()),
        ]
    ),
    "attributes": on_app(
        lambda fw, app: [
            app.name,
            app.import_name,
            app.root_path == str(NOWHERE),
            app.static_url_path,
            app.static_folder == str(NOWHERE / "static"),
            app.template_folder,
            app.has_static_folder,
            app.debug,
            app.testing,
            sorted(app.config.items(), key=lambda item: item[0]),
            app.subdomain_matching,
            sorted(app.extensions),
            list(app.view_functions),
            [str(rule) for rule in app.url_map.iter_rules()],
            sorted(app.jinja_options),
            app.logger.name,
            app.got_first_request,
        ]
    ),
}


def _with_rule(fw, rule):
    bp = fw.Blueprint("bp", "parity_bp")
    bp.add_url_rule(rule, "x", view)
    return bp


LATE = {
    "route": on_served(lambda fw, app: app.route("/late")(view)),
    "add-url-rule": on_served(lambda fw, app: app.add_url_rule("/late", "late", view)),
    "get": on_served(lambda fw, app: app.get("/late")(view)),
    "before": on_served(lambda fw, app: app.before_request(view)),
    "after": on_served(lambda fw, app: app.after_request(view)),
    "teardown": on_served(lambda fw, app: app.teardown_request(view)),
    "teardown-app": on_served(lambda fw, app: app.teardown_appcontext(view)),
    "context-processor": on_served(lambda fw, app: app.context_processor(view)),
    "errorhandler": on_served(lambda fw, app: app.errorhandler(404)(view)),
    "register-error": on_served(lambda fw, app: app.register_error_handler(404, view)),
    "endpoint": on_served(lambda fw, app: app.endpoint("e")(view)),
    "url-defaults": on_served(lambda fw, app: app.url_defaults(view)),
    "url-value": on_served(lambda fw, app: app.url_value_preprocessor(view)),
    "template-filter": on_served(lambda fw, app: app.template_filter()(view)),
    "add-filter": on_served(lambda fw, app: app.add_template_filter(view)),
    "template-test": on_served(lambda fw, app: app.template_test()(view)),
    "template-global": on_served(lambda fw, app: app.template_global()(view)),
    "shell": on_served(lambda fw, app: app.shell_context_processor(view)),
    "blueprint": on_served(lambda fw, app: app.register_blueprint(fw.Blueprint("b", "x"))),
    "blueprint-route": on_blueprint(lambda fw, bp: bp.route("/late")(view)),
    "blueprint-before": on_blueprint(lambda fw, bp: bp.before_request(view)),
    "blueprint-app-before": on_blueprint(lambda fw, bp: bp.before_app_request(view)),
    "blueprint-record": on_blueprint(lambda fw, bp: bp.record(view)),
    "blueprint-record-once": on_blueprint(lambda fw, bp: bp.record_once(view)),
    "blueprint-errorhandler": on_blueprint(lambda fw, bp: bp.errorhandler(404)(view)),
    "blueprint-app-errorhandler": on_blueprint(lambda fw, bp: bp.app_errorhandler(404)(view)),
    "blueprint-filter": on_blueprint(lambda fw, bp: bp.app_template_filter()(view)),
    "blueprint-nested": on_blueprint(lambda fw, bp: bp.register_blueprint(fw.Blueprint("b", "x"))),
}

ANSWERS = {
    "none": returning(lambda fw: None),
    "none-in-tuple": returning(lambda fw: (None, 200)),
    "int": returning(lambda fw: 5),
    "bool": returning(lambda fw: False),
    "object": returning(lambda fw: type("Thing", (), {"__repr__": lambda s: "a thing"})()),
    "class": returning(lambda fw: int),
    "empty-tuple": returning(lambda fw: ()),
    "one-tuple": returning(lambda fw: ("x",)),
    "four-tuple": returning(lambda fw: (1, 2, 3, 4)),
    "int-first": returning(lambda fw: (200, "x")),
    "bad-status": returning(lambda fw: ("x", object)),
    "empty-status": returning(lambda fw: ("x", "")),
    "bad-headers": returning(lambda fw: ("x", 200, 5)),
    "set": returning(lambda fw: {1}),
    "not-json": returning(lambda fw: {"a": {1}}),
    "awaitable": returning(lambda fw: Awaitable()),
    "named": returning(lambda fw: None, "a_view_of_this_name"),
    "lambda": returning(lambda fw: None, "<lambda>"),
}


class Awaitable:
    def __await__(self):
        yield

    def __repr__(self):
        return "an awaitable"


OUTSIDE = {
    "request": lambda fw: fw.request.path,
    "request-bool": lambda fw: bool(fw.request),
    "request-repr": lambda fw: repr(fw.request),
    "session": lambda fw: fw.session["x"],
    "session-set": lambda fw: fw.session.__setitem__("x", 1),
    "session-repr": lambda fw: repr(fw.session),
    "g": lambda fw: fw.g.x,
    "g-set": lambda fw: setattr(fw.g, "x", 1),
    "g-repr": lambda fw: repr(fw.g),
    "current-app": lambda fw: fw.current_app.name,
    "current-app-repr": lambda fw: repr(fw.current_app),
    "current-object": lambda fw: fw.current_app._get_current_object(),
    "url-for": lambda fw: fw.url_for("x"),
    "render": lambda fw: fw.render_template("x.html"),
    "render-string": lambda fw: fw.render_template_string("x"),
    "stream-template": lambda fw: fw.stream_template("x.html"),
    "jsonify": lambda fw: fw.jsonify(1),
    "json-dumps": lambda fw: [fw.json.dumps({"b": 1, "a": "ü"}), fw.json.loads("[1]")],
    "json-dumps-bad": lambda fw: fw.json.dumps({1}),
    "make-response": lambda fw: fw.make_response("x"),
    "redirect": lambda fw: list(fw.redirect("/x").headers),
    "abort": lambda fw: fw.abort(404),
    "flash": lambda fw: fw.flash("x"),
    "flashed": lambda fw: fw.get_flashed_messages(),
    "send-file": lambda fw: fw.send_file("x"),
    "send-from": lambda fw: fw.send_from_directory("a", "b"),
    "after-this": lambda fw: fw.after_this_request(view),
    "copy-context": lambda fw: fw.copy_current_request_context(view),
    "stream-context": lambda fw: fw.stream_with_context(iter("ab")),
    "stream-decorator": lambda fw: fw.stream_with_context(lambda: iter("ab"))(),
    "attribute": lambda fw: fw.get_template_attribute("x", "y"),
    "has-request": lambda fw: [fw.has_request_context(), fw.has_app_context()],
    "missing-name": lambda fw: fw.nothing_of_this_name,
    "top-level": lambda fw: [fw.escape, fw.Markup],
}


def in_app(action):
    def probe(fw):
        with make_app(fw).app_context():
            return action(fw)

    return probe


IN_APP = {f"app-{name}": in_app(action) for name, action in OUTSIDE.items()}

USE = {
    "pop-order": on_app(pushed_wrong),
    "pop-order-request": on_app(request_pushed_wrong),
    "pop-unpushed": on_app(lambda fw, app: _error_type(app.app_context().pop)),
    "pop-unpushed-request": on_app(lambda fw, app: _error_type(app.test_request_context().pop)),
    "bad-context-arguments": on_app(
        lambda fw, app: app.test_request_context("/", base_url="http://x", subdomain="y")
    ),
    "no-secret-set": in_request(lambda fw, app: fw.session.__setitem__("a", 1), SECRET_KEY=None),
    "no-secret-pop": in_request(lambda fw, app: fw.session.pop("a"), SECRET_KEY=None),
    "no-secret-flash": in_request(lambda fw, app: fw.flash("x"), SECRET_KEY=None),
    "no-secret-permanent": in_request(
        lambda fw, app: setattr(fw.session, "permanent", True), SECRET_KEY=None
    ),
    "no-secret-repr": in_request(lambda fw, app: repr(fw.session), SECRET_KEY=None),
    "g-missing": in_request(lambda fw, app: fw.g.nothing),
    "g-repr": in_request(lambda fw, app: repr(fw.g)),
    "g-pop-missing": in_request(lambda fw, app: fw.g.pop("x")),
    "request-repr": in_request(lambda fw, app: repr(fw.request), "/a?b=c"),
    "request-attribute": in_request(lambda fw, app: fw.request.nothing),
    "context-repr": on_app(lambda fw, app: repr(app.test_request_context("/x"))),
    "match-repr": in_request(lambda fw, app: repr(fw.request.routing_exception), "/nowhere"),
    "abort-unknown": in_request(lambda fw, app: fw.abort(999)),
    "abort-text": in_request(lambda fw, app: fw.abort("404")),
    "abort-200": in_request(lambda fw, app: fw.abort(200)),
    "aborter-custom": in_request(lambda fw, app: app.aborter.mapping[404].__name__),
    "jsonify-both": in_request(lambda fw, app: fw.jsonify(1, a=2)),
    "json-bad": in_request(lambda fw, app: fw.json.dumps(object())),
    "json-loads": in_request(lambda fw, app: fw.json.loads("{")),
    "template-missing": in_request(lambda fw, app: fw.render_template("nope.html")),
    "template-list": in_request(lambda fw, app: fw.render_template(["a", "b"])),
    "open-resource-mode": on_app(lambda fw, app: app.open_resource("x", "w")),
    "open-resource-missing": on_app(lambda fw, app: _error_type(app.open_resource, "nope")),
    "config-missing": on_app(lambda fw, app: app.config["NOPE"]),
    "config-file": on_app(lambda fw, app: app.config.from_pyfile("/nope/config.py")),
    "config-file-silent": on_app(lambda fw, app: app.config.from_pyfile("/nope.py", silent=True)),
    "config-envvar": on_app(lambda fw, app: app.config.from_envvar("PARITY_NOT_SET")),
    "config-mapping": on_app(lambda fw, app: app.config.from_mapping({}, {})),
    "config-object": on_app(lambda fw, app: app.config.from_object("parity_nothing.here")),
    "config-attribute": on_app(lambda fw, app: setattr(app, "testing", 5) or app.config["TESTING"]),
    "ensure-sync": on_app(lambda fw, app: app.ensure_sync(view) is view),
    "test-client-argument": on_app(lambda fw, app: app.test_client(nope=1)),
    "session-transaction-off": on_app(
        lambda fw, app: app.test_client(use_cookies=False).session_transaction().__enter__()
    ),
    "session-transaction-null": lambda fw: (
        make_app(fw, config={"SECRET_KEY": None})
        .test_client()
        .session_transaction()
        .__enter__()
        .__setitem__("a", 1)
    ),
    "version": lambda fw: hasattr(fw, "__version__"),
    "async-without-loop": on_app(lambda fw, app: app.ensure_sync(_async_view)()),
    "blueprint-setup-state": lambda fw: fw.blueprints.BlueprintSetupState.__name__,
    "copy-context-thread": in_request(lambda fw, app: fw.copy_current_request_context(view)()),
}


def _error_type(function, *args):
    """The error's type alone, where its words are an address, a path or a variable's name."""
    try:
        return function(*args)
    except Exception as error:
        return type(error).__name__


async def _async_view():
    return "async"


@pytest.mark.parametrize("probe", probes(SETUP))
def test_setup_errors(probe):
    """A mistake in setting up an app is told in the same words."""
    same(probe)


@pytest.mark.parametrize("probe", probes(LATE))
def test_late_setup(probe):
    """Setup after the first request is refused in the same words."""
    same(probe)


@pytest.mark.parametrize("probe", probes(ANSWERS))
def test_bad_answers(probe):
    """An answer no response can be made of is told in the same words."""
    same(probe)


@pytest.mark.parametrize("probe", probes(OUTSIDE | IN_APP))
def test_outside_of_context(probe):
    """What needs a context says so in the same words."""
    same(probe)


@pytest.mark.parametrize("probe", probes(USE))
def test_use_errors(probe):
    """A mistake in use is told in the same words."""
    same(probe)
