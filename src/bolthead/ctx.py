"""The state of one request, and of one piece of work for the app outside a request.

A context only holds state and is put in force and taken out again; what happens in between is
the runner's. Attributes that cost something are made when they are first looked at.
"""

from __future__ import annotations

import sys
import typing as t
from contextvars import Token
from functools import update_wrapper

from werkzeug.exceptions import HTTPException

from . import typing as ft
from .current import _cv_app, _cv_request
from .made import made
from .registry import Watched
from .signals import appcontext_popped, appcontext_pushed
from .wrappers import Request

if t.TYPE_CHECKING:
    from types import TracebackType

    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.routing import MapAdapter, Rule


if t.TYPE_CHECKING:
    # A bare AppContext in an annotation is one of any app (PEP 696; the type checker's own copy).
    from typing_extensions import TypeVar

    AppT = TypeVar("AppT", bound="Carried", default=t.Any)
else:
    AppT = t.TypeVar("AppT", bound="Carried")
F = t.TypeVar("F", bound=t.Callable[..., t.Any])

_sentinel: t.Any = object()


class Carried(t.Protocol):
    """What a context asks of its app."""

    app_ctx_globals_class: t.Any
    request_class: t.Any
    websocket_class: t.Any
    json: t.Any

    @property
    def name(self) -> str: ...
    def app_context(self) -> t.Any: ...
    def create_url_adapter(self, request: t.Any) -> MapAdapter | None: ...
    def do_teardown_request(self, exc: BaseException | None = ...) -> None: ...
    def do_teardown_appcontext(self, exc: BaseException | None = ...) -> None: ...
    def ensure_sync(self, func: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]: ...
    def _enter(self, ctx: t.Any) -> None: ...
    def _open_session(self, ctx: t.Any) -> t.Any: ...


class _AppCtxGlobals:
    """The namespace ``g`` (Flask API, "Application Globals")."""

    def __getattr__(self, name: str) -> t.Any:
        # Only reached where there is no such attribute.
        raise AttributeError(name)

    if t.TYPE_CHECKING:
        # Any name can be set; there is none of this at run time.
        def __setattr__(self, name: str, value: t.Any) -> None: ...

    def __delattr__(self, name: str) -> None:
        try:
            del self.__dict__[name]
        except KeyError:
            raise AttributeError(name) from None

    def get(self, name: str, default: t.Any | None = None) -> t.Any:
        """Return an attribute, or the default where there is none."""
        return self.__dict__.get(name, default)

    def pop(self, name: str, default: t.Any = _sentinel) -> t.Any:
        """Take an attribute out; without a default, KeyError where there is none."""
        if default is _sentinel:
            return self.__dict__.pop(name)
        return self.__dict__.pop(name, default)

    def setdefault(self, name: str, default: t.Any = None) -> t.Any:
        """Return an attribute; set it first where there is none."""
        return self.__dict__.setdefault(name, default)

    def __contains__(self, item: str) -> bool:
        return item in self.__dict__

    def __iter__(self) -> t.Iterator[str]:
        return iter(self.__dict__)

    def __repr__(self) -> str:
        ctx = _cv_app.get(None)
        if ctx is None:
            return object.__repr__(self)
        return f"<flask.g of '{ctx.app.name}'>"


def after_this_request(
    f: ft.AfterRequestCallable[t.Any],
) -> ft.AfterRequestCallable[t.Any]:
    """Call a function with this request's response before it is sent; it returns the response.

    RuntimeError where no request is in force.
    """
    ctx = _cv_request.get(None)
    if ctx is None:
        raise RuntimeError(
            "'after_this_request' can only be used when a request"
            " context is active, such as in a view function."
        )
    ctx._after_request_functions.append(f)
    return f


def copy_current_request_context(f: F) -> F:
    """Wrap a function to run in a copy of this request's context, as in another greenlet.

    The copy shares the request and session objects. RuntimeError where no request is in force.
    """
    ctx = _cv_request.get(None)
    if ctx is None:
        raise RuntimeError(
            "'copy_current_request_context' can only be used when a"
            " request context is active, such as in a view function."
        )
    copied = ctx.copy()

    def in_context(*args: t.Any, **kwargs: t.Any) -> t.Any:
        with copied:
            return copied.app.ensure_sync(f)(*args, **kwargs)

    return t.cast(F, update_wrapper(in_context, f))


