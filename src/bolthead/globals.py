"""The names that views import: stand-ins for the app, g, request and session in force."""

from __future__ import annotations

import typing as t

from . import proxies
from .current import _cv_app as _cv_app
from .current import _cv_request as _cv_request

if t.TYPE_CHECKING:
    from .app import Flask
    from .ctx import AppContext, RequestContext, _AppCtxGlobals
    from .sessions import SessionMixin
    from .wrappers import Request, Websocket

app_ctx: AppContext[Flask] = t.cast("AppContext[Flask]", proxies.app_ctx)
"""The application context in force."""

current_app: Flask = t.cast("Flask", proxies.current_app)
"""The application in force; RuntimeError outside of an application context."""

g: _AppCtxGlobals = t.cast("_AppCtxGlobals", proxies.g)
"""A namespace for what one request, or one command, keeps."""

request_ctx: RequestContext[Flask] = t.cast("RequestContext[Flask]", proxies.request_ctx)
"""The request context in force."""

request: Request = t.cast("Request", proxies.request)
"""The request in force; RuntimeError outside of a request context."""

session: SessionMixin = t.cast("SessionMixin", proxies.session)
"""The session of the request in force; RuntimeError outside of a request context."""

websocket: Websocket = t.cast("Websocket", proxies.websocket)
"""The WebSocket in force; RuntimeError outside of a WebSocket's view."""
