"""The registry in, plans out: reads an app's set-up once and freezes what its requests need."""

from __future__ import annotations

import itertools
import sys
import typing as t
from types import FunctionType

from werkzeug.routing import Map

from .. import bridges, cross_origin, security_headers, sessions
from ..ctx import AppContext, RequestContext
from ..frozen import replace
from ..json.provider import DefaultJSONProvider
from ..registry import Watched
from ..routing import Builder, CountedMap, Matcher, make_builder, make_matcher
from ..signals import (
    appcontext_popped,
    appcontext_pushed,
    appcontext_tearing_down,
    request_finished,
    request_tearing_down,
)
from ..wrappers import Request, Response
from ..wrappers.lenient import allowed_underscores
from ..wrappers.limits import PATH_LENGTH
from ..wrappers.request import split_blueprint_path
from . import begun as begun_view
from . import respond, run_async, run_sync
from .explain import explain
from .route_plan import Function, Handlers, Quick, Ready, RoutePlan, Steps

# The overridable methods that take a step, with the runner's own way of taking it.
STEPS: dict[str, tuple[str, Function]] = {
    "run": ("full_dispatch_request", run_sync.run),
    "check": ("preprocess_request", run_sync.check),
    "call": ("dispatch_request", run_sync.call),
    "recover": ("handle_user_exception", run_sync.recover),
    "recover_http": ("handle_http_exception", run_sync.recover_http),
    "recover_last": ("handle_exception", run_sync.recover_last),
    "finish": ("finalize_request", run_sync.finish),
    "respond": ("make_response", respond.respond),
    "after": ("process_response", run_sync.after),
}

# The runner's own steps where a plan is awaited.
AWAITED: dict[str, Function] = {
    "run": run_async.run,
    "check": run_async.check,
    "call": run_async.call,
    "recover": run_async.recover,
    "recover_http": run_async.recover_http,
    "finish": run_async.finish,
    "after": run_async.after,
}

# Beside the steps' methods, those that may wait: where one is replaced, a worker thread does all.
MAY_WAIT = (
    "async_to_sync",
    "create_url_adapter",
    "ensure_sync",
    "log_exception",
    "make_default_options_response",
    "raise_routing_exception",
    "trap_http_exception",
    "wsgi_app",
)

# How many requests plain functions work for at a time under ASGI.
WORKER_THREADS = 40


# The methods by which a request is entered and left; where one is replaced, all are called.
ENTRY = (
    "request_context",
    "app_context",
    "full_dispatch_request",
    "do_teardown_request",
    "do_teardown_appcontext",
    "should_ignore_error",
)

# What is sent when a request begins and ends.
ENDINGS = (
    appcontext_pushed,
    request_tearing_down,
    appcontext_tearing_down,
    appcontext_popped,
)

_CONTEXT_METHODS = {
    AppContext: ("__init__", "push", "pop"),
    RequestContext: ("__init__", "push", "pop", "match_request"),
}
_OWN_CONTEXTS = {
    cls: [getattr(cls, name) for name in names] for cls, names in _CONTEXT_METHODS.items()
}


def patched_contexts() -> list[str]:
    """Return the names of the context classes of which somebody patched a method."""
    return [
        cls.__name__
        for cls, names in _CONTEXT_METHODS.items()
        if [getattr(cls, name) for name in names] != _OWN_CONTEXTS[cls]
    ]


_UNKNOWN: t.Any = object()


class Compiled(t.Protocol):
    """What compiling asks of an app."""

    view_functions: t.Mapping[str, Function]
    before_request_funcs: t.Mapping[str | None, t.Sequence[Function]]
    after_request_funcs: t.Mapping[str | None, t.Sequence[Function]]
    teardown_request_funcs: t.Mapping[str | None, t.Sequence[Function]]
    url_default_functions: t.Mapping[str | None, t.Sequence[Function]]
    template_context_processors: t.Mapping[str | None, t.Sequence[Function]]
    url_value_preprocessors: t.Mapping[str | None, t.Sequence[Function]]
    error_handler_spec: t.Mapping[str | None, t.Mapping[int | None, t.Mapping[t.Any, Function]]]
    session_interface: t.Any
    request_class: type
    response_class: type
    json: t.Any
    config: t.Any
    url_map: Map
    subdomain_matching: bool
    _lifespan: t.Any
    _wsgi_call: t.Any

    @property
    def teardown_appcontext_funcs(self) -> t.Sequence[Function]: ...
    def ensure_sync(self, func: Function) -> Function: ...
    @property
    def _threads(self) -> bridges.Threads: ...
    def _replaced(self, name: str) -> bool: ...


