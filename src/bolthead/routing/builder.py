"""Builds the paths of simple endpoints fast; whatever is rare is left to Werkzeug's adapter."""

from __future__ import annotations

import typing as t
from urllib.parse import quote

from werkzeug.routing import IntegerConverter, PathConverter, Rule, UnicodeConverter

from ..made import Pattern
from .map import CountedMap
from .matcher import argument_of

Builder = t.Callable[[dict[str, t.Any]], "str | None"]

# What Werkzeug's string and path converters leave as it is.
_PLAIN = Pattern(r"[A-Za-z0-9_.~!$&'()*+,:;=@-]+")
# What a query holds as it is.
_BARE = Pattern(r"[A-Za-z0-9_.-]+")
_PLAIN_PATH = Pattern(r"[A-Za-z0-9_.~!$&'()*+,:;=@-]+(?:/[A-Za-z0-9_.~!$&'()*+,:;=@-]+)*")


def make_builder(url_map: CountedMap, endpoint: str) -> Builder | None:
    """Return what makes a path of an endpoint's values, or None where only Werkzeug can.

    It returns None for values that it leaves to Werkzeug: missing or further ones, text to quote.
    """
    try:
        [rule] = url_map.iter_rules(endpoint)
    except (KeyError, ValueError):
        return None  # no rule, or several
    if url_map.sort_parameters or url_map.sort_key is not None:
        return None
    if type(rule) is not Rule or rule.websocket or rule.alias or rule.defaults:
        return None
    if rule.subdomain != url_map.default_subdomain or not rule.rule.startswith("/"):
        return None
    return _compiled(rule)


def _compiled(rule: Rule) -> Builder | None:
    pieces: list[str] = []
    arguments: list[tuple[str, t.Callable[[t.Any], str | None]]] = []
    static = ""
    for segment in rule.rule.split("/")[1:]:
        static += "/"
        if "<" not in segment and ">" not in segment:
            if segment != quote(segment, safe="") or "|" in segment:
                return None
            static += segment
            continue
        name = argument_of(segment)
        to_url = None if name is None else _to_url(rule._converters.get(name))
        if name is None or to_url is None:
            return None
        pieces.append(static)
        arguments.append((name, to_url))
        static = ""

    last, names = static, frozenset(name for name, _ in arguments)
    taken = tuple(zip(pieces, arguments, strict=True))

    def build(values: dict[str, t.Any]) -> str | None:
        path = ""
        for before, (name, to_url) in taken:
            if name not in values:
                return None
            text = to_url(values[name])
            if text is None:
                return None
            path += before + text
        path += last
        if len(values) == len(names):
            return path
        query = _query({name: value for name, value in values.items() if name not in names})
        return None if query is None else f"{path}?{query}"

    return build


def _query(values: dict[str, t.Any]) -> str | None:
    """Return the query of values that need no encoding, or None where some do."""
    fields = []
    for name, value in values.items():
        text = str(value) if type(value) is int else value
        if type(text) is not str or not (_BARE.fullmatch(text) and _BARE.fullmatch(name)):
            return None
        fields.append(f"{name}={text}")
    return "&".join(fields)


def _to_url(converter: t.Any) -> t.Callable[[t.Any], str | None] | None:
    """Return what makes a value text, or None where Werkzeug must; for a value, too."""
    if type(converter) is UnicodeConverter:
        return _text
    if type(converter) is PathConverter:
        return _path
    if type(converter) is IntegerConverter and not converter.fixed_digits:
        return _number
    return None


def _text(value: t.Any) -> str | None:
    return value if type(value) is str and _PLAIN.fullmatch(value) else None


def _path(value: t.Any) -> str | None:
    return value if type(value) is str and _PLAIN_PATH.fullmatch(value) else None


def _number(value: t.Any) -> str | None:
    return str(value) if type(value) is int else None
