"""The development server: what ``app.run()`` does, and the reloader around a broken app."""

import http.client
import os
import re
import ssl
import subprocess
import sys
import textwrap
import time
import urllib.error
import urllib.request

import pytest

from bolthead import Flask, devserver
from bolthead.devserver.debugger import LocalDebugger


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch, tmp_path):
    """Start in an empty folder, without variables that steer the server; take new ones back."""
    environ = dict(os.environ)
    for name in list(os.environ):
        if name.startswith(("FLASK_", "BOLTHEAD_", "WERKZEUG_")):
            del os.environ[name]
    monkeypatch.chdir(tmp_path)
    yield
    os.environ.clear()
    os.environ.update(environ)


@pytest.fixture
def served(monkeypatch):
    """Collect the calls of Werkzeug's server instead of serving."""
    calls = []
    monkeypatch.setattr(
        "werkzeug.serving.run_simple",
        lambda host, port, app, **options: calls.append((host, port, app, options)),
    )
    return calls


@pytest.mark.parametrize(
    ("server_name", "arguments", "expected"),
    [
        (None, {}, ("127.0.0.1", 5000)),
        ("shop.test", {}, ("shop.test", 5000)),
        ("shop.test:80", {}, ("shop.test", 80)),
        ("shop.test:80", {"host": "0.0.0.0"}, ("0.0.0.0", 80)),
        ("shop.test:80", {"port": 81}, ("shop.test", 81)),
        ("shop.test:80", {"port": 0}, ("shop.test", 0)),
        ("shop.test:0", {"port": "82"}, ("shop.test", 82)),
        ("[::1]:80", {}, ("::1", 80)),
        (None, {"host": ""}, ("127.0.0.1", 5000)),
    ],
)
def test_host_and_port(served, server_name, arguments, expected):
    """What run() is given counts before SERVER_NAME, and that before the defaults."""
    app = Flask("shop")
    app.config["SERVER_NAME"] = server_name
    app.run(**arguments)
    ((host, port, given, _),) = served
    assert (host, port) == expected
    assert given is app


@pytest.mark.parametrize(
    ("variables", "debug", "arguments", "expected"),
    [
        ({}, False, {}, False),
        ({}, True, {}, True),
        ({}, False, {"debug": True}, True),
        ({"FLASK_DEBUG": "1"}, False, {}, True),
        ({"FLASK_DEBUG": "0"}, True, {}, False),
        ({"BOLTHEAD_DEBUG": "1", "FLASK_DEBUG": "0"}, False, {}, True),
        ({"FLASK_DEBUG": "1"}, False, {"debug": False}, False),
        ({"FLASK_DEBUG": "0"}, True, {"load_dotenv": False}, True),
    ],
)
def test_debug_mode(served, capsys, variables, debug, arguments, expected):
    """Debug mode is what run() is given, else the environment's, else the app's."""
    os.environ.update(variables)
    app = Flask("shop")
    app.debug = debug
    app.run(**arguments)
    ((_, _, given, options),) = served
    assert app.debug is expected
    # Werkzeug's own debugger is not asked for: Bolthead's stands around the app.
    assert options == {"use_reloader": expected, "use_debugger": False, "threaded": True}
    assert isinstance(given, LocalDebugger) is expected
    assert capsys.readouterr().out == (
        f" * Serving Bolthead app 'shop'\n * Debug mode: {'on' if expected else 'off'}\n"
    )


def test_options_reach_the_server(served):
    """Other options are Werkzeug's, and count before the defaults."""
    Flask("shop").run(debug=True, use_reloader=False, threaded=False, processes=2)
    ((_, _, given, options),) = served
    assert isinstance(given, LocalDebugger)
    assert options == {
        "use_reloader": False,
        "use_debugger": False,
        "threaded": False,
        "processes": 2,
    }


def test_dotenv_files_are_read(served, tmp_path):
    """run() reads .env as the commands do, unless told not to."""
    (tmp_path / ".env").write_text("FLASK_DEBUG=1\n")
    app = Flask("shop")
    app.run(load_dotenv=False)
    assert app.debug is False
    app.run()
    assert app.debug is True


def test_setup_is_open_again_after_the_server(served):
    """Routes can be added after the server has stopped."""
    app = Flask("shop")
    app.test_client().get("/")
    app.run()
    app.add_url_rule("/late", "late", lambda: "late")