class Plans:
    """The plans of an app as it is set up at one moment; a route's is made at its first use."""

    def __init__(self, app: Compiled) -> None:
        self.app = app
        # Methods of a plain class among the app's bases can be patched without notice.
        self.unwatched = [cls.__name__ for cls in type(app).__mro__ if _is_unwatched(cls)]
        self.replaced = {
            step: method
            for step, (method, _) in STEPS.items()
            if self.unwatched or app._replaced(method)
        }
        self.steps = Steps(
            missed=run_sync.missed,
            save=run_sync.save,
            **{
                step: through(app, method) if step in self.replaced else own
                for step, (method, own) in STEPS.items()
            },
        )
        if app._replaced("raise_routing_exception") or self.unwatched:
            self.steps = replace(self.steps, missed=_missed_by_method)
        if self.steps.respond is respond.respond and _has_own_responses(app):
            self.steps = replace(self.steps, respond=respond.respond_own)
        self.adapt = _adapter(app)
        # Whether ``ensure_sync`` is Bolthead's own, and need not be asked about plain functions.
        self.adapts_once = self.adapt == app.ensure_sync
        self.updates_context = not (self.unwatched or app._replaced("update_template_context"))
        # Whether a request's method is the environ's word, and no class of the app's own's.
        self.has_own_requests = app.request_class is Request
        # Whether a method of a view class may be called without asking either.
        self.calls_methods = self.adapts_once and self.has_own_requests
        self.guard = cross_origin.make_guard(app)
        self.refuses_cross_origin = cross_origin.mode(app.config) == "enforce"
        self.app_teardown = tuple(map(self.adapt, reversed(app.teardown_appcontext_funcs)))
        # Nobody can tell when the cookie's session is opened, so it is when first looked at.
        self.session_waits = sessions.is_own(app.session_interface)
        self.matcher = _matcher(app)
        self.by_methods = [
            *self.unwatched,
            *(name for name in ENTRY if app._replaced(name)),
            *patched_contexts(),
        ]
        self._builders: dict[str, Builder | None] = {}
        self._builds_paths = _builds_paths(app)
        self.routes: dict[str | None, RoutePlan] = {}
        self.added = security_headers.make_added(app.config)
        # The headers with underscores in their names that this app takes, by ASGI.
        self.spelled = allowed_underscores(app.config)
        self.send: Function = respond.send_quickly if respond.is_own(Response) else respond.send
        self.send_by_methods: Function = respond.send
        if self.added is not None:
            self.send = self.added.sending(self.send)
            self.send_by_methods = self.added.sending(respond.send)
            environment = vars(app).get("jinja_env")
            if environment is not None:  # made before the setting
                environment.globals.setdefault("csp_nonce", security_headers.csp_nonce)
        self._messages: dict[type, t.Callable[[t.Any], respond.Messages]] = {}
        self._quick = self._quick_answers()
        self._ends_quietly = not self.app_teardown and not any(
            signal.receivers for signal in ENDINGS
        )
        self._awaited: dict[str | None, RoutePlan] = {}
        self.threads = app._threads
        self.runs_on_loop = self._runs_on_loop()
        # Matching may call a converter of the app's own, and opening a session may wait.
        self.enters_on_loop = (
            self.session_waits and self.matcher is not None and _has_own_converters(app.url_map)
        )
        # Whether a request may be so plain that its view is begun before anything else.
        self.begins_at_once = self.runs_on_loop and self.enters_on_loop and not app.config["DEBUG"]
        self.app_teardown_raw = tuple(reversed(app.teardown_appcontext_funcs))
        self.app_teardown_awaited = tuple(
            to_async(function, self.threads) for function in self.app_teardown_raw
        )
        # Whether there is more to do than the shortest way does.
        self.detours = bool(self.by_methods) or not app._lifespan.is_ready
        self.missed = self.route(None)

    def build_path(self, endpoint: str, values: dict[str, t.Any]) -> str | None:
        """Return the path of an endpoint, or None where the URL adapter must build it."""
        if not self._builds_paths:
            return None
        builder = self._builders.get(endpoint, _UNKNOWN)
        if builder is _UNKNOWN:
            url_map = t.cast(CountedMap, self.app.url_map)
            builder = self._builders[endpoint] = make_builder(url_map, endpoint)
        return None if builder is None else t.cast("str | None", builder(values))

    def route(self, endpoint: str | None) -> RoutePlan:
        """Return the plan of an endpoint; None is that of a request that matched nothing."""
        plan = self.routes.get(endpoint)
        if plan is None:
            plan = self.routes[endpoint] = self._compile(endpoint)
        return plan

    def awaited(self, endpoint: str | None) -> RoutePlan:
        """Return the plan of an endpoint with all its functions ``async def``."""
        plan = self._awaited.get(endpoint)
        if plan is None:
            plan = self._awaited[endpoint] = self._compile_awaited(self.route(endpoint))
        return plan

    def _runs_on_loop(self) -> bool:
        """Tell whether requests under ASGI run on its loop: if anything there is ``async def``.

        They do not where somebody replaced a method: a worker thread then does all, and the loop
        is asked for each ``async def`` function.
        """
        app = self.app
        if self.by_methods or self.replaced or any(map(app._replaced, MAY_WAIT)):
            return False
        if app._wsgi_call is not None:
            return False
        if appcontext_pushed.receivers or appcontext_popped.receivers:
            return False
        tables = (app.before_request_funcs, app.after_request_funcs, app.teardown_request_funcs)
        listed = (f for table in tables for functions in table.values() for f in functions)
        everything = (*app.view_functions.values(), *app.teardown_appcontext_funcs, *listed)
        return any(is_awaited(function) for function in everything)

    def _compile_awaited(self, plan: RoutePlan) -> RoutePlan:
        app, threads = self.app, self.threads
        inner_first = scopes(plan.endpoint)
        app_first = inner_first[::-1]
        own_steps = {
            step: to_async(through(app, method), threads) if step in self.replaced else own
            for step, own in AWAITED.items()
            for method in STEPS[step][:1]
        }
        steps = replace(
            self.steps,
            respond=respond.respond_awaited(self.steps.respond, threads),
            save=run_async.save,
            **own_steps,
        )
        view = None if plan.endpoint is None else app.view_functions.get(plan.endpoint)
        before = _functions(app.before_request_funcs, app_first)
        checks = _together(before, run_sync.first_answer, threads)
        guard = self._guard_of(plan.endpoint, checked=bool(before or plan.url_values))
        if guard is not None and self.refuses_cross_origin:
            checks = (cross_origin.as_awaited_check(guard), *checks)
        after = _functions(app.after_request_funcs, inner_first, -1)
        teardown = _functions(app.teardown_request_funcs, inner_first, -1)
        return replace(
            plan,
            steps=steps,
            view=None if view is None else to_async(view, threads),
            url_values=tuple(in_thread(function, threads) for function in plan.url_values),
            before=checks,
            after=_together(after, run_sync.one_after_another, threads),
            teardown=tuple(to_async(function, threads) for function in teardown),
            handlers=Handlers(
                _handler_tables(app, inner_first), lambda function: to_async(function, threads)
            ),
            adapt=lambda function: to_async(function, threads),
            awaited=None,
        )

    def _compile(self, endpoint: str | None) -> RoutePlan:
        plan = self._compile_plain(endpoint)
        if not self.runs_on_loop:
            return plan
        app = self.app
        inner_first = scopes(endpoint)
        functions = [
            *_functions(app.before_request_funcs, inner_first),
            *_functions(app.after_request_funcs, inner_first),
            *_functions(app.teardown_request_funcs, inner_first),
            *app.teardown_appcontext_funcs,
        ]
        if endpoint in app.view_functions:
            functions.append(app.view_functions[t.cast(str, endpoint)])
        if not any(map(is_awaited, functions)):
            return plan
        awaited = self._compile_awaited(plan)
        begun = None
        if (
            awaited.view is not None
            and awaited.view is app.view_functions.get(t.cast(str, endpoint))
            and not (plan.is_checked or plan.streams_body)
            and plan.leaves_quietly
            and plan.quick is not None
        ):
            begun = replace(awaited, steps=replace(awaited.steps, call=begun_view.call))
        messages = self._messages if self.added is None else None
        return replace(plan, awaited=awaited, begun=begun, messages=messages)

    def _compile_plain(self, endpoint: str | None) -> RoutePlan:
        app = self.app
        inner_first = scopes(endpoint)
        app_first = inner_first[::-1]
        view = None if endpoint is None else app.view_functions.get(endpoint)
        # These get no adapter in Flask either: they prepare, they do not answer.
        url_values = _functions(app.url_value_preprocessors, app_first)
        before = tuple(map(self.adapt, _functions(app.before_request_funcs, app_first)))
        guard = self._guard_of(endpoint, checked=bool(before or url_values))
        if guard is not None and self.refuses_cross_origin:
            before = (cross_origin.as_check(guard), *before)
            if "check" not in self.replaced:  # else the method may leave out all checks
                guard = None
        after = tuple(map(self.adapt, _functions(app.after_request_funcs, inner_first, -1)))
        teardown = tuple(map(self.adapt, _functions(app.teardown_request_funcs, inner_first, -1)))
        return RoutePlan(
            endpoint=endpoint,
            steps=self.steps,
            view=None if view is None else self.adapt(view),
            url_values=url_values,
            before=before,
            after=after,
            teardown=teardown,
            handlers=Handlers(_handler_tables(app, inner_first), self.adapt),
            context_processors=tuple(
                map(self.adapt, _functions(app.template_context_processors, app_first))
            ),
            quick=None if after else self._quick,
            session_cookie=app.config["SESSION_COOKIE_NAME"],
            adapt=self.adapt,
            describe=lambda plan: explain(plan, self),
            session_waits=self.session_waits,
            is_checked=bool(url_values or before or "check" in self.replaced),
            leaves_quietly=self._ends_quietly and not teardown,
            streams_body=getattr(view, "stream_body", False) is True,
            guard=guard,
        )

    def _guard_of(self, endpoint: str | None, *, checked: bool) -> cross_origin.Guard | None:
        """Return what looks at the unsafe requests of an endpoint; None where there are none.

        Of those that match nothing only checks would learn, so that these are what is guarded.
        """
        if self.guard is None:
            return None
        if endpoint is None:
            return self.guard if checked and self.refuses_cross_origin else None
        if cross_origin.is_exempt(self.app.view_functions.get(endpoint)):
            return None
        return self.guard if _may_change(self.app.url_map, endpoint) else None

    def _quick_answers(self) -> Quick | None:
        """Return how answers become bytes at once, where nobody could tell the difference."""
        app = self.app
        watched = self.replaced.keys() & {"finish", "respond", "after"}
        if watched or not self.session_waits or request_finished.receivers:
            return None
        if not _has_own_responses(app):
            return None
        quick: dict[type, t.Callable[[t.Any], Ready]] = {str: respond.text_sender(Response)}
        self._messages[str] = respond.text_messages(Response)
        encode = app.json.quick_encoder() if isinstance(app.json, DefaultJSONProvider) else None
        if encode is not None:
            quick[dict] = quick[list] = respond.json_sender(encode, app.json.mimetype)
            messages = respond.json_messages(encode, app.json.mimetype)
            self._messages[dict] = self._messages[list] = messages
        if self.added is not None:
            quick = {kind: self.added.quickly(ready) for kind, ready in quick.items()}
        return quick


