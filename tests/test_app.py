"""The app: its settings, its folders, its set-up and its way of answering."""

from __future__ import annotations

import gc
import logging
import sys
import weakref
from datetime import timedelta

import pytest
from werkzeug.exceptions import NotFound
from werkzeug.routing import BaseConverter, BuildError, Rule

from bolthead import Flask, abort, current_app, g, make_response, redirect, request, url_for


def test_view_answers_its_url(app, client):
    """A routed function answers requests for its URL, with the URL's arguments as keywords."""

    @app.route("/hello/<name>/<int:count>")
    def hello(name, count):
        return f"{name} {count + 1}"

    assert client.get("/hello/Ann/2").text == "Ann 3"


def test_app_is_a_wsgi_callable(app):
    """A server calls the app with environ and start_response (PEP 3333)."""
    app.add_url_rule("/", "index", lambda: "served")
    started = []

    def start_response(status, headers, exc_info=None):
        started.append((status, dict(headers)))

    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
    }
    body = app(environ, start_response)
    assert b"".join(body) == b"served"
    [(status, headers)] = started
    assert status == "200 OK"
    assert headers == {"Content-Type": "text/html; charset=utf-8", "Content-Length": "6"}


@pytest.mark.parametrize(
    ("import_name", "expected"), [("some_app", "some_app"), ("a.dotted.name", "a.dotted.name")]
)
def test_name_is_the_import_name(import_name, expected):
    """The app is named by what it was imported as."""
    assert Flask(import_name).name == expected


def test_name_of_a_script_is_its_files(monkeypatch):
    """An app made in a script that is run is named after the script's file."""
    monkeypatch.setattr(sys.modules["__main__"], "__file__", "/folder/shop.py", raising=False)
    assert Flask("__main__", root_path="/folder", instance_path="/folder/instance").name == "shop"


def test_repr_names_class_and_app(app):
    """The app shows itself by its class and name."""
    assert repr(app) == "<Flask 'tested_app'>"
    assert repr(type("Shop", (Flask,), {})("shop")) == "<Shop 'shop'>"


# Routes

METHOD_CASES = {
    "GET by default": ({}, {"GET", "HEAD", "OPTIONS"}),
    "given methods": ({"methods": ["POST", "PUT"]}, {"POST", "PUT", "OPTIONS"}),
    "lower case": ({"methods": ["post"]}, {"POST", "OPTIONS"}),
    "OPTIONS of one's own": ({"methods": ["GET", "OPTIONS"]}, {"GET", "HEAD", "OPTIONS"}),
    "no automatic OPTIONS": ({"provide_automatic_options": False}, {"GET", "HEAD"}),
}


@pytest.mark.parametrize(("options", "expected"), METHOD_CASES.values(), ids=METHOD_CASES)
def test_methods_of_a_route(app, options, expected):
    """A route takes the methods given, HEAD beside GET, and OPTIONS unless told otherwise."""
    app.add_url_rule("/", "index", lambda: "", **options)
    assert next(app.url_map.iter_rules("index")).methods == expected


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_shortcut_routes_one_method(app, client, method):
    """``app.get`` and its like route that method, and others are answered 405."""

    @getattr(app, method)("/thing")
    def thing():
        return request.method

    assert client.open("/thing", method=method.upper()).text == method.upper()
    refused = client.open("/thing", method="TRACE")
    assert refused.status_code == 405
    assert method.upper() in refused.allow


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_shortcut_refuses_methods(app, method):
    """A shortcut with ``methods`` says to use ``route``."""
    with pytest.raises(TypeError, match="Use the 'route' decorator"):
        getattr(app, method)("/", methods=["POST"])


def test_methods_as_text_is_an_error(app):
    """``methods="POST"`` is refused with an example of what is meant."""
    with pytest.raises(TypeError, match=r"methods=\[\"POST\"\]"):
        app.route("/", methods="POST")(lambda: "")


