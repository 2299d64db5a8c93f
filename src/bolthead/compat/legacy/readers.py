"""What Werkzeug had to read a stream by lines, by pieces, or as the pairs of a query."""

from __future__ import annotations

import typing as t

from werkzeug.datastructures import MultiDict, iter_multi_items

from .urls import url_decode, url_encode

BUFFER = 10 * 1024  # bytes read at once


def _read(stream: t.Any, limit: int | None, size: int) -> t.Iterator[t.Any]:
    """Yield what a stream has, or an iterable's items; no more than ``limit`` bytes of a stream."""
    if not hasattr(stream, "read"):
        yield from stream
        return
    left = limit
    while left is None or left > 0:
        data = stream.read(size if left is None else min(size, left))
        if not data:
            return
        left = left if left is None else left - len(data)
        yield data


def _cut(
    stream: t.Any, split: t.Callable[[t.Any], list[t.Any]], size: int | None
) -> t.Iterator[t.Any]:
    """Yield the parts of a stream that ``split`` finds; the last of a list may go on.

    Where ``size`` is given no part is longer than that.
    """
    rest = None
    for data in stream:
        *parts, rest = split(data if rest is None else rest + data)
        yield from parts
        while size and len(rest) >= size:
            yield rest[:size]
            rest = rest[size:]
    if rest:
        yield rest


def make_line_iter(
    stream: t.Any,
    limit: int | None = None,
    buffer_size: int = BUFFER,
    cap_at_buffer: bool = False,  # Werkzeug's signature
) -> t.Iterator[t.Any]:
    """Yield the lines of a stream with their ends."""

    def lines(data: t.Any) -> list[t.Any]:
        found = data.splitlines(keepends=True)
        whole = found and found[-1].endswith("\n" if isinstance(data, str) else b"\n")
        return [*found, data[:0]] if whole or not found else list(found)

    data = _read(stream, limit, buffer_size)
    return _cut(data, lines, buffer_size if cap_at_buffer else None)


def make_chunk_iter(
    stream: t.Any,
    separator: t.Any,
    limit: int | None = None,
    buffer_size: int = BUFFER,
    cap_at_buffer: bool = False,  # Werkzeug's signature
) -> t.Iterator[t.Any]:
    """Yield what stands between the separators of a stream."""
    ended = False
    as_is = separator
    as_bytes = separator.encode() if isinstance(separator, str) else separator

    def parts(data: t.Any) -> list[t.Any]:
        nonlocal ended
        found = list(data.split(as_is if isinstance(data, type(as_is)) else as_bytes))
        ended = not found[-1]
        return found

    data = iter(_read(stream, limit, buffer_size))
    yield from _cut(data, parts, buffer_size if cap_at_buffer else None)
    if ended:
        yield as_bytes[:0]


def url_decode_stream(
    stream: t.Any,
    charset: str = "utf-8",
    include_empty: bool = True,  # Werkzeug's signature
    errors: str = "replace",
    separator: bytes = b"&",
    cls: t.Any = None,
    limit: int | None = None,
    return_iterator: bool = False,  # Werkzeug's signature
) -> t.Any:
    """Return the pairs of a query that a stream has, as ``url_decode`` does, or one by one."""
    pairs = (
        pair
        for part in make_chunk_iter(stream, separator, limit)
        for pair in url_decode(part, charset, include_empty, errors, separator.decode()).items(
            multi=True
        )
    )
    return pairs if return_iterator else (cls or MultiDict)(pairs)


def url_encode_stream(
    obj: t.Any,
    stream: t.Any = None,
    charset: str = "utf-8",
    sort: bool = False,  # Werkzeug's signature
    key: t.Callable[[t.Any], t.Any] | None = None,
    separator: str = "&",
) -> t.Iterator[str] | None:
    """Write pairs to a stream as a query; without one, return an iterator over ``name=value``."""
    pairs = iter_multi_items(obj)
    ordered = sorted(pairs, key=key) if sort else pairs
    written = (url_encode([pair], charset) for pair in ordered if pair[1] is not None)
    if stream is None:
        return written
    stream.write(separator.join(written))
    return None
