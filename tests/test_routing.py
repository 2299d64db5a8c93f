"""From a URL to a rule and its arguments, and back; Werkzeug's Map is the truth."""

from __future__ import annotations

import pytest
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import BuildError, RequestRedirect

from bolthead import Flask, request, url_for

CONVERTERS = {
    "text": ("/<name>", "/a%20b", {"name": "a b"}),
    "text is one segment": ("/<name>", "/a/b", None),
    "int": ("/<int:n>", "/42", {"n": 42}),
    "int is not negative": ("/<int:n>", "/-4", None),
    "signed int": ("/<int(signed=True):n>", "/-4", {"n": -4}),
    "float": ("/<float:n>", "/1.5", {"n": 1.5}),
    "path": ("/<path:p>", "/a/b/c", {"p": "a/b/c"}),
    "any": ("/<any(a, b):x>", "/b", {"x": "b"}),
    "any other": ("/<any(a, b):x>", "/c", None),
    "length": ("/<string(length=2):x>", "/abc", None),
    "two in a segment": ("/<a>-<b>", "/x-y", {"a": "x", "b": "y"}),
    "unicode": ("/<name>", "/%C3%A9", {"name": "é"}),
}


@pytest.mark.parametrize(("rule", "path", "values"), CONVERTERS.values(), ids=CONVERTERS)
def test_arguments_of_a_url(app, client, rule, path, values):
    """A rule's converters read the arguments of a URL, or do not match it."""
    app.add_url_rule(rule, "view", lambda **found: found)
    response = client.get(path)
    if values is None:
        assert response.status_code == 404
    else:
        assert response.json == values


def test_uuid_argument(app, client):
    """The ``uuid`` converter gives a UUID."""
    app.add_url_rule("/<uuid:key>", "view", lambda key: key.hex)
    text = "12345678-1234-5678-1234-567812345678"
    assert client.get(f"/{text}").text == text.replace("-", "")


WEIGHTS = {
    "static before text": (["/<x>", "/a"], "/a", "/a"),
    "int before text": (["/<x>", "/<int:x>"], "/1", "/<int:x>"),
    "text before path": (["/<path:x>", "/<x>"], "/a", "/<x>"),
    "longer before path": (["/<path:x>", "/a/<x>"], "/a/b", "/a/<x>"),
    "same weight: the first": (["/<x>", "/<y>"], "/a", "/<x>"),
}


@pytest.mark.parametrize(("rules", "path", "expected"), WEIGHTS.values(), ids=WEIGHTS)
def test_nearest_rule_matches(app, client, rules, path, expected):
    """Of several rules that match, the most exact one does, whatever the order."""
    for number, rule in enumerate(rules):
        app.add_url_rule(rule, f"view{number}", lambda **values: request.url_rule.rule)
    assert client.get(path).text == expected


def test_methods_choose_among_rules(app, client):
    """Rules of the same path may take different methods."""
    app.add_url_rule("/", "read", lambda: "read")
    app.add_url_rule("/", "write", lambda: "write", methods=["POST"])
    assert (client.get("/").text, client.post("/").text) == ("read", "write")
    response = client.put("/")
    assert (response.status_code, set(response.allow)) == (
        405,
        {"GET", "HEAD", "OPTIONS", "POST"},
    )


REASONS = {
    "nothing": ("/none", "GET", NotFound),
    "another method": ("/page", "PUT", MethodNotAllowed),
    "missing slash": ("/folder", "GET", RequestRedirect),
}


@pytest.mark.parametrize(("path", "method", "reason"), REASONS.values(), ids=REASONS)
def test_reason_of_a_miss_is_kept(app, path, method, reason):
    """The request knows why nothing matched."""
    app.add_url_rule("/page", "page", lambda: "")
    app.add_url_rule("/folder/", "folder", lambda: "")
    with app.test_request_context(path, method=method):
        assert type(request.routing_exception) is reason
        assert (request.url_rule, request.view_args) == (None, None)


def test_strict_slashes_can_be_off(app, client):
    """Without ``strict_slashes`` both forms of a URL are served."""
    app.add_url_rule("/folder/", "folder", lambda: request.path, strict_slashes=False)
    assert [client.get(path).text for path in ("/folder", "/folder/")] == ["/folder", "/folder/"]


