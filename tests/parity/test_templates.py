"""Parity of templates: escaping, inheritance, filters, context, folders and their errors."""

import pytest

from parity.harness import cases, compare, compare_on_one_app, configured, get, make_app, tree

TEXT = "{{ value }}|{{ value|safe }}|{{ safe }}"
ROOT = tree(
    {
        "templates/page.html": TEXT,
        "templates/page.htm": TEXT,
        "templates/page.xml": TEXT,
        "templates/page.xhtml": TEXT,
        "templates/page.svg": TEXT,
        "templates/page.txt": TEXT,
        "templates/page.HTML": TEXT,
        "templates/page.js": TEXT,
        "templates/page.html.j2": TEXT,
        "templates/page": TEXT,
        "templates/base.html": "<title>{% block title %}base{% endblock %}</title>"
        "{% block body %}{% endblock %}\n",
        "templates/child.html": "{% extends 'base.html' %}{% block title %}{{ super() }}+child"
        "{% endblock %}{% block body %}{{ value }}{% endblock %}",
        "templates/including.html": "a{% include 'part.html' %}b"
        "{% include 'no.html' ignore missing %}{% include ['no.html', 'part.html'] %}",
        "templates/part.html": "[{{ value }}{{ request.path }}]",
        "templates/macros.html": "{% macro field(name, value='') -%}<input {{ name }}={{ value }}>"
        "{%- endmacro %}{% macro where() %}{{ request.path }}{{ value }}{% endmacro %}"
        "{% set constant = 42 %}",
        "templates/importing.html": "{% import 'macros.html' as m %}{{ m.field('<n>') }}"
        "{% from 'macros.html' import where with context %}{{ where() }}"
        "{% import 'macros.html' as w with context %}{{ w.where() }}{{ m.constant }}",
        "templates/filters.html": "{{ 'x'|shout }} {{ 'x'|renamed }} {{ 'x'|added }} {{ 'x'|bp }}"
        " {{ 3 is odd_one }} {{ 3 is bp_test }} {{ a_global }} {{ bp_global() }} {{ from_env }}",
        "templates/context.html": "{{ from_app }} {{ from_bp|default('no bp') }} {{ from_all }}"
        " {{ value }} {{ clash }}",
        "templates/urls.html": "{{ url_for('page', name='a b', q='<x>') }}"
        " {{ url_for('static', filename='s.css') }} {{ url_for('.index') }}"
        " {{ url_for('bp.index', _external=true) }}",
        "templates/undefined.html": "[{{ nothing }}][{{ nothing.attr }}]",
        "templates/undefined-top.html": "[{{ nothing }}]{% if nothing %}x{% endif %}"
        "{{ nothing is defined }}{{ nothing|default('d') }}",
        "templates/tojson.html": "{{ data|tojson }} {{ data|tojson|forceescape }}"
        " {{ data|tojson(indent=2) }} <a x='{{ data|tojson }}'>",
        "templates/syntax.html": "{% if %}",
        "templates/runtime.html": "{{ 1 / 0 }}",
        "templates/proxies.html": "{{ config.OWN }} {{ request.method }} {{ session.x }} {{ g.x }}"
        " {{ 'y' in g }} {{ get_flashed_messages() }} {{ config['SECRET_KEY'] }}",
        "templates/blocks.html": "{% autoescape false %}{{ value }}{% endautoescape %}{{ value }}"
        "{% autoescape true %}{{ value }}{% endautoescape %}",
        "templates/whitespace.html": "  {% if true %}\n  yes\n  {% endif %}\n\nend\n\n",
        "templates/do.html": "{% do [].append(1) %}{% for i in x %}{% break %}{% endfor %}",
        "templates/sub/dir.html": "sub {{ self._TemplateReference__context.name }}",
        "templates/unicode.html": "ünï ☃ {{ value }}",
        "templates/empty.html": "",
        "templates/shared.html": "app's",
        "templates/missing-parent.html": "{% extends 'nope.html' %}",
        "bp/templates/shared.html": "blueprint's",
        "bp/templates/only-bp.html": "only in the blueprint {{ value }}",
        "bp/templates/both-bp.html": "first blueprint's",
        "bp2/templates/both-bp.html": "second blueprint's",
        "bp2/templates/extending.html": "{% extends 'base.html' %}"
        "{% block body %}bp2{% endblock %}",
    }
)


class Html:
    def __html__(self):
        return "<i>html</i>"

    __str__ = __html__


