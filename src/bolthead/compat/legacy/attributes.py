"""Attributes and methods of the app that are gone; most read and write a setting."""

from __future__ import annotations

import json
import typing as t
from datetime import timedelta

from ...app import Flask, _make_timedelta
from ...config import Config
from .encoders import SETTINGS
from .giving import tell


def _attribute(name: str, key: str, read: t.Callable[[t.Any, t.Any], t.Any] | None = None) -> t.Any:
    """Return a property of the app for a setting; ``read`` takes the app and the value."""
    row = f"flask.Flask.{name}"

    def get(app: t.Any) -> t.Any:
        tell(row)
        value = dict.get(app.config, key)
        return value if read is None else read(app, value)

    def change(app: t.Any, value: t.Any) -> None:
        tell(row)
        app.config[key] = value
        if name == "templates_auto_reload":
            app.jinja_env.auto_reload = bool(value)

    return property(get, change)


def _or_environment(app: t.Any, value: str | None) -> str:
    return SETTINGS["ENV"]() if value is None else value


def _or_testing(app: t.Any, value: bool | None) -> bool:
    return bool(app.testing or app.debug) if value is None else value


def _or_debug(app: t.Any, value: bool | None) -> bool:
    return bool(app.debug) if value is None else value


def _age(app: t.Any, value: t.Any) -> timedelta | None:
    return _make_timedelta(value)


def _got_first_request(app: t.Any) -> bool:
    tell("flask.Flask.got_first_request")
    return bool(app._got_first_request)


def _of_interface(name: str) -> t.Callable[..., t.Any]:
    def call(app: t.Any, *args: t.Any) -> t.Any:
        tell(f"flask.Flask.{name}")
        return getattr(app.session_interface, name)(app, *args)

    return call


def _from_json(config: t.Any, filename: str, silent: bool = False) -> bool:
    tell("flask.Config.from_json")
    return bool(config.from_file(filename, load=json.load, silent=silent))


def install() -> None:
    """Give the attributes back."""
    app, config = t.cast(t.Any, (Flask, Config))
    app.env = _attribute("env", "ENV", _or_environment)
    app.propagate_exceptions = _attribute(
        "propagate_exceptions", "PROPAGATE_EXCEPTIONS", _or_testing
    )
    app.preserve_context_on_exception = _attribute(
        "preserve_context_on_exception", "PRESERVE_CONTEXT_ON_EXCEPTION", _or_debug
    )
    app.session_cookie_name = _attribute("session_cookie_name", "SESSION_COOKIE_NAME")
    app.send_file_max_age_default = _attribute(
        "send_file_max_age_default", "SEND_FILE_MAX_AGE_DEFAULT", _age
    )
    app.templates_auto_reload = _attribute(
        "templates_auto_reload", "TEMPLATES_AUTO_RELOAD", _or_debug
    )
    app.use_x_sendfile = _attribute("use_x_sendfile", "USE_X_SENDFILE")
    app.got_first_request = property(_got_first_request)
    for name in ("open_session", "save_session", "make_null_session"):
        setattr(app, name, _of_interface(name))
    config.from_json = _from_json
