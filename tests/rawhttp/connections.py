"""Cases of connections: pipelining, half-close, Expect, upgrades, keep-alive, odd packets."""

from __future__ import annotations

from rawhttp.case import ANY, BAD, CLOSED, DROPPED, OPEN, Case, Outcome, Seen, refused, taken
from rawhttp.wire import HALF_CLOSE, READ_100, Wait

SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
GET = b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
CHUNKS = b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
X, ABC = Seen("GET", "/x"), Seen("POST", "/x", b"abc")
ONE_AND_END = taken(X, then=CLOSED)


def case(name, rule, steps, *outcomes, methods=("GET",)):
    """Return a case."""
    steps = steps if isinstance(steps, tuple) else (steps,)
    return Case(name, rule, steps, outcomes, methods)


def get(*lines: bytes, version: bytes = b"1.1") -> bytes:
    """Return a GET with more headers."""
    return b"\r\n".join([b"GET /x HTTP/" + version, b"Host: a", *lines, b"", b""])


def post(*lines: bytes, body: bytes = b"", version: bytes = b"1.1") -> bytes:
    """Return a POST with more headers."""
    return b"\r\n".join([b"POST /x HTTP/" + version, b"Host: a", *lines, b"", body])


PIPELINED = [
    case("pipelined: two", "RFC 9112, 9.3.2", GET * 2, taken(X, X)),
    case("pipelined: 50", "RFC 9112, 9.3.2", GET * 50, taken(*[X] * 50)),
    case(
        "pipelined: a body between",
        "RFC 9112, 9.3.2",
        GET + POST + GET,
        taken(X, ABC, X),
        methods=("GET", "POST", "GET"),
    ),
    case(
        "pipelined: chunks between",
        "RFC 9112, 9.3.2",
        CHUNKS + GET + CHUNKS,
        taken(ABC, X, ABC),
        methods=("POST", "GET"),
    ),
    case(
        "pipelined: a HEAD first",
        "RFC 9110, 9.3.2",
        b"HEAD" + GET[3:] + GET,
        taken(Seen("HEAD", "/x"), X),
        methods=("HEAD", "GET"),
    ),
    case(
        "pipelined: a slow one first",
        "RFC 9112, 9.3.2",
        b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n" + GET,
        taken(Seen("GET", "/slow"), X),
    ),
    case(
        "pipelined: empty lines between",
        "RFC 9112, 2.2",
        POST + b"\r\n" + GET,
        taken(ABC, X),
        methods=("POST", "GET"),
    ),
    case(
        "pipelined: a broken one last",
        "RFC 9112, 9.3.2",
        GET + b"GET /y HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n" + SMUGGLED,
        Outcome((200, 400), (X,)),
    ),
    case(
        "pipelined: one without a Host last",
        "RFC 9112, 3.2",
        GET + b"GET /y HTTP/1.1\r\n\r\n" + SMUGGLED,
        Outcome((200, 400), (X,)),
    ),
    case(
        "pipelined: more after a close",
        "RFC 9112, 9.6",
        get(b"Connection: close") + SMUGGLED,
        ONE_AND_END,
    ),
    case(
        "pipelined: more after HTTP/1.0",
        "RFC 9112, 9.3",
        get(version=b"1.0") + SMUGGLED,
        ONE_AND_END,
    ),
    case(
        "pipelined: a header of 300 kB behind a slow one",
        "RFC 6585, 5",
        (
            b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET /y HTTP/1.1\r\nHost: a\r\nX: ",
            b"a" * 300_000,
        ),
        Outcome((200, 431), (Seen("GET", "/slow"),)),
        Outcome((200,), (Seen("GET", "/slow"),)),
    ),
    case(
        "pipelined: a broken body behind a slow one",
        "RFC 9112, 9.3.2",
        b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"
        b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + SMUGGLED,
        Outcome((200, 400), (Seen("GET", "/slow"),)),
        methods=("GET", "POST"),
    ),
    case(
        "pipelined: a broken one behind a slow one and another",
        "RFC 9112, 9.3.2",
        b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n" + GET + b"GET /y HTTP/1.1\r\nX\r\n\r\n" + SMUGGLED,
        Outcome((200, 200, 400), (Seen("GET", "/slow"), X)),
    ),
    case(
        "pipelined: garbage after a body",
        "RFC 9112, 6.3",
        POST + b"abc" + GET,
        Outcome((200, 400), (ABC,)),
        Outcome((200, 501), (ABC,)),
        methods=("POST", "GET"),
    ),
    case(
        "pipelined: both at the seams of packets",
        "RFC 9112, 9.3.2",
        (POST[:-1], Wait(0.02), POST[-1:] + GET[:20], Wait(0.02), GET[20:]),
        taken(ABC, X),
        methods=("POST", "GET"),
    ),
]

