"""Secret keys at work: the command that makes one, who refuses a weak one, how one is changed."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import subprocess
import sys
import threading
import urllib.request

import pytest
from asgi import ask, run
from click.testing import CliRunner
from werkzeug.serving import make_server

from bolthead import Bolthead, Flask, session
from bolthead.cli import cli
from bolthead.keys import find_weak_key, find_weakness

OLD, NEWER, NEWEST = (f"{word}-4d2f1c0b9a8e7d6c5b4a" for word in ("old", "newer", "newest"))


def test_secret_key_command():
    """The command prints a key of 256 random bits, each time another, without an app."""
    printed = [CliRunner().invoke(cli, ["secret-key"]).output for _ in range(2)]
    assert printed[0] != printed[1]
    for text in printed:
        assert re.fullmatch(r"[0-9a-f]{64}\n", text)
        assert find_weakness(text.strip()) is None


# bolthead run

APP = """
from bolthead import Flask

app = Flask("shop")
app.config.update({settings})
"""


def run_app(folder, settings, *options, by=("-m", "bolthead")):
    """Start ``bolthead run``, or its like, for an app; return what it said: served, or refused."""
    (folder / "shop.py").write_text(APP.format(settings=settings))
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("FLASK_", "BOLTHEAD_"))}
    server = subprocess.Popen(
        [sys.executable, *by, "--app", "shop", "run", "--port", "0", *options],
        cwd=folder,
        env=environ | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    printed = ""
    try:
        for line in server.stdout:
            printed += line
            if "Running on" in line:
                break
        else:
            assert server.wait(20) == 1
            return printed
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, 9)
        server.wait(20)
        server.stdout.close()
    return printed


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("SECRET_KEY='dev'", "SECRET_KEY is known from"),
        ("SECRET_KEY=b'change me please, now'", "placeholder"),
        ("SECRET_KEY='8e1f0c4a'", "8 bytes long, fewer than 16"),
        (
            f"SECRET_KEY={NEWER!r}, SECRET_KEY_FALLBACKS=['x' * 20, 'dev']",
            "SECRET_KEY_FALLBACKS[0]",
        ),
    ],
)
def test_run_refuses(tmp_path, settings, words):
    """``bolthead run`` ends with status 1, says why, and names the command that makes a key."""
    printed = run_app(tmp_path, settings)
    assert words in printed
    assert "bolthead secret-key" in printed
    assert "--debug" in printed
    assert "Running on" not in printed


@pytest.mark.parametrize(
    ("settings", "options"),
    [
        ("SECRET_KEY='dev'", ["--debug", "--no-reload"]),
        ("SECRET_KEY='dev', TESTING=True", []),
        (f"SECRET_KEY={NEWER!r}", []),
        ("SECRET_KEY=None", []),
    ],
    ids=["to develop", "to test", "a good key", "no key"],
)
def test_run_serves(tmp_path, settings, options):
    """In debug mode and in tests any key will do; and a good one, or none, at any time."""
    assert "Running on" in run_app(tmp_path, settings, *options)


@pytest.mark.parametrize("command", ["flask", "its own"])
def test_programs_go_on_with_their_commands(tmp_path, command):
    """An app that is run by ``flask run``, or by a group of its own, is served with its key."""
    start = "import sys, bolthead; bolthead.install_as_flask(); from flask import cli; "
    run_with = {
        "flask": "sys.argv[0] = 'flask'; cli.main()",
        "its own": "from shop import app; cli.FlaskGroup(create_app=lambda: app)(prog_name='shop')",
    }
    assert "Running on" in run_app(
        tmp_path, "SECRET_KEY='dev'", by=["-c", start + run_with[command]]
    )


# Other servers


@pytest.fixture(params=["wsgi", "asgi"])
def ask_twice(request):
    """Asks an app twice as a server does, and returns nothing."""

    def by_wsgi(app):
        server = make_server("127.0.0.1", 0, app, threaded=False)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            for _ in range(2):
                urllib.request.urlopen(f"http://127.0.0.1:{server.port}/", timeout=10).close()
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def by_asgi(app):
        for _ in range(2):
            run(ask(app))

    return by_wsgi if request.param == "wsgi" else by_asgi


def make(key, **settings):
    app = Flask("keyed_shop")
    app.config.update(SECRET_KEY=key, **settings)
    app.add_url_rule("/", "index", lambda: "served")
    return app


def weak(caplog):
    return [record for record in caplog.records if "bolthead secret-key" in record.getMessage()]


def test_other_servers_warn_once(ask_twice, caplog):
    """On a server that did not look before, a weak key is one warning, not one for each request."""
    ask_twice(make("dev"))
    (record,) = weak(caplog)
    assert record.levelno == logging.WARNING
    assert "'dev'" not in record.getMessage()


@pytest.mark.parametrize(
    ("key", "settings"),
    [(NEWER, {}), (None, {}), ("dev", {"DEBUG": True}), ("dev", {"TESTING": True})],
    ids=["a good key", "no key", "debug", "tests"],
)
def test_other_servers_are_silent(ask_twice, caplog, key, settings):
    """A good key, no key, debug mode and tests are nothing to warn of."""
    ask_twice(make(key, **settings))
    assert weak(caplog) == []


def test_test_client_is_no_server(caplog):
    """An app that is called by its tests, in testing mode or not, is not warned of."""
    make("dev").test_client().get("/")
    assert weak(caplog) == []


@pytest.mark.parametrize("key", ["hunter2", "correct horse", "aaaaaaaaaaaaaaaaaaaa"])
def test_the_key_is_never_told(key):
    """What is said of a weak key does not contain it."""
    assert key not in find_weak_key({"SECRET_KEY": key})


# Rotation


def sessions(cls=Bolthead, **settings):
    app = cls("keyed_shop")
    app.config.update(settings)

    @app.get("/in")
    def log_in():
        session["user"] = "ada"
        return "in"

    @app.get("/who")
    def who():
        return session.get("user", "nobody")

    return app


def log_in(**settings):
    """Return the cookie of a session that an app with these keys has signed."""
    answer = sessions(**settings).test_client().get("/in")
    return answer.headers["Set-Cookie"].partition(";")[0]


def who(cookie, **settings):
    client = sessions(**settings).test_client(use_cookies=False)
    return client.get("/who", headers={"Cookie": cookie}).text


def test_rotation():
    """A key is changed in three steps, and nobody is logged out before the last of them."""
    cookie = log_in(SECRET_KEY=OLD)
    # 1. The new key signs, the old one is still accepted.
    both = {"SECRET_KEY": NEWER, "SECRET_KEY_FALLBACKS": [OLD]}
    assert who(cookie, **both) == "ada"
    # 2. A session that is saved meanwhile is signed with the new key alone.
    renewed = log_in(**both)
    assert who(renewed, SECRET_KEY=NEWER) == "ada"
    assert who(renewed, SECRET_KEY=OLD) == "nobody"
    # 3. The old key is taken out; what is still signed with it is no session.
    assert who(renewed, SECRET_KEY=NEWER) == "ada"
    assert who(cookie, SECRET_KEY=NEWER) == "nobody"


def test_several_fallbacks():
    """All fallbacks are accepted, in any order, and none of them ever signs."""
    cookies = [log_in(SECRET_KEY=key) for key in (OLD, NEWER)]
    for fallbacks in ([OLD, NEWER], [NEWER, OLD]):
        keys = {"SECRET_KEY": NEWEST, "SECRET_KEY_FALLBACKS": fallbacks}
        assert [who(cookie, **keys) for cookie in cookies] == ["ada", "ada"]
        signed = log_in(**keys)
        assert [who(signed, SECRET_KEY=key) for key in (NEWEST, NEWER, OLD)] == [
            "ada",
            "nobody",
            "nobody",
        ]