def test_view_attributes_give_defaults(app, client):
    """A view may carry ``methods``, ``required_methods`` and ``provide_automatic_options``."""

    def view():
        return request.method

    view.methods = ["PUT"]
    view.required_methods = ["DELETE"]
    view.provide_automatic_options = False
    app.add_url_rule("/", view_func=view)
    assert next(app.url_map.iter_rules("view")).methods == {"PUT", "DELETE"}
    assert client.delete("/").text == "DELETE"


def test_options_lists_the_methods(app, client):
    """OPTIONS is answered with the methods that the URL takes, of all its routes."""
    app.add_url_rule("/", "read", lambda: "")
    app.add_url_rule("/", "write", lambda: "", methods=["POST"])
    response = client.options("/")
    assert (response.status_code, response.data) == (200, b"")
    assert set(response.allow) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_automatic_options_can_be_turned_off(app, client):
    """With ``PROVIDE_AUTOMATIC_OPTIONS`` False, OPTIONS is answered only where it is asked for."""
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.add_url_rule("/", "without", lambda: "")
    app.add_url_rule(
        "/with", "with", lambda: "", provide_automatic_options=True, methods=["GET", "OPTIONS"]
    )
    assert client.options("/").status_code == 405
    assert client.options("/with").status_code == 200


def test_head_is_answered_by_get(app, client):
    """HEAD has the headers of GET, and no body."""
    app.add_url_rule("/", "index", lambda: "four")
    response = client.head("/")
    assert (response.data, response.content_length) == (b"", 4)


def test_endpoint_is_the_views_name(app):
    """A route is named after its view unless a name is given."""

    @app.route("/")
    def index():
        return ""

    app.add_url_rule("/other", "another", index)
    assert {rule.endpoint for rule in app.url_map.iter_rules()} >= {"index", "another"}
    assert app.view_functions["index"] is app.view_functions["another"] is index


def test_endpoint_decorator_gives_a_rule_its_view(app, client):
    """``app.endpoint`` registers the view of a rule that was added without one."""
    app.add_url_rule("/", "index")

    @app.endpoint("index")
    def view():
        return request.endpoint

    assert client.get("/").text == "index"


def test_rule_added_to_the_map_is_served(app, client):
    """A rule may be added to ``url_map`` directly."""
    app.url_map.add(Rule("/direct", endpoint="direct"))
    app.view_functions["direct"] = lambda: "direct"
    assert client.get("/direct").text == "direct"


def test_two_views_for_an_endpoint_are_refused(app):
    """A second view of the same endpoint is an error at set-up, not a surprise later."""
    app.add_url_rule("/", "index", lambda: "one")
    with pytest.raises(AssertionError, match="overwriting an existing endpoint function: index"):
        app.add_url_rule("/two", "index", lambda: "two")


def test_route_decorators_stack(app, client):
    """Several routes may lead to one view, and the decorator returns the view itself."""

    def view():
        return request.path

    assert app.route("/a")(app.route("/b")(view)) is view
    assert [client.get(path).text for path in ("/a", "/b")] == ["/a", "/b"]


def test_converter_of_ones_own(app, client):
    """A converter in ``url_map.converters`` reads the URL's arguments and writes them."""

    class List(BaseConverter):
        def to_python(self, value):
            return value.split(",")

        def to_url(self, value):
            return ",".join(super(List, self).to_url(item) for item in value)

    app.url_map.converters["list"] = List

    @app.route("/<list:names>")
    def view(names):
        return f"{len(names)} {url_for('view', names=names)}"

    assert client.get("/a,b,c").text == "3 /a,b,c"


def test_rule_defaults_go_to_the_view(app, client):
    """``defaults`` of a route are arguments of its view where the URL has none."""

    @app.route("/", defaults={"page": 1})
    @app.route("/page/<int:page>")
    def pages(page):
        return str(page)

    assert client.get("/").text == "1"
    assert client.get("/page/2").text == "2"
    # The URL of the default is the shorter one.
    assert client.get("/page/1").status_code == 308


