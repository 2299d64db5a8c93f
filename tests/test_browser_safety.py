"""In a real browser: forms and scripts of other sites are refused, scripts with the nonce run."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import pytest
from browser import browsing, complaints, until
from werkzeug.serving import make_server

from bolthead import (
    Bolthead,
    Flask,
    render_template_string,
    request,
    session,
    stream_template_string,
)


@pytest.fixture(scope="module")
def browser():
    with browsing() as driver:
        yield driver


@contextmanager
def serving(app):
    """Serve an app on a free port of all loopback names; give the port."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def bank(cls, **settings):
    """An app with a form that moves money, and a log of what was moved."""
    app = cls("quiet_bank")
    app.config.update(SECRET_KEY="2b7f9e4d1c8a6035", **settings)
    app.logger.disabled = True
    app.moved = []

    @app.get("/")
    def index():
        session["user"] = "ada"
        return "<form method=post action=/move><input name=to value=own><button>go</button></form>"

    @app.post("/move")
    def move():
        app.moved.append((request.form["to"], session.get("user")))
        return "<h1>moved</h1>"

    return app


def attacker(target, script=""):
    """A site whose page has a form that goes to another one."""
    app = Flask("attacker")

    @app.get("/")
    def index():
        return (
            f"<form method=post action='{target}/move'><input name=to value=evil>"
            f"<button>win</button></form><script>{script}</script>"
        )

    return app


def press(browser, url):
    """Open a page and press its button; return the text of the page that comes."""
    browser.get(url)
    browser.find_element("tag name", "button").click()
    until(
        lambda: not browser.find_elements("tag name", "button"),
        lambda: f"the form of {url} led nowhere: {browser.page_source}",
    )
    return browser.find_element("tag name", "body").text


def test_own_form_is_taken(browser):
    """The site's own form is answered, by either name of this machine."""
    app = bank(Bolthead)
    with serving(app) as port:
        assert press(browser, f"http://localhost:{port}/") == "moved"
        assert press(browser, f"http://127.0.0.1:{port}/") == "moved"
    assert app.moved == [("own", "ada"), ("own", "ada")]


@pytest.mark.parametrize(
    "site", ["http://127.0.0.1", "http://localhost"], ids=["another host", "another port"]
)
def test_form_of_another_site_is_refused(browser, site):
    """A form on another host, or on another port of the same host, changes nothing."""
    app = bank(Bolthead)
    with (
        serving(app) as port,
        serving(attacker(f"http://localhost:{port}")) as other,
    ):
        browser.get(f"http://localhost:{port}/")
        text = press(browser, f"{site}:{other}/")
    assert "Forbidden" in text
    assert app.moved == []


def test_form_of_another_site_in_flask(browser):
    """In ``Flask`` it is answered as ever: it is only reported."""
    app = bank(Flask)
    with (
        serving(app) as port,
        serving(attacker(f"http://localhost:{port}")) as other,
    ):
        assert press(browser, f"http://127.0.0.1:{other}/") == "moved"
    assert [to for to, _ in app.moved] == ["evil"]


def test_trusted_origin_may_send_forms(browser):
    """A page of a trusted origin is answered."""
    app = bank(Bolthead)
    with (
        serving(app) as port,
        serving(attacker(f"http://localhost:{port}")) as other,
    ):
        app.config["TRUSTED_ORIGINS"] = [f"http://127.0.0.1:{other}"]
        assert press(browser, f"http://127.0.0.1:{other}/") == "moved"


def test_script_of_another_site_is_refused(browser):
    """A script that sends a request with the user's cookies, unseen, changes nothing either."""
    script = """
        window.done = "";
        fetch("{target}/move", {mode: "no-cors", method: "POST", credentials: "include",
            body: new URLSearchParams({to: "evil"})}).then(() => { window.done = "done" })
    """
    app = bank(Bolthead)
    with serving(app) as port:
        target = f"http://localhost:{port}"
        other_site = attacker(target, script.replace("{target}", target))
        with serving(other_site) as other:
            browser.get(f"http://127.0.0.1:{other}/")
            until(
                lambda: browser.execute_script("return window.done") == "done",
                lambda: "the request was never answered",
            )
    assert app.moved == []


