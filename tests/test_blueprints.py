"""A blueprint's routes and functions, merged into an app under a name."""

from __future__ import annotations

import click
import pytest

from bolthead import (
    Blueprint,
    Flask,
    abort,
    g,
    render_template,
    render_template_string,
    request,
    url_for,
)


@pytest.fixture
def part():
    """A blueprint with one page."""
    part = Blueprint("part", __name__)
    part.add_url_rule("/page", "page", lambda: f"{request.endpoint} {request.blueprint}")
    return part


PREFIXES = {
    "of the blueprint": ("/shop", None, "/page", "/shop/page"),
    "of the registration": (None, "/shop", "/page", "/shop/page"),
    "registration's first": ("/no", "/shop", "/page", "/shop/page"),
    "one slash between": ("/shop/", None, "/page", "/shop/page"),
    "none": (None, None, "/page", "/page"),
    "empty rule": ("/shop", None, "", "/shop"),
    "slash rule": ("/shop", None, "/", "/shop/"),
    "no slash in rule": ("/shop", None, "page", "/shop/page"),
}


@pytest.mark.parametrize(("own", "given", "rule", "path"), PREFIXES.values(), ids=PREFIXES)
def test_prefix(app, client, own, given, rule, path):
    """A blueprint's rules lie under its prefix, or that of the registration."""
    part = Blueprint("part", __name__, url_prefix=own)
    part.add_url_rule(rule, "page", lambda: "found")
    app.register_blueprint(part, url_prefix=given)
    assert client.get(path).text == "found"


def test_endpoints_carry_the_name(app, client, part):
    """Endpoints are named ``blueprint.view``; the request knows both."""
    app.register_blueprint(part)
    assert client.get("/page").text == "part.page part"
    with app.test_request_context("/page"):
        assert url_for("part.page") == "/page"
        assert url_for(".page") == "/page"


def test_relative_endpoint_outside_a_blueprint_is_the_apps(app, client):
    """``url_for(".index")`` in a view of the app is the app's own endpoint."""
    app.add_url_rule("/", "index", lambda: url_for(".index"))
    assert client.get("/").text == "/"


def test_registered_twice_under_two_names(app, client, part):
    """``name`` makes a second registration of a blueprint another part of the app."""
    app.register_blueprint(part, url_prefix="/a")
    app.register_blueprint(part, url_prefix="/b", name="again")
    assert client.get("/a/page").text == "part.page part"
    assert client.get("/b/page").text == "again.page again"
    assert list(app.blueprints) == ["part", "again"]
    assert list(app.iter_blueprints()) == [part, part]


@pytest.mark.parametrize(
    ("other", "whose"),
    [(False, "this blueprint"), (True, "a different blueprint")],
    ids=["the same", "another"],
)
def test_taken_name_is_refused(app, part, other, whose):
    """Two registrations of one name are an error that names the cure."""
    app.register_blueprint(part)
    second = Blueprint("part", __name__) if other else part
    with pytest.raises(ValueError, match=f"already registered for {whose}.*'name='"):
        app.register_blueprint(second)


BAD_NAMES = {"empty": ("", "may not be empty"), "dotted": ("a.b", "may not contain a dot")}


@pytest.mark.parametrize(("name", "text"), BAD_NAMES.values(), ids=BAD_NAMES)
def test_bad_name_is_refused(name, text):
    """A blueprint's name is not empty and has no dot: that separates it from the endpoint."""
    with pytest.raises(ValueError, match=text):
        Blueprint(name, __name__)


def test_dotted_endpoints_are_refused(part):
    """Nor has an endpoint or a view's name a dot."""
    with pytest.raises(ValueError, match="'endpoint' may not contain a dot"):
        part.add_url_rule("/", "a.b", lambda: "")

    def view():
        return ""

    view.__name__ = "a.b"
    with pytest.raises(ValueError, match="'view_func' name may not contain a dot"):
        part.add_url_rule("/", view_func=view)


# Nesting


