"""Makes variations of requests: hostile ones of the corpus, good ones of the app, and noise."""

from __future__ import annotations

import hashlib
import json
import random
import typing as t
import zlib
from base64 import urlsafe_b64encode
from dataclasses import replace

from hostile.corpus import (
    BAD_HOSTS,
    BOUNDARY,
    END,
    FORM,
    GOOD_HOSTS,
    HEADERS,
    JSON,
    MULTIPART,
    PAYLOADS,
    PLACES,
    SHAPES,
    Ask,
    part,
)
from hostile.everything import SECRET_KEY
from itsdangerous import TimestampSigner

PATHS = [
    b"/",
    b"/seen",
    b"/form",
    b"/json",
    b"/json-walk",
    b"/data",
    b"/stream-in",
    b"/session",
    b"/session-write",
    b"/redirect",
    b"/header",
    b"/cookie",
    b"/download",
    b"/template",
    b"/url",
    b"/string/text",
    b"/int/5",
    b"/float/1.5",
    b"/float/-1.5",
    b"/uuid/12345678-1234-5678-1234-567812345678",
    b"/any/c%20d",
    b"/pages/a/b/c",
    b"/two/a/b/x/c/d/y",
    b"/parts/a-b-c.html",
    b"/slash",
    b"/slash/",
    b"/files/file.txt",
    b"/static/file.txt",
    b"/etag",
    b"/stream",
    b"/async",
    b"/abort/404",
    b"/login",
    b"/once",
    b"/outer/inner/things/one",
    b"/outer/inner/where",
    b"/nowhere",
]
POSTED = [
    b"/form",
    b"/json",
    b"/json-walk",
    b"/data",
    b"/stream-in",
    b"/seen",
    b"/async",
    b"/outer/inner/things/one",
]
METHODS = [
    "GET",
    "GET",
    "GET",
    "HEAD",
    "POST",
    "POST",
    "PUT",
    "DELETE",
    "PATCH",
    "OPTIONS",
    "TRACE",
]
NAMES = [b"v", b"to", b"n", b"f", b"name", b"a", b"", b"v[]", b"_method"]
COOKIE_NAMES = [b"session", b"a", b"__Host-session", b"", b"remember_token"]
OTHER_HEADERS = [
    b"Accept-Ranges",
    b"Connection",
    b"Content-Encoding",
    b"Content-Length",
    b"Content-Language",
    b"Cookie",
    b"Expect",
    b"Sec-Fetch-Site",
    b"Sec-WebSocket-Key",
    b"TE",
    b"Transfer-Encoding",
    b"Upgrade",
    b"Via",
    b"X-Forwarded-Proto",
    b"X-Real-IP",
    b"X_Real_IP",
]
GOOD_VALUES = [
    b"text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
    b"en-GB,en;q=0.5",
    b"gzip, deflate, br",
    b"Basic dXNlcjpwYXNz",
    b"Bearer abc.def",
    b'Digest username="a", realm="b", nonce="c", uri="/", response="d"',
    b"bytes=0-5",
    b"bytes=5-, -3",
    b'W/"tag", "other"',
    b'"tag"',
    b"*",
    b"Sat, 01 Jan 2022 00:00:00 GMT",
    b"no-cache, max-age=0",
    b"https://localhost",
    b"cross-site",
    b"websocket",
    b"Upgrade",
    b"100-continue",
    b"max-age=99999999999999999999",
    FORM,
    JSON,
    MULTIPART,
    b"text/plain; charset=utf-8",
]
# What parsers look for.
TOKENS = [
    *(bytes([number]) for number in (0, 9, 10, 13, 27, 32, 127, 128, 160, 255)),
    *b"%00 %0a %0d%0a %ff %2f %2e%2e %25 %u0041 &#x3c; .. // \\ : ; , =".split(),
    *b"& ? # @ ' \" ` $ { } [ ] \r\n \r\n\r\n \n\n".split(b" "),
    b"--" + BOUNDARY,
    b"--" + BOUNDARY + b"--",
    b'; filename="',
    b"; filename*=utf-8''",
    b"*0*=",
    b";q=0.",
    b";q=NaN",
    b"W/",
    b"bytes=",
    b"-1",
    b"18446744073709551616",
    b"1e400",
    b"NaN",
    b"true",
    b"null",
    b"\\ud800",
    b"\xed\xa0\x80",
    b"\xc0\xae",
    b"\xef\xbb\xbf",
    "é".encode(),
    "\u2028".encode(),
    "\u202e".encode(),
    "😀".encode(),
    b"xn--",
    b"javascript:",
    b"http://",
    b"{{7*7}}",
    b"<script>",
    b"=?utf-8?b?",
    b" GMT",
    b"99999999999999999999",
]
SHORT_PAYLOADS = [payload for payload in PAYLOADS.values() if len(payload) < 3000]