def test_run_below_a_command(served, capsys):
    """run() while a command imports the app is ignored, and says so once."""
    os.environ["FLASK_RUN_FROM_CLI"] = "true"
    Flask("shop").run()
    assert "Ignoring a call to 'app.run()'" in capsys.readouterr().out
    os.environ["WERKZEUG_RUN_MAIN"] = "true"
    Flask("shop").run()
    assert capsys.readouterr().out == ""
    assert served == []


def test_the_reloaders_child_prints_no_banner(capsys):
    """The banner is printed by the first process only, and leaves out what is not known."""
    devserver.show_server_banner(None, None)
    assert capsys.readouterr().out == ""
    os.environ["WERKZEUG_RUN_MAIN"] = "true"
    devserver.show_server_banner(True, "shop")
    assert capsys.readouterr().out == ""


def test_failed_app():
    """The stand-in raises the error of the app it stands for."""
    error = ValueError("oh no")
    with pytest.raises(ValueError, match="oh no") as caught:
        devserver.failed_app(error)({}, lambda *args: None)
    assert caught.value is error


# With real processes


class Server:
    """A started server, whose address is read from what it prints."""

    def __init__(self, folder, *arguments):
        self.log = folder / "server.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=folder,
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        found = self.until(lambda: re.search(r"Running on (\S+)", self.log.read_text()))
        self.address = found[1]

    def until(self, condition):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            value = condition()
            if value:
                return value
            time.sleep(0.1)
        raise AssertionError(self.log.read_text())

    def get(self):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        try:
            try:
                answer = urllib.request.urlopen(self.address, context=context, timeout=5)
            except urllib.error.HTTPError as error:
                answer = error
            with answer:
                return answer.read().decode()
        except (OSError, http.client.HTTPException):
            return ""  # the server starts again, and may do so in the middle of an answer


@pytest.fixture
def serve(tmp_path):
    """Start servers in the test's folder, and end them after it."""
    servers = []

    def start(*arguments):
        servers.append(Server(tmp_path, *arguments))
        return servers[-1]

    yield start
    for server in servers:
        server.process.terminate()
        server.process.wait()


def write_app(folder, answer, *, after=""):
    source = f"""
        from flask import Flask

        app = Flask(__name__)

        @app.get("/")
        def index():
            return {answer!r}
    """
    (folder / "shop.py").write_text(textwrap.dedent(source) + textwrap.dedent(after))


def test_run_command_serves(serve, tmp_path):
    """An app that imports flask is served."""
    write_app(tmp_path, "hello")
    server = serve("-m", "bolthead", "--app", "shop", "run", "--port", "0")
    assert server.get() == "hello"
    log = server.log.read_text()
    assert " * Serving Bolthead app 'shop'\n * Debug mode: off\n" in log


def test_run_command_serves_tls(serve, tmp_path):
    """A certificate is made for the occasion with --cert adhoc."""
    write_app(tmp_path, "hello")
    server = serve("-m", "bolthead", "--app", "shop", "run", "--port", "0", "--cert", "adhoc")
    assert server.address.startswith("https://")
    assert server.get() == "hello"


def test_app_run_serves(serve, tmp_path):
    """A script with app.run() serves its app."""
    write_app(tmp_path, "hello", after='\nif __name__ == "__main__":\n    app.run(port=0)\n')
    (tmp_path / "main.py").write_text(
        "import bolthead, runpy\n"
        "bolthead.install_as_flask()\n"
        "runpy.run_path('shop.py', run_name='__main__')\n"
    )
    server = serve("main.py")
    assert server.get() == "hello"
    assert " * Serving Bolthead app 'shop'\n" in server.log.read_text()


def test_reloader_shows_an_error_and_recovers(serve, tmp_path):
    """A mistake made while the server runs is shown in the browser, and gone when mended."""
    write_app(tmp_path, "hello")
    server = serve("-m", "bolthead", "--app", "shop", "run", "--port", "0", "--debug")
    server.until(lambda: server.get() == "hello")

    write_app(tmp_path, "hello", after='\nraise RuntimeError("a slip of the pen")\n')
    server.until(lambda: "a slip of the pen" in server.get())

    write_app(tmp_path, "hello again")
    server.until(lambda: server.get() == "hello again")


def test_certificate_without_the_extra(tmp_path):
    """Where a certificate cannot be made for the occasion, the error says what to install."""
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as u\n"
        "find = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'cryptography' else find(name, *a)\n"
    )
    program = "from bolthead import Flask; Flask('shop').run(port=0, ssl_context='adhoc')"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "Run: pip install 'bolthead[adhoc]'" in done.stderr
