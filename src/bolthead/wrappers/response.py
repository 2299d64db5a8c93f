"""What the server answers: Werkzeug's Response, HTML by default."""

from __future__ import annotations

import typing as t

from werkzeug.wrappers import Response as BaseResponse

from .. import current, json
from ..errors import CookieTooLarge
from ..registry import Watched
from ..safe_defaults import setting
from .lenient import sendable_location, without_absurd_dates

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.datastructures import Headers


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
            return super().get_wsgi_headers(environ)
        except ValueError:
            for name in ("Location", "Content-Location"):
                if name in self.headers:
                    self.headers[name] = sendable_location(self.headers[name])
            return super().get_wsgi_headers(environ)

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