PAGE = """<!doctype html><title>page</title>
<style nonce="{{ csp_nonce() }}">#styled { color: rgb(1, 2, 3) }</style>
<style>#unstyled { color: rgb(1, 2, 3) }</style>
<p id=styled>a</p><p id=unstyled>b</p>
<script nonce="{{ csp_nonce() }}">window.allowed = "ran"</script>
<script>window.injected = "ran"</script>
<script nonce="guessed">window.guessed = "ran"</script>
<img src="data:," onerror="window.handler = 'ran'">
<script src="/own.js"></script>
<script nonce="{{ csp_nonce() }}">window.last = "ran"</script>"""


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_nonce_lets_own_scripts_run_and_no_others(browser, streamed):
    """Under the strict preset scripts and styles with the nonce work; injected ones do not."""
    app = Bolthead("shop")
    app.config["SECURITY_HEADERS"] = "strict"
    render = stream_template_string if streamed else render_template_string
    app.add_url_rule("/", "page", lambda: render(PAGE))
    script = ("window.own = 'ran'", {"Content-Type": "text/javascript"})
    app.add_url_rule("/own.js", "own", lambda: script)
    app.add_url_rule("/favicon.ico", "icon", lambda: ("", 204))
    complaints(browser)
    with serving(app) as port:
        browser.get(f"http://localhost:{port}/")
        until(
            lambda: browser.execute_script("return window.last") == "ran",
            lambda: str(complaints(browser)),
        )
        names = ("allowed", "own", "injected", "guessed", "handler")
        ran = {name: browser.execute_script(f"return window.{name} || null") for name in names}
        colours = {
            name: browser.execute_script(
                "return getComputedStyle(document.getElementById(arguments[0])).color", name
            )
            for name in ("styled", "unstyled")
        }
        refused = [text for text in complaints(browser) if "Content Security Policy" in text]
    assert ran == {
        "allowed": "ran",
        "own": "ran",
        "injected": None,
        "guessed": None,
        "handler": None,
    }
    assert colours["styled"] == "rgb(1, 2, 3)"
    assert colours["unstyled"] != "rgb(1, 2, 3)"
    assert len(refused) >= 3


def test_page_cannot_be_framed(browser):
    """Under the strict preset another site's page shows no frame of it."""
    app = Bolthead("shop")
    app.config["SECURITY_HEADERS"] = "strict"
    app.add_url_rule("/", "page", lambda: "<p id=inside>inside</p>")
    outer = Flask("outer")
    with serving(app) as port:
        frame = f"<iframe src='http://localhost:{port}/'></iframe>"
        outer.add_url_rule("/", "page", lambda: frame)
        complaints(browser)
        with serving(outer) as other:
            browser.get(f"http://127.0.0.1:{other}/")
            until(lambda: complaints(browser), lambda: "the browser did not complain")
            browser.switch_to.frame(0)
            assert browser.find_elements("id", "inside") == []
            browser.switch_to.default_content()


def test_websocket_of_another_site_is_refused(browser, tmp_path):
    """A page of another site opens no WebSocket, and the site's own page does."""
    pytest.importorskip("uvicorn", reason="uvicorn is not installed")
    (tmp_path / "chat.py").write_text(
        "from bolthead import Bolthead, websocket\n"
        "app = Bolthead('chat')\n"
        "@app.get('/')\n"
        "def page():\n    return '<p>chat</p>'\n"
        "@app.websocket('/ws')\n"
        "async def talk():\n    await websocket.send('hello')\n"
    )
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    command = ["-m", "uvicorn", "--interface", "asgi3", "--port", str(port), "chat:app"]
    server = subprocess.Popen(
        [sys.executable, *command],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    connect = """
        window.said = "";
        const socket = new WebSocket(arguments[0]);
        socket.onmessage = event => { window.said = event.data };
        socket.onerror = () => { window.said = "refused" };
    """

    def hear(page):
        browser.get(page)
        browser.execute_script(connect, f"ws://localhost:{port}/ws")
        until(
            lambda: browser.execute_script("return window.said"),
            lambda: "the WebSocket neither opened nor failed",
        )
        return browser.execute_script("return window.said")

    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.1)
        assert hear(f"http://localhost:{port}/") == "hello"
        with serving(attacker("http://localhost")) as other:
            assert hear(f"http://127.0.0.1:{other}/") == "refused"
    finally:
        server.terminate()
        server.wait(20)