def test_missing_slash_is_redirected(app, client):
    """A URL without the final slash of its rule is sent to the one with it, method and all."""
    app.add_url_rule("/folder/", "folder", lambda: "in", methods=["GET", "POST"])
    response = client.get("/folder?page=2")
    assert (response.status_code, response.location) == (308, "http://localhost/folder/?page=2")
    assert client.post("/folder", follow_redirects=True).text == "in"


def test_form_survives_a_redirect(app, client):
    """The router redirects with 308, which keeps a form, so nothing is raised in debug mode."""
    app.debug = True
    app.add_url_rule("/folder/", "folder", lambda: request.form["a"], methods=["POST"])
    assert client.post("/folder", data={"a": "b"}).status_code == 308
    assert client.post("/folder", data={"a": "b"}, follow_redirects=True).text == "b"


def test_miss_is_a_404(client):
    """A URL that no route has is answered 404, as HTML."""
    response = client.get("/nowhere")
    assert response.status_code == 404
    assert response.mimetype == "text/html"
    assert "Not Found" in response.text


@pytest.mark.parametrize("path", ["//", "/a//b"], ids=["two slashes", "inside"])
def test_slashes_are_merged(app, client, path):
    """Repeated slashes lead to the URL with single ones."""
    app.add_url_rule("/", "index", lambda: "")
    app.add_url_rule("/a/b", "inside", lambda: "")
    assert client.get(f"http://localhost{path}").status_code == 308


# Subdomains and hosts


def test_subdomains_are_matched_where_that_is_on():
    """With ``subdomain_matching`` a route may be of one subdomain of SERVER_NAME."""
    app = Flask("tested_app", subdomain_matching=True)
    app.config["SERVER_NAME"] = "example.org"
    app.add_url_rule("/", "index", lambda: "main")
    app.add_url_rule("/", "admin", lambda: "admin", subdomain="admin")
    app.add_url_rule("/", "user", lambda name: f"user {name}", subdomain="<name>")
    client = app.test_client()
    assert client.get("/").text == "main"
    assert client.get("/", subdomain="admin").text == "admin"
    assert client.get("/", "http://ann.example.org").text == "user ann"


def test_hosts_are_not_asked_by_default(app, client):
    """Without subdomain or host matching, every host is answered alike."""
    app.config["SERVER_NAME"] = "example.org"
    app.add_url_rule("/", "index", lambda: "served")
    assert client.get("/", "http://elsewhere.test").text == "served"


def test_host_matching():
    """With ``host_matching`` each route names its host."""
    app = Flask("tested_app", static_folder=None, host_matching=True)
    app.add_url_rule("/", "one", lambda: "one", host="one.test")
    app.add_url_rule("/", "any", lambda name: name, host="<name>.test")
    client = app.test_client()
    assert client.get("/", "http://one.test").text == "one"
    assert client.get("/", "http://two.test").text == "two"
    assert client.get("/", "http://one.org").status_code == 404


@pytest.mark.parametrize(
    "options",
    [{"static_host": "one.test"}, {"host_matching": True}],
    ids=["host alone", "matching alone"],
)
def test_static_host_and_host_matching_go_together(options):
    """One without the other is refused where there are static files."""
    with pytest.raises(AssertionError, match="Invalid static_host/host_matching combination"):
        Flask("tested_app", **options)


# Answers to errors


def test_error_is_a_500_in_production(quiet, client):
    """An error in a view is logged and answered 500; the text of the error stays private."""

    @quiet.route("/")
    def broken():
        raise ValueError("a secret")

    response = client.get("/")
    assert response.status_code == 500
    assert "a secret" not in response.text
    assert "Internal Server Error" in response.text