def nested(**inner_options):
    """Return an outer blueprint with an inner one in it."""
    outer = Blueprint("outer", __name__, url_prefix="/outer")
    inner = Blueprint("inner", __name__, url_prefix="/inner")
    inner.add_url_rule("/", "page", lambda: f"{request.endpoint} {request.blueprints}")
    outer.register_blueprint(inner, **inner_options)
    return outer, inner


def test_nested_names_and_prefixes_join(app, client):
    """A nested blueprint lies under the prefix and name of the one around it."""
    outer, _ = nested()
    app.register_blueprint(outer)
    assert client.get("/outer/inner/").text == "outer.inner.page ['outer.inner', 'outer']"


def test_nested_registration_options_win(app, client):
    """Options of the nested registration replace the inner blueprint's own."""
    outer, _ = nested(url_prefix="/other", name="renamed")
    app.register_blueprint(outer, url_prefix="/top")
    assert client.get("/top/other/").text.startswith("outer.renamed.page")


def test_nested_functions_run_from_outside_in(app, client):
    """Checks run from the app to the innermost blueprint; after and teardown the other way."""
    outer, inner = nested()
    log = []
    for name, scaffold in {"inner": inner, "app": app, "outer": outer}.items():
        scaffold.before_request(lambda n=name: log.append(f"before {n}"))
        scaffold.after_request(lambda response, n=name: log.append(f"after {n}") or response)
        scaffold.teardown_request(lambda error, n=name: log.append(f"teardown {n}"))
    app.register_blueprint(outer)
    client.get("/outer/inner/")
    assert log == [
        *(f"before {name}" for name in ("app", "outer", "inner")),
        *(f"after {name}" for name in ("inner", "outer", "app")),
        *(f"teardown {name}" for name in ("inner", "outer", "app")),
    ]


def test_nested_error_handlers_are_found_from_inside_out(app, client):
    """The innermost handler answers; one that is missing is looked for further out."""
    outer, inner = nested()
    inner.add_url_rule("/one", "one", lambda: abort(403))
    inner.add_url_rule("/two", "two", lambda: abort(410))
    outer.add_url_rule("/one", "one", lambda: abort(403))
    inner.register_error_handler(403, lambda error: "inner")
    outer.register_error_handler(403, lambda error: "outer")
    outer.register_error_handler(410, lambda error: "outer gone")
    app.register_error_handler(403, lambda error: "app")
    app.register_blueprint(outer)
    assert client.get("/outer/inner/one").text == "inner"
    assert client.get("/outer/inner/two").text == "outer gone"
    assert client.get("/outer/one").text == "outer"


def test_nested_subdomains_join():
    """Subdomains of nested blueprints are put before those of the outer ones."""
    app = Flask("tested_app", subdomain_matching=True)
    app.config["SERVER_NAME"] = "example.org"
    outer = Blueprint("outer", __name__, subdomain="shop")
    inner = Blueprint("inner", __name__, subdomain="api")
    inner.add_url_rule("/", "page", lambda: "inner")
    outer.add_url_rule("/", "page", lambda: "outer")
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    client = app.test_client()
    assert client.get("/", subdomain="shop").text == "outer"
    assert client.get("/", subdomain="api.shop").text == "inner"


def test_blueprint_in_itself_is_refused(part):
    """A blueprint cannot be nested in itself."""
    with pytest.raises(ValueError, match="Cannot register a blueprint on itself"):
        part.register_blueprint(part)


# Functions of the part, and of the whole app

SCOPES = {
    "part": ("before_request", "after_request", "teardown_request"),
    "app": ("before_app_request", "after_app_request", "teardown_app_request"),
}


