"""JSON that keeps Python types JSON lacks, by tagging their values; the session's format.

A tagged value is an object with one key, ``{" t": [1, 2]}``. The keys are Flask's, so that each
framework reads the other's cookies (Flask API, "Tagged JSON").
"""

from __future__ import annotations

import sys
import typing as t
from base64 import b64decode, b64encode
from datetime import datetime

from markupsafe import Markup
from werkzeug.http import http_date, parse_date

from . import dumps, loads


class JSONTag:
    """How values of one type are written and read back; subclass and register your own."""

    __slots__ = ("serializer",)

    key: str = ""
    """The mark of the type; empty for one that is only passed through."""

    def __init__(self, serializer: TaggedJSONSerializer) -> None:
        self.serializer = serializer

    def check(self, value: t.Any) -> bool:
        """Tell whether the value is one of this tag's."""
        raise NotImplementedError

    def to_json(self, value: t.Any) -> t.Any:
        """Return the value in a form that JSON has; it is tagged afterwards."""
        raise NotImplementedError

    def to_python(self, value: t.Any) -> t.Any:
        """Return the value from its JSON form; the tag is already taken off."""
        raise NotImplementedError

    def tag(self, value: t.Any) -> dict[str, t.Any]:
        """Return the value's JSON form under this tag's key."""
        return {self.key: self.to_json(value)}


class _OfType(JSONTag):
    """The tag of the values of a type; the base of most."""

    __slots__ = ()
    types: t.ClassVar[type | tuple[type, ...]]

    def check(self, value: t.Any) -> bool:
        """Tell whether the value is of the type."""
        return isinstance(value, self.types)

    def _items(self, value: t.Iterable[t.Any]) -> list[t.Any]:
        return list(map(self.serializer.tag, value))


class TagDict(_OfType):
    """An object with one key that looks like a tag: the key is marked with two underscores."""

    __slots__ = ()
    key = " di"
    types = dict

    def check(self, value: t.Any) -> bool:
        """Tell whether the value is such an object."""
        return (
            super().check(value) and len(value) == 1 and value.keys() <= self.serializer.tags.keys()
        )

    def to_json(self, value: t.Any) -> t.Any:
        """Return the object with its key marked."""
        [(key, content)] = value.items()
        return {f"{key}__": self.serializer.tag(content)}

    def to_python(self, value: t.Any) -> t.Any:
        """Return the object with the mark taken off its key."""
        [(marked, content)] = value.items()
        return {marked.removesuffix("__"): content}


class _Passed(_OfType):
    """A type that JSON has: its values are written as they are, only what they hold is tagged."""

    __slots__ = ()

    def tag(self, value: t.Any) -> t.Any:
        """Return the value's JSON form, under no key."""
        return self.to_json(value)


class PassDict(_Passed):
    """Any other dictionary. Keys that are no text become so, without a tag."""

    __slots__ = ()
    types = dict

    def to_json(self, value: t.Any) -> t.Any:
        """Return the dictionary with its values tagged."""
        return dict(zip(value, self._items(value.values()), strict=True))


class PassList(_Passed):
    """A list."""

    __slots__ = ()
    types = list

    def to_json(self, value: t.Any) -> t.Any:
        """Return the list with its items tagged."""
        return self._items(value)


class TagTuple(_OfType):
    """A tuple, written as a list."""

    __slots__ = ()
    key = " t"
    types = tuple

    def to_json(self, value: t.Any) -> t.Any:
        """Return the items, tagged, as a list."""
        return self._items(value)

    def to_python(self, value: t.Any) -> t.Any:
        """Return the items as a tuple."""
        return tuple(value)


class TagBytes(_OfType):
    """Bytes, written in base 64."""

    __slots__ = ()
    key = " b"
    types = bytes

    def to_json(self, value: t.Any) -> t.Any:
        """Return the bytes in base 64."""
        return str(b64encode(value), "ascii")

    def to_python(self, value: t.Any) -> t.Any:
        """Return the bytes that base 64 text stands for."""
        return b64decode(value)


class TagMarkup(JSONTag):
    """Anything with ``__html__``; comes back as Markup."""

    __slots__ = ()
    key = " m"

    def check(self, value: t.Any) -> bool:
        """Tell whether the value has an HTML form."""
        return callable(getattr(value, "__html__", None))

    def to_json(self, value: t.Any) -> t.Any:
        """Return the HTML form."""
        return str(value.__html__())

    def to_python(self, value: t.Any) -> t.Any:
        """Return the HTML as Markup."""
        return Markup(value)  # noqa: S704  # it was markup when it was signed