def test_error_is_logged_with_its_request(quiet, client, caplog):
    """The log tells path and method of the request that failed, and the error."""
    quiet.logger.disabled = False

    @quiet.route("/broken", methods=["POST"])
    def broken():
        raise ValueError("the cause")

    client.post("/broken")
    [record] = caplog.records
    assert record.getMessage() == "Exception on /broken [POST]"
    assert record.levelno == logging.ERROR
    assert str(record.exc_info[1]) == "the cause"


PROPAGATION = {
    "production": ({}, False),
    "testing": ({"TESTING": True}, True),
    "debug": ({"DEBUG": True}, True),
    "set to True": ({"PROPAGATE_EXCEPTIONS": True}, True),
    "set to False in testing": ({"TESTING": True, "PROPAGATE_EXCEPTIONS": False}, False),
}


@pytest.mark.parametrize(("settings", "raised"), PROPAGATION.values(), ids=PROPAGATION)
def test_errors_propagate_where_the_settings_say_so(quiet, client, settings, raised):
    """Errors reach the caller in tests and in debug mode, unless PROPAGATE_EXCEPTIONS decides."""
    quiet.config.update({"TESTING": False, "PROPAGATE_EXCEPTIONS": None, **settings})

    @quiet.route("/")
    def broken():
        raise ValueError("meant to fail")

    if raised:
        with pytest.raises(ValueError, match="meant to fail"):
            client.get("/")
    else:
        assert client.get("/").status_code == 500


def test_error_handler_of_a_class_answers_its_subclasses(app, client):
    """The handler nearest in the error's class hierarchy answers."""

    class Own(LookupError):
        pass

    app.register_error_handler(Exception, lambda error: ("any", 500))
    app.register_error_handler(LookupError, lambda error: (f"lookup {error}", 400))

    @app.route("/<kind>")
    def raising(kind):
        raise {"own": Own, "key": KeyError, "value": ValueError}[kind]("x")

    assert client.get("/own").text == "lookup x"
    assert client.get("/key").text == "lookup 'x'"
    assert client.get("/value").text == "any"


def test_error_handler_of_a_code_answers_aborts_and_raises(app, client):
    """A handler for 404 answers ``abort(404)``, a raised NotFound and a URL without route."""

    @app.errorhandler(404)
    def missing(error):
        assert isinstance(error, NotFound)
        return f"no: {error.description[:4]}", 404

    app.add_url_rule("/abort", "abort", lambda: abort(404, "gone away"))

    @app.route("/raise")
    def raising():
        raise NotFound("lost it")

    assert client.get("/abort").text == "no: gone"
    assert client.get("/raise").text == "no: lost"
    assert client.get("/nowhere").status_code == 404


def test_code_comes_before_class(app, client):
    """A handler of the code is preferred to one of HTTPException or Exception."""
    app.register_error_handler(Exception, lambda error: "exception")
    app.register_error_handler(404, lambda error: "code")
    assert client.get("/nowhere").text == "code"


def test_500_handler_gets_the_cause(quiet, client):
    """A handler for 500 gets InternalServerError with the error as ``original_exception``."""

    @quiet.errorhandler(500)
    def last(error):
        return f"{error.code} {error.original_exception!r}", 500

    @quiet.route("/")
    def broken():
        raise ValueError("cause")

    response = client.get("/")
    assert (response.status_code, response.text) == (500, "500 ValueError('cause')")


def test_abort_500_has_no_cause(app, client):
    """``abort(500)`` reaches the handler without an original exception."""
    app.register_error_handler(500, lambda error: (repr(error.original_exception), 500))
    app.add_url_rule("/", "index", lambda: abort(500))
    assert client.get("/").text == "None"


def test_error_in_a_handler_is_a_500(quiet, client):
    """An error handler that fails itself is answered 500."""

    @quiet.errorhandler(404)
    def failing(error):
        raise ValueError("in the handler")

    assert client.get("/nowhere").status_code == 500


