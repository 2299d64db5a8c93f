"""What an app and a blueprint have in common: folders, and the functions registered on them."""

from __future__ import annotations

import inspect
import os
import typing as t
import warnings
from functools import update_wrapper

from werkzeug.exceptions import HTTPException, default_exceptions

from . import current
from . import typing as ft
from .helpers import _default_template_ctx_processor, send_from_directory
from .made import made
from .paths import get_root_path
from .registry import REGISTRIES, Changes, Watched

if t.TYPE_CHECKING:
    from jinja2 import BaseLoader

    from .cli.group import AppGroup
    from .wrappers import Response

F = t.TypeVar("F", bound=t.Callable[..., t.Any])
T_after_request = t.TypeVar("T_after_request", bound=ft.AfterRequestCallable[t.Any])
T_before_request = t.TypeVar("T_before_request", bound=ft.BeforeRequestCallable)
T_error_handler = t.TypeVar("T_error_handler", bound=ft.ErrorHandlerCallable)
T_teardown = t.TypeVar("T_teardown", bound=ft.TeardownCallable)
T_template_context_processor = t.TypeVar(
    "T_template_context_processor", bound=ft.TemplateContextProcessorCallable
)
T_url_defaults = t.TypeVar("T_url_defaults", bound=ft.URLDefaultCallable)
T_url_value_preprocessor = t.TypeVar(
    "T_url_value_preprocessor", bound=ft.URLValuePreprocessorCallable
)
T_route = t.TypeVar("T_route", bound=ft.RouteCallable)

_sentinel: t.Any = object()


def _warn_of_bare_route(view: t.Any) -> None:
    """Warn that a decorator of routes was written without its path, which routes nothing."""
    warnings.warn_explicit(
        f"{view.__name__!r} is not routed: its decorator has no path. Write it as a call, such as"
        f" @app.get('/{view.__name__}').",
        UserWarning,
        view.__code__.co_filename,
        view.__code__.co_firstlineno,
    )


def setupmethod(f: F) -> F:
    """Mark a method as one of set-up: it refuses once it can no longer have its full effect."""
    name = f.__name__

    def checked(self: Scaffold, *args: t.Any, **kwargs: t.Any) -> t.Any:
        self._check_setup_finished(name)
        return f(self, *args, **kwargs)

    return t.cast(F, update_wrapper(checked, f))


def _endpoint_from_view_func(view_func: ft.RouteCallable | None) -> str:
    """Return the endpoint a view has when none is given: its name."""
    assert view_func is not None, "expected view func if endpoint is not provided."  # noqa: S101  # Flask's error
    return view_func.__name__


