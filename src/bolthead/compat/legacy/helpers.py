"""Functions and constants that ``flask`` and ``flask.helpers`` had, and old names of arguments."""

from __future__ import annotations

import functools
import importlib.metadata
import os
import sys
import threading
import typing as t
from datetime import timedelta
from importlib import import_module
from ipaddress import ip_address

import markupsafe
import werkzeug.utils
from werkzeug.exceptions import NotFound
from werkzeug.security import safe_join as _safe_join

from ... import helpers, views
from ...paths import find_package
from ...scaffold import Scaffold, _endpoint_from_view_func
from ...wrappers import Response
from .encoders import SETTINGS
from .giving import give, give_value, tell

OLD_ARGUMENTS = {
    "attachment_filename": "download_name",
    "cache_timeout": "max_age",
    "add_etags": "etag",
    "filename_or_fp": "path_or_file",
}


def _renamed(kwargs: dict[str, t.Any]) -> dict[str, t.Any]:
    for old in OLD_ARGUMENTS.keys() & kwargs.keys():
        tell(f"flask.send_file({old}=)")
        kwargs.setdefault(OLD_ARGUMENTS[old], kwargs.pop(old))
    return kwargs


_send_file = helpers.send_file
_send_from_directory = helpers.send_from_directory


@functools.wraps(_send_file)
def send_file(*args: t.Any, **kwargs: t.Any) -> Response:
    """Return a response with a file's content; takes the old names of arguments, too."""
    return _send_file(*args, **_renamed(kwargs))


@functools.wraps(_send_from_directory)
def send_from_directory(directory: t.Any, *args: t.Any, **kwargs: t.Any) -> Response:
    """Return a file of a folder; takes the old names of arguments, too."""
    if "filename" in kwargs and not args:
        tell("flask.send_from_directory(filename=)")
        kwargs.setdefault("path", kwargs.pop("filename"))
    return _send_from_directory(directory, *args, **_renamed(kwargs))


def safe_join(directory: str, *paths: str) -> str:
    """Return a path below a folder; NotFound for one outside of it."""
    path = _safe_join(directory, *paths)
    if path is None:
        raise NotFound()
    return path


def total_seconds(td: timedelta) -> int:
    """Return a duration in whole seconds."""
    return td.days * 86_400 + td.seconds


def get_env() -> str:
    """Return the environment's name: FLASK_ENV, or "production"."""
    return str(SETTINGS["ENV"]())


def is_ip(value: str) -> bool:
    """Tell whether a text is an IP address."""
    try:
        ip_address(value)
    except ValueError:
        return False
    return True


class locked_cached_property(werkzeug.utils.cached_property[t.Any]):
    """A property that is computed once, by one thread."""

    def __init__(
        self, fget: t.Callable[[t.Any], t.Any], name: str | None = None, doc: str | None = None
    ) -> None:
        super().__init__(fget, name=name, doc=doc)
        self.lock = threading.RLock()

    def __get__(self, obj: t.Any, type: t.Any = None) -> t.Any:
        with self.lock:
            return super().__get__(obj, type)


class JSONMixin:
    """What the wrappers had for JSON; they have it themselves."""


def _version() -> str:
    try:
        return importlib.metadata.version("flask")
    except importlib.metadata.PackageNotFoundError:
        return "3.1.3"


def _make_test_environ_builder() -> t.Any:
    return import_module("flask.testing").EnvironBuilder


_get_debug_flag = helpers.get_debug_flag


def get_debug_flag() -> bool:
    """Tell whether debug mode is asked for, by FLASK_DEBUG or by FLASK_ENV=development."""
    environment = os.environ.get("FLASK_ENV")
    if environment:
        tell("FLASK_ENV")
        if helpers._environment_flag("DEBUG") is None:
            return environment == "development"
    return _get_debug_flag()


def _replace(name: str, old: t.Any, new: t.Any) -> None:
    """Put a function in another's place, in every module of ours that has it."""
    for module_name, module in tuple(sys.modules.items()):
        # The core's own calls need no old names.
        if module_name.partition(".")[0] == "bolthead" and module_name not in {
            "bolthead.scaffold",
            __name__,
        }:
            names = vars(module)
            if names.get(name) is old:
                names[name] = new


def install() -> None:
    """Give the names back, and let functions take the old names of arguments."""
    give_value("flask.Markup", markupsafe.Markup, "flask", "flask.json")
    give_value("flask.escape", markupsafe.escape)
    give("flask.__version__", _version)
    give_value("flask.signals_available", True, "flask", "flask.signals")
    give_value("flask.json_available", True)
    give_value("flask.safe_join", safe_join, "flask", "flask.helpers")
    give_value("flask.helpers.locked_cached_property", locked_cached_property)
    give_value("flask.helpers.total_seconds", total_seconds, "flask.helpers", "flask.sessions")
    places = ("flask.helpers", "flask.app", "flask.cli")
    give_value("flask.helpers.get_env", get_env, *places)
    give_value("flask.helpers.is_ip", is_ip, "flask.helpers", "flask.sessions")
    give_value("flask.helpers.find_package", find_package, *places[:2], "bolthead.scaffold")
    give_value("flask.helpers._PackageBoundObject", Scaffold)
    give_value("flask.helpers._endpoint_from_view_func", _endpoint_from_view_func)
    give_value("flask.views.MethodViewType", type(views.MethodView))
    give_value("flask.wrappers.JSONMixin", JSONMixin)
    give("flask.testing.make_test_environ_builder", _make_test_environ_builder)
    _replace("send_file", _send_file, send_file)
    _replace("send_from_directory", _send_from_directory, send_from_directory)
    _replace("get_debug_flag", _get_debug_flag, get_debug_flag)
