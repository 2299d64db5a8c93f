"""The registry in, plans out: reads an app's set-up once and freezes what its requests need."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from werkzeug.routing import Map

from .. import sessions
from ..ctx import AppContext, RequestContext
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
from ..wrappers import Response
from ..wrappers.request import split_blueprint_path
from . import respond, run_sync
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

_OWN_CONTEXTS = {cls: (cls.__init__, cls.push, cls.pop) for cls in (AppContext, RequestContext)}


def patched_contexts() -> list[str]:
    """Return the names of the context classes of which somebody patched a method."""
    return [
        cls.__name__
        for cls, own in _OWN_CONTEXTS.items()
        if (cls.__init__, cls.push, cls.pop) != own
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
    response_class: type
    json: t.Any
    config: t.Any
    url_map: Map
    subdomain_matching: bool

    @property
    def teardown_appcontext_funcs(self) -> t.Sequence[Function]: ...
    def ensure_sync(self, func: Function) -> Function: ...
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
        self.send = respond.send_quickly if respond.is_own(Response) else respond.send
        self._quick = self._quick_answers()
        self._ends_quietly = not self.app_teardown and not any(
            signal.receivers for signal in ENDINGS
        )
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

    def _compile(self, endpoint: str | None) -> RoutePlan:
        app = self.app
        inner_first = scopes(endpoint)
        app_first = inner_first[::-1]
        view = None if endpoint is None else app.view_functions.get(endpoint)
        # These get no adapter in Flask either: they prepare, they do not answer.
        url_values = _functions(app.url_value_preprocessors, app_first)
        before = tuple(map(self.adapt, _functions(app.before_request_funcs, app_first)))
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
            describe=lambda plan: explain(plan, self),
            session_waits=self.session_waits,
            is_checked=bool(url_values or before or "check" in self.replaced),
            leaves_quietly=self._ends_quietly and not teardown,
        )

    def _quick_answers(self) -> Quick | None:
        """Return how answers become bytes at once, where nobody could tell the difference."""
        app = self.app
        watched = self.replaced.keys() & {"finish", "respond", "after"}
        if watched or not self.session_waits or request_finished.receivers:
            return None
        if not _has_own_responses(app):
            return None
        quick: dict[type, t.Callable[[t.Any], Ready]] = {str: respond.text_sender(Response)}
        encode = app.json.quick_encoder() if isinstance(app.json, DefaultJSONProvider) else None
        if encode is not None:
            quick[dict] = quick[list] = respond.json_sender(encode, app.json.mimetype)
        return quick


def _is_unwatched(cls: type) -> bool:
    """Tell whether a base class of an app may get another method without our knowing."""
    return not isinstance(cls, Watched) and cls.__module__ not in {"builtins", "abc", "typing"}


def _matcher(app: Compiled) -> Matcher | None:
    """Return the fast matcher, or None where somebody could tell that Werkzeug was not asked."""
    watched = app._replaced("create_url_adapter") or app.config["TRUSTED_HOSTS"] is not None
    if watched or app.subdomain_matching or type(app.url_map) is not CountedMap:
        return None
    return make_matcher(app.url_map)


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
