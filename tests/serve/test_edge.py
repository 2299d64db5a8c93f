"""What `bolthead serve` turns away before the app sees it: bytes over real sockets."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

import pytest
from production import read_answer, serving, status, wait_for

APP = """
import time
from bolthead import Flask, request

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 4_000_000


@app.route("/", methods=["GET", "POST"])
def index():
    print("SEEN", request.method, len(request.get_data()), flush=True)
    return {name: value for name, value in request.headers}


@app.get("/address")
def address():
    return {"client": request.remote_addr, "url": request.url}


@app.get("/wait")
def wait():
    print("BEGAN", flush=True)
    time.sleep(float(request.args["seconds"]))
    return "waited"
"""

MEETING = """
import asyncio
import contextvars
import threading
from bolthead import Flask, request

app = Flask(__name__)
everybody = threading.Barrier(9)
seen = contextvars.ContextVar("seen", default=0)


@app.post("/meet/<int:number>")
def meet(number):
    everybody.wait(30)
    data = request.get_data()
    seen.set(seen.get() + 1)
    loops = app.ensure_sync(running)()
    return [len(data), data == str(number).encode() * 100_000 and loops, seen.get()]


async def running():
    await asyncio.sleep(0)
    return asyncio.get_running_loop().is_running()


@app.get("/pieces")
def pieces():
    return (str(number) for number in range(4))
