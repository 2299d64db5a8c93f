"""How `bolthead serve` starts, drains, reloads and replaces workers."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest
from production import BOLTHEAD, WAYS, serving, wait_for

from bolthead.serve.settings import Settings
from bolthead.serve.supervisor import listen

APP = """
import asyncio
import logging
import os
import time
from bolthead import EventStream, Flask, request, websocket

app = Flask(__name__)


@app.on_startup
def start():
    print("STARTED", flush=True)


@app.on_shutdown
async def stop():
    print("STOPPED", flush=True)


@app.get("/pid")
def pid():
    return str(os.getpid())


@app.get("/version")
def version():
    return "one"


@app.get("/wait")
def wait():
    print("BEGAN", flush=True)
    time.sleep(float(request.args["seconds"]))
    app.logger.warning("waited")
    logging.getLogger("other").warning("waited, too")
    return "waited"


@app.get("/wait-async")
async def wait_async():
    print("BEGAN", flush=True)
    await asyncio.sleep(float(request.args["seconds"]))
    app.logger.warning("waited")
    return "waited"


@app.get("/events")
def events():
    async def generate():
        try:
            number = 0
            while True:
                yield number
                number += 1
                await asyncio.sleep(0.05)
        finally:
            print("CLOSED", flush=True)
    return EventStream(generate())
"""

SOCKETS = (
    APP
    + """

@app.websocket("/ws")
async def ws():
    async for message in websocket:
        await websocket.send(message)