def has_request_context() -> bool:
    """Tell whether a request is in force here."""
    return _cv_request.get(None) is not None


def has_app_context() -> bool:
    """Tell whether an application is in force here."""
    return _cv_app.get(None) is not None


class AppContext(t.Generic[AppT], metaclass=Watched):
    """An application in force: ``with app.app_context():`` (Flask docs, "The Application Context").

    The same context may be entered several times; teardown runs when it is left the last time.
    """

    _cv_tokens: tuple[Token[t.Any], ...] = ()

    def __init__(self, app: AppT) -> None:
        self.app = app

    @made
    def g(self) -> _AppCtxGlobals:
        """The namespace of this context, an ``app.app_ctx_globals_class``."""
        made_now: _AppCtxGlobals = self.app.app_ctx_globals_class()
        return made_now

    @made
    def url_adapter(self) -> MapAdapter | None:
        """What builds URLs without a request; None unless SERVER_NAME is set."""
        return self.app.create_url_adapter(None)

    def push(self) -> None:
        """Put the context in force here."""
        token = _cv_app.set(self)
        self._cv_tokens = (*self._cv_tokens, token)
        try:
            appcontext_pushed.send(self.app, _async_wrapper=self.app.ensure_sync)
        except BaseException:
            # Nobody will take out of force what nobody knows to be.
            self._cv_tokens = self._cv_tokens[:-1]
            _cv_app.reset(token)
            raise

    def pop(self, exc: BaseException | None = _sentinel) -> None:
        """Take the context out of force, running teardown functions when it was the last time."""
        try:
            if len(self._cv_tokens) == 1:
                if exc is _sentinel:
                    exc = sys.exc_info()[1]
                self.app.do_teardown_appcontext(exc)
        finally:
            found = _cv_app.get()
            *rest, token = self._cv_tokens
            self._cv_tokens = tuple(rest)
            _cv_app.reset(token)

        if found is not self:
            raise AssertionError(f"Popped wrong app context. ({found!r} instead of {self!r})")
        appcontext_popped.send(self.app, _async_wrapper=self.app.ensure_sync)

    def __enter__(self) -> t.Self:
        self.push()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.pop(exc_value)


