"""Cases of where a body ends: lengths, codings, chunks, trailers, and both at once."""

from __future__ import annotations

from rawhttp.case import ANY, BAD, CLOSED, DROPPED, Case, Outcome, Seen, refused, taken
from rawhttp.wire import HALF_CLOSE, Wait

HOST = b"Host: a\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
ABC = b"3\r\nabc\r\n0\r\n\r\n"


def post(headers: bytes, body: bytes = b"", version: bytes = b"1.1") -> bytes:
    """Return a POST of /x."""
    return b"POST /x HTTP/" + version + b"\r\n" + HOST + headers + b"\r\n" + body


def chunked(body: bytes) -> bytes:
    """Return a POST of /x with these bytes as its chunks."""
    return post(CHUNKED, body)


def case(name, rule, steps, *outcomes, methods=("POST", "GET")):
    """Return a case of a POST."""
    steps = steps if isinstance(steps, tuple) else (steps,)
    return Case(name, rule, steps, outcomes, methods)


ABC_SEEN = taken(Seen("POST", "/x", b"abc"))
TWO = Outcome((200, 200), (Seen("POST", "/x", b"abc"), Seen("GET", "/next")), "open")
NEXT = b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n"
NO_CODING = refused(400, 501)


def _length(name, value, *outcomes, rule="RFC 9110, 8.6"):
    return case(
        f"Content-Length {name}",
        rule,
        post(b"Content-Length:" + value + b"\r\n", b"abc"),
        *outcomes,
    )


LENGTHS = [
    _length("of a plain body", b" 3", ABC_SEEN),
    _length("with blanks around it", b" \t 3 \t", ABC_SEEN, rule="RFC 9112, 5.1"),
    _length("without a blank", b"3", ABC_SEEN),
    _length("with leading zeros", b" 0003", ABC_SEEN, BAD),
    _length("with a sign", b" +3", BAD),
    _length("below zero", b" -3", BAD),
    _length("minus zero", b" -0", BAD),
    _length("hexadecimal", b" 0x3", BAD),
    _length("with a fraction", b" 3.0", BAD),
    _length("with an exponent", b" 3e0", BAD),
    _length("with an underscore", b" 1_0", BAD),
    _length("with a blank inside", b" 3 3", BAD),
    _length("with a comma", b" 3,", BAD),
    _length("empty", b"", BAD),
    _length("of a blank", b" ", BAD),
    _length("in Arabic digits", b" \xd9\xa3", BAD),
    _length("in full-width digits", b" \xef\xbc\x93", BAD),
    _length("with a superscript", b" \xb3", BAD),
    _length("with a vertical tab", b" \x0b3", BAD),
    _length("with a form feed after it", b" 3\x0c", BAD),
    _length("with a NUL after it", b" 3\0", BAD),
    _length("beyond 64 bits", b" 18446744073709551619", BAD, *refused(413)),
    _length("of 300 digits", b" " + b"9" * 300, BAD, *refused(413)),
    _length("in a list of equal ones", b" 3, 3", ABC_SEEN, BAD),
    _length("in a list of different ones", b" 3, 4", BAD),
    _length("with a parameter", b" 3;x", BAD),
    _length("that is folded", b" 3\r\n 0", BAD, rule="RFC 9112, 5.2"),
    case(
        "Content-Length twice, the same",
        "RFC 9110, 8.6",
        post(b"Content-Length: 3\r\nContent-Length: 3\r\n", b"abc"),
        ABC_SEEN,
        BAD,
    ),
    case(
        "Content-Length twice, first shorter",
        "RFC 9112, 6.3",
        post(b"Content-Length: 0\r\nContent-Length: %d\r\n" % len(SMUGGLED), SMUGGLED),
        BAD,
    ),
    case(
        "Content-Length twice, first longer",
        "RFC 9112, 6.3",
        post(b"Content-Length: %d\r\nContent-Length: 0\r\n" % len(SMUGGLED), SMUGGLED),
        BAD,
    ),
    case(
        "Content-Length with an underscore is no length",
        "bolthead serve",
        post(b"Content_Length: 3\r\n", NEXT),
        taken(Seen("POST", "/x", headers=(("Content-Length", None),)), Seen("GET", "/next")),
        BAD,
    ),
    case(
        "Content-Length with a space before the colon",
        "RFC 9112, 5.1",
        post(b"Content-Length : %d\r\n" % len(SMUGGLED), SMUGGLED),
        BAD,
    ),
    case(
        "Content-Length beyond what the app takes",
        "RFC 9110, 15.5.14",
        post(b"Content-Length: 2000000\r\n", b"abc"),
        *refused(413),
    ),
    case(
        "Content-Length of 18 digits",
        "RFC 9110, 15.5.14",
        post(b"Content-Length: 999999999999999999\r\n", b"abc"),
        *refused(400, 413),
    ),
    case(
        "a body that reads like a request",
        "RFC 9112, 6.3",
        post(b"Content-Length: %d\r\n" % len(SMUGGLED), SMUGGLED),
        taken(Seen("POST", "/x", SMUGGLED)),
    ),
    case(
        "a body and the next request in one packet",
        "RFC 9112, 6.3",
        post(b"Content-Length: 3\r\n", b"abc" + NEXT),
        TWO,
    ),
    case(
        "a body of a GET",
        "RFC 9110, 9.3.1",
        b"GET /x HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(SMUGGLED) + SMUGGLED,
        taken(Seen("GET", "/x", SMUGGLED)),
        BAD,
        methods=("GET",),
    ),
    case(
        "a body of a HEAD",
        "RFC 9110, 9.3.2",
        b"HEAD /x HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(SMUGGLED) + SMUGGLED,
        taken(Seen("HEAD", "/x", SMUGGLED)),
        BAD,
        methods=("HEAD", "GET"),
    ),
    case(
        "a body that the app does not read",
        "RFC 9112, 9.3",
        b"POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(SMUGGLED)
        + SMUGGLED,
        taken(Seen("POST", "/unread"), then=ANY),
    ),
    case(
        "a body of what is not allowed",
        "CVE-2022-29361",
        b"DELETE /unread HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(SMUGGLED)
        + SMUGGLED,
        taken(Seen("DELETE", "/unread"), status=405, then=ANY),
    ),
    case(
        "a body of 300 kB that the app does not read",
        "RFC 9112, 9.3",
        b"POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n" + b"a" * 300_000,
        taken(Seen("POST", "/unread"), then=ANY),
    ),
    case(
        "an empty body",
        "RFC 9112, 6.3",
        post(b"Content-Length: 0\r\n", NEXT),
        taken(Seen("POST", "/x"), Seen("GET", "/next")),
    ),
    case(
        "a POST that says nothing of a body",
        "RFC 9112, 6.3",
        post(b"", NEXT),
        taken(Seen("POST", "/x"), Seen("GET", "/next")),
    ),
    case(
        "a body byte by byte",
        "RFC 9112, 6.3",
        (post(b"Content-Length: 3\r\n"), b"a", Wait(0.02), b"b", Wait(0.02), b"c"),
        ABC_SEEN,
    ),
]


