"""Cases of what comes before a body: request line, target, Host and other headers."""

from __future__ import annotations

from rawhttp.case import BAD, CLOSED, DROPPED, OPEN, Case, Outcome, Seen, refused, taken

SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
X_SEEN = Seen("GET", "/x")
X = taken(X_SEEN)


def case(name, rule, data, *outcomes, methods=("GET",)):
    """Return a case of one step."""
    return Case(name, rule, (data,), outcomes, methods)


# Host


def _host(name, value, *outcomes, rule="RFC 9112, 3.2"):
    data = b"GET /x HTTP/1.1\r\nHost:" + value + b"\r\n\r\n"
    return case(f"Host {name}", rule, data, *outcomes)


def _named(host):
    return taken(Seen("GET", "/x", headers=(("Host", host),)))


HOSTS = [
    _host("plain", b" a", _named("a")),
    _host("with a port", b" a:80", _named("a:80")),
    _host("without a blank", b"a", _named("a")),
    _host("with tabs around it", b"\ta\t", _named("a")),
    _host("with a dot at its end", b" a.example.", _named("a.example."), rule="RFC 3986, 3.2.2"),
    _host("with an empty port", b" a:", _named("a:"), BAD, rule="RFC 3986, 3.2.3"),
    _host("of IPv6", b" [::1]:80", _named("[::1]:80")),
    _host("of IPv6 without its end", b" [::1", BAD),
    _host("of IPv6 that is none", b" [zz]", BAD),
    _host("with a port that is no number", b" a:x", BAD),
    _host("with a port of six digits", b" a:123456", BAD),
    _host("empty", b"", BAD),
    _host("with a path", b" a/b", BAD),
    _host("with a query", b" a?b", BAD),
    _host("with a fragment", b" a#b", BAD),
    _host("with a user", b" u@a", BAD),
    _host("with a backslash", b" a\\b", BAD),
    _host("of two names", b" a,b", BAD),
    _host("with a blank inside", b" a b", BAD),
    _host("with a quote", b' a"', BAD),
    _host("with a percent sign", b" a%00", BAD),
    _host("with a NUL", b" a\0", BAD),
    _host("with a control character", b" a\x01", BAD),
    _host("with a DEL", b" a\x7f", BAD),
    _host("in UTF-8", b" b\xc3\xbccher", BAD),
    _host("in Latin-1", b" b\xfccher", BAD),
    _host("of bad Punycode", b" xn--a", BAD, taken(X_SEEN, status=400)),
    _host("of dots", b" ..", BAD),
    _host("of 300 bytes", b" " + b"a." * 150 + b"a", BAD),
    _host("of 100 kB", b" " + b"a" * 100_000, BAD, *refused(431)),
    case("no Host", "RFC 9112, 3.2", b"GET /x HTTP/1.1\r\n\r\n" + SMUGGLED, BAD),
    case(
        "no Host, but one in the target", "RFC 9112, 3.2", b"GET http://a/x HTTP/1.1\r\n\r\n", BAD
    ),
    case("two Hosts", "RFC 9112, 3.2", b"GET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", BAD),
    case(
        "the same Host twice",
        "RFC 9112, 3.2",
        b"GET /x HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        BAD,
    ),
    case(
        "a Host and an empty one",
        "RFC 9112, 3.2",
        b"GET /x HTTP/1.1\r\nHost: a\r\nHost:\r\n\r\n",
        BAD,
    ),
    case(
        "an empty Host and one",
        "RFC 9112, 3.2",
        b"GET /x HTTP/1.1\r\nHost:\r\nHost: a\r\n\r\n",
        BAD,
    ),
    case(
        "two Hosts apart, in other letters",
        "RFC 9112, 3.2",
        b"GET /x HTTP/1.1\r\nHost: a\r\nX: y\r\nhOST: b\r\n\r\n",
        BAD,
    ),
    case(
        "a Host and one behind a fold",
        "RFC 9112, 5.2",
        b"GET /x HTTP/1.1\r\nHost: a\r\n Host: b\r\n\r\n",
        BAD,
    ),
    case(
        "a Host with a space before the colon",
        "RFC 9112, 5.1",
        b"GET /x HTTP/1.1\r\nHost : a\r\n\r\n",
        BAD,
    ),
    case(
        "no Host by HTTP/1.0",
        "RFC 9112, 3.2",
        b"GET /x HTTP/1.0\r\n\r\n",
        taken(Seen("GET", "/x"), then=CLOSED),
    ),
    case(
        "two Hosts by HTTP/1.0",
        "RFC 9112, 3.2",
        b"GET /x HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
        BAD,
    ),
    case("a bad Host by HTTP/1.0", "RFC 9112, 3.2", b"GET /x HTTP/1.0\r\nHost: a/b\r\n\r\n", BAD),
    case(
        "the Host of a proxy that is not trusted",
        "bolthead serve",
        b"GET /x HTTP/1.1\r\nHost: a\r\nX-Forwarded-Host: evil\r\n\r\n",
        taken(Seen("GET", "/x", headers=(("Host", "a"), ("X-Forwarded-Host", None)))),
    ),
]

