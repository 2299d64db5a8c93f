"""httpbin: its own tests, and the requests library as its client, on three servers."""

from __future__ import annotations

import json
import re

import pytest
from environments import sources
from serving import serving

RELEASE = "httpbin==0.10.4"
REQUIREMENTS = (RELEASE, "gunicorn==23.0.0", "requests==2.32.5", "pytest>=8")


@pytest.fixture
def httpbin(program):
    return program("httpbin", *REQUIREMENTS)


def test_its_own_tests(httpbin):
    """The tests that httpbin is released with pass as they do on Flask."""
    root = sources(httpbin, RELEASE)
    passed = {}
    for on_flask in (True, False):
        words = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests")
        output = httpbin.run(*words, on_flask=on_flask, cwd=root, timeout=300)
        passed[on_flask] = re.search(r"(\d+) passed", output)[1]
        assert "failed" not in output
    assert passed[True] == passed[False]
    assert int(passed[True]) >= 70


SERVERS = {
    "bolthead serve": "bolthead --app httpbin:app serve --port {port} --no-access-log",
    "bolthead serve, wsgi": (
        "bolthead --app httpbin:app serve --interface wsgi --port {port} --no-access-log"
    ),
    "gunicorn": "gunicorn --threads 8 --bind 127.0.0.1:{port} httpbin:app",
}


@pytest.mark.parametrize("line", SERVERS.values(), ids=SERVERS)
def test_with_a_client(httpbin, line, tmp_path):
    """Everything that an HTTP client is tested with is answered as httpbin's documentation says."""
    with serving(httpbin, line, tmp_path / "log.txt") as address:
        found = json.loads(httpbin.run("httpbin_client.py", address))
    wrong = {name: seen for name, seen in found.items() if seen is not True}
    assert not wrong
    assert len(found) == 59
