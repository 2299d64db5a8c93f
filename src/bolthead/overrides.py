"""Which of the app's methods somebody replaced, and calls to them in Flask 3.1's way and 3.2's."""

from __future__ import annotations

import functools
import inspect
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

    call._takes_both = True  # type: ignore[attr-defined]  # a mark, so that it is wrapped once
    return call


def _takes_context(method: t.Any, position: int) -> bool:
    if getattr(method, "_takes_both", False) or not callable(method):
        return False
    if type(method) is types.FunctionType:
        # PERF: the app classes are asked this when they are imported, and a signature takes 50 us.
        plain: t.Any = method
        while hasattr(plain, "__wrapped__"):
            plain = plain.__wrapped__
        if type(plain) is types.FunctionType and not hasattr(plain, "__signature__"):
            code = plain.__code__
            return code.co_varnames[position : code.co_argcount][:1] == ("ctx",)
    try:
        names = list(inspect.signature(method).parameters)
    except (TypeError, ValueError):
        return False
    return names[position : position + 1] == ["ctx"]


class AppType(Watched):
    """The class of app classes: their methods may be written in Flask 3.1's way or in 3.2's."""

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

    def __setattr__(cls, name: str, value: t.Any) -> None:
        super().__setattr__(name, callable_without_context(name, value, position=1))