def test_abort_with_a_response_sends_it(app, client):
    """``abort`` may be given a response, which is sent as it is, past all handlers."""
    app.register_error_handler(Exception, lambda error: "handled")
    app.add_url_rule("/", "index", lambda: abort(make_response("as it is", 418)))
    response = client.get("/")
    assert (response.status_code, response.text) == (418, "as it is")


BAD_HANDLERS = {
    "unknown code": (999, ValueError, "'999' is not a recognized HTTP error code"),
    "an instance": (ValueError("x"), TypeError, "is an instance, not a class"),
    "not an error": (str, ValueError, "'str' is not a subclass of Exception"),
}


@pytest.mark.parametrize(("given", "error", "text"), BAD_HANDLERS.values(), ids=BAD_HANDLERS)
def test_what_no_error_can_be_is_refused(app, given, error, text):
    """A handler can be registered for error classes and codes that exist, and for nothing else."""
    with pytest.raises(error, match=text):
        app.register_error_handler(given, lambda error: "")


def test_missing_form_key_is_a_bad_request(app, client):
    """Reading a key that the form lacks is answered 400; the key is named in debug mode only."""
    app.add_url_rule("/", "index", lambda: request.form["absent"], methods=["POST"])
    app.config.update(TRAP_BAD_REQUEST_ERRORS=False)
    quiet = client.post("/")
    assert quiet.status_code == 400
    assert "absent" not in quiet.text
    app.debug = True
    assert "absent" in client.post("/").text


TRAPS = {
    "nothing trapped": ({}, 400, 404),
    "bad requests": ({"TRAP_BAD_REQUEST_ERRORS": True}, "raised", 404),
    "all": ({"TRAP_HTTP_EXCEPTIONS": True}, "raised", "raised"),
    "debug mode": ({"DEBUG": True}, "raised", 404),
    "debug mode, but not": ({"DEBUG": True, "TRAP_BAD_REQUEST_ERRORS": False}, 400, 404),
}


@pytest.mark.parametrize(("settings", "bad", "missing"), TRAPS.values(), ids=TRAPS)
def test_traps(app, client, settings, bad, missing):
    """The TRAP settings let HTTP exceptions be debugged like any other error."""
    app.config.update(settings)
    app.add_url_rule("/bad", "bad", lambda: request.args["absent"])
    for path, expected in (("/bad", bad), ("/missing", missing)):
        if expected == "raised":
            with pytest.raises(Exception, match=r"40\d"):
                client.get(path)
        else:
            assert client.get(path).status_code == expected


# Hooks in order


def test_hooks_run_in_order(app, client):
    """Before functions run as registered, after and teardown functions from the last one back."""
    log = []
    for number in (1, 2):
        app.before_request(lambda n=number: log.append(f"before {n}"))
        app.after_request(lambda response, n=number: log.append(f"after {n}") or response)
        app.teardown_request(lambda error, n=number: log.append(f"teardown {n}"))
        app.teardown_appcontext(lambda error, n=number: log.append(f"app {n}"))
    app.add_url_rule("/", "index", lambda: log.append("view") or "")
    client.get("/")
    assert log == [
        "before 1",
        "before 2",
        "view",
        "after 2",
        "after 1",
        "teardown 2",
        "teardown 1",
        "app 2",
        "app 1",
    ]


def test_first_answer_ends_the_checks(app, client):
    """When a before_request function answers, the view and later checks are not called."""
    app.before_request(lambda: ("stopped", 403))
    app.before_request(lambda: pytest.fail("a later check ran"))
    app.add_url_rule("/", "index", lambda: pytest.fail("the view ran"))
    response = client.get("/")
    assert (response.status_code, response.text) == (403, "stopped")


def test_checks_run_before_a_miss_is_answered(app, client):
    """before_request runs for URLs without a route, too."""
    app.before_request(lambda: f"{request.endpoint} {request.path}")
    assert client.get("/nowhere").text == "None /nowhere"


def test_after_request_may_replace_the_response(app, client):
    """What an after function returns is the response from then on."""
    app.after_request(lambda response: make_response("another"))
    app.add_url_rule("/", "index", lambda: "one")
    assert client.get("/").text == "another"


