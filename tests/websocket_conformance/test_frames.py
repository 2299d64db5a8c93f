"""Frames (RFC 6455, 5): lengths, masks, fragments, control frames, and what may not be."""

from __future__ import annotations

import pytest
from websocket_wire import (
    BINARY,
    CLOSE,
    CONTINUATION,
    GONE,
    PING,
    PONG,
    TEXT,
    close_frame,
    fragments,
    frame,
    noise,
)

SIZES = [0, 1, 2, 124, 125, 126, 127, 128, 4095, 65535, 65536, 65537, 1_000_000]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("opcode", [TEXT, BINARY], ids=["text", "binary"])
def test_lengths(wire, opcode, size):
    """Messages of every length come back as they were, in every encoding of the length (5.2)."""
    data = "x" * size if opcode == TEXT else noise(size)
    wire.open()
    wire.send(frame(opcode, data))
    assert wire.hear() == (("text" if opcode == TEXT else "bytes"), data)
    wire.leave()


LONG_FORMS = [(0, 16), (1, 16), (125, 16), (0, 64), (1, 64), (125, 64), (126, 64), (65535, 64)]


@pytest.mark.parametrize(("size", "form"), LONG_FORMS)
def test_longer_encodings(wire, size, form):
    """A length in more bytes than needed is an error of the client's: 1002, or taken as it is.

    5.2 forbids to send it, and does not say what a server does.
    """
    data = noise(size)
    wire.open()
    wire.send(frame(BINARY, data, form=form))
    heard = wire.hear()
    assert heard == ("bytes", data) or heard[:2] == ("close", 1002)


WHOLE = {
    "mask-of-zeros": ([frame(TEXT, "abcde", mask=b"\0\0\0\0")], [("text", "abcde")]),
    "mask-of-ones": ([frame(TEXT, "abcde", mask=b"\xff\xff\xff\xff")], [("text", "abcde")]),
    "mask-that-hides-the-payload": ([frame(BINARY, b"wxyz", mask=b"wxyz")], [("bytes", b"wxyz")]),
    "each-frame-its-mask": (
        [
            frame(TEXT, "ab", fin=False, mask=b"1234"),
            frame(CONTINUATION, "cd", fin=False, mask=b"\0\0\0\0"),
            frame(CONTINUATION, "ef", mask=b"\xff\0\xff\0"),
        ],
        [("text", "abcdef")],
    ),
    "two-in-one-packet": (
        [frame(TEXT, "a") + frame(BINARY, b"b")],
        [("text", "a"), ("bytes", b"b")],
    ),
    "ten-in-one-packet": (
        [b"".join(frame(TEXT, str(n)) for n in range(10))],
        [("text", str(n)) for n in range(10)],
    ),
    "two-fragments": ([fragments(TEXT, "Hel", "lo")], [("text", "Hello")]),
    "three-binary-fragments": (
        [fragments(BINARY, b"\x00", b"\xff", b"\x80")],
        [("bytes", b"\x00\xff\x80")],
    ),
    "fragments-in-packets": (
        [frame(TEXT, "Hel", fin=False), frame(CONTINUATION, "lo")],
        [("text", "Hello")],
    ),
    "first-fragment-empty": ([fragments(TEXT, "", "a")], [("text", "a")]),
    "middle-fragment-empty": ([fragments(TEXT, "a", "", "b")], [("text", "ab")]),
    "last-fragment-empty": ([fragments(TEXT, "a", "")], [("text", "a")]),
    "all-fragments-empty": ([fragments(BINARY, b"", b"", b"")], [("bytes", b"")]),
    "a-thousand-fragments": ([fragments(TEXT, *"x" * 1000)], [("text", "x" * 1000)]),
    "large-fragments": (
        [fragments(BINARY, b"a" * 70_000, b"b" * 70_000, b"c" * 300)],
        [("bytes", b"a" * 70_000 + b"b" * 70_000 + b"c" * 300)],
    ),
    "messages-after-each-other": (
        [fragments(TEXT, "a", "b"), frame(TEXT, "c"), fragments(BINARY, b"d", b"e")],
        [("text", "ab"), ("text", "c"), ("bytes", b"de")],
    ),
    # Control frames
    "ping": ([frame(PING)], [("pong", b"")]),
    "ping-with-payload": ([frame(PING, b"\x00\xff\xfe")], [("pong", b"\x00\xff\xfe")]),
    "ping-of-125-bytes": ([frame(PING, b"p" * 125)], [("pong", b"p" * 125)]),
    "pong-unasked": ([frame(PONG), frame(TEXT, "a")], [("text", "a")]),
    "pong-unasked-with-payload": ([frame(PONG, b"p" * 125), frame(TEXT, "a")], [("text", "a")]),
    "pong-then-ping": ([frame(PONG, b"a"), frame(PING, b"b")], [("pong", b"b")]),
    "ping-between-fragments": (
        [fragments(TEXT, "a", "b", between=frame(PING, b"p"))],
        [("pong", b"p"), ("text", "ab")],
    ),
    "pong-between-fragments": (
        [fragments(TEXT, "a", "b", between=frame(PONG, b"p"))],
        [("text", "ab")],
    ),
    "pings-between-many-fragments": (
        [
            frame(TEXT, "a", fin=False),
            frame(PING, b"1"),
            frame(CONTINUATION, "b", fin=False),
            frame(PING, b"2"),
            frame(CONTINUATION, "c"),
        ],
        [("pong", b"1"), ("pong", b"2"), ("text", "abc")],
    ),
    "empty-ping-between-fragments": (
        [fragments(BINARY, b"", b"x", between=frame(PING))],
        [("pong", b""), ("bytes", b"x")],
    ),
}