def is_awaited(function: Function) -> bool:
    """Tell whether a function is ``async def``, or can be called as one."""
    return bridges.is_async(function) or _as_coroutine(function) is not None


def _as_coroutine(function: t.Any) -> Function | None:
    # A class-based view's function carries another one that awaits the class's methods. So does a
    # decorator around it that copies attributes (functools.wraps), whose place it must not take.
    if type(function) is not FunctionType or "as_coroutine" not in function.__dict__:
        return None
    awaiting: Function = function.__dict__["as_coroutine"]
    return awaiting if getattr(awaiting, "stands_for", None) is function else None


def to_async(function: Function, threads: bridges.Threads) -> Function:
    """Return a function as one to await; a plain one is called in a worker thread."""
    return bridges.to_async(_as_coroutine(function) or function, threads)


def in_thread(function: Function, threads: bridges.Threads) -> Function:
    """Return what calls a function in a worker thread, whatever it returns."""
    return lambda *args: threads.call(function, *args)


def _together(
    functions: t.Iterable[Function],
    join: t.Callable[[tuple[Function, ...]], Function],
    threads: bridges.Threads,
) -> tuple[Function, ...]:
    """Return functions to await; plain ones that follow each other share one thread."""
    together: list[Function] = []
    for is_async, group in itertools.groupby(functions, bridges.is_async):
        if is_async:
            together += group
        else:
            several = tuple(group)
            one = several[0] if len(several) == 1 else join(several)
            together.append(bridges.to_async(one, threads))
    return tuple(together)


