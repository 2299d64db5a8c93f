"""The app: its settings, what it is made of, and one overridable method for each step."""

from __future__ import annotations

import logging
import os
import sys
import typing as t
import weakref
from datetime import timedelta

from werkzeug.datastructures import ImmutableDict
from werkzeug.exceptions import Aborter, BadRequest, HTTPException
from werkzeug.routing import BuildError, Map, MapAdapter, Rule
from werkzeug.utils import redirect as _redirect
from werkzeug.wrappers import Response as BaseResponse

from . import bridges, current, keys, proxies, routing, security_headers
from . import typing as ft
from .blueprints import (
    Blueprint,
    T_template_filter,
    T_template_global,
    T_template_test,
)
from .config import Config, ConfigAttribute
from .ctx import AppContext, RequestContext, _AppCtxGlobals, _sentinel
from .helpers import get_debug_flag, get_flashed_messages
from .json.provider import DefaultJSONProvider, JSONProvider
from .light import lazy
from .logging import create_logger
from .made import later, made
from .overrides import (
    AppType,
    callable_without_context,
    mark_as_async,
    replaced,
    without_context,
)
from .paths import get_instance_path
from .plan import recover, respond, run_sync
from .plan.compile import WORKER_THREADS, Plans, scopes
from .plan.respond import ASGI
from .plan.route_plan import RoutePlan
from .protocols import wsgi
from .protocols.lifespan import Lifespan
from .registry import REGISTRIES, CountedList
from .safe_defaults import IN_BOLTHEAD, setting
from .scaffold import Scaffold, T_teardown, _endpoint_from_view_func, setupmethod
from .sessions import SecureCookieSession, SecureCookieSessionInterface, SessionInterface
from .wrappers import Request, Response, Websocket

# Imported with the first scope: an app under WSGI never sees one.
_asgi = lazy(f"{__package__}.protocols.asgi")

if t.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from .protocols.scope import Receive, Scope, Send
    from .templating import DispatchingJinjaLoader, Environment
    from .testing import FlaskClient, FlaskCliRunner

T_shell_context_processor = t.TypeVar(
    "T_shell_context_processor", bound=ft.ShellContextProcessorCallable
)
T_life = t.TypeVar("T_life", bound=t.Callable[[], t.Any])
_ExcInfo = (
    "tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]"
)


def _make_timedelta(value: timedelta | int | None) -> timedelta | None:
    """Return a duration that may be given in seconds."""
    if value is None or isinstance(value, timedelta):
        return value
    return timedelta(seconds=value)


def _environment_class() -> type[Environment]:
    from .templating import Environment

    return Environment


