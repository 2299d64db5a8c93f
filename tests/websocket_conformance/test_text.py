"""Text (RFC 6455, 5.6 and 8.1): UTF-8 is checked, wherever frames divide it."""

from __future__ import annotations

import pytest
from websocket_wire import BINARY, GONE, TEXT, fragments, frame

VALID = {
    "greek": "κόσμε",
    "emoji": "🎉🎉",
    "nul": "\x00",
    "last-of-one-byte": "\x7f",
    "first-of-two-bytes": "\x80",
    "last-of-two-bytes": "߿",
    "first-of-three-bytes": "ࠀ",
    "before-the-surrogates": "\ud7ff",
    "after-the-surrogates": "\ue000",
    "replacement": "\ufffd",
    "noncharacter": "\ufffe\uffff",
    "byte-order-mark": "\ufeffa",
    "first-of-four-bytes": "\U00010000",
    "last-of-all": "\U0010ffff",
    "line-breaks": "a\r\n\u2028b",
}


@pytest.mark.parametrize("text", VALID.values(), ids=VALID)
def test_valid(wire, text):
    """Every character comes back as it was, whole and cut at each byte."""
    data = text.encode()
    wire.open()
    wire.send(frame(TEXT, data))
    assert wire.hear() == ("text", text)
    wire.send(fragments(TEXT, *(data[n : n + 1] for n in range(len(data)))))
    assert wire.hear() == ("text", text)
    wire.leave()


INVALID = {
    "lone-continuation-80": b"\x80",
    "lone-continuation-bf": b"\xbf",
    "two-bytes-without-second": b"a\xc3",
    "two-bytes-wrong-second": b"\xc3(",
    "three-bytes-cut-after-two": b"\xe2\x82",
    "three-bytes-wrong-third": b"\xe2\x82(",
    "four-bytes-cut-after-three": b"\xf0\x9f\x8e",
    "four-bytes-wrong-second": b"\xf0(\x8c\xbc",
    "overlong-slash": b"\xc0\xaf",
    "overlong-nul": b"\xc0\x80",
    "overlong-three": b"\xe0\x80\xaf",
    "overlong-four": b"\xf0\x80\x80\xaf",
    "first-surrogate": b"\xed\xa0\x80",
    "last-surrogate": b"\xed\xbf\xbf",
    "surrogate-pair": b"\xed\xa0\xb5\xed\xb0\x80",
    "beyond-the-last": b"\xf4\x90\x80\x80",
    "five-bytes": b"\xf8\x88\x80\x80\x80",
    "six-bytes": b"\xfc\x84\x80\x80\x80\x80",
    "fe": b"\xfe",
    "ff": b"\xff",
    "latin-1": "café".encode("latin-1"),
    "good-then-bad": "κόσμε".encode() + b"\xed\xa0\x80" + b"edited",
    "bad-at-the-end-of-much": b"x" * 70_000 + b"\xff",
}


@pytest.mark.parametrize("data", INVALID.values(), ids=INVALID)
def test_invalid(wire, data):
    """A text message that is no UTF-8 ends the connection with 1007 (8.1)."""
    wire.open()
    wire.send(frame(TEXT, data))
    assert wire.hear()[:2] == ("close", 1007)
    assert wire.hear() == GONE


@pytest.mark.parametrize("data", INVALID.values(), ids=INVALID)
def test_invalid_across_fragments(wire, data):
    """It does wherever the frames divide it."""
    wire.open()
    middle = max(1, len(data) - 1)
    parts = [data[:middle], data[middle:]]
    if len(data) < 100:
        parts = [data[n : n + 1] for n in range(len(data))]
    wire.send(fragments(TEXT, b"ok ", *parts))
    assert wire.hear()[:2] == ("close", 1007)
    assert wire.hear() == GONE


@pytest.mark.parametrize(
    "data", [b"\xff", b"\xed\xa0\x80", b"\xc3"], ids=["ff", "surrogate", "cut"]
)
def test_binary_is_not_text(wire, data):
    """Binary messages hold any bytes."""
    wire.open()
    wire.send(frame(BINARY, data))
    assert wire.hear() == ("bytes", data)
    wire.send(fragments(BINARY, data, data))
    assert wire.hear() == ("bytes", data * 2)
    wire.leave()
