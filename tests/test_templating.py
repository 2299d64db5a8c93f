"""Templates: where they are found, what they see, and what is escaped."""

from __future__ import annotations

import logging

import pytest
from jinja2 import DictLoader, TemplateNotFound, UndefinedError
from markupsafe import Markup

from bolthead import (
    Blueprint,
    Flask,
    flash,
    g,
    render_template,
    render_template_string,
    session,
    stream_template,
    stream_template_string,
)
from bolthead.templating import DispatchingJinjaLoader, Environment


@pytest.fixture
def page(app, tmp_path):
    """Return a function that writes a template of the app."""
    folder = tmp_path / "templates"
    folder.mkdir()

    def write(name, text):
        (folder / name).write_text(text)
        return name

    return write


def test_template_of_the_folder(app, client, page):
    """A template of the app's folder is rendered with the names it is given."""
    page("hello.html", "Hello {{ name }}!")
    app.add_url_rule("/", "index", lambda: render_template("hello.html", name="Ann"))
    assert client.get("/").text == "Hello Ann!"


def test_first_template_that_is_there(app, page):
    """Of several names the first that is there is taken."""
    page("b.html", "b")
    page("c.html", "c")
    with app.app_context():
        assert render_template(["a.html", "b.html", "c.html"]) == "b"
        assert render_template(app.jinja_env.get_template("c.html")) == "c"


@pytest.mark.parametrize("names", ["none.html", ["none.html", "nor.html"]], ids=["one", "several"])
def test_missing_template(app, names):
    """A template that nobody has is a TemplateNotFound."""
    with app.app_context(), pytest.raises(TemplateNotFound, match="none"):
        render_template(names)


ESCAPES = {
    "a.html": "&lt;",
    "a.htm": "&lt;",
    "a.xml": "&lt;",
    "a.xhtml": "&lt;",
    "a.svg": "&lt;",
    "a.txt": "<",
    "a.js": "<",
    "mail": "<",
    "a.html.txt": "<",
}


@pytest.mark.parametrize(("name", "expected"), ESCAPES.items(), ids=ESCAPES)
def test_markup_templates_escape(app, page, name, expected):
    """Templates of HTML, XML and SVG escape what they are given; others do not."""
    page(name, "{{ value }}")
    with app.app_context():
        assert render_template(name, value="<") == expected


def test_text_templates_escape(app):
    """A template given as text escapes; Markup and the ``safe`` filter say what is safe."""
    with app.app_context():
        text = render_template_string(
            "{{ a }}{{ b }}{{ a|safe }}{% autoescape false %}{{ a }}{% endautoescape %}",
            a="<",
            b=Markup("<b>"),
        )
    assert text == "&lt;<b><<"


def test_names_every_template_sees(app, client):
    """request, session, g, config, url_for and get_flashed_messages are there."""
    app.config["OWN"] = "setting"

    @app.route("/<x>")
    def view(x):
        g.word, session["a"] = "g", "s"
        flash("message")
        return render_template_string(
            "{{ request.path }} {{ g.word }} {{ session.a }} {{ config.OWN }}"
            " {{ url_for('view', x=1) }} {{ get_flashed_messages() }}"
        )

    assert client.get("/x").text == "/x g s setting /1 [&#39;message&#39;]"


def test_page_that_ignores_the_session_does_not_vary(app, client):
    """A template that does not read the session does not make the page depend on cookies."""
    app.add_url_rule("/", "index", lambda: render_template_string("{{ request.path }}"))
    app.add_url_rule("/s", "reads", lambda: render_template_string("{{ session.x }}"))
    assert "Cookie" not in client.get("/").vary
    assert "Cookie" in client.get("/s").vary


def test_macros_see_the_standard_names(app, page, client):
    """Macros that are imported without context see request and g all the same."""
    page("m.html", "{% macro where() %}{{ request.path }} {{ g.word }}{% endmacro %}")

    @app.route("/x")
    def view():
        g.word = "g"
        return render_template_string("{% from 'm.html' import where %}{{ where() }}")

    assert client.get("/x").text == "/x g"


def test_outside_of_a_request(app):
    """In an app context alone, templates see g and config, and no request."""
    with app.app_context():
        g.word = "g"
        assert render_template_string("{{ g.word }} {{ config.TESTING }}") == "g True"
        assert render_template_string("{{ request is defined and not request }}") == "True"


def test_context_processors(app):
    """Processors add names for every template; names that are given win."""
    app.context_processor(lambda: {"a": "processor", "b": "processor"})
    app.context_processor(lambda: {"b": "later"})
    with app.app_context():
        assert render_template_string("{{ a }} {{ b }}") == "processor later"
        assert render_template_string("{{ a }}", a="given") == "given"


REGISTRATIONS = {
    "decorator": lambda app: app.template_filter()(shout),
    "decorator with a name": lambda app: (
        app.template_filter("shout")(len) and app.template_filter("shout")(shout)
    ),
    "method": lambda app: app.add_template_filter(shout),
    "method with a name": lambda app: app.add_template_filter(str.upper, "shout"),
}


def shout(value):
    """A filter."""
    return value.upper()