# Targets


def _target(name, target, *outcomes, rule="RFC 9112, 3.2", method=b"GET", host=b"a"):
    data = method + b" " + target + b" HTTP/1.1\r\nHost: " + host + b"\r\n\r\n"
    return case(f"target {name}", rule, data, *outcomes, methods=(method.decode(), "GET"))


def _at(target, **headers):
    return taken(Seen("GET", target, headers=tuple(headers.items())))


TARGETS = [
    _target("absolute", b"http://a/x", _at("/x", Host="a"), rule="RFC 9112, 3.2.2"),
    _target("absolute, with a query", b"http://a/x?y=1", _at("/x?y=1"), rule="RFC 9112, 3.2.2"),
    _target("absolute, without a path", b"http://a", _at("/"), rule="RFC 9112, 3.2.2"),
    _target(
        "absolute, without a path, with a query",
        b"http://a?y",
        _at("/?y"),
        BAD,
        rule="RFC 9112, 3.2.2",
    ),
    _target("absolute, of https", b"https://a/x", _at("/x"), BAD, rule="RFC 9112, 3.2.2"),
    _target("absolute, in capitals", b"HTTP://a/x", _at("/x"), rule="RFC 9112, 3.2.2"),
    _target(
        "absolute, of another host",
        b"http://other/x",
        _at("/x", Host="other"),
        BAD,
        rule="RFC 9112, 3.2.2",
    ),
    _target(
        "absolute, with a user", b"http://u:p@a/x", _at("/x", Host="a"), BAD, rule="RFC 9110, 4.2.4"
    ),
    _target("absolute, without a host", b"http:///x", BAD, rule="RFC 9110, 4.2.1"),
    _target("absolute, with half an IPv6 address", b"http://[::1/x", BAD, rule="RFC 3986, 3.2.2"),
    _target("absolute, with a port that is none", b"http://a:b:c/x", BAD, rule="RFC 3986, 3.2.3"),
    _target("absolute, of another scheme", b"ftp://a/x", BAD, *refused(421), rule="RFC 9110, 7.4"),
    _target("of a scheme only", b"http:", BAD),
    _target("of a script", b"javascript:alert(1)", BAD),
    _target("of everything", b"*", BAD, rule="RFC 9112, 3.2.4"),
    _target(
        "of everything, by OPTIONS",
        b"*",
        Outcome((200,), (Seen("OPTIONS", "*"),), OPEN),
        Outcome((200,), (), OPEN),
        Outcome((204,), (), OPEN),
        rule="RFC 9112, 3.2.4",
        method=b"OPTIONS",
    ),
    _target(
        "of a tunnel", b"a:80", *refused(400, 405, 501), rule="RFC 9110, 9.3.6", method=b"CONNECT"
    ),
    _target(
        "of a tunnel without a port",
        b"a",
        *refused(400, 405, 501),
        rule="RFC 9110, 9.3.6",
        method=b"CONNECT",
    ),
    _target(
        "of a tunnel that is a path",
        b"/x",
        *refused(400, 405, 501),
        rule="RFC 9110, 9.3.6",
        method=b"CONNECT",
    ),
    _target("of an authority by GET", b"a:80", BAD),
    _target("without a slash", b"x", BAD),
    _target("with an at sign first", b"@evil", BAD),
    _target("of a query only", b"?x", BAD),
    _target("of a backslash", b"\\x", BAD),
    _target("of dots", b"../x", BAD),
    _target("empty", b"", BAD),
    _target("with two slashes", b"//evil/x", _at("/evil/x")),
    _target("with a fragment", b"/x#y", _at("/x"), BAD),
    _target("with a blank", b"/x y", BAD),
    _target("with a tab", b"/x\ty", BAD),
    _target("with a NUL", b"/x\0y", BAD),
    _target("with a bare CR", b"/x\ry", BAD),
    _target("with a control character", b"/x\x01y", BAD),
    _target("with a DEL", b"/x\x7fy", BAD),
    _target("with a byte that is no UTF-8", b"/x\xff", _at("/x\ufffd"), BAD),
    _target("with raw UTF-8", b"/x\xc3\xa9", _at("/x\xe9"), BAD),
    _target("with a NUL in percents", b"/x%00", _at("/x\0"), BAD),
    _target("with half a percent sequence", b"/x%4", _at("/x%4"), BAD),
    _target("with a percent sequence that is none", b"/x%zz", _at("/x%zz"), BAD),
    _target("with dots inside", b"/x/../y", _at("/x/../y"), BAD),
    _target("with characters of no URI", b'/x|^{}<>"`', _at('/x|^{}<>"`'), BAD),
    _target(
        "with a line end in percents",
        b"/x%0d%0aSet-Cookie:a=b",
        taken(Seen("GET", "/x\r\nSet-Cookie:a=b"), status=404),
        BAD,
    ),
    _target("of 9 kB", b"/" + b"a" * 9000, *refused(414), rule="RFC 9110, 15.5.15"),
    _target("of 9 kB of query", b"/x?" + b"a" * 9000, *refused(414), rule="RFC 9110, 15.5.15"),
    _target("of 70 kB", b"/" + b"a" * 70_000, *refused(414), rule="RFC 9110, 15.5.15"),
]

