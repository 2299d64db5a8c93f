"""Cross-origin protection: which requests are refused, reported or let through, by each way in."""

from __future__ import annotations

import importlib.util
import json
import logging
import subprocess
import sys

import pytest
from asgi import ask, run

from bolthead import Blueprint, Bolthead, Flask, cross_origin_exempt, request, views

# Rows of Go 1.25's own table and more: method, Sec-Fetch-Site, Origin, Host, whether it is refused.
CASES = [
    ("POST", None, None, "example.com", False),
    ("POST", "same-origin", None, "example.com", False),
    ("POST", "same-origin", "https://example.com", "example.com", False),
    ("POST", "none", None, "example.com", False),
    ("POST", "none", "https://attacker.example", "example.com", False),
    ("POST", "cross-site", None, "example.com", True),
    ("POST", "cross-site", "https://attacker.example", "example.com", True),
    ("POST", "cross-site", "https://example.com", "example.com", True),
    ("POST", "same-site", None, "example.com", True),
    ("POST", "same-site", "https://other.example.com", "example.com", True),
    ("POST", "something-new", None, "example.com", True),
    ("POST", "same-origin, cross-site", None, "example.com", True),
    ("POST", "", "https://attacker.example", "example.com", True),
    ("POST", "", "https://example.com", "example.com", False),
    ("POST", None, "https://example.com", "example.com", False),
    ("POST", None, "http://example.com", "example.com", False),
    ("POST", None, "https://EXAMPLE.com", "example.COM", False),
    ("POST", None, "https://example.com", "example.com:443", False),
    ("POST", None, "http://example.com", "example.com:80", False),
    ("POST", None, "https://example.com", "example.com:80", True),
    ("POST", None, "https://example.com:8443", "example.com:8443", False),
    ("POST", None, "https://example.com:8443", "example.com", True),
    ("POST", None, "https://example.com", "example.com:8443", True),
    ("POST", None, "http://[::1]:5000", "[::1]:5000", False),
    ("POST", None, "http://[::1]:5000", "[::1]:5001", True),
    ("POST", None, "https://attacker.example", "example.com", True),
    ("POST", None, "https://example.com.attacker.example", "example.com", True),
    ("POST", None, "https://attackerexample.com", "example.com", True),
    ("POST", None, "https://example.com@attacker.example", "example.com", True),
    ("POST", None, "https://attacker.example/example.com", "example.com", True),
    ("POST", None, "null", "example.com", True),
    ("POST", None, "example.com", "example.com", True),
    ("POST", None, "", "example.com", False),
    ("POST", None, "https://", "example.com", True),
    ("GET", "cross-site", "https://attacker.example", "example.com", False),
    ("GET", None, "https://attacker.example", "example.com", False),
    ("HEAD", "cross-site", "https://attacker.example", "example.com", False),
    ("OPTIONS", "cross-site", "https://attacker.example", "example.com", False),
    ("PUT", "cross-site", None, "example.com", True),
    ("PUT", None, None, "example.com", False),
    ("PATCH", "same-site", None, "example.com", True),
    ("DELETE", None, "https://attacker.example", "example.com", True),
    ("DELETE", "same-origin", None, "example.com", False),
]

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def name_of(case):
    return " ".join(str(part) for part in case[:4]).replace("://", "_")


def make(cls=Bolthead, *, way="wsgi", **settings):
    app = cls("guarded_bank")
    app.config.update(settings)
    app.paid = []

    def pay():
        app.paid.append(request.method)
        return "paid"

    async def pay_async():
        return pay()

    app.add_url_rule("/pay", "pay", pay_async if way == "asgi-loop" else pay, methods=METHODS)
    return app


def headers_of(site, origin, host):
    pairs = [("Sec-Fetch-Site", site), ("Origin", origin), ("Host", host)]
    return [(name, value) for name, value in pairs if value is not None]


def send(app, way, method="POST", path="/pay", headers=()):
    """Send a request by WSGI or by ASGI; return the status."""
    if way == "wsgi":
        return app.test_client().open(path, method=method, headers=list(headers)).status_code
    return run(ask(app, path, method, headers=headers)).status