def _by_coding(method="POST", body=b"abc"):
    """Return what RFC 9112, 6.3 allows beside a refusal: the coding counts, then the end."""
    return taken(Seen(method, "/x", body, (("Content-Length", None),)), then=CLOSED)


BOTH = [
    case(
        "Content-Length, then Transfer-Encoding",
        "RFC 9112, 6.3",
        post(b"Content-Length: 6\r\n" + CHUNKED, b"0\r\n\r\n" + SMUGGLED),
        BAD,
        _by_coding(body=b""),
    ),
    case(
        "Transfer-Encoding, then Content-Length",
        "RFC 9112, 6.3",
        post(
            CHUNKED + b"Content-Length: 4\r\n",
            b"%x\r\n" % len(SMUGGLED) + SMUGGLED + b"\r\n0\r\n\r\n",
        ),
        BAD,
        _by_coding(body=SMUGGLED),
    ),
    case(
        "Transfer-Encoding with Content-Length: 0",
        "RFC 9112, 6.3",
        post(b"Content-Length: 0\r\n" + CHUNKED, ABC),
        BAD,
        _by_coding(),
    ),
    case(
        "both, of a GET",
        "RFC 9112, 6.3",
        b"GET /x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n" + CHUNKED + b"\r\n" + ABC,
        BAD,
        _by_coding("GET"),
        methods=("GET",),
    ),
    case(
        "both, by HTTP/1.0",
        "RFC 9112, 6.1",
        post(b"Content-Length: 3\r\n" + CHUNKED, ABC, version=b"1.0"),
        BAD,
    ),
    case(
        "Transfer-Encoding by HTTP/1.0",
        "RFC 9112, 6.1",
        post(CHUNKED, ABC + SMUGGLED, version=b"1.0"),
        BAD,
    ),
    case(
        "both, the coding with a space before its colon",
        "RFC 9112, 5.1",
        post(b"Content-Length: 5\r\nTransfer-Encoding : chunked\r\n", b"0\r\n\r\n" + SMUGGLED),
        BAD,
    ),
    case(
        "both, the coding in a folded line",
        "RFC 9112, 5.2",
        post(b"Content-Length: 5\r\nTransfer-Encoding:\r\n chunked\r\n", b"0\r\n\r\n" + SMUGGLED),
        BAD,
    ),
    case(
        "both, the coding behind a fold of another header",
        "RFC 9112, 5.2",
        post(b"Content-Length: 5\r\nX: y\r\n Transfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
        BAD,
    ),
    case(
        "both, the coding behind a bare CR",
        "RFC 9112, 2.2",
        post(b"Content-Length: 5\r\nX: y\rTransfer-Encoding: chunked\r\n", b"0\r\n\r\n" + SMUGGLED),
        BAD,
    ),
    case(
        "both, the coding behind a bare LF",
        "RFC 9112, 2.2",
        post(b"Content-Length: 5\r\nX: y\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n" + SMUGGLED),
        BAD,
        _by_coding(body=b""),
    ),
    case(
        "both, the coding with an underscore",
        "bolthead serve",
        post(b"Content-Length: 3\r\nTransfer_Encoding: chunked\r\n", b"abc"),
        taken(Seen("POST", "/x", b"abc", (("Transfer-Encoding", None),))),
        BAD,
    ),
    case(
        "a coding with an underscore alone",
        "bolthead serve",
        post(b"Transfer_Encoding: chunked\r\n", NEXT),
        taken(Seen("POST", "/x", b"", (("Transfer-Encoding", None),)), Seen("GET", "/next")),
        BAD,
    ),
]


def _coding(name, value, *outcomes, rule="RFC 9112, 6.1"):
    data = post(b"Transfer-Encoding:" + value + b"\r\n", ABC + SMUGGLED)
    return case(f"Transfer-Encoding {name}", rule, data, *outcomes)


def _alone(name, value):
    return case(
        f"Transfer-Encoding {name}",
        "RFC 9112, 6.1",
        post(b"Transfer-Encoding:" + value + b"\r\n", ABC),
        ABC_SEEN,
    )


CODINGS = [
    _alone("in capitals", b" CHUNKED"),
    _alone("with blanks around it", b" \t chunked \t"),
    _coding("identity", b" identity", *NO_CODING),
    _coding("gzip", b" gzip", *NO_CODING),
    _coding("unknown", b" xchunked", *NO_CODING),
    _coding("chunked, identity", b" chunked, identity", *NO_CODING),
    _coding("chunked, gzip", b" chunked, gzip", *NO_CODING),
    _coding("gzip, chunked", b" gzip, chunked", *NO_CODING),
    _coding("chunked, chunked", b" chunked, chunked", *NO_CODING),
    _coding("with an empty list item", b" ,chunked", *NO_CODING),
    _coding("with a parameter", b" chunked;q=1", *NO_CODING),
    _coding("in quotes", b' "chunked"', *NO_CODING),
    _coding("with a vertical tab before it", b" \x0bchunked", *NO_CODING),
    _coding("with a vertical tab after it", b" chunked\x0b", *NO_CODING),
    _coding("with a NUL after it", b" chunked\0", *NO_CODING),
    _coding("with a letter that folds to k", b" chun\xe2\x84\xaaed", *NO_CODING),
    _coding("empty", b"", *NO_CODING),
    _coding(
        "chunked, then identity in another line",
        b" chunked\r\nTransfer-Encoding: identity",
        *NO_CODING,
    ),
    _coding(
        "identity, then chunked in another line",
        b" identity\r\nTransfer-Encoding: chunked",
        *NO_CODING,
    ),
    _coding("chunked in two lines", b" chunked\r\nTransfer-Encoding: chunked", *NO_CODING),
    _coding("folded", b"\r\n chunked", *NO_CODING, rule="RFC 9112, 5.2"),
]

BIG = b"F4240\r\n" + b"a" * 1_000_000 + b"\r\n"


def _chunks(name, data, *outcomes, rule="RFC 9112, 7.1"):
    return case(f"chunks: {name}", rule, chunked(data), *outcomes)


def _cut(name, data):
    return case(f"cut short: {name}", "RFC 9112, 8", (chunked(data), HALF_CLOSE), BAD, DROPPED)


ONE_AND_NEXT = (TWO, BAD)

CHUNKS = [
    _chunks("one", ABC, ABC_SEEN),
    _chunks("none", b"0\r\n\r\n" + NEXT, taken(Seen("POST", "/x"), Seen("GET", "/next"))),
    _chunks("several", b"1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", ABC_SEEN),
    _chunks("one and the next request", ABC + NEXT, TWO),
    _chunks(
        "a size in capitals",
        b"A\r\n0123456789\r\n0\r\n\r\n",
        taken(Seen("POST", "/x", b"0123456789")),
    ),
    _chunks(
        "a size in small letters",
        b"a\r\n0123456789\r\n0\r\n\r\n",
        taken(Seen("POST", "/x", b"0123456789")),
    ),
    _chunks("leading zeros", b"0003\r\nabc\r\n000\r\n\r\n", ABC_SEEN, BAD),
    _chunks("20,000 zeros before a size", b"0" * 20_000 + b"3\r\nabc\r\n0\r\n\r\n", ABC_SEEN, BAD),
    _chunks(
        "2,000 of one byte",
        b"1\r\na\r\n" * 2000 + b"0\r\n\r\n",
        taken(Seen("POST", "/x", b"a" * 2000)),
    ),
    _chunks("an extension", b"3;a=b\r\nabc\r\n0;c\r\n\r\n", ABC_SEEN, rule="RFC 9112, 7.1.1"),
    _chunks(
        "a quoted extension",
        b'3;a="b c"\r\nabc\r\n0\r\n\r\n',
        ABC_SEEN,
        BAD,
        rule="RFC 9112, 7.1.1",
    ),
    _chunks(
        "an extension of 100 kB",
        b"3;" + b"a" * 100_000 + b"\r\nabc\r\n0\r\n\r\n",
        ABC_SEEN,
        BAD,
        DROPPED,
        rule="RFC 9112, 7.1.1",
    ),
    _chunks(
        "a bare LF in an extension",
        b"3;a\nabc\r\n0\r\n\r\n" + SMUGGLED,
        BAD,
        rule="RFC 9112, 7.1.1",
    ),
    _chunks(
        "a bare CR in an extension", b"3;a\rb\r\nabc\r\n0\r\n\r\n", BAD, rule="RFC 9112, 7.1.1"
    ),
    _chunks("a NUL in an extension", b"3;a\0b\r\nabc\r\n0\r\n\r\n", BAD, rule="RFC 9112, 7.1.1"),
    _chunks("a size that is none", b"zz\r\nabc\r\n0\r\n\r\n", BAD),
    _chunks("no size", b"\r\nabc\r\n0\r\n\r\n", BAD),
    _chunks("an extension without a size", b";a\r\nabc\r\n0\r\n\r\n", BAD),
    _chunks("a size with 0x", b"0x3\r\nabc\r\n0\r\n\r\n" + SMUGGLED, BAD),
    _chunks("a size with a sign", b"+3\r\nabc\r\n0\r\n\r\n", BAD),
    _chunks("a size below zero", b"-3\r\nabc\r\n0\r\n\r\n", BAD),
    _chunks("a size with an underscore", b"0_3\r\nabc\r\n0\r\n\r\n", BAD),
    _chunks("a blank before the size", b" 3\r\nabc\r\n0\r\n\r\n", BAD),
    _chunks("a blank after the size", b"3 \r\nabc\r\n0\r\n\r\n", ABC_SEEN, BAD),
    _chunks("a blank inside the size", b"0 3\r\nabc\r\n0\r\n\r\n", BAD),
    _chunks("a NUL after the size", b"3\0\r\nabc\r\n0\r\n\r\n", BAD),
    _chunks("a size beyond 64 bits", b"10000000000000003\r\nabc\r\n0\r\n\r\n", BAD, *refused(413)),
    _chunks("a size of 200 digits", b"F" * 200 + b"\r\nabc\r\n0\r\n\r\n", BAD, *refused(413)),
    _chunks(
        "a bare LF after the size",
        b"3\nabc\r\n0\r\n\r\n" + NEXT,
        *ONE_AND_NEXT,
        rule="RFC 9112, 2.2",
    ),
    _chunks("a bare CR after the size", b"3\rabc\r\n0\r\n\r\n", BAD),
    _chunks(
        "a bare LF after the data",
        b"3\r\nabc\n0\r\n\r\n" + NEXT,
        *ONE_AND_NEXT,
        rule="RFC 9112, 2.2",
    ),
    _chunks("more data than the size says", b"3\r\nabcd\r\n0\r\n\r\n", BAD),
    _chunks("less data than the size says", b"4\r\nabc\r\n0\r\n\r\n", BAD),
    _chunks("nothing between data and the next size", b"3\r\nabc0\r\n\r\n", BAD),
    _chunks(
        "bare LFs at the end", b"3\r\nabc\r\n0\n\n" + NEXT, *ONE_AND_NEXT, rule="RFC 9112, 2.2"
    ),
    _chunks(
        "more than the app takes",
        BIG + BIG + b"0\r\n\r\n",
        Outcome((413,), then=ANY),
        DROPPED,
        rule="RFC 9110, 15.5.14",
    ),
    _chunks(
        "the end within a body",
        b"3\r\nabc\r\n0\r\n\r\n" + b"3\r\ndef\r\n0\r\n\r\n",
        Outcome((200, 400), (Seen("POST", "/x", b"abc"),)),
    ),
]

ABC_WITHOUT = taken(
    Seen("POST", "/x", b"abc", (("Host", "a"), ("X-Forwarded-For", None), ("X-Late", None)))
)


def _trailer(name, trailer, *outcomes):
    data = b"3\r\nabc\r\n0\r\n" + trailer
    return case(f"trailers: {name}", "RFC 9112, 7.1.2", chunked(data), *outcomes)


TRAILERS = [
    _trailer("one", b"X-Late: 1\r\n\r\n", ABC_WITHOUT),
    _trailer("two and the next request", b"X-Late: 1\r\nX-Later: 2\r\n\r\n" + NEXT, TWO),
    _trailer("a Host", b"Host: evil\r\n\r\n", ABC_WITHOUT, BAD),
    _trailer("a client's address", b"X-Forwarded-For: 6.6.6.6\r\n\r\n", ABC_WITHOUT, BAD),
    _trailer("a length", b"Content-Length: 90\r\n\r\n" + NEXT, TWO, BAD),
    _trailer("a coding", b"Transfer-Encoding: chunked\r\n\r\n" + NEXT, TWO, BAD),
    _trailer("no colon", b"nothing\r\n\r\n", BAD),
    _trailer("a space before the colon", b"X-Late : 1\r\n\r\n", BAD),
    _trailer("a NUL", b"X-Late: \0\r\n\r\n", BAD),
    _trailer("a folded one", b"X-Late: a\r\n b\r\n\r\n", ABC_WITHOUT, BAD),
    _trailer("a request", b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n", BAD),
    _trailer(
        "10,000", b"X-Late: 1\r\n" * 10_000 + b"\r\n", ABC_WITHOUT, BAD, *refused(431), DROPPED
    ),
    _trailer(
        "one of 200 kB",
        b"X-Late: " + b"a" * 200_000 + b"\r\n\r\n",
        ABC_WITHOUT,
        BAD,
        *refused(431),
        DROPPED,
    ),
]

CUT = [
    _cut("before the first chunk", b""),
    _cut("within a size", b"1"),
    _cut("within a chunk", b"5\r\nabc"),
    _cut("after a chunk", b"3\r\nabc\r\n"),
    _cut("within the last size", b"3\r\nabc\r\n0"),
    _cut("before the trailers", b"3\r\nabc\r\n0\r\n"),
    _cut("within the trailers", b"3\r\nabc\r\n0\r\nX-Late: 1\r\n"),
    _cut("within a huge chunk", b"7FFFFFFF\r\nabc"),
    _cut("within a chunk of 64 bits", b"FFFFFFFFFFFFFFFF\r\nabc\r\n0\r\n\r\n"),
    case(
        "cut short: a declared length",
        "RFC 9112, 8",
        (post(b"Content-Length: 500\r\n", b"short"), HALF_CLOSE),
        BAD,
        DROPPED,
    ),
    case(
        "cut short: a declared length by one byte",
        "RFC 9112, 8",
        (post(b"Content-Length: 4\r\n", b"abc"), HALF_CLOSE),
        BAD,
        DROPPED,
    ),
    case(
        "cut short: a declared length without a byte",
        "RFC 9112, 8",
        (post(b"Content-Length: 4\r\n"), HALF_CLOSE),
        BAD,
        DROPPED,
    ),
]

CASES: list[Case] = [*LENGTHS, *BOTH, *CODINGS, *CHUNKS, *TRAILERS, *CUT]
