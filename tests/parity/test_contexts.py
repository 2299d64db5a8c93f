"""Parity of contexts, signals, the test client, configuration and commands."""

import datetime
import json
import os
import threading
import types

import pytest

from parity.harness import SUBJECT, call, get, make_app, make_environ, outcome, probes, same, tree

ROOT = tree(
    {
        "config.py": "KEY = 'py'\nlower = 1\nNUMBER = 1 + 1\n__PRIVATE = 1\n",
        "config.json": '{"KEY": "json", "lower": 1, "NESTED": {"a": 1}}',
        "config.toml": 'KEY = "toml"\n[TABLE]\na = 1\n',
        "broken.py": "KEY = (",
        "instance/settings.py": "KEY = 'instance'",
        "templates/hello.html": "{{ greeting }} {{ request.path }}",
    }
)


def make(fw, **config):
    app = make_app(fw, ROOT, config=config)

    @app.route("/", methods=["GET", "POST"])
    def index():
        return f"index {fw.request.method} {fw.session.get('v')}"

    @app.route("/set/<value>")
    def set_(value):
        fw.session["v"] = value
        fw.g.value = value
        return "set"

    @app.route("/redirect/<int:n>", methods=["GET", "POST"])
    def redirect(n):
        return fw.redirect(fw.url_for("redirect", n=n - 1) if n else fw.url_for("index"))

    @app.route("/redirect-keep", methods=["POST"])
    def redirect_keep():
        return fw.redirect("/", 307)

    @app.route("/echo", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    def echo():
        return {
            "args": fw.request.args,
            "form": fw.request.form,
            "json": fw.request.get_json(silent=True),
            "type": fw.request.content_type,
            "method": fw.request.method,
            "url": fw.request.url,
            "headers": sorted(fw.request.headers.items()),
            "remote": fw.request.remote_addr,
        }

    @app.route("/hello")
    def hello():
        return fw.render_template("hello.html", greeting="hi")

    @app.route("/boom")
    def boom():
        raise ValueError("boom")

    @app.route("/flash")
    def flash():
        fw.flash("message", "category")
        return fw.abort(404)

    return app


# Contexts


def probe_g_life(fw):
    app = make(fw)
    seen = []
    with app.app_context():
        fw.g.x = 1
        with app.app_context():
            seen.append(fw.g.get("x"))
        with app.test_request_context():
            seen.append(fw.g.get("x"))
            fw.g.y = 2
        seen.append(fw.g.get("y"))
    with app.app_context():
        seen.append(fw.g.get("x"))
    return seen


def probe_g_interface(fw):
    with make(fw).app_context():
        g = fw.g
        g.a, g.b = 1, 2
        return [
            "a" in g,
            sorted(g),
            g.get("c", 3),
            g.pop("a"),
            g.pop("a", "gone"),
            g.setdefault("d", 4),
            sorted(g),
            repr(g),
        ]


def probe_shared_app_context(fw):
    app = make(fw)
    with app.app_context() as outer, app.test_request_context() as inner:
        return [
            fw.globals.app_ctx._get_current_object() is outer,
            fw.current_app._get_current_object() is app,
            type(outer).__name__,
            type(inner).__name__,
            inner.g is outer.g,
            inner.app is app,
        ]


def probe_teardown_arguments(fw):
    app = make(fw)
    seen = []
    app.teardown_request(lambda error: seen.append(f"request {error!r}"))
    app.teardown_appcontext(lambda error: seen.append(f"app {error!r}"))
    with app.app_context():
        pass
    with app.test_request_context():
        pass
    for context in (app.app_context(), app.test_request_context()):
        try:
            with context:
                raise ValueError("inside")
        except ValueError as error:
            seen.append(f"out {error}")
    context = app.test_request_context()
    context.push()
    context.pop(KeyError("given"))
    client = app.test_client()
    client.get("/boom")
    with client:
        client.get("/")
        seen.append("kept")
        client.get("/")
    return seen


def probe_two_apps(fw):
    one, two = make(fw, OWN=1), make(fw, OWN=2)
    seen = []
    with one.app_context():
        seen.append(fw.current_app.config["OWN"])
        with two.test_request_context("/two"):
            seen.append([fw.current_app.config["OWN"], fw.request.path])
        seen.append([fw.current_app.config["OWN"], fw.has_request_context()])
    return seen


def probe_nested_requests(fw):
    app = make(fw)
    seen = []
    with app.test_request_context("/outer?a=1"):
        with app.test_request_context("/inner"):
            seen.append([fw.request.path, fw.request.args.get("a")])
        seen.append([fw.request.path, fw.request.args.get("a")])
        seen.append(app.test_client().get("/echo?n=1").json["args"])
        seen.append(fw.request.path)
    return [seen, fw.has_request_context()]


def probe_test_request_context(fw):
    app = make(fw, SERVER_NAME="example.test", PREFERRED_URL_SCHEME="https")
    seen = []
    for arguments, options in (
        (("/a",), {}),
        (("/a?b=c",), {}),
        (("/a",), {"query_string": {"q": "ü"}}),
        (("/a",), {"base_url": "http://other:5000/root"}),
        (("/a",), {"subdomain": "sub"}),
        (("/a",), {"url_scheme": "ftp"}),
        (("http://full.test/path?x=1",), {}),
        (("/echo",), {"method": "POST", "data": {"a": "1"}}),
        (("/echo",), {"method": "PUT", "json": {"a": datetime.date(2020, 1, 1)}}),
        (("/echo",), {"headers": {"X-A": "1"}, "environ_base": {"REMOTE_ADDR": "9.9.9.9"}}),
    ):
        with app.test_request_context(*arguments, **options):
            request = fw.request
            seen.append(
                [
                    request.url,
                    request.method,
                    request.get_data().decode(),
                    dict(request.form),
                    request.content_type,
                    request.remote_addr,
                    request.endpoint,
                    request.headers.get("X-A"),
                    repr(request.routing_exception),
                ]
            )
    return seen


def probe_preprocess(fw):
    app = make(fw)
    seen = []
    app.before_request(lambda: seen.append("before"))
    app.after_request(lambda response: seen.append("after") or response)
    with app.test_request_context("/set/5"):
        seen.append(app.preprocess_request())
        answer = app.dispatch_request()
        response = app.process_response(app.make_response(answer))
        seen.append([response.status, list(response.headers)])
        seen.append(app.full_dispatch_request().get_data(as_text=True))
    return seen


def probe_copy_current_request_context(fw):
    app = make(fw)
    seen = []

    @app.route("/thread")
    def in_thread():
        fw.g.x = "not copied"
        fw.session["s"] = "shared"

        @fw.copy_current_request_context
        def work():
            seen.append([fw.request.path, fw.session.get("s"), fw.g.get("x"), fw.url_for("index")])

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        return "done"

    return [app.test_client().get("/thread").text, seen]


def probe_plain_thread_has_no_context(fw):
    seen = []
    with make(fw).test_request_context():
        thread = threading.Thread(target=lambda: seen.append(fw.has_request_context()))
        thread.start()
        thread.join()
    return seen


def probe_request_context_from_environ(fw):
    app = make(fw)
    with app.request_context(make_environ(get("/set/x"), {}, [])) as context:
        context.match_request()
        return [fw.request.endpoint, fw.request.view_args, context.request.path]


def probe_manual_push(fw):
    app = make(fw)
    context = app.app_context()
    context.push()
    context.push()
    seen = [fw.has_app_context()]
    context.pop()
    seen.append(fw.has_app_context())
    context.pop()
    return [*seen, fw.has_app_context()]


def probe_after_this_request_outside_view(fw):
    app = make(fw)

    @app.before_request
    def before():
        @fw.after_this_request
        def change(response):
            response.headers["X-Before"] = "yes"
            return response

    return app.test_client().get("/").headers["X-Before"]


def probe_proxies(fw):
    app = make(fw)
    with app.test_request_context("/p"):
        return [
            isinstance(fw.request, fw.Request),
            isinstance(fw.current_app, fw.Flask),
            bool(fw.session),
            fw.current_app == app,
            hash(fw.current_app) == hash(app),
            type(fw.request).__name__,
            fw.request.__class__.__name__,
            str(fw.current_app),
            len(fw.session),
        ]


# Signals

NAMES = [
    "request_started",
    "request_finished",
    "request_tearing_down",
    "got_request_exception",
    "template_rendered",
    "before_render_template",
    "appcontext_pushed",
    "appcontext_popped",
    "appcontext_tearing_down",
    "message_flashed",
]


def probe_signal_names(fw):
    return [getattr(fw, name).name for name in NAMES] + [
        getattr(fw.signals, name) is getattr(fw, name) for name in NAMES
    ]


def record_signals(fw, work, **config):
    """What each signal was sent with, and in which order."""
    app = make(fw, **config)
    seen = []
    app.before_request(lambda: seen.append("before"))
    app.teardown_request(lambda error: seen.append("teardown"))
    app.teardown_appcontext(lambda error: seen.append("teardown app"))

    def receiver(name):
        def receive(sender, **kwargs):
            shown = {
                key: sorted(value)
                if isinstance(value, dict)
                else getattr(value, "name", repr(value))
                for key, value in kwargs.items()
            }
            contexts = [fw.has_request_context(), fw.has_app_context()]
            seen.append([name, sender is app, sorted(shown.items()), contexts])

        return receive

    receivers = {name: receiver(name) for name in NAMES}
    for name, receive in receivers.items():
        getattr(fw, name).connect(receive, app)
    try:
        answer = work(fw, app)
    except Exception as error:
        answer = repr(error)
    finally:
        for name, receive in receivers.items():
            getattr(fw, name).disconnect(receive, app)
    return [answer, seen]


SIGNAL_WORK = {
    "plain": lambda fw, app: app.test_client().get("/").text,
    "missing": lambda fw, app: app.test_client().get("/nowhere").status,
    "error": lambda fw, app: app.test_client().get("/boom").status,
    "template": lambda fw, app: app.test_client().get("/hello").text,
    "flash": lambda fw, app: app.test_client().get("/flash").status,
    "request-context": lambda fw, app: _enter(app.test_request_context("/x")),
    "string": lambda fw, app: _in_app(app, lambda: fw.render_template_string("{{ a }}", a=1)),
    "stream": lambda fw, app: _in_app(
        app, lambda: "".join(fw.stream_template_string("{{ a }}", a=1))
    ),
    "client-kept": lambda fw, app: _kept(app.test_client()),
}


def _enter(context):
    with context:
        return "inside"


def _in_app(app, work):
    with app.app_context():
        return work()


def _kept(client):
    with client:
        client.get("/")
        return "kept"


# The test client


def shown(response):
    return [
        response.status,
        sorted(response.headers.items()),
        response.text,
        response.request.path,
        [step.request.url for step in response.history],
    ]


def client_probe(work, **config):
    def probe(fw):
        return work(fw, make(fw, **config).test_client())

    return probe


def transaction(fw, client):
    with client.session_transaction() as session:
        session["v"] = "from the transaction"
    first = client.get("/").text
    with client.session_transaction() as session:
        seen = dict(session)
        session.clear()
    return [first, seen, client.get("/").text]


def transaction_request(fw, client):
    with client.session_transaction("/path", base_url="http://localhost/") as session:
        session["v"] = 1
    return client.get("/", base_url="http://localhost/").text


def preserved(fw, client):
    seen = []
    with client:
        client.get("/set/kept?a=b")
        seen.append([fw.request.args["a"], fw.session["v"], fw.g.value, fw.request.endpoint])
        client.get("/")
        seen.append([fw.request.path, fw.g.get("value"), fw.session["v"]])
    seen.append([fw.has_request_context(), fw.has_app_context()])
    return seen


def preserved_error(fw, client):
    seen = []
    with client:
        response = client.get("/boom")
        seen.append([response.status, fw.request.path, fw.has_request_context()])
    return [seen, fw.has_request_context()]


def nested_client(fw, client):
    with client, client:
        pass


def cookies(fw, client):
    client.set_cookie("a", "1")
    client.set_cookie("b", "2", domain="other.test")
    first = client.get("/echo").json["headers"]
    client.delete_cookie("a")
    return [first, client.get("/echo").json["headers"], client.get_cookie("a")]


def own_environ(fw, client):
    client.environ_base["REMOTE_ADDR"] = "1.2.3.4"
    client.environ_base["HTTP_USER_AGENT"] = "own"
    return client.get("/echo").json


CLIENT = {
    "get": client_probe(lambda fw, client: shown(client.get("/"))),
    "head": client_probe(lambda fw, client: shown(client.head("/"))),
    "query": client_probe(lambda fw, client: shown(client.get("/echo?a=1"))),
    "query-dict": client_probe(
        lambda fw, client: client.get("/echo", query_string={"a": [1, 2]}).json
    ),
    "form": client_probe(lambda fw, client: client.post("/echo", data={"a": "ü"}).json),
    "text": client_probe(lambda fw, client: client.post("/echo", data="text").json),
    "json": client_probe(
        lambda fw, client: client.post("/echo", json={"d": datetime.date(2020, 1, 1)}).json
    ),
    "json-and-data": client_probe(lambda fw, client: client.post("/echo", json=1, data="x").json),
    "put": client_probe(lambda fw, client: client.put("/echo", json=None).json),
    "open": client_probe(lambda fw, client: client.open("/echo", method="PATCH").json),
    "headers": client_probe(lambda fw, client: client.get("/echo", headers={"X-A": "1"}).json),
    "https": client_probe(lambda fw, client: client.get("/echo", base_url="https://x.test/").json),
    "scheme": client_probe(lambda fw, client: client.get("/echo", url_scheme="https").json),
    "subdomain": client_probe(
        lambda fw, client: client.get("/echo", subdomain="sub").json, SERVER_NAME="example.test"
    ),
    "root": client_probe(lambda fw, client: client.get("/echo").json, APPLICATION_ROOT="/root"),
    "server-name": client_probe(
        lambda fw, client: client.get("/echo").json, SERVER_NAME="example.test:99"
    ),
    "preferred": client_probe(
        lambda fw, client: client.get("/echo").json, PREFERRED_URL_SCHEME="https"
    ),
    "follow": client_probe(
        lambda fw, client: shown(client.get("/redirect/3", follow_redirects=True))
    ),
    "follow-post": client_probe(
        lambda fw, client: shown(client.post("/redirect/1", follow_redirects=True))
    ),
    "follow-307": client_probe(
        lambda fw, client: shown(client.post("/redirect-keep", follow_redirects=True))
    ),
    "no-follow": client_probe(lambda fw, client: shown(client.get("/redirect/1"))),
    "session": client_probe(lambda fw, client: [client.get("/set/a").text, client.get("/").text]),
    "no-cookies": lambda fw: _no_cookies(make(fw).test_client(use_cookies=False)),
    "transaction": client_probe(transaction),
    "transaction-request": client_probe(transaction_request),
    "preserved": client_probe(preserved),
    "preserved-error": client_probe(preserved_error),
    "preserved-error-testing": client_probe(preserved_error, TESTING=True),
    "error-testing": client_probe(lambda fw, client: client.get("/boom"), TESTING=True),
    "error": client_probe(lambda fw, client: client.get("/boom").status),
    "nested": client_probe(nested_client),
    "cookies": client_probe(cookies),
    "environ-base": client_probe(own_environ),
    "buffered": client_probe(lambda fw, client: client.get("/", buffered=True).text),
    "json-attribute": client_probe(lambda fw, client: client.get("/").json),
    "get-json": client_probe(lambda fw, client: client.get("/").get_json(silent=True)),
    "json-error": client_probe(lambda fw, client: client.get("/").get_json()),
    "repr": client_probe(lambda fw, client: repr(client.get("/"))),
    "class": lambda fw: type(make(fw).test_client()).__mro__[0].__name__,
    "environ-builder": lambda fw: (
        fw.testing.EnvironBuilder(make(fw), "/x", json={"b": 1, "a": datetime.date(2020, 1, 1)})
        .get_request()
        .get_data()
    ),
}


def _no_cookies(client):
    return [client.get("/set/a").text, client.get("/").text]


# Configuration


def configured_by(work):
    def probe(fw):
        app = make_app(fw, ROOT)
        before = dict(app.config)
        answer = work(app.config)
        changed = {key: value for key, value in app.config.items() if before.get(key, 0) != value}
        return [answer, sorted(changed.items(), key=lambda item: item[0])]

    return probe


class Settings:
    KEY = "object"
    lower = 1

    @property
    def PROPERTY(self):
        return "computed"


def with_environment(work, **variables):
    def run(config):
        saved = dict(os.environ)
        os.environ.update(variables)
        try:
            return work(config)
        finally:
            os.environ.clear()
            os.environ.update(saved)

    return run


PREFIXED = {
    "FLASK_KEY": "text",
    "FLASK_NUMBER": "5",
    "FLASK_TRUE": "true",
    "FLASK_PYTHON_TRUE": "True",
    "FLASK_JSON": '{"a": [1]}',
    "FLASK_NESTED__a": "1",
    "FLASK_NESTED__b__c": '"x"',
    "FLASK_DEBUG": "0",
    "FLASK_BROKEN": "{",
    "OWN_KEY": "own",
}
CONFIG = {
    "mapping": configured_by(lambda config: config.from_mapping({"A": 1, "b": 2}, C=3, d=4)),
    "mapping-pairs": configured_by(lambda config: config.from_mapping([("A", 1)])),
    "object": configured_by(lambda config: config.from_object(Settings)),
    "object-instance": configured_by(lambda config: config.from_object(Settings())),
    "object-module": configured_by(
        lambda config: config.from_object(types.SimpleNamespace(KEY=1, low=2))
    ),
    "pyfile": configured_by(lambda config: config.from_pyfile("config.py")),
    "pyfile-absolute": configured_by(lambda config: config.from_pyfile(ROOT / "config.py")),
    "pyfile-broken": configured_by(lambda config: config.from_pyfile("broken.py")),
    "pyfile-folder": configured_by(lambda config: config.from_pyfile("instance", silent=True)),
    "json": configured_by(lambda config: config.from_file("config.json", load=json.load)),
    "toml": configured_by(lambda config: config.from_file("config.toml", load=_toml, text=False)),
    "file-missing": configured_by(
        lambda config: config.from_file("nope.json", load=json.load, silent=True)
    ),
    "namespace": configured_by(
        lambda config: (
            config.from_mapping(IMG_PATH="p", IMG_AGE=1, OTHER=2)
            and [
                config.get_namespace("IMG_"),
                config.get_namespace("IMG_", lowercase=False),
                config.get_namespace("IMG_", trim_namespace=False),
            ]
        )
    ),
    "envvar": configured_by(
        with_environment(
            lambda config: config.from_envvar("PARITY_SETTINGS"),
            PARITY_SETTINGS=str(ROOT / "config.py"),
        )
    ),
    "envvar-silent": configured_by(lambda config: config.from_envvar("NOPE_X", silent=True)),
    "prefixed": configured_by(
        with_environment(lambda config: config.from_prefixed_env(), **PREFIXED)
    ),
    "prefixed-own": configured_by(
        with_environment(lambda config: config.from_prefixed_env("OWN"), **PREFIXED)
    ),
    "prefixed-loads": configured_by(
        with_environment(lambda config: config.from_prefixed_env(loads=str.upper), **PREFIXED)
    ),
    "repr": lambda fw: repr(fw.config.Config("/root", {"A": 1})),
    "defaults": lambda fw: sorted(make_app(fw).config.items(), key=lambda item: item[0]),
    "instance-relative": lambda fw: _instance_relative(fw),
    "lifetime": lambda fw: _lifetime(make_app(fw)),
    "attribute": lambda fw: _attribute(make_app(fw)),
}


def _toml(file):
    import tomllib

    return tomllib.load(file)


def _instance_relative(fw):
    app = make_app(fw, ROOT, instance_relative_config=True)
    app.config.from_pyfile("settings.py")
    return app.config["KEY"]


def _lifetime(app):
    app.config["PERMANENT_SESSION_LIFETIME"] = 60
    first = app.permanent_session_lifetime
    app.permanent_session_lifetime = datetime.timedelta(1)
    return [first, app.config["PERMANENT_SESSION_LIFETIME"]]


def _attribute(app):
    app.secret_key = "x"
    app.testing = True
    app.debug = True
    return [app.config["SECRET_KEY"], app.config["TESTING"], app.config["DEBUG"], app.debug]


# Commands


def command(*arguments, build=make, **config):
    def probe(fw):
        app = build(fw, **config)
        result = app.test_cli_runner().invoke(args=arguments)
        error = result.exception
        return [
            result.exit_code,
            result.output.replace("bolthead", "flask"),
            None if error is None else type(error).__name__,
        ]

    return probe


def with_commands(fw, **config):
    import click

    app = make(fw, **config)
    bp = fw.Blueprint("bp", "parity_bp", cli_group="group")
    merged = fw.Blueprint("merged", "parity_bp", cli_group=None)
    plain = fw.Blueprint("plain", "parity_bp")

    @app.cli.command("greet")
    @click.argument("name")
    def greet(name):
        """Greet somebody."""
        click.echo(f"hello {name} from {fw.current_app.name} {fw.has_app_context()}")

    @app.cli.command("no-context", with_appcontext=False)
    def no_context():
        click.echo(f"{fw.has_app_context()}")

    @app.cli.command("fails")
    def fails():
        raise ValueError("failed")

    @app.cli.group("own")
    def own():
        """A group."""

    @own.command("sub")
    def sub():
        click.echo(f"sub {fw.current_app.name}")

    @bp.cli.command("in-bp")
    @merged.cli.command("in-merged")
    @plain.cli.command("in-plain")
    def in_blueprint():
        click.echo("blueprint command")

    for made in (bp, merged, plain):
        app.register_blueprint(made)
    return app


def hosted(fw, **config):
    app = make_app(fw, host_matching=True, static_folder=None)
    app.add_url_rule("/", "one", view_func=lambda: "x", host="one.test")
    app.add_url_rule("/", "two", view_func=lambda: "x", host="two.test", methods=["POST"])
    return app


def subdomains(fw, **config):
    app = make_app(fw, subdomain_matching=True, config={"SERVER_NAME": "example.test"})
    app.add_url_rule("/", "api", view_func=lambda: "x", subdomain="api")
    return app


def bare(fw, **config):
    return make_app(fw, static_folder=None)


COMMANDS = {
    "routes": command("routes"),
    "routes-methods": command("routes", "-s", "methods"),
    "routes-rule": command("routes", "--sort", "rule"),
    "routes-match": command("routes", "-s", "match"),
    "routes-domain": command("routes", "-s", "domain"),
    "routes-all": command("routes", "--all-methods"),
    "routes-bad": command("routes", "-s", "nothing"),
    "routes-hosts": command("routes", build=hosted),
    "routes-subdomains": command("routes", build=subdomains),
    "routes-empty": command("routes", build=bare),
    "greet": command("greet", "ann", build=with_commands),
    "greet-missing": command("greet", build=with_commands),
    "greet-help": command("greet", "--help", build=with_commands),
    "no-context": command("no-context", build=with_commands),
    "fails": command("fails", build=with_commands),
    "group": command("own", "sub", build=with_commands),
    "in-bp": command("group", "in-bp", build=with_commands),
    "in-merged": command("in-merged", build=with_commands),
    "in-plain": command("plain", "in-plain", build=with_commands),
    "unknown": command("nothing", build=with_commands),
}


def probe_cli_names(fw):
    app = with_commands(fw)
    return [sorted(app.cli.commands), sorted(app.cli.commands["group"].commands)]


def probe_cli_invoke_object(fw):
    app = with_commands(fw)
    result = app.test_cli_runner().invoke(app.cli.commands["greet"], ["bob"])
    return [result.exit_code, result.output]


def probe_cli_with_appcontext(fw):
    import click

    @click.command()
    @fw.cli.with_appcontext
    def shown_app():
        click.echo(fw.current_app.name)

    info = fw.cli.ScriptInfo(create_app=lambda: make(fw))
    from click.testing import CliRunner

    return CliRunner().invoke(shown_app, obj=info).output


def probe_shell_context(fw):
    app = make(fw)
    app.shell_context_processor(lambda: {"extra": 1})
    return sorted(app.make_shell_context())


CONTEXTS = [
    value
    for name, value in list(globals().items())
    if name.startswith("probe_") and not name.startswith(("probe_signal", "probe_cli"))
]


@pytest.mark.parametrize("probe", probes(CONTEXTS))
def test_contexts(probe):
    """Contexts begin, are shared and end as they do under Flask."""
    same(probe)


def test_signal_names():
    """All ten signals are there under their names."""
    same(probe_signal_names)


@pytest.mark.parametrize("config", [{}, {"TESTING": True}], ids=["plain", "testing"])
@pytest.mark.parametrize("work", SIGNAL_WORK.values(), ids=SIGNAL_WORK)
def test_signals(work, config):
    """Signals are sent in the same order with the same arguments in the same contexts."""
    same(lambda fw: record_signals(fw, work, **config))


@pytest.mark.parametrize("probe", probes(CLIENT))
def test_client(probe):
    """The test client sends, follows and keeps what Flask's does."""
    same(probe)


@pytest.mark.parametrize("probe", probes(CONFIG))
def test_config(probe):
    """Every way to load configuration gives the same dictionary."""
    same(probe)


@pytest.mark.parametrize("probe", probes(COMMANDS))
def test_commands(probe):
    """A command prints the same and ends with the same code."""
    same(probe)


@pytest.mark.parametrize(
    "probe",
    probes([probe_cli_names, probe_cli_invoke_object, probe_cli_with_appcontext]),
)
def test_command_objects(probe):
    """Commands are found and run as objects, too."""
    same(probe)


def test_raw_call_after_client():
    """A call by a server after one by the client is not touched by it."""

    def probe(fw):
        app = make(fw)
        with app.test_client() as client:
            client.get("/set/x")
            answer = call(app, make_environ(get("/"), {}, []))
        return [answer.status, answer.body, list(answer.headers)]

    same(probe)


def match_in_subclass(fw, app, mark, monkeypatch):
    class Marking(fw.ctx.RequestContext):
        def match_request(self):
            super().match_request()
            mark(self)

    app.request_context = lambda environ: Marking(app, environ)


def match_on_instance(fw, app, mark, monkeypatch):
    def request_context(environ, make=app.request_context):
        ctx = make(environ)
        match = ctx.match_request
        ctx.match_request = lambda: (match(), mark(ctx))
        return ctx

    app.request_context = request_context


def match_on_class(fw, app, mark, monkeypatch):
    def match_request(self, match=fw.ctx.RequestContext.match_request):
        match(self)
        mark(self)

    monkeypatch.setattr(fw.ctx.RequestContext, "match_request", match_request)


@pytest.mark.parametrize("replace", [match_in_subclass, match_on_instance, match_on_class])
def test_replaced_matching(replace, monkeypatch):
    """A context's ``match_request`` that was replaced is called, and its word counts."""

    def probe(fw):
        app = make_app(fw)
        app.add_url_rule("/<int:n>", "numbered", lambda n: f"{fw.request.endpoint} {n}")
        app.add_url_rule("/other", "other", lambda: fw.request.endpoint)
        answers = [app.test_client().get("/3").text]

        def mark(ctx):
            if ctx.request.view_args:
                ctx.request.view_args["n"] += 1

        replace(fw, app, mark, monkeypatch)
        client = app.test_client()
        answers += [client.get(path).text for path in ("/3", "/other", "/none", "/5")]
        with app.test_request_context("/7"):
            return [*answers, fw.request.view_args]

    same(probe)
    assert outcome(probe, SUBJECT)[0] == "returned"
