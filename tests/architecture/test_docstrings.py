"""Everything public says what it is for."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from pathlib import Path

import pytest

import bolthead

SOURCE = Path(bolthead.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
# Importing these runs a command or changes how imports work.
NOT_IMPORTED = {"bolthead.__main__", "bolthead.compat.adopted"}
MODULES = sorted(
    {info.name for info in pkgutil.walk_packages([str(SOURCE)], "bolthead.")} - NOT_IMPORTED
    | {"bolthead"}
)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SOURCE)))
def test_first_line_says_what_the_file_is_for(file):
    """A source file begins with a docstring whose first line is one whole sentence or phrase."""
    text = file.read_text()
    assert text.startswith('"""')
    first = text.splitlines()[0].strip('"').strip()
    assert len(first) > 15
    assert ast.get_docstring(ast.parse(text))
    # The sentence may end in the same line, or go on in the next where it is broken for length.
    assert first[-1] in ".:" or not text.splitlines()[1].strip().startswith('"""')


def public_names():
    """Yield the path and the words of each public name that Bolthead's modules define."""
    for module_name in MODULES:
        module = importlib.import_module(module_name)
        for name, value in vars(module).items():
            if name.startswith("_") or getattr(value, "__module__", None) != module_name:
                continue
            if inspect.isfunction(value):
                yield f"{module_name}.{name}", value.__doc__
            elif inspect.isclass(value):
                yield f"{module_name}.{name}", value.__doc__
                yield from members(value)


def members(cls):
    """Yield the path and words of a class's public methods and properties.

    A method may have the words of the one it replaces, and one of a protocol needs none: it only
    names what is asked of others.
    """
    if getattr(cls, "_is_protocol", False):
        return
    for name, value in vars(cls).items():
        function = getattr(value, "__func__", value)
        if name.startswith("_") or not (inspect.isfunction(function) or _computed(value)):
            continue
        words = (getattr(vars(base).get(name), "__doc__", None) for base in cls.__mro__)
        yield f"{cls.__module__}.{cls.__name__}.{name}", next(filter(None, words), None)


def _computed(value: object) -> bool:
    return isinstance(value, property) or type(value).__name__ == "made"


FOUND = dict(public_names())


@pytest.mark.parametrize("words", FOUND.values(), ids=FOUND)
def test_public_name_has_a_docstring(words):
    """A public class, function, method or property says in words what it does."""
    assert (words or "").strip()


def test_the_names_are_found():
    """The search finds the names it is about: an empty table would hold for any source."""
    assert {"bolthead.app.Flask", "bolthead.app.Flask.url_for", "bolthead.helpers.flash"} <= set(
        FOUND
    )
