"""A blueprint: a part of an app, written down once and merged into apps under a name."""

from __future__ import annotations

import os
import typing as t
from functools import update_wrapper

from . import typing as ft
from .scaffold import (
    Scaffold,
    T_after_request,
    T_before_request,
    T_error_handler,
    T_teardown,
    T_template_context_processor,
    T_url_defaults,
    T_url_value_preprocessor,
    _endpoint_from_view_func,
    _sentinel,
    setupmethod,
)

if t.TYPE_CHECKING:
    from .wrappers import Response

F = t.TypeVar("F", bound=t.Callable[..., t.Any])
DeferredSetupFunction = t.Callable[["BlueprintSetupState"], None]
T_template_filter = t.TypeVar("T_template_filter", bound=ft.TemplateFilterCallable)
T_template_global = t.TypeVar("T_template_global", bound=ft.TemplateGlobalCallable)
T_template_test = t.TypeVar("T_template_test", bound=ft.TemplateTestCallable)


def _joined(outer: str | None, inner: str | None) -> str | None:
    """Return a path under another with one slash between; either may be None."""
    if outer is None or inner is None:
        return inner if outer is None else outer
    return f"{outer.rstrip('/')}/{inner.lstrip('/')}"


class BlueprintSetupState:
    """One registration of a blueprint: what deferred functions are called with."""

    def __init__(
        self, blueprint: Blueprint, app: t.Any, options: t.Any, first_registration: bool
    ) -> None:
        self.app = app
        self.blueprint = blueprint
        self.options = options

        self.first_registration = first_registration
        """Whether this is the blueprint's first registration on the app, under any name."""

        subdomain = options.get("subdomain")
        self.subdomain = blueprint.subdomain if subdomain is None else subdomain

        prefix = options.get("url_prefix")
        self.url_prefix = blueprint.url_prefix if prefix is None else prefix

        self.name = options.get("name", blueprint.name)
        self.name_prefix = options.get("name_prefix", "")
        self.url_defaults = {**blueprint.url_values_defaults, **(options.get("url_defaults") or {})}

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: ft.RouteCallable | None = None,
        **options: t.Any,
    ) -> None:
        """Route a URL of the app, under the prefix, subdomain and names of this registration."""
        if self.url_prefix is not None:
            rule = t.cast(str, _joined(self.url_prefix, rule)) if rule else self.url_prefix
        options.setdefault("subdomain", self.subdomain)
        if endpoint is None:
            endpoint = _endpoint_from_view_func(view_func)
        defaults = self.url_defaults
        if "defaults" in options:
            defaults = {**defaults, **options.pop("defaults")}
        self.app.add_url_rule(
            rule,
            f"{self.name_prefix}.{self.name}.{endpoint}".lstrip("."),
            view_func,
            defaults=defaults,
            **options,
        )


