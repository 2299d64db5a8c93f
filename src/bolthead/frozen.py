"""Classes whose instances are set once, as ``dataclass(frozen=True, slots=True)`` makes them.

PERF: making such a dataclass takes a millisecond of every import, this 0.05; see
benchmarks/start_and_size.py.
"""

from __future__ import annotations

import typing as t

F = t.TypeVar("F", bound="Frozen")

_MISSING: t.Any = object()


@t.dataclass_transform(frozen_default=True)
class _FrozenType(type):
    """Makes a slot of each annotated name, with the value given there as its default."""

    def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, t.Any]) -> t.Any:
        names = tuple(body.get("__annotations__", ()))
        defaults = {name: body.pop(name, _MISSING) for name in names}
        made: t.Any = super().__new__(cls, name, bases, {**body, "__slots__": names})
        made._defaults = defaults
        return made


class Frozen(metaclass=_FrozenType):
    """An object of named values, all given when it is made, in order or by keyword.

    TypeError for a name that is missing or unknown; AttributeError for one that is set later.
    """

    # Of the class, not of its instances, which have slots for the annotated names only.
    if t.TYPE_CHECKING:
        _defaults: t.ClassVar[dict[str, t.Any]]

    def __init__(self, *given: t.Any, **values: t.Any) -> None:
        values |= zip(self._defaults, given, strict=False)
        for name, default in self._defaults.items():
            value = values.pop(name, default)
            if value is _MISSING:
                raise TypeError(f"{type(self).__name__} needs a value for {name!r}")
            object.__setattr__(self, name, value)
        if values:
            raise TypeError(f"{type(self).__name__} has no {', '.join(map(repr, values))}")

    def __setattr__(self, name: str, value: t.Any) -> None:
        raise AttributeError(
            f"{name!r} of a {type(self).__name__} cannot be set: it is made once,"
            " and replace() makes another with other values"
        )

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{name!r} of a {type(self).__name__} cannot be deleted")

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._defaults)
        return f"{type(self).__name__}({values})"


def replace(frozen: F, **changes: t.Any) -> F:
    """Return an object like another, with some values changed; TypeError for an unknown name."""
    values = {name: getattr(frozen, name) for name in frozen._defaults}
    return type(frozen)(**{**values, **changes})
