"""What Werkzeug has removed since 1.0, and extensions of that time use."""

from __future__ import annotations

import hashlib
import hmac
import html
import importlib.metadata
import json
import re
import typing as t
from importlib import import_module

from werkzeug import datastructures, exceptions, http, wrappers
from werkzeug.sansio.request import Request as SansIORequest
from werkzeug.sansio.response import Response as SansIOResponse

from . import readers, urls
from .giving import give, give_value, tell

MIXINS = (
    "AcceptMixin",
    "AuthorizationMixin",
    "CORSRequestMixin",
    "CORSResponseMixin",
    "CommonRequestDescriptorsMixin",
    "CommonResponseDescriptorsMixin",
    "ETagRequestMixin",
    "ETagResponseMixin",
    "JSONMixin",
    "ResponseStreamMixin",
    "StreamOnlyMixin",
    "UserAgentMixin",
    "WWWAuthenticateMixin",
)

# Where the package's names were taken from.
HOMES = (
    "utils",
    "wrappers",
    "datastructures",
    "exceptions",
    "urls",
    "http",
    "wsgi",
    "security",
    "local",
    "routing",
    "formparser",
    "test",
    "serving",
)


# werkzeug.security


def safe_str_cmp(a: str | bytes, b: str | bytes) -> bool:
    """Tell whether two texts are equal, in a time that does not tell where they differ."""
    first, second = (each.encode() if isinstance(each, str) else each for each in (a, b))
    return hmac.compare_digest(first, second)


def pbkdf2_bin(
    data: str | bytes,
    salt: str | bytes,
    iterations: int = 260_000,
    keylen: int | None = None,
    hashfunc: t.Any = None,
) -> bytes:
    """Return a key made from a password, as bytes."""
    password, grain = (each.encode() if isinstance(each, str) else each for each in (data, salt))
    name = hashfunc if isinstance(hashfunc, str) else (hashfunc or hashlib.sha256)().name
    return hashlib.pbkdf2_hmac(name, password, grain, iterations, keylen)


def pbkdf2_hex(*args: t.Any, **kwargs: t.Any) -> str:
    """Return a key made from a password, in hexadecimal digits."""
    return pbkdf2_bin(*args, **kwargs).hex()


# werkzeug.wsgi


def _decoded(raw: str, charset: str, errors: str) -> str:
    return raw.encode("latin-1").decode(charset, errors)


def get_query_string(environ: dict[str, t.Any]) -> str:
    """Return the query of an environ, percent-encoded."""
    raw = environ.get("QUERY_STRING", "").encode("latin-1")
    return urls.url_quote(raw, safe=":&%=+$!*'(),")


def get_script_name(
    environ: dict[str, t.Any], charset: str = "utf-8", errors: str = "replace"
) -> str:
    """Return what of the path is before the app."""
    return _decoded(environ.get("SCRIPT_NAME", ""), charset, errors)


def peek_path_info(
    environ: dict[str, t.Any], charset: str = "utf-8", errors: str = "replace"
) -> str | None:
    """Return the path's next segment, or None at its end."""
    segments = environ.get("PATH_INFO", "").lstrip("/").split("/", 1)
    return _decoded(segments[0], charset, errors) if segments[0] else None


def pop_path_info(
    environ: dict[str, t.Any], charset: str = "utf-8", errors: str = "replace"
) -> str | None:
    """Move the path's next segment before the app, and return it; None at the path's end."""
    path = environ.get("PATH_INFO") or ""
    rest = path.lstrip("/")
    if not path:
        return None
    slashes = path[: len(path) - len(rest)]
    segment, slash, left = rest.partition("/")
    environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + slashes + segment
    environ["PATH_INFO"] = slash + left
    return _decoded(segment, charset, errors)


# werkzeug.routing

_PART = re.compile(
    r"<(?:(?P<converter>[a-zA-Z_][a-zA-Z0-9_]*)(?:\((?P<arguments>.*?)\))?:)?"
    r"(?P<variable>[a-zA-Z_][a-zA-Z0-9_]*)>"
)


def parse_rule(rule: str) -> t.Iterator[tuple[str | None, str | None, str]]:
    """Yield the parts of a rule: converter, its arguments and the variable, or None, None, text."""
    names = set()
    end = 0
    for found in _PART.finditer(rule):
        yield from _static(rule, end, found.start())
        variable = found["variable"]
        if variable in names:
            raise ValueError(f"variable name {variable!r} used twice.")
        names.add(variable)
        yield found["converter"] or "default", found["arguments"] or None, variable
        end = found.end()
    yield from _static(rule, end, len(rule))


def _static(rule: str, start: int, end: int) -> t.Iterator[tuple[None, None, str]]:
    text = rule[start:end]
    if "<" in text or ">" in text:
        raise ValueError(f"malformed url rule: {rule!r}")
    if text:
        yield None, None, text


# The rest


def _escape(value: t.Any, quote: bool = True) -> str:
    if value is None:
        return ""
    if hasattr(value, "__html__"):
        return str(value.__html__())
    return html.escape(str(value), quote=quote).replace("&#x27;", "&#39;")


