"""What Flask's modules hold of other modules; apps import ``request`` from ``flask.views``."""

from __future__ import annotations

import typing as t
from importlib import import_module
from types import ModuleType

PROXIES = "bolthead.globals"
ERRORS = "werkzeug.exceptions"

# For each of Flask's modules the names it has and ours has not, by where they come from. A name of
# its own stands before "=". Modules themselves are listed under "".
HELD: dict[str, dict[str, str]] = {
    "flask.app": {
        PROXIES: "_cv_app _cv_request current_app g request request_ctx session",
        ERRORS: "BadRequestKeyError InternalServerError",
        "bolthead.compat.sansio.app": "App",
        "bolthead.helpers": "get_load_dotenv send_from_directory",
        "bolthead.signals": "appcontext_tearing_down got_request_exception request_finished"
        " request_started request_tearing_down",
        "bolthead.templating": "Environment",
        "inspect": "iscoroutinefunction",
        "itertools": "chain",
        "types": "TracebackType",
        "urllib.parse": "_url_quote=quote",
        "werkzeug.datastructures": "Headers",
        "werkzeug.routing": "RequestRedirect RoutingException",
        "werkzeug.serving": "is_running_from_reloader",
        "werkzeug.wsgi": "get_host",
        "": "cabc=collections.abc cli=bolthead.cli click",
    },
    "flask.blueprints": {
        PROXIES: "current_app",
        "bolthead.cli": "AppGroup",
        "bolthead.compat.sansio.blueprints": "SansioBlueprint=Blueprint",
        "bolthead.helpers": "send_from_directory",
        "datetime": "timedelta",
    },
    "flask.cli": {
        PROXIES: "current_app",
        "bolthead.cli.env": "_env_file_option=env_file_option",
        "bolthead.cli.group": "_app_option=app_option",
        "bolthead.cli.version": "version_option",
        "bolthead.helpers": "get_debug_flag get_load_dotenv",
        "click.core": "ParameterSource",
        "functools": "update_wrapper",
        "operator": "itemgetter",
        "types": "ModuleType",
        "werkzeug.serving": "is_running_from_reloader run_simple",
        "werkzeug.utils": "import_string",
        "": "ast cabc=collections.abc importlib inspect os platform re sys t=typing traceback",
    },
    "flask.ctx": {"types": "TracebackType", "": "contextvars"},
    "flask.debughelpers": {
        PROXIES: "request_ctx",
        "bolthead.blueprints": "Blueprint",
        "bolthead.compat.sansio.app": "App",
        "jinja2": "BaseLoader",
        "werkzeug.routing": "RequestRedirect",
        "": "t=typing",
    },
    "flask.globals": {
        "bolthead.current": "_no_app_msg=NO_APP _no_req_msg=NO_REQUEST",
        "contextvars": "ContextVar",
        "werkzeug.local": "LocalProxy",
    },
    "flask.helpers": {
        PROXIES: "_cv_app _cv_request current_app request request_ctx session",
        ERRORS: "_wz_abort=abort",
        "functools": "cache update_wrapper",
        "werkzeug.utils": "_wz_redirect=redirect",
        "": "importlib sys",
    },
    "flask.json": {PROXIES: "current_app"},
    "flask.json.provider": {"": "decimal uuid"},
    "flask.json.tag": {"uuid": "UUID"},
    "flask.logging": {PROXIES: "request"},
    "flask.sessions": {
        "datetime": "timezone",
        "itsdangerous": "BadSignature URLSafeTimedSerializer",
        "": "c=collections.abc hashlib",
    },
    "flask.templating": {PROXIES: "_cv_app _cv_request current_app request"},
    "flask.testing": {
        "bolthead.cli": "ScriptInfo",
        "bolthead.testing.commands": "FlaskCliRunner",
        "bolthead.sessions": "SessionMixin",
        "click.testing": "CliRunner Result",
        "contextlib": "ExitStack contextmanager",
        "copy": "copy",
        "types": "TracebackType",
        "urllib.parse": "urlsplit",
        "werkzeug.test": "Client",
        "werkzeug.wrappers": "BaseRequest=Request",
        "": "importlib werkzeug",
    },
    "flask.views": {PROXIES: "current_app request"},
    "flask.wrappers": {
        PROXIES: "current_app",
        ERRORS: "BadRequest HTTPException",
        "bolthead.helpers": "_split_blueprint_path",
        "werkzeug.wrappers": "RequestBase=Request ResponseBase=Response",
        "": "json=bolthead.json t=typing",
    },
}

# What ``from flask import *`` gives, which must not cover a name that an app had before, such as
# asyncio's ``Event``. Bolthead's own names are imported one by one.
STAR = [
    "Blueprint",
    "Config",
    "Flask",
    "Request",
    "Response",
    "abort",
    "after_this_request",
    "annotations",
    "app",
    "appcontext_popped",
    "appcontext_pushed",
    "appcontext_tearing_down",
    "before_render_template",
    "blueprints",
    "cli",
    "config",
    "copy_current_request_context",
    "ctx",
    "current_app",
    "flash",
    "g",
    "get_flashed_messages",
    "get_template_attribute",
    "globals",
    "got_request_exception",
    "has_app_context",
    "has_request_context",
    "helpers",
    "json",
    "jsonify",
    "logging",
    "make_response",
    "message_flashed",
    "redirect",
    "render_template",
    "render_template_string",
    "request",
    "request_finished",
    "request_started",
    "request_tearing_down",
    "sansio",
    "send_file",
    "send_from_directory",
    "session",
    "sessions",
    "signals",
    "stream_template",
    "stream_template_string",
    "stream_with_context",
    "t",
    "template_rendered",
    "templating",
    "typing",
    "url_for",
    "wrappers",
]


def hold() -> None:
    """Let our modules have those names, too; nothing is imported before somebody asks."""
    for name, sources in HELD.items():
        _add(import_module(name), dict(_sources(sources)))
    import_module("flask").__all__ = STAR  # type: ignore[attr-defined]  # of the module


def _sources(sources: dict[str, str]) -> t.Iterator[tuple[str, tuple[str, str | None]]]:
    """Yield each name with the module it comes from, and its name there; None for the module."""
    for source, words in sources.items():
        for word in words.split():
            name, _, there = word.partition("=")
            there = there or name
            yield name, (source, there) if source else (there, None)


def _add(module: ModuleType, held: dict[str, tuple[str, str | None]]) -> None:
    """Look names up where the module has none; ``from module import *`` gives them, too."""
    before: t.Callable[[str], t.Any] | None = vars(module).get("__getattr__")

    def look_up(name: str) -> t.Any:
        if name in held:
            source, there = held[name]
            found = import_module(source)
            return found if there is None else getattr(found, there)
        if before is not None:
            return before(name)
        raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")

    names = {**vars(module), **held}
    vars(module)["__getattr__"] = look_up
    vars(module)["__all__"] = [name for name in names if not name.startswith("_")]
