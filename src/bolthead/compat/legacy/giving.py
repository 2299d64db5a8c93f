"""How a removed name is given: looked up when somebody asks, with one warning for each."""

from __future__ import annotations

import sys
import typing as t
import warnings
from importlib import import_module
from types import ModuleType

from .table import BY_NAME

Make = t.Callable[[], t.Any]

_told: set[str] = set()
_given: dict[str, dict[str, tuple[str, Make]]] = {}


def tell(row: str, name: str | None = None, instead: str | None = None) -> None:
    """Warn of a removed name, unless that was done before.

    ``row`` is its row of the table; ``name`` and ``instead`` say more exactly what a row for
    several is about.
    """
    removed = BY_NAME[row]
    name = name or removed.name
    if name in _told:
        return
    _told.add(name)
    use = (instead or removed.instead).replace("`", "'")
    warnings.warn(
        f"'{name}' was removed in {removed.gone} and works only by legacy=True. Use {use}.",
        DeprecationWarning,
        stacklevel=_distance(),
    )


def _distance() -> int:
    """Return how far up the stack the code is that used the name: the first not ours."""
    level, frame = 2, sys._getframe(2)
    while frame.f_back is not None and _is_between(frame.f_globals.get("__name__", "")):
        # warnings does not count the frames of the import system.
        level += not frame.f_globals.get("__name__", "").startswith("importlib")
        frame = frame.f_back
    return level


def _is_between(module: str) -> bool:
    return module.startswith(("bolthead.", "importlib")) or module == "bolthead"


def give(row: str, make: Make, *modules: str, name: str | None = None) -> None:
    """Let modules have a removed name: that of the row, by what makes its value.

    The modules are given by Flask's or Werkzeug's name; without any, it is the row's own.
    """
    home, _, last = row.rpartition(".")
    name = name or last
    for module_name in modules or (home,):
        module = import_module(module_name)
        table = _given.get(module.__name__)
        if table is None:
            table = _given[module.__name__] = {}
            _hook(module, table)
        table[name] = (row, make)
        star = vars(module).get("__all__")
        if module_name.startswith("flask") and star and name[0] != "_" and name not in star:
            star.append(name)
        if name in vars(module):
            _shade(module, name, table)


def give_value(row: str, value: t.Any, *modules: str, name: str | None = None) -> None:
    """Let modules have a removed name with a value that is at hand."""
    give(row, lambda: value, *modules, name=name)


def _hook(module: ModuleType, table: dict[str, tuple[str, Make]]) -> None:
    """Look names up in the table where the module has none, then where it looked before."""
    before: t.Callable[[str], t.Any] | None = vars(module).get("__getattr__")

    def look_up(name: str) -> t.Any:
        if name not in table:
            if before is not None:
                return before(name)
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
        row, make = table[name]
        tell(row, row.replace("<name>", name).replace("<Mixin>", name))
        value = make()
        setattr(module, name, value)
        return value

    vars(module)["__getattr__"] = look_up


def _shade(module: ModuleType, name: str, table: dict[str, tuple[str, Make]]) -> None:
    """Give a name that the module has for its own use; the module itself goes on using that."""

    def get(module: t.Any) -> t.Any:
        row, make = table[name]
        tell(row)
        return make()

    def change(module: t.Any, value: t.Any) -> None:
        table[name] = (table[name][0], lambda: value)
        vars(module)[name] = value

    module.__class__ = type("ModuleType", (type(module),), {name: property(get, change)})
