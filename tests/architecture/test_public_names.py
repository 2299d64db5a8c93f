"""Bolthead's public names: exactly these at the top, and Flask's wherever Flask has them."""

from __future__ import annotations

import importlib
import inspect
import types
import typing as t

import flask
import pytest

import bolthead

TOP = {
    "Bolthead",
    "Event",
    "EventStream",
    "Websocket",
    "WebsocketDisconnected",
    "install_as_flask",
    "stream_body",
    "websocket",
    # Flask's
    "Blueprint",
    "Config",
    "Flask",
    "Request",
    "Response",
    "abort",
    "after_this_request",
    "appcontext_popped",
    "appcontext_pushed",
    "appcontext_tearing_down",
    "before_render_template",
    "copy_current_request_context",
    "cross_origin_exempt",
    "csp_nonce",
    "current_app",
    "flash",
    "g",
    "get_flashed_messages",
    "get_template_attribute",
    "got_request_exception",
    "has_app_context",
    "has_request_context",
    "is_local_url",
    "json",
    "jsonify",
    "make_response",
    "message_flashed",
    "redirect",
    "render_template",
    "render_template_string",
    "request",
    "request_finished",
    "request_started",
    "request_tearing_down",
    "send_file",
    "send_from_directory",
    "session",
    "stream_template",
    "stream_template_string",
    "stream_with_context",
    "template_rendered",
    "url_for",
}

# Flask's modules that users import from, with Bolthead's of the same name.
MODULES = [
    "",
    "app",
    "blueprints",
    "cli",
    "config",
    "ctx",
    "debughelpers",
    "globals",
    "helpers",
    "json",
    "json.provider",
    "json.tag",
    "logging",
    "sessions",
    "signals",
    "templating",
    "testing",
    "typing",
    "views",
    "wrappers",
]

# Public by their spelling only. Each is left out for a reason.
LEFT_OUT: dict[str, str] = {
    "debughelpers.attach_enctype_error_multidict": "called by Flask's Request only; undocumented",
    "cli.version_option": "the option object of Flask's own group; undocumented",
}

# Spelled as private, but extensions and their tests import them.
PRIVATE_IN_USE = [
    "ctx._AppCtxGlobals",
    "globals._cv_app",
    "globals._cv_request",
    "helpers._split_blueprint_path",
    "sessions.SecureCookieSessionInterface",
    "views.http_method_funcs",
    "app.Rule",
    "cli.click",
    "cli.ScriptInfo",
    "signals.Namespace",
    "config.ConfigAttribute",
    "blueprints.BlueprintSetupState",
    "json.tag.TaggedJSONSerializer",
    "typing.HeadersValue",
    "typing.RouteCallable",
    "typing.ResponseValue",
    "templating._default_template_ctx_processor",
    "json.provider._default",
]


def modules(name: str) -> tuple[types.ModuleType, types.ModuleType]:
    """Return Flask's and Bolthead's module of a name."""
    suffix = f".{name}" if name else ""
    theirs, ours = (importlib.import_module(top + suffix) for top in ("flask", "bolthead"))
    assert theirs is not ours
    return theirs, ours


OBJECT_HOMES = {"LocalProxy": "flask.globals", "NamedSignal": "flask.signals"}


def defined_names(module: types.ModuleType) -> list[str]:
    """Return the public names that a module of Flask defines; the package also gathers others'."""
    found = []
    for name, value in vars(module).items():
        if name.startswith("_") or name == "annotations" or isinstance(value, types.ModuleType):
            continue
        if isinstance(value, t.TypeVar) or value is t.TYPE_CHECKING:
            continue
        # Flask's own modules import the proxies and signals they use; users take them from these.
        elsewhere = OBJECT_HOMES.get(type(value).__name__, module.__name__)
        if module is not flask and elsewhere != module.__name__:
            continue
        home = str(getattr(value, "__module__", module.__name__))
        is_code = isinstance(value, type) or inspect.isroutine(value)
        wanted = home.startswith("flask") if module is flask else home == module.__name__
        if wanted or not is_code:
            found.append(name)
    return found