# The request line

H = b"\r\nHost: a\r\n\r\n"

LINES = [
    case("an empty line before a request", "RFC 9112, 2.2", b"\r\nGET /x HTTP/1.1" + H, X),
    case("a bare LF before a request", "RFC 9112, 2.2", b"\nGET /x HTTP/1.1" + H, X, BAD),
    case("a blank before a request", "RFC 9112, 3", b" GET /x HTTP/1.1" + H, BAD),
    case("HTTP/0.9", "RFC 9112, 3", b"GET /x\r\n\r\n", BAD, *refused(505), DROPPED),
    case("no target", "RFC 9112, 3", b"GET HTTP/1.1" + H, BAD),
    case("no method", "RFC 9112, 3", b" /x HTTP/1.1" + H, BAD),
    case("two blanks before the target", "RFC 9112, 3", b"GET  /x HTTP/1.1" + H, X, BAD),
    case("two blanks after the target", "RFC 9112, 3", b"GET /x  HTTP/1.1" + H, X, BAD),
    case("tabs for blanks", "RFC 9112, 3", b"GET\t/x\tHTTP/1.1" + H, X, BAD),
    case("a blank after the version", "RFC 9112, 3", b"GET /x HTTP/1.1 " + H, X, BAD),
    case("more after the version", "RFC 9112, 3", b"GET /x HTTP/1.1 HTTP/1.1" + H, BAD),
    case("version 1.2", "RFC 9110, 2.5", b"GET /x HTTP/1.2" + H, X, BAD, *refused(505)),
    case("version 2.0", "RFC 9110, 15.6.6", b"GET /x HTTP/2.0" + H, BAD, *refused(505)),
    case("version 3", "RFC 9110, 15.6.6", b"GET /x HTTP/3" + H, BAD, *refused(505)),
    case("version 9.9", "RFC 9110, 15.6.6", b"GET /x HTTP/9.9" + H, BAD, *refused(505)),
    case("version 0.9", "RFC 9110, 15.6.6", b"GET /x HTTP/0.9" + H, BAD, *refused(505)),
    case("version 1", "RFC 9112, 2.3", b"GET /x HTTP/1" + H, BAD, *refused(505)),
    case("version 1.10", "RFC 9112, 2.3", b"GET /x HTTP/1.10" + H, BAD, *refused(505)),
    case("version 01.1", "RFC 9112, 2.3", b"GET /x HTTP/01.1" + H, BAD, *refused(505)),
    case("version 1,1", "RFC 9112, 2.3", b"GET /x HTTP/1,1" + H, BAD, *refused(505)),
    case(
        "version in Arabic digits",
        "RFC 9112, 2.3",
        b"GET /x HTTP/\xd9\xa1.1" + H,
        BAD,
        *refused(505),
    ),
    case("a version in small letters", "RFC 9112, 2.3", b"GET /x http/1.1" + H, BAD),
    case("another protocol", "RFC 9112, 2.3", b"GET /x ICY/1.1" + H, BAD, *refused(505)),
    case(
        "a method in small letters",
        "RFC 9110, 9.1",
        b"get /x HTTP/1.1" + H,
        BAD,
        *refused(405, 501),
        taken(Seen("get", "/x"), status=405),
    ),
    case(
        "a method of its own",
        "RFC 9110, 9.1",
        b"BREW /x HTTP/1.1" + H,
        BAD,
        *refused(405, 501),
        taken(Seen("BREW", "/x"), status=405),
    ),
    case(
        "TRACE",
        "RFC 9110, 9.3.8",
        b"TRACE /x HTTP/1.1\r\nCookie: secret" + H,
        BAD,
        *refused(405, 501),
        taken(Seen("TRACE", "/x"), status=405),
    ),
    case("a method with an at sign", "RFC 9110, 9.1", b"G@T /x HTTP/1.1" + H, BAD),
    case("a method with a NUL", "RFC 9110, 9.1", b"GE\0T /x HTTP/1.1" + H, BAD),
    case("a method beyond ASCII", "RFC 9110, 9.1", b"G\xc3\x89T /x HTTP/1.1" + H, BAD),
    case(
        "a method of 10 kB",
        "RFC 9112, 3",
        b"A" * 10_000 + b" /x HTTP/1.1" + H,
        BAD,
        *refused(405, 501),
    ),
    case(
        "a request line that ends with a bare LF",
        "RFC 9112, 2.2",
        b"GET /x HTTP/1.1\nHost: a\r\n\r\n",
        X,
        BAD,
    ),
    case(
        "a request line that ends with a bare CR",
        "RFC 9112, 2.2",
        b"GET /x HTTP/1.1\rHost: a\r\n\r\n",
        BAD,
    ),
    case(
        "TLS",
        "bolthead serve",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        BAD,
        DROPPED,
    ),
    case(
        "the preface of HTTP/2",
        "RFC 9113, 3.4",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        BAD,
        *refused(505),
        DROPPED,
    ),
    case("NULs", "bolthead serve", b"\0" * 100 + b"\r\n\r\n", BAD, DROPPED),
    case("SMTP", "bolthead serve", b"EHLO a\r\nMAIL FROM:<a@b>\r\n\r\n", BAD, DROPPED),
    case(
        "a line of 200 kB without an end",
        "RFC 9112, 3",
        b"A" * 200_000,
        BAD,
        *refused(414, 431),
        DROPPED,
    ),
]

