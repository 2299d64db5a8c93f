"""The session: a dictionary kept in a signed cookie, or wherever an interface keeps it."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from itsdangerous import URLSafeTimedSerializer
from markupsafe import Markup

from bolthead import Flask, request, session
from bolthead.sessions import (
    NullSession,
    SecureCookieSession,
    SecureCookieSessionInterface,
    SessionInterface,
    SessionMixin,
)


def with_view(app, act):
    """Give the app a view that does something and answers what came of it."""
    app.add_url_rule("/", "index", lambda: str(act()))
    return app.test_client()


def cookie(response):
    """Return the attributes of the session cookie that a response sets, or None."""
    header = response.headers.get("Set-Cookie")
    if header is None:
        return None
    name, *rest = header.split("; ")
    found = {"name": name.partition("=")[0], "value": name.partition("=")[2]}
    for attribute in rest:
        key, _, value = attribute.partition("=")
        found[key] = value or True
    return found


def test_session_is_kept_between_requests(app, client):
    """What one request puts into the session, the next one of the same client finds there."""
    app.add_url_rule("/set", "set", lambda: session.update(word="kept") or "")
    app.add_url_rule("/get", "get", lambda: session.get("word", "none"))
    assert client.get("/get").text == "none"
    client.get("/set")
    assert client.get("/get").text == "kept"
    assert app.test_client().get("/get").text == "none"


COOKIES = {
    "not looked at": (lambda: None, False, False),
    "read": (lambda: session.get("x"), False, True),
    "asked for a key": (lambda: "x" in session, False, True),
    "length": (lambda: len(session), False, True),
    "written": (lambda: session.update(x=1), True, True),
    "item set": (lambda: session.__setitem__("x", 1), True, True),
    "setdefault": (lambda: session.setdefault("x", 1), True, True),
    "changed inside": (lambda: session.get("list", []).append(1), False, True),
    "marked as modified": (lambda: setattr(session, "modified", True), False, True),
    "pop of a missing key": (lambda: session.pop("x", None), False, True),
}


@pytest.mark.parametrize(("act", "sent", "varies"), COOKIES.values(), ids=COOKIES)
def test_when_the_cookie_is_sent(app, act, sent, varies):
    """The cookie is sent when the session changed; the answer varies by cookie when it was read."""
    response = with_view(app, act).get("/")
    found = cookie(response)
    assert bool(found and found["value"]) is sent
    assert ("Cookie" in response.vary) is varies


def test_emptied_session_is_deleted(app, client):
    """A session that was emptied takes its cookie away."""
    app.add_url_rule("/set", "set", lambda: session.update(x=1) or "")
    app.add_url_rule("/clear", "clear", lambda: session.clear() or "")
    client.get("/set")
    response = client.get("/clear")
    assert cookie(response)["Max-Age"] == "0"
    assert "Cookie" in response.vary
    assert client.get_cookie("session") is None


ATTRIBUTES = {
    "default": ({}, {"Path": "/", "HttpOnly": True}),
    "name": ({"SESSION_COOKIE_NAME": "own"}, {"name": "own"}),
    "domain": ({"SESSION_COOKIE_DOMAIN": "example.org"}, {"Domain": "example.org"}),
    "path": ({"SESSION_COOKIE_PATH": "/shop"}, {"Path": "/shop"}),
    "application root": ({"APPLICATION_ROOT": "/root"}, {"Path": "/root"}),
    "scripts": ({"SESSION_COOKIE_HTTPONLY": False}, {"HttpOnly": None}),
    "secure": ({"SESSION_COOKIE_SECURE": True}, {"Secure": True}),
    "same site": ({"SESSION_COOKIE_SAMESITE": "Strict"}, {"SameSite": "Strict"}),
    "partitioned": (
        {"SESSION_COOKIE_PARTITIONED": True, "SESSION_COOKIE_SECURE": True},
        {"Partitioned": True},
    ),
}


@pytest.mark.parametrize(("settings", "expected"), ATTRIBUTES.values(), ids=ATTRIBUTES)
def test_attributes_of_the_cookie(app, settings, expected):
    """Settings decide the cookie's attributes; without them it is of host and path, HTTP only."""
    app.config.update(settings)
    found = cookie(with_view(app, lambda: session.update(x=1)).get("/"))
    assert {name: found.get(name) for name in expected} == expected
    if not settings:
        assert not {"Domain", "Secure", "SameSite", "Expires", "Partitioned"} & set(found)


def test_same_site_must_be_known(app):
    """A value of SameSite that browsers do not know is refused."""
    app.config["SESSION_COOKIE_SAMESITE"] = "invalid"
    with pytest.raises(ValueError, match="SameSite"):
        with_view(app, lambda: session.update(x=1)).get("/")


# Permanent sessions


