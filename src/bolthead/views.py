"""Views written as classes (Flask docs, "Class-based Views")."""

from __future__ import annotations

import typing as t
from inspect import CO_COROUTINE
from types import FunctionType, MethodType

from . import current
from . import typing as ft
from .bridges import is_async

F = t.TypeVar("F", bound=t.Callable[..., t.Any])

http_method_funcs = frozenset({"get", "post", "head", "options", "delete", "put", "trace", "patch"})


class View:
    """A view as a class: ``as_view`` makes the function that is routed, which calls
    ``dispatch_request`` of an instance.
    """

    methods: t.ClassVar[t.Collection[str] | None] = None
    """The methods the view takes; the route's where None."""

    provide_automatic_options: t.ClassVar[bool | None] = None
    """Whether OPTIONS is answered for the view; decided by the route where None."""

    decorators: t.ClassVar[list[t.Callable[..., t.Any]]] = []
    """Applied to the function that ``as_view`` makes, the first one innermost."""

    init_every_request: t.ClassVar[bool] = True
    """Make an instance for each request; with False one serves them all and must keep no state."""

    def dispatch_request(self) -> ft.ResponseReturnValue:
        """Answer a request; the URL's arguments come as keywords."""
        raise NotImplementedError

    @classmethod
    def as_view(cls, name: str, *class_args: t.Any, **class_kwargs: t.Any) -> ft.RouteCallable:
        """Return a function to route; further arguments go to the class when it is called."""
        view: t.Any
        shared: View | None = None
        current_context = current._cv_request.get
        # Methods that are no ``async def``: called as they are.
        plain: set[FunctionType] = set()
        if cls.init_every_request and not class_args and not class_kwargs:

            def view(**kwargs: t.Any) -> t.Any:
                # PERF: what ``_dispatch`` would do for most, without the calls to get there; see
                # benchmarks/in_process.py.
                instance = view.view_class()
                ctx = current_context(None)
                if (
                    ctx is not None
                    and ctx._request is None
                    and type(instance).dispatch_request is _BY_METHOD
                ):
                    plans = ctx.app._changes.compiled
                    if plans is not None and plans.calls_methods:
                        method = getattr(
                            instance, _NAMES.get(ctx.environ["REQUEST_METHOD"], "_"), None
                        )
                        if type(method) is MethodType and method.__func__ in plain:
                            return method(**kwargs) if kwargs else method()
                return _dispatch(instance, kwargs, plain)

        elif cls.init_every_request:

            def view(**kwargs: t.Any) -> ft.ResponseReturnValue:
                return _dispatch(view.view_class(*class_args, **class_kwargs), kwargs)

        else:
            shared = cls(*class_args, **class_kwargs)

            def view(**kwargs: t.Any) -> ft.ResponseReturnValue:
                return _dispatch(shared, kwargs)

        if cls.decorators:
            # A decorator that copies names must find the right ones already.
            view.__name__ = name
            view.__module__ = cls.__module__
            for decorate in cls.decorators:
                view = decorate(view)

        elif _is_async_throughout(cls):
            # Where ASGI serves the app, the methods are awaited on its loop.
            view.as_coroutine = _awaiting(view, shared, class_args, class_kwargs)

        view.view_class = cls
        view.__name__ = name
        view.__doc__ = cls.__doc__
        view.__module__ = cls.__module__
        view.methods = cls.methods
        view.provide_automatic_options = cls.provide_automatic_options
        return t.cast(ft.RouteCallable, view)


def _call(method: t.Callable[..., t.Any], arguments: dict[str, t.Any]) -> ft.ResponseReturnValue:
    return t.cast(ft.ResponseReturnValue, current.app().ensure_sync(method)(**arguments))


def _is_async_throughout(cls: type[View]) -> bool:
    """Tell whether all that a class answers with is ``async def``."""
    if cls.dispatch_request is not _BY_METHOD:
        return is_async(cls.dispatch_request)
    methods = [getattr(cls, name) for name in http_method_funcs if hasattr(cls, name)]
    return bool(methods) and all(map(is_async, methods))


def _awaiting(
    view: t.Any, shared: View | None, args: tuple[t.Any, ...], kwargs: dict[str, t.Any]
) -> t.Callable[..., t.Any]:
    """Return a class's view as an ``async def`` function."""

    async def awaiting(**values: t.Any) -> t.Any:
        instance = view.view_class(*args, **kwargs) if shared is None else shared
        method: t.Any = instance.dispatch_request
        if type(instance).dispatch_request is _BY_METHOD:
            method = _method_of(instance, current.request_context())
        return await method(**values)

    awaiting.__dict__["stands_for"] = view
    return awaiting


def _dispatch(
    view: View, arguments: dict[str, t.Any], known: set[FunctionType] | None = None
) -> ft.ResponseReturnValue:
    """Call ``dispatch_request`` of a view; of a MethodView, at once the method it would call.

    A method that needs no bridge to be called is added to ``known``.
    """
    ctx = current._cv_request.get(None)
    if ctx is None or type(view).dispatch_request is not _BY_METHOD:
        return _call(view.dispatch_request, arguments)
    method: t.Any = None
    plans = ctx.app._changes.compiled
    # PERF: five calls less, and no question to ``ensure_sync`` that has one answer; see
    # benchmarks/in_process.py.
    if plans is not None and plans.adapts_once:
        if ctx._request is None and plans.has_own_requests:
            method = getattr(view, _NAMES.get(ctx.environ["REQUEST_METHOD"], "_"), None)
        if method is None:
            method = _method_of(view, ctx)
        plain = method.__func__ if type(method) is MethodType else None
        if type(plain) is not FunctionType or plain.__dict__:
            is_plain = not is_async(method)
        else:
            is_plain = not plain.__code__.co_flags & CO_COROUTINE
            if is_plain and known is not None:
                known.add(plain)
        if is_plain:
            answer: ft.ResponseReturnValue = method(**arguments) if arguments else method()
            return answer
    return _call(method or _method_of(view, ctx), arguments)


# How a method of a view is named, by the request's method.
_NAMES = {name.upper(): name for name in http_method_funcs}


def _method_of(view: View, ctx: t.Any) -> t.Callable[..., t.Any]:
    name = ctx.method
    method: t.Callable[..., t.Any] | None = getattr(view, name.lower(), None)
    if method is None and name == "HEAD":
        method = getattr(view, "get", None)
    assert method is not None, f"Unimplemented method {name!r}"  # noqa: S101  # Flask's error
    return method


class MethodView(View):
    """A view with a method for each HTTP method it takes: ``get``, ``post``, and so on.

    HEAD is answered by ``get`` unless there is a ``head``.
    """

    def __init_subclass__(cls, **kwargs: t.Any) -> None:
        super().__init_subclass__(**kwargs)
        if "methods" in cls.__dict__:
            return
        taken: set[str] = set()
        for base in cls.__bases__:
            taken.update(getattr(base, "methods", None) or ())
        taken.update(name.upper() for name in http_method_funcs if hasattr(cls, name))
        if taken:
            cls.methods = taken

    def dispatch_request(self, **kwargs: t.Any) -> ft.ResponseReturnValue:
        """Call the method named as the request's."""
        return _call(_method_of(self, current.request_context()), kwargs)


_BY_METHOD = MethodView.dispatch_request
