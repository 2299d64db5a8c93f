"""The debugger answers this machine only, or who has the token; never on another server."""

from __future__ import annotations

import contextlib
import http.client
import io
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
from pathlib import Path

import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from bolthead import Flask
from bolthead.devserver.debugger import LocalDebugger, is_loopback

BIN = Path(sys.executable).parent
SECRET = "s3ntinel-1a2b3c4d5e6f"
PAGE = "Werkzeug Debugger"

APP = f"""
import os
from flask import Flask, request

app = Flask(__name__)
app.config["SECRET_KEY"] = "{SECRET}"  # this line is in the traceback's source

@app.route("/", methods=["GET", "POST"])
def fail():
    raise RuntimeError(
        f"{{app.secret_key}} {{request.cookies}} {{request.authorization}} {{request.form}}")

@app.get("/fine")
def fine():
    return "fine"
"""


def start(folder, *command, until, **variables):
    """Start a program in a folder; wait until it has printed what it is waited for."""
    log = folder / "log.txt"
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("FLASK_", "BOLTHEAD_"))}
    environ.pop("WERKZEUG_RUN_MAIN", None)
    with log.open("ab") as file:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environ | {"PYTHONUNBUFFERED": "1"} | variables,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    deadline = time.monotonic() + 60
    while not (found := re.search(until, log.read_text())):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)
    return process, found, log


@contextlib.contextmanager
def running(folder, *command, until=r"Running on http://127\.0\.0\.1:(\d+)", **variables):
    """Run a program that serves; give the port and its log."""
    (folder / "shop.py").write_text(APP)
    process, found, log = start(folder, *map(str, command), until=until, **variables)
    try:
        yield int(found[1]) if found.groups() else None, log
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(20)


def ask(port, path="/", *, method="GET", address="127.0.0.1", body=None, **headers):
    """Send a request; return status, headers and text."""
    connection = http.client.HTTPConnection(address, port, timeout=30)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body=body, headers=named)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        connection.close()


def bolthead(*arguments):
    return (sys.executable, "-m", "bolthead", "--app", "shop", "run", "--port", "0", *arguments)


# On this machine


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The app under ``bolthead run --debug``, as it comes."""
    with running(tmp_path_factory.mktemp("debug"), *bolthead("--debug")) as (port, log):
        yield port, log


HOSTS = [
    ("localhost", True),
    ("127.0.0.1", True),
    ("127.0.0.1:5000", True),
    ("127.8.9.10", True),
    ("[::1]:5000", True),
    ("shop.localhost:5000", True),
    ("LOCALHOST", True),
    ("evil.example", False),
    ("localhost.evil.example", False),
    ("127.0.0.1.evil.example", False),
    ("evil.example:5000", False),
    ("192.168.1.2:5000", False),
    ("0.0.0.0", False),
    ("[::]", False),
    ("[2001:db8::1]", False),
]


@pytest.mark.parametrize(("host", "shown"), HOSTS)
def test_host(served, host, shown):
    """A Host that is this machine's gets the page of an error; any other a plain 500."""
    status, _, text = ask(served[0], Host=host)
    assert status == 500
    assert (PAGE in text) == shown
    assert ("Traceback" in text) == shown


@pytest.mark.parametrize(
    "header", ["X_Forwarded_For", "X_Forwarded_Host", "Forwarded", "X_Real_IP", "Via"]
)
def test_behind_a_proxy(served, header):
    """What a proxy or a tunnel has handed on comes from elsewhere, and gets no debugger."""
    status, _, text = ask(served[0], **{header: "127.0.0.1"})
    assert (status, PAGE in text) == (500, False)