def _wrap(cls: t.Any, exception: t.Any, name: str | None = None) -> t.Any:
    tell("werkzeug.exceptions.HTTPException.wrap")

    def start(self: t.Any, arg: t.Any = None, *args: t.Any, **kwargs: t.Any) -> None:
        cls.__init__(self, *args, **kwargs)
        exception.__init__(self, arg)

    return type(name or exception.__name__, (cls, exception), {"__init__": start})


class _Constant:
    """An attribute of requests or responses that is the same for all of them: ``charset``."""

    def __init__(self, name: str, value: str = "utf-8") -> None:
        self.row = f"werkzeug.wrappers.{name}"
        self.value = value

    def __get__(self, owner: t.Any, cls: type | None = None) -> str:
        tell(self.row)
        return self.value


def _invalidate(obj: t.Any, name: str) -> None:
    vars(obj).pop(name, None)


def _parse_authorization(value: str | None) -> t.Any:
    return datastructures.Authorization.from_header(value)


def _parse_www_authenticate(value: str | None, on_update: t.Any = None) -> t.Any:
    return datastructures.WWWAuthenticate.from_header(value)


def _from_the_package(before: t.Callable[[str], t.Any] | None) -> t.Callable[[str], t.Any]:
    """Return what looks up a name that the package had for a module of it."""

    def look_up(name: str) -> t.Any:
        if before is not None:
            try:
                return before(name)
            except AttributeError:
                pass
        if not name.startswith("_"):
            for home in HOMES:
                module = import_module(f"werkzeug.{home}")
                value = getattr(module, name, None)
                if getattr(value, "__module__", "").startswith("werkzeug"):
                    place = f"`{module.__name__}.{name}`"
                    tell("werkzeug.<name>", f"werkzeug.{name}", place)
                    return value
        raise AttributeError(f"module 'werkzeug' has no attribute {name!r}")

    return look_up


def install() -> None:
    """Give the names back to Werkzeug's modules."""
    for name in vars(urls):
        row = f"werkzeug.urls.{name}"
        if name.startswith("url_") or name in {"URL", "BytesURL", "Href"}:
            give_value(row, getattr(urls, name))
    give_value("werkzeug.urls.BaseURL", urls._Parts)
    give_value("werkzeug.urls.url_decode_stream", readers.url_decode_stream)
    give_value("werkzeug.urls.url_encode_stream", readers.url_encode_stream)
    give_value("werkzeug.wsgi.make_line_iter", readers.make_line_iter)
    give_value("werkzeug.wsgi.make_chunk_iter", readers.make_chunk_iter)
    package: dict[str, t.Any] = vars(import_module("werkzeug"))
    package["__getattr__"] = _from_the_package(package.get("__getattr__"))
    give("werkzeug.__version__", lambda: importlib.metadata.version("werkzeug"))

    give_value("werkzeug.wrappers.BaseRequest", wrappers.Request)
    give_value("werkzeug.wrappers.BaseResponse", wrappers.Response)
    for mixin in MIXINS:
        made = type(mixin, (), {"__doc__": "The request and response classes have all of it."})
        give_value("werkzeug.wrappers.<Mixin>", made, "werkzeug.wrappers", name=mixin)
    request, response, error = t.cast(
        t.Any, (SansIORequest, SansIOResponse, exceptions.HTTPException)
    )
    request.charset = _Constant("Request.charset")
    request.url_charset = _Constant("Request.url_charset")
    request.encoding_errors = _Constant("Request.encoding_errors", "replace")
    response.charset = _Constant("Response.charset")
    error.wrap = classmethod(_wrap)

    give_value("werkzeug.utils.escape", _escape)
    give_value("werkzeug.utils.unescape", html.unescape)
    give("werkzeug.utils.detect_utf_encoding", lambda: json.detect_encoding)
    give_value("werkzeug.utils.invalidate_cached_property", _invalidate)
    give_value("werkzeug.security.safe_str_cmp", safe_str_cmp)
    give_value("werkzeug.security.pbkdf2_bin", pbkdf2_bin)
    give_value("werkzeug.security.pbkdf2_hex", pbkdf2_hex)
    give_value("werkzeug.http.cookie_date", http.http_date)
    give_value("werkzeug.http.parse_authorization_header", _parse_authorization)
    give_value("werkzeug.http.parse_www_authenticate_header", _parse_www_authenticate)
    give_value("werkzeug.wsgi.get_query_string", get_query_string)
    give_value("werkzeug.wsgi.get_script_name", get_script_name)
    give_value("werkzeug.wsgi.peek_path_info", peek_path_info)
    give_value("werkzeug.wsgi.pop_path_info", pop_path_info)
    give_value("werkzeug.datastructures.OrderedMultiDict", datastructures.MultiDict)
    give_value(
        "werkzeug.datastructures.ImmutableOrderedMultiDict", datastructures.ImmutableMultiDict
    )
    give_value("werkzeug.routing.parse_rule", parse_rule)
