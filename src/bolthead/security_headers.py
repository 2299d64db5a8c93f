"""Headers by which browsers protect a site's users, added where the app has not set them.

``SECURITY_HEADERS`` names a preset, ``"basic"`` or ``"strict"``, or is a mapping of headers to
their values, such as ``{**STRICT, "X-Frame-Options": "SAMEORIGIN"}``; None adds nothing. In a value
``{nonce}`` stands for the text that ``csp_nonce()`` gives the templates of one answer (CSP Level
3, 7.1). Strict-Transport-Security is sent over HTTPS only (RFC 6797, 7.2).
"""

from __future__ import annotations

import typing as t

from . import current
from .made import Pattern
from .safe_defaults import setting
from .wrappers.lenient import is_header_name

if t.TYPE_CHECKING:
    import secrets
else:
    from .light import secrets

if t.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

BASIC: t.Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
}
"""What hardly any app can tell: no guessing of types, no whole addresses told to other sites."""

STRICT: t.Mapping[str, str] = {
    **BASIC,
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}';"
        " img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self';"
        " frame-ancestors 'none'"
    ),
}
"""For a site of one's own making: no frames, no scripts but one's own, HTTPS from now on."""

PRESETS = {"basic": BASIC, "strict": STRICT}
"""The presets by their names."""

NONCE = "{nonce}"
"""What stands in a value for the nonce of an answer."""

_ONLY_OVER_HTTPS = "strict-transport-security"
_VALUE = Pattern(r"[\t -~]*")

_NO_HEADERS = (
    "SECURITY_HEADERS is {!r}. It is 'basic', 'strict', a mapping of headers to their values,"
    " or None."
)

_Headers = tuple[tuple[str, str], ...]
_Send = t.Callable[[t.Any, t.Any, t.Any], t.Iterable[bytes]]


def csp_nonce() -> str:
    """Return the nonce of this answer for a script's or a style's ``nonce`` attribute.

    It is the same all through a request, random, and in the Content-Security-Policy that is sent,
    where that has ``{nonce}``. RuntimeError where no request is in force.
    """
    ctx = current.request_context()
    if ctx._nonce is None:
        ctx._nonce = secrets.token_urlsafe(16)
    return t.cast(str, ctx._nonce)


def chosen(config: t.Mapping[str, t.Any]) -> dict[str, str]:
    """Return the headers that ``SECURITY_HEADERS`` asks for; ValueError for what is none."""
    value = setting(config, "SECURITY_HEADERS")
    if isinstance(value, str):
        if value not in PRESETS:
            raise ValueError(_NO_HEADERS.format(value))
        value = PRESETS[value]
    if value is not None and not isinstance(value, t.Mapping):
        raise ValueError(_NO_HEADERS.format(value))
    headers = {name: text for name, text in (value or {}).items() if text is not None}
    for name, text in headers.items():
        is_text = isinstance(name, str) and isinstance(text, str)
        if not is_text or not is_header_name(name) or not _VALUE.fullmatch(text):
            raise ValueError(
                f"SECURITY_HEADERS has {name!r}: {text!r}, which cannot be sent as a header. Both"
                " are printable ASCII in one line."
            )
    return headers


def make_added(config: t.Mapping[str, t.Any]) -> Added | None:
    """Return what is added to the answers of an app, or None for nothing."""
    headers = chosen(config)
    return Added(headers) if headers else None


class Added:
    """Headers that are added to answers, ready for each kind of request."""

    def __init__(self, headers: t.Mapping[str, str]) -> None:
        self.names = tuple(headers)
        everything = tuple(headers.items())
        self._with_nonce = (_without_https_only(everything), everything)
        # Where nobody asked for the nonce, nothing is allowed by one.
        bare = tuple((name, _without_nonce(text)) for name, text in everything)
        self._bare = (_without_https_only(bare), bare)
        self.has_nonce = bare != everything
        self._lengths = frozenset(map(len, headers))
        self.always: _Headers | None = (
            bare if self._bare[0] == bare and not self.has_nonce else None
        )
        """The headers where they are the same for all requests."""

    def of(self, environ: WSGIEnvironment, nonce: str | None) -> _Headers:
        """Return the headers for a request, with the nonce that was asked for."""
        is_secure = environ.get("wsgi.url_scheme") == "https"
        if nonce is None or not self.has_nonce:
            return self._bare[is_secure]
        return tuple(
            (name, text.replace(NONCE, nonce)) for name, text in self._with_nonce[is_secure]
        )

    def missing(
        self, headers: list[tuple[str, str]], environ: WSGIEnvironment, nonce: str | None
    ) -> _Headers:
        """Return the headers for an answer that has some already: those it has not."""
        added = self.always
        if added is None:
            added = self.of(environ, nonce)
        lengths = self._lengths
        # PERF: most names are told from these by their length.
        present = {name.lower() for name, _ in headers if len(name) in lengths}
        if present:
            added = tuple(pair for pair in added if pair[0].lower() not in present)
        return added

    def sending(self, send: _Send) -> _Send:
        """Return a way to send a response that adds the headers."""

        def send_with_headers(
            response: t.Any, environ: WSGIEnvironment, start_response: StartResponse
        ) -> t.Iterable[bytes]:
            nonce = self._nonce_of(response) if self.has_nonce else None

            def start(status: str, headers: list[tuple[str, str]], *exc_info: t.Any) -> t.Any:
                headers = [*headers, *self.missing(headers, environ, nonce)]
                return start_response(status, headers, *exc_info)

            return send(response, environ, start)

        return send_with_headers

    def _nonce_of(self, response: t.Any) -> str | None:
        ctx = current._cv_request.get(None)
        if ctx is None:
            return None
        is_made_later = getattr(response, "is_streamed", False) and not getattr(
            response, "direct_passthrough", False
        )
        # A template that is streamed asks for its nonce when the headers are sent already.
        return csp_nonce() if is_made_later else t.cast("str | None", ctx._nonce)

    def quickly(self, ready: t.Callable[[t.Any], t.Any]) -> t.Callable[[t.Any], t.Any]:
        """Return what makes an answer ready to send with the headers that its request needs."""
        always = self.always
        if always is not None:

            def ready_with_always(answer: t.Any) -> t.Any:
                made = ready(answer)
                made[1].extend(always)
                return made

            return ready_with_always

        def ready_with_headers(answer: t.Any) -> t.Any:
            status, headers, body = ready(answer)
            ctx = current._cv_request.get()
            headers += self.of(ctx.environ, ctx._nonce)
            return status, headers, body

        return ready_with_headers


def _without_https_only(headers: _Headers) -> _Headers:
    return tuple(pair for pair in headers if pair[0].lower() != _ONLY_OVER_HTTPS)


def _without_nonce(text: str) -> str:
    return text.replace(f" 'nonce-{NONCE}'", "").replace(f"'nonce-{NONCE}'", "")