class Mutator:
    """Makes requests by dice."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice

    def ask(self) -> Ask:
        """Return one request."""
        kind = self.dice.random()
        if kind < 0.02:
            return self.dice.choice([shape.ask for shape in _SMALL_SHAPES])
        if kind < 0.35:
            place = self.dice.choice(list(PLACES.values()))
            asked = self.dice.choice(place(self.value()))
        else:
            asked = self._made()
        for _ in range(self.dice.choice([0, 0, 1, 1, 2, 5])):
            asked = self._changed(asked)
        return asked

    def value(self) -> bytes:
        """Return a hostile value, or several in one."""
        dice = self.dice
        base = dice.choice([*SHORT_PAYLOADS, *GOOD_VALUES, *TOKENS])
        for _ in range(dice.choice([0, 1, 2, 4, 8])):
            base = self.mutated(base)
        if dice.random() < 0.05:
            base *= dice.choice([2, 10, 100])
        return base[:20_000]

    def mutated(self, data: bytes) -> bytes:
        """Return data with one thing done to it."""
        dice = self.dice
        at = dice.randint(0, len(data))
        to = min(len(data), at + dice.choice([1, 1, 2, 8, 64]))
        match dice.randint(0, 8):
            case 0:
                return data[:at] + dice.choice(TOKENS) + data[at:]
            case 1:
                return data[:at] + dice.choice(TOKENS) + data[to:]
            case 2:
                return data[:at] + data[to:]
            case 3:
                return data[:at] + data[at:to] * dice.choice([2, 3, 50]) + data[to:]
            case 4:
                return data[:at] + dice.randbytes(dice.choice([1, 2, 10])) + data[at:]
            case 5:
                return data[:at]
            case 6:
                return data[at:] + data[:at]
            case 7:
                return (
                    data[:at]
                    + bytes(byte ^ dice.choice([1, 32, 128]) for byte in data[at:to])
                    + data[to:]
                )
            case _:
                return data[:at] + dice.choice(SHORT_PAYLOADS)[:500] + data[at:]

    def _made(self) -> Ask:
        dice = self.dice
        method = dice.choice(METHODS)
        path = dice.choice(PATHS)
        if method not in {"GET", "HEAD"} and dice.random() < 0.8:
            path = dice.choice(POSTED)
        headers = [
            (
                dice.choice([*HEADERS, *OTHER_HEADERS]),
                dice.choice([dice.choice(GOOD_VALUES), self.value()]),
            )
            for _ in range(dice.choice([0, 0, 1, 3, 8]))
        ]
        if dice.random() < 0.3:
            headers.append((b"Cookie", self._cookie()))
        body: bytes = b""
        if method in {"POST", "PUT", "PATCH"} or dice.random() < 0.1:
            kind, body = self._body()
            headers.append((b"Content-Type", kind))
        query = b"&".join(
            dice.choice(NAMES) + b"=" + self._escaped(self.value())
            for _ in range(dice.choice([0, 1, 1, 3]))
        )
        host = b"localhost"
        if dice.random() < 0.1:
            host = dice.choice([*GOOD_HOSTS, *BAD_HOSTS, self.value()])
        return Ask(path, query, method, tuple(headers), self._pieces(body), host)

    def _escaped(self, value: bytes) -> bytes:
        if self.dice.random() < 0.2:
            return value
        return b"".join(
            b"%%%02x" % byte if not 48 <= byte <= 122 else bytes([byte]) for byte in value
        )

    def _pieces(self, body: bytes) -> tuple[bytes, ...]:
        if not body or self.dice.random() < 0.5:
            return (body,) if body else ()
        at = self.dice.randint(0, len(body))
        return tuple(piece for piece in (body[:at], body[at:]) if piece)

    def _cookie(self) -> bytes:
        dice = self.dice
        if dice.random() < 0.4:
            return b"session=" + self._session()
        return b"; ".join(
            dice.choice(COOKIE_NAMES) + b"=" + self.value() for _ in range(dice.choice([1, 2, 20]))
        )

    def _session(self) -> bytes:
        """A session with a good signature, as one who knows the key, or a bug of ours, makes it."""
        dice = self.dice
        text = json.dumps(self._document(3)).encode()
        if dice.random() < 0.3:
            text = b'{"_flashes": ' + text + b', "_permanent": ' + text + b"}"
        for _ in range(dice.choice([0, 0, 1, 3])):
            text = self.mutated(text)
        payload = urlsafe_b64encode(text).rstrip(b"=")
        if dice.random() < 0.3:
            payload = b"." + urlsafe_b64encode(zlib.compress(text)).rstrip(b"=")
        cookie = _signer().sign(payload)
        return self.mutated(cookie) if dice.random() < 0.2 else cookie

    def _body(self) -> tuple[bytes, bytes]:
        dice = self.dice
        match dice.randint(0, 4):
            case 0:
                pairs = [
                    dice.choice(NAMES) + b"=" + self._escaped(self.value())
                    for _ in range(dice.choice([1, 3, 30]))
                ]
                return FORM, b"&".join(pairs)
            case 1:
                parts = [
                    part(
                        self.value(),
                        dice.choice(NAMES),
                        dice.choice([b"", b'; filename="f.txt"', self.value()[:300]]),
                    )
                    for _ in range(dice.choice([1, 3, 30]))
                ]
                body = b"".join(parts) + dice.choice([END, END, b"", self.value()])
                return MULTIPART, self.mutated(body) if dice.random() < 0.5 else body
            case 2:
                text = json.dumps(self._document(5)).encode()
                for _ in range(dice.choice([0, 0, 1, 4])):
                    text = self.mutated(text)
                return JSON, text
            case 3:
                return self.value()[:300], self.value()
            case _:
                return dice.choice([FORM, MULTIPART, JSON]), self.value()

    def _document(self, depth: int) -> t.Any:
        dice = self.dice
        match dice.randint(0, 7) if depth else dice.randint(3, 7):
            case 0 | 1:
                return {self._text(): self._document(depth - 1) for _ in range(dice.randint(0, 4))}
            case 2:
                return [self._document(depth - 1) for _ in range(dice.randint(0, 4))]
            case 3:
                return dice.choice([0, -1, 1e308, float("nan"), 2**70, 10**300, 0.1])
            case 4:
                return dice.choice([None, True, False])
            case 5:
                tag = dice.choice([" t", " u", " b", " m", " d", " di", " x"])
                return {tag: dice.choice([self._text(), 5, None, []])}
            case _:
                return self._text()

    def _text(self) -> str:
        text = self.value()[:200].decode("utf-8", self.dice.choice(["replace", "surrogateescape"]))
        return self.dice.choice([text, text, "v", "_flashes"])

    def _changed(self, ask: Ask) -> Ask:
        dice = self.dice
        match dice.randint(0, 9):
            case 0:
                return replace(ask, path=b"/" + self.mutated(ask.path)[1:])
            case 1:
                return replace(ask, query=self.mutated(ask.query))
            case 2 | 3 if ask.headers:
                at = dice.randrange(len(ask.headers))
                name, value = ask.headers[at]
                changed = (name, self.mutated(value))
                return replace(ask, headers=(*ask.headers[:at], changed, *ask.headers[at + 1 :]))
            case 4 | 5 if ask.body:
                body = self.mutated(b"".join(ask.body))
                return replace(ask, body=self._pieces(body))
            case 6:
                return replace(ask, method=dice.choice(METHODS))
            case 7:
                return replace(ask, path=dice.choice(PATHS))
            case 8 if ask.body:
                return replace(ask, declared=dice.choice([-1, 0, 1, 10**6, 10**20]))
            case _:
                header = (dice.choice([*HEADERS, *OTHER_HEADERS]), self.value())
                return replace(ask, headers=(*ask.headers, header))


_SMALL_SHAPES = [
    shape
    for shape in SHAPES.values()
    if not shape.settings and sum(map(len, shape.ask.body)) + len(shape.ask.query) < 200_000
]


def _signer() -> TimestampSigner:
    return TimestampSigner(
        SECRET_KEY, salt="cookie-session", key_derivation="hmac", digest_method=hashlib.sha1
    )
