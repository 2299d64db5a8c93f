"""Parity of sessions: the cookie's bytes, its options, Vary, bad cookies, tags and flashes."""

import datetime
import json
import uuid
import zlib
from base64 import urlsafe_b64encode

import pytest
from markupsafe import Markup

from parity.harness import (
    FLASK,
    SUBJECT,
    call,
    cases,
    compare,
    compare_on_one_app,
    configured,
    get,
    keep_cookies,
    make_app,
    make_environ,
    signed,
    within_one_second,
)

VALUES = {
    "string": "text",
    "unicode": "ü☃",
    "int": 5,
    "float": 1.5,
    "none": None,
    "bool": True,
    "list": [1, [2, "x"]],
    "dict": {"a": {"b": 1}},
    "int-keys": {1: "a"},
    "tuple": (1, (2, "x")),
    "tuple-empty": (),
    "bytes": b"\x00\xff",
    "markup": Markup("<b>safe</b>"),
    "uuid": uuid.UUID("12345678-1234-5678-1234-567812345678"),
    "datetime": datetime.datetime(2020, 2, 3, 4, 5, 6, tzinfo=datetime.UTC),
    "naive": datetime.datetime(2020, 2, 3, 4, 5, 6),
    "nested": {"list": [(1, b"x"), Markup("y")]},
    "tag-like": {" t": [1, 2]},
    "tag-like-double": {" t__": 1},
    "tag-like-two": {" t": [1], "other": 2},
    "empty-dict": {},
    "long": "x" * 2000,
    "too-long": "".join(chr(33 + (n * 7919) % 90) for n in range(9000)),
    "set": {1},
    "object": object,
    "date": datetime.date(2020, 1, 1),
    "complex": 1j,
}


def build_sessions(fw):
    app = make_app(fw)
    session = fw.session

    @app.route("/untouched")
    def untouched():
        return "untouched"

    @app.route("/set/<name>")
    def set_(name):
        session["v"] = VALUES[name]
        return "set"

    @app.route("/read")
    def read():
        return f"{sorted(session.items())!r}"

    @app.route("/state")
    def state():
        return [session.new, session.modified, session.accessed, session.permanent]

    @app.route("/touch/<how>")
    def touch(how):
        ways = {
            "get": lambda: session.get("v"),
            "in": lambda: "v" in session,
            "len": lambda: len(session),
            "iter": lambda: list(session),
            "keys": lambda: list(session.keys()),
            "values": lambda: list(session.values()),
            "items": lambda: list(session.items()),
            "bool": lambda: bool(session),
            "eq": lambda: session == {},
            "copy": lambda: session.copy(),
            "repr": lambda: repr(session),
            "item": lambda: session["v"],
            "new": lambda: session.new,
            "permanent": lambda: session.permanent,
            "modified": lambda: session.modified,
            "setdefault": lambda: session.setdefault("v", 1),
            "setdefault-new": lambda: session.setdefault("w", 1),
            "update": lambda: session.update(w=2),
            "update-nothing": lambda: session.update(),
            "pop": lambda: session.pop("v", None),
            "pop-missing": lambda: session.pop("missing", None),
            "popitem": lambda: session.popitem(),
            "clear": lambda: session.clear(),
            "del": lambda: session.__delitem__("v"),
            "or": lambda: session | {},
            "ior": lambda: session.__ior__({"w": 3}),
            "nested": lambda: session["v"].append(1) if isinstance(session.get("v"), list) else 0,
            "make-modified": lambda: setattr(session, "modified", True),
            "make-permanent": lambda: setattr(session, "permanent", True),
            "make-temporary": lambda: setattr(session, "permanent", False),
            "same": lambda: session.__setitem__("v", session.get("v")),
        }
        return repr(ways[how]())

    @app.route("/permanent")
    def permanent():
        session.permanent = True
        session["v"] = "kept"
        return "permanent"

    @app.route("/vary")
    def vary():
        response = fw.make_response(session.get("v", "-"))
        response.vary.add("Accept")
        response.vary.add("cookie")
        return response

    @app.route("/error")
    def error():
        session["v"] = "before the error"
        raise ValueError

    @app.route("/abort")
    def abort():
        session["v"] = "before the abort"
        fw.abort(403)

    @app.route("/after")
    def after():
        @fw.after_this_request
        def change(response):
            session["late"] = 1
            return response

        return "after"

    @app.route("/stream")
    def stream():
        return fw.Response(fw.stream_with_context(repr(session.get("v")) for _ in "ab"))

    @app.route("/flash")
    def flash():
        fw.flash("plain")
        fw.flash("ü <b>", "warning")
        fw.flash(Markup("<i>safe</i>"), "info")
        return "flashed"

    @app.route("/flash/one")
    def flash_one():
        fw.flash("one", "info")
        return repr(fw.get_flashed_messages())

    @app.route("/flashed")
    def flashed():
        first = fw.get_flashed_messages(with_categories=True)
        return repr([first, fw.get_flashed_messages()])

    @app.route("/flashed/filter")
    def flashed_filter():
        chosen = fw.get_flashed_messages(category_filter=["warning", "info"])
        return repr([chosen, fw.get_flashed_messages(True, ("message",))])

    @app.route("/flashed/template")
    def flashed_template():
        return fw.render_template_string(
            "{% for c, m in get_flashed_messages(with_categories=true) %}{{ c }}:{{ m }};"
            "{% endfor %}{{ session.get('v') }}"
        )

    return app


