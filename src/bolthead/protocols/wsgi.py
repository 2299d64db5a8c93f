"""One request by WSGI (PEP 3333): environ in, body out."""

from __future__ import annotations

import sys
import typing as t

from werkzeug.exceptions import InternalServerError

from ..ctx import AppContext, RequestContext
from ..current import _cv_app, _cv_request
from ..plan import run_sync
from ..plan.recover import propagates
from ..signals import appcontext_pushed

if t.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from .served import Served

# A test client puts a function here to be given the contexts it keeps alive.
PRESERVE = "werkzeug.debug.preserve_context"

_new = object.__new__


def serve(
    app: Served, environ: WSGIEnvironment, start_response: StartResponse
) -> t.Iterable[bytes]:
    """Answer one request, and leave its context whatever happened."""
    plans = app._changes.compiled
    if plans is None:
        plans = app._current_plans()
    if plans.detours or PRESERVE in environ or appcontext_pushed.receivers:
        return _by_methods(app, environ, start_response)

    # receive, enter: what ``app.request_context(environ).push()`` does.
    # PERF: without __init__ and its call; see benchmarks/in_process.py.
    ctx = _new(RequestContext)
    ctx.app = app
    ctx.environ = environ
    own: AppContext[t.Any] | None = None
    outer = _cv_app.get(None)
    if outer is None or outer.app is not app:
        own = _new(AppContext)
        own.app = app
        own_token = _cv_app.set(own)
        own_tokens = own._cv_tokens = (own_token,)
    token = _cv_request.set(ctx)
    tokens = ctx._cv_tokens = ((token, own),)

    plan = plans.missed
    error: BaseException | None = None
    try:
        try:
            # open_session, match
            plan = run_sync.enter(plans, ctx)
            # before, call, respond, after, save_session
            response = run_sync.run(plan, ctx, plan.quick)
        except Exception as failure:
            error = failure
            response = _last_answer(app, failure)
        except BaseException as failure:
            error = failure
            raise
        # send
        if type(response) is tuple:
            # PERF: status, headers and body as they are; no response object was needed.
            status, headers, body = response
            start_response(status, headers)
            return () if environ["REQUEST_METHOD"] == "HEAD" else body
        try:
            sent: t.Iterable[bytes] = plans.send(response, environ, start_response)
        except Exception as failure:
            return _unsent(app, failure, response, environ, start_response)
        return sent
    finally:
        # leave: what ``ctx.pop(error)`` does, or that itself where somebody has to be told.
        if (
            plan.leaves_quietly
            and ctx._cv_tokens is tokens
            and app._changes.compiled is plans
            and (own is None or own._cv_tokens is own_tokens)
        ):
            if ctx._request is not None:
                ctx._close_request()
            ctx._cv_tokens = ()
            _cv_request.reset(token)
            if own is not None:
                own._cv_tokens = ()
                _cv_app.reset(own_token)
        else:
            _leave(app, ctx, error)


def _by_methods(
    app: Served, environ: WSGIEnvironment, start_response: StartResponse
) -> t.Iterable[bytes]:
    """Answer one request by the overridable methods, as an app that replaced some expects."""
    if not app._lifespan.is_ready:
        app._lifespan.start_now(app)
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
        send = app._current_plans().send_by_methods
        try:
            body: t.Iterable[bytes] = send(response, environ, start_response)
        except Exception as failure:
            body = _unsent(app, failure, response, environ, start_response)
        left = True
        _preserve(environ)
        _leave(app, ctx, error)
        return body
    finally:
        if not left:
            _preserve(environ)
            _leave(app, ctx, error)


def _last_answer(app: Served, failure: Exception) -> t.Any:
    """Return the answer to an error that left the app's own handling; never raise in production."""
    try:
        return app.handle_exception(failure)
    except Exception as worse:
        if worse is failure or propagates(app):
            raise
        _chain(worse, failure)
        app.logger.exception("The handling of an error failed; answering a plain 500")
        return InternalServerError()


def _chain(worse: BaseException, failure: BaseException) -> None:
    """See that the log tells of both errors; in another thread the second knows of no first."""
    while worse is not failure:
        before = worse.__cause__ or worse.__context__
        if before is None:
            worse.__context__ = failure
            return
        worse = before


def _unsent(
    app: Served,
    failure: Exception,
    response: t.Any,
    environ: WSGIEnvironment,
    start_response: StartResponse,
) -> t.Iterable[bytes]:
    """Answer a plain 500 in place of a response that cannot be sent; raise where errors are."""
    try:
        close = getattr(response, "close", None)
        if close is not None:
            close()
    finally:
        if propagates(app):
            raise failure
        app.logger.error("A response cannot be sent; answering a plain 500", exc_info=failure)

    def start(status: str, headers: t.Any, exc_info: t.Any = None) -> t.Any:
        return start_response(status, headers, sys.exc_info())

    send = app._current_plans().send_by_methods
    return t.cast("t.Iterable[bytes]", send(InternalServerError(), environ, start))


def _preserve(environ: WSGIEnvironment) -> None:
    keep = environ.get(PRESERVE)
    if keep is not None:
        keep(_cv_app.get())
        keep(_cv_request.get())


def _leave(app: Served, ctx: t.Any, error: BaseException | None) -> None:
    """Take the context out of force; a failing teardown must not cost a ready answer."""
    if not getattr(ctx, "_cv_tokens", True):
        return  # it never came into force
    if error is not None and app.should_ignore_error(error):
        error = None
    try:
        ctx.pop(error)
    except Exception as failure:
        _tell_failed_teardown(app, failure)


def _tell_failed_teardown(app: Served, failure: Exception) -> None:
    """Log that a teardown function failed, or raise it on where that is wanted."""
    if propagates(app):
        raise failure
    app.logger.error(
        "A teardown function failed; the answer is sent all the same", exc_info=failure
    )