class Blueprint(Scaffold):
    """A collection of routes and functions that apps register (Flask docs, "Blueprints").

    ``name`` is put before its endpoints; ``url_prefix``, ``subdomain`` and ``url_defaults``
    apply to all of its rules; ``cli_group`` names the group of its commands (None: the app's).
    """

    _got_registered_once = False

    def __init__(
        self,
        name: str,
        import_name: str,
        static_folder: str | os.PathLike[str] | None = None,
        static_url_path: str | None = None,
        template_folder: str | os.PathLike[str] | None = None,
        url_prefix: str | None = None,
        subdomain: str | None = None,
        url_defaults: dict[str, t.Any] | None = None,
        root_path: str | None = None,
        cli_group: str | None = _sentinel,
    ) -> None:
        if not name:
            raise ValueError("'name' may not be empty.")
        if "." in name:
            raise ValueError("'name' may not contain a dot '.' character.")
        super().__init__(
            import_name=import_name,
            static_folder=static_folder,
            static_url_path=static_url_path,
            template_folder=template_folder,
            root_path=root_path,
        )
        self.name = name
        self.url_prefix = url_prefix
        self.subdomain = subdomain
        self.deferred_functions: list[DeferredSetupFunction] = []
        self.url_values_defaults = {} if url_defaults is None else url_defaults
        self.cli_group = cli_group
        self._blueprints: list[tuple[Blueprint, dict[str, t.Any]]] = []

    def _check_setup_finished(self, f_name: str) -> None:
        if self._got_registered_once:
            raise AssertionError(
                f"The setup method '{f_name}' can no longer be called on the blueprint"
                f" '{self.name}'. It has already been registered at least once, any"
                " changes will not be applied consistently.\n"
                "Make sure all imports, decorators, functions, etc. needed to set up"
                " the blueprint are done before registering it."
            )

    @setupmethod
    def record(self, func: DeferredSetupFunction) -> None:
        """Call a function with the state of each registration of this blueprint."""
        self.deferred_functions.append(func)

    @setupmethod
    def record_once(self, func: DeferredSetupFunction) -> None:
        """Call a function with the state of the first registration on an app only."""

        def at_first(state: BlueprintSetupState) -> None:
            if state.first_registration:
                func(state)

        self.record(update_wrapper(at_first, func))

    def make_setup_state(
        self, app: t.Any, options: dict[str, t.Any], first_registration: bool = False
    ) -> BlueprintSetupState:
        """Return the state of one registration; override it for a class of your own."""
        return BlueprintSetupState(self, app, options, first_registration)

    @setupmethod
    def register_blueprint(self, blueprint: Blueprint, **options: t.Any) -> None:
        """Nest a blueprint in this one; options are those of ``Flask.register_blueprint``."""
        if blueprint is self:
            raise ValueError("Cannot register a blueprint on itself")
        self._blueprints.append((blueprint, options))

    def send_static_file(self, filename: str) -> Response:
        """Return a file of the static folder; the view of the static route."""
        return super().send_static_file(filename)

    # Programs exempt it from checks by 'flask.blueprints.send_static_file'.
    send_static_file.__module__ = "flask.blueprints"

    def register(self, app: t.Any, options: dict[str, t.Any]) -> None:
        """Merge this blueprint into an app; called by ``Flask.register_blueprint``.

        ValueError for a name that is taken.
        """
        own_name = options.get("name", self.name)
        name = f"{options.get('name_prefix', '')}.{own_name}".lstrip(".")
        taken = app.blueprints.get(name)
        if taken is not None:
            whose = "this" if taken is self else "a different"
            where = f" '{name}'" if own_name != name else ""
            raise ValueError(
                f"The name '{own_name}' is already registered for"
                f" {whose} blueprint{where}. Use 'name=' to"
                " provide a unique name."
            )

        first = all(blueprint is not self for blueprint in app.blueprints.values())
        app.blueprints[name] = self
        self._got_registered_once = True
        state = self.make_setup_state(app, options, first)

        if self.has_static_folder:
            state.add_url_rule(
                f"{self.static_url_path}/<path:filename>",
                view_func=self.send_static_file,
                endpoint="static",
            )
        self._merge_blueprint_funcs(app, name)
        for deferred in self.deferred_functions:
            deferred(state)
        self._merge_commands(app, name, options.get("cli_group", self.cli_group))
        for nested, nested_options in self._blueprints:
            nested.register(app, _nested_options(state, nested, nested_options, name))

    def _merge_blueprint_funcs(self, app: t.Any, name: str) -> None:
        """File this blueprint's functions in the app's registries, under its name there."""

        def scope(key: str | None) -> str:
            return name if key is None else f"{name}.{key}"

        for key, by_code in self.error_handler_spec.items():
            for code, by_class in by_code.items():
                app.error_handler_spec[scope(key)][code].update(by_class)
        for endpoint, view in self.view_functions.items():
            app.view_functions[endpoint] = view
        for registry in (
            "before_request_funcs",
            "after_request_funcs",
            "teardown_request_funcs",
            "url_default_functions",
            "url_value_preprocessors",
            "template_context_processors",
            "before_websocket_funcs",
            "after_websocket_funcs",
            "teardown_websocket_funcs",
        ):
            of_app = getattr(app, registry)
            for key, functions in getattr(self, registry).items():
                of_app[scope(key)].extend(functions)

    def _merge_commands(self, app: t.Any, name: str, group: str | None) -> None:
        # Looking at ``cli`` makes it: a blueprint without commands needs no Click.
        if "cli" not in self.__dict__ or not self.cli.commands:
            return
        if group is None:
            app.cli.commands.update(self.cli.commands)
            return
        self.cli.name = name if group is _sentinel else group
        app.cli.add_command(self.cli)

    @setupmethod
    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: ft.RouteCallable | None = None,
        provide_automatic_options: bool | None = None,
        **options: t.Any,
    ) -> None:
        """Route a URL under the blueprint's prefix; see ``Flask.add_url_rule``."""
        if endpoint and "." in endpoint:
            raise ValueError("'endpoint' may not contain a dot '.' character.")
        if view_func and "." in getattr(view_func, "__name__", ""):
            raise ValueError("'view_func' name may not contain a dot '.' character.")

        def route(state: BlueprintSetupState) -> None:
            state.add_url_rule(
                rule,
                endpoint,
                view_func,
                provide_automatic_options=provide_automatic_options,
                **options,
            )

        self.record(route)

    def _add_websocket(
        self, rule: str, endpoint: str, view: t.Callable[..., t.Any], options: dict[str, t.Any]
    ) -> None:
        def route(state: BlueprintSetupState) -> None:
            name = f"{state.name_prefix}.{state.name}.{endpoint}".lstrip(".")
            refuse = state.app._file_websocket(name, view)
            state.add_url_rule(rule, endpoint, refuse, websocket=True, **options)

        self.record(route)

    def open_resource(
        self, resource: str, mode: str = "rb", encoding: str | None = "utf-8"
    ) -> t.IO[t.Any]:
        """Open a file by its path from the blueprint's root folder, for reading.

        ValueError for a mode that writes.
        """
        return super().open_resource(resource, mode, encoding)

    # For the whole app, though written on a part of it. Each is the app's own method, deferred.

    def _for_app(self, registry: str, f: t.Callable[..., t.Any]) -> None:
        def file(state: BlueprintSetupState) -> None:
            getattr(state.app, registry).setdefault(None, []).append(f)

        self.record_once(file)

    @setupmethod
    def before_app_request(self, f: T_before_request) -> T_before_request:
        """Call a function before every request of the app."""
        self._for_app("before_request_funcs", f)
        return f

    @setupmethod
    def after_app_request(self, f: T_after_request) -> T_after_request:
        """Call a function with every response of the app."""
        self._for_app("after_request_funcs", f)
        return f

    @setupmethod
    def teardown_app_request(self, f: T_teardown) -> T_teardown:
        """Call a function at the end of every request of the app."""
        self._for_app("teardown_request_funcs", f)
        return f

    @setupmethod
    def before_app_websocket(self, f: F) -> F:
        """Call a function before every WebSocket's view of the app."""
        self._for_app("before_websocket_funcs", f)
        return f

    @setupmethod
    def after_app_websocket(self, f: F) -> F:
        """Call a function with what every WebSocket's view of the app returned."""
        self._for_app("after_websocket_funcs", f)
        return f

    @setupmethod
    def teardown_app_websocket(self, f: F) -> F:
        """Call a function at the end of every WebSocket of the app."""
        self._for_app("teardown_websocket_funcs", f)
        return f

    @setupmethod
    def app_context_processor(
        self, f: T_template_context_processor
    ) -> T_template_context_processor:
        """Add names to every template of the app."""
        self._for_app("template_context_processors", f)
        return f

    @setupmethod
    def app_url_value_preprocessor(self, f: T_url_value_preprocessor) -> T_url_value_preprocessor:
        """Prepare the URL's arguments of every request of the app."""
        self._for_app("url_value_preprocessors", f)
        return f

    @setupmethod
    def app_url_defaults(self, f: T_url_defaults) -> T_url_defaults:
        """Add values to every URL that the app builds."""
        self._for_app("url_default_functions", f)
        return f

    @setupmethod
    def app_errorhandler(
        self, code: type[Exception] | int
    ) -> t.Callable[[T_error_handler], T_error_handler]:
        """Return a decorator that makes a function answer errors of the whole app."""

        def register(f: T_error_handler) -> T_error_handler:
            self.record_once(lambda state: state.app.errorhandler(code)(f))
            return f

        return register

    @t.overload
    def app_template_filter(self, name: T_template_filter) -> T_template_filter: ...

    @t.overload
    def app_template_filter(
        self, name: str | None = None
    ) -> t.Callable[[T_template_filter], T_template_filter]: ...

    @setupmethod
    def app_template_filter(self, name: t.Any = None) -> t.Any:
        """Return a decorator that makes a function a template filter of the app, or be one."""
        if callable(name):
            self.add_app_template_filter(name)
            return name

        def register(f: T_template_filter) -> T_template_filter:
            self.add_app_template_filter(f, name=name)
            return f

        return register

    @setupmethod
    def add_app_template_filter(
        self, f: ft.TemplateFilterCallable, name: str | None = None
    ) -> None:
        """Make a function a template filter of the app, under its own name by default."""
        self.record_once(lambda state: state.app.add_template_filter(f, name=name))

    @t.overload
    def app_template_test(self, name: T_template_test) -> T_template_test: ...

    @t.overload
    def app_template_test(
        self, name: str | None = None
    ) -> t.Callable[[T_template_test], T_template_test]: ...

    @setupmethod
    def app_template_test(self, name: t.Any = None) -> t.Any:
        """Return a decorator that makes a function a template test of the app, or be one."""
        if callable(name):
            self.add_app_template_test(name)
            return name

        def register(f: T_template_test) -> T_template_test:
            self.add_app_template_test(f, name=name)
            return f

        return register

    @setupmethod
    def add_app_template_test(self, f: ft.TemplateTestCallable, name: str | None = None) -> None:
        """Make a function a template test of the app, under its own name by default."""
        self.record_once(lambda state: state.app.add_template_test(f, name=name))

    @t.overload
    def app_template_global(self, name: T_template_global) -> T_template_global: ...

    @t.overload
    def app_template_global(
        self, name: str | None = None
    ) -> t.Callable[[T_template_global], T_template_global]: ...

    @setupmethod
    def app_template_global(self, name: t.Any = None) -> t.Any:
        """Return a decorator that lets every template of the app call a function, or be one."""
        if callable(name):
            self.add_app_template_global(name)
            return name

        def register(f: T_template_global) -> T_template_global:
            self.add_app_template_global(f, name=name)
            return f

        return register

    @setupmethod
    def add_app_template_global(
        self, f: ft.TemplateGlobalCallable, name: str | None = None
    ) -> None:
        """Let every template of the app call a function, under its own name by default."""
        self.record_once(lambda state: state.app.add_template_global(f, name=name))


def _nested_options(
    outer: BlueprintSetupState, inner: Blueprint, options: dict[str, t.Any], name: str
) -> dict[str, t.Any]:
    """Return the options to register a nested blueprint with, under those of the outer one."""
    prefix = options.get("url_prefix")
    subdomain = options.get("subdomain")
    prefix = inner.url_prefix if prefix is None else prefix
    subdomain = inner.subdomain if subdomain is None else subdomain
    if subdomain is None or outer.subdomain is None:
        subdomain = outer.subdomain if subdomain is None else subdomain
    else:
        subdomain = f"{subdomain}.{outer.subdomain}"

    merged = {**options, "name_prefix": name}
    prefix = _joined(outer.url_prefix, prefix)
    if prefix is not None:
        merged["url_prefix"] = prefix
    if subdomain is not None:
        merged["subdomain"] = subdomain
    return merged
