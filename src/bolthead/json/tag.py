"""JSON that keeps Python types JSON lacks, by tagging their values; the session's format.

A tagged value is an object with one key, ``{" t": [1, 2]}``. The keys are Flask's, so that each
framework reads the other's cookies (Flask API, "Tagged JSON").
"""

from __future__ import annotations

import typing as t
from base64 import b64decode, b64encode
from datetime import datetime
from uuid import UUID

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


class TagDict(JSONTag):
    """An object with one key that looks like a tag: the key is marked with two underscores."""

    __slots__ = ()
    key = " di"

    def check(self, value: t.Any) -> bool:
        return (
            isinstance(value, dict)
            and len(value) == 1
            and next(iter(value)) in self.serializer.tags
        )

    def to_json(self, value: t.Any) -> t.Any:
        [(key, content)] = value.items()
        return {f"{key}__": self.serializer.tag(content)}

    def to_python(self, value: t.Any) -> t.Any:
        [(key, content)] = value.items()
        return {key[:-2]: content}


class PassDict(JSONTag):
    """Any other dictionary: only its values are tagged."""

    __slots__ = ()

    def check(self, value: t.Any) -> bool:
        return isinstance(value, dict)

    def to_json(self, value: t.Any) -> t.Any:
        # JSON keys are text; a key that is not becomes so without a tag.
        return {key: self.serializer.tag(content) for key, content in value.items()}

    tag = to_json


class TagTuple(JSONTag):
    """A tuple, written as a list."""

    __slots__ = ()
    key = " t"

    def check(self, value: t.Any) -> bool:
        return isinstance(value, tuple)

    def to_json(self, value: t.Any) -> t.Any:
        return [self.serializer.tag(item) for item in value]

    def to_python(self, value: t.Any) -> t.Any:
        return tuple(value)


class PassList(JSONTag):
    """A list: only its items are tagged."""

    __slots__ = ()

    def check(self, value: t.Any) -> bool:
        return isinstance(value, list)

    def to_json(self, value: t.Any) -> t.Any:
        return [self.serializer.tag(item) for item in value]

    tag = to_json


class TagBytes(JSONTag):
    """Bytes, written in base 64."""

    __slots__ = ()
    key = " b"

    def check(self, value: t.Any) -> bool:
        return isinstance(value, bytes)

    def to_json(self, value: t.Any) -> t.Any:
        return b64encode(value).decode("ascii")

    def to_python(self, value: t.Any) -> t.Any:
        return b64decode(value)


class TagMarkup(JSONTag):
    """Anything with ``__html__``; comes back as Markup."""

    __slots__ = ()
    key = " m"

    def check(self, value: t.Any) -> bool:
        return callable(getattr(value, "__html__", None))

    def to_json(self, value: t.Any) -> t.Any:
        return str(value.__html__())

    def to_python(self, value: t.Any) -> t.Any:
        return Markup(value)  # noqa: S704  # it was markup when it was signed


class TagUUID(JSONTag):
    """A UUID, written as its 32 digits."""

    __slots__ = ()
    key = " u"

    def check(self, value: t.Any) -> bool:
        return isinstance(value, UUID)

    def to_json(self, value: t.Any) -> t.Any:
        return value.hex

    def to_python(self, value: t.Any) -> t.Any:
        return UUID(value)


class TagDateTime(JSONTag):
    """A date with time, written as HTTP writes it (seconds, UTC)."""

    __slots__ = ()
    key = " d"

    def check(self, value: t.Any) -> bool:
        return isinstance(value, datetime)

    def to_json(self, value: t.Any) -> t.Any:
        return http_date(value)

    def to_python(self, value: t.Any) -> t.Any:
        return parse_date(value)


# Types that JSON has, and of which no tag wants a value.
_PLAIN = frozenset({str, int, float, bool, type(None)})


class TaggedJSONSerializer:
    """Compact JSON with tags for tuples, bytes, markup, UUIDs and dates; add more by register."""

    __slots__ = ("_extended", "order", "tags")

    default_tags = [  # noqa: RUF012  # a list that subclasses replace, as in Flask
        TagDict,
        PassDict,
        TagTuple,
        PassList,
        TagBytes,
        TagMarkup,
        TagUUID,
        TagDateTime,
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
