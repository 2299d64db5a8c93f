"""Where a package or module lies on disk, and where its instance folder belongs."""

from __future__ import annotations

import importlib.util
import os
import sys
from importlib.machinery import ModuleSpec


def get_root_path(import_name: str) -> str:
    """Return the folder of a package or module, or the working directory for a bare script.

    Raises RuntimeError for a module that has no file (a namespace package).
    """
    file: str | None = getattr(sys.modules.get(import_name), "__file__", None)
    if file is not None:
        return os.path.dirname(os.path.abspath(file))

    spec = _spec_or_none(import_name)
    if spec is None or spec.loader is None:
        return os.getcwd()
    found: str | None
    if hasattr(spec.loader, "get_filename"):
        found = spec.loader.get_filename(import_name)
    else:
        found = _imported_file(import_name)
    if found is None:
        raise RuntimeError(
            "No root path can be found for the provided module"
            f" {import_name!r}. This can happen because the module came from an import hook that"
            " does not provide file name information or because it's a namespace package. In this"
            " case the root path needs to be explicitly provided."
        )
    return os.path.dirname(os.path.abspath(found))


def _spec_or_none(import_name: str) -> ModuleSpec | None:
    try:
        return importlib.util.find_spec(import_name)
    except (ImportError, ValueError):
        # ValueError: a module made by hand (``__main__``) that carries no spec.
        return None


def _imported_file(import_name: str) -> str | None:
    __import__(import_name)
    return getattr(sys.modules[import_name], "__file__", None)


def find_package(import_name: str) -> tuple[str | None, str]:
    """Return the prefix a package is installed under (None if it is not), and its import folder.

    The instance folder of an installed package goes to ``prefix/var``, that of a checkout beside
    it (Flask docs, "Instance Folders").
    """
    home = _import_folder(import_name)
    if _is_below(home, sys.prefix):
        return sys.prefix, home
    above, name = os.path.split(home)
    if name.lower() != "site-packages":
        return None, home

    prefix = above
    if os.path.basename(above).lower() == "lib":  # Windows: PREFIX/Lib/site-packages
        prefix = os.path.dirname(above)
    elif os.path.basename(os.path.dirname(above)).lower() == "lib":
        prefix = os.path.dirname(os.path.dirname(above))  # POSIX: PREFIX/lib/pythonX.Y/...
    return prefix, home


def _import_folder(import_name: str) -> str:
    """Return the folder that is on the import path for the top package of a dotted name."""
    top = import_name.partition(".")[0]
    spec = _spec_or_none(top)
    if spec is None:
        return os.getcwd()
    portions = spec.submodule_search_locations
    if portions and spec.origin in {None, "namespace"}:
        return os.path.dirname(_namespace_portion(import_name, list(portions)))
    if spec.origin is None:
        return os.getcwd()
    folder = os.path.dirname(os.path.abspath(spec.origin))
    return os.path.dirname(folder) if portions else folder


def _namespace_portion(import_name: str, portions: list[str]) -> str:
    """Return which of a namespace package's folders holds the named module."""
    spec = _spec_or_none(import_name)
    if spec is not None:
        inside = [*(spec.submodule_search_locations or ()), spec.origin or ""]
        for portion in portions:
            if any(_is_below(place, portion) for place in inside if place):
                return portion
    return portions[0]


def _is_below(path: str, folder: str) -> bool:
    """Tell whether a path is a folder's, or below it."""
    path, folder = os.path.normcase(path), os.path.normcase(folder).rstrip(os.sep)
    return path == folder or path.startswith(folder + os.sep)


def get_instance_path(import_name: str, name: str) -> str:
    """Return where the instance folder of an app belongs, from its import and display names."""
    prefix, home = find_package(import_name)
    if prefix is None:
        return os.path.join(home, "instance")
    return os.path.join(prefix, "var", f"{name}-instance")