TOUCHES = [
    "get",
    "in",
    "len",
    "iter",
    "keys",
    "values",
    "items",
    "bool",
    "eq",
    "copy",
    "repr",
    "item",
    "new",
    "permanent",
    "modified",
    "setdefault",
    "setdefault-new",
    "update",
    "update-nothing",
    "pop",
    "pop-missing",
    "popitem",
    "clear",
    "del",
    "or",
    "ior",
    "nested",
    "make-modified",
    "make-permanent",
    "make-temporary",
    "same",
]


def cookie(value):
    return {"Cookie": f"session={value}"}


def packed(text):
    return b"." + urlsafe_b64encode(zlib.compress(text.encode())).rstrip(b"=")


def encoded(text):
    return urlsafe_b64encode(text.encode()).rstrip(b"=")


GOOD = {"v": "text"}
BAD_COOKIES = {
    "good": lambda: signed(GOOD),
    "empty": lambda: "",
    "garbage": lambda: "garbage",
    "dots": lambda: "...",
    "one-dot": lambda: "a.b",
    "other-key": lambda: signed(GOOD, key="another"),
    "other-salt": lambda: signed(GOOD, salt="other"),
    "flipped": lambda: signed(GOOD)[:-1] + "A",
    "cut": lambda: signed(GOOD)[:-5],
    "payload-changed": lambda: "x" + signed(GOOD),
    "unsigned": lambda: encoded('{"v":1}').decode(),
    "old": lambda: signed(GOOD, age=86400 * 30),
    "very-old": lambda: signed(GOOD, age=86400 * 32),
    "future": lambda: signed(GOOD, age=-86400),
    "latin": lambda: "\xff\xfe",
    "quoted": lambda: f'"{signed(GOOD)}"',
    "permanent": lambda: signed({"_permanent": True, "v": 1}),
    "zipped": lambda: signed(packed('{"v":"zipped"}')),
    "tags": lambda: signed({"v": [{" t": [1]}, {" b": "AP8="}, {" m": "<b>"}, {" u": "1" * 32}]}),
}


def forged(name):
    """A cookie header whose value is made when the request is sent, so that its age is right."""
    return {"Cookie": lambda before: f"session={BAD_COOKIES[name]()}"}


def fallback(key):
    return {"Cookie": lambda before: f"session={signed(GOOD, key=key)}"}


