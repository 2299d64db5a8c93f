"""Server-sent events, read as a browser reads them."""

from __future__ import annotations

import asyncio
import time

import pytest
from asgi import Client, ask, make_scope, run

from bolthead import Event, EventStream, request, stream_with_context


def parse(body):
    """Read events as the WHATWG standard says: field by field, line by line."""
    events, fields = [], {}
    for line in body.decode().replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if not line:
            if fields:
                events.append(fields)
            fields = {}
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            fields["data"] = f"{fields['data']}\n{value}" if "data" in fields else value
        else:
            fields[name or "comment"] = value
    return events


EVENTS = {
    "text": ("a", {"data": "a"}),
    "empty": ("", {"data": ""}),
    "lines": ("a\nb\r\nc\rd", {"data": "a\nb\nc\nd"}),
    "leading space": (" a", {"data": " a"}),
    "data": ({"b": [1]}, {"data": '{"b": [1]}'}),
    "event": (Event("a", event="news"), {"data": "a", "event": "news"}),
    "id": (Event("a", id=7), {"data": "a", "id": "7"}),
    "retry": (Event(retry=1.5), {"retry": "1500"}),
    "comment": (Event(comment="psst"), {"comment": "psst"}),
    "json event": (Event({"x": None}, "n"), {"data": '{"x": null}', "event": "n"}),
    "unicode": ("é\u2028", {"data": "é\u2028"}),
}


@pytest.mark.parametrize("kind", ["plain", "async"])
@pytest.mark.parametrize(("item", "expected"), EVENTS.values(), ids=EVENTS)
def test_event_is_read_as_it_was_given(app, item, expected, kind):
    """Whatever is yielded arrives whole, whatever line breaks it has."""

    def plain():
        yield item

    async def awaited():
        yield item

    make = plain if kind == "plain" else awaited
    app.add_url_rule("/", "index", lambda: EventStream(make()))
    answer = run(ask(app))
    assert answer.header("content-type") == "text/event-stream; charset=utf-8"
    assert answer.header("cache-control") == "no-cache"
    assert answer.header("content-length") is None
    assert parse(answer.body) == [expected]


@pytest.mark.parametrize("field", ["event", "id"])
@pytest.mark.parametrize("character", ["\n", "\r", "\0"])
def test_event_cannot_be_split(field, character):
    """A line break in a name or an id would begin another field; it is refused."""
    with pytest.raises(ValueError, match=field):
        Event("a", **{field: f"x{character}data: forged"})


@pytest.mark.parametrize("kind", ["plain", "async"])
def test_heartbeat(app, kind):
    """While nothing happens, comments keep the line open."""

    def plain():
        time.sleep(0.1)
        yield "late"

    async def awaited():
        await asyncio.sleep(0.1)
        yield "late"

    make = plain if kind == "plain" else awaited
    app.add_url_rule("/", "index", lambda: EventStream(make(), heartbeat=0.03, retry=3))
    answer = run(ask(app))
    assert answer.pieces[0] == b"retry: 3000\n\n"
    assert answer.pieces.count(b":\n\n") >= 2
    assert answer.pieces[-1] == b"data: late\n\n"


def test_stream_goes_on_after_the_last_event(app):
    """A browser that comes back says which event it had."""

    @app.get("/")
    async def feed():
        last = int(request.headers.get("Last-Event-ID", 0))

        async def events():
            for number in range(last + 1, last + 3):
                yield Event(str(number), id=number)

        return EventStream(events())

    assert [event["id"] for event in parse(run(ask(app)).body)] == ["1", "2"]
    again = run(ask(app, headers=[("last-event-id", "2")]))
    assert [event["id"] for event in parse(again.body)] == ["3", "4"]


def test_disconnect_while_nothing_happens(app):
    """A client that leaves a silent stream ends its generator."""
    ended = []

    @app.get("/")
    async def feed():
        @stream_with_context
        async def events():
            try:
                yield "first"
                await asyncio.sleep(30)
            finally:
                ended.append(request.path)

        return EventStream(events(), heartbeat=0.5)

    async def talk():
        client = Client()
        task = asyncio.create_task(app(make_scope(), client.receive, client.send))
        await asyncio.sleep(0.05)
        client.gone.set()
        await asyncio.wait_for(task, 5)

    run(talk())
    assert ended == ["/"]


def test_plain_generator_works_under_wsgi(app):
    """Under WSGI a plain generator is streamed, without heartbeat."""
    app.add_url_rule("/", "index", lambda: EventStream(iter(["a", {"b": 1}])))
    assert app.test_client().get("/").text == 'data: a\n\ndata: {"b": 1}\n\n'


def test_async_generator_under_wsgi_names_the_cure(app):
    """Under WSGI an asynchronous generator is an error that says what to do."""

    async def events():
        yield "a"

    app.add_url_rule("/", "index", lambda: EventStream(events()))
    with pytest.raises(RuntimeError, match="Serve the app by ASGI"):
        app.test_client().get("/")
