"""Find the app which ``--app`` names: import its module, then look for an instance or a factory."""

from __future__ import annotations

import ast
import inspect
import os
import re
import sys
import traceback
import typing as t
from types import ModuleType

import click

from ..app import Flask
from .removed_names import note_removed_name

INSTANCE_NAMES = ("app", "application")
FACTORY_NAMES = ("create_app", "make_app")
FALLBACK_FILES = ("wsgi.py", "app.py")


class NoAppException(click.UsageError):
    """No app could be found or loaded; a command which needs none still runs."""


def find_best_app(module: t.Any) -> Flask:
    """Return the one app of a module: an instance by its usual name, the only one, a factory's.

    Raises NoAppException when there is none, or several among which to choose.
    """
    for name in INSTANCE_NAMES:
        candidate = getattr(module, name, None)
        if isinstance(candidate, Flask):
            return candidate

    # By identity: one app may have two names.
    instances = {id(value): value for value in vars(module).values() if isinstance(value, Flask)}
    if len(instances) == 1:
        return instances.popitem()[1]
    if instances:
        raise NoAppException(
            f"Detected multiple Flask applications in module '{module.__name__}'."
            f" Use '{module.__name__}:name' to specify the correct one."
        )

    other = ""
    for name in FACTORY_NAMES:
        factory = getattr(module, name, None)
        if not inspect.isfunction(factory):
            continue
        if not _accepts(factory, (), {}):
            raise NoAppException(
                f"Detected factory '{name}' in module '{module.__name__}', but could not call it"
                f" without arguments. Use '{module.__name__}:{name}(args)' to specify arguments."
            )
        made = factory()
        if isinstance(made, Flask):
            return made
        other += _other_than_app(name, made)

    raise NoAppException(
        f"Failed to find Flask application or factory in module '{module.__name__}'."
        f" Use '{module.__name__}:name' to specify one.{other}"
    )


def _other_than_app(source: str, found: t.Any) -> str:
    """Return a sentence about what a name or a call gave in place of an app."""
    if found is None:
        return f" {source!r} gave None. Does it end without a 'return'?"
    return f" {source!r} gave an object of type {type(found).__name__!r}."


def _names_of_apps(module: t.Any) -> str:
    """Return a sentence that names the apps and the usual factories of a module, if any."""
    names = [
        name
        for name, value in vars(module).items()
        if isinstance(value, Flask) or (name in FACTORY_NAMES and inspect.isfunction(value))
    ]
    return f" The module has {' and '.join(map(repr, names))}." if names else ""


def find_app_by_string(module: t.Any, app_name: str) -> Flask:
    """Return the app that a name or a call such as ``create_app("dev", cache=None)`` stands for.

    The arguments of a call are literals; nothing is evaluated. Raises NoAppException.
    """
    name, args, kwargs = _parse_reference(app_name)
    try:
        found = getattr(module, name)
    except AttributeError as error:
        raise NoAppException(
            f"Failed to find attribute {name!r} in {module.__name__!r}.{_names_of_apps(module)}"
        ) from error

    if inspect.isfunction(found):
        if not _accepts(found, args, kwargs):
            raise NoAppException(
                f"The factory {app_name!r} in module {module.__name__!r} could not be called with"
                " the specified arguments."
            )
        found = found(*args, **kwargs)

    if isinstance(found, Flask):
        return found
    raise NoAppException(
        f"A valid Flask application was not obtained from '{module.__name__}:{app_name}'."
        + _other_than_app(app_name, found)
    )


def _parse_reference(text: str) -> tuple[str, list[t.Any], dict[str, t.Any]]:
    """Split ``name`` or ``name(literal, key=literal)`` into the name and its arguments."""
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except SyntaxError:
        node = None

    if isinstance(node, ast.Name):
        return node.id, [], {}
    if not isinstance(node, ast.Call):
        raise NoAppException(f"Failed to parse {text!r} as an attribute name or function call.")
    if not isinstance(node.func, ast.Name):
        raise NoAppException(f"Function reference must be a simple name: {text!r}.")

    try:
        args = [ast.literal_eval(argument) for argument in node.args]
        kwargs: dict[str, t.Any] = {}
        for keyword in node.keywords:
            value = ast.literal_eval(keyword.value)
            kwargs |= value if keyword.arg is None else {keyword.arg: value}
    except (ValueError, TypeError):
        raise NoAppException(f"Failed to parse arguments as literal values: {text!r}.") from None
    return node.func.id, args, kwargs


def _accepts(function: t.Any, args: t.Sequence[t.Any], kwargs: dict[str, t.Any]) -> bool:
    # Asked before the call, so that a TypeError inside the factory is not taken for its refusal.
    try:
        inspect.signature(function).bind(*args, **kwargs)
    except TypeError:
        return False
    return True


