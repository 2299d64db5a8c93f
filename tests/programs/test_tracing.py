"""The instrumentations of OpenTelemetry and Sentry see on Bolthead what they see on Flask."""

from __future__ import annotations

import json

import pytest

REQUIREMENTS = (
    "opentelemetry-instrumentation-flask==0.66b1",
    "opentelemetry-sdk>=1.45,<2",
    "sentry-sdk[flask]==2.75.0",
    "flask[async]",
    "uvicorn>=0.50",
)


@pytest.fixture
def tracing(program):
    return program("tracing", *REQUIREMENTS)


def found(environment, *words, **options):
    output = environment.run(*words, **options)
    (line,) = [line for line in output.splitlines() if line.startswith("FOUND ")]
    return json.loads(line.removeprefix("FOUND "))


@pytest.mark.parametrize("protocol", ["wsgi", "asgi"])
@pytest.mark.parametrize("how", ["app", "class"])
def test_opentelemetry(tracing, protocol, how):
    """Spans have Flask's names, attributes, parents and states, by WSGI and by ASGI."""
    expected = found(tracing, "traced.py", "wsgi", how, on_flask=True)
    seen = found(tracing, "traced.py", protocol, how)
    assert seen["flask"].startswith("bolthead")
    assert expected["flask"].startswith("flask")
    assert seen["answers"] == expected["answers"]
    assert seen["spans"] == expected["spans"]
    names = [span["name"] for span in seen["spans"]]
    assert names.count("GET /items/<int:number>") == 2
    inner = [span for span in seen["spans"] if span["name"] == "look up"]
    assert {span["parent"] for span in inner} == {
        "GET /items/<int:number>",
        "POST /items/<int:number>",
    }
    failed = [span for span in seen["spans"] if span["name"] == "GET /fails"]
    assert failed[0]["status"] == "ERROR"
    assert failed[0]["events"] == [["exception", "LookupError"]]


@pytest.mark.parametrize("protocol", ["wsgi", "asgi"])
def test_sentry(tracing, protocol):
    """Events and transactions are Flask's: error, request, user, tags, spans."""
    expected = found(tracing, "reported.py", "wsgi", on_flask=True)
    seen = found(tracing, "reported.py", protocol)
    assert seen["flask"].startswith("bolthead")
    assert seen["answers"] == expected["answers"]
    assert seen["events"] == expected["events"]
    kinds = [event["type"] for event in seen["events"]]
    assert kinds.count("transaction") == 7
    assert kinds.count("event") == 3
    failed = next(event for event in seen["events"] if event["exceptions"])
    assert failed["exceptions"][0]["value"] == "no this"
    assert failed["user"] == "this"
    assert failed["request"][3] == {"a": [1]}