def test_rules_may_redirect(app, client):
    """``redirect_to`` sends an old URL to a new one."""
    app.add_url_rule("/old/<int:n>", "old", redirect_to="new/<n>")
    response = client.get("/old/3")
    assert (response.status_code, response.location) == (308, "http://localhost/new/3")


def test_mounted_app_builds_its_urls_under_the_mount(app, client):
    """SCRIPT_NAME is put before URLs, and is no part of the path that is matched."""
    app.add_url_rule("/page", "page", lambda: url_for("page"))
    response = client.get("/page", base_url="http://localhost/mount")
    assert response.text == "/mount/page"


BUILT = {
    "text is quoted": ("/<name>", {"name": "a b?"}, "/a%20b%3F"),
    "path keeps slashes": ("/<path:name>", {"name": "a/b"}, "/a/b"),
    "unicode": ("/<name>", {"name": "é"}, "/%C3%A9"),
    "number": ("/<int:name>", {"name": 7}, "/7"),
    "unknown becomes query": ("/", {"q": "a b&c"}, "/?q=a+b%26c"),
}


@pytest.mark.parametrize(("rule", "values", "url"), BUILT.values(), ids=BUILT)
def test_url_is_built_and_matched_again(app, rule, values, url):
    """A URL that was built leads back to its endpoint and values."""
    app.add_url_rule(rule, "view", lambda **values: "")
    with app.test_request_context():
        assert url_for("view", **values) == url
    if "q" not in values:
        with app.test_request_context(url):
            assert (request.endpoint, request.view_args) == ("view", values)


def test_missing_value_is_a_build_error(app):
    """A URL that lacks a value cannot be built; the error names it."""
    app.add_url_rule("/<name>", "view", lambda name: "")
    with app.test_request_context(), pytest.raises(BuildError, match="name"):
        url_for("view")


TRUSTED = {
    "exact": (["example.org"], "example.org", 200),
    "port is no matter": (["example.org"], "example.org:8000", 200),
    "subdomain": (["example.org"], "a.example.org", 400),
    "any subdomain": ([".example.org"], "a.example.org", 200),
    "another": (["example.org"], "evil.test", 400),
}


@pytest.mark.parametrize(("hosts", "host", "status"), TRUSTED.values(), ids=TRUSTED)
def test_trusted_hosts(app, client, hosts, host, status):
    """With TRUSTED_HOSTS a request for another host is answered 400."""
    app.config["TRUSTED_HOSTS"] = hosts
    app.add_url_rule("/", "index", lambda: "")
    assert client.get("/", base_url=f"http://{host}").status_code == status


def test_refused_host_still_runs_the_checks(app, client):
    """before_request runs for a refused host, as for any other miss."""
    app.config["TRUSTED_HOSTS"] = ["example.org"]
    app.before_request(lambda: f"checked {request.routing_exception.code}")
    assert client.get("/").text == "checked 400"


def test_adapter_without_request_or_server_name(app):
    """Without a request, URLs are bound to SERVER_NAME, or to nothing."""
    assert app.create_url_adapter(None) is None
    app.config["SERVER_NAME"] = "example.org"
    assert app.create_url_adapter(None).server_name == "example.org"


def test_static_endpoint_is_there_by_default():
    """An app has a route for its static files, unless it has no static folder."""
    assert [rule.endpoint for rule in Flask("tested_app").url_map.iter_rules()] == ["static"]
    assert list(Flask("tested_app", static_folder=None).url_map.iter_rules()) == []


def test_settings_of_the_map_count_at_any_time():
    """A setting of the URL map that is changed after requests were served takes effect."""
    app = Flask("settings")
    app.add_url_rule("/a/<x>", "a", lambda x: x)
    client = app.test_client()
    assert client.get("/a/b").status_code == 200
    with app.test_request_context():
        assert app.url_for("a", x="b", q=1, p=2) == "/a/b?q=1&p=2"
    app.url_map.sort_parameters = True
    with app.test_request_context():
        assert app.url_for("a", x="b", q=1, p=2) == "/a/b?p=2&q=1"


def test_attributes_of_ones_own_cost_no_plan():
    """An app that counts on itself, or in its configuration, is not compiled again each time."""
    app = Flask("counting")
    app.hits = 0

    @app.get("/")
    def index():
        app.hits += 1
        app.config["LAST"] = app.hits
        return str(app.hits)

    client = app.test_client()
    client.get("/")
    plan = app.plan_for("index")
    assert client.get("/").text == "2"
    assert app.plan_for("index") is plan
