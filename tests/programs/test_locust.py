"""Locust's web interface, on gevent: a run is started, watched and stopped."""

from __future__ import annotations

import http.server
import threading

import httpx
import pytest
from browser import browsing, complaints, until
from serving import serving

REQUIREMENTS = ("locust==2.47.0",)


class Target(http.server.BaseHTTPRequestHandler):
    """What the users of the load test ask."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *args):
        pass


@pytest.fixture
def target():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Target)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def address(program, target, tmp_path):
    line = f"locust -f locustfile.py --web-host 127.0.0.1 --web-port {{port}} --host {target}"
    with serving(program("locust", *REQUIREMENTS), line, tmp_path / "log.txt") as found:
        yield found


def test_a_run(address):
    """A run is started by the form's request; its figures, tables and report are served."""
    with httpx.Client(base_url=address, timeout=20) as client:
        assert "Locust" in client.get("/").text
        begun = client.post("/swarm", data={"user_count": "2", "spawn_rate": "2"}).json()
        assert begun["success"] is True

        def figures():
            return client.get("/stats/requests").json()

        until(
            lambda: figures()["stats"][-1]["num_requests"] > 20,
            lambda: str(figures()),
        )
        assert figures()["state"] == "running"
        assert figures()["fail_ratio"] == 0
        assert client.post("/stop").json()["success"] is True
        until(lambda: figures()["state"] == "stopped", lambda: str(figures()))
        table = client.get("/stats/requests/csv")
        assert table.headers["Content-Type"].startswith("text/csv")
        assert table.text.splitlines()[1].startswith("GET,/,")
        assert "<html" in client.get("/stats/report").text
        assert client.get("/exceptions").json() == {"exceptions": []}
        assert client.get("/tasks").status_code == 200
        assert client.post("/stats/reset").status_code == 200


def test_in_a_browser(address):
    """The page is drawn, starts a run and shows its figures."""
    with browsing() as driver:
        driver.get(address)
        until(
            lambda: driver.find_elements("css selector", "button[type=submit]"),
            lambda: driver.page_source[-2000:],
        )
        driver.find_element("css selector", "button[type=submit]").click()
        until(
            lambda: "RUNNING" in driver.find_element("tag name", "body").text.upper(),
            lambda: driver.find_element("tag name", "body").text,
        )
        assert complaints(driver) == []
