"""The only places where Bolthead may answer otherwise than Flask: those where Flask itself errs.

Flask errs where it answers 5xx to what a client did wrong, lets an exception escape the WSGI
callable, silently cuts a body short, or takes what must be refused. A difference names the case,
what Flask does (its status, or "escapes"), the statuses Bolthead may answer, and why.
A key is a case id or a pattern of ids; the first that fits counts.
"""

import dataclasses
import fnmatch
import sys
import typing as t

Escapes = t.Literal["escapes"]


@dataclasses.dataclass(frozen=True)
class Difference:
    """One case, or one kind of cases, where Flask errs."""

    flask: int | Escapes
    bolthead: tuple[int, ...] | Escapes
    why: str


UNREADABLE_SESSIONS = [
    "list",
    "string",
    "number",
    "not-json",
    "not-utf8",
    "empty",
    "not-base64",
    "not-zlib",
    "empty-zlib",
    "zlib-cut",
    "zlib-list",
    "tag-uuid",
    "tag-uuid-number",
    "tag-bytes-number",
    "tag-tuple",
    "tag-dict",
    "tag-top",
    "deep",
    "int-huge",
]

# From 3.13 on Python decodes any IDNA label, and parses a URL to guess the type of its file.
if sys.version_info < (3, 13):
    OF_THIS_PYTHON = {
        f"bad_input/host/punycode/{case}": Difference(
            500, (400,), "a name that is not valid IDNA breaks the URL"
        )
        for case in ("url", "seen")
    }
else:
    OF_THIS_PYTHON = {
        f"bad_input/echoed/{case}/download[?]v": Difference(
            500, (200,), "a name that looks like a URL and is none breaks the guess of its type"
        )
        for case in ("bracket", "idna")
    }

NO_HOST = "a Host that is none is taken for an empty one; 400 is due (RFC 9112, 3.2)"
NO_HOSTS = [
    "space",
    "slash",
    "question",
    "at",
    "not-utf8",
    "null",
    "newline",
    "port-text",
    "port-huge",
    "port-twice",
    "labels",
    "two",
    "brackets",
    "brackets-bad",
    "percent",
    "html",
    "hash",
    "backslash",
]

