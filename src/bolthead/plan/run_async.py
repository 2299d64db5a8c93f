"""``run_sync`` with ``await``: the steps for a route of which some function is ``async def``.

A test compares the two syntax trees. What calls nobody's function is ``run_sync``'s own.
"""

from __future__ import annotations

import typing as t

from blinker import NamedSignal
from werkzeug.exceptions import HTTPException

from ..signals import (
    appcontext_tearing_down,
    request_finished,
    request_started,
    request_tearing_down,
)
from . import recover as errors
from .route_plan import Quick, RoutePlan
from .run_sync import endpoint, first


async def now(app: t.Any, ctx: t.Any) -> RoutePlan:
    """Return the plan of a request, to be awaited, as the app is set up by now."""
    return t.cast(RoutePlan, app._current_plans().awaited(endpoint(ctx)))


async def tell(signal: NamedSignal, app: t.Any, **about: t.Any) -> None:
    """Call the receivers of a signal, in a worker thread."""
    if signal.receivers:
        await app._threads.call(signal.send, app, _async_wrapper=app.ensure_sync, **about)


async def run(plan: RoutePlan, ctx: t.Any, quick: Quick | None = None) -> t.Any:
    """Answer a request that is entered and matched: from the checks to the saved session.

    Returns a response; or where ``quick`` knows the answer's type and nobody else would see that
    response, its status, headers and body.
    """
    app = ctx.app
    steps = plan.steps
    if not app._got_first_request:
        app._begin(ctx.environ)
    try:
        if request_started.receivers:
            await tell(request_started, app)
        answer = await steps.check(plan, ctx) if plan.is_checked else None
        if answer is None:
            answer = await steps.call(plan, ctx)
    except Exception as error:
        answer = await steps.recover(plan, ctx, error)
    if app._changes.compiled is None:
        # The set-up changed during the request; what comes now is done by the new one.
        plan = await now(app, ctx)
        return await plan.steps.finish(plan, ctx, answer)
    if quick is not None and ctx._opened is None and ctx._once is None:
        convert = quick.get(type(answer))
        if convert is not None and plan.session_cookie not in ctx.environ.get("HTTP_COOKIE", ""):
            return convert(answer)
    return await steps.finish(plan, ctx, answer)


async def check(plan: RoutePlan, ctx: t.Any) -> t.Any:
    """Let the URL's values be prepared, then each check run: the first answer ends them."""
    if plan.url_values:
        request = ctx.request
        for prepare in plan.url_values:
            await prepare(request.endpoint, request.view_args)
    for before in plan.before:
        answer = await before()
        if answer is not None:
            return answer
    return None


async def call(plan: RoutePlan, ctx: t.Any) -> t.Any:
    """Call the view, or raise why there is none."""
    # The request counts where it was made: the app may have changed what matched.
    matched = ctx if ctx._request is None else ctx._request
    if matched.routing_exception is not None:
        plan.steps.missed(plan, ctx)
    rule = matched.url_rule
    method = ctx.environ["REQUEST_METHOD"]
    if method != "GET":
        if method == "OPTIONS" and getattr(rule, "provide_automatic_options", False):
            return ctx.app.make_default_options_response()
        if plan.guard is not None:
            plan.guard(ctx)
    # The rule may have been replaced by a check, and its endpoint may have no view: a KeyError.
    view = plan.view
    if view is None or rule.endpoint != plan.endpoint:
        view = plan.adapt(ctx.app.view_functions[rule.endpoint])
    values = matched.view_args
    # PERF: most views take nothing, and unpacking nothing costs as much as something.
    if values:
        return await view(**values)
    return await view()


async def finish(
    plan: RoutePlan, ctx: t.Any, answer: t.Any, from_error_handler: bool = False
) -> t.Any:
    """Make the answer a response and let the after functions have it.

    An error in those is raised, or only logged where the answer is already that to an error.
    """
    app = ctx.app
    response = await plan.steps.respond(plan, ctx, answer)
    try:
        response = await plan.steps.after(plan, ctx, response)
        if request_finished.receivers:
            await tell(request_finished, app, response=response)
    except Exception:
        if not from_error_handler:
            raise
        app.logger.exception("Request finalizing failed with an error while handling an error")
    return response


async def after(plan: RoutePlan, ctx: t.Any, response: t.Any) -> t.Any:
    """Hand the response from one after function to the next, then save the session in it."""
    for once in ctx._once or ():
        response = await plan.adapt(once)(response)
    for change in plan.after:
        response = await change(response)
    # A session that nobody looked at is due only if it came with the request.
    if (
        ctx._opened is not None
        or not plan.session_waits
        or plan.session_cookie in ctx.environ.get("HTTP_COOKIE", "")
    ):
        await plan.steps.save(plan, ctx, response)
    return response


async def recover(plan: RoutePlan, ctx: t.Any, error: Exception) -> t.Any:
    """Return the answer to an error of the checks or the view, or raise it on."""
    app = ctx.app
    errors.note_missing_key(app, error)
    if isinstance(error, HTTPException) and not app.trap_http_exception(error):
        return await plan.steps.recover_http(plan, ctx, error)
    handler = plan.handlers.find(error)
    if handler is None:
        errors.raise_again(error)
    return await handler(error)


async def recover_http(plan: RoutePlan, ctx: t.Any, error: HTTPException) -> t.Any:
    """Return the answer to an HTTP exception: its handler's, or its own."""
    if errors.is_answer(error):
        return error
    handler = plan.handlers.find(error)
    if handler is None:
        return error
    return await handler(error)


async def leave(plan: RoutePlan, ctx: t.Any, exc: BaseException | None) -> None:
    """Run the request's teardown functions, all of them though one fails, then the signal's."""
    app = ctx.app
    failed: BaseException | None = None
    for teardown in plan.teardown:
        try:
            await teardown(exc)
        except Exception as error:
            failed = first(app, failed, error)
    await tell(request_tearing_down, app, exc=exc)
    if failed is not None:
        raise failed


async def leave_app(app: t.Any, teardown_functions: t.Any, exc: BaseException | None) -> None:
    """Run the app context's teardown functions, all of them though one fails."""
    failed: BaseException | None = None
    for teardown in teardown_functions:
        try:
            await teardown(exc)
        except Exception as error:
            failed = first(app, failed, error)
    await tell(appcontext_tearing_down, app, exc=exc)
    if failed is not None:
        raise failed


async def save(plan: RoutePlan, ctx: t.Any, response: t.Any) -> None:
    """Save the session in the response; in a worker thread where that may have to wait."""
    if plan.session_waits:
        ctx.app._save_session(ctx, response)
    else:
        await ctx.app._threads.call(ctx.app._save_session, ctx, response)
