"""Bytes that no client library would send, to `bolthead serve` by each engine and interface."""

from __future__ import annotations

import contextlib
import json
import time

import pytest
from production import WAYS, serving

from rawhttp import connections, framing, heads
from rawhttp.case import ANY, CLOSED, OPEN, Case, Outcome, Seen
from rawhttp.deviations import DEVIATIONS, right_outcomes
from rawhttp.site import SOURCE
from rawhttp.wire import HALF_CLOSE, RESET, TIMEOUT, Wait, Wire

CASES = {case.name: case for case in (*heads.CASES, *framing.CASES, *connections.CASES)}
PROBE = b"GET /probe HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture(scope="module", params=WAYS)
def server(request, tmp_path_factory):
    """A server for all cases of one way; at its end it must not have failed in any of them."""
    options = ("--timeout-headers", "2", "--timeout-body", "2", "--timeout-graceful", "2")
    folder = tmp_path_factory.mktemp("raw")
    with serving(folder, SOURCE, *options, way=request.param) as running:
        running.way = request.param
        workers = running.workers()
        yield running
        assert running.workers() == workers, "a worker has ended"
        assert "Traceback" not in running.log()


def _seen(server) -> list[dict]:
    with Wire(server.port) as wire:
        wire.play((b"GET /seen HTTP/1.1\r\nHost: a\r\n\r\n",))
        return json.loads(wire.read("GET").body)


def _play(server, case: Case, right: tuple[Outcome, ...]) -> tuple[list[int], list[str], str]:
    """Play a case; return the statuses, the bodies, and what became of the connection."""
    expected = min(len(outcome.statuses) for outcome in right)
    half_closed = HALF_CLOSE in case.steps
    methods = list(case.methods)
    statuses, bodies = [], []
    has_asked = half_closed
    with Wire(server.port) as wire:
        wire.play(case.steps)
        while True:
            if len(statuses) >= expected and not has_asked:
                # Where it stays open, and where both count the same requests, this is answered.
                has_asked = True
                wire.play((PROBE,))
            method = methods.pop(0) if len(methods) > 1 else methods[0]
            answer = wire.read(method)
            if answer is None:
                return statuses, bodies, CLOSED
            if answer.body == b"probe":
                return statuses, bodies, OPEN
            statuses.append(answer.status)
            bodies.append(answer.body)
            assert len(statuses) < 100


def _is_as(seen: list[dict], wanted: tuple[Seen, ...] | None) -> bool:
    if wanted is None:
        return True
    if len(seen) != len(wanted):
        return False
    for request, right in zip(seen, wanted, strict=True):
        got = (request["method"], request["target"], request["body"].encode("latin-1"))
        if got != (right.method, right.target, right.body):
            return False
        for name, value in right.headers:
            if request["headers"].get(name.lower()) != value:
                return False
    return True


def _comes_out(outcome: Outcome, statuses, seen, then) -> bool:
    return (
        tuple(statuses) == outcome.statuses
        and outcome.then in {then, ANY}
        and _is_as(seen, outcome.seen)
    )


@pytest.mark.parametrize("name", CASES)
def test_case(server, name):
    """The answers, the connection and what the app sees are as the RFC says; nothing hangs."""
    case = CASES[name]
    right = right_outcomes(server.way, case)
    statuses, bodies, then = _play(server, case, right)
    if any(outcome.seen is None for outcome in right):
        time.sleep(0.5)  # what was dropped may run still
    seen = _seen(server)
    told = f"{case.rule}: answers {statuses}, {then}, the app saw {json.dumps(seen)[:2000]}"
    assert not [status for status in statuses if status >= 500 and status not in {501, 505}], told
    for body, request in zip(bodies, seen, strict=False):
        # An answer belongs to the request at its place.
        if b'"target"' in body:
            assert json.loads(body)["target"] == request["target"], told
    assert any(_comes_out(outcome, statuses, seen, then) for outcome in right), told
    deviation = DEVIATIONS[server.way].get(name)
    if deviation is not None and deviation.is_certain:
        is_mended = any(_comes_out(outcome, statuses, seen, then) for outcome in case.outcomes)
        assert not is_mended, f"{name} is right now: take it from the list of deviations"


def test_deviations_are_of_cases():
    """Each deviation is one of a case that there is."""
    assert {name for found in DEVIATIONS.values() for name in found} <= set(CASES)


# What is begun and never ended: the bytes, and the statuses that may come before the end.
SILENT = {
    "nothing": (b"", ()),
    "half a request line": (b"GET /x HT", (408,)),
    "a request line": (b"GET /x HTTP/1.1\r\n", (408,)),
    "half the headers": (b"GET /x HTTP/1.1\r\nHost: a\r\nX: y\r\n", (408,)),
    "no byte of a body": (b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", (408,)),
    "half a body": (b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc", (408,)),
    "half a chunk": (framing.chunked(b"5\r\nabc"), (408, 411)),
    "a chunk and no more": (framing.chunked(b"3\r\nabc\r\n"), (408, 411)),
    "half the trailers": (framing.chunked(b"3\r\nabc\r\n0\r\nX-Late: 1\r\n"), (400, 408, 411)),
    "a huge chunk": (framing.chunked(b"FFFFFFFFFFFFFFFF\r\nabc"), (408, 411)),
    "an answer, then half a request": (
        b"GET /x HTTP/1.1\r\nHost: a\r\n\r\nGET /x HTTP/1.1\r\nHo",
        (200, 408),
    ),
}


def test_silence(server):
    """A client that goes silent halfway is cut off in time, and the app sees nothing of it."""
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        wires = {}
        for name, (data, _) in SILENT.items():
            if server.way == "granian wsgi" and "body" in name:
                continue  # a thread waits for it: this way is for use behind a proxy only
            wires[name] = stack.enter_context(Wire(server.port))
            wires[name].play((data,))
        for name, wire in wires.items():
            while (answer := wire.read("GET")) is not None:
                assert answer.status in SILENT[name][1], name
    assert time.monotonic() - began < TIMEOUT
    assert [request for request in _seen(server) if request["method"] == "POST"] == []


def test_clients_that_break_off(server):
    """Clients that leave at any moment leave nothing behind; no body is seen that was cut short."""
    post = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc"
    chunks = framing.chunked(b"3\r\nabc\r\n")
    requests = (
        (),
        (b"GET /x HT",),
        (b"GET /x HTTP/1.1\r\nHost: a\r\n",),
        (b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n", Wait(0.05)),
        (b"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n", Wait(0.2)),
        (b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n" * 20,),
        (post,),
        (post, Wait(0.05)),
        (chunks,),
        (chunks, Wait(0.05)),
    )
    for steps in requests:
        for _ in range(3):
            with Wire(server.port) as wire:
                wire.play((*steps, RESET))
    time.sleep(0.5)
    cut = [request for request in _seen(server) if request["method"] == "POST"]
    assert cut == []
    with Wire(server.port) as wire:
        wire.play((PROBE,))
        assert wire.read("GET").body == b"probe"