HALF_CLOSED = [
    case("half-close: after a request", "RFC 9112, 9.6", (GET, HALF_CLOSE), ONE_AND_END),
    case(
        "half-close: a moment after a request",
        "RFC 9112, 9.6",
        (GET, Wait(0.1), HALF_CLOSE),
        ONE_AND_END,
    ),
    case(
        "half-close: while a slow one runs",
        "RFC 9112, 9.6",
        (b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n", Wait(0.1), HALF_CLOSE),
        taken(Seen("GET", "/slow"), then=CLOSED),
    ),
    case(
        "half-close: after a body",
        "RFC 9112, 9.6",
        (POST, HALF_CLOSE),
        taken(ABC, then=CLOSED),
        methods=("POST",),
    ),
    case(
        "half-close: after chunks",
        "RFC 9112, 9.6",
        (CHUNKS, HALF_CLOSE),
        taken(ABC, then=CLOSED),
        methods=("POST",),
    ),
    case(
        "half-close: after two requests",
        "RFC 9112, 9.6",
        (GET * 2, HALF_CLOSE),
        taken(X, X, then=CLOSED),
    ),
    case(
        "half-close: after Connection: close",
        "RFC 9112, 9.6",
        (get(b"Connection: close"), HALF_CLOSE),
        ONE_AND_END,
    ),
    case("half-close: before a byte", "RFC 9112, 9.6", (HALF_CLOSE,), DROPPED),
    case(
        "half-close: within the request line",
        "RFC 9112, 8",
        (b"GET /x HT", HALF_CLOSE),
        BAD,
        DROPPED,
    ),
    case(
        "half-close: after the request line",
        "RFC 9112, 8",
        (b"GET /x HTTP/1.1\r\n", HALF_CLOSE),
        BAD,
        DROPPED,
    ),
    case(
        "half-close: within a header",
        "RFC 9112, 8",
        (b"GET /x HTTP/1.1\r\nHost: a\r\nX: y", HALF_CLOSE),
        BAD,
        DROPPED,
    ),
    case(
        "half-close: before the last line end",
        "RFC 9112, 8",
        (b"GET /x HTTP/1.1\r\nHost: a\r\n", HALF_CLOSE),
        BAD,
        DROPPED,
    ),
    case(
        "half-close: within the last line end",
        "RFC 9112, 8",
        (b"GET /x HTTP/1.1\r\nHost: a\r\n\r", HALF_CLOSE),
        BAD,
        DROPPED,
    ),
    case(
        "half-close: within the second request",
        "RFC 9112, 8",
        (GET, Wait(0.1), GET[:20], HALF_CLOSE),
        ONE_AND_END,
        Outcome((200, 400), (X,)),
    ),
]

EXPECT = b"Expect: 100-continue"
LENGTH = b"Content-Length: 3"

EXPECTATIONS = [
    case(
        "Expect: the body after 100",
        "RFC 9110, 10.1.1",
        (post(EXPECT, LENGTH), READ_100, b"abc"),
        taken(ABC),
        methods=("POST", "GET"),
    ),
    case(
        "Expect: in capitals",
        "RFC 9110, 10.1.1",
        (post(b"Expect: 100-CONTINUE", LENGTH), READ_100, b"abc"),
        taken(ABC),
        methods=("POST", "GET"),
    ),
    case(
        "Expect: chunks after 100",
        "RFC 9110, 10.1.1",
        (post(EXPECT, b"Transfer-Encoding: chunked"), READ_100, b"3\r\nabc\r\n0\r\n\r\n"),
        taken(ABC),
        methods=("POST", "GET"),
    ),
    case(
        "Expect: the body at once",
        "RFC 9110, 10.1.1",
        post(EXPECT, LENGTH, body=b"abc"),
        taken(ABC),
        methods=("POST", "GET"),
    ),
    case(
        "Expect: the body and the next request at once",
        "RFC 9110, 10.1.1",
        post(EXPECT, LENGTH, body=b"abc") + GET,
        taken(ABC, X),
        methods=("POST", "GET"),
    ),
    case("Expect: no body", "RFC 9110, 10.1.1", get(EXPECT), taken(X)),
    case(
        "Expect: an empty body",
        "RFC 9110, 10.1.1",
        post(EXPECT, b"Content-Length: 0"),
        taken(Seen("POST", "/x")),
        methods=("POST", "GET"),
    ),
    case(
        "Expect: by HTTP/1.0",
        "RFC 9110, 10.1.1",
        post(EXPECT, LENGTH, body=b"abc", version=b"1.0"),
        taken(ABC, then=CLOSED),
        methods=("POST",),
    ),
    case(
        "Expect: a body that is too large",
        "RFC 9110, 10.1.1",
        post(EXPECT, b"Content-Length: 2000000"),
        Outcome((413,), (), ANY),
        methods=("POST", "GET"),
    ),
    case(
        "Expect: a body that is too large, and there",
        "RFC 9110, 10.1.1",
        post(EXPECT, b"Content-Length: 2000000", body=b"a" * 5000),
        *refused(413),
        methods=("POST", "GET"),
    ),
    case(
        "Expect: a body that never comes",
        "RFC 9112, 8",
        (post(EXPECT, LENGTH), READ_100, HALF_CLOSE),
        BAD,
        DROPPED,
        methods=("POST",),
    ),
    case(
        "Expect: half a body",
        "RFC 9112, 8",
        (post(EXPECT, LENGTH), READ_100, b"ab", HALF_CLOSE),
        BAD,
        DROPPED,
        methods=("POST",),
    ),
    case(
        "Expect: something else", "RFC 9110, 10.1.1", get(b"Expect: the-unexpected"), *refused(417)
    ),
    case(
        "Expect: something else beside it",
        "RFC 9110, 10.1.1",
        post(b"Expect: 100-continue, other", LENGTH, body=b"abc"),
        *refused(417),
        taken(ABC),
        methods=("POST", "GET"),
    ),
    case(
        "Expect: with a bad Host",
        "RFC 9112, 3.2",
        b"POST /x HTTP/1.1\r\nHost: a/b\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n",
        BAD,
        methods=("POST",),
    ),
]

KEY = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="

UPGRADES = [
    case(
        "upgrade: to HTTP/2",
        "RFC 9110, 7.8",
        get(b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABk"),
        taken(X),
    ),
    case(
        "upgrade: to HTTP/2, with a body",
        "RFC 9110, 7.8",
        post(
            b"Connection: Upgrade",
            b"Upgrade: h2c",
            b"Content-Length: %d" % len(SMUGGLED),
            body=SMUGGLED,
        ),
        taken(Seen("POST", "/x", SMUGGLED)),
        BAD,
        methods=("POST", "GET"),
    ),
    case(
        "upgrade: to TLS",
        "RFC 9110, 7.8",
        get(b"Connection: Upgrade", b"Upgrade: TLS/1.0"),
        taken(X),
    ),
    case(
        "upgrade: to what nobody knows, then another request",
        "RFC 9110, 7.8",
        get(b"Connection: Upgrade", b"Upgrade: foo/2") + GET,
        taken(X, X),
    ),
    case("upgrade: not named in Connection", "RFC 9110, 7.8", get(b"Upgrade: websocket"), taken(X)),
    case(
        "upgrade: a WebSocket that the app has not",
        "RFC 6455, 4.2.2",
        get(b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 13", KEY),
        *refused(400, 403, 404),
        taken(X, status=400, then=ANY),
    ),
    case(
        "upgrade: a WebSocket with a body",
        "RFC 6455, 4.2.1",
        get(
            b"Connection: Upgrade",
            b"Upgrade: websocket",
            b"Sec-WebSocket-Version: 13",
            KEY,
            b"Content-Length: %d" % len(SMUGGLED),
        )
        + SMUGGLED,
        *refused(400, 403),
        taken(Seen("GET", "/x", SMUGGLED), status=400, then=ANY),
    ),
    case(
        "upgrade: a WebSocket with another version, and a request behind it",
        "RFC 6455, 4.4",
        get(b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 777", KEY)
        + b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n",
        *refused(400, 403, 426),
        Outcome((400, 200), (X, Seen("GET", "/next")), OPEN),
    ),
    case(
        "upgrade: a WebSocket by HTTP/1.0",
        "RFC 6455, 4.2.1",
        get(
            b"Connection: Upgrade",
            b"Upgrade: websocket",
            b"Sec-WebSocket-Version: 13",
            KEY,
            version=b"1.0",
        ),
        *refused(400, 403),
        taken(X, status=400, then=ANY),
    ),
]

KEPT = [
    case("connection: kept by HTTP/1.1", "RFC 9112, 9.3", GET, taken(X)),
    case("connection: close", "RFC 9112, 9.3", get(b"Connection: close"), ONE_AND_END),
    case("connection: close, in capitals", "RFC 9112, 9.3", get(b"Connection: CLOSE"), ONE_AND_END),
    case("connection: close in a list", "RFC 9112, 9.3", get(b"Connection: x, close"), ONE_AND_END),
    case(
        "connection: close in the second line",
        "RFC 9112, 9.3",
        get(b"Connection: x", b"Connection: close"),
        ONE_AND_END,
    ),
    case(
        "connection: close after a body",
        "RFC 9112, 9.3",
        post(b"Connection: close", LENGTH, body=b"abc"),
        taken(ABC, then=CLOSED),
        methods=("POST",),
    ),
    case("connection: HTTP/1.0", "RFC 9112, 9.3", get(version=b"1.0"), ONE_AND_END),
    case(
        "connection: HTTP/1.0 that keeps",
        "RFC 9112, 9.3",
        get(b"Connection: keep-alive", version=b"1.0"),
        taken(X, then=ANY),
    ),
    case("connection: that names Host", "RFC 9110, 7.6.1", get(b"Connection: host"), taken(X), BAD),
    case(
        "connection: that names Content-Length",
        "RFC 9110, 7.6.1",
        post(b"Connection: content-length", LENGTH, body=b"abc"),
        taken(ABC),
        BAD,
        methods=("POST", "GET"),
    ),
    case(
        "connection: Keep-Alive of nonsense",
        "RFC 9112, 9.3",
        get(b"Keep-Alive: timeout=-1, max=\xff"),
        taken(X),
        BAD,
    ),
]

PACKETS = [
    case("packets: byte by byte", "RFC 9112, 9", tuple(bytes([byte]) for byte in GET), taken(X)),
    case(
        "packets: chunks byte by byte",
        "RFC 9112, 9",
        tuple(bytes([byte]) for byte in CHUNKS),
        taken(ABC),
        methods=("POST", "GET"),
    ),
    *[
        case(
            f"packets: cut after {at} bytes",
            "RFC 9112, 9",
            (POST[:at], Wait(0.01), POST[at:]),
            taken(ABC),
            methods=("POST", "GET"),
        )
        for at in (1, 3, 4, 7, 15, 16, 17, 22, 25, len(POST) - 5, len(POST) - 4, len(POST) - 3)
    ],
]

CASES: list[Case] = [*PIPELINED, *HALF_CLOSED, *EXPECTATIONS, *UPGRADES, *KEPT, *PACKETS]
