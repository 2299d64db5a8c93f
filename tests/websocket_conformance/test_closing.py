"""The end of a WebSocket (RFC 6455, 5.5.1 and 7): codes, reasons, half-closes, cuts."""

from __future__ import annotations

import signal
import time

import httpx
import pytest
from websocket_engines import serving
from websocket_wire import (
    CLOSE,
    CONTINUATION,
    GONE,
    PING,
    TEXT,
    Wire,
    close_frame,
    fragments,
    frame,
)

LEGAL = [
    1000,
    1001,
    1002,
    1003,
    1007,
    1008,
    1009,
    1010,
    1011,
    1012,
    1013,
    1014,
    3000,
    3999,
    4000,
    4999,
]
ILLEGAL = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 1999, 2000, 2999, 5000, 65535]


def end_of(server, name):
    """What the view of `/end/<name>` saw."""
    host, port = server.address
    deadline = time.monotonic() + 10
    while True:
        end = httpx.get(f"http://{host}:{port}/ends/{name}", timeout=10).json()["end"]
        if end is not None or time.monotonic() > deadline:
            return end
        time.sleep(0.02)


@pytest.mark.parametrize("code", LEGAL)
def test_client_closes(wire, server, code):
    """The server answers the code it got, ends the connection, and the view is told."""
    wire.open(f"/end/code-{code}")
    wire.leave(code, "because")
    assert end_of(server, f"code-{code}") == ["WebsocketDisconnected", code, "because"]


@pytest.mark.parametrize("code", ILLEGAL)
def test_client_closes_with_an_illegal_code(wire, code):
    """A code that may not be sent is a protocol error (7.4)."""
    wire.open()
    wire.send(close_frame(code))
    assert wire.hear()[:2] == ("close", 1002)
    assert wire.hear() == GONE


def test_client_closes_without_a_code(wire, server):
    """An empty close is answered, and the view is told 1005 (7.1.5)."""
    wire.open("/end/no-code")
    wire.send(frame(CLOSE))
    kind, code, reason = wire.hear()
    assert (kind, reason) == ("close", "")
    assert code in {1005, 1000}
    assert wire.ends()
    assert end_of(server, "no-code") == ["WebsocketDisconnected", 1005, ""]


REASONS = {
    "none": "",
    "short": "bye",
    "beyond-ascii": "schön",
    "longest": "x" * 123,
    "longest-utf-8": "é" * 61,
}


@pytest.mark.parametrize("reason", REASONS.values(), ids=REASONS)
def test_reasons(wire, server, reason):
    """A reason of up to 123 bytes reaches the view."""
    name = f"reason-{len(reason)}-{reason[:1].isascii()}"
    wire.open(f"/end/{name}")
    wire.leave(4000, reason)
    assert end_of(server, name) == ["WebsocketDisconnected", 4000, reason]


BAD_REASONS = {"ff": b"\xff", "cut": b"bye \xe2\x82", "surrogate": b"\xed\xa0\x80"}


@pytest.mark.parametrize("reason", BAD_REASONS.values(), ids=BAD_REASONS)
def test_reason_that_is_no_text(wire, reason):
    """A reason that is no UTF-8 fails the connection: 1007, or 1002 as an error of the frame."""
    wire.open()
    wire.send(close_frame(1000, reason))
    kind, code, _ = wire.hear()
    assert kind == "close"
    assert code in {1002, 1007}
    assert wire.hear() == GONE


NOTHING_AFTER = {
    "text": frame(TEXT, "after"),
    "ping": frame(PING, b"after"),
    "another-close": close_frame(4000),
    "what-would-be-an-error": frame(3, b"after"),
}


@pytest.mark.parametrize("after", NOTHING_AFTER.values(), ids=NOTHING_AFTER)
def test_nothing_counts_after_a_close(wire, after):
    """What a client sends after its close is ignored (5.5.1)."""
    wire.open()
    wire.send(close_frame(1000) + after)
    assert wire.hear_all() == [("close", 1000, ""), GONE]


def test_close_within_a_message(wire):
    """A close may come between fragments; the message that was begun is dropped (5.4)."""
    wire.open()
    wire.send(frame(TEXT, "begun", fin=False), close_frame(1001))
    assert wire.hear() == ("close", 1001, "")
    assert wire.ends()


def test_message_before_a_close(wire, server):
    """What came before the close is handed to the view."""
    wire.open("/end/before")
    wire.send(b"".join(frame(TEXT, str(n)) for n in range(5)) + close_frame(4003, "done"))
    assert wire.hear() == ("close", 4003, "done")
    assert end_of(server, "before") == ["WebsocketDisconnected", 4003, "done"]


def test_close_byte_by_byte(wire):
    """A close frame may come in pieces."""
    wire.open()
    wire.dribble(close_frame(1000, "slowly"))
    assert wire.hear() == ("close", 1000, "slowly")
    assert wire.ends()


# The app closes


@pytest.mark.parametrize("code", [1000, 1001, 1003, 1008, 1011, 1013, 3000, 4000, 4999])
def test_app_closes(wire, code):
    """Code and reason of the app are sent, and the connection is ended."""
    wire.open(f"/close?code={code}&reason=gr%C3%BCn")
    assert wire.hear() == ("close", code, "grün")
    wire.send(close_frame(code))
    assert wire.ends()


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65536])
def test_app_closes_with_an_illegal_code(wire, code):
    """A code that may not be sent is refused to the app, and never sent (7.4)."""
    wire.open(f"/close?code={code}")
    assert wire.hear() == ("close", 4999, "refused")


