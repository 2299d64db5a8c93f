"""What Python 3 itself removed in those years, where extensions of that time stumble over it."""

from __future__ import annotations

import collections.abc
import inspect
import typing as t

from .giving import give_value


class ArgSpec(t.NamedTuple):
    """A function's arguments, as they were told before there were keyword-only ones."""

    args: list[str]
    varargs: str | None
    keywords: str | None
    defaults: tuple[t.Any, ...] | None


def getargspec(func: t.Callable[..., t.Any]) -> ArgSpec:
    """Return a function's arguments; ValueError where it has keyword-only ones."""
    spec = inspect.getfullargspec(func)
    if spec.kwonlyargs:
        raise ValueError("The function has keyword-only arguments: use getfullargspec.")
    return ArgSpec(spec.args, spec.varargs, spec.varkw, spec.defaults)


def install() -> None:
    """Give the names back."""
    if not hasattr(inspect, "getargspec"):
        give_value("inspect.getargspec", getargspec)
    for name in collections.abc.__all__:
        if not hasattr(collections, name):
            value = getattr(collections.abc, name)
            give_value("collections.<name>", value, "collections", name=name)