class Scaffold(metaclass=Watched):
    """Registers functions, either for a whole app or for a blueprint's part of it."""

    name: str
    _static_folder: str | None = None
    _static_url_path: str | None = None

    # The registries: containers that note their changes, by the types of Flask's.
    view_functions: dict[str, ft.RouteCallable]
    error_handler_spec: dict[
        ft.AppOrBlueprintKey,
        dict[int | None, dict[type[Exception], ft.ErrorHandlerCallable]],
    ]
    before_request_funcs: dict[ft.AppOrBlueprintKey, list[ft.BeforeRequestCallable]]
    after_request_funcs: dict[ft.AppOrBlueprintKey, list[ft.AfterRequestCallable[t.Any]]]
    teardown_request_funcs: dict[ft.AppOrBlueprintKey, list[ft.TeardownCallable]]
    template_context_processors: dict[
        ft.AppOrBlueprintKey, list[ft.TemplateContextProcessorCallable]
    ]
    url_value_preprocessors: dict[ft.AppOrBlueprintKey, list[ft.URLValuePreprocessorCallable]]
    url_default_functions: dict[ft.AppOrBlueprintKey, list[ft.URLDefaultCallable]]
    websocket_functions: t.Any
    before_websocket_funcs: t.Any
    after_websocket_funcs: t.Any
    teardown_websocket_funcs: t.Any

    def __init__(
        self,
        import_name: str,
        static_folder: str | os.PathLike[str] | None = None,
        static_url_path: str | None = None,
        template_folder: str | os.PathLike[str] | None = None,
        root_path: str | None = None,
    ) -> None:
        self._changes = Changes()
        self.import_name = import_name
        self.static_folder = static_folder
        self.static_url_path = static_url_path
        self.template_folder = template_folder
        self.root_path = get_root_path(import_name) if root_path is None else root_path
        for name, make in REGISTRIES.items():
            setattr(self, name, make(self._changes, None))
        self.template_context_processors[None].append(_default_template_ctx_processor)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"

    def _check_setup_finished(self, f_name: str) -> None:
        raise NotImplementedError

    @made
    def cli(self) -> AppGroup:
        """The group of commands; the app's are those of the command line (Click)."""
        # Made when it is first looked at: serving needs no Click.
        from .cli.group import AppGroup

        return AppGroup(name=self.name)

    # Folders

    @property
    def static_folder(self) -> str | None:
        """The folder of static files, absolute; None for none."""
        if self._static_folder is None:
            return None
        return os.path.join(self.root_path, self._static_folder)

    @static_folder.setter
    def static_folder(self, value: str | os.PathLike[str] | None) -> None:
        self._static_folder = None if value is None else os.fspath(value).rstrip(r"\/")

    @property
    def has_static_folder(self) -> bool:
        """Whether there are static files to serve."""
        return self.static_folder is not None

    @property
    def static_url_path(self) -> str | None:
        """The path that static files are served under: the folder's name unless given."""
        if self._static_url_path is not None:
            return self._static_url_path
        if self.static_folder is None:
            return None
        return f"/{os.path.basename(self.static_folder)}".rstrip("/")

    @static_url_path.setter
    def static_url_path(self, value: str | None) -> None:
        self._static_url_path = None if value is None else value.rstrip("/")

    @made
    def jinja_loader(self) -> BaseLoader | None:
        """The loader of the template folder, or None."""
        if self.template_folder is None:
            return None
        # Imported here: an app without templates does not need Jinja.
        from jinja2 import FileSystemLoader

        return FileSystemLoader(os.path.join(self.root_path, self.template_folder))

    def get_send_file_max_age(self, filename: str | None) -> int | None:
        """Return for how many seconds a client may keep a file; None: it asks each time.

        ``SEND_FILE_MAX_AGE_DEFAULT`` for every file; override it to tell files apart.
        """
        value = current.app().config["SEND_FILE_MAX_AGE_DEFAULT"]
        if value is None:
            return None
        return value if isinstance(value, int) else int(value.total_seconds())

    def send_static_file(self, filename: str) -> Response:
        """Return a file of the static folder; the view of the static route."""
        if not self.has_static_folder:
            raise RuntimeError("'static_folder' must be set to serve static_files.")
        return send_from_directory(
            t.cast(str, self.static_folder),
            filename,
            max_age=self.get_send_file_max_age(filename),
        )

    def open_resource(
        self, resource: str, mode: str = "rb", encoding: str | None = None
    ) -> t.IO[t.Any]:
        """Open a file by its path from the root folder, for reading.

        ValueError for a mode that writes.
        """
        if mode not in {"r", "rt", "rb"}:
            raise ValueError("Resources can only be opened for reading.")
        path = os.path.join(self.root_path, resource)
        return open(path, mode, encoding=None if mode == "rb" else encoding)

    # Routes

    def _method_route(
        self, method: str, rule: str, options: dict[str, t.Any]
    ) -> t.Callable[[T_route], T_route]:
        if "methods" in options:
            raise TypeError("Use the 'route' decorator to use the 'methods' argument.")
        return self.route(rule, methods=[method], **options)

    @setupmethod
    def get(self, rule: str, **options: t.Any) -> t.Callable[[T_route], T_route]:
        """Route GET requests: ``route`` with ``methods=["GET"]``."""
        return self._method_route("GET", rule, options)

    @setupmethod
    def post(self, rule: str, **options: t.Any) -> t.Callable[[T_route], T_route]:
        """Route POST requests: ``route`` with ``methods=["POST"]``."""
        return self._method_route("POST", rule, options)

    @setupmethod
    def put(self, rule: str, **options: t.Any) -> t.Callable[[T_route], T_route]:
        """Route PUT requests: ``route`` with ``methods=["PUT"]``."""
        return self._method_route("PUT", rule, options)

    @setupmethod
    def delete(self, rule: str, **options: t.Any) -> t.Callable[[T_route], T_route]:
        """Route DELETE requests: ``route`` with ``methods=["DELETE"]``."""
        return self._method_route("DELETE", rule, options)

    @setupmethod
    def patch(self, rule: str, **options: t.Any) -> t.Callable[[T_route], T_route]:
        """Route PATCH requests: ``route`` with ``methods=["PATCH"]``."""
        return self._method_route("PATCH", rule, options)

    @setupmethod
    def route(self, rule: str, **options: t.Any) -> t.Callable[[T_route], T_route]:
        """Return a decorator that routes a URL to a view; options are those of ``add_url_rule``."""
        if inspect.isfunction(rule):
            _warn_of_bare_route(rule)

        def register(view: T_route) -> T_route:
            endpoint = options.pop("endpoint", None)
            self.add_url_rule(rule, endpoint, view, **options)
            return view

        return register

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

        The endpoint is the view's name unless given; further options (``methods``, ``defaults``,
        ``strict_slashes``, …) are those of Werkzeug's ``Rule``.
        """
        raise NotImplementedError

    @setupmethod
    def websocket(self, rule: str, **options: t.Any) -> t.Callable[[F], F]:
        """Return a decorator that routes a WebSocket's URL to an ``async def`` view (ASGI).

        Options are those of ``route``, without methods.
        """

        def register(view: F) -> F:
            endpoint = options.pop("endpoint", None) or _endpoint_from_view_func(view)
            self._add_websocket(rule, endpoint, view, options)
            return view

        return register

    def _add_websocket(
        self, rule: str, endpoint: str, view: t.Callable[..., t.Any], options: dict[str, t.Any]
    ) -> None:
        raise NotImplementedError

    @setupmethod
    def endpoint(self, endpoint: str) -> t.Callable[[F], F]:
        """Return a decorator that makes a function the view of an endpoint."""

        def register(view: F) -> F:
            self.view_functions[endpoint] = view
            return view

        return register

    # Hooks

    @setupmethod
    def before_request(self, f: T_before_request) -> T_before_request:
        """Call a function before each request; what it returns, if not None, is the answer."""
        self.before_request_funcs.setdefault(None, []).append(f)
        return f

    @setupmethod
    def after_request(self, f: T_after_request) -> T_after_request:
        """Call a function with each response; it returns that or another one."""
        self.after_request_funcs.setdefault(None, []).append(f)
        return f

    @setupmethod
    def teardown_request(self, f: T_teardown) -> T_teardown:
        """Call a function at the end of each request, with the error that ended it or None."""
        self.teardown_request_funcs.setdefault(None, []).append(f)
        return f

    @setupmethod
    def context_processor(self, f: T_template_context_processor) -> T_template_context_processor:
        """Call a function before each template: it returns a dictionary of names to add."""
        self.template_context_processors[None].append(f)
        return f

    @setupmethod
    def url_value_preprocessor(self, f: T_url_value_preprocessor) -> T_url_value_preprocessor:
        """Call a function with the endpoint and the URL's arguments before the view has them."""
        self.url_value_preprocessors[None].append(f)
        return f

    @setupmethod
    def url_defaults(self, f: T_url_defaults) -> T_url_defaults:
        """Call a function with the endpoint and the values of each URL built, to add to them."""
        self.url_default_functions[None].append(f)
        return f

    @setupmethod
    def before_websocket(self, f: F) -> F:
        """Call a function before each WebSocket's view; what it returns refuses the handshake."""
        self.before_websocket_funcs.setdefault(None, []).append(f)
        return f

    @setupmethod
    def after_websocket(self, f: F) -> F:
        """Call a function with what each WebSocket's view returned; it returns that or another."""
        self.after_websocket_funcs.setdefault(None, []).append(f)
        return f

    @setupmethod
    def teardown_websocket(self, f: F) -> F:
        """Call a function at the end of each WebSocket, with the error that ended it or None."""
        self.teardown_websocket_funcs.setdefault(None, []).append(f)
        return f

    # Errors

    @setupmethod
    def errorhandler(
        self, code_or_exception: type[Exception] | int
    ) -> t.Callable[[T_error_handler], T_error_handler]:
        """Return a decorator that makes a function answer errors of a code or class."""

        def register(f: T_error_handler) -> T_error_handler:
            self.register_error_handler(code_or_exception, f)
            return f

        return register

    @setupmethod
    def register_error_handler(
        self, code_or_exception: type[Exception] | int, f: ft.ErrorHandlerCallable
    ) -> None:
        """Make a function answer errors: it takes the exception and returns as a view does."""
        kind, code = self._get_exc_class_and_code(code_or_exception)
        self.error_handler_spec[None][code][kind] = f

    @staticmethod
    def _get_exc_class_and_code(
        exc_class_or_code: type[Exception] | int,
    ) -> tuple[type[Exception], int | None]:
        """Return class and HTTP code of what a handler is registered for; the code may be None."""
        kind: t.Any = exc_class_or_code
        if isinstance(kind, int):
            if kind not in default_exceptions:
                raise ValueError(
                    f"'{kind}' is not a recognized HTTP"
                    " error code. Use a subclass of HTTPException with"
                    " that code instead."
                )
            kind = default_exceptions[kind]
        if isinstance(kind, Exception):
            raise TypeError(
                f"{kind!r} is an instance, not a class. Handlers"
                " can only be registered for Exception classes or HTTP"
                " error codes."
            )
        if not issubclass(kind, Exception):
            raise ValueError(
                f"'{kind.__name__}' is not a subclass of Exception."
                " Handlers can only be registered for Exception classes"
                " or HTTP error codes."
            )
        return kind, kind.code if issubclass(kind, HTTPException) else None