def _has_own_converters(url_map: Map) -> bool:
    """Tell whether all converters are Werkzeug's, which do nothing but convert."""
    return all(
        type(converter).__module__.startswith("werkzeug.")
        for rule in url_map.iter_rules()
        for converter in rule._converters.values()
    )


def _may_change(url_map: Map, endpoint: str) -> bool:
    """Tell whether an endpoint takes a method that is not a safe one."""
    try:
        rules = list(url_map.iter_rules(endpoint))
    except KeyError:
        return False
    return any(rule.methods is None or rule.methods - cross_origin.SAFE_METHODS for rule in rules)


def _is_unwatched(cls: type) -> bool:
    """Tell whether a base class of an app may get another method without our knowing."""
    return not isinstance(cls, Watched) and cls.__module__ not in {"builtins", "abc", "typing"}


def _matcher(app: Compiled) -> Matcher | None:
    """Return the fast matcher, or None where somebody could tell that Werkzeug was not asked."""
    watched = app._replaced("create_url_adapter") or app.config["TRUSTED_HOSTS"] is not None
    if watched or app.subdomain_matching or type(app.url_map) is not CountedMap:
        return None
    matcher = make_matcher(app.url_map)
    if matcher is not None:
        longest = app.config.get(PATH_LENGTH.setting, PATH_LENGTH.first)
        matcher.longest = sys.maxsize if longest is None else longest
    return matcher


