"""The session's cookie in ``Bolthead``: its attributes, its prefix, its size, and ``rotate()``."""

import importlib.util
import logging
import subprocess
import sys

import pytest
from asgi import ask, run

from bolthead import Bolthead, Flask, session
from bolthead.errors import CookieTooLarge

KEY = "4d2f1c0b9a8e7d6c5b4a"
HTTPS = {"base_url": "https://localhost"}


def make(cls=Bolthead, **settings):
    app = cls("cookie_shop")
    app.config.update(SECRET_KEY=KEY, **settings)

    @app.get("/in")
    def log_in():
        session["user"] = "ada"
        return "in"

    @app.get("/who")
    def who():
        return session.get("user", "nobody")

    @app.get("/out")
    def out():
        session.clear()
        return "out"

    return app


def attributes(answer):
    """The name of the cookie that is set, and its attributes."""
    name, _, rest = answer.headers["Set-Cookie"].partition("=")
    return name, set(rest.split("; ")[1:])


@pytest.mark.parametrize(
    ("base_url", "settings", "expected"),
    [
        ("http://localhost", {}, ("session", {"HttpOnly", "Path=/", "SameSite=Lax"})),
        ("https://localhost", {}, ("session", {"HttpOnly", "Path=/", "SameSite=Lax", "Secure"})),
        (
            "https://localhost",
            {"SESSION_COOKIE_SECURE": False},
            ("session", {"HttpOnly", "Path=/", "SameSite=Lax"}),
        ),
        (
            "http://localhost",
            {"SESSION_COOKIE_SECURE": True, "SESSION_COOKIE_SAMESITE": "Strict"},
            ("session", {"HttpOnly", "Path=/", "SameSite=Strict", "Secure"}),
        ),
        (
            "https://localhost",
            {"SESSION_COOKIE_HOST_PREFIX": True, "APPLICATION_ROOT": "/shop"},
            ("__Host-session", {"HttpOnly", "Path=/", "SameSite=Lax", "Secure"}),
        ),
        (
            "http://localhost",
            {"SESSION_COOKIE_HOST_PREFIX": True},
            ("session", {"HttpOnly", "Path=/", "SameSite=Lax"}),
        ),
    ],
    ids=["http", "https", "obeyed: not secure", "obeyed: strict", "prefix", "prefix over http"],
)
def test_attributes(base_url, settings, expected):
    """The cookie is HttpOnly and Lax, and Secure over HTTPS; what the app sets is obeyed."""
    answer = make(**settings).test_client().get("/in", base_url=base_url)
    assert attributes(answer) == expected


def test_flask_keeps_its_cookie():
    """In ``Flask`` the cookie has the attributes that Flask gives it, over HTTPS, too."""
    answer = make(Flask).test_client().get("/in", **HTTPS)
    assert attributes(answer) == ("session", {"HttpOnly", "Path=/"})


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_secure_over_asgi(scheme):
    """The scheme of an ASGI scope decides as that of an environ does."""
    answer = run(ask(make(), "/in", scheme=scheme))
    assert ("Secure" in answer.header("set-cookie")) == (scheme == "https")


def test_permanent_cookie_is_secure_too():
    """A cookie with a date of expiry has the same attributes."""
    app = make()

    @app.get("/stay")
    def stay():
        session.permanent = True
        return "in"

    assert "Secure" in attributes(app.test_client().get("/stay", **HTTPS))[1]


def test_prefixed_session_is_read_again():
    """A session under the prefix is opened, changed and deleted under the same name."""
    client = make(SESSION_COOKIE_HOST_PREFIX=True).test_client()
    client.get("/in", **HTTPS)
    assert client.get("/who", **HTTPS).text == "ada"
    answer = client.get("/out", **HTTPS)
    assert attributes(answer)[0] == "__Host-session"
    assert client.get("/who", **HTTPS).text == "nobody"


def test_planted_cookie_without_the_prefix_is_ignored():
    """Over HTTPS a cookie without the prefix, which a sister host may set, is no session."""
    app = make(SESSION_COOKIE_HOST_PREFIX=True)
    planted = app.test_client().get("/in").headers["Set-Cookie"].partition(";")[0]
    assert app.test_client(use_cookies=False).get("/who", headers={"Cookie": planted}).text == "ada"
    assert (
        app.test_client(use_cookies=False).get("/who", headers={"Cookie": planted}, **HTTPS).text
        == "nobody"
    )


def test_prefix_and_domain_contradict():
    """A domain beside the prefix, which no browser would take, is an error that says so."""
    app = make(SESSION_COOKIE_HOST_PREFIX=True, SESSION_COOKIE_DOMAIN="shop.test", TESTING=True)
    with pytest.raises(RuntimeError, match="SESSION_COOKIE_DOMAIN to None"):
        app.test_client().get("/in", **HTTPS)


# Size


def oversize(cls=Bolthead, **settings):
    app = make(cls, **settings)

    @app.get("/cart")
    def fill():
        # Digits of no pattern, which do not become small.
        session["cart"] = [str(number**7) for number in range(1000)]
        return "full"

    return app


def test_oversize_session_is_an_error_in_debug():
    """In debug mode a session that browsers would drop is an error, which names the cookie."""
    app = oversize()
    app.debug = True
    with pytest.raises(CookieTooLarge, match=r"The cookie 'session' has .* MAX_COOKIE_SIZE"):
        app.test_client().get("/cart")