BUILD_SESSIONS = (
    {f"set-{name}": [get(f"/set/{name}"), get("/read")] for name in VALUES}
    | {f"touch-new-{how}": get(f"/touch/{how}") for how in TOUCHES}
    | {
        f"touch-{how}": [get("/set/list"), get(f"/touch/{how}"), get("/read"), get("/state")]
        for how in TOUCHES
    }
    | {
        f"touch-permanent-{how}": [get("/permanent"), get(f"/touch/{how}"), get("/read")]
        for how in TOUCHES
    }
    | {f"cookie-{name}-read": get("/read", forged(name)) for name in BAD_COOKIES}
    | {f"cookie-{name}-untouched": get("/untouched", forged(name)) for name in BAD_COOKIES}
    | {
        "untouched": get("/untouched"),
        "untouched-after-set": [get("/set/string"), get("/untouched"), get("/read")],
        "permanent": [get("/permanent"), get("/untouched"), get("/read"), get("/state")],
        "state": get("/state"),
        "vary": [get("/vary"), get("/set/string"), get("/vary")],
        "error": [get("/error"), get("/read")],
        "abort": [get("/abort"), get("/read")],
        "after": [get("/after"), get("/read")],
        "stream": [get("/set/string"), get("/stream")],
        "missing": [get("/permanent"), get("/nowhere")],
        "static": [get("/permanent"), get("/static/nowhere")],
        "flash": [get("/flash"), get("/flashed"), get("/flashed")],
        "flash-kept": [get("/flash"), get("/flash/one"), get("/read"), get("/flashed")],
        "flash-filter": [get("/flash"), get("/flashed/filter")],
        "flash-template": [get("/flash"), get("/flashed/template"), get("/read")],
        "flash-none": get("/flashed"),
        "two-cookies": get("/read", {"Cookie": lambda b: f"session=x; session={signed(GOOD)}"}),
        "other-cookies": get("/read", {"Cookie": lambda b: f"a=1; session={signed(GOOD)}; b=2"}),
        "mounted": get("/set/string", script="/mount"),
        "https": get("/set/string", scheme="https"),
    }
)
SHORT = {
    "set": [get("/set/string"), get("/read")],
    "permanent": [get("/permanent"), get("/untouched"), get("/read")],
    "clear": [get("/set/string"), get("/touch/clear"), get("/read")],
    "untouched": get("/untouched"),
    "mounted": get("/set/string", script="/mount"),
}
OPTIONS = (
    {"SESSION_COOKIE_NAME": "own"},
    {"SESSION_COOKIE_DOMAIN": "example.org"},
    {"SESSION_COOKIE_DOMAIN": ".example.org"},
    {"SESSION_COOKIE_DOMAIN": False},
    {"SESSION_COOKIE_PATH": "/path"},
    {"SESSION_COOKIE_HTTPONLY": False},
    {"SESSION_COOKIE_SECURE": True},
    {"SESSION_COOKIE_SAMESITE": "Lax"},
    {"SESSION_COOKIE_SAMESITE": "Strict"},
    {"SESSION_COOKIE_SAMESITE": "wrong"},
    {"SESSION_COOKIE_PARTITIONED": True},
    {"SESSION_COOKIE_PARTITIONED": True, "SESSION_COOKIE_SECURE": True},
    {"SESSION_REFRESH_EACH_REQUEST": False},
    {"PERMANENT_SESSION_LIFETIME": 60},
    {"PERMANENT_SESSION_LIFETIME": datetime.timedelta(days=2, seconds=5)},
    {"APPLICATION_ROOT": "/mount"},
    {"APPLICATION_ROOT": "/mount", "SESSION_COOKIE_PATH": "/other"},
    {"SERVER_NAME": "example.test"},
    {"SERVER_NAME": "localhost:5000"},
    {"SECRET_KEY": b"bytes key \xff"},
    {"SECRET_KEY": "another key", "SECRET_KEY_FALLBACKS": ["a key for tests", "old"]},
    {"TESTING": True},
)
NO_KEY = {
    "set": get("/set/string"),
    "read": get("/read"),
    "untouched": get("/untouched"),
    "pop": get("/touch/pop"),
    "pop-missing": get("/touch/pop-missing"),
    "clear": get("/touch/clear"),
    "update": get("/touch/update"),
    "setdefault": get("/touch/setdefault"),
    "del": get("/touch/del"),
    "state": get("/state"),
    "make-permanent": get("/touch/make-permanent"),
    "flash": get("/flash"),
    "flashed": get("/flashed"),
    "cookie": get("/read", forged("good")),
}
FALLBACKS = {
    "current": get("/read", fallback("new")),
    "first": [get("/read", fallback("older")), get("/set/string"), get("/read")],
    "last": get("/read", fallback("oldest")),
    "unknown": get("/read", fallback("unknown")),
    "permanent": [get("/permanent", fallback("oldest")), get("/read")],
}


