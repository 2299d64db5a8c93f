"""Compression (RFC 7692): what is agreed on, and what is compressed by it; else nothing is."""

from __future__ import annotations

import pytest
from websocket_engines import LIMIT
from websocket_wire import (
    BINARY,
    CONTINUATION,
    GONE,
    PING,
    TEXT,
    close_frame,
    compress,
    fragments,
    frame,
    noise,
)

DEFLATE = "permessage-deflate"


@pytest.fixture
def deflated(wire, server):
    """Return a function that shakes hands with an offer; it must be taken."""
    if not server.compresses:
        pytest.skip(f"{server.name} does not compress")

    def open_with(offer=DEFLATE, path="/echo"):
        wire.open(path, Sec_WebSocket_Extensions=offer)
        assert wire.deflate is not None, "the offer was not taken"
        return wire.deflate

    return open_with


OFFERS = {
    "plain": (DEFLATE, 15),
    "server-no-context": (f"{DEFLATE}; server_no_context_takeover", 15),
    "client-no-context": (f"{DEFLATE}; client_no_context_takeover", 15),
    "both-no-context": (
        f"{DEFLATE}; server_no_context_takeover; client_no_context_takeover",
        15,
    ),
    "client-bits": (f"{DEFLATE}; client_max_window_bits", 15),
    "client-bits-10": (f"{DEFLATE}; client_max_window_bits=10", 10),
    "server-bits-10": (f"{DEFLATE}; server_max_window_bits=10", 15),
    "server-bits-15": (f"{DEFLATE}; server_max_window_bits=15", 15),
    "quoted": (f'{DEFLATE}; server_max_window_bits="12"', 15),
    "spaces": (f"  {DEFLATE}  ;  client_max_window_bits  ", 15),
    "after-an-unknown": (f"x-unknown; a=1, {DEFLATE}", 15),
    "second-offer-wider": (f"{DEFLATE}; server_max_window_bits=9, {DEFLATE}", 15),
}


@pytest.mark.parametrize(("offer", "bits"), OFFERS.values(), ids=OFFERS)
def test_offers(wire, deflated, offer, bits):
    """An offer is taken on its terms, and messages pass both ways by them."""
    agreed = deflated(offer)
    asked = offer.replace('"', "")
    if "server_no_context_takeover" in asked:
        assert "server_no_context_takeover" in agreed
    if "server_max_window_bits=10" in asked:
        assert int(agreed["server_max_window_bits"]) <= 10
    if "client_max_window_bits" not in asked:
        assert "client_max_window_bits" not in agreed, "the client cannot know that (7.1.2.2)"
    else:
        bits = min(bits, int(agreed.get("client_max_window_bits") or 15))
    for text in ("Hello Hello Hello Hello", "é" * 5000, "", "Hello Hello Hello Hello"):
        wire.send(frame(TEXT, compress(text.encode(), bits), rsv=4))
        assert wire.hear() == ("text", text)
    wire.leave()


BAD_OFFERS = {
    "unknown-parameter": f"{DEFLATE}; level=9",
    "parameter-twice": f"{DEFLATE}; server_no_context_takeover; server_no_context_takeover",
    "server-bits-7": f"{DEFLATE}; server_max_window_bits=7",
    "server-bits-16": f"{DEFLATE}; server_max_window_bits=16",
    "server-bits-without-value": f"{DEFLATE}; server_max_window_bits",
    "server-bits-no-number": f"{DEFLATE}; server_max_window_bits=many",
    "client-bits-7": f"{DEFLATE}; client_max_window_bits=7",
    "client-bits-16": f"{DEFLATE}; client_max_window_bits=16",
    "no-context-with-value": f"{DEFLATE}; client_no_context_takeover=1",
    "other-name": "x-webkit-deflate-frame",
}


@pytest.mark.parametrize("offer", BAD_OFFERS.values(), ids=BAD_OFFERS)
def test_bad_offers(wire, offer):
    """An offer that is not legal is declined (7.1), and nothing is compressed; or it is a 400."""
    answer = wire.ask(Sec_WebSocket_Extensions=offer)
    if answer.status != 101:
        assert answer.status == 400
        return
    assert "sec-websocket-extensions" not in answer.headers
    wire.send(frame(TEXT, "plain"))
    assert wire.hear() == ("text", "plain")
    wire.leave()


