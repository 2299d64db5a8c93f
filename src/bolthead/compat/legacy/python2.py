"""``flask._compat`` and ``werkzeug._compat``: what differed between Python 2 and 3."""

from __future__ import annotations

import builtins as builtins
import collections.abc as collections_abc
import typing as t
from io import BytesIO as BytesIO
from io import StringIO as StringIO
from os import fspath as fspath

__all__ = [
    "PY2",
    "WIN",
    "BytesIO",
    "NativeStringIO",
    "StringIO",
    "collections_abc",
    "fspath",
    "ifilter",
    "imap",
    "implements_iterator",
    "implements_to_string",
    "integer_types",
    "iteritems",
    "iterkeys",
    "itervalues",
    "izip",
    "json_available",
    "range_type",
    "reraise",
    "string_types",
    "text_type",
    "to_bytes",
    "to_native",
    "to_unicode",
    "unichr",
    "with_metaclass",
]

C = t.TypeVar("C")

PY2 = WIN = False
json_available = True
text_type, unichr, range_type = str, chr, range
string_types, integer_types = (str,), (int,)
imap, ifilter, izip = map, filter, zip
NativeStringIO = StringIO


def _same(value: C) -> C:
    """Return the class as it is: in Python 3 it has what the decorator gave."""
    return value


implements_to_string = implements_iterator = implements_bool = _same


def iterkeys(mapping: t.Any, *args: t.Any, **kwargs: t.Any) -> t.Iterator[t.Any]:
    """Iterate over a mapping's keys."""
    return iter(mapping.keys(*args, **kwargs))


def itervalues(mapping: t.Any, *args: t.Any, **kwargs: t.Any) -> t.Iterator[t.Any]:
    """Iterate over a mapping's values."""
    return iter(mapping.values(*args, **kwargs))


def iteritems(mapping: t.Any, *args: t.Any, **kwargs: t.Any) -> t.Iterator[t.Any]:
    """Iterate over a mapping's pairs."""
    return iter(mapping.items(*args, **kwargs))


def reraise(kind: t.Any, value: BaseException, traceback: t.Any = None) -> t.NoReturn:
    """Raise an exception with a traceback of its own."""
    raise value.with_traceback(traceback or value.__traceback__)


def with_metaclass(metaclass: t.Any, *bases: type) -> t.Any:
    """Return a class to derive from that has bases and a metaclass."""
    return metaclass("Based", bases, {})


def to_bytes(value: t.Any, charset: str = "utf-8", errors: str = "strict") -> bytes | None:
    """Return text or bytes as bytes."""
    return value.encode(charset, errors) if isinstance(value, str) else value


def to_unicode(value: t.Any, charset: str = "utf-8", errors: str = "strict") -> str | None:
    """Return bytes as text; what is neither is written as text."""
    if value is None or isinstance(value, str):
        return value
    return value.decode(charset, errors) if isinstance(value, bytes) else str(value)


to_native = to_unicode
