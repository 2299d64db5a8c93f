"""The request's way, step by step, in plain functions; ``run_async`` is this with ``await``."""

from __future__ import annotations

import sys
import typing as t

from blinker import NamedSignal
from werkzeug.exceptions import HTTPException, NotFound

from ..ctx import RequestContext
from ..routing import PLAIN_HOSTS, UNSURE, is_plain_host
from ..signals import (
    appcontext_tearing_down,
    got_request_exception,
    request_finished,
    request_started,
    request_tearing_down,
)
from . import recover as errors
from .route_plan import Function, Quick, RoutePlan

if t.TYPE_CHECKING:
    from .compile import Plans


def endpoint(ctx: t.Any) -> str | None:
    """Return the endpoint of a request as it is now: the app may have changed the rule."""
    request = ctx._request
    rule = ctx.url_rule if request is None else request.url_rule
    return None if rule is None else rule.endpoint


def enter(plans: Plans, ctx: t.Any) -> RoutePlan:
    """Open the session where somebody could tell when that happens, then match the URL."""
    if ctx._opened is None and not plans.session_waits:
        ctx._opened = ctx.app._open_session(ctx)
    if plans.matcher is not None and ctx._request is None:
        environ = ctx.environ
        host = environ.get("HTTP_HOST") or environ.get("SERVER_NAME", "")
        # PERF: a look into a set before a call; see benchmarks/steps.py.
        if "HTTP_UPGRADE" not in environ and (host in PLAIN_HOSTS or is_plain_host(host)):
            found = plans.matcher.find(environ["REQUEST_METHOD"], environ.get("PATH_INFO", ""))
            if found is None:
                ctx.routing_exception = NotFound()
                return plans.missed
            if found is not UNSURE:
                rule, ctx.view_args = found
                ctx.url_rule = rule
                return plans.routes.get(rule.endpoint) or plans.route(rule.endpoint)
    # A refused host is a reason not to match, and is noted while the map is bound.
    if ctx.url_adapter is not None:
        ctx.match_request()
    return plans.route(endpoint(ctx))


_OWN_MATCHING = RequestContext.match_request


def enter_by_methods(plans: Plans, ctx: t.Any) -> None:
    """Do the same for a context that was pushed; one may have a ``match_request`` of its own."""
    if type(ctx).match_request is _OWN_MATCHING and "match_request" not in ctx.__dict__:
        enter(plans, ctx)
        return
    if ctx._opened is None and not plans.session_waits:
        ctx._opened = ctx.app._open_session(ctx)
    if ctx.url_adapter is not None:
        ctx.match_request()


def now(app: t.Any, ctx: t.Any) -> RoutePlan:
    """Return the plan of a request as the app is set up by now."""
    return t.cast(RoutePlan, app.plan_for(endpoint(ctx)))


def tell(signal: NamedSignal, app: t.Any, **about: t.Any) -> None:
    """Call the receivers of a signal."""
    signal.send(app, _async_wrapper=app.ensure_sync, **about)


def run(plan: RoutePlan, ctx: t.Any, quick: Quick | None = None) -> t.Any:
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
            tell(request_started, app)
        answer = steps.check(plan, ctx) if plan.is_checked else None
        if answer is None:
            answer = steps.call(plan, ctx)
    except Exception as error:
        answer = steps.recover(plan, ctx, error)
    if app._changes.compiled is None:
        # The set-up changed during the request; what comes now is done by the new one.
        plan = now(app, ctx)
        return plan.steps.finish(plan, ctx, answer)
    if quick is not None and ctx._opened is None and ctx._once is None:
        convert = quick.get(type(answer))
        if convert is not None and plan.session_cookie not in ctx.environ.get("HTTP_COOKIE", ""):
            return convert(answer)
    return steps.finish(plan, ctx, answer)


def check(plan: RoutePlan, ctx: t.Any) -> t.Any:
    """Let the URL's values be prepared, then each check run: the first answer ends them."""
    if plan.url_values:
        request = ctx.request
        for prepare in plan.url_values:
            prepare(request.endpoint, request.view_args)
    for before in plan.before:
        answer = before()
        if answer is not None:
            return answer
    return None


def first_answer(checks: t.Iterable[Function]) -> Function:
    """Return one check for several: the first answer ends them."""

    def check_all() -> t.Any:
        for before in checks:
            answer = before()
            if answer is not None:
                return answer
        return None

    return check_all