@pytest.mark.parametrize(("pieces", "heard"), WHOLE.values(), ids=WHOLE)
def test_messages(wire, pieces, heard):
    """What is legal is understood."""
    wire.open()
    for piece in pieces:
        wire.send(piece)
    assert [wire.hear() for _ in heard] == heard
    wire.leave()


SLOW = ["two-fragments", "ping-between-fragments", "ping-of-125-bytes", "two-in-one-packet"]


@pytest.mark.parametrize("name", SLOW)
def test_byte_by_byte(wire, name):
    """Frames may come in packets of any size."""
    pieces, heard = WHOLE[name]
    wire.open()
    wire.dribble(b"".join(pieces))
    assert [wire.hear() for _ in heard] == heard
    wire.leave()


def test_many_pings(wire):
    """Of many pings the last is answered; others may be passed over (5.5.3)."""
    wire.open()
    wire.send(b"".join(frame(PING, str(n)) for n in range(20)))
    numbers = [-1]
    while numbers[-1] != 19:
        kind, payload = wire.hear()
        assert kind == "pong"
        assert int(payload) > numbers[-1]
        numbers.append(int(payload))
    wire.leave()


ILLEGAL = {
    **{f"opcode-{n}": [frame(n, b"x")] for n in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)},
    "opcode-3-after-a-message": [frame(TEXT, "a"), frame(3, b"")],
    "opcode-11-between-fragments": [fragments(TEXT, "a", "b", between=frame(11))],
    # Reserved bits without an extension that has agreed on them
    **{f"rsv-{n}-text": [frame(TEXT, "x", rsv=n)] for n in (1, 2, 3, 4, 5, 6, 7)},
    "rsv-1-binary": [frame(BINARY, b"x", rsv=1)],
    "rsv-4-binary": [frame(BINARY, b"x", rsv=4)],
    "rsv-2-ping": [frame(PING, b"x", rsv=2)],
    "rsv-4-ping": [frame(PING, b"x", rsv=4)],
    "rsv-4-pong": [frame(PONG, b"x", rsv=4)],
    "rsv-4-close": [close_frame(rsv=4)],
    "rsv-1-continuation": [frame(TEXT, "a", fin=False), frame(CONTINUATION, "b", rsv=1)],
    "rsv-4-continuation": [frame(TEXT, "a", fin=False), frame(CONTINUATION, "b", rsv=4)],
    # Masks (5.1)
    "no-mask-text": [frame(TEXT, "x", mask=None)],
    "no-mask-empty-text": [frame(TEXT, "", mask=None)],
    "no-mask-binary": [frame(BINARY, b"x" * 126, mask=None)],
    "no-mask-ping": [frame(PING, b"x", mask=None)],
    "no-mask-close": [close_frame(mask=None)],
    "no-mask-continuation": [frame(TEXT, "a", fin=False), frame(CONTINUATION, "b", mask=None)],
    # Control frames (5.5)
    "ping-of-126-bytes": [frame(PING, b"x" * 126)],
    "pong-of-126-bytes": [frame(PONG, b"x" * 126)],
    "close-of-126-bytes": [close_frame(1000, b"x" * 124)],
    "ping-of-70000-bytes": [frame(PING, b"x" * 70_000)],
    "ping-fragment": [frame(PING, b"x", fin=False)],
    "pong-fragment": [frame(PONG, b"x", fin=False)],
    "close-fragment": [close_frame(fin=False)],
    "ping-in-two-fragments": [fragments(PING, b"a", b"b")],
    # Fragments (5.4)
    "continuation-of-nothing": [frame(CONTINUATION, "x")],
    "open-continuation-of-nothing": [frame(CONTINUATION, "x", fin=False)],
    "continuation-after-a-message": [frame(TEXT, "a"), frame(CONTINUATION, "x")],
    "continuation-after-a-ping": [frame(PING), frame(CONTINUATION, "x")],
    "text-within-text": [frame(TEXT, "a", fin=False), frame(TEXT, "b")],
    "binary-within-text": [frame(TEXT, "a", fin=False), frame(BINARY, b"b")],
    "open-text-within-binary": [frame(BINARY, b"a", fin=False), frame(TEXT, "b", fin=False)],
    # Closes (5.5.1)
    "close-of-one-byte": [frame(CLOSE, b"\x03")],
}


@pytest.mark.parametrize("pieces", ILLEGAL.values(), ids=ILLEGAL)
def test_protocol_errors(wire, pieces):
    """What breaks the protocol ends the connection with 1002; nothing after it is taken (7.1.7)."""
    wire.open()
    for piece in [*pieces, frame(TEXT, "after")]:
        wire.send(piece)
    heard = [what for what in wire.hear_all() if what[0] != "pong"]
    legal = sum(piece == frame(TEXT, "a") for piece in pieces)
    assert ("text", "after") not in heard
    assert len(heard) <= legal + 2
    assert heard[-1] == GONE
    assert heard[-2][:2] == ("close", 1002)


@pytest.mark.parametrize("length", [2**63, 2**64 - 1], ids=["first-bit", "all-ones"])
def test_length_with_the_first_bit(wire, length):
    """A length's first bit must not be set (5.2): 1002, or 1009 for what is too large anyway."""
    wire.open()
    wire.send(frame(BINARY, b"x", form=64, length=length))
    kind, code, _ = wire.hear()
    assert kind == "close"
    assert code in {1002, 1009}
    assert wire.hear_all()[-1] == GONE
