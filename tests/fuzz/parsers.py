"""Our own parsers and the matcher, each as a target of atheris: what may be raised, and what is so.

python -m fuzz.parsers form -max_total_time=60
"""

from __future__ import annotations

import io
import json
import re
import sys
import typing as t
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import atheris

with atheris.instrument_imports(include=["bolthead", "werkzeug"]):
    from werkzeug.exceptions import HTTPException
    from werkzeug.http import parse_date
    from werkzeug.routing import Map, Rule

    from bolthead import Flask
    from bolthead.protocols.scope import make_environ
    from bolthead.routing import UNSURE, CountedMap, make_matcher
    from bolthead.routing.split import read
    from bolthead.signing import KeptSerializer
    from bolthead.wrappers import Request, lenient
    from bolthead.wrappers.forms import FormParser, fields_of
    from bolthead.wrappers.limits import FORM_FIELDS

APP = Flask("fuzzed")


def environ(**values: t.Any) -> dict[str, t.Any]:
    """An environ of a plain request."""
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.input_terminated": True,
        **values,
    }


def _expect(error: HTTPException, *codes: int) -> None:
    assert error.code in codes, error


def form(data: bytes) -> None:
    """A multipart body, cut anywhere, gives fields and files, or an error of the limits."""
    boundary, _, body = data.partition(b"\n")
    try:
        name = boundary.decode("latin-1")
        parser = FormParser(max_form_memory_size=5000, max_form_parts=20)
        stream = io.BytesIO(body)
        parser.parse(stream, "multipart/form-data", len(body), {"boundary": name})
    except HTTPException as error:
        _expect(error, 400, 413)


def parts(data: bytes) -> None:
    """The same of a body that begins well."""
    head = b"b\n--b\r\nContent-Disposition: form-data; name=a"
    form(head + data)


def fields(data: bytes) -> None:
    """An urlencoded body gives fields, or is no text, or too much."""
    try:
        found = fields_of(data, FORM_FIELDS)
    except (UnicodeDecodeError, HTTPException):
        return
    assert len(found) <= data.count(b"&") + 1


def query(data: bytes) -> None:
    """Any bytes in a query become text."""
    request = Request(environ(QUERY_STRING=data.decode("latin-1")))
    for name, value in request.args.items(multi=True):
        f"{name}{value}".encode()
    request.full_path.encode()


def cookies(data: bytes) -> None:
    """Any bytes in a cookie become names and values, and no name is made up."""
    request = Request(environ(HTTP_COOKIE=data.decode("latin-1")))
    try:
        found = request.cookies
    except HTTPException as error:
        _expect(error, 431)
        return
    for name in found:
        assert "=" not in name
        assert ";" not in name


def headers(data: bytes) -> None:
    """What headers say is read, or is nothing: dates, tags, ranges, credentials, preferences."""
    value = data.decode("latin-1")
    names = (
        "ACCEPT",
        "ACCEPT_LANGUAGE",
        "AUTHORIZATION",
        "CACHE_CONTROL",
        "DATE",
        "IF_MODIFIED_SINCE",
        "IF_NONE_MATCH",
        "IF_RANGE",
        "IF_UNMODIFIED_SINCE",
        "RANGE",
    )
    request = Request(environ(CONTENT_TYPE=value, **{f"HTTP_{name}": value for name in names}))
    request.accept_mimetypes.best_match(["text/html", "application/json"])
    request.accept_languages.best_match(["en", "de"])
    str(request.authorization and request.authorization.type)
    str(request.cache_control)
    str(request.if_none_match)
    str(request.if_range)
    str(request.range)
    assert request.date is None or request.date.year < 10_000
    assert request.if_modified_since == request.if_unmodified_since
    str(request.mimetype_params)


def host(data: bytes) -> None:
    """A host that counts as one can stand in an address."""
    text = data.decode("latin-1")
    if lenient.is_legal_host(text):
        assert len(text) <= 255
        assert text.isascii()
        assert not set(text) & set("/?#@\\ \t\r\n\0<>")


def location(data: bytes) -> None:
    """Any target becomes one that a server can send."""
    text = data.decode("utf-8", "surrogateescape" if data[:1] == b"x" else "replace")
    with APP.test_request_context():
        response = APP.redirect(text)
        sent = response.get_wsgi_headers(environ())
    for name, value in sent:
        assert lenient.is_header_name(name)
        assert lenient.is_sendable(value)