def one_after_another(changes: t.Iterable[Function]) -> Function:
    """Return one after function for several."""

    def change_all(response: t.Any) -> t.Any:
        for change in changes:
            response = change(response)
        return response

    return change_all


def call(plan: RoutePlan, ctx: t.Any) -> t.Any:
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
        return view(**values)
    return view()


def missed(plan: RoutePlan, ctx: t.Any) -> t.NoReturn:
    """Raise why nothing matched."""
    if ctx.app.debug:
        errors.raise_routing(ctx.app, ctx.request)
    # PERF: the request itself is not needed for this, so it is not made.
    raise (ctx if ctx._request is None else ctx._request).routing_exception


def finish(plan: RoutePlan, ctx: t.Any, answer: t.Any, from_error_handler: bool = False) -> t.Any:
    """Make the answer a response and let the after functions have it.

    An error in those is raised, or only logged where the answer is already that to an error.
    """
    app = ctx.app
    response = plan.steps.respond(plan, ctx, answer)
    try:
        response = plan.steps.after(plan, ctx, response)
        if request_finished.receivers:
            tell(request_finished, app, response=response)
    except Exception:
        if not from_error_handler:
            raise
        app.logger.exception("Request finalizing failed with an error while handling an error")
    return response


def after(plan: RoutePlan, ctx: t.Any, response: t.Any) -> t.Any:
    """Hand the response from one after function to the next, then save the session in it."""
    for once in ctx._once or ():
        response = plan.adapt(once)(response)
    for change in plan.after:
        response = change(response)
    # A session that nobody looked at is due only if it came with the request.
    if (
        ctx._opened is not None
        or not plan.session_waits
        or plan.session_cookie in ctx.environ.get("HTTP_COOKIE", "")
    ):
        plan.steps.save(plan, ctx, response)
    return response


def save(plan: RoutePlan, ctx: t.Any, response: t.Any) -> None:
    """Save the session in the response."""
    ctx.app._save_session(ctx, response)


def recover(plan: RoutePlan, ctx: t.Any, error: Exception) -> t.Any:
    """Return the answer to an error of the checks or the view, or raise it on."""
    app = ctx.app
    errors.note_missing_key(app, error)
    if isinstance(error, HTTPException) and not app.trap_http_exception(error):
        return plan.steps.recover_http(plan, ctx, error)
    handler = plan.handlers.find(error)
    if handler is None:
        errors.raise_again(error)
    return handler(error)


def recover_http(plan: RoutePlan, ctx: t.Any, error: HTTPException) -> t.Any:
    """Return the answer to an HTTP exception: its handler's, or its own."""
    if errors.is_answer(error):
        return error
    handler = plan.handlers.find(error)
    if handler is None:
        return error
    return handler(error)


def recover_last(plan: RoutePlan, ctx: t.Any, error: Exception) -> t.Any:
    """Return the response to an error that nothing has handled: log it, then answer 500."""
    app = ctx.app
    caught = sys.exc_info()
    errors.note_two_frameworks(error)
    tell(got_request_exception, app, exception=error)
    if errors.propagates(app):
        errors.raise_again(error)
    app.log_exception(caught if caught[1] is error else (type(error), error, error.__traceback__))
    answer: t.Any = errors.server_error(error)
    handler = plan.handlers.find(answer)
    if handler is not None:
        answer = handler(answer)
    return plan.steps.finish(plan, ctx, answer, True)


def leave(plan: RoutePlan, ctx: t.Any, exc: BaseException | None) -> None:
    """Run the request's teardown functions, all of them though one fails, then the signal's."""
    app = ctx.app
    failed: BaseException | None = None
    for teardown in plan.teardown:
        try:
            teardown(exc)
        except Exception as error:
            failed = first(app, failed, error)
    tell(request_tearing_down, app, exc=exc)
    if failed is not None:
        raise failed


def leave_app(app: t.Any, teardown_functions: t.Any, exc: BaseException | None) -> None:
    """Run the app context's teardown functions, all of them though one fails."""
    failed: BaseException | None = None
    for teardown in teardown_functions:
        try:
            teardown(exc)
        except Exception as error:
            failed = first(app, failed, error)
    tell(appcontext_tearing_down, app, exc=exc)
    if failed is not None:
        raise failed


def first(app: t.Any, failed: BaseException | None, error: Exception) -> BaseException:
    """Keep the first failure to raise at the end; one that comes after it is logged."""
    if failed is None:
        return error
    app.logger.error("A teardown function failed after another one had", exc_info=error)
    return failed
