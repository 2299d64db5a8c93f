"""Which of the app's methods somebody replaced, and calls to them in Flask 3.1's way and 3.2's."""

from __future__ import annotations

import functools
import inspect
import sys
import types
import typing as t

from .ctx import AppContext, RequestContext
from .current import _cv_app, _cv_request
from .registry import Watched

F = t.TypeVar("F", bound=t.Callable[..., t.Any])

# The methods that Flask 3.1 calls without the context, and 3.2 with it as the first argument.
WITH_CONTEXT = frozenset(
    {
        "dispatch_request",
        "do_teardown_appcontext",
        "do_teardown_request",
        "finalize_request",
        "full_dispatch_request",
        "handle_exception",
        "handle_http_exception",
        "handle_user_exception",
        "log_exception",
        "make_default_options_response",
        "preprocess_request",
        "process_response",
        "update_template_context",
    }
)


def replaced(app: object, name: str, own: t.Any) -> bool:
    """Tell whether a method of an app is another one than Bolthead's own."""
    return name in app.__dict__ or getattr(type(app), name) is not own


def without_context(method: F) -> F:
    """Let a method that takes no context be called with one first, as in Flask 3.2."""

    @functools.wraps(method)
    def call(self: t.Any, *args: t.Any, **kwargs: t.Any) -> t.Any:
        if args and isinstance(args[0], RequestContext | AppContext):
            args = args[1:]
        kwargs.pop("ctx", None)
        return method(self, *args, **kwargs)

    return t.cast(F, call)


def callable_without_context(name: str, method: t.Any, *, position: int) -> t.Any:
    """Return a method that replaces one of the app's, made callable in Flask 3.1's way.

    One that takes the context (an argument called ``ctx`` at the position) is given the one in
    force where it is called without. Anything else is returned as it is.
    """
    if name not in WITH_CONTEXT or not _takes_context(method, position):
        return method

    @functools.wraps(method)
    def call(*args: t.Any, **kwargs: t.Any) -> t.Any:
        given = len(args) > position and isinstance(args[position], RequestContext | AppContext)
        if not given and "ctx" not in kwargs:
            ctx = _cv_request.get(None) or _cv_app.get(None)
            args = (*args[:position], ctx, *args[position:])
        return method(*args, **kwargs)

    # A mark, so that it is wrapped once. A decorator around it may copy the mark, but is another.
    call._takes_both = call  # type: ignore[attr-defined]
    return call


def _takes_context(method: t.Any, position: int) -> bool:
    if not callable(method):
        return False
    if getattr(method, "_takes_both", None) is getattr(method, "__func__", method):
        return False
    if type(method) is types.FunctionType:
        # PERF: the app classes are asked this when they are imported, and a signature takes 50 us.
        plain: t.Any = method
        # What takes any arguments takes those of what it wraps; what names them, its own.
        while hasattr(plain, "__wrapped__") and _takes_any(plain):
            plain = plain.__wrapped__
        if type(plain) is types.FunctionType and not hasattr(plain, "__signature__"):
            code = plain.__code__
            return code.co_varnames[position : code.co_argcount][:1] == ("ctx",)
    try:
        names = list(inspect.signature(method).parameters)
    except (TypeError, ValueError):
        return False
    return names[position : position + 1] == ["ctx"]


def _takes_any(function: t.Any) -> bool:
    code = getattr(function, "__code__", None)
    return code is None or bool(code.co_flags & inspect.CO_VARARGS)


def mark_as_async(call: t.Any) -> None:
    """Mark what calls an app as ``async``: servers that choose between WSGI and ASGI ask that."""
    if sys.version_info >= (3, 12):
        inspect.markcoroutinefunction(call)
    elif "asyncio" in sys.modules and not hasattr(call, "_is_coroutine"):
        # The mark is an object of asyncio's, which such a server has imported by now.
        call._is_coroutine = sys.modules["asyncio"].coroutines._is_coroutine


def by_wsgi_only(call: t.Any) -> bool:
    """Tell whether an app class's ``__call__`` takes an environ, and no scope of ASGI's."""
    if type(call) is types.FunctionType:
        code = call.__code__
        return code.co_argcount < 4 and not code.co_flags & inspect.CO_VARARGS
    try:
        inspect.signature(call).bind(None, None, None, None)
    except TypeError:
        return True
    except ValueError:
        return False  # it does not tell
    return False


def callable_by_both(call: t.Any) -> t.Any:
    """Return a ``__call__`` for WSGI with one for ASGI beside it, whose plain requests go by it."""

    @functools.wraps(call)
    def call_either(
        self: t.Any, environ: t.Any, start_response: t.Any, send: t.Any = None
    ) -> t.Any:
        if send is None:
            return call(self, environ, start_response)
        return self.asgi_app(environ, start_response, send)

    mark_as_async(call_either)
    return call_either


class AppType(Watched):
    """The class of app classes.

    Their methods may be written in Flask 3.1's way or in 3.2's, and ``__call__`` for WSGI only.
    """

    def __init__(
        cls,
        name: str,
        bases: tuple[type, ...],
        namespace: dict[str, t.Any],
        **options: t.Any,
    ) -> None:
        super().__init__(name, bases, namespace, **options)
        for method_name in WITH_CONTEXT:
            found = getattr(cls, method_name, None)
            method = callable_without_context(method_name, found, position=1)
            if method is not found:
                type.__setattr__(cls, method_name, method)
        if "__call__" in namespace:
            AppType.__setattr__(cls, "__call__", namespace["__call__"])

    def __setattr__(cls, name: str, value: t.Any) -> None:
        if name == "__call__":
            # Tracing tools put one there that knows of WSGI only.
            if by_wsgi_only(value):
                value = callable_by_both(value)
                type.__setattr__(cls, "_wsgi_call", value)
            elif "_wsgi_call" in cls.__dict__:
                type.__setattr__(cls, "_wsgi_call", None)
        super().__setattr__(name, callable_without_context(name, value, position=1))