@pytest.mark.parametrize(("scope", "names"), SCOPES.items(), ids=SCOPES)
def test_functions_of_a_blueprint_are_its_own_unless_for_the_app(app, client, part, scope, names):
    """A blueprint's functions run for its requests; those for the app run for all."""
    log = []
    before, after, teardown = (getattr(part, name) for name in names)
    before(lambda: log.append("before"))
    after(lambda response: log.append("after") or response)
    teardown(lambda error: log.append("teardown"))
    app.add_url_rule("/elsewhere", "elsewhere", lambda: "")
    app.register_blueprint(part)
    client.get("/page")
    assert log == ["before", "after", "teardown"]
    log.clear()
    client.get("/elsewhere")
    assert log == (["before", "after", "teardown"] if scope == "app" else [])


def test_error_handlers_of_a_blueprint(app, client, part):
    """``errorhandler`` of a blueprint answers its views' errors; a miss is never its own."""
    part.add_url_rule("/gone", "gone", lambda: abort(404))
    part.register_error_handler(404, lambda error: ("part", 404))
    app.register_error_handler(404, lambda error: ("app", 404))
    app.register_blueprint(part, url_prefix="/part")
    assert client.get("/part/gone").text == "part"
    assert client.get("/part/nowhere").text == "app"


def test_app_errorhandler_answers_everywhere(app, client, part):
    """``app_errorhandler`` of a blueprint answers errors of the whole app."""

    @part.app_errorhandler(404)
    def missing(error):
        return "from the part", 404

    app.register_blueprint(part)
    assert client.get("/nowhere").text == "from the part"


def test_app_functions_are_registered_once(app, client, part):
    """A blueprint that is registered twice files its functions for the app once."""
    calls = []
    part.before_app_request(lambda: calls.append(1))
    app.register_blueprint(part)
    app.register_blueprint(part, name="again", url_prefix="/again")
    client.get("/page")
    assert calls == [1]


def test_url_functions_of_a_blueprint(app, client):
    """A blueprint can take values out of its URLs and put them into those that are built."""
    part = Blueprint("part", __name__, url_prefix="/<language>")

    @part.url_value_preprocessor
    def take(endpoint, values):
        g.language = values.pop("language")

    @part.url_defaults
    def give(endpoint, values):
        values.setdefault("language", g.language)

    part.add_url_rule("/page", "page", lambda: f"{g.language} {url_for('.page')}")
    app.register_blueprint(part)
    assert client.get("/fr/page").text == "fr /fr/page"


def test_app_url_functions(app, client, part):
    """``app_url_defaults`` and ``app_url_value_preprocessor`` are for every URL of the app."""
    seen = []
    part.app_url_value_preprocessor(lambda endpoint, values: seen.append(endpoint))
    part.app_url_defaults(lambda endpoint, values: values.update(by="part"))
    app.add_url_rule("/", "index", lambda: url_for("index"))
    app.register_blueprint(part)
    assert client.get("/").text == "/?by=part"
    assert seen == ["index"]


def test_url_defaults_of_a_registration(app, client):
    """Defaults of blueprint, registration and rule go to the view, the nearest first."""
    part = Blueprint("part", __name__, url_defaults={"a": 1, "b": 1, "c": 1})
    part.add_url_rule("/", "page", lambda **values: values, defaults={"c": 3})
    app.register_blueprint(part, url_defaults={"b": 2})
    assert client.get("/").json == {"a": 1, "b": 2, "c": 3}


def test_template_names_of_a_blueprint(app, client, part):
    """Context processors are the part's own; filters, tests and globals are always the app's."""
    part.context_processor(lambda: {"word": "part"})
    part.app_context_processor(lambda: {"everywhere": "app"})
    part.add_app_template_filter(str.upper, "shout")
    part.app_template_test("big")(lambda value: value > 9)
    part.app_template_global("nine")(lambda: 9)
    source = "{{ word|default('-') }} {{ everywhere }} {{ 'x'|shout }} {{ 10 is big }} {{ nine() }}"

    def page():
        return render_template_string(source)

    part.add_url_rule("/template", "template", page)
    app.add_url_rule("/template-of-app", "template", page)
    app.register_blueprint(part)
    assert client.get("/template").text == "part app X True 9"
    assert client.get("/template-of-app").text == "- app X True 9"


