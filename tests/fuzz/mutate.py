"""Makes variations of requests: hostile ones of the corpus, good ones of the app, and noise."""

from __future__ import annotations

import functools
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

T = t.TypeVar("T")

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
    b"/words/a+b+c",
    b"/multi/a-b_c",
    b"/mix/a-b/x/c",
    b"/mixed/5.json",
    b"/page/",
    b"/page/1",
    b"/page/7",
    b"/loose",
    b"/kept//x",
    b"/old/x",
    b"/refuse",
    b"/describe",
    b"/key",
    b"/upload",
    b"/next",
    b"/rotate",
    b"/forget",
    b"/show",
    b"/values",
    b"/vary",
    b"/memory",
    b"/exempt",
    b"/links",
    b"/events",
    b"/feed",
    b"/template-stream",
    b"/async-all",
    b"/de/city/x",
    b"/en/place/2/",
    b"/fr/place/9",
    b"/of/x",
]
SOCKETS = [b"/echo/x", b"/talk", b"/nowhere", b"/"]
"""The paths of WebSockets, and of none."""
POSTED = [
    b"/form",
    b"/json",
    b"/json-walk",
    b"/data",
    b"/stream-in",
    b"/seen",
    b"/async",
    b"/outer/inner/things/one",
    b"/key",
    b"/upload",
    b"/next",
    b"/exempt",
    b"/async-all",
    b"/page/5",
    b"/de/place/2/",
]
OWN_HOSTS = [b"api.localhost", b"joe.localhost", b"shop.localhost", b"joe.localhost:5000"]
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
    "get",
    "PROPFIND",
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
    b"X-Forwarded-Port",
    b"X-Forwarded-Prefix",
    b"Sec-WebSocket-Protocol",
    b"Last-Event-ID",
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
        self._random = dice.random

    def pick(self, things: t.Sequence[T]) -> T:
        """Return one of the things."""
        # PERF: a third of random.choice, and most of what making a request takes.
        return things[int(self._random() * len(things))]

    def below(self, end: int) -> int:
        """Return a number from 0 on, below the end."""
        return int(self._random() * end)

    def ask(self) -> Ask:
        """Return one request."""
        kind = self.dice.random()
        if kind < 0.02:
            return self.pick(_SMALL_SHAPES).ask
        is_of_corpus = kind < 0.35
        asked = self.pick(self.pick(_IN_PLACES)(self.value())) if is_of_corpus else self._made()
        return self.changed(asked, self.pick((0, 0, 1, 1, 2, 5)))

    def changed(self, asked: Ask, times: int) -> Ask:
        """Return a request with so many things done to it."""
        for _ in range(times):
            asked = self._changed(asked)
        return asked

    def value(self) -> bytes:
        """Return a hostile value, or several in one."""
        dice = self.dice
        base = self.pick(_VALUES)
        for _ in range(self.pick([0, 1, 2, 4, 8])):
            base = self.mutated(base)
        if dice.random() < 0.05:
            base *= self.pick([2, 10, 100])
        return base[:20_000]

    def mutated(self, data: bytes) -> bytes:
        """Return data with one thing done to it."""
        dice = self.dice
        at = self.below(len(data) + 1)
        to = min(len(data), at + self.pick([1, 1, 2, 8, 64]))
        match self.below(9):
            case 0:
                return data[:at] + self.pick(TOKENS) + data[at:]
            case 1:
                return data[:at] + self.pick(TOKENS) + data[to:]
            case 2:
                return data[:at] + data[to:]
            case 3:
                return data[:at] + data[at:to] * self.pick([2, 3, 50]) + data[to:]
            case 4:
                return data[:at] + dice.randbytes(self.pick([1, 2, 10])) + data[at:]
            case 5:
                return data[:at]
            case 6:
                return data[at:] + data[:at]
            case 7:
                return (
                    data[:at]
                    + bytes(byte ^ self.pick([1, 32, 128]) for byte in data[at:to])
                    + data[to:]
                )
            case _:
                return data[:at] + self.pick(SHORT_PAYLOADS)[:500] + data[at:]

    def _made(self) -> Ask:
        dice = self.dice
        method = self.pick(METHODS)
        path = self.pick(PATHS)
        if method not in {"GET", "HEAD"} and dice.random() < 0.8:
            path = self.pick(POSTED)
        headers = [
            (
                self.pick(_HEADERS),
                self.pick(GOOD_VALUES) if dice.random() < 0.5 else self.value(),
            )
            for _ in range(self.pick([0, 0, 1, 3, 8]))
        ]
        if dice.random() < 0.3:
            headers.append((b"Cookie", self._cookie()))
        body: bytes = b""
        if method in {"POST", "PUT", "PATCH"} or dice.random() < 0.1:
            kind, body = self._body()
            headers.append((b"Content-Type", kind))
        query = b"&".join(
            self.pick(NAMES) + b"=" + self._escaped(self.value())
            for _ in range(self.pick([0, 1, 1, 3]))
        )
        host = b"localhost"
        if dice.random() < 0.1:
            host = self.pick(_HOSTS) if dice.random() < 0.8 else self.value()
        return Ask(path, query, method, tuple(headers), self._pieces(body), host)

    def _escaped(self, value: bytes) -> bytes:
        if self.dice.random() < 0.2:
            return value
        return b"".join(map(_ESCAPES.__getitem__, value))

    def _pieces(self, body: bytes) -> tuple[bytes, ...]:
        if not body or self.dice.random() < 0.5:
            return (body,) if body else ()
        at = self.below(len(body) + 1)
        return tuple(piece for piece in (body[:at], body[at:]) if piece)

    def _cookie(self) -> bytes:
        dice = self.dice
        if dice.random() < 0.4:
            return b"session=" + self._session()
        return b"; ".join(
            self.pick(COOKIE_NAMES) + b"=" + self.value() for _ in range(self.pick([1, 2, 20]))
        )

    def _session(self) -> bytes:
        """A session with a good signature, as one who knows the key, or a bug of ours, makes it."""
        dice = self.dice
        text = json.dumps(self._document(3)).encode()
        if dice.random() < 0.3:
            text = b'{"_flashes": ' + text + b', "_permanent": ' + text + b"}"
        for _ in range(self.pick([0, 0, 1, 3])):
            text = self.mutated(text)
        payload = urlsafe_b64encode(text).rstrip(b"=")
        if dice.random() < 0.3:
            payload = b"." + urlsafe_b64encode(zlib.compress(text)).rstrip(b"=")
        cookie = _signer().sign(payload)
        return self.mutated(cookie) if dice.random() < 0.2 else cookie

    def _body(self) -> tuple[bytes, bytes]:
        dice = self.dice
        match self.below(5):
            case 0:
                pairs = [
                    self.pick(NAMES) + b"=" + self._escaped(self.value())
                    for _ in range(self.pick([1, 3, 30]))
                ]
                return FORM, b"&".join(pairs)
            case 1:
                parts = [
                    part(
                        self.value(),
                        self.pick(NAMES),
                        self.pick([b"", b'; filename="f.txt"', self.value()[:300]]),
                    )
                    for _ in range(self.pick([1, 3, 30]))
                ]
                body = b"".join(parts) + self.pick([END, END, b"", self.value()])
                return MULTIPART, self.mutated(body) if dice.random() < 0.5 else body
            case 2:
                text = json.dumps(self._document(5)).encode()
                for _ in range(self.pick([0, 0, 1, 4])):
                    text = self.mutated(text)
                return JSON, text
            case 3:
                return self.value()[:300], self.value()
            case _:
                return self.pick([FORM, MULTIPART, JSON]), self.value()

    def _document(self, depth: int) -> t.Any:
        match self.below(8) if depth else 3 + self.below(5):
            case 0 | 1:
                return {self._text(): self._document(depth - 1) for _ in range(self.below(5))}
            case 2:
                return [self._document(depth - 1) for _ in range(self.below(5))]
            case 3:
                return self.pick([0, -1, 1e308, float("nan"), 2**70, 10**300, 0.1])
            case 4:
                return self.pick([None, True, False])
            case 5:
                tag = self.pick([" t", " u", " b", " m", " d", " di", " x"])
                return {tag: self.pick([self._text(), 5, None, []])}
            case _:
                return self._text()

    def _text(self) -> str:
        text = self.value()[:200].decode("utf-8", self.pick(["replace", "surrogateescape"]))
        return self.pick([text, text, "v", "_flashes"])

    def _changed(self, ask: Ask) -> Ask:
        dice = self.dice
        match self.below(11):
            case 0:
                return replace(ask, path=b"/" + self.mutated(ask.path)[1:])
            case 1:
                return replace(ask, query=self.mutated(ask.query))
            case 2 | 3 if ask.headers:
                at = self.below(len(ask.headers))
                name, value = ask.headers[at]
                changed = (name, self.mutated(value))
                return replace(ask, headers=(*ask.headers[:at], changed, *ask.headers[at + 1 :]))
            case 4 | 5 if ask.body:
                body = self.mutated(b"".join(ask.body))
                return replace(ask, body=self._pieces(body))
            case 6 if dice.random() < 0.4:
                return replace(ask, method=self.pick(METHODS))
            case 7:
                return replace(ask, path=self.pick(PATHS))
            case 8 if ask.body:
                return replace(ask, declared=self.pick([-1, 0, 1, 10**6, 10**20]))
            case 9 if dice.random() < 0.4:
                return replace(ask, host=self.pick(_HOSTS))
            case 10 if dice.random() < 0.2:
                return replace(ask, takes=1 + self.below(3))
            case 10 if ask.body and dice.random() < 0.3:
                return replace(ask, fails_after=self.below(len(ask.body) + 1))
            case _:
                header = (self.pick(_HEADERS), self.value())
                return replace(ask, headers=(*ask.headers, header))