class Flask(Scaffold, metaclass=AppType):
    """A WSGI application that answers as Flask 3.1.3 does (Flask API, "Application Object").

    ``import_name`` is usually ``__name__``: it tells where templates and static files lie.
    """

    request_class: type[Request] = Request
    response_class: type[Response] = Response
    websocket_class: type[Websocket] = Websocket
    aborter_class: type[Aborter] = Aborter
    jinja_environment: type[Environment] = later(_environment_class)
    app_ctx_globals_class: type[_AppCtxGlobals] = _AppCtxGlobals
    config_class: type[Config] = Config
    json_provider_class: type[JSONProvider] = DefaultJSONProvider
    url_rule_class: type[Rule] = Rule
    url_map_class: type[Map] = routing.CountedMap
    session_interface: SessionInterface = SecureCookieSessionInterface()
    test_client_class: type[FlaskClient] | None = None
    test_cli_runner_class: type[FlaskCliRunner] | None = None

    jinja_options: dict[str, t.Any] = {}  # noqa: RUF012  # replaced by subclasses, as in Flask
    """Options of the Jinja environment; change them before it is first used."""

    default_config: t.Mapping[str, t.Any] = ImmutableDict(
        {
            "DEBUG": None,
            "TESTING": False,
            "PROPAGATE_EXCEPTIONS": None,
            "SECRET_KEY": None,
            "SECRET_KEY_FALLBACKS": None,
            "PERMANENT_SESSION_LIFETIME": timedelta(days=31),
            "USE_X_SENDFILE": False,
            "TRUSTED_HOSTS": None,
            "SERVER_NAME": None,
            "APPLICATION_ROOT": "/",
            "SESSION_COOKIE_NAME": "session",
            "SESSION_COOKIE_DOMAIN": None,
            "SESSION_COOKIE_PATH": None,
            "SESSION_COOKIE_HTTPONLY": True,
            "SESSION_COOKIE_SECURE": False,
            "SESSION_COOKIE_PARTITIONED": False,
            "SESSION_COOKIE_SAMESITE": None,
            "SESSION_REFRESH_EACH_REQUEST": True,
            "MAX_CONTENT_LENGTH": None,
            "MAX_FORM_MEMORY_SIZE": 500_000,
            "MAX_FORM_PARTS": 1_000,
            "SEND_FILE_MAX_AGE_DEFAULT": None,
            "TRAP_BAD_REQUEST_ERRORS": None,
            "TRAP_HTTP_EXCEPTIONS": False,
            "EXPLAIN_TEMPLATE_LOADING": False,
            "PREFERRED_URL_SCHEME": "http",
            "TEMPLATES_AUTO_RELOAD": None,
            "MAX_COOKIE_SIZE": 4093,
            "PROVIDE_AUTOMATIC_OPTIONS": True,
        }
    )
    """The first settings (Flask docs, "Configuration Handling")."""

    testing = ConfigAttribute[bool]("TESTING")
    secret_key = ConfigAttribute[t.Union[str, bytes, None]]("SECRET_KEY")  # noqa: UP007  # a type at run time
    permanent_session_lifetime = ConfigAttribute[timedelta](
        "PERMANENT_SESSION_LIFETIME",
        get_converter=_make_timedelta,  # type: ignore[arg-type]  # None only where None was set
    )

    config: Config
    _got_first_request = False
    # A ``__call__`` for WSGI that somebody put on the class; requests by ASGI go by it, too.
    _wsgi_call: t.Any = None

    def __init__(
        self,
        import_name: str,
        static_url_path: str | None = None,
        static_folder: str | os.PathLike[str] | None = "static",
        static_host: str | None = None,
        host_matching: bool = False,
        subdomain_matching: bool = False,
        template_folder: str | os.PathLike[str] | None = "templates",
        instance_path: str | None = None,
        instance_relative_config: bool = False,
        root_path: str | None = None,
    ) -> None:
        self._lifespan = Lifespan()
        mark_as_async(type(self).__call__)
        super().__init__(
            import_name=import_name,
            static_folder=static_folder,
            static_url_path=static_url_path,
            template_folder=template_folder,
            root_path=root_path,
        )
        if instance_path is not None and not os.path.isabs(instance_path):
            raise ValueError(
                "If an instance path is provided it must be absolute."
                " A relative path was given instead."
            )
        self.instance_path = instance_path or self.auto_find_instance_path()
        self.config = self.make_config(instance_relative_config)
        self.aborter = self.make_aborter()
        self.json: JSONProvider = self.json_provider_class(self)

        self.url_build_error_handlers: list[
            t.Callable[[Exception, str, dict[str, t.Any]], str]
        ] = []
        self.teardown_appcontext_funcs: list[ft.TeardownCallable] = CountedList(self._changes)
        self.shell_context_processors: list[ft.ShellContextProcessorCallable] = []
        self.blueprints: dict[str, Blueprint] = {}
        self.extensions: dict[str, t.Any] = {}
        self.url_map = self.url_map_class(host_matching=host_matching)
        self.subdomain_matching = subdomain_matching

        if self.has_static_folder:
            self._route_static_files(static_host, host_matching=host_matching)

    def _route_static_files(self, static_host: str | None, *, host_matching: bool) -> None:
        assert bool(static_host) == host_matching, (  # noqa: S101  # Flask's error
            "Invalid static_host/host_matching combination"
        )
        # Weak, so that an app nobody uses any more is freed at once.
        app = weakref.ref(self)
        view: ft.RouteCallable = lambda **kw: app().send_static_file(**kw)  # type: ignore[union-attr]  # noqa: E731
        view.__module__ = "flask.app"  # programs exempt it from checks by 'flask.app.<lambda>'
        self.add_url_rule(
            f"{self.static_url_path}/<path:filename>",
            endpoint="static",
            host=static_host,
            view_func=view,
        )

    def __setattr__(self, name: str, value: t.Any) -> None:
        # A setting or method that is replaced changes what requests need; a name of the
        # user's own does not.
        changes = self.__dict__.get("_changes")
        if changes is not None and name in _COMPILED:
            changes.note()
            if name in REGISTRIES and getattr(value, "changes", None) is not changes:
                value = REGISTRIES[name](changes, value)
            elif isinstance(value, Config | routing.CountedMap | DefaultJSONProvider):
                value.changes = changes
        super().__setattr__(name, callable_without_context(name, value, position=0))

    def _check_setup_finished(self, f_name: str) -> None:
        if self._got_first_request:
            raise AssertionError(
                f"The setup method '{f_name}' can no longer be called"
                " on the application. It has already handled its first"
                " request, any changes will not be applied"
                " consistently.\n"
                "Make sure all imports, decorators, functions, etc."
                " needed to set up the application are done before"
                " running it."
            )

    # What the app is made of. Override to make it of something else.

    @made
    def name(self) -> str:
        """The app's name: its import name, or the file's of a script that is run."""
        if self.import_name != "__main__":
            return self.import_name
        file: str | None = getattr(sys.modules["__main__"], "__file__", None)
        if file is None:
            return "__main__"
        return os.path.splitext(os.path.basename(file))[0]

    @made
    def logger(self) -> logging.Logger:
        """The logger of the app's name (Flask docs, "Logging")."""
        return create_logger(self)

    @made
    def jinja_env(self) -> Environment:
        """The Jinja environment, made at its first use."""
        return self.create_jinja_environment()

    @property
    def debug(self) -> bool:
        """Whether debug mode is on: ``DEBUG`` in the configuration."""
        return t.cast(bool, self.config["DEBUG"])

    @debug.setter
    def debug(self, value: bool) -> None:
        self.config["DEBUG"] = value
        # One that is made later looks at DEBUG itself.
        if self.config["TEMPLATES_AUTO_RELOAD"] is None and "jinja_env" in self.__dict__:
            self.jinja_env.auto_reload = value

    def auto_find_instance_path(self) -> str:
        """Return the instance folder of an app that was not given one."""
        return get_instance_path(self.import_name, self.name)

    def make_config(self, instance_relative: bool = False) -> Config:
        """Return the configuration with its first settings."""
        return self.config_class(
            self.instance_path if instance_relative else self.root_path,
            {**self.default_config, "DEBUG": get_debug_flag()},
        )

    def make_aborter(self) -> Aborter:
        """Return what ``abort`` raises with: ``app.aborter``."""
        return self.aborter_class()

    def create_jinja_environment(self) -> Environment:
        """Return the Jinja environment with the app's options and global names."""
        options = dict(self.jinja_options)
        options.setdefault("autoescape", self.select_jinja_autoescape)
        if "auto_reload" not in options:
            reload = self.config["TEMPLATES_AUTO_RELOAD"]
            options["auto_reload"] = self.debug if reload is None else reload
        environment = self.jinja_environment(self, **options)
        environment.globals.update(
            url_for=self.url_for,
            get_flashed_messages=get_flashed_messages,
            config=self.config,
            # Beside the context's names, for macros that are imported without it.
            request=proxies.request,
            session=proxies.session,
            g=proxies.g,
        )
        if setting(self.config, "SECURITY_HEADERS"):
            environment.globals["csp_nonce"] = security_headers.csp_nonce
        environment.policies["json.dumps_function"] = self.json.dumps
        return environment

    def create_global_jinja_loader(self) -> DispatchingJinjaLoader:
        """Return the loader of the app's and its blueprints' templates."""
        from .templating import DispatchingJinjaLoader

        return DispatchingJinjaLoader(self)

    def select_jinja_autoescape(self, filename: str | None) -> bool:
        """Tell whether a template escapes what it is given; one made from text (None) does."""
        if filename is None:
            return True
        return filename.endswith((".html", ".htm", ".xml", ".xhtml", ".svg"))

    def open_instance_resource(
        self, resource: str, mode: str = "rb", encoding: str | None = "utf-8"
    ) -> t.IO[t.Any]:
        """Open a file by its path from the instance folder, for reading or writing."""
        path = os.path.join(self.instance_path, resource)
        return open(path, mode, encoding=None if "b" in mode else encoding)

    # Set-up

    @setupmethod
    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: ft.RouteCallable | None = None,
        provide_automatic_options: bool | None = None,
        **options: t.Any,
    ) -> None:
        """Route a URL: to a view, or to an endpoint whose view is registered elsewhere.

        The endpoint is the view's name unless given. ``methods`` are those given, or the view's
        ``methods``, or GET; HEAD comes with GET, and OPTIONS is answered for the view unless
        ``provide_automatic_options`` says not to. Further options are those of Werkzeug's
        ``Rule``. AssertionError for an endpoint that has another view.
        """
        if endpoint is None:
            endpoint = _endpoint_from_view_func(view_func)
        methods = _methods(options.pop("methods", None), view_func)
        if provide_automatic_options is None:
            provide_automatic_options = getattr(view_func, "provide_automatic_options", None)
        required = {m.upper() for m in getattr(view_func, "required_methods", ())}
        if provide_automatic_options is None:
            provide_automatic_options = (
                "OPTIONS" not in methods and self.config["PROVIDE_AUTOMATIC_OPTIONS"]
            )
            if provide_automatic_options:
                required.add("OPTIONS")

        # In place: the order of a copied set, which ``Allow`` shows, may be another than Flask's.
        methods |= required
        made_rule: t.Any = self.url_rule_class(rule, methods=methods, endpoint=endpoint, **options)
        made_rule.provide_automatic_options = provide_automatic_options
        try:
            self.url_map.add(made_rule)
        except LookupError as error:
            known_types = ", ".join(sorted(self.url_map.converters))
            error.add_note(
                f"The rule is {rule!r}. There are the converters {known_types}; add one of your own"
                " to app.url_map.converters before the route."
            )
            raise
        if view_func is None:
            return
        known = self.view_functions.get(endpoint)
        if known is not None and known != view_func:
            clash = AssertionError(
                f"View function mapping is overwriting an existing endpoint function: {endpoint}"
            )
            clash.add_note(
                "Two views have the same name. Rename one, or give its route an 'endpoint'. Where a"
                " decorator names all views alike, put functools.wraps on what it returns."
            )
            raise clash
        self.view_functions[endpoint] = view_func

    def _add_websocket(
        self, rule: str, endpoint: str, view: t.Callable[..., t.Any], options: dict[str, t.Any]
    ) -> None:
        self.add_url_rule(
            rule, endpoint, self._file_websocket(endpoint, view), websocket=True, **options
        )

    def _file_websocket(
        self, endpoint: str, view: t.Callable[..., t.Any]
    ) -> t.Callable[..., t.Any]:
        """File a WebSocket's view, and return what answers for it where WSGI is asked."""
        if self.websocket_functions.get(endpoint) is view:
            return t.cast("t.Callable[..., t.Any]", self.view_functions[endpoint])
        if endpoint not in self.view_functions:  # else routing says what is wrong
            self.websocket_functions[endpoint] = view

        is_told = False

        def refuse(**values: t.Any) -> t.NoReturn:
            nonlocal is_told
            wrong = RuntimeError(
                f"The WebSocket {endpoint!r} was asked for by WSGI, which has none. Serve the app"
                " by ASGI: bolthead serve, uvicorn or hypercorn."
            )
            if recover.propagates(self):
                raise wrong
            if not is_told:
                is_told = True
                self.logger.error("%s Clients get 400; this is not logged again.", wrong)
            raise BadRequest("A WebSocket cannot be opened here.")

        return refuse

    @setupmethod
    def register_blueprint(self, blueprint: Blueprint, **options: t.Any) -> None:
        """Merge a blueprint into the app.

        ``url_prefix``, ``subdomain``, ``url_defaults``, ``name`` and ``cli_group`` go before the
        blueprint's own; other options are handed to its deferred functions.
        """
        blueprint.register(self, options)

    def iter_blueprints(self) -> t.ValuesView[Blueprint]:
        """Return the registered blueprints, in order."""
        return self.blueprints.values()

    @setupmethod
    def teardown_appcontext(self, f: T_teardown) -> T_teardown:
        """Call a function when an app context ends, with the error that ended it or None."""
        self.teardown_appcontext_funcs.append(f)
        return f

    @setupmethod
    def shell_context_processor(self, f: T_shell_context_processor) -> T_shell_context_processor:
        """Call a function when a shell starts: it returns a dictionary of names for it."""
        self.shell_context_processors.append(f)
        return f

    @t.overload
    def template_filter(self, name: T_template_filter) -> T_template_filter: ...

    @t.overload
    def template_filter(
        self, name: str | None = None
    ) -> t.Callable[[T_template_filter], T_template_filter]: ...

    @setupmethod
    def template_filter(self, name: t.Any = None) -> t.Any:
        """Return a decorator that makes a function a template filter, or be one."""
        if callable(name):
            self.add_template_filter(name)
            return name

        def register(f: T_template_filter) -> T_template_filter:
            self.add_template_filter(f, name=name)
            return f

        return register

    @setupmethod
    def add_template_filter(self, f: ft.TemplateFilterCallable, name: str | None = None) -> None:
        """Make a function a template filter, under its own name by default."""
        self.jinja_env.filters[name or f.__name__] = f

    @t.overload
    def template_test(self, name: T_template_test) -> T_template_test: ...

    @t.overload
    def template_test(
        self, name: str | None = None
    ) -> t.Callable[[T_template_test], T_template_test]: ...

    @setupmethod
    def template_test(self, name: t.Any = None) -> t.Any:
        """Return a decorator that makes a function a template test, or be one."""
        if callable(name):
            self.add_template_test(name)
            return name

        def register(f: T_template_test) -> T_template_test:
            self.add_template_test(f, name=name)
            return f

        return register

    @setupmethod
    def add_template_test(self, f: ft.TemplateTestCallable, name: str | None = None) -> None:
        """Make a function a template test, under its own name by default."""
        self.jinja_env.tests[name or f.__name__] = f

    @t.overload
    def template_global(self, name: T_template_global) -> T_template_global: ...

    @t.overload
    def template_global(
        self, name: str | None = None
    ) -> t.Callable[[T_template_global], T_template_global]: ...

    @setupmethod
    def template_global(self, name: t.Any = None) -> t.Any:
        """Return a decorator that lets templates call a function, or be one."""
        if callable(name):
            self.add_template_global(name)
            return name

        def register(f: T_template_global) -> T_template_global:
            self.add_template_global(f, name=name)
            return f

        return register

    @setupmethod
    def add_template_global(self, f: ft.TemplateGlobalCallable, name: str | None = None) -> None:
        """Let templates call a function, under its own name by default."""
        self.jinja_env.globals[name or f.__name__] = f

    # The server's life

    @setupmethod
    def on_startup(self, f: T_life) -> T_life:
        """Call a function, ``async def`` or plain, before a worker serves its first request.

        It runs in an app context; where it fails, the worker does not start (ASGI).
        """
        self._lifespan.add(self._lifespan.on_startup, f)
        self._changes.note()
        return f

    @setupmethod
    def on_shutdown(self, f: T_life) -> T_life:
        """Call a function, ``async def`` or plain, in an app context when a worker ends."""
        self._lifespan.add(self._lifespan.on_shutdown, f)
        self._changes.note()
        return f

    def add_background_task(
        self, func: t.Callable[..., t.Any], *args: t.Any, **kwargs: t.Any
    ) -> None:
        """Call a function, ``async def`` or plain, when the request in force is answered.

        It runs in an app context, at once where no request is in force. The end of the worker
        waits for it, up to ``BACKGROUND_TASK_SHUTDOWN_TIMEOUT`` seconds. An error is logged.
        """
        self._lifespan.add_task(self, func, args, kwargs)

    # Contexts

    def app_context(self) -> AppContext[t.Self]:
        """Return a context that puts the app in force: ``with app.app_context():``."""
        return AppContext(self)

    def request_context(self, environ: WSGIEnvironment) -> RequestContext[t.Self]:
        """Return a context for a request, given as a WSGI environ."""
        return RequestContext(self, environ)

    def test_request_context(self, *args: t.Any, **kwargs: t.Any) -> RequestContext[t.Self]:
        """Return a context for a request that nobody sent, made as ``EnvironBuilder`` does."""
        from .testing import EnvironBuilder

        builder = EnvironBuilder(self, *args, **kwargs)
        try:
            return self.request_context(builder.get_environ())
        finally:
            builder.close()

    # The plan in force

    def _current_plans(self) -> Plans:
        """Return the plans, compiled again where the set-up has changed since."""
        changes = self._changes
        plans: Plans | None = changes.compiled
        if plans is None:
            count = changes.count
            plans = Plans(self)  # type: ignore[arg-type]  # it only reads these tables
            changes.keep(plans, count)
        return plans

    @property
    def _threads(self) -> bridges.Threads:
        return bridges.threads(self.config.get("WORKER_THREADS", WORKER_THREADS))

    def plan_for(self, endpoint: str | None) -> RoutePlan:
        """Return the plan of an endpoint: what its requests need; None is that of a miss."""
        return self._current_plans().route(endpoint)

    def _begin(self, environ: WSGIEnvironment) -> None:
        """Note the first request, and warn once of a weak key where a server has sent it."""
        self._got_first_request = True
        # Test clients do not call themselves a server; uWSGI does it under a name of its own.
        is_served = not environ.keys().isdisjoint(("SERVER_SOFTWARE", "uwsgi.version", ASGI))
        if not is_served or self.debug or self.testing:
            return
        weak = keys.find_weak_key(self.config)
        if weak is not None:
            self.logger.warning("%s", weak)

    def _replaced(self, name: str) -> bool:
        return replaced(self, name, _OWN[name])

    def _plan_and_context(self) -> tuple[RoutePlan, t.Any]:
        ctx = current.request_context()
        return self.plan_for(run_sync.endpoint(ctx)), ctx

    def _enter(self, ctx: t.Any) -> None:
        run_sync.enter_by_methods(self._current_plans(), ctx)

    def _open_session(self, ctx: t.Any) -> t.Any:
        interface = self.session_interface
        session: t.Any
        if self._current_plans().session_waits:
            session = interface.open_from_environ(self, ctx)  # type: ignore[attr-defined]  # ours
        else:
            session = interface.open_session(self, ctx.request)
        return interface.make_null_session(self) if session is None else session

    def _save_session(self, ctx: t.Any, response: t.Any) -> None:
        interface, session = self.session_interface, ctx._opened
        if session is None:
            # Nobody has looked at it. A permanent one is due again, but only if there is one.
            if interface.get_cookie_name(self) not in ctx.environ.get("HTTP_COOKIE", ""):
                return
            session = ctx._opened = self._open_session(ctx)
        # PERF: the cookie's own session is none of the abstract classes that are asked for here.
        is_own = self._current_plans().session_waits and type(session) is SecureCookieSession
        if is_own or not interface.is_null_session(session):
            interface.save_session(self, session, response)

    # The request's way. Each is the runner's step; override it, and the plan calls yours.

    @without_context
    def full_dispatch_request(self) -> Response:
        """Answer the request in force, errors included, but for those left to raise."""
        return t.cast(Response, run_sync.run(*self._plan_and_context()))

    @without_context
    def preprocess_request(self) -> ft.ResponseReturnValue | None:
        """Run the checks of the request in force; the first answer ends them and is returned."""
        return t.cast("ft.ResponseReturnValue | None", run_sync.check(*self._plan_and_context()))

    @without_context
    def dispatch_request(self) -> ft.ResponseReturnValue:
        """Call the view of the request in force; raise why there is none."""
        return t.cast(ft.ResponseReturnValue, run_sync.call(*self._plan_and_context()))

    @without_context
    def finalize_request(
        self, rv: ft.ResponseReturnValue | HTTPException, from_error_handler: bool = False
    ) -> Response:
        """Make an answer a response and let the ``after_request`` functions have it."""
        plan, ctx = self._plan_and_context()
        return t.cast(Response, run_sync.finish(plan, ctx, rv, from_error_handler))

    @without_context
    def process_response(self, response: Response) -> Response:
        """Let the ``after_request`` functions have a response, then save the session in it."""
        plan, ctx = self._plan_and_context()
        return t.cast(Response, run_sync.after(plan, ctx, response))

    @without_context
    def handle_user_exception(self, e: Exception) -> HTTPException | ft.ResponseReturnValue:
        """Return the answer to an error of the checks or the view, or raise it on."""
        plan, ctx = self._plan_and_context()
        return t.cast(ft.ResponseReturnValue, run_sync.recover(plan, ctx, e))

    @without_context
    def handle_http_exception(self, e: HTTPException) -> HTTPException | ft.ResponseReturnValue:
        """Return the answer to an HTTP exception: its handler's, or its own."""
        plan, ctx = self._plan_and_context()
        return t.cast(ft.ResponseReturnValue, run_sync.recover_http(plan, ctx, e))

    @without_context
    def handle_exception(self, e: Exception) -> Response:
        """Return the response to an error that nothing has handled: logged, and a 500.

        It is raised on where errors propagate: in tests and in debug mode.
        """
        plan, ctx = self._plan_and_context()
        return t.cast(Response, run_sync.recover_last(plan, ctx, e))

    @without_context
    def log_exception(self, exc_info: t.Any) -> None:
        """Log an error that nothing has handled."""
        request = current.request_context().request
        self.logger.error(
            f"Exception on {request.path} [{request.method}]",
            exc_info=exc_info,
        )

    def trap_http_exception(self, e: Exception) -> bool:
        """Tell whether an HTTP exception is treated as any other error."""
        return recover.traps(self, e)

    def should_ignore_error(self, error: BaseException | None) -> bool:
        """Tell whether teardown functions are not told of an error; override it."""
        return False

    def _find_error_handler(
        self, e: Exception, blueprints: list[str]
    ) -> ft.ErrorHandlerCallable | None:
        endpoint = f"{blueprints[0]}." if blueprints else None
        return self.plan_for(endpoint).handlers.find(e)

    def raise_routing_exception(self, request: Request) -> t.NoReturn:
        """Raise why nothing matched."""
        recover.raise_routing(self, request)

    @without_context
    def make_default_options_response(self) -> Response:
        """Return the answer to OPTIONS: the methods that the URL takes."""
        adapter = current.request_context().url_adapter
        response = self.response_class()
        response.allow.update(adapter.allowed_methods())
        return response

    def make_response(self, rv: ft.ResponseReturnValue) -> Response:
        """Return the response of a view's answer (Flask docs, "About Responses").

        TypeError for what is no answer.
        """
        return t.cast(Response, respond.make_response(self, rv))

    @without_context
    def do_teardown_request(self, exc: BaseException | None = _sentinel) -> None:
        """Run the teardown functions of the request in force."""
        if exc is _sentinel:
            exc = sys.exc_info()[1]
        run_sync.leave(*self._plan_and_context(), exc)

    @without_context
    def do_teardown_appcontext(self, exc: BaseException | None = _sentinel) -> None:
        """Run the teardown functions of the app context in force."""
        if exc is _sentinel:
            exc = sys.exc_info()[1]
        run_sync.leave_app(self, self._current_plans().app_teardown, exc)

    def ensure_sync(self, func: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
        """Return a function as a plain one: an ``async def`` one is wrapped."""
        return self.async_to_sync(func) if bridges.is_async(func) else func

    def async_to_sync(
        self, func: t.Callable[..., t.Coroutine[t.Any, t.Any, t.Any]]
    ) -> t.Callable[..., t.Any]:
        """Return an ``async def`` function as a plain one, run on this thread's event loop."""
        return bridges.to_sync(func)

    # URLs and templates

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Return the URL map bound to a request, or to SERVER_NAME; None without either."""
        return routing.create_url_adapter(self, request)

    def url_for(
        self,
        /,
        endpoint: str,
        *,
        _anchor: str | None = None,
        _method: str | None = None,
        _scheme: str | None = None,
        _external: bool | None = None,
        **values: t.Any,
    ) -> str:
        """Return the URL of an endpoint with values for its arguments (Flask API, ``url_for``).

        Values that the URL has no place for become its query; ``_anchor`` its fragment. With
        ``_external`` (or a ``_scheme``, or outside of a request) the URL is a whole one.
        ``_method`` chooses among the rules of an endpoint. Raises
        ``werkzeug.routing.BuildError`` where no rule fits.
        """
        if _anchor is None and _method is None and _scheme is None and not _external:
            ctx = current._cv_request.get(None)
            if (
                ctx is not None
                and ctx.app is self
                and not ctx.environ.get("SCRIPT_NAME")
                and ("url_adapter" not in ctx.__dict__ or routing.is_usual(ctx.url_adapter, self))
            ):
                path: str | None = self._current_plans().build_path(endpoint, values)
                if path is not None:
                    return path
        return routing.build_url(
            self,  # type: ignore[arg-type]  # it only reads the table of defaults
            endpoint,
            anchor=_anchor,
            method=_method,
            scheme=_scheme,
            external=_external,
            values=values,
        )

    def inject_url_defaults(self, endpoint: str, values: dict[str, t.Any]) -> None:
        """Let the ``url_defaults`` functions add values to a URL that is built."""
        routing.inject_defaults(
            self.url_default_functions, scopes(endpoint)[::-1], endpoint, values
        )

    def handle_url_build_error(
        self, error: BuildError, endpoint: str, values: dict[str, t.Any]
    ) -> str:
        """Return the URL that a ``url_build_error_handlers`` function gives, or raise."""
        for handler in self.url_build_error_handlers:
            try:
                url = handler(error, endpoint, values)
            except BuildError as other:
                error = other
            else:
                if url is not None:
                    return url
        return recover.raise_again(error)

    def redirect(self, location: str, code: int | None = None) -> BaseResponse:
        """Return a response that sends the client elsewhere, an ``app.response_class``.

        Without a code it is that of ``REDIRECT_CODE``, or 302.
        """
        if code is None:
            code = self.config.get("REDIRECT_CODE", 302)
        # A line break would be refused when it becomes a header, after all handlers have run.
        location = location.replace("\r", "%0D").replace("\n", "%0A")
        return _redirect(location, code=code, Response=self.response_class)

    @without_context
    def update_template_context(self, context: dict[str, t.Any]) -> None:
        """Add what context processors give to a template's names; given names stay."""
        self._update_context(self._current_plans(), context)

    def _update_context(self, plans: Plans, context: dict[str, t.Any]) -> None:
        ctx = current._cv_request.get(None)
        endpoint = None if ctx is None else run_sync.endpoint(ctx)
        plan = plans.routes.get(endpoint) or plans.route(endpoint)
        if len(plan.context_processors) == 1:
            for name, value in dict(plan.context_processors[0]()).items():
                context.setdefault(name, value)
            return
        given = dict(context)
        for process in plan.context_processors:
            context.update(process())
        context.update(given)

    def make_shell_context(self) -> dict[str, t.Any]:
        """Return the names a shell starts with."""
        names: dict[str, t.Any] = {"app": self, "g": proxies.g}
        for process in self.shell_context_processors:
            names.update(process())
        return names

    # Doors

    def wsgi_app(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> t.Iterable[bytes]:
        """Answer one request by WSGI; wrap it by ``app.wsgi_app = Middleware(app.wsgi_app)``."""
        return wsgi.serve(self, environ, start_response)

    async def asgi_app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one scope by ASGI; wrap it by ``app.asgi_app = Middleware(app.asgi_app)``."""
        await _asgi.serve(self, scope, receive, send)

    async def __rsgi__(self, scope: t.Any, protocol: t.Any) -> None:
        """Serve one scope by RSGI (``granian --interface rsgi``)."""
        from .protocols import rsgi

        await rsgi.serve(self, scope, protocol)

    def __rsgi_init__(self, loop: t.Any) -> None:
        """Run the start-up functions; called by the server."""
        from .protocols import rsgi

        rsgi.start(self, loop)

    def __rsgi_del__(self, loop: t.Any) -> None:
        """Run the shut-down functions; called by the server."""
        from .protocols import rsgi

        rsgi.stop(self, loop)

    def __call__(self, environ: t.Any, start_response: t.Any, send: t.Any = None) -> t.Any:
        """Answer by WSGI, or serve by ASGI: that calls with scope, receive and send."""
        if send is None:
            return self.wsgi_app(environ, start_response)
        return self.asgi_app(environ, start_response, send)

    def run(
        self,
        host: str | None = None,
        port: int | None = None,
        debug: bool | None = None,
        load_dotenv: bool = True,
        **options: t.Any,
    ) -> None:
        """Serve the app for development, by default on 127.0.0.1:5000; not for production.

        Options are those of ``werkzeug.serving.run_simple``.
        """
        from .devserver import run_app

        run_app(self, host, port, debug, load_dotenv, **options)

    def test_client(self, use_cookies: bool = True, **kwargs: t.Any) -> FlaskClient:
        """Return a client that sends requests to the app without a server."""
        from .testing import FlaskClient

        client = self.test_client_class or FlaskClient
        return client(self, self.response_class, use_cookies=use_cookies, **kwargs)

    def test_cli_runner(self, **kwargs: t.Any) -> FlaskCliRunner:
        """Return a runner that invokes the app's commands."""
        from .testing import FlaskCliRunner

        runner = self.test_cli_runner_class or FlaskCliRunner
        return runner(self, **kwargs)


def _methods(given: t.Any, view: t.Any) -> set[str]:
    """Return the methods of a route: those given, or the view's, or GET."""
    methods = given
    if methods is None:
        methods = getattr(view, "methods", None) or ("GET",)
    if isinstance(methods, str):
        raise TypeError(
            "Allowed methods must be a list of strings, for"
            ' example: @app.route(..., methods=["POST"])'
        )
    return {method.upper() for method in methods}


class Bolthead(Flask):
    """The class for new apps: Flask's, with safe, modern defaults.

    What differs from ``Flask`` is the table ``defaults`` of settings, and nothing else.
    """

    defaults: t.Mapping[str, t.Any] = ImmutableDict(IN_BOLTHEAD)
    """Settings that differ from ``Flask.default_config``; see ``bolthead.safe_defaults``."""

    default_config = ImmutableDict({**Flask.default_config, **defaults})


# Bolthead's own methods, to tell replaced ones by.
_OWN: dict[str, t.Any] = {name: value for name, value in vars(Flask).items() if callable(value)}

# What plans are compiled from, among the attributes of an app.
_COMPILED = (set(dir(Flask)) - {"_got_first_request"}) | {
    "config",
    "json",
    "subdomain_matching",
    "teardown_appcontext_funcs",
    "url_map",
    *REGISTRIES,
}
