"""Attributes that are made when they are first looked at."""

from __future__ import annotations

import re
import typing as t

T = t.TypeVar("T")


class made(t.Generic[T]):  # reads as a decorator, as property does
    """An attribute that is made when it is first looked at, and from then on is a plain one."""

    def __init__(self, make: t.Callable[[t.Any], T]) -> None:
        self.make = make
        self.name = make.__name__
        self.__doc__ = make.__doc__

    @t.overload
    def __get__(self, obj: None, owner: type) -> t.Self: ...

    @t.overload
    def __get__(self, obj: object, owner: type) -> T: ...

    def __get__(self, obj: object | None, owner: type | None = None) -> T | t.Self:
        if obj is None:
            return self
        value = obj.__dict__[self.name] = self.make(obj)
        return value

    if t.TYPE_CHECKING:
        # There is none at run time: assigning makes a plain attribute.
        def __set__(self, obj: object, value: T) -> None: ...


class _Later:
    """An attribute of a class that is looked up, and imported, when it is read."""

    def __init__(self, load: t.Callable[[], t.Any]) -> None:
        self.load = load

    def __get__(self, obj: object | None, owner: type | None = None) -> t.Any:
        return self.load()


def later(load: t.Callable[[], T]) -> T:
    """Return a class attribute that has the value which a function gives when it is read."""
    return t.cast(T, _Later(load))


class Pattern:
    """A regular expression that is compiled when it is first used (``re.compile``).

    PERF: compiling takes 0.1 to 1 ms, which every import would pay; see
    benchmarks/start_and_size.py.
    """

    def __init__(self, text: str, flags: int = 0) -> None:
        self.text = text
        self.flags = flags

    @made
    def compiled(self) -> re.Pattern[str]:
        """The compiled expression."""
        return re.compile(self.text, self.flags)

    @made
    def match(self) -> t.Callable[..., re.Match[str] | None]:
        """Its method of that name."""
        return self.compiled.match

    @made
    def fullmatch(self) -> t.Callable[..., re.Match[str] | None]:
        """Its method of that name."""
        return self.compiled.fullmatch

    @made
    def search(self) -> t.Callable[..., re.Match[str] | None]:
        """Its method of that name."""
        return self.compiled.search

    @made
    def findall(self) -> t.Callable[..., list[t.Any]]:
        """Its method of that name."""
        return self.compiled.findall

    @made
    def sub(self) -> t.Callable[..., str]:
        """Its method of that name."""
        return self.compiled.sub
