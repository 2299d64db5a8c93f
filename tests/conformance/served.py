"""Serves the app of Flask's tutorial, unmodified, by `bolthead --app flaskr run`, and uses it.

The app comes from the suite `flask-tutorial` of suites.toml. A visitor registers, logs in, writes
a post and edits it, over HTTP. Exit status 0 when each step is answered as the tutorial says.
"""

from __future__ import annotations

import http.cookiejar
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from environments import clean_environ, fetch_sdist, opened, unpack
from table import load_suites

WAIT = 20  # seconds for the server to come up


class Visitor:
    """A browser without a screen: keeps cookies and follows redirects."""

    def __init__(self, base: str) -> None:
        self.base = base
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(jar)

    def ask(self, path: str, **form: str) -> str:
        """The page at a path, or the one that a form posted there leads to."""
        body = urllib.parse.urlencode(form).encode() if form else None
        with self.opener.open(self.base + path, body, timeout=10) as answer:
            return str(answer.read().decode())


def main() -> int:
    suite = load_suites()["flask-tutorial"]
    with (
        opened(suite, sys.executable, fresh=False) as environment,
        tempfile.TemporaryDirectory() as folder,
    ):
        home = unpack(suite, fetch_sdist(environment), Path(folder))
        command = [environment.python.with_name("bolthead"), "--app", "flaskr"]
        environ = clean_environ(environment.python.parent)
        subprocess.run([*command, "init-db"], cwd=home, env=environ, check=True)
        port = free_port()
        # The tutorial's own key, "dev", is refused; its page on deployment says to do this.
        configuration = home / "instance" / "config.py"
        configuration.parent.mkdir(exist_ok=True)
        configuration.write_text(f"SECRET_KEY = {secrets.token_hex()!r}\n", "utf-8")
        server = subprocess.Popen([*command, "run", "--port", str(port)], cwd=home, env=environ)
        try:
            use(Visitor(f"http://127.0.0.1:{port}"))
        finally:
            server.terminate()
            server.wait(timeout=10)
    print("flaskr is served: registered, logged in, wrote a post and edited it")
    return 0


def use(visitor: Visitor) -> None:
    """Do what the tutorial's app is for; AssertionError where an answer is another."""
    wait_for(visitor)
    expect("Log In", visitor.ask("/auth/register", username="ada", password="engine"))
    expect("Log Out", visitor.ask("/auth/login", username="ada", password="engine"))
    expect("First note", visitor.ask("/create", title="First note", body="It has a body."))
    expect("Second thought", visitor.ask("/1/update", title="Second thought", body="Edited."))
    page = visitor.ask("/")
    expect("Edited.", page)
    assert "First note" not in page, "the edited post still has its first title"


def expect(text: str, page: str) -> None:
    assert text in page, f"{text!r} is not on the page:\n{page}"


def wait_for(visitor: Visitor) -> None:
    end = time.monotonic() + WAIT
    while True:
        try:
            expect("Register", visitor.ask("/"))
        except urllib.error.URLError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        else:
            return


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main())