@pytest.mark.parametrize("command", ["resource&f=debugger.js", "printpin", "pinauth&pin=1"])
def test_commands_from_elsewhere_reach_the_app(served, command):
    """The debugger's own addresses are the app's for everybody else."""
    path = f"/fine?__debugger__=yes&cmd={command}"
    assert ask(served[0], path, Host="evil.example")[2] == "fine"
    assert ask(served[0], "/console", Host="evil.example")[0] == 404
    assert ask(served[0], "/console")[0] == 200


def test_app_answers_as_ever(served):
    """A page without an error is the app's own, whoever asks."""
    for host in ("localhost", "evil.example"):
        assert ask(served[0], "/fine", Host=host)[2] == "fine"


def test_console_works_after_the_pin(served):
    """The console runs code for who has read the PIN in the terminal, in the frame of the error."""
    port, log = served
    pin = re.search(r"Debugger PIN: ([\d-]+)", log.read_text())[1]
    page = ask(port)[2]
    secret = re.search(r'SECRET = "([^"]+)"', page)[1]
    frame = re.findall(r'id="frame-(\d+)"', page)[-1]
    login = f"/?__debugger__=yes&cmd=pinauth&pin={pin}&s={secret}"
    cookie = ask(port, login)[1]["Set-Cookie"].partition(";")[0]
    code = urllib.parse.quote("6 * 7")
    run = f"/?__debugger__=yes&cmd={code}&frm={frame}&s={secret}"
    assert "42" in ask(port, run, Cookie=cookie)[2]
    assert "42" not in ask(port, run, Cookie=cookie, Host="evil.example")[2]


def test_page_and_terminal_show_no_secrets(served):
    """Keys, cookies, Authorization and password fields are masked on the page and in the log."""
    port, log = served
    status, headers, text = ask(
        port,
        f"/?token={SECRET}4",
        method="POST",
        body=f"password={SECRET}3&name=ada",
        Content_Type="application/x-www-form-urlencoded",
        Cookie=f"session={SECRET}1",
        Authorization=f"Bearer {SECRET}2",
    )
    assert status == 500
    assert PAGE in text
    assert "[masked]" in text
    assert "ada" in text
    assert SECRET not in text
    assert "Content-Length" not in headers or int(headers["Content-Length"]) == len(text)
    assert "RuntimeError" in log.read_text()
    assert SECRET not in log.read_text()


def test_request_line_in_the_log_shows_no_secrets(served):
    """The line of a request has its address without the values of password fields."""
    port, log = served
    ask(port, f"/fine?password={SECRET}&page=2")
    assert "/fine?password=[masked]&page=2" in log.read_text()


# Other addresses


