"""A plan in words: what the requests of an endpoint go through, and why not the shortest way."""

from __future__ import annotations

import typing as t

from .route_plan import Function, RoutePlan


def explain(plan: RoutePlan, plans: t.Any) -> str:
    """Return the plan of an endpoint as text, a line for each step of the request's way."""
    lines = [f"endpoint {plan.endpoint!r}" if plan.endpoint else "no endpoint (nothing matched)"]
    lines += [f"  {name:<14} {said}" for name, said in _steps(plan, plans)]
    reasons = list(_put_back(plan, plans))
    if reasons:
        lines.append("put back, because somebody could tell the difference:")
        lines += [f"  {reason}" for reason in reasons]
    else:
        lines.append("nothing is put back: text and data become bytes at once")
    return "\n".join(lines)


def _steps(plan: RoutePlan, plans: t.Any) -> t.Iterator[tuple[str, str]]:
    entered = "app.request_context(environ).push()" if plans.by_methods else "at once"
    yield "enter", entered
    opened = "when first looked at" if plan.session_waits else _name(plans.app.session_interface)
    yield "open_session", opened
    matched = "Werkzeug's map" if plans.matcher is None else "dictionary and tree, else Werkzeug's"
    yield "match", matched
    yield "before", _through(plans, "check") or _names((*plan.url_values, *plan.before))
    if plan.guard is not None:
        done = "refused" if plans.refuses_cross_origin else "logged, once"
        yield "cross_origin", done
    view = "raises why nothing matched" if plan.view is None else _name(plan.view)
    yield "call", _through(plans, "call") or view
    yield "recover", _through(plans, "recover") or "error handlers by code, then by class"
    ready = "to bytes" if plan.quick else f"to {plans.app.response_class.__name__}"
    yield "respond", _through(plans, "respond") or ready
    yield "after", _through(plans, "after") or _names(plan.after)
    if plans.added is not None:
        yield "send", f"adds {', '.join(plans.added.names)} where not set"
    yield "leave", "nothing to call" if plan.leaves_quietly else _names(plan.teardown)


def _put_back(plan: RoutePlan, plans: t.Any) -> t.Iterator[str]:
    for name in plans.unwatched:
        yield f"{name}: a base class of the app that can be patched without notice"
    for name in plans.by_methods:
        if name not in plans.unwatched:
            yield f"{name}: replaced, so requests are entered and left by the methods"
    for step, method in plans.replaced.items():
        if not plans.unwatched:
            yield f"{step}: {method}() is replaced"
    if not plan.session_waits:
        yield f"open_session: {_name(plans.app.session_interface)} may look at each request"
    if plans.matcher is None:
        yield "match: hosts, subdomains or an adapter or map of the app's own"
    if plan.after:
        yield "respond: after_request functions are given a response"
    elif plan.quick is None:
        yield "respond: a response class, session interface, method or signal receiver sees it"
    if not plan.leaves_quietly:
        yield "leave: teardown functions, or receivers of the signals of the end"


def _through(plans: t.Any, step: str) -> str | None:
    method = plans.replaced.get(step)
    return None if method is None else f"app.{method}()"


def _names(functions: t.Iterable[Function]) -> str:
    return ", ".join(map(_name, functions)) or "none"


def _name(thing: t.Any) -> str:
    named = thing if hasattr(thing, "__qualname__") else type(thing)
    return f"{named.__module__}.{named.__qualname__}"