@pytest.mark.parametrize("register", REGISTRATIONS.values(), ids=REGISTRATIONS)
def test_filters(app, register):
    """A filter is registered under its own name or another one."""
    register(app)
    with app.app_context():
        assert render_template_string("{{ 'x'|shout }}") == "X"


def test_tests_and_globals(app):
    """So are tests and global functions."""

    @app.template_test()
    def even(value):
        return value % 2 == 0

    @app.template_test("odd_one")
    def odd(value):
        return value % 2 == 1

    @app.template_global()
    def double(value):
        return value * 2

    app.add_template_global(double, "twice")
    app.add_template_test(even, "is_even")
    with app.app_context():
        source = (
            "{{ 2 is even }} {{ 3 is odd_one }} {{ 4 is is_even }} {{ double(2) }} {{ twice(3) }}"
        )
        assert render_template_string(source) == "True True True 4 6"


def test_json_in_templates(app):
    """``tojson`` writes by the app's provider, safe within a script."""
    with app.app_context():
        text = render_template_string("{{ x|tojson }}", x={"b": "</script>", "a": "'"})
    assert text == '{"a": "\\u0027", "b": "\\u003c/script\\u003e"}'


# Streams


def test_stream_of_a_template(app, client, page):
    """A template can be sent piece by piece, with the request in force until its end."""
    page("s.txt", "{% for i in range(3) %}{{ i }}{{ request.path }}{% endfor %}")
    app.add_url_rule("/s", "file", lambda: stream_template("s.txt"))
    app.add_url_rule("/t", "text", lambda: stream_template_string("{{ request.path }}{{ x }}", x=1))
    assert client.get("/s").text == "0/s1/s2/s"
    assert client.get("/t").text == "/t1"
    assert not client.get("/s").is_sequence


def test_stream_outside_of_a_request(app):
    """Outside of a request the pieces come as they are."""
    with app.app_context():
        assert "".join(stream_template_string("{{ a }}b", a=1)) == "1b"


# The environment


def test_environment_is_made_once(app):
    """The environment is made when it is first used, of the app's class and options."""
    assert isinstance(app.jinja_env, Environment)
    assert app.jinja_env is app.jinja_env
    assert app.jinja_env.app is app


def test_jinja_options():
    """A subclass may set Jinja's options."""

    class App(Flask):
        jinja_options = {"trim_blocks": True, "variable_start_string": "[["}  # noqa: RUF012  # as in Flask

    app = App("tested_app")
    assert app.jinja_env.trim_blocks
    with app.app_context():
        assert render_template_string("[[ 1 }}") == "1"


RELOADS = {
    "production": ({}, False),
    "debug": ({"DEBUG": True}, True),
    "asked for": ({"TEMPLATES_AUTO_RELOAD": True}, True),
    "refused in debug": ({"DEBUG": True, "TEMPLATES_AUTO_RELOAD": False}, False),
}


@pytest.mark.parametrize(("settings", "expected"), RELOADS.values(), ids=RELOADS)
def test_templates_are_reloaded(app, settings, expected):
    """Changed templates are read again in debug mode, unless TEMPLATES_AUTO_RELOAD decides."""
    app.config.update(settings)
    assert app.jinja_env.auto_reload is expected


def test_debug_mode_turned_on_later_reloads(app):
    """Turning debug mode on after the environment was made reloads templates from then on."""
    assert not app.jinja_env.auto_reload
    app.debug = True
    assert app.jinja_env.auto_reload


def test_undefined_is_an_error_where_it_is_used(app):
    """A name that is undefined prints as nothing; going into it is an error."""
    with app.app_context():
        assert render_template_string("[{{ absent }}]") == "[]"
        with pytest.raises(UndefinedError):
            render_template_string("{{ absent.attribute }}")


def test_loader_of_ones_own():
    """``create_global_jinja_loader`` may return any loader."""

    class App(Flask):
        def create_global_jinja_loader(self):
            return DictLoader({"a.html": "from a dictionary"})

    app = App("tested_app")
    with app.app_context():
        assert render_template("a.html") == "from a dictionary"


def test_list_of_templates(app, page):
    """The loader lists what can be loaded, each name once."""
    page("a.html", "")
    part = Blueprint("part", __name__)
    part.jinja_loader = DictLoader({"a.html": "", "b.html": ""})
    app.register_blueprint(part)
    assert sorted(DispatchingJinjaLoader(app).list_templates()) == ["a.html", "b.html"]


def test_explained_loading(app, page, caplog):
    """With EXPLAIN_TEMPLATE_LOADING the log tells where a template was looked for."""
    app.config["EXPLAIN_TEMPLATE_LOADING"] = True
    page("a.html", "")
    part = Blueprint("part", __name__)
    part.jinja_loader = DictLoader({"a.html": ""})
    app.register_blueprint(part)
    with app.app_context(), caplog.at_level(logging.INFO):
        render_template("a.html")
        with pytest.raises(TemplateNotFound):
            render_template("none.html")
    found, missing = (record.getMessage() for record in caplog.records)
    assert "trying loader of application 'tested_app'" in found
    assert "trying loader of blueprint 'part'" in found
    assert "Warning: multiple loaders returned a match" in found
    assert "Error: the template could not be found" in missing