DEFINED = [
    f"{module}.{name}".lstrip(".")
    for module in MODULES
    for name in defined_names(modules(module)[0])
]
SHARED = [name for name in DEFINED if name not in LEFT_OUT]


def look(top: str, path: str) -> t.Any:
    """Return what a dotted name stands for in one of the frameworks."""
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(f"{top}.{module}".rstrip(".")), name)


def test_top_names_are_exactly_these():
    """``bolthead`` offers the names of the list, and no others by accident."""
    names = {
        name
        for name in dir(bolthead)
        if not name.startswith("_")
        and (not isinstance(getattr(bolthead, name), types.ModuleType) or name == "json")
        and name not in {"annotations"}
    }
    assert names == TOP


def test_every_top_name_of_flask_is_there():
    """``from bolthead import …`` gives whatever ``from flask import …`` gives."""
    missing = [name for name in defined_names(flask) if not hasattr(bolthead, name)]
    assert missing == []


@pytest.mark.parametrize("path", SHARED)
def test_name_is_where_flask_has_it(path):
    """A public name of one of Flask's modules is in Bolthead's module of the same name."""
    assert look("bolthead", path) is not None or look("flask", path) is None


@pytest.mark.parametrize("path", PRIVATE_IN_USE)
def test_private_name_in_use_is_there(path):
    """Names that extensions import, though private or from odd places, are there."""
    look("flask", path)
    look("bolthead", path)


@pytest.mark.parametrize("path", LEFT_OUT)
def test_name_left_out_is_not_there(path):
    """The list of names left out is no longer than it must be."""
    with pytest.raises(AttributeError):
        look("bolthead", path)


def test_sansio_names_are_there():
    """``flask.sansio`` exists as an alias, for those who import from it."""
    for name, attribute in {
        "app": "App",
        "blueprints": "Blueprint",
        "scaffold": "Scaffold",
    }.items():
        module = importlib.import_module(f"bolthead.compat.sansio.{name}")
        assert isinstance(getattr(module, attribute), type)
    assert callable(
        importlib.import_module("bolthead.compat.sansio.scaffold")._endpoint_from_view_func
    )


# Kinds and defaults


def members(path: str) -> list[str]:
    """Return the paths of a class's public methods which Flask defines, and of its constructor."""
    cls = look("flask", path)
    found = [path]
    for base in cls.__mro__:
        if not base.__module__.startswith("flask"):
            continue
        found += [
            f"{path}:{name}"
            for name, value in vars(base).items()
            if not name.startswith("_")
            and (inspect.isroutine(value) or isinstance(value, classmethod | staticmethod))
        ]
    return list(dict.fromkeys(found))


def of_flask(value: object) -> bool:
    return str(getattr(value, "__module__", "")).startswith("flask")


CLASSES = [path for path in SHARED if isinstance(look("flask", path), type)]
FUNCTIONS = [
    path
    for path in SHARED
    if inspect.isfunction(look("flask", path)) and of_flask(look("flask", path))
]
CALLABLES = [*FUNCTIONS, *(member for path in CLASSES for member in members(path))]


def resolve(top: str, path: str) -> t.Any:
    """Return the function, class or method of a path such as ``app.Flask:route``."""
    name, _, member = path.partition(":")
    owner = look(top, name)
    return inspect.getattr_static(owner, member).__get__(None, owner) if member else owner


def parameters(value: t.Any) -> dict[str, inspect.Parameter]:
    try:
        return dict(inspect.signature(value).parameters)
    except ValueError:
        return {}


def same_default(theirs: object, ours: object) -> bool:
    """Tell whether two defaults mean the same: equal, or each a marker of its own framework."""
    if type(theirs) is object or type(ours) is object:
        return type(theirs) is type(ours)
    if isinstance(theirs, type | types.FunctionType):
        return getattr(ours, "__name__", None) == theirs.__name__
    return theirs == ours


