"""JSON by encoder classes and by settings, as before JSON providers."""

from __future__ import annotations

import json
import os
import typing as t

from jinja2.utils import htmlsafe_json_dumps

from ... import app, config, current
from ... import json as app_json
from ...app import Flask
from ...blueprints import Blueprint
from ...config import Config
from ...json import provider
from ...json.provider import DefaultJSONProvider, _default
from ...registry import note_for_all
from .giving import give, give_value, tell


class JSONEncoder(json.JSONEncoder):
    """Also writes dates, decimals, UUIDs, dataclasses and markup; override ``default``."""

    def default(self, o: t.Any) -> t.Any:
        """Return a JSON form of what has none of its own; TypeError where it has none here."""
        return _default(o)


class JSONDecoder(json.JSONDecoder):
    """The standard library's decoder, to derive from."""


class Coder:
    """The attribute ``json_encoder`` or ``json_decoder`` of apps, or of blueprints."""

    def __init__(self, row: str, default: type | None) -> None:
        self.row = row
        self.name = row.rpartition(".")[2]
        self.default = default

    def __get__(self, owner: t.Any, kind: type | None = None) -> t.Any:
        tell(self.row)
        return self.default if owner is None else vars(owner).get(self.name, self.default)

    def __set__(self, owner: t.Any, value: type | None) -> None:
        tell(self.row)
        vars(owner)[self.name] = value
        # An app's plans know how its answers are written, whichever blueprint it is.
        note_for_all()


def _own(owner: t.Any, name: str) -> t.Any:
    """Return the class that was set on an app or blueprint, or on its class, or None."""
    if name in owner.__dict__:
        return owner.__dict__[name]
    for cls in owner.__class__.__mro__:
        if name in vars(cls):
            found = vars(cls)[name]
            return None if isinstance(found, Coder) else found
    return None


def _of_blueprints(app: t.Any, name: str) -> bool:
    return any(_own(blueprint, name) is not None for blueprint in app.blueprints.values())


def _chosen(app: t.Any, name: str) -> t.Any:
    """Return the class to write or read with: the blueprint's, the app's, or None."""
    ctx = current._cv_request.get(None)
    if ctx is not None and _of_blueprints(app, name):
        blueprint = app.blueprints.get(ctx.request.blueprint)
        found = None if blueprint is None else _own(blueprint, name)
        if found is not None:
            return found
    return _own(app, name)


class Setting:
    """An attribute of the JSON provider that a setting of the app gives, too."""

    def __init__(self, name: str, key: str, convert: t.Callable[[t.Any], t.Any]) -> None:
        self.name = name
        self.key = key
        self.convert = convert
        self.default = getattr(DefaultJSONProvider, name)

    def __get__(self, owner: t.Any, kind: type | None = None) -> t.Any:
        if owner is None:
            return self.default
        if self.name in vars(owner):
            return vars(owner)[self.name]
        value = dict.get(owner._app.config, self.key)
        return self.default if value is None else self.convert(value)

    def __set__(self, owner: t.Any, value: t.Any) -> None:
        vars(owner)[self.name] = value


def _pretty_as_compact(pretty: bool) -> bool | None:
    # Without it, answers were indented in debug mode all the same.
    return False if pretty else None


_own_set_item = Config.__setitem__
_own_update = Config.update

# What the removed settings are where nobody has set them.
SETTINGS: dict[str, t.Callable[[], t.Any]] = {
    "JSON_AS_ASCII": lambda: True,
    "JSON_SORT_KEYS": lambda: True,
    "JSONIFY_MIMETYPE": lambda: "application/json",
    "JSONIFY_PRETTYPRINT_REGULAR": lambda: False,
    "PRESERVE_CONTEXT_ON_EXCEPTION": lambda: None,
    "ENV": lambda: os.environ.get("FLASK_ENV") or "production",
}


def _missing(config: t.Any, key: str) -> t.Any:
    if key not in SETTINGS:
        raise KeyError(key)
    tell(key)
    return SETTINGS[key]()


def _get(config: t.Any, key: str, default: t.Any = None) -> t.Any:
    if key in SETTINGS and key not in config:
        return _missing(config, key)
    return dict.get(config, key, default)


def _set_item(config: t.Any, key: str, value: t.Any) -> None:
    if key in SETTINGS:
        tell(key)
    _own_set_item(config, key, value)