"""
)


def ask_in_thread(server, path, answers, **options):
    def ask():
        with server.client(**options) as client:
            answers.append(client.get(path).text)

    thread = threading.Thread(target=ask)
    thread.start()
    return thread


def is_refused(port):
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
    except OSError:
        return True
    return False


# Stopping


@pytest.mark.parametrize("way", WAYS)
def test_stop_finishes_what_is_under_way(way, tmp_path):
    """SIGTERM: what runs is answered, nothing new is accepted, shut-down functions run, exit 0."""
    with serving(tmp_path, APP, "--workers", "2", way=way) as server:
        wait_for(lambda: server.log().count("STARTED") == 2)
        answers = []
        threads = [
            ask_in_thread(server, "/wait?seconds=4", answers),
            ask_in_thread(server, "/wait-async?seconds=4", answers),
        ]
        wait_for(lambda: server.log().count("BEGAN") == 2)
        server.process.send_signal(signal.SIGTERM)
        wait_for(lambda: is_refused(server.port), 3)
        assert not answers
        for thread in threads:
            thread.join(20)
        assert answers == ["waited", "waited"]
        assert server.process.wait(20) == 0
        assert server.log().count("STARTED") == server.log().count("STOPPED") == 2


@pytest.mark.parametrize("way", ["granian asgi", "granian rsgi", "uvicorn asgi"])
def test_stop_ends_streams(way, tmp_path):
    """SIGTERM ends streams of events as if they had ended by themselves."""
    with serving(tmp_path, APP, way=way) as server, server.client() as client:
        with client.stream("GET", "/events") as answer:
            lines = answer.iter_lines()
            assert next(lines) == "data: 0"
            began = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            for _ in lines:
                pass
            assert time.monotonic() - began < 10
        assert server.process.wait(20) == 0
        assert "CLOSED" in server.log()


@pytest.mark.parametrize("engine", ["granian", "uvicorn"])
def test_stop_closes_websockets(engine, tmp_path):
    """SIGTERM closes WebSockets with 1001."""
    websockets = pytest.importorskip("websockets", reason="websockets is not installed")

    async def talk(server):
        async with websockets.connect(f"ws://{server.address}/ws") as ws:
            await ws.send("a")
            assert await ws.recv() == "a"
            server.process.send_signal(signal.SIGTERM)
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await ws.recv()
            assert closed.value.rcvd.code == 1001

    with serving(tmp_path, SOCKETS, "--engine", engine) as server:
        asyncio.run(asyncio.wait_for(talk(server), 30))
        assert server.process.wait(20) == 0
        assert "STOPPED" in server.log()


def test_graceful_time(tmp_path):
    """What does not finish in the graceful time is broken off; the server still exits 0."""
    with serving(tmp_path, APP, "--timeout-graceful", "1") as server:
        line = socket.create_connection(("127.0.0.1", server.port))
        line.sendall(b"GET /wait-async?seconds=60 HTTP/1.1\r\nHost: a\r\n\r\n")
        wait_for(lambda: "BEGAN" in server.log())
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < 20
        line.close()


@pytest.mark.parametrize("engine", ["granian", "uvicorn"])
def test_health(engine, tmp_path):
    """The health path says 200, and 503 while the worker drains, without the app."""
    options = ("--engine", engine, "--drain-delay", "3", "--health-path", "/up")
    with serving(tmp_path, APP, *options) as server, server.client() as client:
        assert (client.get("/up").status_code, client.get("/healthz").status_code) == (200, 404)
        server.process.send_signal(signal.SIGTERM)
        wait_for(lambda: client.get("/up").status_code == 503, 3)
        assert client.get("/version").text == "one"
        assert server.process.wait(20) == 0


def test_health_of_the_app(tmp_path):
    """An app that has a route /healthz answers it, unless the server is told to."""
    source = APP + "\n@app.get('/healthz')\ndef health():\n    return 'mine'\n"
    for options, said in (((), "mine"), (("--health-path", "/healthz"), "ok\n")):
        with serving(tmp_path, source, *options) as server, server.client() as client:
            assert client.get("/healthz").text == said


# Reloading and replacing


@pytest.mark.parametrize("engine", ["granian", "uvicorn"])
def test_reload(engine, tmp_path):
    """SIGHUP: the new code is served, by new workers, and no request is lost meanwhile."""
    with serving(tmp_path, APP, "--workers", "2", "--engine", engine) as server:
        old = set(server.workers())
        failures, versions = [], []
        ended = threading.Event()

        def ask():
            while not ended.is_set():
                try:
                    answer = httpx.get(f"{server.url}/version", timeout=10)
                    versions.append(answer.text)
                    if answer.status_code != 200:
                        failures.append(answer.status_code)
                except httpx.HTTPError as error:
                    failures.append(repr(error))

        asking = [threading.Thread(target=ask) for _ in range(3)]
        for thread in asking:
            thread.start()
        (tmp_path / "site_app.py").write_text(APP.replace('"one"', '"two"'))
        server.process.send_signal(signal.SIGHUP)
        wait_for(lambda: len(server.workers()) == 2 and not old & set(server.workers()))
        time.sleep(0.3)
        ended.set()
        for thread in asking:
            thread.join(20)
        assert not failures
        assert versions[-1] == "two"
        assert server.stop() == 0


def test_reload_of_broken_code(tmp_path):
    """Where the new code cannot be loaded, the old workers go on."""
    with serving(tmp_path, APP) as server, server.client() as client:
        old = server.workers()
        (tmp_path / "site_app.py").write_text("1/0")
        server.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "The old worker goes on" in server.log())
        wait_for(lambda: server.workers() == old)
        assert client.get("/version").text == "one"
        (tmp_path / "site_app.py").write_text(APP.replace('"one"', '"two"'))
        server.process.send_signal(signal.SIGHUP)
        wait_for(lambda: httpx.get(f"{server.url}/version").text == "two")


@pytest.mark.parametrize("engine", ["granian", "uvicorn"])
def test_killed_worker_comes_back(engine, tmp_path):
    """A worker killed with -9 is replaced; the other one serves meanwhile."""
    with serving(tmp_path, APP, "--workers", "2", "--engine", engine) as server:
        old = server.workers()
        os.kill(old[0], signal.SIGKILL)
        for _ in range(10):
            assert httpx.get(f"{server.url}/version").text == "one"
        wait_for(lambda: len(server.workers()) == 2 and old[0] not in server.workers())
        wait_for(lambda: "is ready" in server.log())
        assert server.stop() == 0
        assert "SIGKILL" in server.log()


def has_ended(pid):
    try:
        # A process that has ended, and that nobody has waited for yet, has no memory any more.
        return not Path(f"/proc/{pid}/statm").read_text().strip("0 \n")
    except (FileNotFoundError, ProcessLookupError):
        return True


@pytest.mark.parametrize("way", WAYS)
def test_worker_without_supervisor(way, tmp_path):
    """Where the supervisor is killed, all its workers end: nobody else would end them."""
    with serving(tmp_path, APP, "--workers", "2", way=way) as server:
        wait_for(lambda: "is ready" in server.log(), what="the second worker")
        workers = server.workers()
        assert len(workers) == 2
        # A client that stays connected must not keep a worker.
        with server.client() as client:
            assert client.get("/version").status_code == 200
            server.process.kill()
            server.process.wait(10)
            for worker in workers:
                wait_for(lambda pid=worker: has_ended(pid), what=f"the end of worker {worker}")


STUCK = """
import time
from bolthead import Flask