@pytest.mark.parametrize("way", ["wsgi", "asgi", "asgi-loop"])
@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_table(case, way):
    """A request that may change something is refused where a page of another origin sent it."""
    method, site, origin, host, refused = case
    app = make(way=way)
    status = send(app, way, method, headers=headers_of(site, origin, host))
    assert status == (403 if refused else 200)
    assert bool(app.paid) == (not refused and method != "OPTIONS")


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_table_in_flask(case, caplog):
    """In ``Flask`` the same requests are answered, and those that would be refused are logged."""
    method, site, origin, host, refused = case
    app = make(Flask)
    with caplog.at_level(logging.WARNING):
        assert send(app, "wsgi", method, headers=headers_of(site, origin, host)) == 200
    assert len(caplog.records) == refused


FOREIGN = [("Sec-Fetch-Site", "cross-site"), ("Origin", "https://other.example")]


@pytest.mark.parametrize("way", ["wsgi", "asgi", "asgi-loop"])
def test_reported_once_for_each_endpoint(way, caplog):
    """In ``Flask`` one line names endpoint and origin and says what to do; then no more."""
    app = make(Flask, way=way)
    app.add_url_rule("/other", "other", lambda: "", methods=["POST"])
    for _ in range(3):
        assert send(app, way, headers=FOREIGN) == 200
    assert send(app, way, path="/other", headers=FOREIGN) == 200
    first, second = caplog.messages
    for part in ("'pay'", "'https://other.example'", "TRUSTED_ORIGINS", "cross_origin_exempt"):
        assert part in first
    assert "'other'" in second


def test_refused_is_logged_once(caplog):
    """In ``Bolthead`` the first refusal of an endpoint is logged, so that its reason is known."""
    app = make()
    for _ in range(3):
        assert send(app, "wsgi", headers=FOREIGN) == 403
    assert len(caplog.messages) == 1
    assert "was refused" in caplog.text


def test_origin_cannot_forge_a_log_line(caplog):
    """Control characters of the header are escaped in the line, and a long one is cut."""
    app = make(Flask)
    environ = {"HTTP_ORIGIN": "https://x\x1b[31m\r\nforged" + "x" * 5000, "REQUEST_METHOD": "POST"}
    app.test_client().open("/pay", environ_overrides=environ)
    assert "\x1b" not in caplog.text
    assert "\nforged" not in caplog.text
    assert len(caplog.text) < 1000


@pytest.mark.parametrize("cls", [Flask, Bolthead])
@pytest.mark.parametrize(
    ("mode", "status", "lines"), [("enforce", 403, 1), ("report", 200, 1), ("off", 200, 0)]
)
def test_mode_is_a_setting_of_both(cls, mode, status, lines, caplog):
    """Either class enforces, reports or does neither, as its setting says."""
    app = make(cls, CROSS_ORIGIN_PROTECTION=mode)
    assert send(app, "wsgi", headers=FOREIGN) == status
    assert len(caplog.messages) == lines


def test_mode_can_be_changed_between_requests():
    """What was compiled follows the setting."""
    app = make()
    assert send(app, "wsgi", headers=FOREIGN) == 403
    app.config["CROSS_ORIGIN_PROTECTION"] = "off"
    assert send(app, "wsgi", headers=FOREIGN) == 200
    app.config["CROSS_ORIGIN_PROTECTION"] = "enforce"
    app.config["TRUSTED_ORIGINS"] = ["https://other.example"]
    assert send(app, "wsgi", headers=FOREIGN) == 200


def test_unknown_mode_is_an_error():
    """A misspelt mode is no protection switched off, but an error with the three values."""
    app = make(CROSS_ORIGIN_PROTECTION="enforced")
    with pytest.raises(ValueError, match=r"'enforce'.*'report'.*'off'"):
        send(app, "wsgi")


# Exemptions


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://other.example", 200),
        ("https://OTHER.example", 200),
        ("http://other.example", 403),
        ("https://other.example:8443", 403),
        ("https://sub.other.example", 403),
        ("null", 403),
        (None, 403),
    ],
)
def test_trusted_origins(origin, status):
    """A trusted origin is that scheme, host and port, and no other."""
    app = make(TRUSTED_ORIGINS=["https://other.example", "http://localhost:3000"])
    assert send(app, "wsgi", headers=headers_of("cross-site", origin, "example.com")) == status