@pytest.mark.parametrize("path", CALLABLES)
def test_signature_takes_what_flask_takes(path):
    """A public callable takes Flask's parameters: same names, order, kinds and defaults.

    It may take more, where those have a default.
    """
    theirs, ours = parameters(resolve("flask", path)), parameters(resolve("bolthead", path))
    everything = {inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL}
    for name, wanted in theirs.items():
        assert name in ours, f"{path} lacks {name!r}: {list(ours)}"
        assert ours[name].kind == wanted.kind, name
        # Without a code a redirect takes the one of a setting, which is Flask's unless set.
        from_setting = path.endswith("redirect") and name == "code" and ours[name].default is None
        assert from_setting or same_default(wanted.default, ours[name].default), (
            name,
            wanted.default,
            ours[name].default,
        )
    positional = [name for name, p in theirs.items() if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert [name for name in ours if name in positional] == positional
    for name in ours.keys() - theirs.keys():
        extra = ours[name]
        assert extra.kind in everything or extra.default is not extra.empty, name


ATTRIBUTES = [
    f"{path}:{name}"
    for path in CLASSES
    for base in look("flask", path).__mro__
    if base.__module__.startswith("flask")
    for name, value in vars(base).items()
    if not name.startswith("_") and not inspect.isroutine(value)
]


@pytest.mark.parametrize("path", dict.fromkeys(ATTRIBUTES))
def test_class_attribute_is_there(path):
    """A public attribute or property of one of Flask's classes is one of Bolthead's."""
    name, _, member = path.partition(":")
    assert inspect.getattr_static(look("bolthead", name), member, None) is not None or (
        inspect.getattr_static(look("flask", name), member) is None
    )


INSTANCES: dict[str, t.Callable[[t.Any], t.Any]] = {
    "Flask": lambda fw: fw.Flask("named_app"),
    "Blueprint": lambda fw: fw.Blueprint("part", "named_app"),
    "Config": lambda fw: fw.Config("."),
    "AppContext": lambda fw: fw.Flask("named_app").app_context(),
    "RequestContext": lambda fw: fw.Flask("named_app").test_request_context(),
    "FlaskClient": lambda fw: fw.Flask("named_app").test_client(),
    "FlaskCliRunner": lambda fw: fw.Flask("named_app").test_cli_runner(),
    "JSONProvider": lambda fw: fw.Flask("named_app").json,
    "session interface": lambda fw: fw.Flask("named_app").session_interface,
    "Environment": lambda fw: fw.Flask("named_app").jinja_env,
}


@pytest.mark.parametrize("make", INSTANCES.values(), ids=INSTANCES)
def test_instance_has_flasks_public_attributes(make):
    """An object of one of Flask's classes has every public attribute that Flask's has."""
    theirs, ours = make(flask), make(bolthead)
    assert sorted({n for n in dir(theirs) if not n.startswith("_")} - set(dir(ours))) == []


def test_default_config_is_flasks():
    """The first settings of ``bolthead.Flask`` are those of Flask, name for name."""
    assert dict(bolthead.Flask.default_config) == dict(flask.Flask.default_config)


def test_signal_names_are_flasks():
    """Signals carry Flask's names, by which tools show them."""
    for name in flask.signals.__dict__:
        signal = getattr(flask.signals, name)
        if type(signal).__name__ == "NamedSignal":
            assert getattr(bolthead.signals, name).name == signal.name


def test_safe_class_differs_by_settings_only():
    """``Bolthead`` is ``Flask`` with another table of settings, and defines nothing else."""
    own = {name for name in vars(bolthead.Bolthead) if not name.startswith("_")}
    assert own <= {"default_config", "defaults"}
    assert issubclass(bolthead.Bolthead, bolthead.Flask)
