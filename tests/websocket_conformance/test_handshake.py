"""Handshakes (RFC 6455, 4): which are answered with an upgrade, and how all others are refused."""

from __future__ import annotations

import base64
import hashlib
import os

import pytest
from websocket_wire import KEY, TEXT, frame

GOOD = {
    "as-the-rfc-has-it": {},
    "upgrade-in-capitals": {"Upgrade": "WebSocket"},
    "connection-in-capitals": {"Connection": "UPGRADE"},
    "connection-as-a-list": {"Connection": "keep-alive, Upgrade"},
    "connection-as-a-list-without-space": {"Connection": "Upgrade,keep-alive"},
    "names-in-small-letters": {
        "drop": {"Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version"},
        "more": [
            ("upgrade", "websocket"),
            ("connection", "Upgrade"),
            ("sec-websocket-key", KEY),
            ("sec-websocket-version", "13"),
        ],
    },
    "names-in-capitals": {
        "drop": {"Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version"},
        "more": [
            ("UPGRADE", "websocket"),
            ("CONNECTION", "Upgrade"),
            ("SEC-WEBSOCKET-KEY", KEY),
            ("SEC-WEBSOCKET-VERSION", "13"),
        ],
    },
    "spaces-around-values": {"Upgrade": "  websocket  ", "Connection": " Upgrade\t"},
    "an-origin": {"Host": "localhost", "Origin": "http://localhost"},
    "unknown-headers": {"X-Something": "1"},
    "cookies": {"Cookie": "a=1; b=2"},
    "a-query": {"path": "/echo?a=1&b=%20"},
    "an-escaped-path": {"path": "/%65cho"},
    "a-path-beyond-ascii": {"path": "/%C3%A9ch%C3%B4"},
    "an-unknown-extension": {"Sec-WebSocket-Extensions": "x-unknown; level=9"},
    "a-subprotocol-nobody-wants": {"Sec-WebSocket-Protocol": "x-unknown"},
}


@pytest.mark.parametrize("handshake", GOOD.values(), ids=GOOD)
def test_accepted(wire, handshake):
    """A legal handshake is accepted; nothing is agreed on that was not offered and chosen."""
    handshake = dict(handshake)
    handshake.setdefault("path", "/echo")
    answer = wire.open(handshake.pop("path"), **handshake)
    assert "sec-websocket-extensions" not in answer.headers
    assert "sec-websocket-protocol" not in answer.headers
    wire.send(frame(TEXT, "hello"))
    assert wire.hear() == ("text", "hello")
    wire.leave()


def test_accept_key(wire):
    """The answer to the key is computed from it (4.2.2)."""
    key = base64.b64encode(os.urandom(16)).decode()
    answer = wire.ask(Sec_WebSocket_Key=key)
    guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    expected = base64.b64encode(hashlib.sha1((key + guid).encode()).digest()).decode()
    assert answer.headers["sec-websocket-accept"] == expected


def test_slow_handshake(wire):
    """A handshake may come byte by byte."""
    head = (
        f"GET /echo HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    wire.dribble(head.encode())
    assert wire.read_answer().status == 101
    wire.leave()


BAD = {
    **{f"method-{name}": {"method": name} for name in ("POST", "PUT", "DELETE", "OPTIONS", "HEAD")},
    "http-1.0": {"version": "HTTP/1.0"},
    "no-upgrade": {"drop": {"Upgrade"}},
    "another-upgrade": {"Upgrade": "h2c"},
    "no-connection": {"drop": {"Connection"}},
    "connection-without-upgrade": {"Connection": "keep-alive"},
    "no-key": {"drop": {"Sec-WebSocket-Key"}},
    "empty-key": {"Sec-WebSocket-Key": ""},
    "short-key": {"Sec-WebSocket-Key": base64.b64encode(b"x" * 15).decode()},
    "long-key": {"Sec-WebSocket-Key": base64.b64encode(b"x" * 17).decode()},
    "key-that-is-no-base64": {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25j!!=="},
    "two-keys": {"more": [("Sec-WebSocket-Key", KEY)]},
    "no-host": {"drop": {"Host"}},
    "two-hosts": {"more": [("Host", "elsewhere.example")]},
}


@pytest.mark.parametrize("handshake", BAD.values(), ids=BAD)
def test_refused(wire, handshake):
    """What is no handshake is answered as HTTP, with an error; never with an upgrade (4.2.1)."""
    answer = wire.ask(**handshake)
    assert 400 <= answer.status < 500


VERSIONS = {
    "none": {"drop": {"Sec-WebSocket-Version"}},
    **{f"version-{number}": {"Sec-WebSocket-Version": number} for number in ("0", "8", "12", "14")},
    "no-number": {"Sec-WebSocket-Version": "thirteen"},
    "two": {"more": [("Sec-WebSocket-Version", "8")]},
}


@pytest.mark.parametrize("handshake", VERSIONS.values(), ids=VERSIONS)
def test_versions(wire, handshake):
    """Another version than 13 is refused (4.2.2, 4.4)."""
    answer = wire.ask(**handshake)
    assert 400 <= answer.status < 500


def test_version_to_use_is_named(wire):
    """The answer to another version names the one that is spoken (4.4)."""
    answer = wire.ask(Sec_WebSocket_Version="8")
    assert answer.status in {400, 426}
    assert answer.headers["sec-websocket-version"] == "13"


# Subprotocols (4.1, 4.2.2)

PROTOCOLS = {
    "first": ("chat", ["chat, superchat"], "chat"),
    "second": ("superchat", ["chat, superchat"], "superchat"),
    "in-two-headers": ("superchat", ["chat", "superchat"], "superchat"),
    "without-space": ("superchat", ["chat,superchat"], "superchat"),
    "none-chosen": (None, ["chat, superchat"], None),
}


@pytest.mark.parametrize(("choice", "offers", "expected"), PROTOCOLS.values(), ids=PROTOCOLS)
def test_subprotocols(wire, choice, offers, expected):
    """The app sees what is offered, in order, and what it chooses is answered: one or none."""
    answer = wire.open(
        "/protocols" + (f"?choose={choice}" if choice else ""),
        more=[("Sec-WebSocket-Protocol", offer) for offer in offers],
    )
    assert answer.headers["x-offered"] == "chat|superchat"
    assert answer.headers.get("sec-websocket-protocol") == expected
    wire.leave()


def test_subprotocol_that_was_not_offered(wire):
    """One that the client did not offer is never answered: here it is the app's error."""
    answer = wire.ask("/protocols?choose=other", Sec_WebSocket_Protocol="chat")
    assert answer.status == 500


# What the app refuses

REFUSALS = {
    "no-such-path": ("/none", 404),
    "a-page": ("/page", 400),
    "by-a-check": ("/refused", 403),
    "closed-before-accepted": ("/refuse", 403),
    "error-before-accepted": ("/fail", 500),
}


@pytest.mark.parametrize(("path", "status"), REFUSALS.values(), ids=REFUSALS)
def test_refused_by_the_app(wire, path, status):
    """The app's answer takes the place of the upgrade."""
    answer = wire.ask(path)
    assert answer.status == status
    if path == "/refused":
        assert answer.headers["x-why"] == "it is a test"
        assert answer.body == b"not you"


def test_page_without_upgrade(wire):
    """The same server answers pages, on a path that has no WebSocket."""
    answer = wire.ask("/page", drop={"Upgrade", "Connection"})
    assert (answer.status, answer.body) == (200, b"page, asked for by GET")