app = Flask(__name__)
STARTS


@app.get("/")
async def index():
    print("BEGAN", flush=True)
    time.sleep(600)
"""
STUCK_IN = {
    "its loop": "",
    "its shutdown": "app.on_shutdown(lambda: time.sleep(600))",
    "its start-up": "app.on_startup(lambda: (print('BEGAN', flush=True), time.sleep(600)))",
}


@pytest.mark.parametrize("place", STUCK_IN)
def test_stuck_worker_without_supervisor(place, tmp_path):
    """A worker that cannot stop by itself ends, too, when nobody is left to kill it."""
    source = STUCK.replace("STARTS", STUCK_IN[place])
    is_up = place != "its start-up"
    with (
        serving(tmp_path, source, "--timeout-graceful", "0.5", ready=is_up) as server,
        socket.socket() as line,
    ):
        if place == "its loop":
            line.connect(("127.0.0.1", server.port))
            line.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        if place != "its shutdown":
            wait_for(lambda: "BEGAN" in server.log())
        worker = server.workers()[0]
        server.process.kill()
        server.process.wait(10)
        wait_for(lambda: has_ended(worker), what="the end of the worker")
        assert "supervisor is gone" in server.log()


def test_what_is_loaded_is_no_garbage(tmp_path):
    """Collections of garbage leave out what the app has loaded, so that they hold nobody up."""
    source = (
        APP
        + """
import gc

loaded = [[number] for number in range(50_000)]


@app.get("/garbage")
def garbage():
    return {"left out": gc.get_freeze_count(), "looked through": len(gc.get_objects())}