@pytest.mark.parametrize(
    "origins",
    [["other.example"], ["https://other.example/"], ["https://*/x"], ["null"], "https://a.example"],
)
def test_trusted_origin_must_be_one(origins):
    """What is no origin in the list is an error that shows one."""
    app = make(TRUSTED_ORIGINS=origins)
    with pytest.raises(ValueError, match=r"such as 'https://shop\.example'"):
        send(app, "wsgi")


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        ("Bearer token", 200),
        ("Token token", 200),
        ("Basic YTpi", 403),
        ("basic YTpi", 403),
        ("Digest username=a", 403),
        ("Negotiate YTpi", 403),
        ("NTLM YTpi", 403),
        ("Bearer", 403),
        ("Bearer ", 403),
        ("", 403),
    ],
)
def test_authorization(authorization, status):
    """A token in Authorization exempts; what browsers add there by themselves does not."""
    headers = [*FOREIGN, ("Authorization", authorization)]
    assert send(make(), "wsgi", headers=headers) == status


@pytest.mark.parametrize("way", ["wsgi", "asgi", "asgi-loop"])
@pytest.mark.parametrize("authorization", ["Basic YTpi", "Digest username=a", "Bearer token", ""])
def test_programs_with_credentials(way, authorization):
    """What sends neither header is no browser, whatever its credentials are: it is let through."""
    headers = [("Authorization", authorization)]
    assert send(make(way=way), way, headers=headers) == 200


def test_exempt_view():
    """A marked view answers every origin, also below further decorators; others do not."""
    app = make()

    @app.post("/hook")
    @cross_origin_exempt
    def hook():
        return "taken"

    @app.post("/hook-async")
    @cross_origin_exempt
    async def hook_async():
        return "taken"

    for way in ("wsgi", "asgi"):
        assert send(app, way, path="/hook", headers=FOREIGN) == 200
        assert send(app, way, path="/hook-async", headers=FOREIGN) == 200
        assert send(app, way, headers=FOREIGN) == 403


def test_exempt_class_of_views():
    """A class of views is exempted by the mark on it, or in its ``decorators``."""
    app = make()

    @cross_origin_exempt
    class Marked(views.MethodView):
        def post(self):
            return "taken"

    class Decorated(views.MethodView):
        decorators = (cross_origin_exempt,)

        def post(self):
            return "taken"

    class Neither(views.MethodView):
        def post(self):
            return "taken"

    for view in (Marked, Decorated, Neither):
        app.add_url_rule(f"/{view.__name__}", view_func=view.as_view(view.__name__))
    found = {
        view.__name__: send(app, "wsgi", path=f"/{view.__name__}", headers=FOREIGN)
        for view in (Marked, Decorated, Neither)
    }
    assert found == {"Marked": 200, "Decorated": 200, "Neither": 403}


WITH_WTF = """
import json, sys
import bolthead
bolthead.install_as_flask()
import flask_wtf
app = bolthead.Bolthead("bank")
app.config.update(SECRET_KEY="8e1f0c4a7b2d9e6f")
settings = json.loads(sys.argv[1])
if "WTF_CSRF_METHODS" in settings:
    settings["WTF_CSRF_METHODS"] = set(settings["WTF_CSRF_METHODS"])
app.config.update(settings)
flask_wtf.CSRFProtect(app)
app.add_url_rule("/pay", "pay", lambda: "paid", methods=["POST"])
headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://other.example"}
answer = app.test_client().post("/pay", headers=headers)
print(answer.status_code, answer.text)
"""


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, ("400", "CSRF token is missing")),
        ({"WTF_CSRF_ENABLED": False}, ("403", "another site")),
        ({"WTF_CSRF_CHECK_DEFAULT": False}, ("403", "another site")),
        ({"WTF_CSRF_METHODS": ["PUT"]}, ("403", "another site")),
    ],
    ids=["active", "disabled", "not by default", "other methods"],
)
def test_flask_wtf(settings, expected):
    """Where Flask-WTF asks for a token, that decides; where it does not, the origin does."""
    if importlib.util.find_spec("flask_wtf") is None:
        pytest.skip("Flask-WTF is not installed")
    done = subprocess.run(
        [sys.executable, "-c", WITH_WTF, json.dumps(settings)], capture_output=True, text=True
    )
    status, words = expected
    assert done.stdout.startswith(status), done.stderr
    assert words in done.stdout


# Where it stands among the steps


def test_nothing_runs_before_it():
    """No check of the app sees a refused request; the error handler and after functions do."""
    app = make()
    seen = []
    app.before_request(lambda: seen.append("before"))
    app.after_request(lambda answer: seen.append("after") or answer)
    app.register_error_handler(403, lambda error: (f"no: {type(error).__name__}", 403))
    answer = app.test_client().post("/pay", headers=FOREIGN)
    assert (answer.status_code, answer.text) == (403, "no: CrossOriginRequest")
    assert seen == ["after"]