"""

# Those that are for clients of the network; WSGI has limits of its own, see its test below.
WAYS = ("granian asgi", "granian rsgi", "uvicorn asgi")

HOST = b"Host: a\r\n"
TOO_MANY = b"".join(b"X-%d: 1\r\n" % number for number in range(110))
TOO_LARGE = b"".join(b"X-%d: %s\r\n" % (number, b"a" * 9000) for number in range(8))

# What is sent, and the statuses that are right.
REQUESTS = {
    "a plain one": (b"GET / HTTP/1.1\r\n" + HOST + b"\r\n", {200}),
    "HTTP/1.0 without Host": (b"GET / HTTP/1.0\r\n\r\n", {200}),
    "no Host": (b"GET / HTTP/1.1\r\n\r\n", {400}),
    "two Hosts": (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", {400}),
    "the same Host twice": (b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", {400}),
    "Host with a path": (b"GET / HTTP/1.1\r\nHost: a/b?\r\n\r\n", {400}),
    "Host with a user": (b"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", {400}),
    "Host with two names": (b"GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", {400}),
    "Host with a space": (b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", {400}),
    "an empty Host": (b"GET / HTTP/1.1\r\nHost:\r\n\r\n", {400}),
    "Host of 256 bytes": (b"GET / HTTP/1.1\r\nHost: " + b"a." * 128 + b"\r\n\r\n", {400}),
    "Host with a long port": (b"GET / HTTP/1.1\r\nHost: a:123456\r\n\r\n", {400}),
    "Host with an IPv6 address": (b"GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", {200}),
    "Host with an underscore": (b"GET / HTTP/1.1\r\nHost: a_b:80\r\n\r\n", {200}),
    "no slash": (b"GET noslash HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
    "an authority for a path": (b"GET @evil HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
    "OPTIONS of the server": (b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", {204, 400}),
    "CONNECT with a path": (b"CONNECT / HTTP/1.1\r\n" + HOST + b"\r\n", {400, 405}),
    "CONNECT": (b"CONNECT a:80 HTTP/1.1\r\n" + HOST + b"\r\n", {400, 405}),
    "a long path": (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", {414}),
    "a long query": (b"GET /?" + b"a" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", {414}),
    "110 headers": (b"GET / HTTP/1.1\r\n" + HOST + TOO_MANY + b"\r\n", {431}),
    "a header of 17 kB": (
        b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 17_000 + b"\r\n\r\n",
        {431},
    ),
    "headers of 72 kB": (b"GET / HTTP/1.1\r\n" + HOST + TOO_LARGE + b"\r\n", {431}),
    "a folded header": (b"GET / HTTP/1.1\r\n" + HOST + b"X: a\r\n b\r\n\r\n", {400}),
    "a space before the colon": (b"GET / HTTP/1.1\r\n" + HOST + b"X : a\r\n\r\n", {400}),
    "a NUL in a header": (b"GET / HTTP/1.1\r\n" + HOST + b"X: a\0b\r\n\r\n", {400}),
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n", {0, 400}),
    "a length that is no number": (
        b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 1x\r\n\r\na",
        {400},
    ),
    "a length with a sign": (
        b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: +1\r\n\r\na",
        {400},
    ),
    "two lengths": (
        b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\naa",
        {400},
    ),
    "an unknown coding": (
        b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        {400, 501},
    ),
    "an unknown expectation": (
        b"GET / HTTP/1.1\r\n" + HOST + b"Expect: the-unexpected\r\n\r\n",
        {417},
    ),
    "a chunked body": (
        b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        {200},
    ),
    "a broken chunk": (
        b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n\r\n",
        {400},
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_requests(way, tmp_path):
    """What is not well-formed, or too large, gets its status; the server goes on."""
    wrong = {}
    with serving(tmp_path, APP, way=way) as server:
        for name, (data, right) in REQUESTS.items():
            got = status(server.raw(data))
            if got not in right:
                wrong[name] = got
        assert status(server.raw(REQUESTS["a plain one"][0])) == 200
        assert server.stop() == 0
    assert not wrong
    assert "Traceback" not in server.log()


# Limits of one's own: options, a request, and what the answer names; the request without one.
LIMITED = {
    "a longer target": (["--max-target", 20_000], b"GET /" + b"a" * 15_000, b"", None),
    "a shorter target": (["--max-target", 50], b"GET /" + b"a" * 60, b"", (414, b"--max-target")),
    "a larger header": (["--max-header", 40_000], b"GET /", b"X: " + b"a" * 30_000, None),
    "a smaller header": (
        ["--max-header", 90],
        b"GET /",
        b"X: " + b"a" * 100,
        (431, b"--max-header)"),
    ),
    "larger headers": (
        ["--max-headers", 200_000],
        b"GET /",
        b"\r\n".join(b"X-%d: %s" % (number, b"a" * 14_000) for number in range(8)),
        None,
    ),
    "fewer headers": (
        ["--max-header-count", 5],
        b"GET /",
        b"\r\n".join(b"X-%d: 1" % number for number in range(6)),
        (431, b"--max-header-count"),
    ),
}


@pytest.mark.parametrize("way", ["granian asgi", "granian wsgi", "uvicorn asgi"])
@pytest.mark.parametrize("case", LIMITED)
def test_limits_of_ones_own(way, case, tmp_path):
    """Each limit is an option, counts up and down, and is named in its answer."""
    options, line, headers, refused = LIMITED[case]
    with serving(tmp_path, APP, *map(str, options), way=way) as server:
        lines = [line + b" HTTP/1.1", HOST[:-2], *([headers] if headers else [])]
        answer = server.raw(b"\r\n".join(lines) + b"\r\n\r\n")
        if refused is None:
            assert status(answer) in {200, 404}
        else:
            assert status(answer) == refused[0]
            assert refused[1] in answer


@pytest.mark.parametrize("way", WAYS)
def test_names_with_underscores(way, tmp_path):
    """A header with an underscore cannot pass for the one with a hyphen."""
    with serving(tmp_path, APP, way=way) as server:
        data = b"GET / HTTP/1.1\r\nHost: a\r\nX-User: good\r\nX_User: evil\r\nX_Other: evil\r\n\r\n"
        answer = server.raw(data)
        assert b"good" in answer
        assert b"evil" not in answer


@pytest.mark.parametrize("way", WAYS)
def test_names_with_underscores_that_are_allowed(way, tmp_path):
    """One of ALLOW_UNDERSCORE_HEADERS is taken, unless the one with a hyphen is there, too."""
    source = APP + "\napp.config['ALLOW_UNDERSCORE_HEADERS'] = ['X_User']\n"
    with serving(tmp_path, source, way=way) as server:
        for sent, seen in [
            (b"X_User: spelled\r\nX_Other: evil", b"spelled"),
            (b"X_User: spelled\r\nX-User: plain", b"plain"),
            (b"X-User: plain\r\nX_User: spelled", b"plain"),
        ]:
            answer = server.raw(b"GET / HTTP/1.1\r\nHost: a\r\n" + sent + b"\r\n\r\n")
            assert seen in answer
            assert (b"spelled" in answer) is (seen == b"spelled")
            assert b"evil" not in answer


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "body",
    [b"Content-Length: 500\r\n\r\nshort", b"Transfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n"],
    ids=["declared", "chunked"],
)
def test_body_cut_short(way, body, tmp_path):
    """A body that ends too early never reaches the app, and is 400 where somebody still reads."""
    with serving(tmp_path, APP, way=way) as server:
        answer = server.raw(b"POST / HTTP/1.1\r\n" + HOST + body, ends=True)
        assert status(answer) in {0, 400}
        assert status(server.raw(REQUESTS["a plain one"][0])) == 200
        server.stop()
    assert "SEEN POST" not in server.log()


@pytest.mark.parametrize("way", WAYS)
def test_slow_bodies_and_headers(way, tmp_path):
    """Bodies and headers that drip are cut at their limit; meanwhile others are answered."""
    options = ("--timeout-headers", "1", "--timeout-body", "1", "--threads", "2")
    ended = []

    def drip(port, start):
        with socket.create_connection(("127.0.0.1", port)) as line:
            line.sendall(start)
            began = time.monotonic()
            line.settimeout(0.2)
            with contextlib.suppress(ConnectionError):
                while time.monotonic() - began < 15:
                    with contextlib.suppress(TimeoutError):
                        if not line.recv(1000):
                            break
                    line.sendall(b"a")
            ended.append(time.monotonic() - began)

    with serving(tmp_path, APP, *options, way=way) as server:
        starts = [b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n"] * 5
        starts += [b"GET / HTTP/1.1\r\nHost: a\r\nX-A: "] * 5
        drips = [threading.Thread(target=drip, args=(server.port, start)) for start in starts]
        for thread in drips:
            thread.start()
        with server.client() as client:
            for _ in range(5):
                began = time.monotonic()
                assert client.get("/").status_code == 200
                assert time.monotonic() - began < 2
        for thread in drips:
            thread.join(20)
        server.stop()
    assert len(ended) == 10
    assert max(ended) < 10
    assert "SEEN POST" not in server.log()


@pytest.mark.parametrize("way", [*WAYS, "granian wsgi"])
def test_busy(way, tmp_path):
    """Requests beyond the bound are answered 503 at once, the others as if there were none."""
    with serving(tmp_path, APP, "--concurrency", "2", way=way) as server:
        answers = []

        def ask():
            with server.client() as client:
                answers.append(client.get("/wait?seconds=4").status_code)

        asking = [threading.Thread(target=ask) for _ in range(2)]
        for thread in asking:
            thread.start()
        wait_for(lambda: server.log().count("BEGAN") == 2)
        with server.client() as client:
            began = time.monotonic()
            answer = client.get("/")
            assert time.monotonic() - began < 2
            assert answer.status_code == 503
            assert answer.headers["retry-after"] == "1"
            assert client.get("/healthz").status_code == 200
            for thread in asking:
                thread.join()
            assert answers == [200, 200]
            assert client.get("/").status_code == 200


@pytest.mark.parametrize("way", ["granian asgi", "uvicorn asgi"])
def test_long_line_for_a_thread(way, tmp_path):
    """Where the first in line has waited too long for a thread, those who come are turned away."""
    with serving(tmp_path, APP, "--threads", "1", way=way) as server:
        answers = []

        def ask():
            with server.client() as client:
                answers.append(client.get("/wait?seconds=5").status_code)

        # One runs, and two wait for the thread.
        asking = [threading.Thread(target=ask) for _ in range(3)]
        for thread in asking:
            thread.start()
        wait_for(lambda: "BEGAN" in server.log())
        time.sleep(2)
        with server.client() as client:
            assert client.get("/").status_code == 503
            for thread in asking:
                thread.join(60)
            assert 200 in answers
            assert set(answers) <= {200, 503}
            wait_for(lambda: client.get("/").status_code == 200, 10)


@pytest.mark.parametrize("way", ["granian asgi", "uvicorn asgi"])
def test_line_may_be_as_long_as_it_should(way, tmp_path):
    """With a longer --timeout-queue requests wait for a thread, and are answered in the end."""
    environment = {"BOLTHEAD_SERVE_TIMEOUT_QUEUE": "60"}
    with serving(tmp_path, APP, "--threads", "1", way=way, environment=environment) as server:
        answers = []

        def ask(path):
            with server.client() as client:
                answers.append(client.get(path, timeout=60).status_code)

        asking = [threading.Thread(target=ask, args=("/wait?seconds=2",)) for _ in range(3)]
        for thread in asking:
            thread.start()
        wait_for(lambda: "BEGAN" in server.log())
        time.sleep(1)
        ask("/")
        for thread in asking:
            thread.join(60)
        assert answers == [200] * 4


@pytest.mark.parametrize("way", [*WAYS, "granian wsgi"])
def test_proxies(way, tmp_path):
    """What a proxy says of the client counts where it is trusted, and is not seen otherwise."""
    said = {
        "X-Forwarded-For": "6.6.6.6, 1.2.3.4, 127.0.0.9",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "shop.example",
    }
    with (
        serving(tmp_path, APP, "--trust-proxy", "127.0.0.0/8", way=way) as server,
        server.client() as client,
    ):
        assert client.get("/address", headers=said).json() == {
            "client": "1.2.3.4",
            "url": "https://shop.example/address",
        }
        evil = {**said, "X-Forwarded-Host": "a/b"}
        assert client.get("/address", headers=evil).status_code == 400
    with (
        serving(tmp_path, APP, "--trust-proxy", "10.0.0.0/8", way=way) as server,
        server.client() as client,
    ):
        assert client.get("/address", headers=said).json() == {
            "client": "127.0.0.1",
            "url": f"http://{server.address}/address",
        }
        seen = client.get("/", headers={**said, "Forwarded": "for=6.6.6.6"}).json()
        assert not [name for name in seen if "forwarded" in name.lower()]


def test_half_closed_client(tmp_path):
    """A client that has said all and closed its side gets its answer, where uvicorn serves."""
    with serving(tmp_path, APP, way="uvicorn asgi") as server:
        assert status(server.raw(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", ends=True)) == 200
        wait = b"GET /wait?seconds=0.3 HTTP/1.1\r\nHost: a\r\n\r\n"
        assert server.raw(wait, ends=True).endswith(b"waited")


def test_bodies_by_wsgi(tmp_path):
    """By WSGI a body must say its length; one that is cut short is refused where it is read."""
    with serving(tmp_path, APP, way="granian wsgi") as server:
        data = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\nshort"
        assert status(server.raw(data, ends=True)) in {0, 400}
        assert status(server.raw(REQUESTS["a chunked body"][0])) == 411
        for name in ("no Host", "two Hosts", "Host with a path", "no slash", "a long path"):
            data, right = REQUESTS[name]
            assert status(server.raw(data)) in right, name
        server.stop()
    assert "SEEN POST" not in server.log()


def test_threads_by_wsgi(tmp_path):
    """As many views as there are threads run at a time, with their bodies, and hooks of their own.

    Each sees context variables that no other request has set.
    """
    with serving(tmp_path, MEETING, "--threads", "9", way="granian wsgi") as server:
        answers = []

        def ask(number):
            with server.client() as client:
                answer = client.post(f"/meet/{number}", content=b"%d" % number * 100_000)
                answers.append((number, answer.status_code, answer.json()))

        for _ in range(2):
            asking = [threading.Thread(target=ask, args=(number,)) for number in range(9)]
            for thread in asking:
                thread.start()
            for thread in asking:
                thread.join()
        wanted = [(number, 200, [100_000, True, 1]) for number in range(9)]
        assert sorted(answers) == sorted(wanted * 2)
        with server.client() as client:
            assert client.get("/pieces").text == "0123"


def test_pipelined_requests(tmp_path):
    """Requests that come together are answered in their order."""
    for way in ("granian asgi", "uvicorn asgi"):
        folder = tmp_path / way.replace(" ", "-")
        folder.mkdir()
        with (
            serving(folder, APP, way=way) as server,
            socket.create_connection(("127.0.0.1", server.port)) as line,
        ):
            line.settimeout(10)
            first = b"GET /wait?seconds=0.2 HTTP/1.1\r\nHost: a\r\n\r\n"
            line.sendall(first + b"GET /address HTTP/1.1\r\nHost: a\r\n\r\n")
            got = b""
            while b"client" not in got:
                data = line.recv(65536)
                assert data
                got += data
            assert got.index(b"waited") < got.index(b"client")


def test_idle_connections_leave_room(tmp_path):
    """Connections that say nothing take no place of requests."""
    with serving(tmp_path, APP, "--concurrency", "3", "--threads", "2") as server:
        lines = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(50)]
        try:
            for line in lines[:25]:
                line.sendall(b"GET /address HTTP/1.1\r\nHost: a\r\n\r\n")
                line.settimeout(10)
                assert status(read_answer(line)) == 200
            assert wait_for(lambda: status(server.raw(REQUESTS["a plain one"][0])) == 200)
        finally:
            for line in lines:
                line.close()
