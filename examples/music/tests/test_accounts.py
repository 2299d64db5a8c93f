"""Accounts: registration, login, remember me, logout, a new password by mail."""

import email
import email.policy
import re

import httpx
import pytest

PASSWORD = "a long password"


def outbox(deployment, address):
    """Return the mails to an address, the oldest first."""
    files = sorted((deployment.folder / "outbox").glob("*.eml"))
    mails = [email.message_from_bytes(f.read_bytes(), policy=email.policy.SMTP) for f in files]
    return [mail for mail in mails if mail["To"] == address]


def test_start(visitor):
    """A visitor is sent to the login, and back to what was asked for."""
    assert visitor.get("/").headers["Location"] == "/account/login"
    answer = visitor.get("/playlists/")
    assert answer.status_code == 302
    visitor.register()
    visitor.post("/account/logout")
    page = visitor.follow("/playlists/")
    assert "/account/login?next=%2Fplaylists%2F" in str(page.url)
    form = {"email": visitor.email, "password": PASSWORD}
    assert visitor.post(str(page.url), form).url.path == "/playlists/"


def test_registration(visitor):
    """Who registers is logged in, and is led to the import of a history."""
    visitor.register(name="Vera Listener")
    page = visitor.follow("/")
    assert page.url.path == "/dashboard/"
    assert "Vera Listener" in page.text
    assert "Import a history" in page.text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"email": "nonsense"}, "This is not an email address."),
        ({"email": ""}, "Enter your email address."),
        ({"password": "short"}, "Use at least 10 characters."),
        ({"name": "  "}, "Enter your name."),
    ],
    ids=["no address", "empty", "short password", "no name"],
)
def test_registration_refused(visitor, change, message):
    """A form with an error is shown again, with the reason beside the field."""
    form = {"email": "new@example.org", "name": "N", "password": PASSWORD, "timezone": "UTC"}
    answer = visitor.post("/account/register", form | change)
    assert answer.status_code == 422
    assert message in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_same_address_twice(visitor):
    """An address belongs to one account, however it is written."""
    visitor.register()
    visitor.post("/account/logout")
    form = {"email": visitor.email.upper(), "name": "N", "password": PASSWORD}
    answer = visitor.post("/account/register", form)
    assert answer.status_code == 422
    assert "There is an account with this address" in answer.text


def test_login_refused(visitor):
    """A wrong password and an unknown address are answered alike."""
    visitor.register()
    visitor.post("/account/logout")
    wrong = visitor.login(visitor.email, "another password")
    unknown = visitor.login("nobody@example.org", "another password")
    assert wrong.status_code == unknown.status_code == 422
    for answer in (wrong, unknown):
        assert "Email and password do not match." in answer.text


def test_remember(visitor):
    """With “remember me” a browser that has lost its session is still logged in."""
    visitor.register()
    visitor.post("/account/logout")
    visitor.login(visitor.email, remember="y")
    kept = [c for c in visitor.http.cookies.jar if c.name == "music_remember"]
    assert kept
    assert kept[0].expires
    del visitor.http.cookies["music_session"]
    assert visitor.get("/dashboard/").status_code == 200


def test_not_remembered(visitor):
    """Without it the session's cookie is all there is."""
    visitor.register()
    visitor.post("/account/logout")
    visitor.login(visitor.email)
    del visitor.http.cookies["music_session"]
    assert visitor.get("/dashboard/").status_code == 302


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "/\t/evil.example", "evil"],
)
def test_next_stays_here(visitor, target):
    """A login leads to no other site."""
    visitor.register()
    visitor.post("/account/logout")
    form = {"email": visitor.email, "password": PASSWORD}
    answer = visitor.post("/account/login", form, follow=False, params={"next": target})
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/dashboard/"


def test_forms_need_their_token(visitor):
    """A form that another site sends is refused."""
    answer = visitor.http.post(
        "/account/login", data={"email": "a@example.org", "password": PASSWORD}
    )
    assert answer.status_code == 400
    assert "Please try again" in answer.text


def test_new_password(visitor, deployment):
    """The link of the mail sets a password once, and ends what was open."""
    visitor.register()
    session = dict(visitor.http.cookies)

    def is_open():
        return httpx.get(f"{visitor.url}/dashboard/", cookies=session).status_code == 200

    assert is_open()
    visitor.http.cookies.clear()
    answer = visitor.post("/account/forgot", {"email": visitor.email})
    assert "a mail with a link is on its way" in answer.text
    [mail] = outbox(deployment, visitor.email)
    link = re.search(r"http://\S+", mail.get_content())[0]
    page = visitor.post(link, {"password": "quite another one", "again": "not the same"})
    assert "The two are not the same." in page.text
    done = visitor.post(link, {"password": "quite another one", "again": "quite another one"})
    assert "Your password is changed" in done.text
    assert not is_open()
    assert visitor.login(visitor.email, "quite another one").url.path == "/dashboard/"
    visitor.http.cookies.clear()
    assert "not valid any more" in visitor.follow(link).text
    assert visitor.login(visitor.email).status_code == 422


def test_no_mail_for_nobody(visitor, deployment):
    """Whether an address has an account is not told."""
    answer = visitor.post("/account/forgot", {"email": "nobody@example.com"})
    assert "a mail with a link is on its way" in answer.text
    assert outbox(deployment, "nobody@example.com") == []


def test_forged_link(visitor):
    """A link that the app has not signed leads nowhere."""
    assert "not valid any more" in visitor.follow("/account/reset/WzEsMV0.x.y").text


def test_logins_are_limited(deployment):
    """After ten tries a minute there are no more for an address; another one is free."""
    server = deployment.server("limited", environment={"MUSIC_RATE_LIMITS": "1"}).start()
    try:
        with httpx.Client(base_url=server.url) as http:
            page = http.get("/account/login").text
            token = re.search(r'csrf-token" content="([^"]+)', page)[1]
            form = {"email": "tried@example.org", "password": "wrong", "csrf_token": token}
            codes = [http.post("/account/login", data=form).status_code for _ in range(11)]
            assert codes == [422] * 10 + [429]
            form["email"] = "another@example.org"
            assert http.post("/account/login", data=form).status_code == 422
    finally:
        server.stop()


def test_headers(visitor):
    """Pages allow no scripts from elsewhere, and cookies stay on this site."""
    answer = visitor.get("/account/login")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'self'")
    assert "unsafe-inline" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
