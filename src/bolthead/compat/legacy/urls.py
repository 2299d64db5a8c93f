"""``werkzeug.urls`` as it was: URLs parsed, quoted, encoded and decoded."""

from __future__ import annotations

import string as _string
import typing as t
from urllib import parse

from werkzeug.datastructures import MultiDict, iter_multi_items
from werkzeug.urls import iri_to_uri

# What the quoting functions never encoded, beside letters and digits.
ALWAYS_SAFE = "-._~$!'()*+,;"

# What Python's function never encodes.
_NEVER_ENCODED = frozenset(_string.ascii_letters + _string.digits + "_.-~")


def _text(value: t.Any, charset: str, errors: str = "strict") -> str:
    return value.decode(charset, errors) if isinstance(value, bytes) else str(value)


def _characters(value: str | bytes) -> str:
    return _text(value, "ascii")


def url_quote(
    string: t.Any,
    charset: str = "utf-8",
    errors: str = "strict",
    safe: str | bytes = "/:",
    unsafe: str | bytes = "",
) -> str:
    """Return a text percent-encoded for a URL, but for the safe characters."""
    kept = set(_characters(safe)) | set(ALWAYS_SAFE)
    raw = string if isinstance(string, bytes) else str(string).encode(charset, errors)
    refused = set(_characters(unsafe))
    quoted = parse.quote_from_bytes(raw, safe="".join(sorted(kept - refused)))
    for character in refused & _NEVER_ENCODED:
        quoted = quoted.replace(character, f"%{ord(character):02X}")
    return quoted


def url_quote_plus(
    string: t.Any, charset: str = "utf-8", errors: str = "strict", safe: str = ""
) -> str:
    """Return a text percent-encoded for a query, with a plus for a space."""
    return url_quote(string, charset, errors, safe + " ", "+").replace(" ", "+")


def url_unquote(
    s: t.Any, charset: str | None = "utf-8", errors: str = "replace", unsafe: str = ""
) -> t.Any:
    """Return a percent-encoded text decoded; as bytes where the charset is None."""
    text = _text(s, "utf-8")
    for character in unsafe:
        for code in {f"%{ord(character):02X}", f"%{ord(character):02x}"}:
            text = text.replace(code, f"%25{code[1:]}")
    raw = parse.unquote_to_bytes(text)
    return raw if charset is None else raw.decode(charset, errors)


def url_unquote_plus(s: t.Any, charset: str | None = "utf-8", errors: str = "replace") -> t.Any:
    """Return a part of a query decoded."""
    return url_unquote(_text(s, "utf-8").replace("+", " "), charset, errors)


def url_encode(
    obj: t.Any,
    charset: str = "utf-8",
    sort: bool = False,
    key: t.Callable[[t.Any], t.Any] | None = None,
    separator: str = "&",
) -> str:
    """Return pairs, or a mapping, as a query; None leaves a pair out."""
    pairs = iter_multi_items(obj)
    if sort:
        pairs = iter(sorted(pairs, key=key))
    return _text(separator, "ascii").join(
        f"{url_quote_plus(name, charset)}={url_quote_plus(value, charset)}"
        for name, value in pairs
        if value is not None
    )


def url_decode(
    s: t.Any,
    charset: str = "utf-8",
    include_empty: bool = True,
    errors: str = "replace",
    separator: str = "&",
    cls: t.Any = None,
) -> t.Any:
    """Return the pairs of a query as a ``MultiDict``, or as what ``cls`` makes of them."""
    pairs = []
    for part in _text(s, charset, errors).split(_text(separator, "ascii")):
        name, found, value = part.partition("=")
        if part and (found or include_empty):
            pairs.append(
                (url_unquote_plus(name, charset, errors), url_unquote_plus(value, charset, errors))
            )
    return (cls or MultiDict)(pairs)