def test_oversize_session_is_logged(caplog):
    """Outside of debug mode it is one line in the log, without the value, and the page is sent."""
    app = oversize()
    with caplog.at_level(logging.ERROR):
        answer = app.test_client().get("/cart")
    assert answer.text == "full"
    assert len(caplog.records) == 1
    assert "The cookie 'session' has" in caplog.text
    value = answer.headers["Set-Cookie"].partition("=")[2].partition(";")[0]
    assert value not in caplog.text


def test_oversize_session_in_flask_is_werkzeugs_warning():
    """In ``Flask`` it is the warning that Werkzeug gives."""
    with pytest.warns(UserWarning, match="cookie is too large"):
        oversize(Flask).test_client().get("/cart")


@pytest.mark.parametrize("limit", [0, 200_000])
def test_size_limit_is_a_setting(limit, caplog):
    """Nothing is said with MAX_COOKIE_SIZE 0, or of a cookie below it."""
    app = oversize(MAX_COOKIE_SIZE=limit)
    app.debug = True
    assert app.test_client().get("/cart").status_code == 200
    assert caplog.records == []


def test_any_cookie_is_measured():
    """A cookie of the app's own is measured as the session's is."""
    app = make()
    app.debug = True

    @app.get("/own")
    def own():
        answer = app.make_response("own")
        answer.set_cookie("taste", "x" * 5000)
        return answer

    with pytest.raises(CookieTooLarge, match="'taste' has 50"):
        app.test_client().get("/own")


# rotate()


def rotating():
    app = make()

    @app.get("/rotate")
    def rotate():
        session.rotate()
        return "rotated"

    @app.get("/items")
    def items():
        return sorted(session)

    return app


def test_rotate_keeps_the_items_and_changes_the_cookie():
    """After ``rotate()`` the session holds what it held, in another cookie each time."""
    client = rotating().test_client()
    cookies = [
        client.get(path).headers["Set-Cookie"].partition(";")[0]
        for path in ("/in", "/rotate", "/rotate")
    ]
    assert len(set(cookies)) == 3
    assert client.get("/who").text == "ada"


def test_what_comes_after_rotate_is_not_in_the_old_cookie():
    """The cookie from before the login does not open what the login put into the session."""
    app = rotating()

    @app.get("/login")
    def login():
        session.rotate()
        session["user"] = "eve"
        return "in"

    client = app.test_client()
    old = client.get("/rotate").headers["Set-Cookie"].partition(";")[0]
    client.get("/login")
    assert client.get("/who").text == "eve"
    assert app.test_client(use_cookies=False).get("/who", headers={"Cookie": old}).text == "nobody"


def test_rotate_forgets_a_planted_csrf_token():
    """Flask-WTF's token from before ``rotate()`` is gone: whoever planted it knew it."""
    app = rotating()
    client = app.test_client()
    with client.session_transaction() as before:
        before["csrf_token"] = "planted"
    client.get("/rotate")
    assert client.get("/items").json == ["_rotated"]


def test_rotate_without_a_key_says_what_is_missing():
    """Without a secret key ``rotate()`` fails as any other change of the session does."""
    app = make(TESTING=True)
    app.secret_key = None
    with app.test_request_context(), pytest.raises(RuntimeError, match="no secret key"):
        session.rotate()


def test_rotate_asks_the_interface_of_a_session_on_the_server():
    """A session kept elsewhere gets a new identifier from its interface, or an error says how."""
    from bolthead.sessions import SessionInterface, SessionMixin

    class Kept(dict, SessionMixin):
        sid = "old"

    class Store(SessionInterface):
        def open_session(self, app, request):
            return Kept(user="ada")

        def save_session(self, app, session, response):
            response.headers["X-Sid"] = session.sid

    class Renewing(Store):
        def regenerate(self, session):
            session.sid = "new"

    app = rotating()
    app.session_interface = Renewing()
    assert app.test_client().get("/rotate").headers["X-Sid"] == "new"
    app.session_interface = Store()
    app.config["PROPAGATE_EXCEPTIONS"] = True
    with pytest.raises(RuntimeError, match="regenerate"):
        app.test_client().get("/rotate")


WITH_WTF = """
import re
import bolthead
bolthead.install_as_flask()
import flask_wtf
from flask_wtf.csrf import generate_csrf
app = bolthead.Bolthead("bank")
app.config["SECRET_KEY"] = "8e1f0c4a7b2d9e6f"
flask_wtf.CSRFProtect(app)

@app.get("/form")
def form():
    return generate_csrf()

@app.post("/login")
def login():
    bolthead.session.rotate()
    return generate_csrf()

@app.post("/pay")
def pay():
    return "paid"

client = app.test_client()
before = client.get("/form").text
after = client.post("/login", data={"csrf_token": before}).text
print(client.post("/pay", data={"csrf_token": before}).status_code)
print(client.post("/pay", data={"csrf_token": after}).text)
"""


def test_rotate_with_flask_wtf():
    """After ``rotate()`` Flask-WTF refuses the token from before and takes the new one."""
    if importlib.util.find_spec("flask_wtf") is None:
        pytest.skip("Flask-WTF is not installed")
    done = subprocess.run([sys.executable, "-c", WITH_WTF], capture_output=True, text=True)
    assert done.stdout.split() == ["400", "paid"], done.stderr