def test_run_refuses_another_address(tmp_path):
    """``bolthead run --debug --host 0.0.0.0`` ends with status 2 and says what can be done."""
    (tmp_path / "shop.py").write_text(APP)
    done = subprocess.run(
        bolthead("--debug", "--host", "0.0.0.0"),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    for words in ("--host 0.0.0.0", "--debugger-token", "--no-debugger", "container"):
        assert words in done.stderr
    assert "Running on" not in done.stdout + done.stderr


def test_run_without_the_debugger_serves_any_address(tmp_path):
    """Debug mode without the debugger goes with any address; an error is a plain 500."""
    command = bolthead("--debug", "--no-debugger", "--no-reload", "--host", "0.0.0.0")
    with running(tmp_path, *command) as (port, _):
        assert ask(port, "/fine")[2] == "fine"
        status, _, text = ask(port)
    assert status == 500
    assert PAGE not in text
    assert "Traceback" not in text


RUN = """
import bolthead
bolthead.install_as_flask()
from shop import app
app.run(host="0.0.0.0", port=0, debug=True, use_reloader=False{more})
"""


def test_app_run_on_another_address_has_no_debugger(tmp_path):
    """``app.run(debug=True, host="0.0.0.0")`` serves without the debugger, and says so."""
    (tmp_path / "main.py").write_text(RUN.format(more=""))
    with running(tmp_path, sys.executable, "main.py") as (port, log):
        assert ask(port, "/fine")[2] == "fine"
        status, _, text = ask(port)
        assert (status, PAGE in text) == (500, False)
        assert "The debugger is off" in log.read_text()
        assert "BOLTHEAD_RUN_DEBUGGER_TOKEN" in log.read_text()


# The token


TOKEN = r"\?__debugger_token__=(\S+)"


def token_of(log):
    return re.findall(TOKEN, log.read_text())[-1]


@pytest.mark.parametrize("way", ["option", "variable", "app.run"])
def test_token_lets_one_browser_in_once(tmp_path, way):
    """The token that is printed gives one browser a cookie, then it is worth nothing."""
    variables = {}
    if way == "app.run":
        (tmp_path / "main.py").write_text(RUN.format(more=", debugger_token=True"))
        command = (sys.executable, "main.py")
    else:
        command = bolthead("--debug", "--no-reload", "--host", "0.0.0.0")
        if way == "option":
            command += ("--debugger-token",)
        else:
            variables["BOLTHEAD_RUN_DEBUGGER_TOKEN"] = "1"
    with running(tmp_path, *command, **variables) as (port, log):
        token = token_of(log)
        # Without it, not even this machine sees the debugger.
        assert PAGE not in ask(port)[2]
        assert PAGE not in ask(port, "/?__debugger_token__=wrong")[2]
        status, headers, _ = ask(port, f"/?a=1&__debugger_token__={token}")
        assert (status, headers["Location"]) == (303, "?a=1")
        assert "HttpOnly" in headers["Set-Cookie"]
        assert "SameSite=Strict" in headers["Set-Cookie"]
        cookie = headers["Set-Cookie"].partition(";")[0]
        page = ask(port, Cookie=cookie, Host="192.168.1.2:5000")[2]
        assert PAGE in page
        assert "EVALEX = true" in page
        # Another browser has no use for the token any more.
        status, headers, text = ask(port, f"/?__debugger_token__={token}")
        assert (status, "Set-Cookie" in headers, PAGE in text) == (500, False, False)
        assert PAGE not in ask(port, Cookie="bolthead_debugger=wrong")[2]
        assert "__debugger_token__=[masked]" in log.read_text()


def test_token_outlives_a_reload(tmp_path):
    """The reloader's new process knows the browser that was let in, and prints a new token."""
    command = bolthead("--debug", "--host", "0.0.0.0", "--debugger-token")
    until = r"Running on http://127\.0\.0\.1:(\d+)(?s:.*)__debugger_token__"
    with running(tmp_path, *command, until=until) as (port, log):
        first = token_of(log)
        assert log.read_text().count("add this to an address") == 1
        cookie = ask(port, f"/?__debugger_token__={first}")[1]["Set-Cookie"].partition(";")[0]
        (tmp_path / "shop.py").write_text(APP + "\n")
        deadline = time.monotonic() + 60
        while token_of(log) == first:
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        while True:
            with contextlib.suppress(OSError):
                assert PAGE in ask(port, Cookie=cookie)[2]
                break
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        assert "Set-Cookie" not in ask(port, f"/?__debugger_token__={first}")[1]


# Other servers


SERVERS = {
    "gunicorn": "gunicorn --bind 127.0.0.1:{port} shop:app",
    "waitress": "waitress-serve --listen 127.0.0.1:{port} shop:app",
    "granian": "granian --interface wsgi --host 127.0.0.1 --port {port} shop:app",
    "uvicorn": "uvicorn --interface asgi3 --port {port} shop:app",
    "serve": "bolthead --app shop serve --port {port}",
}


@pytest.mark.parametrize("server", SERVERS)
def test_no_debugger_on_other_servers(tmp_path, server):
    """In debug mode on another server there is no debugger; ``bolthead serve`` does not start."""
    command, *arguments = SERVERS[server].split()
    if not (BIN / command).exists():
        pytest.skip(f"{command} is not installed")
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    (tmp_path / "shop.py").write_text(
        "import bolthead; bolthead.install_as_flask()\n" + APP + "\napp.debug = True\n"
    )
    environ = os.environ | {"FLASK_DEBUG": "1"}
    line = [BIN / command, *(part.format(port=port) for part in arguments)]
    with (tmp_path / "log.txt").open("wb") as log:
        process = subprocess.Popen(line, cwd=tmp_path, env=environ, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 60
        while process.poll() is None:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                break
            assert time.monotonic() < deadline
            time.sleep(0.1)
        if server == "serve":
            assert process.wait(60) != 0
            assert "Debug mode is on" in (tmp_path / "log.txt").read_text()
            return
        status, _, text = ask(port)
        assert status == 500
        assert PAGE not in text
        assert SECRET not in text
        assert "<script" not in ask(port, "/fine?__debugger__=yes&cmd=resource&f=debugger.js")[2]
        assert ask(port, "/console")[0] == 404
    finally:
        process.terminate()
        process.wait(20)


# In process


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({}, True),
        ({"REMOTE_ADDR": "127.5.5.5"}, True),
        ({"REMOTE_ADDR": "::1"}, True),
        ({"REMOTE_ADDR": "::ffff:127.0.0.1"}, True),
        ({"REMOTE_ADDR": "192.168.1.2"}, False),
        ({"REMOTE_ADDR": "::ffff:192.168.1.2"}, False),
        ({"REMOTE_ADDR": ""}, False),
        ({"REMOTE_ADDR": "<local>"}, False),
        ({"HTTP_HOST": ""}, False),
        ({"SERVER_SOFTWARE": "gunicorn/23"}, False),
        ({"SERVER_SOFTWARE": ""}, False),
    ],
)
def test_peer_and_server(changes, shown):
    """The peer's address is this machine's, and the server is the one that was looked at."""
    app = Flask("shop")
    app.testing = True
    app.add_url_rule("/", "fail", lambda: 1 / 0)
    debugger = LocalDebugger(app, listens_on_loopback=True)
    environ = EnvironBuilder(base_url="http://localhost:5000").get_environ()
    environ |= {"REMOTE_ADDR": "127.0.0.1", "SERVER_SOFTWARE": "Werkzeug/3.1", **changes}
    if shown:
        body, status, _ = run_wsgi_app(debugger, environ, buffered=True)
        assert status.startswith("500")
        assert PAGE.encode() in b"".join(body)
    else:
        with pytest.raises(ZeroDivisionError):
            run_wsgi_app(debugger, environ, buffered=True)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.0.2.1", False),
        ("unix:///run/shop.sock", False),
    ],
)
def test_addresses_to_listen_on(host, expected):
    """Loopback addresses and names are this machine's; all addresses, and sockets, are not."""
    assert is_loopback(host) is expected


def test_error_in_a_stream_is_shown(tmp_path):
    """An error while a body is made leaves the debugger as it was: what was sent is sent."""
    app = Flask("shop")
    closed = []

    @app.get("/")
    def stream():
        def pieces():
            try:
                yield "first"
                raise RuntimeError(SECRET)
            finally:
                closed.append(True)

        return pieces()

    app.config["SECRET_KEY"] = SECRET
    debugger = LocalDebugger(app, listens_on_loopback=True)
    errors = io.StringIO()
    environ = EnvironBuilder(base_url="http://localhost", errors_stream=errors).get_environ()
    environ |= {"REMOTE_ADDR": "127.0.0.1", "SERVER_SOFTWARE": "Werkzeug/3.1"}
    started = []

    def start_response(status, headers, exc_info=None):
        assert not started, "headers were sent already"
        started.append(status)

    body = b"".join(debugger(environ, start_response))
    assert body == b"first"
    assert started == ["200 OK"]
    assert closed == [True]
    assert "RuntimeError: [masked]" in errors.getvalue()
