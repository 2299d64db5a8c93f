"""``request.authorization`` as it was: a dictionary, and the header's text where it is no such.

Both are what today's is, too, so that code of either time reads them.
"""

from __future__ import annotations

import typing as t

from werkzeug.datastructures import Authorization
from werkzeug.utils import cached_property

from ...wrappers import Request


class DictAuthorization(dict[str, t.Any], Authorization):  # type: ignore[misc]  # both have get
    """What the Authorization header holds, for schemes that have names and values."""

    def __init__(self, found: Authorization) -> None:
        Authorization.__init__(self, found.type, found.parameters, found.token)
        dict.__init__(self, found.parameters)

    __getattr__ = Authorization.__getattr__
    __str__ = Authorization.__str__


class TextAuthorization(str, Authorization):
    """The Authorization header's text, for the other schemes."""

    def __new__(cls, found: Authorization) -> t.Self:
        """Make it of the header's text."""
        return str.__new__(cls, found.to_header())

    def __init__(self, found: Authorization) -> None:
        Authorization.__init__(self, found.type, found.parameters, found.token)

    def __getitem__(self, key: t.Any) -> t.Any:
        is_name = isinstance(key, str)
        return self.parameters.get(key) if is_name else str.__getitem__(self, key)


def _as_of_old(found: Authorization | None) -> t.Any:
    if found is None:
        return None
    if found.type in {"basic", "digest"}:
        return DictAuthorization(found)
    return TextAuthorization(found)


def install() -> None:
    """Let requests give their authorization so."""
    own = t.cast(t.Any, vars(Request)["authorization"])
    request: t.Any = Request

    def authorization(self: t.Any) -> t.Any:
        return _as_of_old(own.__get__(self, type(self)))

    request.authorization = cached_property(authorization, name="authorization")
