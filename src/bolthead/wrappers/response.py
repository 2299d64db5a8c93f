"""What the server answers: Werkzeug's Response, HTML by default."""

from __future__ import annotations

import typing as t

from werkzeug.datastructures import Headers
from werkzeug.http import parse_date
from werkzeug.wrappers import Response as BaseResponse

from .. import current, json
from ..errors import CookieTooLarge
from ..registry import Watched
from ..safe_defaults import setting
from .lenient import (
    KNOWN_NAMES,
    encoded,
    is_header_name,
    is_sendable,
    or_none,
    sendable_headers,
    sendable_location,
    without_absurd_dates,
)

if t.TYPE_CHECKING:
    from datetime import datetime

    from _typeshed.wsgi import WSGIEnvironment


class Response(BaseResponse, metaclass=Watched):
    """The response of the app; ``app.response_class`` replaces it (Flask API, "Response")."""

    default_mimetype: str | None = "text/html"
    json_module: t.Any = json
    autocorrect_location_header = False

    def make_conditional(
        self, request_or_environ: t.Any, *args: t.Any, **kwargs: t.Any
    ) -> Response:
        """Answer 304, 206 or 416 where the request asks for no more (RFC 9110, section 13)."""
        try:
            super().make_conditional(request_or_environ, *args, **kwargs)
        except OverflowError:
            environ = getattr(request_or_environ, "environ", request_or_environ)
            super().make_conditional(without_absurd_dates(environ), *args, **kwargs)
        return self

    def get_wsgi_headers(self, environ: WSGIEnvironment) -> Headers:
        """Return the headers as they are sent; a target that is no URL is encoded."""
        try:
            headers = super().get_wsgi_headers(environ)
        except ValueError:
            for name in ("Location", "Content-Location"):
                if name in self.headers:
                    self.headers[name] = sendable_location(self.headers[name])
            headers = super().get_wsgi_headers(environ)
        for name, value in headers:
            if name not in KNOWN_NAMES and not is_header_name(name):
                return Headers(sendable_headers(headers))
            # PERF: the two of text's own take half as long.
            if not (value.isascii() and value.isprintable()) and not is_sendable(value):
                return Headers(sendable_headers(headers))
        return headers

    def set_data(self, value: bytes | str) -> None:
        """Take bytes or text as the body; half a surrogate pair becomes a question mark."""
        try:
            super().set_data(value)
        except UnicodeEncodeError:
            super().set_data(encoded(t.cast(str, value)))

    def iter_encoded(self) -> t.Iterator[bytes]:
        """Yield the pieces of the body as bytes.

        The body is fetched when this is called: what it returns may be wrapped and become the body.
        """
        return _as_bytes(t.cast("t.Iterable[bytes | str]", self.response))

    @property
    def date(self) -> datetime | None:
        """When the answer was made; None for no date that can be."""
        return or_none(lambda: parse_date(self.headers.get("Date")))

    @date.setter
    def date(self, value: t.Any) -> None:
        BaseResponse.date.__set__(self, value)

    @property
    def expires(self) -> datetime | None:
        """When the answer is out of date; None for no date that can be."""
        return or_none(lambda: parse_date(self.headers.get("Expires")))

    @expires.setter
    def expires(self, value: t.Any) -> None:
        BaseResponse.expires.__set__(self, value)

    @property
    def last_modified(self) -> datetime | None:
        """When the content was changed; None for no date that can be."""
        return or_none(lambda: parse_date(self.headers.get("Last-Modified")))

    @last_modified.setter
    def last_modified(self, value: t.Any) -> None:
        BaseResponse.last_modified.__set__(self, value)

    @property
    def max_cookie_size(self) -> int:  # type: ignore[override]  # a setting here
        """Above how many bytes a cookie is warned of; ``MAX_COOKIE_SIZE``, 0 for never."""
        app = current.app_or_none()
        if app is None:
            return BaseResponse.max_cookie_size
        if setting(app.config, "STRICT_COOKIE_SIZE"):
            return 0  # ``set_cookie`` looks itself
        return t.cast(int, app.config["MAX_COOKIE_SIZE"])

    def set_cookie(self, key: str, *args: t.Any, **kwargs: t.Any) -> None:
        """Set a cookie; arguments are those of Werkzeug's ``Response.set_cookie``.

        With ``STRICT_COOKIE_SIZE``, one that is too large for browsers is a CookieTooLarge in debug
        mode and is logged otherwise.
        """
        super().set_cookie(key, *args, **kwargs)
        app = current.app_or_none()
        if app is None or not setting(app.config, "STRICT_COOKIE_SIZE"):
            return
        size, most = len(self.headers[-1][1]), app.config["MAX_COOKIE_SIZE"]
        if not most or size <= most:
            return
        error = CookieTooLarge(key, size, most)
        if app.debug:
            raise error
        app.logger.error("%s", error)


def _as_bytes(pieces: t.Iterable[bytes | str]) -> t.Iterator[bytes]:
    for piece in pieces:
        if isinstance(piece, str):
            try:
                yield piece.encode()
            except UnicodeEncodeError:
                yield encoded(piece)
        else:
            yield piece