def test_after_request_sees_answers_to_errors(quiet, client):
    """after_request runs on the answer to an error as well."""

    @quiet.after_request
    def mark(response):
        response.headers["X-Seen"] = str(response.status_code)
        return response

    @quiet.route("/")
    def broken():
        raise ValueError

    assert client.get("/").headers["X-Seen"] == "500"
    assert client.get("/nowhere").headers["X-Seen"] == "404"


def test_teardown_is_told_of_the_error(quiet, client):
    """Teardown functions get the error that nobody handled, or None."""
    told = []
    quiet.teardown_request(lambda error: told.append(type(error)))
    quiet.teardown_appcontext(lambda error: told.append(type(error)))

    @quiet.route("/broken")
    def broken():
        raise ValueError

    @quiet.route("/handled")
    def handled():
        abort(400)

    client.get("/broken")
    client.get("/handled")
    assert told == [ValueError, ValueError, type(None), type(None)]


def test_every_teardown_runs_though_one_fails(quiet, client):
    """A teardown function that fails keeps neither the others from running nor the answer."""
    ran = []
    quiet.teardown_request(lambda error: ran.append("first registered"))
    quiet.teardown_appcontext(lambda error: ran.append("app"))

    @quiet.teardown_request
    def failing(error):
        raise ValueError("in teardown")

    quiet.add_url_rule("/", "index", lambda: "answered")
    assert client.get("/").text == "answered"
    assert ran == ["first registered", "app"]


def test_failing_after_request_of_an_error_is_logged(quiet, client, caplog):
    """Where after functions fail on the answer to an error, it is sent and that is logged."""
    quiet.logger.disabled = False

    @quiet.after_request
    def failing(response):
        raise ValueError("in after")

    quiet.add_url_rule("/", "index", lambda: "")
    assert client.get("/").status_code == 500
    assert "Request finalizing failed" in caplog.records[-1].getMessage()


# Set-up is over once a request was served

SETUP = {
    "route": lambda app: app.route("/late")(lambda: ""),
    "add_url_rule": lambda app: app.add_url_rule("/late", "late", lambda: ""),
    "before_request": lambda app: app.before_request(lambda: None),
    "after_request": lambda app: app.after_request(lambda response: response),
    "teardown_request": lambda app: app.teardown_request(lambda error: None),
    "teardown_appcontext": lambda app: app.teardown_appcontext(lambda error: None),
    "context_processor": lambda app: app.context_processor(dict),
    "errorhandler": lambda app: app.errorhandler(404)(lambda error: ""),
    "register_error_handler": lambda app: app.register_error_handler(404, lambda error: ""),
    "url_defaults": lambda app: app.url_defaults(lambda endpoint, values: None),
    "url_value_preprocessor": lambda app: app.url_value_preprocessor(lambda e, v: None),
    "template_filter": lambda app: app.template_filter()(str.upper),
    "add_template_test": lambda app: app.add_template_test(callable),
    "template_global": lambda app: app.template_global()(len),
    "shell_context_processor": lambda app: app.shell_context_processor(dict),
    "endpoint": lambda app: app.endpoint("late")(lambda: ""),
}


@pytest.mark.parametrize("late", SETUP.values(), ids=SETUP)
def test_set_up_after_the_first_request_is_refused(app, client, late):
    """A set-up method called too late says so, instead of half taking effect."""
    client.get("/")
    with pytest.raises(AssertionError, match="can no longer be called on the application"):
        late(app)


@pytest.mark.parametrize("early", SETUP.values(), ids=SETUP)
def test_set_up_before_the_first_request_is_taken(app, early):
    """The same methods are fine before, whatever was looked at meanwhile."""
    with app.test_request_context():
        early(app)


# URLs