DIFFERENCES: dict[str, Difference] = {
    **{
        f"bad_input/host/{name}/{path}": Difference(
            308 if path == "slash" else 200, (400,), NO_HOST
        )
        for name in NO_HOSTS
        for path in ("", "url", "seen", "slash")
    },
    **{
        f"bad_input/host/punycode/{path}": Difference(
            308 if path == "slash" else 200, (400,), NO_HOST
        )
        for path in (("", "slash") if sys.version_info < (3, 13) else ("", "slash", "url", "seen"))
    },
    **{
        f"bad_input/named/{name}": Difference(200, (400,), NO_HOST)
        for name in ("dots", "not-utf8", "punycode", "long", "space", "port")
    },
    "bad_input/beyond/path": Difference(200, (414,), "a path may have any length"),
    "bad_input/beyond/query": Difference(200, (414,), "a query may have any number of fields"),
    "bad_input/beyond/fields": Difference(
        200, (413,), "an urlencoded form may have any number of fields"
    ),
    "bad_input/beyond/text": Difference(
        200, (413,), "the text of a form is held in memory, however much it is"
    ),
    "bad_input/beyond/session": Difference(
        200, (200,), "a signed cookie of a few bytes may become megabytes; it is an empty session"
    ),
    "bad_input/beyond/short": Difference(
        200, (400,), "a body shorter than declared is taken as whole where the server ends it"
    ),
    "bad_input/beyond/surrogate": Difference(
        500, (200,), "url_for cannot write half a surrogate pair, and does not mend it"
    ),
    "bad_input/parts/boundary-long": Difference(
        200, (400,), "a boundary may have any length; 70 characters are legal (RFC 2046, 5.1.1)"
    ),
    **{
        f"bad_input/parts/{case}": Difference(
            200, (413,), "the headers of a part are read without any limit"
        )
        for case in ("header-long", "headers-many", "params-many")
    },
    **{
        f"bad_input/cookie/{case}/seen": Difference(
            200, (431,), "3,000 cookies are read, which no browser sends"
        )
        for case in ("many", "many-session")
    },
    "hooks_errors/hooks*TESTING=True*/*teardown*": Difference(
        "escapes", "escapes", "a failing teardown function stops the ones after it"
    ),
    "hooks_errors/hooks*/*-teardown*": Difference(
        "escapes", (200, 400, 500), "a failing teardown function loses an answer that was ready"
    ),
    "hooks_errors/errors_500_raises/*": Difference(
        "escapes", (500,), "an error in the handler for 500 leaves the client without an answer"
    ),
    "structure/async/*/template": Difference(
        500, (200,), "an async view cannot render a template whose context processor is async"
    ),
    "bad_input/mount/newline-redirect": Difference(
        500, (308,), "a line break in the prefix that a proxy passes on is copied into Location"
    ),
    "bad_input/mount/backslash-redirect": Difference(
        308, (308,), "a prefix that is no path makes url_for write another host's address"
    ),
    **{
        f"bad_input/mount/{case}-url": Difference(
            200, (200,), "a prefix that is no path makes url_for write another host's address"
        )
        for case in ("slashes", "backslash", "newline", "word")
    },
    "bad_input/query/raw-newline-redirect": Difference(
        500, (308, 400), "a line break in the query is copied into Location"
    ),
    **{
        f"bad_input/query/raw-not-utf8{case}": Difference(
            500, (200,), "a byte in the query that is not UTF-8 is not replaced as %ff is"
        )
        for case in ("", "-seen", "-template")
    },
    "bad_input/header/basic-garbage": Difference(
        500, (200,), "a character in Basic credentials that is not ASCII breaks the parser"
    ),
    "bad_input/header/date-huge": Difference(
        500, (200,), "a date beyond all years overflows instead of being no date"
    ),
    "bad_input/condition/modified-year-*": Difference(
        500, (200,), "a date beyond all years overflows instead of being no date"
    ),
    **OF_THIS_PYTHON,
    "bad_input/json/deep-*-json-silent": Difference(
        500, (200,), "silent=True does not silence a document nested too deeply"
    ),
    "bad_input/json/deep-*": Difference(
        500, (400,), "a document nested too deeply is the client's error"
    ),
    **{
        f"bad_input/echoed/{case}/{place}[?]v": Difference(
            200, (200,), "a header's value that no server can send is handed to it"
        )
        for place, cases in {
            "header": ("null", "unicode", "idna", "control"),
            "download": ("null", "control"),
        }.items()
        for case in cases
    },
    "responses/answers/str-surrogate": Difference(
        500, (200,), "text with half a surrogate pair cannot be encoded, and is not mended"
    ),
    "bad_input/echoed/newline/redirect[?]to": Difference(
        500, (302,), "a line break in a target is refused instead of encoded"
    ),
    "bad_input/echoed/newline/download[?]v": Difference(
        500, (200,), "a line break in a file name is refused instead of encoded"
    ),
    "bad_input/limited/chunked-over-json": Difference(
        400, (413,), "a body without a length is cut at MAX_CONTENT_LENGTH and taken as whole"
    ),
    "bad_input/limited/chunked-over*": Difference(
        200, (413,), "a body without a length is cut at MAX_CONTENT_LENGTH and taken as whole"
    ),
    **{
        f"bad_input/echoed/{name}/redirect[?]to": Difference(
            "escapes", (302,), "a target that is no URL breaks the response after all handlers"
        )
        for name in ("bracket", "ports", "idna")
    },
    **{
        f"bad_input/signed/{name}/*": Difference(
            500, (200,), "a signed cookie that holds no session breaks every request"
        )
        for name in UNREADABLE_SESSIONS
    },
    **{
        f"bad_input/signed/{name}/session": Difference(
            500, (200,), "flashes that are no list of pairs break every reading of them"
        )
        for name in ("flashes-number", "flashes-text", "flashes-short", "flashes-null")
    },
}


def known_difference(case_id: str) -> Difference | None:
    return next(
        (known for key, known in DIFFERENCES.items() if fnmatch.fnmatchcase(case_id, key)), None
    )


def documented() -> list[str]:
    """The rows of the table in docs/explanation/hostile-input.md."""
    statuses: dict[str, tuple[set[str], set[str]]] = {}
    for known in DIFFERENCES.values():
        theirs, ours = statuses.setdefault(known.why, (set(), set()))
        theirs.add(str(known.flask))
        ours |= (
            {known.bolthead} if isinstance(known.bolthead, str) else set(map(str, known.bolthead))
        )
    return [
        f"| {why} | {', '.join(sorted(theirs))} | {', '.join(sorted(ours))} |"
        for why, (theirs, ours) in statuses.items()
    ]
