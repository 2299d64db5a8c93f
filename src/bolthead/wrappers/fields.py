"""The fields of a query and of an urlencoded form, as many as may be."""

from __future__ import annotations

import typing as t
from urllib.parse import parse_qsl

from .limits import FORM_TEXT, Limit

BLOCK = 64 * 1024

Fields = list[tuple[str, str]]


def fields_of(raw: bytes, limit: Limit) -> Fields:
    """Return the fields of a query or of an urlencoded form (WHATWG URL, section 5).

    The limit's error where there are too many; UnicodeDecodeError for bytes that are no text.
    """
    if b"&" in raw:
        most = limit.most()
        if most is not None and raw.count(b"&") >= most and _count(raw) > most:
            raise limit.refused(most)
    if b"%" in raw:
        return parse_qsl(raw.decode(), keep_blank_values=True, errors="werkzeug.url_quote")
    # PERF: nothing to decode, as in most; parse_qsl takes four times as long.
    fields = []
    for part in raw.decode().replace("+", " ").split("&"):
        if part:
            name, _, value = part.partition("=")
            fields.append((name, value))
    return fields


def _count(raw: bytes) -> int:
    """Return the number of fields, of which an empty one is none."""
    return sum(map(bool, raw.split(b"&")))


def read_text(stream: t.IO[bytes], declared: int | None) -> bytes:
    """Return the body of an urlencoded form; 413 beyond ``MAX_FORM_TEXT_SIZE``."""
    most = FORM_TEXT.most()
    if most is None or (declared is not None and declared <= most):
        return stream.read()
    pieces, left = [], most + 1
    while left > 0 and (piece := stream.read(min(left, BLOCK))):
        pieces.append(piece)
        left -= len(piece)
    if left <= 0:
        raise FORM_TEXT.refused(most)
    return b"".join(pieces)