def _update(config: t.Any, *args: t.Any, **kwargs: t.Any) -> None:
    given = dict(*args, **kwargs)
    for key in SETTINGS.keys() & given.keys():
        tell(key)
    _own_update(config, given)


def _change_provider() -> None:
    """Let the provider ask for the classes and the settings."""
    own_dumps = DefaultJSONProvider.dumps
    own_loads = DefaultJSONProvider.loads
    own_quick_encoder = DefaultJSONProvider.quick_encoder

    def dumps(self: t.Any, obj: t.Any, **kwargs: t.Any) -> str:
        encoder = kwargs.get("cls") or _chosen(self._app, "json_encoder")
        if encoder is None or "default" in kwargs:
            return own_dumps(self, obj, **kwargs)
        kwargs["cls"] = encoder
        kwargs.setdefault("ensure_ascii", self.ensure_ascii)
        kwargs.setdefault("sort_keys", self.sort_keys)
        if getattr(encoder, "default", None) is json.JSONEncoder.default:
            kwargs["default"] = self.default
        # The provider's own default would be asked in place of the encoder's method.
        return json.dumps(obj, **kwargs)

    def loads(self: t.Any, s: str | bytes, **kwargs: t.Any) -> t.Any:
        decoder = _chosen(self._app, "json_decoder")
        if decoder is not None:
            kwargs.setdefault("cls", decoder)
        return own_loads(self, s, **kwargs)

    def quick_encoder(self: t.Any) -> t.Callable[[t.Any], str] | None:
        if _own(self._app, "json_encoder") or _of_blueprints(self._app, "json_encoder"):
            return None
        return own_quick_encoder(self)

    changed: t.Any = DefaultJSONProvider
    changed.ensure_ascii = Setting("ensure_ascii", "JSON_AS_ASCII", bool)
    changed.sort_keys = Setting("sort_keys", "JSON_SORT_KEYS", bool)
    changed.mimetype = Setting("mimetype", "JSONIFY_MIMETYPE", str)
    changed.compact = Setting("compact", "JSONIFY_PRETTYPRINT_REGULAR", _pretty_as_compact)
    changed.dumps = dumps
    changed.loads = loads
    changed.quick_encoder = quick_encoder
    # Plans know how JSON is written, so these count as what they are made of.
    config._PLANNED.extend(SETTINGS)
    app._COMPILED.update(("json_encoder", "json_decoder"))
    # These are its own now, so that answers are still written the quick way where they can be.
    provider._OWN[:] = [getattr(DefaultJSONProvider, name) for name in sorted(provider._OPERATIONS)]


def htmlsafe_dumps(obj: t.Any, **kwargs: t.Any) -> t.Any:
    """Return data as JSON that can stand in a page."""
    return htmlsafe_json_dumps(obj, dumps=app_json.dumps, **kwargs)


def htmlsafe_dump(obj: t.Any, fp: t.IO[str], **kwargs: t.Any) -> None:
    """Write data as JSON that can stand in a page."""
    fp.write(htmlsafe_dumps(obj, **kwargs))


def install() -> None:
    """Give the classes, the attributes and the settings back."""
    everywhere = ("flask.json", "flask.app", "bolthead.scaffold")
    give_value("flask.json.JSONEncoder", JSONEncoder, *everywhere)
    give_value("flask.json.JSONDecoder", JSONDecoder, *everywhere)
    give_value("flask.json.htmlsafe_dumps", htmlsafe_dumps)
    give_value("flask.json.htmlsafe_dump", htmlsafe_dump)
    give_value("flask.json.tojson_filter", htmlsafe_dumps)
    give("flask.json.detect_encoding", lambda: json.detect_encoding)
    app, blueprint, config = t.cast(t.Any, (Flask, Blueprint, Config))
    app.json_encoder = Coder("flask.Flask.json_encoder", JSONEncoder)
    app.json_decoder = Coder("flask.Flask.json_decoder", JSONDecoder)
    blueprint.json_encoder = Coder("flask.Blueprint.json_encoder", None)
    blueprint.json_decoder = Coder("flask.Blueprint.json_decoder", None)
    config.__missing__ = _missing
    config.get = _get
    config.__setitem__ = _set_item
    config.update = _update
    _change_provider()