class _Parts:
    """What both kinds of URL have beside the standard library's."""

    if t.TYPE_CHECKING:
        netloc: t.Any
        query: t.Any
        path: t.Any

        def geturl(self) -> t.Any: ...
        def _replace(self, **kwargs: t.Any) -> t.Any: ...

    def replace(self, **kwargs: t.Any) -> t.Any:
        """Return a URL with other parts."""
        return self._replace(**kwargs)

    def to_url(self) -> t.Any:
        """Return the URL as text."""
        return self.geturl()

    def join(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
        """Return another URL, seen from this one, parsed."""
        return url_parse(url_join(self, *args, **kwargs))

    def decode_query(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
        """Return the pairs of the query."""
        return url_decode(self.query, *args, **kwargs)

    @property
    def _server(self) -> tuple[t.Any, t.Any]:
        colon, opening, closing = (
            (b":", b"[", b"]") if isinstance(self.netloc, bytes) else (":", "[", "]")
        )
        server = self.netloc.rpartition(b"@" if isinstance(self.netloc, bytes) else "@")[2]
        if server.startswith(opening):
            host, _, rest = server[1:].partition(closing)
            return host or None, rest.lstrip(colon) or None
        host, _, port = server.partition(colon)
        return host or None, port or None

    @property
    def host(self) -> t.Any:
        """The host, as it was written; None without one."""
        return self._server[0]

    @property
    def ascii_host(self) -> str | None:
        """The host as it is sent."""
        host = self.host
        if host is None:
            return None
        return _text(host, "utf-8").encode("idna").decode("ascii")

    @property
    def port(self) -> int | None:
        """The port, or None where there is none that can be."""
        port = self._server[1]
        number = int(port) if port is not None and port.isdigit() else -1
        return number if 0 <= number <= 65_535 else None

    @property
    def auth(self) -> t.Any:
        """What stands before the host: a name, or a name and a password."""
        return self.netloc.rpartition(b"@" if isinstance(self.netloc, bytes) else "@")[0] or None

    def _of_auth(self, index: int) -> t.Any:
        auth = self.auth
        if auth is None:
            return None
        return auth.partition(b":" if isinstance(auth, bytes) else ":")[index] or None

    @property
    def raw_username(self) -> t.Any:
        """The name as it was written."""
        return self._of_auth(0)

    @property
    def raw_password(self) -> t.Any:
        """The password as it was written."""
        return self._of_auth(2)

    @property
    def username(self) -> t.Any:
        """The name, decoded."""
        raw = self.raw_username
        return None if raw is None else str(url_unquote(raw))

    @property
    def password(self) -> t.Any:
        """The password, decoded."""
        raw = self.raw_password
        return None if raw is None else str(url_unquote(raw))


class URL(_Parts, parse.SplitResult):
    """A parsed URL: scheme, netloc, path, query, fragment, and what can be read from these."""

    __slots__ = ()

    def __str__(self) -> str:
        return str(self.geturl())

    def encode(self, charset: str = "utf-8", errors: str = "replace") -> BytesURL:
        """Return the URL in bytes."""
        return BytesURL(*(part.encode(charset, errors) for part in self))


class BytesURL(_Parts, parse.SplitResultBytes):
    """A parsed URL whose parts are bytes."""

    __slots__ = ()

    def decode(self, charset: str = "utf-8", errors: str = "replace") -> URL:
        """Return the URL in text."""
        return URL(*(part.decode(charset, errors) for part in self))


def url_parse(url: t.Any, scheme: t.Any = None, allow_fragments: bool = True) -> t.Any:
    """Return a URL parsed; one that is parsed already is returned as it is."""
    if isinstance(url, URL | BytesURL):
        return url
    if isinstance(url, bytes):
        return BytesURL(*parse.urlsplit(url, scheme or b"", allow_fragments))
    return URL(*parse.urlsplit(url, scheme or "", allow_fragments))


def url_unparse(components: t.Any) -> t.Any:
    """Return the URL of five parts."""
    return parse.urlunsplit(tuple(components))


def url_join(base: t.Any, url: t.Any, allow_fragments: bool = True) -> t.Any:
    """Return a URL, seen from another one."""
    base, url = (url_unparse(each) if isinstance(each, tuple) else each for each in (base, url))
    return parse.urljoin(base, url, allow_fragments)


def url_fix(s: str, charset: str = "utf-8") -> str:
    """Return a URL as people write it with what cannot be in one encoded."""
    return iri_to_uri(_text(s, charset, "replace").replace("\\", "/").replace(" ", "%20"))


class Href:
    """Builds URLs below a base: ``Href("/app")("page", 1, q="x")`` is ``/app/page/1?q=x``."""

    def __init__(
        self, base: str = "./", charset: str = "utf-8", sort: bool = False, key: t.Any = None
    ) -> None:
        self.base = base or "./"
        self.charset = charset
        self.sort = sort
        self.key = key

    def __getattr__(self, name: str) -> Href:
        if name.startswith("__"):
            raise AttributeError(name)
        base = f"{self.base.rstrip('/')}/{name}"
        return Href(base, self.charset, self.sort, self.key)

    def __call__(self, *path: t.Any, **query: t.Any) -> str:
        if path and isinstance(path[-1], dict):
            *rest, given = path
            path, query = tuple(rest), {**given, **query}
        query = {name.removesuffix("_"): value for name, value in query.items()}
        parts = "/".join(url_quote(part, self.charset).strip("/") for part in path if part)
        url = self.base
        if parts:
            url = url_join(f"{url.rstrip('/')}/", f"./{parts}")
        if query:
            url += "?" + url_encode(query, self.charset, sort=self.sort, key=self.key)
        return url
