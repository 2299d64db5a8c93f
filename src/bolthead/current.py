"""Which application and which request this thread, task or greenlet is working for.

Two context variables and the questions asked of them. Everything above passes contexts on as
arguments; what has no argument to take one from (a helper called in a view) asks here.
"""

from __future__ import annotations

import typing as t
from contextvars import ContextVar

# The variables bear Flask's names, which errors show.
# Any: the context classes stand above this module and are generic over the application.
_cv_app: ContextVar[t.Any] = ContextVar("flask.app_ctx")
_cv_request: ContextVar[t.Any] = ContextVar("flask.request_ctx")

NO_APP = """\
Working outside of application context.

This typically means that you attempted to use functionality that needed
the current application. To solve this, set up an application context
with app.app_context(). See the documentation for more information.\
"""

NO_REQUEST = """\
Working outside of request context.

This typically means that you attempted to use functionality that needed
an active HTTP request. Consult the documentation on testing for
information about how to avoid this problem.\
"""


def app_context() -> t.Any:
    """Return the application context in force; RuntimeError when there is none."""
    ctx = _cv_app.get(None)
    if ctx is None:
        raise RuntimeError(NO_APP)
    return ctx


def request_context() -> t.Any:
    """Return the request context in force; RuntimeError when there is none."""
    ctx = _cv_request.get(None)
    if ctx is None:
        raise RuntimeError(NO_REQUEST)
    return ctx


def app() -> t.Any:
    """Return the application in force; RuntimeError when there is none."""
    return app_context().app


def app_or_none() -> t.Any:
    """Return the application in force, or None."""
    ctx = _cv_app.get(None)
    return None if ctx is None else ctx.app
