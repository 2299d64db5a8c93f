"""How an application turns data to JSON and back; subclass to use another library."""

from __future__ import annotations

import dataclasses
import functools
import json
import sys
import typing as t
import weakref
from datetime import date
from json.encoder import (  # type: ignore[attr-defined]  # its accelerated parts have no stub
    c_make_encoder,
    encode_basestring,
    encode_basestring_ascii,
)

from werkzeug.http import http_date

from ..registry import Changes, Watched

if t.TYPE_CHECKING:
    from ..wrappers import Response as Response


class JSONProvider:
    """The JSON operations of one app; a subclass must give ``dumps`` and ``loads``.

    Set ``app.json_provider_class``, or assign an instance to ``app.json`` (Flask API, "JSON").
    """

    def __init__(self, app: t.Any) -> None:
        # Weak: the app owns its provider.
        self._app: t.Any = weakref.proxy(app)

    def dumps(self, obj: t.Any, **kwargs: t.Any) -> str:
        """Return data as JSON text."""
        raise NotImplementedError

    def dump(self, obj: t.Any, fp: t.IO[str], **kwargs: t.Any) -> None:
        """Write data as JSON to a text file."""
        fp.write(self.dumps(obj, **kwargs))

    def loads(self, s: str | bytes, **kwargs: t.Any) -> t.Any:
        """Return the data of JSON text."""
        raise NotImplementedError

    def load(self, fp: t.IO[t.AnyStr], **kwargs: t.Any) -> t.Any:
        """Return the data of an open JSON file."""
        return self.loads(fp.read(), **kwargs)

    def _prepare_response_obj(self, args: tuple[t.Any, ...], kwargs: dict[str, t.Any]) -> t.Any:
        if args and kwargs:
            raise TypeError("app.json.response() takes either args or kwargs, not both")
        if kwargs:
            return kwargs
        if len(args) == 1:
            return args[0]
        return args or None

    def response(self, *args: t.Any, **kwargs: t.Any) -> Response:
        """Return a response that carries one value, a list of several, or the keywords."""
        text = self.dumps(self._prepare_response_obj(args, kwargs))
        return t.cast("Response", self._app.response_class(text, mimetype="application/json"))


def _is_of(module: str, name: str, o: t.Any) -> bool:
    """Tell whether an object is of a class, of which there is none while nobody imported it."""
    loaded = sys.modules.get(module)
    return loaded is not None and isinstance(o, getattr(loaded, name))


def _default(o: t.Any) -> t.Any:
    """Return a JSON form of what the standard library has none for; TypeError where we neither."""
    if isinstance(o, date):
        return http_date(o)
    if _is_of("decimal", "Decimal", o) or _is_of("uuid", "UUID", o):
        return str(o)
    if dataclasses.is_dataclass(o) and not isinstance(o, type):
        return dataclasses.asdict(o)
    if hasattr(o, "__html__"):
        return str(o.__html__())
    raise TypeError(f"Object of type {type(o).__name__} is not JSON serializable")


_decoder: t.Any = json.JSONDecoder()  # Any: the stubs do not know its scanner
_scan = _decoder.scan_once


@functools.lru_cache(maxsize=64)
def kept_encoder(
    *,
    default: t.Callable[[t.Any], t.Any],
    ensure_ascii: bool,
    sort_keys: bool,
    indent: int | str | None = None,
    separators: tuple[str, str] | None = None,
) -> t.Callable[[t.Any], str]:
    """Return what writes JSON as ``json.dumps`` does with these options; kept, not made anew."""
    encoder = json.JSONEncoder(
        default=default,
        ensure_ascii=ensure_ascii,
        sort_keys=sort_keys,
        indent=indent,
        separators=separators,
    )
    if indent is not None or c_make_encoder is None:
        return encoder.encode
    # PERF: ``encode`` makes one of these at each call. Without ``markers`` a circular value ends
    # in a RecursionError, and the encoder itself then says what is wrong.
    chunks = c_make_encoder(
        None,
        encoder.default,
        encode_basestring_ascii if ensure_ascii else encode_basestring,
        None,
        encoder.key_separator,
        encoder.item_separator,
        sort_keys,
        False,
        True,
    )

    def encode(obj: t.Any) -> str:
        try:
            return "".join(chunks(obj, 0))
        except RecursionError:
            return encoder.encode(obj)

    return encode


class DefaultJSONProvider(JSONProvider, metaclass=Watched):
    """The standard library's JSON, with dates, decimals, UUIDs, dataclasses and markup."""

    changes: Changes | None = None

    def __setattr__(self, name: str, value: t.Any) -> None:
        super().__setattr__(name, value)
        # The app's plans know how its answers are written.
        if self.changes is not None:
            self.changes.note()

    default: t.Callable[[t.Any], t.Any] = staticmethod(_default)
    """Called for what has no JSON form of its own; returns one that has."""

    ensure_ascii = True
    """Write every character beyond ASCII as an escape."""

    sort_keys = True
    """Write the keys of an object in order, so that equal data are equal text."""

    compact: bool | None = None
    """Leave out line breaks and spaces; None: unless the app is in debug mode."""

    mimetype = "application/json"
    """The mimetype of ``response``."""

    def dumps(self, obj: t.Any, **kwargs: t.Any) -> str:
        """Return data as JSON text; keywords go to ``json.dumps``."""
        kwargs.setdefault("default", self.default)
        kwargs.setdefault("ensure_ascii", self.ensure_ascii)
        kwargs.setdefault("sort_keys", self.sort_keys)
        try:
            encode = kept_encoder(**kwargs)
        except TypeError:  # another encoder class, or an option that cannot be kept
            return json.dumps(obj, **kwargs)
        return encode(obj)

    def quick_encoder(self) -> t.Callable[[t.Any], str] | None:
        """Return what ``response`` writes with, kept ready; None where a subclass may differ."""
        if type(self) is not DefaultJSONProvider or _OPERATIONS & vars(self).keys():
            return None
        if [getattr(DefaultJSONProvider, name) for name in sorted(_OPERATIONS)] != _OWN:
            return None
        options = {
            "default": self.default,
            "ensure_ascii": self.ensure_ascii,
            "sort_keys": self.sort_keys,
            **self._layout(),
        }
        return kept_encoder(**options)

    def _layout(self) -> dict[str, t.Any]:
        spacious = self.compact is False or (self.compact is None and self._app.debug)
        return {"indent": 2} if spacious else {"separators": (",", ":")}

    def loads(self, s: str | bytes, **kwargs: t.Any) -> t.Any:
        """Return the data of JSON text; keywords go to ``json.loads``."""
        if not kwargs and type(s) is str:
            # PERF: what ``json.loads`` does with text that is JSON from its first character on.
            try:
                data, end = _scan(s, 0)
            except StopIteration:
                end = -1
            if end == len(s):
                return data
        return json.loads(s, **kwargs)

    def response(self, *args: t.Any, **kwargs: t.Any) -> Response:
        """Return a response with a final line break, indented in debug mode."""
        obj = self._prepare_response_obj(args, kwargs)
        text = f"{self.dumps(obj, **self._layout())}\n"
        return t.cast("Response", self._app.response_class(text, mimetype=self.mimetype))


# What a response is made by; where one of these is replaced, it is called.
_OPERATIONS = frozenset({"dumps", "response", "_prepare_response_obj"})
_OWN = [getattr(DefaultJSONProvider, name) for name in sorted(_OPERATIONS)]
