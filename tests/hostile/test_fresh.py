"""Each request of ``fresh.py`` by each door: the status that is right, and the same by all."""

from __future__ import annotations

import itertools
import logging
import time
from urllib.parse import urlsplit

import pytest

from bolthead import Bolthead, Flask
from hostile import features, fresh
from hostile.doors import Doors
from hostile.everything import leaked, make_app

CLASSES = {"Flask": Flask, "Bolthead": Bolthead}
SOON = 0.5
# Which rows go to which app, and by which doors.
SETS = [
    ("plain", fresh.ROWS, Doors.ALL),
    ("subdomains", fresh.HOSTS, Doors.ALL),
    ("hosts", fresh.HOSTS, Doors.ALL),
    ("subdomains", fresh.SAID, Doors.ALL),
    ("plain", fresh.SOCKETS, ["websocket"]),
]
CASES = [
    pytest.param(way, *row, doors, id=f"{way}-{name}")
    for way, rows, doors in SETS
    for name, row in rows.items()
]


@pytest.fixture(scope="module")
def doors():
    """All ways into an app."""
    doors = Doors()
    yield doors
    doors.close()


@pytest.fixture(scope="module")
def apps():
    """The app of everything, of either class, set up in each way."""
    yield {
        (way, name): make_app(cls, way=way)
        for way, (name, cls) in itertools.product({way for way, *_ in SETS}, CLASSES.items())
    }
    features.disconnect()


@pytest.fixture(autouse=True)
def quiet():
    """Short bodies are logged, which is not what is tested here."""
    logger = logging.getLogger("bolthead.requests")
    logger.disabled = True
    yield
    logger.disabled = False


def is_left_out_by_rsgi(ask):
    """Tell whether Granian's RSGI leaves a header out, so that the answer is 400."""
    return not all(value.isascii() for value in (ask.host, *(value for _, value in ask.headers)))


@pytest.mark.filterwarnings("ignore:Current server name")
@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize(("way", "ask", "statuses", "kinds"), CASES)
def test_fresh(doors, apps, name, way, ask, statuses, kinds):
    """The answer is right, whole, soon, the same by each door, and leads to no other site."""
    right = statuses if isinstance(statuses, tuple) else (statuses,)
    seen = {}
    for kind in kinds:
        for _ in range(3):
            began = time.process_time()
            reply = doors.ask(apps[way, name], ask, kind)
            spent = time.process_time() - began
            if spent < SOON:
                break
        assert reply.escaped is None, kind
        assert reply.broke is None, kind
        assert spent < SOON, kind
        assert not leaked(reply), kind
        assert "X-Evil" not in {header for header, _ in reply.headers}, kind
        if kind == "rsgi" and is_left_out_by_rsgi(ask):
            assert reply.status == 400
            continue
        assert kind == "websocket" or reply.is_whole, kind
        assert reply.status in right, kind
        seen[kind] = reply.status
        check_location(ask, reply.header("Location"), way)
    assert len(set(seen.values())) == 1, seen


def check_location(ask, location, way):
    """A redirect that the app has not been asked for stays on the host that was asked."""
    if location is None:
        return
    assert location.isascii()
    assert not location.startswith(("//", "/\\", "\\"))
    host = urlsplit(location).netloc
    said = [value for name, value in ask.headers if name == b"X-Forwarded-Host"]
    ports = [value for name, value in ask.headers if name == b"X-Forwarded-Port"]
    if host and not (way == "subdomains" and (said or ports)):
        assert host == ask.host.decode()


def test_there_are_hundreds_of_cases():
    """There are at least 300 of them, each by all doors and for both classes."""
    assert len(CASES) > 300
