"""What the server answers: Werkzeug's Response, HTML by default."""

from __future__ import annotations

import typing as t

from werkzeug.wrappers import Response as BaseResponse

from .. import current, json
from ..registry import Watched
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
        return t.cast(int, app.config["MAX_COOKIE_SIZE"])
