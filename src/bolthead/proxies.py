"""Stand-ins for what is in force here, to be imported once and used anywhere.

The top layer gives them their types and public names; templates see them, too. Each is a
LocalProxy of Werkzeug's, with the operations that requests are full of written out.
"""

from __future__ import annotations

import typing as t

from werkzeug.local import LocalProxy

from .current import NO_APP, NO_REQUEST, _cv_app, _cv_request

# PERF: a LocalProxy looks an attribute up in 0.5 us, these in 0.2; see benchmarks/steps.py.


def _session() -> t.Any:
    try:
        return _cv_request.get().session
    except LookupError:
        raise RuntimeError(NO_REQUEST) from None


NO_WEBSOCKET = """\
Working outside of websocket context.

This typically means that you attempted to use functionality that needed
an active WebSocket: a view routed by 'app.websocket(...)', served by ASGI.\
"""


def _cv_websocket() -> t.Any:
    ctx = _cv_request.get(None)
    if ctx is None or not ctx.is_websocket:
        raise RuntimeError(NO_WEBSOCKET)
    return ctx._request or ctx.request


class _RequestProxy(LocalProxy[t.Any]):
    __slots__ = ()

    def __getattribute__(self, name: str) -> t.Any:
        if name[:1] == "_":
            return object.__getattribute__(self, name)
        try:
            ctx = _cv_request.get()
        except LookupError:
            raise RuntimeError(NO_REQUEST) from None
        return getattr(ctx._request or ctx.request, name)


class _WebsocketProxy(LocalProxy[t.Any]):
    __slots__ = ()

    def __getattribute__(self, name: str) -> t.Any:
        if name[:1] == "_":
            return object.__getattribute__(self, name)
        return getattr(_cv_websocket(), name)


class _AppProxy(LocalProxy[t.Any]):
    __slots__ = ()

    def __getattribute__(self, name: str) -> t.Any:
        if name[:1] == "_":
            return object.__getattribute__(self, name)
        try:
            app = _cv_app.get().app
        except LookupError:
            raise RuntimeError(NO_APP) from None
        return getattr(app, name)


class _GProxy(LocalProxy[t.Any]):
    __slots__ = ()

    def __getattribute__(self, name: str) -> t.Any:
        if name[:1] == "_":
            return object.__getattribute__(self, name)
        try:
            ctx = _cv_app.get()
        except LookupError:
            raise RuntimeError(NO_APP) from None
        return getattr(ctx.g, name)

    def __setattr__(self, name: str, value: t.Any) -> None:
        try:
            ctx = _cv_app.get()
        except LookupError:
            raise RuntimeError(NO_APP) from None
        setattr(ctx.g, name, value)


class _SessionProxy(LocalProxy[t.Any]):
    __slots__ = ()

    def __getattribute__(self, name: str) -> t.Any:
        if name[:1] == "_":
            return object.__getattribute__(self, name)
        return getattr(_session(), name)

    def __getitem__(self, key: str) -> t.Any:
        return _session()[key]

    def __setitem__(self, key: str, value: t.Any) -> None:
        _session()[key] = value

    def __delitem__(self, key: str) -> None:
        del _session()[key]

    def __contains__(self, key: object) -> bool:
        return key in _session()


for _cls in (_RequestProxy, _WebsocketProxy, _AppProxy, _GProxy, _SessionProxy):
    _cls.__name__ = LocalProxy.__name__  # what one shows outside of a context

app_ctx = LocalProxy(_cv_app, unbound_message=NO_APP)
current_app = _AppProxy(_cv_app, "app", unbound_message=NO_APP)
g = _GProxy(_cv_app, "g", unbound_message=NO_APP)

request_ctx = LocalProxy(_cv_request, unbound_message=NO_REQUEST)
request = _RequestProxy(_cv_request, "request", unbound_message=NO_REQUEST)
websocket = _WebsocketProxy(_cv_websocket, unbound_message=NO_WEBSOCKET)
session = _SessionProxy(_cv_request, "session", unbound_message=NO_REQUEST)
