"""One request by WSGI (PEP 3333): environ in, body out."""

from __future__ import annotations

import typing as t

from werkzeug.exceptions import InternalServerError

from .. import current
from ..plan.recover import propagates

if t.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from .served import Served

# A test client puts a function here to be given the contexts it keeps alive.
PRESERVE = "werkzeug.debug.preserve_context"


def serve(
    app: Served, environ: WSGIEnvironment, start_response: StartResponse
) -> t.Iterable[bytes]:
    """Answer one request, and leave its context whatever happened."""
    ctx = app.request_context(environ)
    left = False
    error: BaseException | None = None
    try:
        try:
            ctx.push()
            response = app.full_dispatch_request()
        except Exception as failure:
            error = failure
            response = _last_answer(app, failure)
        except BaseException as failure:
            error = failure
            raise
        body: t.Iterable[bytes] = response(environ, start_response)
        left = True
        _leave(app, ctx, environ, error)
        return body
    finally:
        if not left:
            _leave(app, ctx, environ, error)


def _last_answer(app: Served, failure: Exception) -> t.Any:
    """Return the answer to an error that left the app's own handling; never raise in production."""
    try:
        return app.handle_exception(failure)
    except Exception as worse:
        if worse is failure or propagates(app):
            raise
        app.logger.exception("The handling of an error failed; answering a plain 500")
        return InternalServerError()


def _leave(app: Served, ctx: t.Any, environ: WSGIEnvironment, error: BaseException | None) -> None:
    """Take the context out of force; a failing teardown must not cost a ready answer."""
    keep = environ.get(PRESERVE)
    if keep is not None:
        keep(current._cv_app.get())
        keep(current._cv_request.get())
    if error is not None and app.should_ignore_error(error):
        error = None
    try:
        ctx.pop(error)
    except Exception as failure:
        if failure is error or propagates(app):
            raise
        app.logger.exception("A teardown function failed; the answer is sent all the same")