_VALUES = [*SHORT_PAYLOADS, *GOOD_VALUES, *TOKENS]
_HEADERS = [*HEADERS, *OTHER_HEADERS]
_IN_PLACES = list(PLACES.values())
_HOSTS = [*GOOD_HOSTS, *OWN_HOSTS, *OWN_HOSTS, *BAD_HOSTS]
_ESCAPES = [bytes([byte]) if 48 <= byte <= 122 else b"%%%02x" % byte for byte in range(256)]
_SMALL_SHAPES = [
    shape
    for shape in SHAPES.values()
    if not shape.settings and sum(map(len, shape.ask.body)) + len(shape.ask.query) < 200_000
]

GROUP = 8
"""How many variations are made of one request."""


def variation(seed: int, number: int) -> Ask:
    """Return the request of a number: that alone and the seed decide what it is."""
    first = _first(seed, number // GROUP)
    if number % GROUP == 0:
        return first
    mutator = Mutator(random.Random(f"{seed}-{number}"))  # no secret
    return mutator.changed(first, mutator.pick((1, 1, 2, 3)))


@functools.lru_cache(maxsize=2)
def _first(seed: int, group: int) -> Ask:
    return Mutator(random.Random(f"{seed}/{group}")).ask()  # no secret


def _signer() -> TimestampSigner:
    return TimestampSigner(
        SECRET_KEY, salt="cookie-session", key_derivation="hmac", digest_method=hashlib.sha1
    )
