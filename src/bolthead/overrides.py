"""Which of the app's methods somebody replaced: in a subclass, on an instance, by a patch."""

from __future__ import annotations

import functools
import typing as t
from abc import ABCMeta

from .ctx import AppContext, RequestContext
from .registry import Changes

F = t.TypeVar("F", bound=t.Callable[..., t.Any])

# Raised when an attribute of any app class is set: tracing tools patch the class, not the app.
CLASS_CHANGES = Changes()


class Watched(ABCMeta):
    """The class of app classes: counts when one of their attributes is set or deleted.

    An ABCMeta, so that an app class may also derive from abstract classes.
    """

    def __setattr__(cls, name: str, value: t.Any) -> None:
        super().__setattr__(name, value)
        # ABCMeta keeps its own books in attributes of this kind.
        if not name.startswith(("_abc_", "__")):
            CLASS_CHANGES.count += 1

    def __delattr__(cls, name: str) -> None:
        super().__delattr__(name)
        CLASS_CHANGES.count += 1


def replaced(app: object, name: str, own: t.Any) -> bool:
    """Tell whether a method of an app is another one than Bolthead's own."""
    return name in app.__dict__ or getattr(type(app), name) is not own


def either_signature(method: F) -> F:
    """Let a method be called as in Flask 3.1, or as in 3.2 with the context first."""

    @functools.wraps(method)
    def call(self: t.Any, *args: t.Any, **kwargs: t.Any) -> t.Any:
        if args and isinstance(args[0], RequestContext | AppContext):
            args = args[1:]
        kwargs.pop("ctx", None)
        return method(self, *args, **kwargs)

    return t.cast(F, call)
