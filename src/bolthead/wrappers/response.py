"""What the server answers: Werkzeug's Response, HTML by default."""

from __future__ import annotations

import typing as t

from werkzeug.wrappers import Response as BaseResponse

from .. import current, json
from ..registry import Watched


class Response(BaseResponse, metaclass=Watched):
    """The response of the app; ``app.response_class`` replaces it (Flask API, "Response")."""

    default_mimetype: str | None = "text/html"
    json_module: t.Any = json
    autocorrect_location_header = False

    @property
    def max_cookie_size(self) -> int:  # type: ignore[override]  # a setting here
        """Above how many bytes a cookie is warned of; ``MAX_COOKIE_SIZE``, 0 for never."""
        app = current.app_or_none()
        if app is None:
            return BaseResponse.max_cookie_size
        return t.cast(int, app.config["MAX_COOKIE_SIZE"])