"""
    )
    with serving(tmp_path, source) as server:
        counts = httpx.get(f"{server.url}/garbage", timeout=10).json()
        assert counts["left out"] > 50_000
        assert counts["looked through"] < 50_000


def test_max_requests(tmp_path):
    """A worker is replaced after its requests, and none of them is lost."""
    with serving(tmp_path, APP, "--max-requests", "20") as server:
        pids = []
        for _ in range(120):
            answer = httpx.get(f"{server.url}/pid", timeout=10)
            assert answer.status_code == 200
            pids.append(answer.text)
            time.sleep(0.02)
        assert len(set(pids)) > 1
        assert server.stop() == 0


def test_reload_on_change(tmp_path):
    """With --reload a changed file is served after a moment."""
    with serving(tmp_path, APP, "--reload") as server:
        assert httpx.get(f"{server.url}/version").text == "one"
        (tmp_path / "site_app.py").write_text(APP.replace('"one"', '"three"'))
        wait_for(lambda: httpx.get(f"{server.url}/version").text == "three")


# Logs


def test_request_ids_and_text_logs(tmp_path):
    """Each request has an id: in its answer, in its line, in every record it logs."""
    with serving(tmp_path, APP, way="granian asgi") as server, server.client() as client:
        for path in ("/wait?seconds=0", "/wait-async?seconds=0", "/nowhere"):
            found = client.get(path, headers={"X-Request-ID": "forged"}).headers["x-request-id"]
            assert found != "forged"
            wanted = 1 if path == "/nowhere" else 2
            wait_for(lambda: server.log().count(found) >= wanted)  # noqa: B023  # called at once
        wait_for(lambda: '"GET /wait HTTP/1.1" 200 6 ' in server.log())
        assert "seconds=0" not in server.log()
        client.get("/a%0d%0aforged%22")
        wait_for(lambda: '"GET /a\\r\\nforged\\" HTTP/1.1" 404' in server.log())


@pytest.mark.parametrize("way", WAYS)
def test_json_logs(way, tmp_path):
    """As JSON each line is an object, with the id that a trusted proxy gave."""
    options = ("--log-format", "json", "--trust-proxy", "127.0.0.1")
    with serving(tmp_path, APP, *options, way=way) as server, server.client() as client:
        answer = client.get("/wait?seconds=0", headers={"X-Request-ID": "from-proxy"})
        assert answer.headers["x-request-id"] == "from-proxy"
        assert server.stop() == 0
    printed = {"STARTED", "STOPPED", "BEGAN"}
    lines = [line for line in server.log().splitlines() if line not in printed]
    entries = [json.loads(line) for line in lines]
    mine = [entry for entry in entries if entry["request_id"] == "from-proxy"]
    access = [entry for entry in mine if entry["kind"] == "access"]
    assert [entry["message"] for entry in mine if entry["kind"] == "log"] == [
        "waited",
        "waited, too",
    ]
    assert [(entry["method"], entry["path"], entry["status"]) for entry in access] == [
        ("GET", "/wait", 200)
    ]


# Options


def test_unix_socket_and_pid_file(tmp_path):
    """The server listens at a Unix socket, and writes its process id."""
    for way in WAYS:
        folder = tmp_path / way.replace(" ", "-")
        folder.mkdir()
        path = folder / "s"
        options = ("--uds", str(path), "--pid-file", str(folder / "pid"))
        with serving(folder, APP, *options, way=way) as server:
            assert int((folder / "pid").read_text()) == server.process.pid
            transport = httpx.HTTPTransport(uds=str(path))
            with httpx.Client(transport=transport, base_url="http://a") as client:
                assert client.get("/version").text == "one"
            assert server.stop() == 0
        assert not path.exists()
        assert not (folder / "pid").exists()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    pytest.importorskip("cryptography", reason="cryptography is not installed")
    from werkzeug.serving import make_ssl_devcert

    folder = tmp_path_factory.mktemp("certificate")
    return make_ssl_devcert(str(folder / "tls"), host="localhost")


@pytest.mark.parametrize("way", WAYS)
def test_tls(way, certificate, tmp_path):
    """With a certificate the server speaks HTTPS."""
    cert, key = certificate
    options = ("--tls-cert", cert, "--tls-key", key)
    with serving(tmp_path, APP, *options, way=way, scheme="https") as server:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with server.client(verify=context) as client:
            assert client.get("/version").text == "one"
        assert f"https://{server.address}" in server.log()


def test_http2(certificate, tmp_path):
    """With --http2 the server speaks HTTP/2 to clients that can, and HTTP/1.1 to others."""
    pytest.importorskip("h2", reason="h2 is not installed")
    cert, key = certificate
    options = ("--tls-cert", cert, "--tls-key", key, "--http2")
    with serving(tmp_path, APP, *options, scheme="https") as server:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with server.client(verify=context, http2=True) as client:
            answer = client.get("/version")
            assert (answer.http_version, answer.text) == ("HTTP/2", "one")
            assert client.head("/version").content == b""
        with server.client(verify=context) as client:
            assert client.get("/version").http_version == "HTTP/1.1"


def test_static_offload(tmp_path):
    """With --static-offload files are sent without the app, and what is not there is a 404."""
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "a.txt").write_text("file")
    source = APP + "\n@app.before_request\ndef hook():\n    return 'hook'\n"
    with serving(tmp_path, source, "--static-offload") as server, server.client() as client:
        assert client.get("/static/a.txt").text == "file"
        assert client.get("/static/none.txt").status_code == 404
        assert client.get("/static/../site_app.py").text == "hook"
        assert client.get("/static/%2e%2e/site_app.py").status_code == 404
        assert client.get("/version").text == "hook"


def test_options_from_the_environment(tmp_path):
    """Each option can be set as BOLTHEAD_SERVE_*."""
    environment = {
        "BOLTHEAD_SERVE_WORKERS": "2",
        "BOLTHEAD_SERVE_THREADS": "7",
        "BOLTHEAD_SERVE_INTERFACE": "rsgi",
        "BOLTHEAD_SERVE_ACCESS_LOG": "0",
        "BOLTHEAD_SERVE_TRUST_PROXY": "127.0.0.1 10.0.0.0/8",
    }
    with serving(tmp_path, APP, environment=environment) as server, server.client() as client:
        said = {"X-Request-ID": "mine"}
        assert client.get("/version", headers=said).headers["x-request-id"] == "mine"
        assert "Serving by RSGI (granian), workers: 2, threads: 7, at http://" in server.log()
        server.stop()
        assert "GET /version" not in server.log()


def test_engine_that_suits(tmp_path):
    """An app with WebSockets is served by uvicorn, any other by Granian, unless told otherwise."""
    for name, source, engine in (("plain", APP, "granian"), ("sockets", SOCKETS, "uvicorn")):
        folder = tmp_path / name
        folder.mkdir()
        with serving(folder, source) as server:
            assert f"({engine})" in server.log()


REFUSALS = {
    "debug mode": (APP, (), {"BOLTHEAD_DEBUG": "1"}, "Debug mode is on"),
    "a session without a key": (
        APP + "\nfrom bolthead import session\n",
        (),
        {},
        "no secret key",
    ),
    "WebSockets by WSGI": (SOCKETS, ("--interface", "wsgi"), {}, "WebSockets"),
    "WebSockets by RSGI": (SOCKETS, ("--interface", "rsgi"), {}, "WebSockets"),
    "uvicorn by WSGI": (APP, ("--engine", "uvicorn", "--interface", "wsgi"), {}, "by ASGI"),
    "a start that fails": (
        APP + "\n@app.on_startup\ndef fail():\n    raise OSError('no database')\n",
        (),
        {},
        "no database",
    ),
    "no app of this name": ("site = 1\n", (), {}, "Failed to find Flask application"),
    "a key that is none": (
        APP,
        ("--tls-cert", __file__, "--tls-key", __file__),
        {},
        "holds no certificate in PEM",
    ),
    "a folder for the process id that is none": (
        APP,
        ("--pid-file", "/nowhere/at/all.pid"),
        {},
        "Make the folder first",
    ),
    "no port": (APP, ("--port", "65536"), {}, "0<=x<=65535"),
    "an app that cannot be loaded": ("import nowhere_at_all", (), {}, "nowhere_at_all"),
    "no proxy": (APP, ("--trust-proxy", "everybody"), {}, "everybody"),
    "half of a certificate": (APP, ("--tls-cert", __file__), {}, "--tls-key"),
}


REFUSED_BY_CODE = {"a start that fails", "an app that cannot be loaded"}


@pytest.mark.parametrize("case", REFUSALS)
def test_refusals(case, tmp_path):
    """What must not be served is refused with a reason, and an exit code that is not 0."""
    source, options, environment, reason = REFUSALS[case]
    running = serving(tmp_path, source, *options, environment=environment, ready=False)
    with running as server:
        assert server.process.wait(30) not in {0, None}
        assert reason in server.log()
        # A sentence is enough where the fault is not in a line of the app.
        assert ("Traceback" in server.log()) == (case in REFUSED_BY_CODE)


def test_certificate_of_another_key(certificate, tmp_path):
    """Files that TLS cannot be spoken with are refused, by each engine, before it serves."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    form = Encoding.PEM, PrivateFormat.PKCS8
    made = ec.generate_private_key(ec.SECP256R1())
    (tmp_path / "other.pem").write_bytes(made.private_bytes(*form, NoEncryption()))
    locked = made.private_bytes(*form, BestAvailableEncryption(b"word"))
    (tmp_path / "locked.pem").write_bytes(locked)
    for engine in ("granian", "uvicorn"):
        for name, reason in (("other", "is not the key of"), ("locked", "locked by a password")):
            tls = ("--tls-cert", certificate[0], "--tls-key", str(tmp_path / f"{name}.pem"))
            options = ("--engine", engine, *tls)
            with serving(tmp_path, APP, *options, ready=False) as server:
                assert server.process.wait(30) == 1
                assert reason in server.log()