def prepare_import(path: str | os.PathLike[str]) -> str:
    """Return the dotted name of a module or package at a path, and make it importable.

    The folder that holds the topmost package becomes the first of ``sys.path``.
    """
    location = os.path.realpath(path)
    location = location.removesuffix(".py")
    if os.path.basename(location) == "__init__":
        location = os.path.dirname(location)

    folder, name = os.path.split(location)
    names = [name]
    while os.path.isfile(os.path.join(folder, "__init__.py")):
        folder, name = os.path.split(folder)
        names.insert(0, name)

    if sys.path[:1] != [folder]:
        sys.path.insert(0, folder)
    return ".".join(names)


@t.overload
def locate_app(module_name: str, app_name: str | None) -> Flask: ...


@t.overload
def locate_app(
    module_name: str, app_name: str | None, raise_if_not_found: bool
) -> Flask | None: ...


def locate_app(
    module_name: str, app_name: str | None, raise_if_not_found: bool = True
) -> Flask | None:
    """Import a module and return the app in it; without a name, the best one.

    A module that does not exist raises NoAppException, or gives None if so asked. An ImportError
    from within the module is reported with its traceback in either case.
    """
    try:
        __import__(module_name)
    except ImportError as error:
        if not _is_missing(module_name, error):
            note_removed_name(error)
            if isinstance(error, ModuleNotFoundError) and "." not in (error.name or "."):
                error.add_note(
                    f"This Python has no {error.name!r}: {sys.executable}. Is it the one of the"
                    " app's virtual environment?"
                )
            raise NoAppException(
                f"While importing {module_name!r}, an ImportError was raised:\n\n"
                + "".join(_traceback_from_module(error))
            ) from None
        if raise_if_not_found:
            raise NoAppException(
                f"Could not import {module_name!r}. There is no such module in {sys.path[0]!r}, nor"
                " is one installed. '--app' takes a module or a file: 'shop', 'src/shop.py'."
            ) from None
        return None

    module: ModuleType = sys.modules[module_name]
    if app_name is None:
        return find_best_app(module)
    return find_app_by_string(module, app_name)


def _is_missing(module_name: str, error: ImportError) -> bool:
    """Tell whether the module itself, or a package above it, was not there."""
    if not isinstance(error, ModuleNotFoundError) or not error.name:
        return False
    return f"{module_name}.".startswith(f"{error.name}.")


def _traceback_from_module(error: ImportError) -> list[str]:
    # The first frame is locate_app's; what interests is the app's own.
    own = error.__traceback__
    return traceback.format_exception(type(error), error, own and own.tb_next)


def load_from_path(path: str) -> Flask:
    """Load what ``--app`` names: a module or file, then perhaps ``:name`` or ``:factory(args)``."""
    # Not the colon of a Windows drive, which a slash follows.
    location, *name = re.split(r":(?![\\/])", path, maxsplit=1)
    module_name = prepare_import(location)
    try:
        return locate_app(module_name, name[0] if name else None)
    except NoAppException:
        _refuse_taken_name(location, module_name)
        _refuse_folder(location)
        raise


def _refuse_taken_name(location: str, module_name: str) -> None:
    """Say so where a file was not looked at, as its name is another module's: 'flask.py'."""
    file = os.path.realpath(f"{location.removesuffix('.py')}.py")
    imported = getattr(sys.modules.get(module_name), "__file__", None)
    if imported is not None and os.path.isfile(file) and os.path.realpath(imported) != file:
        raise NoAppException(
            f"{file} was not loaded: {module_name!r} is the name of the module {imported}. Rename"
            " the file, for instance to 'app.py'."
        ) from None


def _refuse_folder(location: str) -> None:
    """Say so where '--app' names a folder in place of a file in it."""
    if os.path.isdir(location) and not os.path.isfile(os.path.join(location, "__init__.py")):
        found = [name for name in FALLBACK_FILES if os.path.isfile(os.path.join(location, name))]
        file = os.path.normpath(os.path.join(location, found[0] if found else "app.py"))
        raise NoAppException(
            f"{os.path.realpath(location)} is a folder, and no package: it has no '__init__.py'."
            f" Name a file in it, such as '--app {file}'."
        ) from None


def load_fallback() -> Flask | None:
    """Load the app of ``wsgi.py`` or ``app.py`` in the working directory, None without such."""
    for file in FALLBACK_FILES:
        app = locate_app(prepare_import(file), None, raise_if_not_found=False)
        if app is not None:
            return app
    return None