def test_url_for_in_a_request_is_a_path(app):
    """In a request ``url_for`` gives a path; values without a place become the query."""
    app.add_url_rule("/user/<name>", "user", lambda name: "")
    with app.test_request_context():
        assert url_for("user", name="a b") == "/user/a%20b"
        assert url_for("user", name="ann", page=2) == "/user/ann?page=2"
        assert url_for("user", name="ann", none=None) == "/user/ann"


URLS = {
    "anchor": ({"_anchor": "x y"}, "/#x%20y"),
    "external": ({"_external": True}, "http://localhost/"),
    "scheme": ({"_scheme": "https"}, "https://localhost/"),
    "scheme and external": ({"_scheme": "https", "_external": True}, "https://localhost/"),
    "list": ({"tag": ["a", "b"]}, "/?tag=a&tag=b"),
    "query and anchor": ({"page": 1, "_anchor": "top"}, "/?page=1#top"),
}


@pytest.mark.parametrize(("values", "expected"), URLS.values(), ids=URLS)
def test_options_of_url_for(app, values, expected):
    """Underscored values shape the URL; the others are its arguments."""
    app.add_url_rule("/", "index", lambda: "")
    with app.test_request_context():
        assert url_for("index", **values) == expected


def test_url_for_chooses_the_rule_by_method(app):
    """``_method`` chooses among the rules of one endpoint."""
    app.add_url_rule("/read", "thing", methods=["GET"])
    app.add_url_rule("/write", "thing", methods=["POST"])
    with app.test_request_context():
        assert url_for("thing", _method="GET") == "/read"
        assert url_for("thing", _method="POST") == "/write"


def test_scheme_without_external_is_an_error(app):
    """``_scheme`` with ``_external=False`` is refused."""
    app.add_url_rule("/", "index", lambda: "")
    with (
        app.test_request_context(),
        pytest.raises(ValueError, match="'_external' must be True"),
    ):
        url_for("index", _scheme="https", _external=False)


def test_url_for_outside_a_request_is_a_whole_url(app):
    """With SERVER_NAME, URLs can be built in an app context, with host and scheme."""
    app.config.update(
        SERVER_NAME="example.org", APPLICATION_ROOT="/shop", PREFERRED_URL_SCHEME="https"
    )
    app.add_url_rule("/", "index", lambda: "")
    with app.app_context():
        assert url_for("index") == "https://example.org/shop/"
        assert url_for("index", _external=False) == "/shop/"


def test_url_for_without_server_name_says_what_to_set(app):
    """Without a request or SERVER_NAME the error names the setting."""
    with app.app_context(), pytest.raises(RuntimeError, match="without 'SERVER_NAME' configured"):
        url_for("index")


def test_unknown_endpoint_is_a_build_error(app):
    """An endpoint nobody has raises BuildError."""
    with app.test_request_context(), pytest.raises(BuildError, match="nowhere"):
        url_for("nowhere")


def test_build_error_handlers_are_asked_in_order(app):
    """The first handler that returns a URL gives it; one that returns None passes."""
    app.url_build_error_handlers.append(lambda error, endpoint, values: None)
    app.url_build_error_handlers.append(lambda error, endpoint, values: f"/{endpoint}!")
    with app.test_request_context():
        assert url_for("nowhere") == "/nowhere!"


def test_build_error_handler_may_raise_on(app):
    """A BuildError of a handler is raised where no handler helps."""

    def handler(error, endpoint, values):
        raise BuildError("another", {}, None)

    app.url_build_error_handlers.append(handler)
    with app.test_request_context(), pytest.raises(BuildError, match="another"):
        url_for("nowhere")


def test_url_defaults_and_value_preprocessors(app, client):
    """Values can be taken out of every URL before the view, and put into every URL built."""

    @app.url_value_preprocessor
    def take(endpoint, values):
        g.language = values.pop("language", None)

    @app.url_defaults
    def give(endpoint, values):
        if app.url_map.is_endpoint_expecting(endpoint, "language"):
            values.setdefault("language", g.language)

    @app.route("/<language>/about")
    def about():
        return url_for("about")

    assert client.get("/fr/about").text == "/fr/about"


