"""The table of Flask's modules, and the import finder which gives Bolthead's for them."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import typing as t
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import CodeType, ModuleType

from .held import STAR, hold

# The modules that carry the same name here.
SAME_NAMES = (
    "__main__",
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
)

ALIASES: dict[str, str] = {
    "flask": "bolthead",
    **{f"flask.{name}": f"bolthead.{name}" for name in SAME_NAMES},
    "flask.sansio": "bolthead.compat.sansio",
    "flask.sansio.app": "bolthead.compat.sansio.app",
    "flask.sansio.blueprints": "bolthead.compat.sansio.blueprints",
    "flask.sansio.scaffold": "bolthead.compat.sansio.scaffold",
}


class AliasLoader(Loader):
    """Hands out a module of ours, loaded under its own name."""

    def __init__(self, target: str, alias: str | None = None) -> None:
        self.target = target
        self.alias = alias
        self.own_spec: ModuleSpec | None = None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module; importlib then overwrites its ``__spec__``."""
        module = importlib.import_module(self.target)
        self.own_spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Put the module's own ``__spec__`` back, as it ran already.

        Until the import ends it has Flask's name: tools such as New Relic's agent wrap this
        loader, and tell by the module's name what to instrument.
        """
        module.__spec__ = self.own_spec
        if self.alias is not None:
            module.__name__ = self.alias

    def get_code(self, fullname: str) -> CodeType | None:
        """Return the module's code, which ``python -m`` asks for."""
        spec = importlib.util.find_spec(self.target)
        get_code = getattr(spec and spec.loader, "get_code", None)
        return get_code(self.target) if get_code is not None else None


class AliasSpec(ModuleSpec):
    """Gives the module its own name back when importlib has done with it."""

    @property
    def _initializing(self) -> bool:
        return bool(self.__dict__.get("_initializing"))

    @_initializing.setter
    def _initializing(self, value: bool) -> None:
        self.__dict__["_initializing"] = value
        if not value and self.name in ALIASES:
            give_name_back(self.name)


def give_name_back(alias: str) -> None:
    """Let a module of ours have its own name again."""
    target = ALIASES[alias]
    module = sys.modules.get(target)
    if module is not None:
        module.__name__ = target


class AliasFinder(MetaPathFinder):
    """Answers for ``flask`` and all below it, before the finder that looks on disk."""

    def find_spec(
        self,
        fullname: str,
        path: t.Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Return the alias's spec; what Flask does not have is not found, whatever we have."""
        if fullname != "flask" and not fullname.startswith("flask."):
            return None
        if fullname not in ALIASES:
            # Later finders would load a second copy of our module by this name.
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        return find_alias(fullname)


def find_alias(name: str) -> ModuleSpec:
    """Return the spec to import one of Flask's modules by; KeyError if Flask has none such."""
    module = importlib.import_module(ALIASES[name])
    spec = AliasSpec(name, AliasLoader(ALIASES[name], name), origin=module.__file__)
    if hasattr(module, "__path__"):
        spec.submodule_search_locations = list(module.__path__)
    return spec


class PresentLoader(Loader):
    """Hands out a module that was imported while its import was being prepared."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module
        self.own_spec = module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module; importlib then overwrites its ``__spec__``."""
        return self.module

    def exec_module(self, module: ModuleType) -> None:
        """Put the module's own ``__spec__`` back, as it ran already."""
        module.__spec__ = self.own_spec


def find_present(name: str) -> ModuleSpec | None:
    """Return the spec to import a module by that is there already; None if it is not.

    The name is taken out of ``sys.modules`` until then: importlib would run the module again.
    """
    module = sys.modules.pop(name, None)
    if module is None:
        return None
    spec = ModuleSpec(name, PresentLoader(module), origin=module.__file__)
    if hasattr(module, "__path__"):
        spec.submodule_search_locations = list(module.__path__)
    return spec


def install_as_flask(*, legacy: bool = False) -> None:
    """Make ``flask`` and its modules be Bolthead's, for every import from now on.

    Call it before anything imports Flask, else a RuntimeError says who did. Once is enough, and
    again does no harm. Flask need not be installed. With ``legacy`` the names work, too, that
    Flask and Werkzeug have removed; the first use of each warns (DeprecationWarning).
    """
    bolthead = importlib.import_module("bolthead")
    present = sys.modules.get("flask")
    if present is not None and present is not bolthead:
        raise RuntimeError(_came_too_late(present))

    if not any(isinstance(finder, AliasFinder) for finder in sys.meta_path):
        sys.meta_path.insert(_before_the_disk(), AliasFinder())

    # All at once: a module that is loaded later, within a test which then cleans sys.modules,
    # would be loaded twice. By imports, so that the import hooks of tracing tools are called.
    sys.modules["flask"] = bolthead
    for name, target in ALIASES.items():
        module = importlib.import_module(target)
        parent, _, child = name.rpartition(".")
        if parent and not hasattr(sys.modules[parent], child):
            setattr(sys.modules[parent], child, module)
        # ``python -m flask`` warns about one that is there before it ran.
        if child != "__main__":
            importlib.import_module(name)
    if present is None:
        del sys.modules["flask"]
        importlib.import_module("flask")
    if bolthead.__all__ is not STAR:
        hold()

    # In an environment that was adopted with --legacy, the 'bolthead' commands do so, too.
    if legacy or getattr(sys.modules.get("_bolthead_adopt"), "LEGACY", False):
        importlib.import_module("bolthead.compat.legacy").install()


def _before_the_disk() -> int:
    """Return a finder's place: after the finders of import hooks, which ask the others."""
    return sys.meta_path.index(PathFinder) if PathFinder in sys.meta_path else 0


def _came_too_late(flask: ModuleType) -> str:
    offered = {id(flask)} | {
        # Not what any module has: "t", "__name__", "annotations".
        id(value)
        for name, value in vars(flask).items()
        if not name.startswith("_")
        and not isinstance(value, ModuleType)
        and type(value).__module__ != "__future__"
    }
    users = [
        name
        for name, module in sys.modules.copy().items()
        if name.partition(".")[0] not in ("flask", "bolthead")
        and not offered.isdisjoint(map(id, list(getattr(module, "__dict__", {}).values())))
    ]
    by = f" It was imported by {', '.join(map(repr, users[:3]))}." if users else ""
    return (
        f"Bolthead cannot take Flask's place: Flask was imported already, from {flask.__file__}."
        f"{by} Call bolthead.install_as_flask() before anything else is imported, start the app"
        " by a 'bolthead' command, or run 'bolthead adopt' once for the whole virtual environment."
    )
