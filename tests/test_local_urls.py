"""Redirects to what a client has sent: which targets stay on the site, and what others get."""

from __future__ import annotations

import pytest
from asgi import ask, run
from browser import browsing

from bolthead import Bolthead, Flask, is_local_url, redirect, request

HOSTILE = [
    "https://evil.example",
    "http://evil.example/",
    "HTTPS://evil.example",
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "//evil.example:80/path",
    "//user@evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\\evil.example",
    "/\\/evil.example",
    "//\\evil.example",
    "\\evil.example",
    "/path\\..\\..\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "//evil.example ",
    "\x00//evil.example",
    "\x1f//evil.example",
    "\x0b//evil.example",
    "/\x7f/evil.example",
    "\u00a0//evil.example",
    "\u2028//evil.example",
    "\ufeff//evil.example",
    "/\u202e//evil.example",
    "/\ud800/evil.example",
    "http:evil.example",
    "http:/evil.example",
    "https:///evil.example",
    "http:\\\\evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "file:///etc/passwd",
    "mailto:a@evil.example",
    "ftp://evil.example",
    "http://localhost@evil.example",
    "http://localhost:80@evil.example",
    "http://localhost.evil.example",
    "http://localhost\\@evil.example",
    "http://localhost%2eevil.example",
    "https://localhost/",
    "http://localhost:8080/",
    "http://[",
    "http://a:b:c",
    "/.//evil.example",
    "/..//evil.example",
    "..//evil.example",
    "./../..//evil.example",
    "/%2e//evil.example",
    "/%2E%2e//evil.example",
    "",
    " ",
]

LOCAL = [
    "/",
    "/path",
    "/path/deeper?next=https://evil.example#there",
    "/path?next=//evil.example",
    "/path//evil.example",
    "/search?q=two words",
    "/caf\u00e9",
    "/%2f%2fevil.example",
    "/%5cevil.example",
    "/a:b",
    "/@evil.example",
    "/;//evil.example",
    "path",
    "./path",
    "../path",
    "?page=2",
    "#part",
    "http://localhost",
    "http://localhost/path",
    "HTTP://LOCALHOST/path",
    "http://localhost?page=2",
    "http://localhost#part",
]


@pytest.fixture
def app():
    app = Bolthead("shop")

    @app.post("/login")
    def log_in():
        return redirect(request.get_json()["next"], local=True)

    @app.post("/anywhere")
    def go_anywhere():
        return redirect(request.get_json()["next"])

    return app


@pytest.mark.parametrize("target", HOSTILE, ids=ascii)
def test_hostile_target_is_refused(app, target):
    """A target that leads elsewhere, in some browser's eyes, is a 400 and never a Location."""
    answer = app.test_client().post("/login", json={"next": target})
    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert "not on this site" in answer.text


@pytest.mark.parametrize("target", LOCAL, ids=ascii)
def test_local_target_is_redirected_to(app, target):
    """A path, a query, a fragment, and a URL of the same scheme, host and port are gone to."""
    answer = app.test_client().post("/login", json={"next": target})
    assert answer.status_code == 302
    location = answer.headers["Location"]
    # The same text, but for what is not ASCII or has no place in a URL.
    assert location.replace("%C3%A9", "\u00e9").replace("%20", " ").lower() == target.lower()


def test_over_asgi(app):
    """The same by ASGI, where the scheme and host are those of the scope."""
    headers = [("content-type", "application/json"), ("host", "shop.example")]

    def go(target):
        body = f'{{"next": "{target}"}}'.encode()
        return run(ask(app, "/login", "POST", body, headers=headers, scheme="https")).status

    assert go("https://shop.example/path") == 302
    assert go("http://shop.example/path") == 400
    assert go("//evil.example") == 400


@pytest.mark.parametrize("target", [t for t in HOSTILE if t.strip() and t.isprintable()], ids=ascii)
def test_plain_redirect_goes_anywhere(app, target):
    """Without ``local`` a redirect goes where it is told, as in Flask."""
    assert app.test_client().post("/anywhere", json={"next": target}).status_code == 302


def test_outside_of_a_request():
    """Without a request there is no host of one's own: a whole URL is not local."""
    assert is_local_url("/path")
    assert not is_local_url("http://localhost/path")
    assert not is_local_url("//evil.example")


def test_app_with_a_redirect_of_its_own_is_asked():
    """The app's ``redirect`` makes the response, and needs to know nothing of ``local``."""

    class Own(Flask):
        def redirect(self, location, code=302):
            return self.response_class(f"to {location} by {code}")

    app = Own("own")
    app.add_url_rule("/", "go", lambda: redirect("/path", local=True))
    assert app.test_client().get("/").text == "to /path by 302"


def test_a_browser_agrees():
    """In Chromium every target that counts as local is resolved to the page's own origin.

    And most of the hostile ones are not: those that are refused to be on the safe side are few.
    """
    app = Bolthead("shop")
    with app.test_request_context("/deep/page"):
        targets = {target: is_local_url(target) for target in HOSTILE + LOCAL}
    resolve = """
        return arguments[0].map(target => {
            try { return new URL(target, "http://localhost/deep/page").origin }
            catch (error) { return "none" }
        })
    """
    names = [target for target in targets if "\\ud800" not in ascii(target)]
    with browsing() as driver:
        origins = dict(zip(names, driver.execute_script(resolve, names), strict=True))
    for target, origin in origins.items():
        if targets[target]:
            assert origin == "http://localhost", ascii(target)
    leads_elsewhere = [target for target in HOSTILE if origins.get(target) != "http://localhost"]
    assert len(leads_elsewhere) >= 40
