"""Where does the time of a request go, in microseconds for each step of its way?

Each step is called by itself, again and again, with a context that is in force; the whole request
is timed in turns with them. What is left of the whole are the steps that are written out in
``protocols/wsgi.py``: receive, enter, leave.
"""

from __future__ import annotations

import typing as t

from calling import Client, Turns, take_turns
from workloads import BY_NAME, WsgiApp

import bolthead
from bolthead.plan import run_sync

WAYS = ["text", "json", "typed-200", "method-view", "hooks", "session", "404", "error"]

HARNESS = "the benchmark's own (environ copied, body read)"
REST = "receive, enter, leave"


def again(function: t.Callable[..., t.Any], *args: t.Any) -> t.Callable[[int], None]:
    """Return what calls a function a number of times."""

    def run(count: int) -> None:
        for _ in range(count):
            function(*args)

    return run


def nothing(environ: t.Any, start_response: t.Any) -> list[bytes]:
    """Answer nothing, as a WSGI application."""
    return []


def start(status: str, headers: t.Any, exc_info: t.Any = None) -> None:
    """Start a response, which nobody wants."""


def steps_of(app: t.Any, client: Client) -> tuple[t.Any, dict[str, t.Callable[[int], None]]]:
    """Return a context in force and the steps of its request, each as what runs it many times."""
    environ = client.environ | {"wsgi.input": None}
    plans = app._current_plans()
    # Matching is another way where the request object is made already: it gets its own context.
    found = {"match": again(run_sync.enter, plans, app.request_context(environ))}
    ctx = app.request_context(environ)
    ctx.push()
    plan = run_sync.enter(plans, ctx)
    steps = plan.steps

    if client.cookies:
        found["make the request, open the session"] = again(open_anew, ctx)
        ctx._opened = app._open_session(ctx)
    if plan.before or plan.url_values:
        steps.check(plan, ctx)
        found["check"] = again(steps.check, plan, ctx)
    try:
        answer = steps.call(plan, ctx)
        found["call the view"] = again(steps.call, plan, ctx)
    except Exception as error:
        answer = steps.recover(plan, ctx, error)
        found["call, raise, recover"] = again(failing, plan, ctx)

    if ctx._request is not None and not client.cookies:
        found["make the request"] = again(make_anew, ctx)

    convert = None if plan.quick is None else plan.quick.get(type(answer))
    if convert is not None and ctx._opened is None:
        found["respond"] = again(convert, answer)
        return ctx, found
    # Each response is a new one: these steps change it.
    found["respond, after, save the session"] = again(finish_anew, plan, ctx, answer)
    response = finish_anew(plan, ctx, answer)
    found["send"] = again(plans.send, response, environ, start)
    return ctx, found


def make_anew(ctx: t.Any) -> None:
    """Make the request object and close it."""
    ctx._request = None
    request = ctx.request
    request.close()


def open_anew(ctx: t.Any) -> None:
    """Make the request object, read its cookies and open the session."""
    ctx._request = None
    ctx.app._open_session(ctx)


def finish_anew(plan: t.Any, ctx: t.Any, answer: t.Any) -> t.Any:
    """Make an answer a response that is ready to be sent."""
    return plan.steps.finish(plan, ctx, answer)


def failing(plan: t.Any, ctx: t.Any) -> None:
    """Call a view that raises, and take its handler's answer."""
    try:
        plan.steps.call(plan, ctx)
    except Exception as error:
        plan.steps.recover(plan, ctx, error)


def measure(app: WsgiApp, client: Client, rounds: int, turn: float) -> dict[str, float]:
    """Return the microseconds of each step, of the rest, and of the whole."""
    ctx, found = steps_of(app, client)
    timed = {step: Turns(run) for step, run in found.items()}
    take_turns(timed.values(), rounds, turn)
    ctx.pop()
    whole = {
        "the whole request": Turns(client.send),
        HARNESS: Turns(harness(client).send),
        "calling": Turns(again(int)),
    }
    take_turns(whole.values(), rounds, turn)
    # The loop around each step is not the step's.
    took = {step: max(0.0, each.best - whole["calling"].best) for step, each in timed.items()}
    took[HARNESS] = whole[HARNESS].best
    took[REST] = max(0.0, whole["the whole request"].best - sum(took.values()))
    took["the whole request"] = whole["the whole request"].best
    return {step: round(microseconds, 2) for step, microseconds in took.items()}


def harness(client: Client) -> Client:
    """Return the same client of an app that does nothing."""
    empty = object.__new__(Client)
    vars(empty).update(vars(client), app=nothing)
    return empty


def run(options: t.Any) -> dict[str, t.Any]:
    """Measure the steps of some workloads, and print a table for each."""
    rounds = options.rounds or (7 if options.quick else 25)
    turn = 0.005 if options.quick else 0.02
    ways = {}
    for name in WAYS:
        if options.only and name not in options.only:
            continue
        workload = BY_NAME[name]
        app = workload.build(bolthead)
        took = measure(app, Client(app, workload), rounds, turn)
        ways[name] = {"title": workload.title, "us": took}
        print(name)
        for step, microseconds in took.items():
            print(f"    {step:<48}{microseconds:7.2f} us")
    return {"rounds": rounds, "ways": ways}