def build_templates(fw):
    app = make_app(fw, ROOT, config={"OWN": "own"})
    bp = fw.Blueprint(
        "bp",
        "parity_bp",
        root_path=str(ROOT / "bp"),
        template_folder="templates",
        url_prefix="/bp",
    )
    bp2 = fw.Blueprint(
        "bp2", "parity_bp2", root_path=str(ROOT / "bp2"), template_folder="templates"
    )
    values = {
        "value": "<b>&\"'",
        "safe": Html(),
        "data": {"b": "</script>&'\"", "a": [1, None, "ü"]},
        "clash": "from the call",
    }

    @app.template_filter()
    def shout(text):
        return text.upper() + "!"

    @app.template_filter("renamed")
    def other_name(text):
        return f"renamed {text}"

    app.add_template_filter(lambda text: f"added {text}", "added")

    @app.template_test()
    def odd_one(number):
        return number % 2 == 1

    @app.template_global()
    def not_used():
        return 1

    app.add_template_global("the global", "a_global")
    bp.app_template_filter("bp")(lambda text: f"bp {text}")
    bp.app_template_test("bp_test")(lambda number: number == 3)
    bp.app_template_global("bp_global")(lambda: "bp global")
    app.jinja_env.globals["from_env"] = "environment"
    app.context_processor(lambda: {"from_app": "app", "clash": "from app", "value": "shadowed"})
    bp.context_processor(lambda: {"from_bp": "bp"})
    bp.app_context_processor(lambda: {"from_all": "all", "from_app": "overridden"})

    @app.route("/")
    def index():
        return fw.render_template("urls.html")

    @app.route("/page/<path:name>")
    def page(name):
        fw.g.x = "g's"
        return fw.render_template(name, **values)

    @bp.route("/")
    def bp_index():
        return fw.render_template("urls.html")

    bp.add_url_rule("/index", "index", bp_index)

    @bp.route("/page/<path:name>")
    def bp_page(name):
        return fw.render_template(name, **values)

    @app.route("/none")
    def none():
        return fw.render_template("context.html")

    @app.route("/list")
    def list_():
        return fw.render_template(["nope.html", "page.txt"], **values)

    @app.route("/list-missing")
    def list_missing():
        return fw.render_template(["nope.html", "no.html"])

    @app.route("/object")
    def object_():
        template = app.jinja_env.get_template("page.html")
        return fw.render_template(template, value="<")

    strings = {
        "escaped": "{{ value }}",
        "plain": "no variables",
        "unicode": "☃{{ value }}",
        "syntax": "{{",
        "inherits": "{% extends 'base.html' %}{% block body %}string{% endblock %}",
        "request": "{{ request.path }}{{ from_app }}{{ g }}",
        "unknown-filter": "{{ 1|nofilter }}",
        "unknown-test": "{{ 1 is notest }}",
        "format": "{{ '%s <b>'|format(value) }}{{ value ~ '<' }}{{ [value]|join('<') }}",
        "urlize": "{{ 'see http://example.org/?a=1&b=2 <x>'|urlize }}",
        "xmlattr": "<a{{ {'title': value, 'x': none}|xmlattr }}>",
        "url-bad": "{{ url_for('nowhere') }}",
        "loop": "{% for n in range(3) %}{{ loop.index }}{{ cycler('a','b').next() }}{% endfor %}",
    }

    @app.route("/string/<name>")
    def string(name):
        return fw.render_template_string(strings[name], **values)

    @app.route("/attribute")
    def attribute():
        field = fw.get_template_attribute("macros.html", "field")
        return f"{field('<x>', value='y')} {fw.get_template_attribute('macros.html', 'constant')}"

    @app.route("/attribute-missing")
    def attribute_missing():
        return fw.get_template_attribute("macros.html", "nothing")

    @app.route("/name")
    def name():
        return repr(
            [
                sorted(app.jinja_env.list_templates()),
                app.jinja_env.autoescape.__name__,
                sorted(set(app.jinja_env.globals) - {"a_global"}),
                app.jinja_env.auto_reload,
                sorted(app.jinja_env.filters)[:5],
                sorted(app.jinja_env.extensions),
            ]
        )

    app.register_blueprint(bp)
    app.register_blueprint(bp2)
    app.extensions["strings"] = strings
    return app