def test_templates_of_the_app_come_first(tmp_path):
    """A template is looked for in the app's folder, then in its blueprints', in order."""
    for folder, names in {"app": ["a"], "one": ["a", "b"], "two": ["a", "b", "c"]}.items():
        (tmp_path / folder).mkdir()
        for name in names:
            (tmp_path / folder / name).write_text(folder)
    app = Flask("tested_app", root_path=str(tmp_path), template_folder="app")
    for name in ("one", "two"):
        app.register_blueprint(
            Blueprint(name, "tested_app", root_path=str(tmp_path), template_folder=name)
        )
    with app.app_context():
        assert [render_template(name) for name in "abc"] == ["app", "one", "two"]
    assert sorted(app.jinja_env.list_templates()) == ["a", "b", "c"]


def test_static_files_of_a_blueprint(tmp_path, app, client):
    """A blueprint's static files are served under its prefix and name."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "a.txt").write_text("a file")
    part = Blueprint(
        "part", __name__, root_path=str(tmp_path), static_folder="assets", url_prefix="/part"
    )
    app.register_blueprint(part)
    assert client.get("/part/assets/a.txt", buffered=True).text == "a file"
    with app.test_request_context():
        assert url_for("part.static", filename="a.txt") == "/part/assets/a.txt"


# Registration itself


def test_deferred_functions_get_the_state(app, part):
    """``record`` is called at each registration with its state, ``record_once`` at the first."""
    states, firsts = [], []
    part.record(states.append)
    part.record_once(firsts.append)
    app.register_blueprint(part, url_prefix="/a", own="option")
    app.register_blueprint(part, url_prefix="/b", name="again")
    assert [state.first_registration for state in states] == [True, False]
    assert [(s.name, s.url_prefix) for s in states] == [("part", "/a"), ("again", "/b")]
    assert states[0].options["own"] == "option"
    assert states[0].app is app
    assert states[0].blueprint is part
    assert len(firsts) == 1


def test_state_adds_rules(app, client, part):
    """A deferred function may add rules under the registration's prefix."""
    part.record(lambda state: state.add_url_rule("/deferred", "deferred", lambda: "late"))
    app.register_blueprint(part, url_prefix="/part")
    assert client.get("/part/deferred").text == "late"


def test_set_up_after_registration_is_refused(app, part):
    """A blueprint that was registered takes nothing more."""
    app.register_blueprint(part)
    with pytest.raises(AssertionError, match="has already been registered at least once"):
        part.route("/late")(lambda: "")


def test_setup_state_class_may_be_replaced(app):
    """``make_setup_state`` may return a state of one's own class."""
    made = []

    class Own(Blueprint):
        def make_setup_state(self, app, options, first_registration=False):
            made.append(first_registration)
            return super().make_setup_state(app, options, first_registration)

    app.register_blueprint(Own("own", __name__))
    assert made == [True]


GROUPS = {
    "named after it": ({}, {}, ["part", "hello"]),
    "of the blueprint": ({"cli_group": "own"}, {}, ["own", "hello"]),
    "of the registration": ({"cli_group": "own"}, {"cli_group": "given"}, ["given", "hello"]),
    "the app's": ({"cli_group": None}, {}, ["hello"]),
}


@pytest.mark.parametrize(("own", "given", "command"), GROUPS.values(), ids=GROUPS)
def test_commands_of_a_blueprint(app, own, given, command):
    """A blueprint's commands are in a group of its name, another one, or the app's."""
    part = Blueprint("part", __name__, **own)

    @part.cli.command("hello")
    def hello():
        click.echo("hello from the part")

    app.register_blueprint(part, **given)
    result = app.test_cli_runner().invoke(args=command)
    assert result.output == "hello from the part\n"


def test_one_blueprint_in_two_apps(part):
    """A blueprint may be registered on several apps."""
    for prefix in ("/a", "/b"):
        app = Flask("tested_app")
        app.register_blueprint(part, url_prefix=prefix)
        assert app.test_client().get(f"{prefix}/page").status_code == 200
