"""Input twice as long takes at most 2.3 times as long: nothing that a client sends is tried anew.

Processor time of this thread is measured, so that a busy machine hardly matters; the best of
several tries of either size counts, and a case has several rounds. All limits are off.
"""

from __future__ import annotations

import base64
import contextlib
import gc
import io
import time

import pytest
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule

from bolthead import Flask, Request
from bolthead.protocols.scope import make_environ
from bolthead.routing import CountedMap, make_matcher
from bolthead.wrappers import lenient
from bolthead.wrappers.limits import LIMITS
from hostile.corpus import BOUNDARY, END, FILE, MULTIPART, part

MOST = 2.3
TRIES = 5
# A step of the allocator, or of a processor's cache, is passed at another size; a square is not.
SIZES = (1, 1, 1, 2, 4)
# How long the smaller input should take: long enough for the clock.
AT_LEAST = 0.004
# What takes a few milliseconds here is no square: that would take hours. Beyond it the growth
# is that of the processor's caches.
FAR = 2_000_000

APP = Flask("scaling")
APP.config.update({limit.setting: None for limit in LIMITS})
APP.config.update(MAX_FORM_MEMORY_SIZE=None, MAX_FORM_PARTS=None, SECRET_KEY="a key for scaling")


def environ(**values):
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "HTTP_HOST": "localhost",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.input_terminated": True,
        **values,
    }


def header(name, read):
    """Read something of a request with one header of the given text."""

    def work(text):
        read(Request(environ(**{name: text})))

    return work


def attribute(name, key):
    return header(key, lambda request: str(getattr(request, name)))


def best(name, key, *offers):
    return header(key, lambda request: getattr(request, name).best_match(offers))


def static(text):
    environ_ = environ(REQUEST_METHOD="GET", **text)
    from bolthead import Response

    response = Response(b"0123456789" * 100)
    response.set_etag("tag")
    response.last_modified = 1_700_000_000
    with contextlib.suppress(HTTPException):
        response.make_conditional(environ_, accept_ranges=True, complete_length=1000)


def form(body):
    request = Request(environ(CONTENT_TYPE=MULTIPART.decode(), CONTENT_LENGTH=str(len(body))))
    request.environ["wsgi.input"] = io.BytesIO(body)
    len(request.form)
    request.close()


def urlencoded(body):
    request = Request(
        environ(
            CONTENT_TYPE="application/x-www-form-urlencoded",
            CONTENT_LENGTH=str(len(body)),
        )
    )
    request.environ["wsgi.input"] = io.BytesIO(body)
    len(request.form)


def json_body(body):
    APP.config["MAX_JSON_DEPTH"] = 100
    try:
        request = Request(environ(CONTENT_TYPE="application/json", CONTENT_LENGTH=str(len(body))))
        request.environ["wsgi.input"] = io.BytesIO(body)
        request.get_json(silent=True)
    finally:
        APP.config["MAX_JSON_DEPTH"] = None


def query(text):
    len(Request(environ(QUERY_STRING=text)).args)


def routed(*rules):
    url_map = CountedMap([Rule(rule, endpoint=rule) for rule in rules])
    matcher = make_matcher(url_map)

    def work(path):
        matcher.find("GET", path)
        with contextlib.suppress(HTTPException):
            url_map.bind("localhost").match(path)

    return work


def scope(headers):
    make_environ({"type": "http", "path": "/", "raw_path": b"/", "headers": headers})


def redirect(text):
    APP.redirect(text).get_wsgi_headers(environ())


def session(text):
    interface = APP.session_interface
    interface.open_session(APP, Request(environ(HTTP_COOKIE=text)))


two_paths = routed("/two/<path:a>/x/<path:b>/y")
three_paths = routed("/three/<path:a>/x/<path:b>/y/<path:c>/z")
numbered = routed("/n/<path:a>/<int:n>/<path:b>/z", "/n/<path:a>/<b>/<path:c>/w")
segments = routed("/parts/<a>-<b>.html", "/more/<a>-<b>_<c>.html")
four = routed("/<a>-<b>_<c>.<d>", "/x/<a>-<b>_<c>.<d>/")
beside = routed("/<a><b><c>x", "/n/<int:a><int:b><float:c>")
lengths = routed("/<string(maxlength=90):a>-<string(minlength=3):b>x<any(a,aa,b):c>")
through = routed("/<a>-<path:b>/x/<c>-<path:d>.html")
many = routed(*(f"/r{n}/<path:a>/e" for n in range(20)), "/<path:a>/x", "/<path:b>/x/")

