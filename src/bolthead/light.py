"""Imports Werkzeug without its development server and its test client, and asyncio when needed.

They are 40 % of the time that ``import flask`` takes, and Werkzeug's package imports both for the
names ``run_simple`` and ``Client``. Here these two are looked up when somebody asks for them.
"""

from __future__ import annotations

import importlib
import sys
import types
import typing as t

from .made import later

# The names of the package that come from a module which is left out, and those modules.
LATER = {"run_simple": "werkzeug.serving", "Client": "werkzeug.test"}
MODULES = {"serving": "werkzeug.serving", "test": "werkzeug.test"}

# The form parsers are a tenth of that time. A request finds them in its class when it has a form.
FORMS = "werkzeug.formparser"

# What Werkzeug, or what it needs of the standard library, uses for rare things only: UUIDs in URLs,
# suggestions after a BuildError, hosts in brackets, dates in time zones.
RARE = ("calendar", "difflib", "ipaddress", "uuid")


def import_werkzeug() -> None:
    """Import the package ``werkzeug``, its request and its routing, unless somebody has already."""
    if "werkzeug" in sys.modules:
        return
    stand_ins: dict[str, t.Any] = {name: _Lazy(name) for name in RARE if name not in sys.modules}
    for name, module in LATER.items():
        stand_ins[module] = types.ModuleType(module)
        setattr(stand_ins[module], name, None)
    forms: t.Any = types.ModuleType(FORMS)
    stand_ins[FORMS] = forms
    forms.FormDataParser = None
    forms.default_stream_factory = _default_stream_factory
    try:
        sys.modules.update(stand_ins)
        package = importlib.import_module("werkzeug")
        importlib.import_module("werkzeug.routing")
    finally:
        for module, stand_in in stand_ins.items():
            if sys.modules.get(module) is stand_in:
                del sys.modules[module]
    for name in (*LATER, *MODULES):
        vars(package).pop(name, None)
    vars(package)["__getattr__"] = _look_up
    _give_forms_back(importlib.import_module("werkzeug.wrappers.request"))


def _give_forms_back(request: t.Any) -> None:
    """Let the module of requests find the form parsers when it needs them."""
    del request.FormDataParser
    request.__getattr__ = lambda name: _form_name(request, name)
    request.Request.form_data_parser_class = later(_form_data_parser)


def _form_data_parser() -> t.Any:
    return importlib.import_module(FORMS).FormDataParser


def _default_stream_factory(*args: t.Any, **kwargs: t.Any) -> t.Any:
    return importlib.import_module(FORMS).default_stream_factory(*args, **kwargs)


def _form_name(module: types.ModuleType, name: str) -> t.Any:
    if name == "FormDataParser":
        return _form_data_parser()
    raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")


def _look_up(name: str) -> t.Any:
    """Return what Werkzeug's package has under a name, from the module that was left out."""
    package = sys.modules["werkzeug"]
    if name in MODULES:
        return importlib.import_module(MODULES[name])
    if name not in LATER:
        raise AttributeError(f"module 'werkzeug' has no attribute {name!r}")
    value = getattr(importlib.import_module(LATER[name]), name)
    setattr(package, name, value)
    return value


class _Lazy(types.ModuleType):
    """A module that is imported when something of it is first used."""

    def __getattr__(self, name: str) -> t.Any:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        value = getattr(importlib.import_module(self.__name__), name)
        self.__dict__[name] = value  # found here the next time
        return value


def lazy(name: str) -> t.Any:
    """Return a module that is imported when something of it is first used."""
    return _Lazy(name)


# A sync app never uses these.
asyncio: t.Any = _Lazy("asyncio")
futures: t.Any = _Lazy("concurrent.futures")

# An app without sessions never uses these.
hashlib: t.Any = _Lazy("hashlib")
itsdangerous: t.Any = _Lazy("itsdangerous")
secrets: t.Any = _Lazy("secrets")
signing: t.Any = _Lazy(f"{__package__}.signing")


def lazy_sha1(string: bytes = b"") -> t.Any:
    """Return a SHA-1 hash; named only when used, as some builds of Python lack it."""
    return hashlib.sha1(string)  # an HMAC's digest, and Flask's format


import_werkzeug()
