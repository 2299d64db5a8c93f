"""Which of the app's methods somebody replaced: in a subclass, on an instance, by a patch."""

from __future__ import annotations

import functools
import typing as t

from .ctx import AppContext, RequestContext

F = t.TypeVar("F", bound=t.Callable[..., t.Any])

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