STRINGS = list(build_templates(__import__("flask")).extensions["strings"])
PAGES = sorted(
    str(path.relative_to(ROOT / "templates")) for path in (ROOT / "templates").rglob("*.*")
)
BP_PAGES = ["shared.html", "only-bp.html", "both-bp.html", "context.html", "extending.html"]
BUILD_TEMPLATES = (
    {f"page-{name}": get(f"/page/{name}") for name in [*PAGES, "page", "only-bp.html"]}
    | {
        f"bp-{name}": get(f"/bp/page/{name}")
        for name in [
            "shared.html",
            "only-bp.html",
            "both-bp.html",
            "context.html",
            "extending.html",
        ]
    }
    | {f"string-{name}": get(f"/string/{name}") for name in STRINGS}
    | {
        "urls": get("/", host="example.org"),
        "urls-bp": get("/bp/index", host="example.org"),
        "urls-mounted": get("/", script="/mount"),
        "missing": get("/page/nope.html"),
        "missing-bp": get("/bp/page/nope.html"),
        "traversal": get("/page/../bp/templates/only-bp.html"),
        "none": get("/none"),
        "list": get("/list"),
        "list-missing": get("/list-missing"),
        "object": get("/object"),
        "attribute": get("/attribute"),
        "attribute-missing": get("/attribute-missing"),
        "environment": get("/name"),
    }
)
ERRORS = {
    name: BUILD_TEMPLATES[name]
    for name in [
        "missing",
        "missing-bp",
        "list-missing",
        "string-syntax",
        "string-unknown-filter",
        "string-url-bad",
        "page-syntax.html",
        "page-runtime.html",
        "page-undefined.html",
        "attribute-missing",
        "environment",
    ]
}


def build_options(fw):
    app = build_templates(fw)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.keep_trailing_newline = True
    app.jinja_env.undefined = __import__("jinja2").StrictUndefined
    return app


def build_subclass(fw):
    class App(fw.Flask):
        jinja_options = {"trim_blocks": True, "extensions": ["jinja2.ext.do"]}  # noqa: RUF012

        def select_jinja_autoescape(self, filename):
            return filename is not None and filename.endswith(".txt")

        def create_jinja_environment(self):
            environment = super().create_jinja_environment()
            environment.globals["made"] = "made"
            return environment

    app = App("parity_app", root_path=str(ROOT))

    @app.route("/page/<name>")
    def page(name):
        return fw.render_template(name, value="<b>")

    @app.route("/string")
    def string():
        return fw.render_template_string("{{ '<' }}{% do [].append(1) %}{{ made }}")

    return app


def build_no_folder(fw):
    app = make_app(fw, ROOT, template_folder=None)

    @app.route("/")
    def index():
        return fw.render_template("page.html")

    return app


def build_other_folder(fw):
    app = make_app(fw, ROOT, template_folder=str(ROOT / "bp" / "templates"))

    @app.route("/<name>")
    def index(name):
        return fw.render_template(name, value="<")

    return app


def build_async(fw):
    app = make_app(fw, ROOT)
    app.jinja_options = {"enable_async": True}

    @app.route("/")
    def index():
        return fw.render_template_string("{{ f() }}", f=lambda: "called")

    return app


ALL = [
    *cases(build_templates, BUILD_TEMPLATES),
    *cases(configured(build_templates, TESTING=True), ERRORS),
    *cases(configured(build_templates, DEBUG=True), ERRORS),
    *cases(configured(build_templates, TEMPLATES_AUTO_RELOAD=True), {"env": get("/name")}),
    *cases(
        configured(build_templates, EXPLAIN_TEMPLATE_LOADING=True),
        {"found": get("/page/page.html")},
    ),
    *cases(
        build_options,
        {
            name: get(f"/page/{name}.html")
            for name in ["whitespace", "undefined", "undefined-top", "child"]
        },
    ),
    *cases(
        build_subclass,
        {
            "html": get("/page/page.html"),
            "txt": get("/page/page.txt"),
            "string": get("/string"),
            "whitespace": get("/page/whitespace.html"),
        },
    ),
    *cases(build_no_folder, {"missing": get("/")}),
    *cases(build_other_folder, {"there": get("/shared.html"), "not": get("/page.html")}),
    *cases(build_async, {"async": get("/")}),
]


@pytest.mark.parametrize(("build", "requests", "case_id"), ALL)
def test_templates(build, requests, case_id):
    """A template renders to the same text, or fails with the same error."""
    compare(build, requests, case_id)


def test_templates_on_one_app():
    """What one request renders does not depend on those before it."""
    compare_on_one_app(ALL)