def build_own_interface(fw):
    class Session(dict, fw.sessions.SessionMixin):
        pass

    class Interface(fw.sessions.SessionInterface):
        def open_session(self, app, request):
            return Session(seen=request.path)

        def save_session(self, app, session, response):
            response.headers["X-Session"] = json.dumps(session, sort_keys=True)
            response.set_cookie(self.get_cookie_name(app), "own", path=self.get_cookie_path(app))
            response.headers["X-Should"] = str(self.should_set_cookie(app, session))

    app = build_sessions(fw)
    app.session_interface = Interface()
    return app


def build_no_session(fw):
    class Interface(fw.sessions.SessionInterface):
        def open_session(self, app, request):
            return None

    app = build_sessions(fw)
    app.session_interface = Interface()
    return app


def build_secure_subclass(fw):
    class Interface(fw.sessions.SecureCookieSessionInterface):
        salt = "own-salt"
        digest_method = staticmethod(__import__("hashlib").sha256)

        def get_cookie_secure(self, app):
            return fw.request.is_secure

        def get_expiration_time(self, app, session):
            return datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)

    app = build_sessions(fw)
    app.session_interface = Interface()
    return app


def build_own_tag(fw):
    class SetTag(fw.json.tag.JSONTag):
        key = " s"

        def check(self, value):
            return isinstance(value, set)

        def to_json(self, value):
            return sorted(value)

        def to_python(self, value):
            return set(value)

    app = build_sessions(fw)
    # An interface and a serializer of its own, so that the tag reaches no other app.
    app.session_interface = fw.sessions.SecureCookieSessionInterface()
    app.session_interface.serializer = fw.json.tag.TaggedJSONSerializer()
    app.session_interface.serializer.register(SetTag)
    return app


ALL = [
    *cases(build_sessions, BUILD_SESSIONS),
    *[row for option in OPTIONS for row in cases(configured(build_sessions, **option), SHORT)],
    *cases(configured(build_sessions, SECRET_KEY=None), NO_KEY),
    *cases(configured(build_sessions, SECRET_KEY=""), NO_KEY),
    *cases(
        configured(build_sessions, SECRET_KEY="new", SECRET_KEY_FALLBACKS=["older", "oldest"]),
        FALLBACKS,
    ),
    *cases(build_own_interface, SHORT),
    *cases(build_no_session, SHORT),
    *cases(build_secure_subclass, SHORT | {"https": get("/set/string", scheme="https")}),
    *cases(build_own_tag, {"set": [get("/set/set"), get("/read")]}),
]


@pytest.mark.parametrize(("build", "requests", "case_id"), ALL)
def test_sessions(build, requests, case_id):
    """A session is read and written with the same bytes."""
    compare(build, requests, case_id)


def test_sessions_on_one_app():
    """No session is seen by a client who does not carry it."""
    compare_on_one_app(ALL)


@pytest.mark.parametrize("writer", [FLASK, SUBJECT], ids=["from Flask", "to Flask"])
@pytest.mark.parametrize(
    "name", [name for name in VALUES if name not in ("set", "object", "date", "complex")]
)
def test_cookies_cross_over(writer, name):
    """A session written under one framework is read under the other, and refreshed by it."""
    reader = SUBJECT if writer is FLASK else FLASK

    def visit(fw):
        cookies = {}
        keep_cookies(
            cookies, call(build_sessions(writer), make_environ(get(f"/set/{name}"), {}, []))
        )
        return call(build_sessions(fw), make_environ(get("/read"), cookies, []))

    own, other = within_one_second(lambda: (visit(writer), visit(reader)))
    assert own == other