def _has_own_responses(app: Compiled) -> bool:
    return app.response_class is Response and respond.is_own(Response)


def _builds_paths(app: Compiled) -> bool:
    """Tell whether paths can be built without asking for an adapter or for default values."""
    return (
        type(app.url_map) is CountedMap
        and not app.url_map.host_matching
        and not app.subdomain_matching
        and not any(app.url_default_functions.values())
        and not app._replaced("inject_url_defaults")
        and not app._replaced("create_url_adapter")
    )


def scopes(endpoint: str | None) -> tuple[str | None, ...]:
    """Return the names of the blueprints an endpoint is in, the innermost first, then None."""
    if endpoint is None or "." not in endpoint:
        return (None,)
    return (*split_blueprint_path(endpoint.rpartition(".")[0]), None)


def _functions(
    table: t.Mapping[str | None, t.Sequence[Function]],
    names: t.Iterable[str | None],
    direction: t.Literal[1, -1] = 1,
) -> tuple[Function, ...]:
    return tuple(f for name in names for f in tuple(table.get(name, ()))[::direction])


def _handler_tables(
    app: Compiled, names: t.Iterable[str | None]
) -> list[tuple[int | None, t.Mapping[t.Any, Function]]]:
    return [
        (code, dict(by_class))
        for name in names
        for code, by_class in app.error_handler_spec.get(name, {}).items()
    ]


def _adapter(app: Compiled) -> t.Callable[[Function], Function]:
    """Return what makes any function a plain one: once and for all, or at each call where
    ``ensure_sync`` or ``async_to_sync`` was replaced.
    """
    if not app._replaced("ensure_sync") and not app._replaced("async_to_sync"):
        return app.ensure_sync

    def adapt(function: Function) -> Function:
        def call(*args: t.Any, **kwargs: t.Any) -> t.Any:
            return app.ensure_sync(function)(*args, **kwargs)

        return call

    return adapt


def _missed_by_method(plan: RoutePlan, ctx: t.Any) -> t.NoReturn:
    ctx.app.raise_routing_exception(ctx.request)
    raise AssertionError("raise_routing_exception() returned; it must raise")


def through(app: t.Any, name: str) -> Function:
    """Return a step that calls a replaced method of the app."""
    # Read from the app at each call: the method may be replaced again without notice.
    return lambda plan, ctx, *args: getattr(app, name)(*args)
