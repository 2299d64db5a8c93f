"""A stand-in for an app which could not be loaded, so that the reloader can wait for its repair."""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def failed_app(error: Exception) -> WSGIApplication:
    """Return a WSGI app that raises this error on every request, for the debugger to show."""

    def raise_error(environ: t.Any, start_response: t.Any) -> t.NoReturn:
        raise error from None

    return raise_error