# What does the work, and what makes its input of a length.
CASES = {
    "router: two paths": (two_paths, lambda n: "/two/" + "a/x/" * n + "z"),
    "router: two paths, all of it": (two_paths, lambda n: "/two/" + "a/x/" * n + "y"),
    "router: two paths, slashes": (two_paths, lambda n: "/two/" + "a/x//" * n + "z"),
    "router: two paths, no text": (two_paths, lambda n: "/two/" + "é/x/" * n + "z"),
    "router: three paths": (three_paths, lambda n: "/three/" + "a/x/b/y/" * n + "w"),
    "router: number between": (numbered, lambda n: "/n/" + "a/5/" * n + "x"),
    "router: segment between": (numbered, lambda n: "/n/" + "a/b/" * n + "x"),
    "router: two in a segment": (segments, lambda n: "/parts/" + "-" * n),
    "router: three in a segment": (segments, lambda n: "/more/" + "-_" * n),
    "router: three in a segment, found": (segments, lambda n: "/more/" + "a-" * n + "b_c.html"),
    "router: three in a segment, none at last": (
        segments,
        lambda n: "/more/" + "a-b_c" * n + "-" * n + ".html",
    ),
    "router: four in a segment": (four, lambda n: "/" + "-_." * n),
    "router: four in a segment, none": (four, lambda n: "/x/" + "a_b.-" * n + "/"),
    "router: arguments side by side": (beside, lambda n: "/" + "a" * n),
    "router: numbers side by side": (beside, lambda n: "/n/" + "1" * n),
    "router: numbers with a point": (beside, lambda n: "/n/" + "1" * n + ".5"),
    "router: lengths": (lengths, lambda n: "/" + "a-" * n + "xa"),
    "router: lengths, none": (lengths, lambda n: "/" + "-xa" * n),
    "router: paths in segments": (through, lambda n: "/" + "a-b/x/" * n + ".html"),
    "router: paths in segments, none": (through, lambda n: "/" + "a-/x/" * n),
    "router: many rules": (many, lambda n: "/" + "a/" * n),
    "router: nothing but slashes": (many, lambda n: "/" * n),
    "query: fields": (query, lambda n: "a=1&" * n),
    "query: escapes": (query, lambda n: "a=" + "%ff" * n),
    "query: separators": (query, lambda n: "&" * n),
    "query: raw bytes": (query, lambda n: "\xff" * n),
    "urlencoded: fields": (urlencoded, lambda n: b"a=1&" * n),
    "urlencoded: one field": (urlencoded, lambda n: b"a=" + b"%41" * n),
    "multipart: fields": (form, lambda n: part(b"x") * n + END),
    "multipart: files": (form, lambda n: part(b"x", b"f", FILE) * n + END),
    "multipart: one field": (form, lambda n: part(b"x" * n) + END),
    "multipart: one file": (form, lambda n: part(b"x" * n, b"f", FILE) + END),
    "multipart: file of CR": (form, lambda n: part(b"\r" * n, b"f", FILE) + END),
    "multipart: file of LF": (form, lambda n: part(b"\n" * n, b"f", FILE) + END),
    "multipart: file of CRLF": (form, lambda n: part(b"\r\n" * n, b"f", FILE) + END),
    "multipart: file of CRLF and dashes": (form, lambda n: part(b"\r\n--" * n, b"f", FILE) + END),
    "multipart: almost a boundary": (
        form,
        lambda n: part((b"\r\n--" + BOUNDARY[:-1]) * n, b"f", FILE) + END,
    ),
    "multipart: preamble": (form, lambda n: b"p" * n + part(b"x") + END),
    "multipart: preamble of lines": (form, lambda n: b"\r\n--" * n + part(b"x") + END),
    "multipart: epilogue": (form, lambda n: part(b"x") + END + b"e" * n),
    "multipart: part headers": (form, lambda n: part(b"x", rest=b"\r\nX: y" * n) + END),
    "multipart: folded headers": (form, lambda n: part(b"x", rest=b"\r\n y" * n) + END),
    "multipart: parameters": (form, lambda n: part(b"x", rest=b"; a=b" * n) + END),
    "multipart: continuations": (
        form,
        lambda n: part(b"x", rest=b"".join(b"; a*%d=b" % i for i in range(n))) + END,
    ),
    "multipart: quotes": (form, lambda n: part(b"x", rest=b'; a="' + b'\\"' * n + b'"') + END),
    "JSON: deep": (json_body, lambda n: b"[" * 90 + b"[]," * n + b"[]" + b"]" * 90),
    "JSON: wide": (json_body, lambda n: b"[" + b'{"a": [1]},' * n + b"1]"),
    "cookies: many": (attribute("cookies", "HTTP_COOKIE"), lambda n: "a=b; " * n),
    "cookies: names": (
        attribute("cookies", "HTTP_COOKIE"),
        lambda n: "; ".join(f"c{i}=1" for i in range(n)),
    ),
    "cookies: separators": (attribute("cookies", "HTTP_COOKIE"), lambda n: ";" * n),
    "cookies: backslashes": (attribute("cookies", "HTTP_COOKIE"), lambda n: 'a="' + "\\" * n),
    "cookies: octals": (
        attribute("cookies", "HTTP_COOKIE"),
        lambda n: 'a="' + "\\101" * n + '"',
    ),
    "cookies: spaces": (attribute("cookies", "HTTP_COOKIE"), lambda n: "a=b" + " " * n + ";c=d"),
    "session: many cookies": (session, lambda n: "session=x.y; " * n),
    "session: one cookie": (session, lambda n: "session=" + "x" * n + ".y.z"),
    "Accept: many": (best("accept_mimetypes", "HTTP_ACCEPT", "a/b"), lambda n: "text/x;q=0.5," * n),
    "Accept: weights": (
        best("accept_mimetypes", "HTTP_ACCEPT", "a/b", "c/d"),
        lambda n: ",".join(f"text/x{i};q=0.{i}" for i in range(n)),
    ),
    "Accept: parameters": (
        best("accept_mimetypes", "HTTP_ACCEPT", "a/b"),
        lambda n: "text/x" + ";a=b" * n,
    ),
    "Accept: spaces": (
        best("accept_mimetypes", "HTTP_ACCEPT", "a/b"),
        lambda n: "text/x" + " " * n + ";q=1",
    ),
    "Accept: quotes": (best("accept_mimetypes", "HTTP_ACCEPT", "a/b"), lambda n: 'a/b;c="' * n),
    "Accept: commas": (best("accept_mimetypes", "HTTP_ACCEPT", "a/b"), lambda n: "," * n),
    "Accept-Language: many": (
        best("accept_languages", "HTTP_ACCEPT_LANGUAGE", "en", "de-AT"),
        lambda n: "en-GB;q=0.1," * n,
    ),
    "Accept-Language: parts": (
        best("accept_languages", "HTTP_ACCEPT_LANGUAGE", "en", "de-AT"),
        lambda n: "en" + "-x" * n,
    ),
    "Range: many": (attribute("range", "HTTP_RANGE"), lambda n: "bytes=" + "0-0," * n),
    "Range: ascending": (
        attribute("range", "HTTP_RANGE"),
        lambda n: "bytes=" + ",".join(f"{2 * i}-{2 * i}" for i in range(n)),
    ),
    "Range: sent": (
        static,
        lambda n: {"HTTP_RANGE": "bytes=" + ",".join(f"{2 * i}-{2 * i}" for i in range(n))},
    ),
    "Range: spaces": (attribute("range", "HTTP_RANGE"), lambda n: "bytes=" + " " * n + "0-1"),
    "ETag: many": (attribute("if_none_match", "HTTP_IF_NONE_MATCH"), lambda n: '"a",' * n),
    "ETag: weak": (attribute("if_match", "HTTP_IF_MATCH"), lambda n: "W/" * n),
    "ETag: quotes": (attribute("if_none_match", "HTTP_IF_NONE_MATCH"), lambda n: '"' * n),
    "ETag: words": (attribute("if_none_match", "HTTP_IF_NONE_MATCH"), lambda n: "a " * n),
    "ETag: sent": (static, lambda n: {"HTTP_IF_NONE_MATCH": '"a",' * n}),
    "dates: commas": (attribute("date", "HTTP_DATE"), lambda n: "Mon, " * n),
    "dates: words": (attribute("if_modified_since", "HTTP_IF_MODIFIED_SINCE"), lambda n: "a " * n),
    "dates: colons": (attribute("date", "HTTP_DATE"), lambda n: "1:" * n),
    "dates: spaces": (
        attribute("date", "HTTP_DATE"),
        lambda n: "Mon, 01 Jan 2022" + " " * n + "00:00:00 GMT",
    ),
    "dates: letters": (attribute("date", "HTTP_DATE"), lambda n: "a" * n),
    "dates: dashes": (attribute("date", "HTTP_DATE"), lambda n: "-1" * n),
    "dates: sent": (static, lambda n: {"HTTP_IF_MODIFIED_SINCE": "Mon, " * n}),
    "If-Range: letters": (attribute("if_range", "HTTP_IF_RANGE"), lambda n: "a" * n),
    "authorization: Basic": (
        attribute("authorization", "HTTP_AUTHORIZATION"),
        lambda n: "Basic " + base64.b64encode(b"a:" * n).decode(),
    ),
    "authorization: padding": (
        attribute("authorization", "HTTP_AUTHORIZATION"),
        lambda n: "Basic " + "= " * n,
    ),
    "authorization: Bearer": (
        attribute("authorization", "HTTP_AUTHORIZATION"),
        lambda n: "Bearer " + "a" * n,
    ),
    "authorization: Digest": (
        attribute("authorization", "HTTP_AUTHORIZATION"),
        lambda n: "Digest " + ",".join(f'k{i}="v"' for i in range(n)),
    ),
    "authorization: quotes": (
        attribute("authorization", "HTTP_AUTHORIZATION"),
        lambda n: 'Digest a="' + '\\"' * n,
    ),
    "Cache-Control": (attribute("cache_control", "HTTP_CACHE_CONTROL"), lambda n: "a=b," * n),
    "Content-Type: parameters": (
        attribute("mimetype_params", "CONTENT_TYPE"),
        lambda n: "a/b" + "; a=b" * n,
    ),
    "Content-Type: backslashes": (
        attribute("mimetype_params", "CONTENT_TYPE"),
        lambda n: 'a/b; c="' + "\\" * n,
    ),
    "Content-Type: spaces": (
        attribute("mimetype_params", "CONTENT_TYPE"),
        lambda n: "a/b;" + " " * n + "x",
    ),
    "X-Forwarded-For": (
        attribute("access_route", "HTTP_X_FORWARDED_FOR"),
        lambda n: "1.2.3.4, " * n,
    ),
    "headers: one name": (scope, lambda n: [(b"x-many", b"value")] * n),
    "headers: cookies": (scope, lambda n: [(b"cookie", b"a=b")] * n),
    "host: labels": (lenient.is_legal_host, lambda n: "a." * n),
    "host: IDNA": (lenient.is_legal_host, lambda n: "xn--" + "a" * n),
    "redirect: text": (redirect, lambda n: "http://[" + "é" * n),
    "redirect: path": (redirect, lambda n: "/" + "é/" * n),
    "header out": (lenient.sendable_value, lambda n: "\x00é中" * n),
}
# What takes the same time however long the input is.
CONSTANT = {"host: labels", "host: IDNA"}


