"""The stacks of contexts, as they were before context variables took their place."""

from __future__ import annotations

import threading
import typing as t
from contextvars import ContextVar, Token

from ... import current
from ...ctx import RequestContext
from .giving import give_value, tell

_Pushed = tuple[tuple[t.Any, Token[t.Any]], ...]


class ContextStack:
    """A stack of contexts; what is in force here is its top, or None."""

    def __init__(self, variable: ContextVar[t.Any]) -> None:
        self._variable = variable
        self._pushed: ContextVar[_Pushed] = ContextVar("pushed", default=())

    @property
    def __ident_func__(self) -> t.Callable[[], int]:
        """What tells apart who works here: the thread, or the greenlet."""
        return threading.get_ident

    @property
    def top(self) -> t.Any:
        """The context in force, to keep attributes on; None where there is none."""
        return self._variable.get(None)

    def push(self, obj: t.Any) -> list[t.Any]:
        """Put a context in force, without what its own ``push`` does beside."""
        self._pushed.set((*self._pushed.get(), (obj, self._variable.set(obj))))
        return [pushed for pushed, _ in self._pushed.get()]

    def pop(self) -> t.Any:
        """Take the context out of force that was pushed last, and return it; None without one."""
        pushed = self._pushed.get()
        if not pushed:
            return None
        obj, token = pushed[-1]
        self._pushed.set(pushed[:-1])
        self._variable.reset(token)
        return obj


def _find_app() -> t.Any:
    return current.app()


def _lookup_app_object(name: str) -> t.Any:
    return getattr(current.app_context(), name)


def _lookup_req_object(name: str) -> t.Any:
    return getattr(current.request_context(), name)


def _get_g(ctx: t.Any) -> t.Any:
    tell("flask.ctx.RequestContext.g")
    return current.app_context().g


def _set_g(ctx: t.Any, value: t.Any) -> None:
    tell("flask.ctx.RequestContext.g")
    current.app_context().g = value


def _auto_pop(ctx: t.Any, exc: BaseException | None) -> None:
    tell("flask.ctx.RequestContext.auto_pop")
    ctx.pop(exc)


def install() -> None:
    """Give the stacks back, wherever they were imported from."""
    requests = ContextStack(current._cv_request)
    apps = ContextStack(current._cv_app)
    places = ("flask", "flask.globals", "flask.ctx", "flask.helpers", "flask.templating")
    more = ("flask.app", "flask.testing")
    give_value("flask._request_ctx_stack", requests, *places, *more)
    give_value("flask._app_ctx_stack", apps, *places)
    give_value("flask.globals._app_ctx_err_msg", current.NO_APP)
    give_value("flask.globals._request_ctx_err_msg", current.NO_REQUEST)
    give_value("flask.globals._find_app", _find_app)
    give_value("flask.globals._lookup_app_object", _lookup_app_object)
    give_value("flask.globals._lookup_req_object", _lookup_req_object)
    request_context: t.Any = RequestContext
    request_context.g = property(_get_g, _set_g)
    request_context.auto_pop = _auto_pop