class TagUUID(_OfType):
    """A UUID, written as its 32 digits."""

    __slots__ = ()
    key = " u"

    def check(self, value: t.Any) -> bool:
        """Tell whether the value is a UUID: there is none while nobody imported the module."""
        uuid = sys.modules.get("uuid")
        return uuid is not None and isinstance(value, uuid.UUID)

    def to_json(self, value: t.Any) -> t.Any:
        """Return the digits."""
        return value.hex

    def to_python(self, value: t.Any) -> t.Any:
        """Return the UUID of the digits."""
        from uuid import UUID

        return UUID(value)


class TagDateTime(_OfType):
    """A date with time, written as HTTP writes it (seconds, UTC)."""

    __slots__ = ()
    key = " d"
    types = datetime

    def to_json(self, value: t.Any) -> t.Any:
        """Return the date in HTTP's words."""
        return http_date(value)

    def to_python(self, value: t.Any) -> t.Any:
        """Return the date that HTTP's words name."""
        return parse_date(value)


# Types that JSON has, and of which no tag wants a value.
_PLAIN = frozenset({str, int, float, bool, type(None)})


class TaggedJSONSerializer:
    """Compact JSON with tags for tuples, bytes, markup, UUIDs and dates; add more by register."""

    __slots__ = ("_extended", "order", "tags")

    default_tags = [  # noqa: RUF012  # a list that subclasses replace, as in Flask
        *(TagDict, PassDict),
        *(TagTuple, PassList),
        *(TagBytes, TagMarkup, TagUUID, TagDateTime),
    ]

    def __init__(self) -> None:
        self.tags: dict[str, JSONTag] = {}
        self.order: list[JSONTag] = []
        for tag_class in self.default_tags:
            self.register(tag_class)
        # Whether another tag may want a value that Bolthead's own pass over.
        self._extended = type(self) is not TaggedJSONSerializer

    def register(
        self, tag_class: type[JSONTag], force: bool = False, index: int | None = None
    ) -> None:
        """Add a tag, at an index of the order in which tags are asked, or last.

        Raises KeyError when the key is taken, unless ``force``.
        """
        self._extended = True
        tag = tag_class(self)
        if tag.key:
            if tag.key in self.tags and not force:
                raise KeyError(f"Tag '{tag.key}' is already registered.")
            self.tags[tag.key] = tag
        self.order.insert(len(self.order) if index is None else index, tag)

    def tag(self, value: t.Any) -> t.Any:
        """Return the value with what JSON lacks replaced by tagged objects."""
        for tag in self.order:
            if tag.check(value):
                return tag.tag(value)
        return value

    def untag(self, value: dict[str, t.Any]) -> t.Any:
        """Return what a tagged object stands for, or the object itself."""
        if len(value) != 1:
            return value
        [(key, content)] = value.items()
        tag = self.tags.get(key)
        return value if tag is None else tag.to_python(content)

    def _untag_scan(self, value: t.Any) -> t.Any:
        """Return the value with tagged objects resolved, the innermost first."""
        if isinstance(value, dict):
            return self.untag({key: self._untag_scan(item) for key, item in value.items()})
        if isinstance(value, list):
            return [self._untag_scan(item) for item in value]
        return value

    def dumps(self, value: t.Any) -> str:
        """Return the value as compact tagged JSON."""
        if self._extended or not self._is_plain(value):
            value = self.tag(value)
        return dumps(value, separators=(",", ":"))

    def _is_plain(self, value: t.Any) -> bool:
        """Tell whether nothing of a value needs a tag: a dictionary of what JSON has."""
        if type(value) is not dict or (len(value) == 1 and next(iter(value)) in self.tags):
            return False
        # PERF: most sessions hold numbers and text only.
        for item in value.values():  # noqa: SIM110  # a generator costs more than the loop
            if type(item) not in _PLAIN:
                return False
        return True

    def loads(self, value: str) -> t.Any:
        """Return the value of tagged JSON; ValueError where it is none."""
        data = loads(value)
        # PERF: one object of numbers and text, as most sessions are, has nothing to resolve.
        return data if self._is_plain(data) else self._untag_scan(data)
