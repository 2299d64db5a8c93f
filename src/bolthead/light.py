"""Imports Werkzeug without its development server and its test client, and asyncio when needed.

They are 40 % of the time that ``import flask`` takes, and Werkzeug's package imports both for the
names ``run_simple`` and ``Client``. Here these two are looked up when somebody asks for them.
"""

from __future__ import annotations

import importlib
import sys
import types
import typing as t

# The names of the package that come from a module which is left out, and those modules.
LATER = {"run_simple": "werkzeug.serving", "Client": "werkzeug.test"}
MODULES = {"serving": "werkzeug.serving", "test": "werkzeug.test"}


def import_werkzeug() -> None:
    """Import the package ``werkzeug``, unless somebody has already."""
    if "werkzeug" in sys.modules:
        return
    stand_ins = {}
    for name, module in LATER.items():
        stand_in = stand_ins[module] = types.ModuleType(module)
        setattr(stand_in, name, None)
    try:
        sys.modules.update(stand_ins)
        package = importlib.import_module("werkzeug")
    finally:
        for module, stand_in in stand_ins.items():
            if sys.modules.get(module) is stand_in:
                del sys.modules[module]
    for name in (*LATER, *MODULES):
        vars(package).pop(name, None)
    vars(package)["__getattr__"] = _look_up


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


class _Asyncio:
    """``asyncio``, imported when something of it is first used: a sync app never does."""

    def __getattr__(self, name: str) -> t.Any:
        value = getattr(importlib.import_module("asyncio"), name)
        self.__dict__[name] = value  # found here the next time
        return value


asyncio: t.Any = _Asyncio()

import_werkzeug()