def seconds(work, argument):
    """Return the processor time that the work takes."""
    began = time.thread_time()
    work(argument)
    return time.thread_time() - began


def large_enough(work, make):
    """Return a size that takes long enough to be measured; None if no sensible one does."""
    size = 250
    while size < FAR:
        argument = make(size)
        work(argument)
        if seconds(work, argument) >= AT_LEAST:
            return size
        size *= 2
    assert seconds(work, make(FAR)) < 50 * AT_LEAST
    return None


@pytest.mark.parametrize("case", CASES)
def test_time_is_linear(case):
    """Input twice as long takes at most 2.3 times as long."""
    work, make = CASES[case]
    if case in CONSTANT:
        assert seconds(work, make(1_000_000)) < 0.1
        return
    with APP.app_context():
        gc.disable()
        try:
            size = large_enough(work, make)
            if size is None:
                return
            ratios = []
            for larger in SIZES:
                ratio = growth(work, make, size * larger)
                if ratio is None or ratio <= MOST:
                    return
                ratios.append(round(ratio, 2))
        finally:
            gc.enable()
    raise AssertionError(f"{case}: from {size} on twice the input took {ratios} times as long")


def growth(work, make, size):
    """Return how many times as long twice the input takes; None where that is hard to measure."""
    short, long = make(size), make(2 * size)
    once = min(seconds(work, short) for _ in range(TRIES))
    twice = min(seconds(work, long) for _ in range(TRIES))
    return twice / once if once >= AT_LEAST / 2 else None
