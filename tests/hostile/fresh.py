"""More that clients send: a row for each request, with the status that is right, by every door.

In place of a status may stand several, where an RFC leaves it open. Requests of the same kind stand
together; what they have in common is said once.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace

from hostile.corpus import BOUNDARY, END, FORM, JSON, MULTIPART, part
from hostile.doors import Ask

Statuses = int | tuple[int, ...]
Rows = dict[str, tuple[Ask, Statuses]]


def header(name: bytes, value: bytes, path: bytes = b"/seen", **rest: t.Any) -> Ask:
    """A request with one header."""
    return Ask(path, headers=((name, value),), **rest)


def post(path: bytes, kind: bytes, *body: bytes, **rest: t.Any) -> Ask:
    """A request with a body of a type."""
    return Ask(path, method="POST", headers=((b"Content-Type", kind),), body=body, **rest)


# Methods. Werkzeug takes them in small letters, too; the server of one's own does not.

METHODS: Rows = {
    f"method {method[:12]!a}": (Ask(b"/seen", method=method), status)
    for method, status in {
        "get": 200,
        "gEt": 200,
        "GET ": 405,
        " GET": 405,
        "GET\t": 405,
        "GET,POST": 405,
        "GET\r\nX-Evil: 1": 405,
        "": 405,
        "G": 405,
        "GETS": 405,
        "M-SEARCH": 405,
        "PROPFIND": 405,
        "MKCOL": 405,
        "LOCK": 405,
        "TRACK": 405,
        "DEBUG": 405,
        "PRI": 405,
        "CONNECT": 405,
        "BREW": 405,
        "!#$%&'*+-.^_`|~": 405,
        "G\xcaT": 405,
        "GET\x00": 405,
        "OPTIONS": 200,
        "HEAD": 200,
        "head": 200,
        "options": 200,
        "trace": 405,
        "DELETE": (200, 400),
    }.items()
}
for _name in (
    b"X-HTTP-Method-Override",
    b"X-HTTP-Method",
    b"X-Method-Override",
    b"X-Original-Method",
):
    for _value in (b"DELETE", b"TRACE", b"CONNECT", b"\x00"):
        METHODS[f"override {_name.decode()} {_value!a}"] = (header(_name, _value, b"/exempt"), 200)
METHODS["override in a form"] = (post(b"/", FORM, b"_method=DELETE"), 200)
METHODS["override in a query"] = (Ask(b"/", b"_method=DELETE", "POST"), 200)

# Paths that are not, or twice, or wrongly encoded

ENCODED: Rows = {
    f"encoded {text.decode('latin-1')!a}": (Ask(b"/string/" + text), status)
    for text, status in {
        b"%": 200,
        b"%2": 200,
        b"%zz": 200,
        b"%-1": 200,
        b"% 41": 200,
        b"%u0041": 200,
        b"%U0001F600": 200,
        b"%%41": 200,
        b"%25%32%46": 200,
        b"%252e%252e%252f": 200,
        b"%00": 200,
        b"a%00.txt": 200,
        b"%0a": 200,
        b"%0d%0aX-Evil:%201": 200,
        b"%c0%ae%c0%ae": 200,
        b"%e0%80%af": 200,
        b"%ed%a0%80%ed%b0%80": 200,
        b"%f4%90%80%80": 200,
        b"%f8%88%80%80%80": 200,
        b"%ff%fe": 200,
        b"%fe": 200,
        b"%e2%80%ae": 200,
        b"%ef%bb%bf": 200,
        b"%ef%bf%be": 200,
        b"%1b%5b2J": 200,
        b"%7f": 200,
        b"%2f": 404,
        b"%2F%2f": (308, 404),
        b"%5c": 200,
        b"%2e": 200,
        b"%2e%2e": 200,
        b"..": 200,
        b".": 200,
        b"...": 200,
        b";jsessionid=1": 200,
        b"a;b=c/d": 404,
        b"a&b=c": 200,
        b"+": 200,
        b"%2b": 200,
        b"a b": 200,
        b"\xe9": 200,
        b"\xc3\xa9": 200,
        b'"<>': 200,
        b"{}|^`[]": 200,
        b"\x01": 200,
        b"%f0%9f%98%80" * 500: 200,
        b"": 404,
    }.items()
}
NUMBERS: Rows = {
    f"number {path.decode('latin-1')!a:.40}": (Ask(path), status)
    for path, status in {
        b"/int/-1": 404,
        b"/int/+1": 404,
        b"/int/1.0": 404,
        b"/int/1e3": 404,
        b"/int/0x1": 404,
        b"/int/1_0": 404,
        b"/int/%201": 404,
        b"/int/1%20": 404,
        b"/int/1%0a": 404,
        b"/int/0": 200,
        b"/int/00000000000000000001": 200,
        b"/int/" + b"9" * 4300: 200,
        b"/int/" + b"9" * 4301: 404,
        b"/int/" + b"0" * 8000: 404,
        b"/int/%d9%a1%d9%a2": 200,
        b"/int/%c2%b2": 404,
        b"/int/%e2%91%a0": 404,
        b"/float/1": 404,
        b"/float/1.": 404,
        b"/float/.5": 404,
        b"/float/--1.5": 404,
        b"/float/nan": 404,
        b"/float/inf": 404,
        b"/float/1.5e5": 404,
        b"/float/" + b"9" * 400 + b".0": 200,
        b"/float/0." + b"0" * 4000 + b"1": 200,
        b"/uuid/12345678123456781234567812345678": 404,
        b"/uuid/12345678-1234-5678-1234-56781234567g": 404,
        b"/uuid/{12345678-1234-5678-1234-567812345678}": 404,
        b"/uuid/12345678-1234-5678-1234-567812345678%0a": 404,
        b"/any/A": 404,
        b"/any/a%20": 404,
        b"/any/c+d": 404,
        b"/words/a+b+c+d+e": 404,
        b"/words/a%2bb": 200,
        b"/page/-1": 404,
        b"/page/0": 200,
    }.items()
}

# Redirects to the path with a slash, or without two: never to another host

SLASHES: Rows = {
    f"slashes {path.decode('latin-1')!a:.40}": (Ask(path, query), status)
    for (path, query), status in {
        (b"//evil.test", b""): (308, 404),
        (b"//evil.test/", b""): (308, 404),
        (b"//evil.test/slash", b""): (308, 404),
        (b"//evil.test//slash", b""): (308, 404),
        (b"///evil.test/slash/", b""): (308, 404),
        (b"//slash", b""): 308,
        (b"///slash", b""): 308,
        (b"//slash/", b""): 200,
        (b"/slash//", b""): 308,
        (b"/slash", b"//evil.test"): 308,
        (b"/slash", b"\r\nX-Evil: 1"): 308,
        (b"/slash", b"a=%0d%0aX-Evil:1"): 308,
        (b"/slash", b"\xff\xfe"): 308,
        (b"/slash", b"#fragment"): 308,
        (b"/slash", b"\\evil.test"): 308,
        (b"/slash", b"a" * 20_000): 308,
        (b"/\\evil.test", b""): 404,
        (b"/\\/evil.test/slash", b""): 404,
        (b"/%5cevil.test/", b""): 404,
        (b"/%5c%5cevil.test//", b""): 404,
        (b"/%09/evil.test", b""): 404,
        (b"/%0a/evil.test", b""): 404,
        (b"/%0d//slash", b""): 404,
        (b"/.//evil.test", b""): 404,
        (b"/..//evil.test", b""): 404,
        (b"/%2e%2e//slash", b""): 404,
        (b"/./slash", b""): 404,
        (b"/../slash", b""): 404,
        (b"/slash/..", b""): 404,
        (b"/slash/./", b""): 404,
        (b"/slash;x", b""): 404,
        (b"/slash%2f", b""): 200,
        (b"/%2fslash", b""): 308,
        (b"/%2f%2fevil.test%2fslash", b""): (308, 404),
        (b"//pages/x", b""): 200,
        (b"/pages//evil.test", b""): 308,
        (b"/pages/x//", b""): 200,
        (b"/pages//%5cevil.test", b""): 308,
        (b"/pages/http://evil.test", b""): 200,
        (b"/pages/http:%2f%2fevil.test", b""): 200,
        (b"/pages//%0d%0aX-Evil:1", b""): 404,
        (b"/pages//%e2%80%ae", b""): 308,
        (b"/pages//%ff", b""): 308,
        (b"/two//evil.test/x/a/y", b""): 308,
        (b"/loose//", b""): 200,
        (b"//loose", b""): 200,
        (b"/kept/x", b""): 404,
        (b"/kept//x", b""): 200,
        (b"/kept///x", b""): (308, 404),
        (b"/page/1", b"to=//evil.test"): 308,
        (b"//page/1", b""): 308,
        (b"/old///evil.test", b""): 308,
        (b"/old/%5cevil.test", b""): 308,
        (b"/old/%2f%2fevil.test", b""): (308, 404),
        (b"/old/%0d%0aX-Evil:1", b""): 308,
        (b"/old/%ff", b""): 308,
        (b"/" * 8000, b""): 200,
        (b"/pages/" + b"/a" * 4000, b""): 308,
    }.items()
}

# Targets that are no path: what a server hands over unread

TARGETS: Rows = {
    f"target {path!a:.40}": (Ask(path), status)
    for path, status in {
        b"*": 404,
        b"": (200, 308, 404),
        b"http://evil.test/": 404,
        b"http://localhost/seen": 404,
        b"https://evil.test:99999/": 404,
        b"//": (200, 308),
        b"seen": (200, 404),
        b"localhost:80": 404,
        b"/seen#x": 404,
        b"/seen%3fv=1": 404,
        b"/seen%23x": 404,
        b"/se%65n": 200,
        b"/SEEN": 404,
        b"/seen ": 404,
        b"/seen\t": 404,
        b"/seen\r\n": 404,
        b"/seen%20HTTP/1.1%0d%0aHost:%20evil": 404,
        b"/@evil.test/": 404,
        b"javascript:alert(1)": 404,
    }.items()
}

# Files that nobody may see: the folder's neighbours, devices, streams, names with NUL

_SPELLINGS = [b"file.txt/../file.txt", b"./file.txt", b"file.txt/.", b"file.txt/", b"file.txt%2f"]
_BEYOND = [
    b"../secret.txt",
    b"..%2fsecret.txt",
    b"..%252fsecret.txt",
    b"%2e%2e%2fsecret.txt",
    b"%2e./secret.txt",
    b".%2e/secret.txt",
    b"..%5csecret.txt",
    b"..\\secret.txt",
    b"....//secret.txt",
    b"..../secret.txt",
    b"..;/secret.txt",
    b"..%00/secret.txt",
    b"..%c0%afsecret.txt",
    b"..%e0%80%afsecret.txt",
    b"%uff0e%uff0e/secret.txt",
    b"%ef%bc%8e%ef%bc%8e/secret.txt",
    b"..%ef%bc%8fsecret.txt",
    b"file.txt/../../secret.txt",
    b"file.txt/../file.txt",
    b"./file.txt",
    b"file.txt/.",
    b"file.txt/",
    b"file.txt%2f",
    b"file.txt%00",
    b"file.txt%00.png",
    b"%00file.txt",
    b"file.txt%20",
    b"file.txt.",
    b"file.txt::$DATA",
    b"FILE.TXT~1",
    b"~",
    b"~root/.ssh/id_rsa",
    b"CON",
    b"nul.txt",
    b"LPT1:",
    b"COM%c2%b9",
    b"C:%5cwindows%5cwin.ini",
    b"C:/windows/win.ini",
    b"%2fetc%2fpasswd",
    b"%5c%5chost%5cshare",
    b"file%3a///etc/passwd",
    b"",
    b".",
    b"..",
    b"%2e",
    b"%2e%2e",
    b".git/config",
    b"../static_evil/file.txt",
    b"../files2/file.txt",
    b"a" * 300,
    b"a/" * 3000,
    b"%ff%fe",
    b"%ed%a0%80",
    b"*",
    b"[a-z].txt",
    b"file.txt%0a",
    b"proc/self/environ",
    b"../../../../../../../../proc/self/environ",
    b"/dev/zero",
]
FILES: Rows = {
    f"{folder.decode()} {name.decode('latin-1')!a:.40}": (
        Ask(folder + name),
        # Merged slashes may be asked for; another spelling of the file itself is that file.
        200 if name in _SPELLINGS else (308, 404),
    )
    for folder in (b"/static/", b"/files/")
    for name in _BEYOND
}

# Cookies

COOKIES: Rows = {
    f"cookie {value.decode('latin-1')!a:.40}": (header(b"Cookie", value, path), 200)
    for value in [
        b"",
        b";",
        b"; ; ;",
        b"=",
        b"==",
        b"=a; =b",
        b"a",
        b"a; b; c",
        b"a=",
        b"a==b",
        b"a=b=c",
        b" a = b ",
        b"\ta\t=\tb\t",
        b"a=b, c=d",
        b'a="b',
        b'a=b"',
        b'a="b;c"',
        b'a="\\"',
        b'a="\\400\\777\\08"',
        b'a="\\342\\230\\203"',
        b"a=%",
        b"a=%zz",
        b"a=b\x00c",
        b"a\x00=b",
        b"a=b\x7f",
        b"a=\xff\xfe",
        b"a=\xe2\x98",
        b"\xe9=1",
        b"$Version=1; a=b; $Path=/",
        b"a=1; a=2; A=3",
        b"__Host-a=1; __Secure-a=2",
        b"__proto__=1; constructor=2; hasOwnProperty=3",
        b"session",
        b"session=",
        b"session=.",
        b"session=..",
        b"session=...",
        b"session=a.b.c",
        b"session=.a.b.c",
        b"session=eyJ9.AAAAAA.AAAA",
        b"session=" + b"." * 5000,
        b"session=" + b"A" * 50_000,
        b"session=a; session=b; session=c",
        b'session="a.b.c"',
        b"session=%2e%2e",
        b"session=\xff.\xff.\xff",
        b"session =a",
        b"Session=a",
        b"a=<script>",
        b"a={{7*7}}",
        b"a=\r\n b=c",
    ]
    for path in (b"/seen", b"/session-write")
}

# Conditions and ranges

_CONDITIONS = [
    {b"Range": b"bytes=0-0"},
    {b"Range": b"bytes=-0"},
    {b"Range": b"bytes=-"},
    {b"Range": b"bytes="},
    {b"Range": b"bytes"},
    {b"Range": b"=0-1"},
    {b"Range": b"bytes=1-0"},
    {b"Range": b"bytes=0-99999999999999999999999"},
    {b"Range": b"bytes=99999999999999999999999-"},
    {b"Range": b"bytes=-99999999999999999999999"},
    {b"Range": b"bytes=0-0,-1"},
    {b"Range": b"bytes=0-,0-,0-"},
    {b"Range": b"bytes= 0 - 1 "},
    {b"Range": b"bytes=\t0-1"},
    {b"Range": b"bytes=+0-+1"},
    {b"Range": b"bytes=0_0-1_0"},
    {b"Range": b"bytes=0x0-0x1"},
    {b"Range": b"bytes=0.0-1.0"},
    {b"Range": b"bytes=\xd9\xa0-\xd9\xa1"},
    {b"Range": b"bytes=\xb2-\xb3"},
    {b"Range": b"BYTES=0-1"},
    {b"Range": b"lines=0-1"},
    {b"Range": b"bytes=0-1;q=1"},
    {b"Range": b"bytes=0-1, lines=0-1"},
    {b"Range": b"bytes=" + b"9" * 6000 + b"-"},
    {b"Range": b"bytes=0-1", b"If-Range": b'"nothing"'},
    {b"Range": b"bytes=0-1", b"If-Range": b'W/"tag"'},
    {b"Range": b"bytes=0-1", b"If-Range": b"*"},
    {b"Range": b"bytes=0-1", b"If-Range": b""},
    {b"Range": b"bytes=0-1", b"If-Range": b"Sat, 01 Jan 2222 00:00:00 GMT"},
    {b"Range": b"bytes=0-1", b"If-Range": b"Sat, 32 Foo -1 99:99:99 GMT"},
    {b"Range": b"bytes=0-1", b"If-None-Match": b"*"},
    {b"Range": b"bytes=0-1", b"If-Match": b'"nothing"'},
    {b"If-None-Match": b"*", b"If-Match": b"*"},
    {b"If-None-Match": b'"'},
    {b"If-None-Match": b'"a"b"c"'},
    {b"If-None-Match": b"w/tag, W/, W/W/"},
    {b"If-None-Match": b"\x00"},
    {b"If-Match": b",,,"},
    {b"If-Match": b'W/"tag"'},
    {b"If-Modified-Since": b"0"},
    {b"If-Modified-Since": b"-1"},
    {b"If-Modified-Since": b"Thu, 01 Jan 1970 00:00:00 GMT"},
    {b"If-Modified-Since": b"Fri, 31 Dec 9999 23:59:59 -2400"},
    {b"If-Modified-Since": b"Sat, 01 Jan 0001 00:00:00 +2359"},
    {b"If-Modified-Since": b"Sat, 01 Jan 0000 00:00:00 GMT"},
    {b"If-Modified-Since": b"Sat, 30 Feb 2020 00:00:00 GMT"},
    {b"If-Modified-Since": b"Sat, 01 Jan 2020 24:00:60 GMT"},
    {b"If-Modified-Since": b"Sunday, 06-Nov-94 08:49:37 GMT"},
    {b"If-Modified-Since": b"Sun Nov  6 08:49:37 1994"},
    {b"If-Modified-Since": b"2020-01-01T00:00:00Z"},
    {b"If-Modified-Since": b"Sat, 01 Jan 2020 00:00:00 GMT; length=5"},
    {b"If-Modified-Since": b"Sat, 01 Jan 2020 00:00:00 +99999999999999"},
    {b"If-Unmodified-Since": b"Sat, 01 Jan 99999 00:00:00 GMT"},
    {b"If-Unmodified-Since": b"Thu, 01 Jan 1970 00:00:00 GMT"},
    {b"If-Unmodified-Since": b"yesterday", b"If-Modified-Since": b"tomorrow"},
]
CONDITIONS: Rows = {
    f"condition {path.decode()} {number} {next(iter(headers.values()))!a:.30}": (
        Ask(path, headers=tuple(headers.items())),
        (200, 206, 304, 412, 416),
    )
    for path in (b"/static/file.txt", b"/memory", b"/etag", b"/vary")
    for number, headers in enumerate(_CONDITIONS)
}

# Credentials

CREDENTIALS: Rows = {
    f"credentials {value.decode('latin-1')!a:.40}": (
        header(b"Authorization", value, b"/login"),
        status,
    )
    for value, status in {
        b"": 401,
        b" ": 401,
        b"Basic": 200,
        b"Basic ": 200,
        b"Basic =": 401,
        b"Basic ====": 401,
        b"Basic Og==": 200,
        b"Basic dXNlcg==": 200,
        b"Basic dXNlcjpwYXNz": 200,
        b"BASIC dXNlcjpwYXNz": 200,
        b"basic  dXNlcjpwYXNz": 200,
        b"Basic dXNlcjpwYXNz extra": (200, 401),
        b"Basic dXNlcjpwYXN": (200, 401),
        b"Basic dXNl\ncjpwYXNz": (200, 401),
        b"Basic //79/A==": 401,
        b"Basic w6k6w6k=": 200,
        b"Basic AAA6AAA=": 200,
        b"Basic dXNlcjpwYXNz," * 500: (200, 401),
        b"Bearer": 401,
        b"Bearer ": 401,
        b"Bearer a b": 200,
        b"Bearer =": 200,
        b"Bearer a=b": 200,
        b"Bearer ,": (200, 401),
        b"Bearer \xff": 200,
        b"Digest": 401,
        b"Digest ": 401,
        b"Digest username": (200, 401),
        b"Digest username=": (200, 401),
        b'Digest username="': (200, 401),
        b'Digest username="a\\"b", realm="c"': 200,
        b"Digest username*=utf-8''%ff, realm=a": 200,
        b"Digest username*=utf-16''%41, realm=a": 200,
        b"Digest username*=nothing''%41, realm=a": 200,
        b"Digest username*0=a; username*1=b, realm=a": 200,
        b"Digest =a, =b, =": (200, 401),
        b"Digest a=b" + b",a=b" * 3000: 200,
        b'Digest nc=00000001, qop=auth, response="' + b"0" * 3000 + b'"': 200,
        b"Digest username=\xe9": 200,
        b"Digest username=a\x00b": 200,
        b"Negotiate YII=": (200, 401),
        b"NTLM TlRMTVNTUAABAAAA": (200, 401),
        b"AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=host, Signature=0": 200,
        b"Token": 401,
        b"dXNlcjpwYXNz": 401,
        b"\x00": 401,
        b"(comment) Basic dXNlcjpwYXNz": (200, 401),
        b"Basic dXNlcjpwYXNz, Bearer x": (200, 401),
    }.items()
}


# Forms of parts


def parts(body: bytes, kind: bytes = MULTIPART, path: bytes = b"/form") -> Ask:
    """A multipart form."""
    return post(path, kind, body)


def headed(*lines: bytes, content: bytes = b"the content") -> bytes:
    """A form of one part with these lines in its head."""
    return b"\r\n".join([b"--" + BOUNDARY, *lines, b"", content, END])


_NESTED = (
    b"Content-Disposition: form-data; name=f",
    b"Content-Type: multipart/mixed; boundary=inner",
)
_INNER = (
    b"--inner\r\nContent-Disposition: file; filename=a\r\n\r\nx\r\n"
    b"--inner\r\nContent-Disposition: file; filename=b\r\n\r\ny\r\n--inner--"
)
_DISPOSITIONS = [
    b"form-data",
    b"form-data;",
    b"form-data; name",
    b"form-data; name=",
    b'form-data; name="',
    b"form-data; name=a; name=b",
    b"form-data; NAME=a",
    b"FORM-DATA; name=a",
    b"attachment; name=a",
    b"inline",
    b"; name=a",
    b"name=a",
    b"",
    b"form-data; name*=utf-8''a",
    b"form-data; name*=utf-8'en'%ff",
    b"form-data; name*0=a; name*1=b",
    b"form-data; name*1=b; name*0=a",
    b"form-data; name*0*=utf-8''a; name*1=b",
    b"form-data; name*99999999999999999999=a",
    b"form-data; name*-1=a",
    b"form-data; name=a; filename*=utf-8''..%2f..%2fetc%2fpasswd",
    b"form-data; name=a; filename*=utf-8''%00.txt",
    b"form-data; name=a; filename*=utf-8''%0d%0aX-Evil:1",
    b"form-data; name=a; filename*=utf-7''+AC8-",
    b"form-data; name=a; filename*=utf-16''%fe%ff%00a",
    b"form-data; name=a; filename*=idna''a",
    b"form-data; name=a; filename*=rot13''a",
    b"form-data; name=a; filename*=hex''a",
    b"form-data; name=a; filename*=unicode_escape''%5cx00",
    b"form-data; name=a; filename*=undefined''a",
    b"form-data; name=a; filename*=base64''aaaa",
    b"form-data; name=a; filename*=zlib''aaaa",
    b"form-data; name=a; filename*=''",
    b"form-data; name=a; filename*=",
    b"form-data; name=a; filename*='",
    b"form-data; name=a; filename*=utf-8''%",
    b"form-data; name=a; filename=\"a\"; filename*=utf-8''b",
    b'form-data; name=a; filename=""',
    b'form-data; name=a; filename="C:\\dir\\a.txt"',
    b'form-data; name=a; filename="a\\"b.txt"',
    b'form-data; name=a; filename="a%22b.txt"',
    b'form-data; name=a; filename="../../a"',
    b'form-data; name=a; filename="a\x00b"',
    b'form-data; name=a; filename="\xff\xfe"',
    b"form-data; name=a; filename=a b c",
    b"form-data; name=a; filename=.htaccess",
    b"form-data; name=a; filename=" + b"a" * 5000,
    b"form-data; name=__proto__; filename=constructor",
]
PARTS: Rows = {
    **{
        f"disposition {value.decode('latin-1')!a:.60}": (
            parts(headed(b"Content-Disposition: " + value), path=path),
            (200, 400),
        )
        for value in _DISPOSITIONS
        for path in (b"/form", b"/upload")
    },
    **{
        f"part {name}": (parts(body), status)
        for name, (body, status) in {
            "nested": (headed(*_NESTED, content=_INNER), 200),
            "nested with the same boundary": (
                headed(
                    b"Content-Disposition: form-data; name=f",
                    b"Content-Type: multipart/mixed; boundary=" + BOUNDARY,
                    content=END + END,
                ),
                (200, 400),
            ),
            "nested ten times": (
                headed(*_NESTED * 5, content=b"--inner\r\n" * 10),
                (200, 400),
            ),
            "without a disposition": (headed(b"X: y"), (200, 400)),
            "without a head": (headed(), (200, 400)),
            "two dispositions": (
                headed(*[b"Content-Disposition: form-data; name=a"] * 2),
                (200, 400),
            ),
            "folded": (headed(b"Content-Disposition: form-data;", b" name=a"), (200, 400)),
            "folded by a tab": (headed(b"Content-Disposition: form-data;", b"\tname=a"), 200),
            "a space before the colon": (
                headed(b"Content-Disposition : form-data; name=a"),
                (200, 400),
            ),
            "no colon": (headed(b"Content-Disposition form-data"), (200, 400)),
            "a colon first": (headed(b": form-data; name=a"), (200, 400)),
            "NUL in a name": (headed(b"Content\x00Disposition: form-data; name=a"), (200, 400)),
            "base64": (
                headed(
                    b"Content-Disposition: form-data; name=a",
                    b"Content-Transfer-Encoding: base64",
                    content=b"====",
                ),
                200,
            ),
            "quoted-printable": (
                headed(
                    b"Content-Disposition: form-data; name=a",
                    b"Content-Transfer-Encoding: quoted-printable",
                    content=b"=XX=",
                ),
                200,
            ),
            "another length": (
                headed(b"Content-Disposition: form-data; name=a", b"Content-Length: 99999"),
                200,
            ),
            "no length": (
                headed(b"Content-Disposition: form-data; name=a", b"Content-Length: -1"),
                200,
            ),
            "length of a word": (
                headed(
                    b"Content-Disposition: form-data; name=a; filename=b", b"Content-Length: many"
                ),
                200,
            ),
            "type of nothing": (
                headed(b"Content-Disposition: form-data; name=a; filename=b", b"Content-Type:"),
                200,
            ),
            "an unknown charset": (
                headed(
                    b"Content-Disposition: form-data; name=a",
                    b"Content-Type: text/plain; charset=nothing",
                ),
                200,
            ),
            "a charset that is none": (
                headed(
                    b"Content-Disposition: form-data; name=a",
                    b"Content-Type: text/plain; charset=hex",
                    content=b"zz",
                ),
                200,
            ),
            "UTF-16": (
                headed(
                    b"Content-Disposition: form-data; name=a",
                    b"Content-Type: text/plain; charset=utf-16",
                    content=b"\xff\xfea",
                ),
                200,
            ),
            "UTF-7": (
                headed(
                    b"Content-Disposition: form-data; name=a",
                    b"Content-Type: text/plain; charset=utf-7",
                    content=b"+ADw-",
                ),
                200,
            ),
            "_charset_": (part(b"utf-7", b"_charset_") + part(b"+ADw-") + END, 200),
            "only the end": (END, (200, 400)),
            "only dashes": (b"--", (200, 400)),
            "only a boundary": (b"--" + BOUNDARY, (200, 400)),
            "an end without dashes": (part(b"x") + b"--" + BOUNDARY, (200, 400)),
            "two ends": (part(b"x") + END + END, 200),
            "a part after the end": (part(b"x") + END + part(b"y") + END, 200),
            "bare LF": (part(b"x").replace(b"\r\n", b"\n") + END, (200, 400)),
            "bare CR": (part(b"x").replace(b"\r\n", b"\r") + END, (200, 400)),
            "a boundary with more": (part(b"x\r\n--" + BOUNDARY + b"more") + END, (200, 400)),
            "a boundary with spaces": (
                b"--" + BOUNDARY + b"  \t \r\n" + part(b"x").partition(b"\r\n")[2] + END,
                (200, 400),
            ),
            "a boundary in a line": (part(b"x--" + BOUNDARY + b"--") + END, 200),
            "a preamble": (b"preamble\r\n" + part(b"x") + END, 200),
            "a BOM first": (b"\xef\xbb\xbf" + part(b"x") + END, (200, 400)),
            "NUL first": (b"\x00" + part(b"x") + END, (200, 400)),
            "empty": (b"", (200, 400)),
            "not UTF-8": (part(b"\xff\xfe", b"\xff") + END, 200),
        }.items()
    },
    **{
        f"boundary {value.decode('latin-1')!a:.50}": (
            parts(part(b"x") + END, b"multipart/form-data" + value),
            (200, 400),
        )
        for value in [
            b"",
            b";",
            b"; boundary",
            b"; boundary=",
            b'; boundary=""',
            b'; boundary="',
            b"; boundary=-",
            b"; boundary=--",
            b"; boundary=\xff",
            b"; boundary=\x00",
            b"; boundary=a b",
            b'; boundary="' + BOUNDARY + b' "',
            b'; boundary="' + BOUNDARY + b'"',
            b"; boundary=" + BOUNDARY + b"; boundary=other",
            b"; BOUNDARY=" + BOUNDARY,
            b"; boundary*=utf-8''" + BOUNDARY,
            b"; boundary*0=hostile-; boundary*1=boundary",
            b"; boundary=(.*)+",
            b"; boundary=[a",
            b"; boundary=\\",
            b"; boundary=\r\n",
            b", multipart/form-data; boundary=" + BOUNDARY,
            b"; charset=utf-7; boundary=" + BOUNDARY,
            b"/x; boundary=" + BOUNDARY,
        ]
    },
}

# Types of bodies

_TEXT = '{"v": "é"}'
TYPES: Rows = {
    f"type {kind.decode('latin-1')!a:.50}": (post(b"/json", kind, b'{"v": 1}'), status)
    for kind, status in {
        b"": 415,
        b"/": 415,
        b"json": 415,
        b"application/": 415,
        b"application/json": 200,
        b"APPLICATION/JSON": 200,
        b" application/json ": 200,
        b"application/json;": 200,
        b"application/json;;;": 200,
        b"application/json; charset": 200,
        b"application/json; charset=": 200,
        b"application/json; charset=utf-7": 200,
        b"application/json; charset=nothing": 200,
        b"application/json; charset=\xff": 200,
        b"application/json; charset=utf-8; charset=utf-16": 200,
        b'application/json; charset="': 200,
        b"application/json, text/plain": 415,
        b"text/plain, application/json": 415,
        b"application/json text/plain": (200, 415),
        b"application/x+json": 200,
        b"application/vnd.api+json": 200,
        b"text/json": 415,
        b"text/x+json": 415,
        b"application/jsonp": 415,
        b"application/json+x": 415,
        b"application/json\x00": 415,
        b"application/json\r\nX: y": 415,
        b"application/\xef\xbb\xbfjson": 415,
        b"application/json/x": 415,
        b"multipart/json": 415,
        b"application/x-www-form-urlencoded": 415,
        b"*/*": 415,
        b"application/*": 415,
    }.items()
}
for _kind in (
    FORM + b"; charset=utf-16",
    FORM + b"; charset=utf-7",
    FORM + b"; charset=hex",
    FORM + b"; charset=nothing",
    FORM + b"; charset=\x00",
    FORM + b", " + MULTIPART,
    FORM.upper(),
    b" " + FORM,
    FORM + b"\x00",
    FORM + b";boundary=x",
):
    TYPES[f"type of a form {_kind!a:.70}"] = (post(b"/form", _kind, b"a=%ff&%ff=+ADw-&\xff"), 200)

# Documents

_DOCUMENTS: dict[bytes, Statuses] = {
    b"": 400,
    b" ": 400,
    b"null": 200,
    b"nul": 400,
    b"NULL": 400,
    b"None": 400,
    b"True": 400,
    b"undefined": 400,
    b"NaN": 200,
    b"Infinity": 200,
    b"-Infinity": 200,
    b"+1": 400,
    b"01": 400,
    b"-": 400,
    b"-0": 200,
    b"1.": 400,
    b".5": 400,
    b"1e": 400,
    b"1e999": 200,
    b"-1e999": 200,
    b"1e-999": 200,
    b"1e" + b"9" * 5000: 200,
    b"0." + b"1" * 50_000: 200,
    b"9" * 4300: 200,
    b"9" * 4301: 400,
    b"-" + b"9" * 4301: 400,
    b"[" + b"9" * 5000 + b"]": 400,
    b'{"a": ' + b"9" * 5000 + b"}": 400,
    b"0x10": 400,
    b"1_000": 400,
    b"1,000": 400,
    b"\xd9\xa1": 400,
    b"'a'": 400,
    b'"': 400,
    b'"a': 400,
    b'"\\': 400,
    b'"\\x41"': 400,
    b'"\\u"': 400,
    b'"\\u12"': 400,
    b'"\\ud800"': 200,
    b'"\\udc00\\ud800"': 200,
    b'"\\ud83d\\ude00"': 200,
    b'"\\u0000"': 200,
    b'"\x00"': 400,
    b'"\x1f"': 400,
    b'"\n"': 400,
    b'"\x7f"': 200,
    b'"\xff"': 400,
    b'"\xed\xa0\x80"': (200, 400),
    b'"\xc0\x80"': 400,
    b"[": 400,
    b"]": 400,
    b"[]]": 400,
    b"[1,]": 400,
    b"[,1]": 400,
    b"[1 2]": 400,
    b"{": 400,
    b"{}{}": 400,
    b"{},": 400,
    b"{1: 2}": 400,
    b"{a: 1}": 400,
    b'{"a"}': 400,
    b'{"a": }': 400,
    b'{"a": 1,}': 400,
    b'{"a": 1, "a": 2}': 200,
    b'{"": ""}': 200,
    b'{"__proto__": {"x": 1}, "constructor": 1, "__class__": 1}': 200,
    b'{"a": 1, "A": 2, "\\u0061": 3}': 200,
    b'{"\\ud800": 1}': 200,
    b"// comment\n{}": 400,
    b"/* comment */ {}": 400,
    b"{} // comment": 400,
    b")]}',\n{}": 400,
    b"\xef\xbb\xbf{}": (200, 400),
    b"\xef\xbb\xbf": 400,
    b"\xfe\xff": 400,
    b"\xff\xfe": 400,
    b"\xff\xfe\x00\x00": 400,
    b"\x00\x00\xfe\xff": 400,
    b"\xff": 400,
    b"\x00": 400,
    b"\x00\x00\x00\x00": 400,
    b"\x00{}": 400,
    b"{}\x00": 400,
    b"{}\x1a": 400,
    b"\x0c{}": 400,
    b"\xc2\xa0{}": 400,
    "\u2028{}".encode(): 400,
    _TEXT.encode(): 200,
    _TEXT.encode("latin-1"): 400,
    _TEXT.encode("utf-16"): 200,
    _TEXT.encode("utf-16-le"): 200,
    _TEXT.encode("utf-16-be"): 200,
    _TEXT.encode("utf-32"): 200,
    _TEXT.encode("utf-32-le"): 200,
    _TEXT.encode("utf-16")[:-1]: 400,
    _TEXT.encode("utf-32")[:-1]: 400,
    _TEXT.encode("utf-7"): (200, 400),
    b'"\xd8\x00\x00"': (200, 400),
    b"[" * 199 + b"]" * 199: 200,
    b"[" * 5000 + b"]" * 5000: 400,
    b'{"a":' * 5000 + b"1" + b"}" * 5000: 400,
    b"[[],[[],[[]]]]": 200,
    b"[" * 150 + b"]" * 150 + b",": 400,
    b"[" + b"[]," * 20_000 + b"[]]": 200,
    b"[" + b'"a",' * 20_000: 400,
    b'{"a":"' + b"\\u0041" * 20_000 + b'"}': 200,
    b'{"a":"' + b"\\" * 20_001 + b'"}': 400,
    b"{" + b",".join(b'"%d":1' % n for n in range(5000)) + b"}": 200,
    b'{"tag": {" t": [1]}}': 200,
    b'{" di": {" t": 5}}': 200,
    b"a=1&b=2": 400,
    b"<a/>": 400,
    b"--- !!python/object:os.system": 400,
    b"cos\nsystem\n(S'id'\ntR.": 400,
    b"\x80\x04\x95": 400,
    b"\x1f\x8b\x08\x00": 400,
}
DOCUMENTS: Rows = {
    f"document {number} {body[:30]!a}": (post(b"/json", JSON, body), status)
    for number, (body, status) in enumerate(_DOCUMENTS.items())
}
DOCUMENTS |= {
    f"{name} read in silence": (replace(ask, path=path), 200)
    for name, (ask, _) in list(DOCUMENTS.items())
    for path in (b"/json-walk", b"/async-all")
}

# Queries and forms

_FIELDS = [
    b"",
    b"&",
    b"=",
    b"&&==&&",
    b"a",
    b"a&a&a",
    b"a=1;b=2",
    b"a[]=1&a[]=2",
    b"a[b][c]=1",
    b"a.b=1&a%00b=2",
    b"a=%",
    b"a=%u0041",
    b"a=%zz&%zz=a",
    b"%61=1",
    b"a=1&A=2",
    b"__proto__[x]=1",
    b"__class__.__init__=1",
    b"a=\x00&\x00=a",
    b"a=\xff&\xff=\xfe",
    b"a=%c0%80",
    b"a=%ed%a0%80",
    b"a=" + b"%f0%9f%98%80" * 500,
    b"n=1&n=2",
    b"n=" + b"9" * 5000,
    b"n=1e5&f=1e999",
    b"n=0x10&f=0x10",
    b"n=1_000&f=1_0.0",
    b"n=%d9%a1&f=%d9%a1",
    b"n=%20%201%20&f=%09nan",
    b"f=infinity&n=-0",
    b"a=b?c=d?e=f",
    b"a=b#c=d",
    b"a=+&+=a",
    b"a=%2b&a=%20",
    b"a=<script>&<script>=a",
    b"utf8=%E2%9C%93&_charset_=utf-7",
    b"a=" + b"x" * 30_000,
    b"&" * 30_000,
    b"=&" * 450,
]
FIELDS: Rows = {
    f"{where} {number} {text[:30]!a}": (ask, 200)
    for number, text in enumerate(_FIELDS)
    for where, ask in {
        "query": Ask(b"/seen", text),
        "query in a template": Ask(b"/show", b"v=" + text[:3000].replace(b"&", b"%26")),
        "form": post(b"/form", FORM, text),
        "form in pieces": post(b"/async", FORM, b"b=1&" + text[: len(text) // 2], b"&" + text),
    }.items()
}

# Hosts, by an app of subdomains and one of hosts

HOSTS: Rows = {
    f"host {host.decode('latin-1')!a:.40}": (Ask(b"/of/x", host=host), status)
    for host, status in {
        b"joe.localhost": (200, 404),
        b"JOE.LOCALHOST": (200, 400, 404),
        b"joe.localhost:5000": (200, 404),
        b"joe.localhost:": (200, 400, 404),
        b"joe.localhost:05000": (200, 400, 404),
        b"joe.localhost:80": (200, 404),
        b"joe.localhost:443": (200, 400, 404),
        b"joe.localhost:65536": 400,
        b"joe.localhost:-1": 400,
        b"joe.localhost:x": 400,
        b"joe.localhost:80:80": 400,
        b"joe.localhost.": (200, 400, 404),
        b"a.joe.localhost": (200, 400, 404),
        b".localhost": 400,
        b"..localhost": 400,
        b"-.localhost": (200, 404),
        b"_.localhost": (200, 400, 404),
        b"xn--.localhost": 400,
        b"xn--a.localhost": 400,
        b"xn--bcher-kva.localhost": (200, 404),
        b"joe localhost": 400,
        b"joe\tlocalhost": 400,
        b"joe.localhost/evil": 400,
        b"evil.test?joe.localhost": 400,
        b"evil.test#.localhost": 400,
        b"evil@joe.localhost": 400,
        b"joe.localhost@evil.test": 400,
        b"joe%2elocalhost": 400,
        b"joe.localhost\\": 400,
        b"joe.localhost,evil.test": 400,
        b"joe.localhost;evil": 400,
        b"evil.test": (200, 400, 404),
        b"localhost.evil.test": (200, 400, 404),
        b"evillocalhost": (200, 400, 404),
        b"localhost": 404,
        b"127.0.0.1": (200, 404),
        b"127.1": (200, 400, 404),
        b"0x7f000001": (200, 400, 404),
        b"2130706433": (200, 400, 404),
        b"[::1]": (200, 400, 404),
        b"[::1]:80": (200, 400, 404),
        b"[::ffff:127.0.0.1]": (200, 400, 404),
        b"[::1%25lo]": 400,
        b"[::1": 400,
        b"::1": 400,
        b"[]": 400,
        b"\xc3\xa9.localhost": 400,
        b"\xff.localhost": 400,
        b"joe.localhost\x00": 400,
        b"a" * 64 + b".localhost": 400,
        b"a" * 63 + b".localhost": (200, 404),
        b"a." * 130 + b"localhost": 400,
        b"{{7*7}}.localhost": 400,
        b"<x>.localhost": 400,
        b"<invalid>": 400,
        b"*": 400,
        b"*.localhost": 400,
    }.items()
}

# What proxies say, to an app that believes them

_SAID = [
    (b"X-Forwarded-For", b""),
    (b"X-Forwarded-For", b",,,"),
    (b"X-Forwarded-For", b"unknown"),
    (b"X-Forwarded-For", b"1.2.3.4, " * 1000 + b"6.6.6.6"),
    (b"X-Forwarded-For", b"\x00\xff"),
    (b"X-Forwarded-For", b"[::1]:99999"),
    (b"X-Forwarded-For", b"<script>"),
    (b"X-Forwarded-Proto", b""),
    (b"X-Forwarded-Proto", b"javascript"),
    (b"X-Forwarded-Proto", b"https,http"),
    (b"X-Forwarded-Proto", b"HTTPS"),
    (b"X-Forwarded-Proto", b"a b"),
    (b"X-Forwarded-Proto", b"http://evil.test"),
    (b"X-Forwarded-Proto", b"http:\r\nX-Evil: 1"),
    (b"X-Forwarded-Proto", b"\xff"),
    (b"X-Forwarded-Proto", b"h" * 5000),
    (b"X-Forwarded-Proto", b"://"),
    (b"X-Forwarded-Host", b""),
    (b"X-Forwarded-Host", b"evil.test"),
    (b"X-Forwarded-Host", b"a b"),
    (b"X-Forwarded-Host", b"a/b?c"),
    (b"X-Forwarded-Host", b"xn--a"),
    (b"X-Forwarded-Host", b"[::1"),
    (b"X-Forwarded-Host", b"a" * 5000),
    (b"X-Forwarded-Host", b"\x00"),
    (b"X-Forwarded-Port", b""),
    (b"X-Forwarded-Port", b"x"),
    (b"X-Forwarded-Port", b"-1"),
    (b"X-Forwarded-Port", b"99999999"),
    (b"X-Forwarded-Port", b"80/evil"),
    (b"X-Forwarded-Port", b"\xd9\xa1"),
    (b"X-Forwarded-Prefix", b""),
    (b"X-Forwarded-Prefix", b"prefix"),
    (b"X-Forwarded-Prefix", b"/prefix/"),
    (b"X-Forwarded-Prefix", b"//evil.test"),
    (b"X-Forwarded-Prefix", b"/\\evil.test"),
    (b"X-Forwarded-Prefix", b"\\\\evil.test"),
    (b"X-Forwarded-Prefix", b"http://evil.test"),
    (b"X-Forwarded-Prefix", b"/a\r\nX-Evil: 1"),
    (b"X-Forwarded-Prefix", b"/\x00\x1b"),
    (b"X-Forwarded-Prefix", b"/\xff"),
    (b"X-Forwarded-Prefix", b"/?a=b#c"),
    (b"X-Forwarded-Prefix", b"/.."),
    (b"X-Forwarded-Prefix", b"/" + b"a" * 5000),
    (b"X-Forwarded-Prefix", b"Sat, 01 Jan 2022 00:00:00 GMT"),
    (b"X-Forwarded-Prefix", b"[a:b:c@"),
]
SAID: Rows = {
    f"said {path.decode()} {name.decode()} {value!a:.40}": (
        header(name, value, path),
        404 if value == b"evil.test" else right,
    )
    for name, value in _SAID
    for path, right in (
        (b"/seen", (200, 400)),
        (b"/slash", (308, 400)),
        (b"/old/x", (308, 400)),
        (b"/rotate", (302, 400, 404)),
        (b"/links", (200, 400)),
        (b"/show", (200, 400)),
    )
}

# Headers of connections, on routes that have nothing to do with them

_UPGRADE = (
    (b"Connection", b"Upgrade"),
    (b"Upgrade", b"websocket"),
    (b"Sec-WebSocket-Version", b"13"),
    (b"Sec-WebSocket-Key", b"dGhlIHNhbXBsZSBub25jZQ=="),
)
CONNECTIONS: Rows = {
    "a handshake where there is none": (Ask(b"/seen", headers=_UPGRADE), (200, 400)),
    "a handshake by POST": (
        Ask(b"/seen", method="POST", headers=_UPGRADE, body=(b"x",)),
        (200, 400),
    ),
    "a handshake for a WebSocket's path": (Ask(b"/talk", headers=_UPGRADE), 400),
    "a WebSocket's path without one": (Ask(b"/talk"), 400),
    **{
        f"{name.decode('latin-1')!a:.30}: {value.decode('latin-1')!a:.30} {method}": (
            Ask(b"/seen", method=method, headers=((name, value),)),
            (200, 400),
        )
        for name, value in [
            (b"Upgrade", b"h2c"),
            (b"Upgrade", b"websocket"),
            (b"Upgrade", b"\x00"),
            (b"Connection", b"close, keep-alive, Host"),
            (b"Connection", b"Content-Length"),
            (b"Expect", b"100-continue"),
            (b"Expect", b"200-ok"),
            (b"TE", b"trailers, chunked"),
            (b"Trailer", b"Content-Length"),
            (b"HTTP2-Settings", b"AAMAAABkAARAAAAAAAIAAAAA"),
            (b"Proxy-Connection", b"keep-alive"),
            (b"Proxy", b"http://evil.test"),
            (b"Content-Encoding", b"gzip"),
            (b"Content-Encoding", b"identity, br, \x00"),
            (b"Content-Range", b"bytes 0-1/2"),
            (b"Content-Location", b"http://evil.test"),
            (b"Accept", b"text/html;q=nan, */*;q=1e999"),
            (b"Accept", b";q=1,;;,/,*/x"),
            (b"Accept-Language", b"*-*, -, a--b;q=-1"),
            (b"Accept-Encoding", b"gzip;q=0, identity;q=0"),
            (b"Accept-Charset", b"hex, utf-7"),
            (b"Cache-Control", b"max-age=\xb2, max-age=-9, =, no-cache=x"),
            (b"Pragma", b"\x00"),
            (b"Max-Forwards", b"-1"),
            (b"Max-Forwards", b"9" * 5000),
            (b"Date", b"now"),
            (b"Origin", b"null"),
            (b"Origin", b"http://[::1"),
            (b"Origin", b"\xff"),
            (b"Referer", b"http://[/"),
            (b"Referer", b"javascript:alert(1)"),
            (b"User-Agent", b"() { :; }; /bin/id"),
            (b"User-Agent", b"\x00\xff" * 1000),
            (b"Forwarded", b'for="[::1";host=";proto=x'),
            (b"X-Forwarded-For", b"127.0.0.1"),
            (b"X-Original-URL", b"/session"),
            (b"X-Rewrite-URL", b"/session"),
            (b"Content-MD5", b"\xff"),
            (b"Last-Event-ID", b"\x00\r\n"),
            (b"Sec-Fetch-Site", b"\x00"),
            (b"Sec-WebSocket-Protocol", b"\xff,,"),
            (b"Host", b"evil.test"),
            (b"", b"no name"),
            (b"A" * 5000, b"x"),
            (b"X\x00Y", b"x"),
            (b"X Y", b"x"),
            (b"\xe9", b"x"),
            (b"wsgi.input", b"x"),
            (b"Wsgi-Url-Scheme", b"https"),
            (b"Path-Info", b"/session"),
            (b"Script-Name", b"/evil"),
            (b"Remote-Addr", b"127.0.0.1"),
        ]
        for method in ("GET", "HEAD")
    },
}
LENGTHS: Rows = {
    f"length {value.decode('latin-1')!a:.30}": (
        Ask(
            b"/data",
            method="POST",
            headers=((b"Content-Length", value),),
            body=(b"abc",),
            declared=-1,
        ),
        (200, 400, 413),
    )
    for value in [
        b"",
        b" 3 ",
        b"+3",
        b"-3",
        b"3.0",
        b"3e0",
        b"0x3",
        b"03",
        b"3_0",
        b"3,3",
        b"3, 4",
        b"\xb3",
        b"\xd9\xa3",
        b"three",
        b"\x00",
        b"9" * 19,
        b"9" * 5000,
    ]
}

# WebSockets

SOCKETS: Rows = {
    **{
        f"socket {path.decode('latin-1')!a:.40}": (Ask(path, query), status)
        for (path, query), status in {
            (b"/talk", b""): 101,
            (b"/talk/", b""): 404,
            (b"//talk", b""): 101,
            (b"/talk%00", b""): 404,
            (b"/TALK", b""): 404,
            (b"/talk", b"v=no"): 401,
            (b"/talk", b"v=%ff&%ff"): 101,
            (b"/talk", b"\xff"): 101,
            (b"/talk", b"a&" * 3000): 101,
            (b"/echo/%ff", b""): 101,
            (b"/echo/%00%0d%0a", b""): 101,
            (b"/echo/%ed%a0%80", b""): 101,
            (b"/echo/", b""): 404,
            (b"/seen", b""): (400, 404),
            (b"/nowhere", b""): 404,
            (b"/pages/" + b"a" * 70_000, b""): (400, 404, 414),
        }.items()
    },
    **{
        f"socket said {number}": (Ask(b"/talk", body=said), 101)
        for number, said in enumerate(
            [
                (b"{",),
                (b"",),
                (b"\xff",),
                (b"null", b"null"),
                (b"[" * 100_000,),
                (b"9" * 5000,),
                (b'"\\ud800"',),
                (b"NaN",),
                (b"{}" * 20_000,),
            ]
        )
    },
    **{
        f"socket of {name.decode()} {value!a:.40}": (header(name, value, b"/talk"), status)
        for name, value, status in [
            (b"Origin", b"null", 403),
            (b"Origin", b"http://evil.test", 403),
            (b"Origin", b"http://localhost", 101),
            (b"Origin", b"http://localhost:99999999", 403),
            (b"Origin", b"\xff", 403),
            (b"Origin", b"http://localhost, http://evil.test", 403),
            (b"Origin", b"http://localhost@evil.test", 403),
            (b"Origin", b"", 101),
            (b"Sec-WebSocket-Protocol", b",,,", 101),
            (b"Sec-WebSocket-Protocol", b"a b", 101),
            (b"Cookie", b"session=" + b"a." * 3000, 101),
            (b"Cookie", b"\xff=\xfe", 101),
        ]
    },
}

ROWS: Rows = {
    **METHODS,
    **ENCODED,
    **NUMBERS,
    **SLASHES,
    **TARGETS,
    **FILES,
    **COOKIES,
    **CONDITIONS,
    **CREDENTIALS,
    **PARTS,
    **TYPES,
    **DOCUMENTS,
    **FIELDS,
    **CONNECTIONS,
    **LENGTHS,
}
"""What goes to the plain app, by each door."""
