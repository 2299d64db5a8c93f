"""Whole modules that are gone: ``flask.scaffold``, ``flask._compat`` and parts of Werkzeug."""

from __future__ import annotations

import sys
import typing as t
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from ..flask import AliasLoader
from .giving import tell

# The module, what answers to its name now, and the row of the table.
MODULES = {
    "flask.scaffold": ("bolthead.scaffold", "flask.scaffold"),
    "flask._compat": (f"{__package__}.python2", "flask._compat"),
    "werkzeug._compat": (f"{__package__}.python2", "werkzeug._compat"),
    "werkzeug.filesystem": (f"{__package__}.filesystem", "werkzeug.filesystem"),
    "werkzeug.posixemulation": (f"{__package__}.filesystem", "werkzeug.posixemulation"),
    "werkzeug.useragents": ("werkzeug.user_agent", "werkzeug.useragents"),
    **{
        f"werkzeug.wrappers.{name}": ("werkzeug.wrappers", "werkzeug.wrappers.<module>")
        for name in (
            "accept",
            "auth",
            "base_request",
            "base_response",
            "common_descriptors",
            "cors",
            "etag",
            "json",
            "user_agent",
        )
    },
}


class LegacyFinder(MetaPathFinder):
    """Answers for the removed modules, before the finder that knows only today's."""

    def find_spec(
        self,
        fullname: str,
        path: t.Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Return the spec of what answers to a removed module's name now."""
        if fullname not in MODULES:
            return None
        module, row = MODULES[fullname]
        tell(row, fullname)
        found = import_module(module)
        return ModuleSpec(fullname, AliasLoader(module), origin=found.__file__)


def install() -> None:
    """Have the finder asked first."""
    sys.meta_path.insert(0, LegacyFinder())