class RequestContext(t.Generic[AppT], metaclass=Watched):
    """A request in force: its WSGI environ, and what has come of it so far.

    Entering it enters an application context too, unless one of the same app is in force: that
    one, and its ``g``, is then shared (Flask docs, "The Request Context").
    """

    # PERF: what few requests come to have is a default of the class, not set for each.

    # What the router found; the request's own attributes count once that is made.
    url_rule: Rule | None = None
    view_args: dict[str, t.Any] | None = None
    routing_exception: HTTPException | None = None

    flashes: list[tuple[str, str]] | None = None
    is_websocket = False

    _cv_tokens: tuple[tuple[Token[t.Any], AppContext[AppT] | None], ...] = ()
    # Each of these is None until somebody looks at it.
    _request: Request | None = None
    _opened: t.Any = None
    _once: list[ft.AfterRequestCallable[t.Any]] | None = None
    _nonce: str | None = None

    def __init__(
        self,
        app: AppT,
        environ: WSGIEnvironment,
        request: Request | None = None,
        session: t.Any = None,
    ) -> None:
        self.app = app
        self.environ = environ
        if request is not None:
            self._request = request
        if session is not None:
            self._opened = session

    @property
    def request(self) -> Request:
        """The request, an ``app.request_class``; made at the first look."""
        request = self._request
        if request is None:
            request = self._request = self.app.request_class(self.environ)
            request.json_module = self.app.json
            request.url_rule = self.url_rule
            request.view_args = self.view_args
            request.routing_exception = self.routing_exception
        return request

    @request.setter
    def request(self, request: Request) -> None:
        self._request = request

    @property
    def method(self) -> str:
        """The request's method, without a request object where none is needed."""
        if self._request is None and self.app.request_class is Request:
            return str(self.environ.get("REQUEST_METHOD", "GET")).upper()
        return self.request.method

    @made
    def url_adapter(self) -> MapAdapter | None:
        """What matches and builds URLs for this request, or None for a host that is refused."""
        try:
            return self.app.create_url_adapter(self.request)
        except HTTPException as error:
            self.routing_exception = self.request.routing_exception = error
            return None

    @property
    def _after_request_functions(self) -> list[ft.AfterRequestCallable[t.Any]]:
        if self._once is None:
            self._once = []
        return self._once

    @property
    def _session(self) -> t.Any:
        """The session, opened at the first look; without a mark that the answer depends on it."""
        if self._opened is None and self._cv_tokens:
            self._opened = self.app._open_session(self)
        return self._opened

    @_session.setter
    def _session(self, session: t.Any) -> None:
        self._opened = session

    @property
    def session(self) -> t.Any:
        """The session; reading this is what makes the answer vary by cookie."""
        session = self._opened
        if session is None:
            session = self._session
            if session is None:
                return None
        session.accessed = True
        return session

    @session.setter
    def session(self, session: t.Any) -> None:
        self._opened = session

    def copy(self) -> t.Self:
        """Return a context of the same request and session, to be entered elsewhere."""
        # Opened here if nobody has looked yet: else either would open one of its own.
        return type(self)(
            self.app, environ=self.environ, request=self.request, session=self._session
        )

    def match_request(self) -> None:
        """Look the URL up, and note the rule and its arguments, or why there is none."""
        adapter = self.url_adapter
        if adapter is None:
            return
        try:
            self.url_rule, found = adapter.match(return_rule=True)
            self.view_args = t.cast("dict[str, t.Any]", found)
        except HTTPException as error:
            self.routing_exception = error
        request = self._request
        if request is not None:
            request.url_rule = self.url_rule
            request.view_args = self.view_args
            if self.routing_exception is not None:
                request.routing_exception = self.routing_exception

    def push(self) -> None:
        """Put the context in force here, open the session and match the URL."""
        outer = _cv_app.get(None)
        own = None
        if outer is None or outer.app is not self.app:
            own = self.app.app_context()
            own.push()
        self._cv_tokens = (*self._cv_tokens, (_cv_request.set(self), own))
        self.app._enter(self)

    def pop(self, exc: BaseException | None = _sentinel) -> None:
        """Take the context out of force, running teardown functions when it was the last time."""
        try:
            if len(self._cv_tokens) == 1:
                if exc is _sentinel:
                    exc = sys.exc_info()[1]
                try:
                    self.app.do_teardown_request(exc)
                finally:
                    self._close_request()
        finally:
            found = _cv_request.get()
            *rest, (token, own) = self._cv_tokens
            self._cv_tokens = tuple(rest)
            _cv_request.reset(token)
            if own is not None:
                own.pop(exc)
        if found is not self:
            raise AssertionError(f"Popped wrong request context. ({found!r} instead of {self!r})")

    def _close_request(self) -> None:
        """Close uploaded files, and cut the cycle from the environ to the request."""
        request = self._request
        if request is None:
            return
        close = getattr(request, "close", None)
        if close is not None:
            close()
        request.environ["werkzeug.request"] = None

    def __enter__(self) -> t.Self:
        self.push()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.pop(exc_value)

    def __repr__(self) -> str:
        request = self.request
        return f"<{type(self).__name__} {request.url!r} [{request.method}] of {self.app.name}>"


class WebsocketContext(RequestContext[AppT]):
    """A WebSocket in force; its request is an ``app.websocket_class``, with messages beside."""

    is_websocket = True
    connection: t.Any = None

    @property  # type: ignore[misc]  # the setter of a request's context serves here, too
    def request(self) -> t.Any:
        """The WebSocket; made at the first look."""
        websocket: t.Any = self._request
        if websocket is None:
            websocket = self._request = self.app.websocket_class(self.environ)
            websocket.connection = self.connection
            websocket.scheme = "wss" if self.environ["wsgi.url_scheme"] == "https" else "ws"
            websocket.json_module = self.app.json
            websocket.url_rule = self.url_rule
            websocket.view_args = self.view_args
            websocket.routing_exception = self.routing_exception
        return websocket

    def enter(self) -> tuple[t.Any, ...]:
        """Put the context in force, with an app context of its own; nothing is matched yet."""
        own = self.app.app_context()
        tokens = (_cv_app.set(own), _cv_request.set(self))
        own._cv_tokens = (tokens[0],)
        self._cv_tokens = ((tokens[1], own),)
        return (own, *tokens)

    def leave(self, entered: tuple[t.Any, ...]) -> None:
        """Take the context out of force; teardown functions have run."""
        own, app_token, token = entered
        self.environ["werkzeug.request"] = None
        self._cv_tokens = own._cv_tokens = ()
        _cv_request.reset(token)
        _cv_app.reset(app_token)