MESSAGES = {
    "text": ([frame(TEXT, compress(b"Hello"), rsv=4)], [("text", "Hello")]),
    "binary": ([frame(BINARY, compress(b"\xff\x00"), rsv=4)], [("bytes", b"\xff\x00")]),
    "empty": ([frame(TEXT, compress(b""), rsv=4)], [("text", "")]),
    "empty-as-the-rfc-has-it": ([frame(BINARY, b"\x00", rsv=4)], [("bytes", b"")]),
    "as-the-rfc-has-it": (
        [frame(TEXT, b"\xf2\x48\xcd\xc9\xc9\x07\x00", rsv=4)],
        [("text", "Hello")],
    ),
    "in-a-stored-block": (
        [frame(TEXT, b"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", rsv=4)],
        [("text", "Hello")],
    ),
    "with-a-final-block": (
        [frame(TEXT, b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00", rsv=4)],
        [("text", "Hello")],
    ),
    "in-two-blocks": (
        [frame(TEXT, b"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", rsv=4)],
        [("text", "Hello")],
    ),
    "in-fragments": (
        [fragments(TEXT, b"\xf2\x48\xcd", b"\xc9\xc9\x07\x00", rsv=4)],
        [("text", "Hello")],
    ),
    "in-fragments-with-an-empty-last": (
        [fragments(TEXT, b"\xf2\x48\xcd\xc9\xc9\x07\x00", b"", rsv=4)],
        [("text", "Hello")],
    ),
    "in-fragments-of-a-byte": (
        [fragments(TEXT, *(bytes([n]) for n in b"\xf2\x48\xcd\xc9\xc9\x07\x00"), rsv=4)],
        [("text", "Hello")],
    ),
    "with-pings-between": (
        [fragments(TEXT, b"\xf2\x48\xcd", b"\xc9\xc9\x07\x00", rsv=4, between=frame(PING, b"p"))],
        [("pong", b"p"), ("text", "Hello")],
    ),
    "by-the-window-before": (
        [
            frame(TEXT, b"\xf2\x48\xcd\xc9\xc9\x07\x00", rsv=4),
            frame(TEXT, b"\xf2\x00\x11\x00\x00", rsv=4),
        ],
        [("text", "Hello"), ("text", "Hello")],
    ),
    "not-compressed-after-all": (
        [frame(TEXT, "plain"), frame(TEXT, compress(b"Hello"), rsv=4), frame(BINARY, b"plain")],
        [("text", "plain"), ("text", "Hello"), ("bytes", b"plain")],
    ),
    "without-compression": (
        [frame(BINARY, compress(b"a" * 300, level=0), rsv=4)],
        [("bytes", b"a" * 300)],
    ),
    "much": ([frame(TEXT, compress(b"abc" * 100_000), rsv=4)], [("text", "abc" * 100_000)]),
}


@pytest.mark.parametrize(("pieces", "heard"), MESSAGES.values(), ids=MESSAGES)
def test_messages(wire, deflated, pieces, heard):
    """What is legally compressed is understood (7.2)."""
    deflated()
    for piece in pieces:
        wire.send(piece)
    assert [wire.hear() for _ in heard] == heard
    wire.leave()


def test_noise(wire, deflated):
    """What cannot be made smaller passes, too."""
    deflated()
    for size in (1, 1000, 100_000):
        data = noise(size)
        wire.send(frame(BINARY, compress(data), rsv=4))
        assert wire.hear() == ("bytes", data)
    wire.leave()


ILLEGAL = {
    "rsv-4-on-a-continuation": (
        [frame(TEXT, compress(b"Hello")[:3], fin=False, rsv=4), frame(CONTINUATION, b"", rsv=4)],
        {1002},
    ),
    "rsv-4-on-a-ping": ([frame(PING, b"x", rsv=4)], {1002}),
    "rsv-4-on-a-close": ([close_frame(rsv=4)], {1002}),
    "rsv-2": ([frame(TEXT, b"x", rsv=2)], {1002}),
    "rsv-6": ([frame(TEXT, compress(b"x"), rsv=6)], {1002}),
    "no-deflate-at-all": ([frame(BINARY, b"\xff\xff\xff\xff", rsv=4)], {1002, 1003, 1007}),
    "a-bad-block": ([frame(BINARY, b"\x07\x00\x00", rsv=4)], {1002, 1003, 1007}),
    "no-text": ([frame(TEXT, compress(b"ok \xff"), rsv=4)], {1007}),
    "no-text-in-fragments": (
        [fragments(TEXT, *[compress(b"ok \xc3(")[:4], compress(b"ok \xc3(")[4:]], rsv=4)],
        {1007},
    ),
}


@pytest.mark.parametrize(("pieces", "codes"), ILLEGAL.values(), ids=ILLEGAL)
def test_illegal(wire, deflated, pieces, codes):
    """What is not legally compressed ends the connection (6.2, 7.2.2)."""
    deflated()
    wire.send(*pieces)
    kind, code, _ = wire.hear()
    assert kind == "close"
    assert code in codes
    assert wire.hear() == GONE


def test_bomb(wire, deflated):
    """A small frame that becomes too large a message is ended with 1009."""
    deflated()
    data = compress(b"\0" * (200 * LIMIT), level=9)
    assert len(data) < LIMIT
    wire.send(frame(BINARY, data, rsv=4))
    assert wire.hear()[:2] == ("close", 1009)
    assert wire.hear_all()[-1] == GONE


def test_not_agreed_on(wire):
    """Without an offer nothing is compressed, and what is breaks the protocol."""
    wire.open()
    assert wire.deflate is None
    wire.send(frame(TEXT, compress(b"Hello"), rsv=4))
    assert wire.hear()[:2] == ("close", 1002)