def test_session_with_a_key(tmp_path):
    """An app with sessions and a secret key is served."""
    source = (
        APP + "\nfrom bolthead import session\napp.secret_key = 'bEq7-rT2x_Lw9-uK4z-Vn8c-Pd3m'\n"
    )
    with serving(tmp_path, source) as server, server.client() as client:
        assert client.get("/version").text == "one"


def test_address_in_use(tmp_path):
    """A port that is taken is told of, with exit code 1."""
    with serving(tmp_path, APP) as server:
        again = subprocess.run(
            [BOLTHEAD, "--app", "site_app", "serve", "--port", str(server.port)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert again.returncode == 1
        assert "Cannot listen" in again.stderr
        assert "give another '--port'" in again.stderr


def test_name_of_several_addresses(monkeypatch):
    """Of a name's addresses the first that can be had is listened on: some machines have no ::1."""
    look_up = socket.getaddrinfo

    def answer(host, port, **options):
        return [*look_up("192.0.2.1", port, **options), *look_up("127.0.0.1", port, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    with listen(Settings(host="localhost", port=0)) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"


def test_missing_engine(tmp_path):
    """Where the engines are not installed, the error names the extra."""
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as u\n"
        "find = u.find_spec\n"
        "gone = ('granian', 'uvicorn')\n"
        "u.find_spec = lambda name, *a: None if name in gone else find(name, *a)\n"
    )
    environment = {"PYTHONPATH": str(tmp_path)}
    with serving(tmp_path, APP, environment=environment, ready=False) as server:
        assert server.process.wait(30) == 1
        assert "pip install 'bolthead[serve]'" in server.log()


@pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")
def test_nothing_is_left_behind(tmp_path):
    """Clients that go away in the middle of an answer leave no thread, task or file behind."""
    with serving(tmp_path, APP) as server:
        worker = server.workers()[0]

        def held():
            folder = f"/proc/{worker}"
            return len(os.listdir(f"{folder}/fd")), len(os.listdir(f"{folder}/task"))

        with server.client() as client:
            client.get("/version")
        wait_for(lambda: True)
        before = held()
        for _ in range(30):
            with socket.create_connection(("127.0.0.1", server.port)) as line:
                line.sendall(b"GET /events HTTP/1.1\r\nHost: a\r\n\r\n")
                line.recv(100)
        wait_for(lambda: server.log().count("CLOSED") == 30)
        wait_for(lambda: held()[0] <= before[0])
        assert held()[1] <= before[1] + 4