# Headers


def _header(name, lines, *outcomes, rule="RFC 9112, 5"):
    data = b"GET /x HTTP/1.1\r\nHost: a\r\n" + lines + b"\r\n\r\n"
    return case(f"header: {name}", rule, data, *outcomes)


def _with(name, value):
    return taken(Seen("GET", "/x", headers=((name, value),)))


HEADERS = [
    _header("plain", b"X: y", _with("X", "y")),
    _header("empty", b"X:", _with("X", "")),
    _header("with blanks around it", b"X: \t y \t", _with("X", "y"), rule="RFC 9112, 5.1"),
    _header("with a tab inside", b"X: a\tb", _with("X", "a\tb"), rule="RFC 9110, 5.5"),
    _header("with bytes of Latin-1", b"X: \xe9", _with("X", "\xe9"), BAD, rule="RFC 9110, 5.5"),
    _header(
        "with every token character",
        b"!#$%&'*+-.^`|~0aZ: y",
        _with("!#$%&'*+-.^`|~0aZ", "y"),
        rule="RFC 9110, 5.6.2",
    ),
    _header("folded", b"X: a\r\n b", _with("X", "a b"), BAD, rule="RFC 9112, 5.2"),
    _header("folded by a tab", b"X: a\r\n\tb", _with("X", "a b"), BAD, rule="RFC 9112, 5.2"),
    _header(
        "folded, with nothing in the next line",
        b"X: a\r\n ",
        _with("X", "a"),
        BAD,
        rule="RFC 9112, 5.2",
    ),
    _header("a space before the colon", b"X : y", BAD, rule="RFC 9112, 5.1"),
    _header("a tab before the colon", b"X\t: y", BAD, rule="RFC 9112, 5.1"),
    _header("no colon", b"X", BAD),
    _header("no name", b": y", BAD),
    _header("a space in the name", b"X Y: z", BAD),
    _header("a bracket in the name", b"X(: y", BAD),
    _header("quotes in the name", b'"X": y', BAD),
    _header("an at sign in the name", b"X@: y", BAD),
    _header("a NUL in the name", b"X\0: y", BAD),
    _header("a control character in the name", b"X\x01: y", BAD),
    _header("a DEL in the name", b"X\x7f: y", BAD),
    _header("a name beyond ASCII", b"X\xc3\xa9: y", BAD),
    _header("a name with a letter that folds to K", b"\xe2\x84\xaa: y", BAD),
    _header("a NUL in the value", b"X: a\0b", BAD, rule="RFC 9110, 5.5"),
    _header("a bare CR in the value", b"X: a\rb", BAD, rule="RFC 9110, 5.5"),
    _header("a CR before the line end", b"X: a\r", BAD, rule="RFC 9110, 5.5"),
    _header("a bare LF in the value", b"X: a\nY: b", _with("Y", "b"), BAD, rule="RFC 9112, 2.2"),
    _header(
        "a control character in the value",
        b"X: a\x01b",
        _with("X", "a\x01b"),
        BAD,
        rule="RFC 9110, 5.5",
    ),
    _header("a DEL in the value", b"X: a\x7fb", _with("X", "a\x7fb"), BAD, rule="RFC 9110, 5.5"),
    _header(
        "an underscore in the name",
        b"X_User: evil",
        _with("X-User", None),
        BAD,
        rule="bolthead serve",
    ),
    _header(
        "an underscore that shadows a hyphen",
        b"X-User: good\r\nX_User: evil",
        _with("X-User", "good"),
        BAD,
        rule="bolthead serve",
    ),
    _header(
        "a proxy's word with an underscore",
        b"X_Forwarded_For: 6.6.6.6",
        _with("X-Forwarded-For", None),
        BAD,
        rule="bolthead serve",
    ),
    _header(
        "two Cookies",
        b"Cookie: a=1\r\nCookie: b=2",
        _with("Cookie", "a=1; b=2"),
        _with("Cookie", "a=1;b=2"),
        BAD,
        rule="RFC 9110, 5.3",
    ),
    _header(
        "two of a name",
        b"X: 1\r\nX: 2",
        _with("X", "1,2"),
        _with("X", "1, 2"),
        BAD,
        rule="RFC 9110, 5.3",
    ),
    _header(
        "100", b"\r\n".join(b"X-%d: 1" % number for number in range(99)), X, rule="RFC 6585, 5"
    ),
    _header(
        "101",
        b"\r\n".join(b"X-%d: 1" % number for number in range(100)),
        *refused(431),
        rule="RFC 6585, 5",
    ),
    _header(
        "3,000",
        b"\r\n".join(b"X-%d: 1" % number for number in range(3000)),
        *refused(431),
        rule="RFC 6585, 5",
    ),
    _header("one of 15 kB", b"X: " + b"a" * 15_000, X, rule="RFC 6585, 5"),
    _header("one of 17 kB", b"X: " + b"a" * 17_000, *refused(431), rule="RFC 6585, 5"),
    _header("a name of 17 kB", b"X" * 17_000 + b": a", *refused(431), rule="RFC 6585, 5"),
    _header(
        "72 kB",
        b"\r\n".join(b"X-%d: %s" % (number, b"a" * 9000) for number in range(8)),
        *refused(431),
        rule="RFC 6585, 5",
    ),
    _header("one of 400 kB", b"X: " + b"a" * 400_000, *refused(431), rule="RFC 6585, 5"),
    case(
        "a blank before the first header",
        "RFC 9112, 2.2",
        b"GET /x HTTP/1.1\r\n Host: a\r\n\r\n",
        BAD,
    ),
    case(
        "a fold before the first header",
        "RFC 9112, 2.2",
        b"GET /x HTTP/1.1\r\n X: y\r\nHost: a\r\n\r\n",
        BAD,
    ),
    case(
        "headers that end with bare LFs", "RFC 9112, 2.2", b"GET /x HTTP/1.1\nHost: a\n\n", X, BAD
    ),
    case(
        "headers that end with LF CR LF",
        "RFC 9112, 2.2",
        b"GET /x HTTP/1.1\r\nHost: a\n\r\n",
        X,
        BAD,
    ),
    case(
        "headers that end with CR LF LF",
        "RFC 9112, 2.2",
        b"GET /x HTTP/1.1\r\nHost: a\r\n\n",
        X,
        BAD,
    ),
    case(
        "headers that end with bare CRs",
        "RFC 9112, 2.2",
        b"GET /x HTTP/1.1\rHost: a\r\r",
        BAD,
        DROPPED,
    ),
    case(
        "an end of the headers before the Host",
        "RFC 9112, 3.2",
        b"GET /x HTTP/1.1\r\n\r\nHost: a\r\n\r\n",
        BAD,
    ),
]

CASES: list[Case] = [*HOSTS, *TARGETS, *LINES, *HEADERS]
