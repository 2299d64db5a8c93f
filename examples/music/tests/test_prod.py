"""`make demo` and `make demo-prod`: one command each, and the app is there with its data."""

import contextlib
import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

MUSIC = Path(__file__).resolve().parent.parent


@contextlib.contextmanager
def running(script, folder, *arguments):
    """Run a script of the app until the block ends; give its address and what it printed."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = folder / "log"
    command = [sys.executable, MUSIC / script, "--port", port, "--plays", "3000", *arguments]
    with log.open("wb") as file:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdout=file,
            stderr=file,
            env=os.environ | {"MUSIC_DATA_FOLDER": str(folder), "MUSIC_RATE_LIMITS": "1"},
        )
    url = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 120
        while time.monotonic() < until and process.poll() is None:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{url}/health").status_code == 200:
                    break
            time.sleep(0.3)
        else:
            pytest.fail(log.read_text())
        yield url, log
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def log_in(http):
    """Log in as the demo's listener; return the dashboard."""
    page = http.get("/account/login").text
    token = re.search(r'csrf-token" content="([^"]+)', page)[1]
    form = {"email": "demo@example.org", "password": "time-machine", "csrf_token": token}
    return http.post("/account/login", data=form), token


def test_demo(tmp_path):
    """The demo prints its address and login, and opens on a dashboard full of data."""
    with running("demo.py", tmp_path) as (url, log):
        with httpx.Client(base_url=url, follow_redirects=True, timeout=60) as http:
            page, _ = log_in(http)
            assert page.url.path == "/dashboard/"
            assert re.search(r"<dt>Plays</dt><dd>3,000<", page.text)
        until = time.monotonic() + 30
        while "Log in as" not in log.read_text() and time.monotonic() < until:
            time.sleep(0.1)
        for part in (url, "demo@example.org", "time-machine"):
            assert part in log.read_text()
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


@pytest.mark.parametrize("offset", [0, 1], ids=["the app's", "the provider's"])
def test_demo_on_a_taken_port(offset, tmp_path):
    """Where one of its ports is taken the demo says so at once, and how to choose others."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = subprocess.run(
            [sys.executable, MUSIC / "demo.py", "--port", str(port - offset)],
            env=os.environ | {"MUSIC_DATA_FOLDER": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr
    assert "make demo PORT=" in done.stderr
    assert not any(tmp_path.iterdir())


def test_demo_prod(tmp_path):
    """With PostgreSQL, Redis, two workers and nginx there is data, and progress comes through."""
    places = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    missing = [name for name in ("redis-server", "nginx") if not shutil.which(name)]
    if missing or not (shutil.which("initdb") or list(places)):
        pytest.skip(f"not installed: {missing or 'postgresql'}")
    try:
        with running("prod.py", tmp_path, "--folder", tmp_path) as (url, log):
            with httpx.Client(base_url=url, follow_redirects=True, timeout=60) as http:
                page, token = log_in(http)
                assert page.headers["Server"].startswith("nginx")
                assert re.search(r"<dt>Plays</dt><dd>3,000<", page.text)
                token = re.search(r'csrf-token" content="([^"]+)', page.text)[1]
                sent = http.post(
                    "/imports/files?name=empty.json",
                    content="[]",
                    headers={"X-CSRFToken": token},
                )
                assert sent.status_code == 202, sent.text
                with http.stream("GET", "/imports/events") as stream:
                    events = "".join(stream.iter_text())
                assert '"status": "done"' in events.replace('":"', '": "')
                script = http.get("/static/charts.js", headers={"Accept-Encoding": "gzip"})
                assert script.headers["Content-Encoding"] == "gzip"
            assert "2 workers" in log.read_text()
    finally:
        # Where PostgreSQL had to run as a user of its own.
        name = hashlib.sha256(str(tmp_path.resolve()).encode()).hexdigest()[:8]
        shutil.rmtree(f"/var/tmp/music-time-machine-{name}", ignore_errors=True)