# Redirects and the rest


def test_redirect_sends_elsewhere(app, client):
    """``redirect`` answers 302 with the location as given."""
    app.add_url_rule("/", "index", lambda: redirect("/there?x=1"))
    response = client.get("/")
    assert (response.status_code, response.location) == (302, "/there?x=1")


def test_timedelta_settings_may_be_seconds(app):
    """``permanent_session_lifetime`` is a duration also where seconds were set."""
    app.permanent_session_lifetime = 60
    assert app.permanent_session_lifetime == timedelta(minutes=1)
    assert app.config["PERMANENT_SESSION_LIFETIME"] == 60


def test_attributes_read_and_write_settings(app):
    """``testing``, ``secret_key`` and ``debug`` are settings under another name."""
    app.testing, app.secret_key, app.debug = False, b"bytes", True
    assert (app.config["TESTING"], app.config["SECRET_KEY"], app.config["DEBUG"]) == (
        False,
        b"bytes",
        True,
    )


@pytest.mark.parametrize(
    ("value", "debug"),
    [("1", True), ("true", True), ("0", False), ("false", False), ("no", False), ("", False)],
)
def test_debug_mode_by_environment(monkeypatch, value, debug):
    """FLASK_DEBUG turns debug mode on for apps that are made afterwards."""
    monkeypatch.setenv("FLASK_DEBUG", value)
    assert Flask("tested_app").debug is debug


def test_app_is_freed_without_the_collector():
    """Nothing keeps an app alive that nobody uses any more."""
    gc.collect()
    gc.disable()
    try:
        app = Flask("tested_app")
        app.add_url_rule("/", "index", lambda: "")
        gone = weakref.ref(app)
        del app
        assert gone() is None
    finally:
        gc.enable()


def test_current_app_is_the_app_in_force(app, client):
    """In a request ``current_app`` is the app that serves it."""
    app.add_url_rule("/", "index", lambda: str(current_app._get_current_object() is app))
    assert client.get("/").text == "True"


def test_instance_path_must_be_absolute():
    """A relative instance path is refused."""
    with pytest.raises(ValueError, match="must be absolute"):
        Flask("tested_app", instance_path="instance")


def test_config_may_be_relative_to_the_instance_folder(tmp_path):
    """With ``instance_relative_config`` configuration files are looked for in that folder."""
    (tmp_path / "settings.py").write_text("OWN = 1")
    app = Flask("tested_app", instance_path=str(tmp_path), instance_relative_config=True)
    app.config.from_pyfile("settings.py")
    assert app.config["OWN"] == 1


def test_instance_resource_is_opened_for_reading_and_writing(tmp_path):
    """Files of the instance folder can be written and read, as text or bytes."""
    app = Flask("tested_app", instance_path=str(tmp_path))
    with app.open_instance_resource("note.txt", "w") as file:
        file.write("é")
    with app.open_instance_resource("note.txt") as file:
        assert file.read() == "é".encode()
    with app.open_instance_resource("note.txt", "r", encoding="latin-1") as file:
        assert file.read() == "Ã©"


def test_async_view_and_hooks(app, client):
    """``async def`` views, hooks and handlers work like plain ones."""
    log = []

    @app.before_request
    async def before():
        log.append("before")

    @app.after_request
    async def after(response):
        log.append("after")
        return response

    @app.teardown_request
    async def teardown(error):
        log.append("teardown")

    @app.errorhandler(ValueError)
    async def handler(error):
        return f"handled {request.path}"

    @app.route("/")
    async def view():
        g.seen = True
        return f"{request.path} {g.seen}"

    @app.route("/broken")
    async def broken():
        raise ValueError

    assert client.get("/").text == "/ True"
    assert client.get("/broken").text == "handled /broken"
    assert log == ["before", "after", "teardown"] * 2