def test_permanent_session_has_an_expiry(app):
    """A permanent session's cookie lasts PERMANENT_SESSION_LIFETIME; another one's the browser."""
    app.config["PERMANENT_SESSION_LIFETIME"] = timedelta(hours=1)

    def act():
        session.permanent = "permanent" in request.args
        session["x"] = 1

    client = with_view(app, act)
    found = cookie(client.get("/?permanent"))
    expires = datetime.strptime(found["Expires"], "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    assert abs(expires - datetime.now(UTC) - timedelta(hours=1)) < timedelta(seconds=10)
    assert "Expires" not in cookie(app.test_client().get("/"))


REFRESHES = {
    "permanent": (True, True, True),
    "permanent, not refreshed": (True, False, False),
    "of the browser": (False, True, False),
}


@pytest.mark.parametrize(("permanent", "refresh", "again"), REFRESHES.values(), ids=REFRESHES)
def test_permanent_session_is_refreshed(app, client, permanent, refresh, again):
    """With SESSION_REFRESH_EACH_REQUEST a permanent session's cookie is sent every time.

    Also on requests that do not look at the session.
    """
    app.config["SESSION_REFRESH_EACH_REQUEST"] = refresh

    @app.route("/set")
    def set_up():
        session.permanent = permanent
        session["x"] = 1
        return ""

    app.add_url_rule("/untouched", "untouched", lambda: "")
    client.get("/set")
    assert (cookie(client.get("/untouched")) is not None) is again


def test_permanent_is_kept_among_the_items(app):
    """``permanent`` is remembered in the session itself."""
    with app.test_request_context():
        assert session.permanent is False
        session.permanent = 1
        assert (session["_permanent"], session.permanent) == (True, True)


def test_session_past_its_lifetime_is_empty(app):
    """A cookie older than the lifetime is not taken."""
    app.permanent_session_lifetime = timedelta(seconds=-1)
    client = with_view(app, lambda: session.setdefault("n", 0))
    client.get("/")
    assert cookie(client.get("/")) is not None  # set anew, as it was not found


# What a session may hold, and what it takes

VALUES = {
    "tuple": (1, "a"),
    "bytes": b"\x00\xff",
    "uuid": uuid.UUID(int=5),
    "markup": Markup("<b>"),
    "datetime": datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC),
    "nested": {"a": [(1, {"b": b"x"})]},
    "looks like a tag": {" t": "x"},
    "unicode": "é\N{SNOWMAN}",
    "none": None,
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_types_survive(app, client, value):
    """Types that JSON lacks come back from the cookie as they were."""
    found = []
    app.add_url_rule("/set", "set", lambda: session.update(value=value) or "")
    app.add_url_rule("/get", "get", lambda: found.append(session["value"]) or "")
    client.get("/set")
    client.get("/get")
    assert found == [value]
    assert type(found[0]) is type(value)


BAD_COOKIES = {
    "nonsense": "nonsense",
    "empty": "",
    "dots": "a.b.c",
    "another key": URLSafeTimedSerializer("another key", salt="cookie-session").dumps({"x": 1}),
    "another salt": URLSafeTimedSerializer("a key for tests", salt="other").dumps({"x": 1}),
    "not ASCII": "é",
}


@pytest.mark.parametrize("value", BAD_COOKIES.values(), ids=BAD_COOKIES)
def test_forged_or_broken_cookie_is_an_empty_session(app, value):
    """A cookie that this app did not sign is no session, and no error."""
    with_view(app, lambda: dict(session))
    client = app.test_client(use_cookies=False)
    response = client.get("/", headers={"Cookie": f"session={value}"})
    assert (response.status_code, response.text) == (200, "{}")


def test_keys_are_rotated(app, client):
    """SECRET_KEY_FALLBACKS are accepted, and SECRET_KEY signs."""
    app.config["SECRET_KEY"] = "old"
    app.add_url_rule("/set", "set", lambda: session.update(x=1) or "")
    app.add_url_rule("/get", "get", lambda: str(session.get("x")))
    client.get("/set")
    app.config["SECRET_KEY"] = "new"
    assert client.get("/get").text == "None"
    app.config["SECRET_KEY_FALLBACKS"] = ["older", "old"]
    assert client.get("/get").text == "1"
    client.get("/set")
    app.config["SECRET_KEY_FALLBACKS"] = None
    assert client.get("/get").text == "1"


@pytest.mark.parametrize("key", ["text", b"bytes", "é"], ids=["text", "bytes", "unicode"])
def test_key_may_be_text_or_bytes(app, client, key):
    """The secret key is text or bytes."""
    app.secret_key = key
    app.add_url_rule("/set", "set", lambda: session.update(x=1) or "")
    app.add_url_rule("/get", "get", lambda: str(session["x"]))
    client.get("/set")
    assert client.get("/get").text == "1"


# Without a key

WRITES = {
    "item": lambda: session.__setitem__("x", 1),
    "delete": lambda: session.__delitem__("x"),
    "update": lambda: session.update(x=1),
    "setdefault": lambda: session.setdefault("x", 1),
    "pop": lambda: session.pop("x"),
    "popitem": lambda: session.popitem(),
    "clear": lambda: session.clear(),
    "permanent": lambda: setattr(session, "permanent", True),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_session_without_a_key_cannot_be_written(app, write):
    """Without a secret key the session is empty, and writing says what to set."""
    app.secret_key = None
    with app.test_request_context():
        assert isinstance(session._get_current_object(), NullSession)
        assert session.get("x") is None
        assert not session
        with pytest.raises(RuntimeError, match="Set the secret_key"):
            write()


def test_app_without_a_key_sends_no_cookie(app):
    """Without a secret key nothing is saved."""
    app.secret_key = None
    response = with_view(app, lambda: session.get("x")).get("/")
    assert cookie(response) is None


# Interfaces


class Store(SessionInterface):
    """Sessions kept in a dictionary on the server."""

    class Session(dict, SessionMixin):
        """A dictionary; it cannot tell whether it was changed."""

    def __init__(self):
        self.kept = {}

    def open_session(self, app, request):
        return self.Session(self.kept.get(request.headers.get("X-User"), {}))

    def save_session(self, app, session, response):
        self.kept["ann"] = dict(session)
        response.headers["X-Saved"] = "yes"


def test_interface_of_ones_own(app, client):
    """An interface opens and saves the session of every request."""
    app.session_interface = Store()
    app.add_url_rule("/", "index", lambda: str(session.setdefault("n", session.get("n", 0))))
    assert client.get("/", headers={"X-User": "ann"}).headers["X-Saved"] == "yes"
    assert app.session_interface.kept == {"ann": {"n": 0}}
    assert client.get("/nowhere").headers["X-Saved"] == "yes"


def test_session_is_opened_before_matching(app, client):
    """A converter may read the session."""
    from werkzeug.routing import BaseConverter

    class Mine(BaseConverter):
        def to_python(self, value):
            return f"{value} {session.get('word')}"

    app.url_map.converters["mine"] = Mine
    app.add_url_rule("/<mine:value>", "view", lambda value: value)
    with client.session_transaction() as opened:
        opened["word"] = "known"
    assert client.get("/a").text == "a known"


def test_interface_that_opens_none_gives_a_null_session(app, client):
    """Where ``open_session`` returns None, the null session of the interface is used, not saved."""

    class Own(SessionInterface):
        class null_session_class(NullSession):
            """Its own null session."""

        def open_session(self, app, request):
            return None

        def save_session(self, app, session, response):
            pytest.fail("a null session was saved")

    app.session_interface = Own()
    app.add_url_rule("/", "index", lambda: type(session._get_current_object()).__name__)
    assert client.get("/").text == "null_session_class"


def test_bare_interface_does_nothing(app):
    """The base class leaves opening and saving to its subclasses."""
    bare = SessionInterface()
    with pytest.raises(NotImplementedError):
        bare.open_session(app, None)
    with pytest.raises(NotImplementedError):
        bare.save_session(app, None, None)


def test_session_is_saved_after_all_functions(app, client):
    """after_request functions may still change the session."""

    @app.after_request
    def late(response):
        session["late"] = True
        return response

    app.add_url_rule("/", "index", lambda: str(session.get("late")))
    assert [client.get("/").text for _ in range(2)] == ["None", "True"]


def test_session_is_saved_on_answers_to_errors(quiet, client):
    """What a view put into the session before it failed is kept."""

    @quiet.route("/fail")
    def fail():
        session["x"] = 1
        raise ValueError

    quiet.add_url_rule("/get", "get", lambda: str(session.get("x")))
    client.get("/fail")
    assert client.get("/get").text == "1"


def test_session_object_notes_changes_and_looks():
    """The cookie's session knows whether its items were changed."""
    made = SecureCookieSession({"a": 1})
    assert (made.modified, made.accessed, made.new) == (False, False, False)
    made["b"] = 2
    assert made.modified


def test_another_serializer_class_may_sign(app, client):
    """A subclass may choose salt, derivation and hash."""
    import hashlib

    class Own(SecureCookieSessionInterface):
        salt = "own"
        digest_method = staticmethod(hashlib.sha512)

    app.session_interface = Own()
    with client.session_transaction() as opened:
        opened["x"] = 1
    value = client.get_cookie("session").value
    signer = URLSafeTimedSerializer(
        app.secret_key,
        salt="own",
        signer_kwargs={"digest_method": hashlib.sha512, "key_derivation": "hmac"},
    )
    assert signer.loads(value) == {"x": 1}


def test_two_apps_with_one_key_share_sessions(app):
    """The format depends on the key only."""
    other = Flask("other_app")
    other.secret_key = app.secret_key
    other.add_url_rule("/", "index", lambda: str(session.get("x")))
    with app.test_client() as client, client.session_transaction() as opened:
        opened["x"] = 1
    value = client.get_cookie("session").value
    plain = other.test_client(use_cookies=False)
    assert plain.get("/", headers={"Cookie": f"session={value}"}).text == "1"