@pytest.mark.parametrize("way", ["wsgi", "asgi", "asgi-loop"])
def test_checks_of_a_miss_do_not_see_it_either(way):
    """A path that nothing matches is a 404 as ever, but no check learns of the request."""
    app = make(way=way)
    assert send(app, way, path="/nothing", headers=FOREIGN) == 404
    app = make(way=way)
    seen = []
    app.before_request(lambda: seen.append("before"))
    assert send(app, way, path="/nothing", headers=FOREIGN) == 403
    assert seen == []
    assert send(app, way, path="/nothing") == 404
    assert seen == ["before"]


def test_overridden_methods_keep_it():
    """An app that has steps of its own, and asks the ones above, is protected as any other."""

    class Own(Bolthead):
        def preprocess_request(self):
            return super().preprocess_request()

        def dispatch_request(self):
            return super().dispatch_request()

        def full_dispatch_request(self):
            return super().full_dispatch_request()

    app = make(Own)
    assert send(app, "wsgi", headers=FOREIGN) == 403
    assert send(app, "wsgi") == 200


def test_method_that_leaves_the_checks_out_does_not_leave_this_one_out():
    """Where ``preprocess_request`` is replaced by one that asks no check, the view is protected."""

    class Own(Bolthead):
        def preprocess_request(self):
            return None

    app = make(Own)
    assert send(app, "wsgi", headers=FOREIGN) == 403
    assert send(app, "asgi", headers=FOREIGN) == 403
    assert send(app, "wsgi") == 200


def test_blueprints_are_protected():
    """A blueprint's view is protected as the app's are."""
    app = Bolthead("bank")
    blueprint = Blueprint("api", __name__, url_prefix="/api")
    blueprint.add_url_rule("/pay", "pay", lambda: "paid", methods=["POST"])
    app.register_blueprint(blueprint)
    assert send(app, "wsgi", path="/api/pay", headers=FOREIGN) == 403


def test_plan_says_what_is_done():
    """A plan in words names the protection, and only where there is something to protect."""
    app = make()
    app.add_url_rule("/see", "see", lambda: "seen")
    assert "refuse_cross_origin" in app.plan_for("pay").explain()
    assert "refuse_cross_origin" not in app.plan_for("see").explain()
    assert "logged, once" in make(Flask).plan_for("pay").explain()


def test_safe_routes_pay_nothing():
    """A route that only reads has the same checks in both classes: none."""
    for cls in (Flask, Bolthead):
        app = make(cls)
        app.add_url_rule("/see", "see", lambda: "seen")
        plan = app.plan_for("see")
        assert (plan.before, plan.guard, plan.is_checked) == ((), None, False)


# WebSockets


SOCKETS = [
    (None, "example.com", True),
    ("", "example.com", True),
    ("https://example.com", "example.com", True),
    ("https://example.com", "example.com:443", True),
    ("https://trusted.example", "example.com", True),
    ("https://attacker.example", "example.com", False),
    ("https://example.com:8443", "example.com", False),
    ("null", "example.com", False),
    ("file://", "example.com", False),
]


@pytest.mark.parametrize("cls", [Flask, Bolthead])
@pytest.mark.parametrize("mode", ["enforce", "report", "off"])
@pytest.mark.parametrize(("origin", "host", "opened"), SOCKETS)
def test_websocket_origin(cls, mode, origin, host, opened):
    """A page of another origin opens no WebSocket, whatever the class and the setting."""
    app = cls("chat")
    app.config.update(CROSS_ORIGIN_PROTECTION=mode, TRUSTED_ORIGINS=["https://trusted.example"])
    assert open_websocket(app, origin, host) == ("accepted" if opened else 403)


def test_exempt_websocket():
    """A marked WebSocket is open to every origin."""
    app = Bolthead("chat")
    assert open_websocket(app, "https://attacker.example", "example.com", exempt=True) == "accepted"


def open_websocket(app, origin, host, *, exempt=False):
    """Begin a handshake; return "accepted" or the status of the refusal."""
    from test_websocket import Socket

    from bolthead import websocket

    async def talk():
        await websocket.send("hello")

    app.websocket("/ws")(cross_origin_exempt(talk) if exempt else talk)

    async def main():
        headers = [(b"host", host.encode())]
        if origin is not None:
            headers.append((b"origin", origin.encode()))
        async with Socket(app, headers=headers) as socket:
            first = (await socket.until(1))[0]
        if first["type"] == "websocket.accept":
            return "accepted"
        return first["status"]

    return run(main())