@pytest.mark.parametrize(
    ("length", "heard"),
    [(123, ("close", 1000, "x" * 123)), (124, ("close", 4999, "refused"))],
    ids=["longest", "too-long"],
)
def test_app_closes_with_a_long_reason(wire, length, heard):
    """A reason of more than 123 bytes is refused to the app (5.5)."""
    wire.open("/close?code=1000&reason=" + "x" * length)
    assert wire.hear() == heard


def test_app_closes_after_a_message(wire):
    """A view may close when it has heard enough."""
    wire.open("/close?code=4000&after=1")
    wire.send(frame(TEXT, "go"))
    assert wire.hear() == ("close", 4000, "")
    wire.send(close_frame(4000))
    assert wire.ends()


def test_app_closes_while_it_receives(wire):
    """One task of the app may close while another waits for a message."""
    wire.open("/close-while-receiving")
    assert wire.hear() == ("close", 4001, "from beside")
    wire.send(close_frame(4001))
    assert wire.ends()


def test_both_close(wire):
    """When both close at a time, each takes the other's close for the answer (7.1.3)."""
    wire.open("/close?code=4000&after=1")
    wire.send(frame(TEXT, "go") + close_frame(4005))
    kind, code, _ = wire.hear()
    assert kind == "close"
    assert code in {4000, 4005}
    assert wire.ends()


def test_client_that_does_not_answer_a_close(wire):
    """The server ends the connection by itself after a while (7.1.1)."""
    wire.open("/close?code=4000")
    assert wire.hear() == ("close", 4000, "")
    assert wire.ends()


def test_messages_after_the_apps_close(wire):
    """What a client sends that has not seen the close yet does no harm."""
    wire.open("/close?code=4000&after=1")
    wire.send(frame(TEXT, "go"), frame(TEXT, "more"), frame(PING, b"x"))
    heard = [what for what in [wire.hear(), wire.hear()] if what[0] != "pong"]
    assert heard[0] == ("close", 4000, "")


def test_app_that_goes_on_after_its_close(wire, server):
    """The app's close does not wait for its view to end, nor the other way round."""
    wire.open("/close-and-go-on")
    assert wire.hear() == ("close", 4002, "")
    assert end_of(server, "close-and-go-on") == "closed"
    wire.send(close_frame(4002))
    assert wire.ends()


def test_error_in_the_view(wire):
    """An error closes with 1011, and says nothing of itself."""
    wire.open("/fail-later")
    wire.send(frame(TEXT, "go"))
    assert wire.hear() == ("close", 1011, "")
    wire.send(close_frame(1011))
    assert wire.ends()


# No close at all


def test_half_close(wire, server):
    """A client that only stops sending is gone: no close came, so the view is told 1006 (7.1.5)."""
    wire.open("/end/half")
    wire.end_sending()
    assert wire.hear_all()[-1] == GONE
    assert end_of(server, "half")[:2] == ["WebsocketDisconnected", 1006]


def test_half_close_within_a_frame(wire, server):
    """It is where it stops amidst a frame."""
    wire.open("/end/half-frame")
    wire.send(frame(TEXT, "x" * 100)[:50])
    wire.end_sending()
    assert wire.hear_all()[-1] == GONE
    assert end_of(server, "half-frame")[:2] == ["WebsocketDisconnected", 1006]


def test_half_close_within_a_message(wire, server):
    """It is where it stops between fragments."""
    wire.open("/end/half-message")
    wire.send(frame(TEXT, "a", fin=False), frame(CONTINUATION, "b", fin=False))
    wire.end_sending()
    assert wire.hear_all()[-1] == GONE
    assert end_of(server, "half-message")[:2] == ["WebsocketDisconnected", 1006]


def test_half_close_after_a_close(wire, server):
    """A client may stop sending when it has sent its close."""
    wire.open("/end/half-closed")
    wire.send(close_frame(4000, "so"))
    wire.end_sending()
    assert wire.hear() == ("close", 4000, "so")
    assert wire.ends()
    assert end_of(server, "half-closed") == ["WebsocketDisconnected", 4000, "so"]


def test_cut(wire, server):
    """A connection that is reset is told to the view as 1006."""
    import socket
    import struct

    wire.open("/end/cut")
    wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wire.socket.close()
    assert end_of(server, "cut")[:2] == ["WebsocketDisconnected", 1006]


def test_view_ends_by_itself(wire):
    """The end of a view is a close with 1000."""
    wire.open("/push?size=3&count=1")
    assert wire.hear() == ("bytes", b"\0\0\0")
    assert wire.hear() == ("close", 1000, "")
    wire.send(close_frame(1000))
    assert wire.ends()


def test_empty_fragments_then_close(wire):
    """A message of nothing is one, too, and does not disturb the closing."""
    wire.open()
    wire.send(fragments(TEXT, "", ""))
    assert wire.hear() == ("text", "")
    wire.leave()


def test_server_stops(server, tmp_path):
    """A server that is told to stop closes with 1001, and ends when the client has answered."""
    with serving(server.name, tmp_path) as stopped, Wire(stopped.address) as wire:
        wire.open()
        wire.send(frame(TEXT, "a"))
        assert wire.hear() == ("text", "a")
        stopped.process.send_signal(signal.SIGTERM)
        kind, code, _ = wire.hear()
        assert (kind, code) == ("close", 1001)
        wire.send(close_frame(1001))
        assert wire.hear_all() == [GONE]
        assert stopped.process.wait(20) == 0