def header_out(data: bytes) -> None:
    """Any text becomes a header's value that a server can send."""
    value = lenient.sendable_value(data.decode("utf-8", "surrogateescape"))
    assert lenient.is_sendable(value)
    value.encode("latin-1")


def session(data: bytes) -> None:
    """A signed cookie holds data, or BadData is raised, and nothing of it is too large."""
    from itsdangerous import BadData

    serializer = KeptSerializer("a key", salt="s", serializer=json)
    try:
        serializer.load_payload(data)
        serializer.loads(data)
    except BadData:
        pass


def scope(data: bytes) -> None:
    """Any path and any header of a scope make an environ of text that WSGI can have."""
    path, _, rest = data.partition(b"\n")
    name, _, value = rest.partition(b"\n")
    made = make_environ(
        {
            "type": "http",
            "method": "GET",
            "path": path.decode("utf-8", "replace"),
            "raw_path": path,
            "query_string": value,
            "root_path": "",
            "headers": [(name, value), (name, value)],
        }
    )
    for text in made.values():
        if isinstance(text, str):
            text.encode("latin-1")


RULES = [
    "/",
    "/a/<x>",
    "/a/<int:x>/",
    "/b/<path:x>",
    "/c/<path:x>/x/<path:y>",
    "/c/<path:x>/x/<path:y>/z",
    "/d/<path:x>/<int:n>/<path:y>/",
    "/e/<x>-<y>",
    "/<x>/<y>",
    "/f/<float:x>",
    "/g/<any(a,b):x>/<path:y>",
]


def _more_rules() -> t.Iterator[Rule]:
    """Rules that the matcher is not asked for, with kinds and counts of characters."""
    for rule in (
        "/<x><y><z>",
        "/<string(length=2):x><string(maxlength=3):y>a<z>",
        "/<any(a,ab,b):x><any(b,ba):y>",
        "/<int(signed=True):x><float(signed=True):y>",
        "/<x>a<path:y>b<path:z>/",
    ):
        bound = Rule(rule, endpoint=rule)
        Map([bound])
        yield bound


OURS, THEIRS = CountedMap(), Map()
for _number, _rule in enumerate(RULES):
    OURS.add(Rule(_rule, endpoint=str(_number)))
    THEIRS.add(Rule(_rule, endpoint=str(_number)))
MATCHER = make_matcher(OURS)
# Expressions of parts of rules, with what reads them.
SPLITS = [
    (re.compile(content), split)
    for rule in (*THEIRS.iter_rules(), *_more_rules())
    for content in (part.content for part in rule._parts if not part.static)
    if (split := read(content)) is not None
]


def _answer(url_map: Map, path: str) -> t.Any:
    try:
        return url_map.bind("localhost").match(path)
    except HTTPException as error:
        return type(error), getattr(error, "new_url", None)


def matcher(data: bytes) -> None:
    """A path has the rule that Werkzeug gives it, with the same arguments."""
    path = "/" + data.decode("utf-8", "replace")
    theirs = _answer(THEIRS, path)
    assert _answer(OURS, path) == theirs, path
    assert MATCHER is not None
    found = MATCHER.find("GET", path)
    if found is None:
        assert isinstance(theirs[0], type), path
    elif found is not UNSURE:
        assert (found[0].endpoint, found[1]) == theirs, path


def split(data: bytes) -> None:
    """Text has the arguments that the expression finds, whatever it goes back over."""
    text = data[:60].decode("utf-8", "replace")
    for expression, reader in SPLITS:
        match = expression.match(text)
        taken = reader.take(text)
        assert (taken is None) == (match is None), (expression.pattern, text)
        if taken is not None and match is not None:
            assert taken[0] == list(match.groupdict().values()), (expression.pattern, text)


def date(data: bytes) -> None:
    """A date is one, or none, or is said to be beyond all years."""
    lenient.or_none(lambda: parse_date(data.decode("latin-1")))


TARGETS: dict[str, t.Callable[[bytes], None]] = {
    target.__name__: target
    for target in (
        form,
        parts,
        fields,
        query,
        cookies,
        headers,
        host,
        location,
        header_out,
        session,
        scope,
        matcher,
        split,
        date,
    )
}


def main() -> None:
    target = TARGETS[sys.argv.pop(1)]
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
