"""The set-up of an app as data: containers that count their changes, so that plans stay true.

Extensions edit these containers directly (``app.before_request_funcs[None].append(f)``). Each
change, whichever way it is made, raises one number; plans compiled at another number are stale.
"""

from __future__ import annotations

import collections
import copy
import threading
import typing as t
import weakref
from abc import ABCMeta

K = t.TypeVar("K")
V = t.TypeVar("V")
C = t.TypeVar("C", bound=type)


class Changes:
    """How often a set-up was changed, and what was compiled of it since the last change."""

    __slots__ = ("__weakref__", "compiled", "count")

    def __init__(self) -> None:
        self.count = 0
        self.compiled: t.Any = None

    def __reduce__(self) -> tuple[type, tuple[()]]:
        # A copy of a set-up begins its own count.
        return Changes, ()

    def note(self) -> None:
        """Note a change: what was compiled is no longer true."""
        with _noting:
            self.count += 1
            self.compiled = None

    def keep(self, compiled: t.Any, count: int) -> None:
        """Keep what was compiled of the set-up as it was at a count, unless it changed since."""
        with _noting:
            if self.count == count:
                self.compiled = compiled
                _kept.add(self)


# Changes come from set-up code of any thread; a plan compiled meanwhile must not outlive them.
_noting = threading.RLock()

# Every set-up of which something is kept.
_kept: weakref.WeakSet[Changes] = weakref.WeakSet()


def note_for_all() -> None:
    """Note a change of what all apps share: a class was patched, a signal got a receiver."""
    with _noting:
        for changes in tuple(_kept):
            changes.note()


class Watched(ABCMeta):
    """A class of classes that notes when one of their attributes is set or deleted.

    Tracing tools patch the class, not the app. It is an ABCMeta, so that a subclass may derive
    from abstract classes, too.
    """

    def __setattr__(cls, name: str, value: t.Any) -> None:
        super().__setattr__(name, value)
        # ABCMeta keeps its own books in attributes of this kind.
        if not name.startswith(("_abc_", "__abstractmethods__")):
            note_for_all()

    def __delattr__(cls, name: str) -> None:
        super().__delattr__(name)
        note_for_all()


def counting(*names: str) -> t.Callable[[C], C]:
    """Return a class decorator that makes the named methods note a change in ``self.changes``."""

    def decorate(cls: C) -> C:
        for name in names:
            setattr(cls, name, _counted(name, getattr(cls, name)))
        return cls

    return decorate


def _counted(name: str, method: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
    def change(self: t.Any, *args: t.Any, **kwargs: t.Any) -> t.Any:
        # Before and after: what another thread compiles meanwhile is stale, too.
        self.changes.note()
        try:
            return method(self, *args, **kwargs)
        finally:
            self.changes.note()

    change.__name__ = name
    change.__doc__ = method.__doc__
    return change


DICT_CHANGES = (
    "__setitem__",
    "__delitem__",
    "__ior__",
    "clear",
    "pop",
    "popitem",
    "setdefault",
    "update",
)


@counting(
    "__setitem__",
    "__delitem__",
    "__iadd__",
    "__imul__",
    "append",
    "clear",
    "extend",
    "insert",
    "pop",
    "remove",
    "reverse",
    "sort",
)
class CountedList(list[V]):
    """A list whose changes are counted."""

    # Of a copy that was made without ``__init__``; nothing is compiled of it.
    changes = Changes()

    def __init__(self, changes: Changes, values: t.Iterable[V] = ()) -> None:
        super().__init__(values)
        self.changes = changes


@counting(*DICT_CHANGES)
class CountedDict(dict[K, V]):
    """A dictionary whose changes are counted."""

    changes = Changes()

    def __init__(self, changes: Changes, values: t.Mapping[K, V] | None = None) -> None:
        super().__init__(values or {})
        self.changes = changes


@counting(*DICT_CHANGES)
class Scoped(collections.defaultdict[K, V]):
    """Tables filed under a blueprint's name, or under None for the whole app; made when missing.

    A plain list or dictionary that is put in is taken over as a counted one.
    """

    changes = Changes()

    def __init__(
        self,
        changes: Changes,
        make: t.Callable[[Changes, t.Any], V],
        values: t.Mapping[K, t.Any] | None = None,
    ) -> None:
        super().__init__(lambda: make(changes, ()))
        self.changes = changes
        self.make = make
        for key, value in (values or {}).items():
            self[key] = value

    def __setitem__(self, key: K, value: t.Any) -> None:
        if getattr(value, "changes", None) is not self.changes:
            value = self.make(self.changes, value)
        super().__setitem__(key, value)

    def setdefault(self, key: K, default: t.Any = None) -> V:
        """Return the table of the key; file the given one first where there is none."""
        if key not in self:
            self[key] = () if default is None else default
        return self[key]

    def copy(self) -> t.Self:
        """Return another table of the same ones."""
        return type(self)(self.changes, self.make, self)

    __copy__ = copy

    def __deepcopy__(self, memo: dict[int, t.Any]) -> t.Self:
        tables = {key: copy.deepcopy(table, memo) for key, table in self.items()}
        return type(self)(Changes(), self.make, tables)

    def update(self, *args: t.Any, **kwargs: t.Any) -> None:
        """File each table given."""
        for key, value in dict(*args, **kwargs).items():
            self[key] = value

    def __ior__(self, other: t.Any) -> t.Self:  # type: ignore[override,misc]  # takes any mapping
        self.update(other)
        return self


def lists(changes: Changes, values: t.Any = None) -> Scoped[str | None, CountedList[t.Any]]:
    """Make a table of lists of functions by scope."""
    return Scoped(changes, CountedList, values)


def _handlers_by_class(changes: Changes, values: t.Any) -> CountedDict[t.Any, t.Any]:
    return CountedDict(changes, dict(values))


def _handlers_by_code(changes: Changes, values: t.Any) -> Scoped[t.Any, t.Any]:
    return Scoped(changes, _handlers_by_class, dict(values))


def handlers(changes: Changes, values: t.Any = None) -> Scoped[str | None, Scoped[t.Any, t.Any]]:
    """Make a table of error handlers: by scope, then status code or None, then class."""
    return Scoped(changes, _handlers_by_code, values)


def functions(changes: Changes, values: t.Any = None) -> CountedDict[str, t.Any]:
    """Make a table of functions by name."""
    return CountedDict(changes, values)


# The registries of an app, each with what makes it (and takes over one assigned whole).
REGISTRIES: dict[str, t.Callable[[Changes, t.Any], t.Any]] = {
    "view_functions": functions,
    "error_handler_spec": handlers,
    "before_request_funcs": lists,
    "after_request_funcs": lists,
    "teardown_request_funcs": lists,
    "template_context_processors": lists,
    "url_value_preprocessors": lists,
    "url_default_functions": lists,
    "websocket_functions": functions,
    "before_websocket_funcs": lists,
    "after_websocket_funcs": lists,
    "teardown_websocket_funcs": lists,
}
