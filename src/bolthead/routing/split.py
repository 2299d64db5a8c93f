"""Splits text into arguments as a regular expression does, in the time of the text's length.

An expression is a row of pieces: fixed text, some of several words, and runs of characters of a
kind. A table is filled for each piece, the last one first: at each place, where the piece that
begins there has to end for the rest to match; of all such ends the longest, or where the piece is
lazy the shortest. That is the end which an expression finds by going back. So no place is looked at
twice for a piece.
"""

from __future__ import annotations

import re
import typing as t

from ..made import Pattern

_Table = list[int]
# Whether what comes after matches from a place on.
_Fits = bytearray

_PIECE = Pattern(
    r"(?P<open>\(\?P<__werkzeug_\d+>)"
    r"|(?P<close>\))"
    r"|(?P<slash>\(\?<!/\)\(/\?\))"
    r"|(?P<end>\\Z)"
    r"|\(\?:(?P<words>(?:[^\\()\[\]{}*+?.^$]|\\[^A-Za-z0-9])+)\)"
    r"|(?P<kind>\[\^?\]?(?:[^\]\\]|\\.)*\]|\\[dw]|\.|\\[^A-Za-z0-9]|[^\\()\[\]{}*+?.^$|])"
    r"(?:\{(?P<least>\d+)(?P<comma>,)?(?P<most>\d+)?\}|(?P<sign>[*+?]))?(?P<lazy>\?)?",
    re.DOTALL,
)
_SIGNS: dict[str | None, tuple[int, int | None]] = {
    "*": (0, None),
    "+": (1, None),
    "?": (0, 1),
    None: (1, 1),
}


class Split:
    """An expression that was understood."""

    def __init__(self, pieces: list[_Piece], groups: list[tuple[int, int]]) -> None:
        self._pieces = pieces
        # Of each argument the piece that begins it, and the one after it.
        self._groups = groups

    def take(self, text: str) -> tuple[list[str], bool] | None:
        """Return the arguments and whether a slash was left at the end; None for no match."""
        fits = bytearray(len(text) + 1)
        fits[-1] = True
        tables = []
        for piece in reversed(self._pieces):
            table = piece.fill(text, fits)
            fits = bytearray(map((-1).__lt__, table))
            tables.append(table)
        if not fits[0]:
            return None
        places = [0]
        for table in reversed(tables):
            places.append(table[places[-1]])
        arguments = [text[places[begin] : places[end]] for begin, end in self._groups]
        has_slash = isinstance(self._pieces[-1], _Slash) and places[-2] < len(text)
        return arguments, has_slash


class _Piece(t.Protocol):
    """What tells at each place where it ends, if the rest fits there; -1 for nowhere."""

    def fill(self, text: str, fits: _Fits) -> _Table: ...


class _Words:
    """One of several words: the first in their order that does. Fixed text is one word."""

    def __init__(self, words: list[str], *, is_text: bool = False) -> None:
        self.words = words
        self.is_text = is_text

    def fill(self, text: str, fits: _Fits) -> _Table:
        table = [-1] * (len(text) + 1)
        for word in reversed(self.words):
            at = text.find(word)
            while 0 <= at <= len(text):
                if fits[at + len(word)]:
                    table[at] = at + len(word)
                at = text.find(word, at + 1)
        return table


class _Slash:
    """A slash at the end, or none, but not after another slash."""

    def fill(self, text: str, fits: _Fits) -> _Table:
        table = [-1] * (len(text) + 1)
        end = len(text)
        if text[-1:] != "/":
            table[end] = end
        elif text[-2:-1] != "/":
            table[end - 1] = end
        return table


class _Run:
    """Characters of a kind, at least and at most so many."""

    def __init__(self, kind: str, least: int, most: int | None, *, is_lazy: bool) -> None:
        self._run = re.compile(f"(?:{kind})+")
        self._least = least
        self._most = most
        self._is_lazy = is_lazy

    def fill(self, text: str, fits: _Fits) -> _Table:
        if self._most is None and not self._is_lazy:
            return self._fill_longest(text, fits)
        table = [-1] * (len(text) + 1)
        nearest = _next_ones(fits) if self._is_lazy else _last_ones(fits)
        reaches = list(range(len(text) + 1))
        for run in self._run.finditer(text):
            begin, end = run.span()
            reaches[begin:end] = [end] * (end - begin)
        for at, reach in enumerate(reaches):
            first = at + self._least
            last = reach if self._most is None else min(reach, at + self._most)
            if first <= last:
                end = nearest[first if self._is_lazy else last]
                if first <= end <= last:
                    table[at] = end
        return table

    def _fill_longest(self, text: str, fits: _Fits) -> _Table:
        # PERF: a run has one end for all places before it, so that none is looked at by itself.
        least = self._least
        table = [-1] * (len(text) + 1)
        if not least:
            table = [at if fit else -1 for at, fit in enumerate(fits)]
        for run in self._run.finditer(text):
            begin, end = run.span()
            best = fits.rfind(1, begin + least, end + 1)
            if best >= 0:
                table[begin : best - least + 1] = [best] * (best - least + 1 - begin)
        return table


def _last_ones(fits: _Fits) -> _Table:
    """Return for each place the last one up to it that fits; -1 for none."""
    last = -1
    table = []
    for at, fit in enumerate(fits):
        if fit:
            last = at
        table.append(last)
    return table


def _next_ones(fits: _Fits) -> _Table:
    """Return for each place the next one from it on that fits; one beyond all for none."""
    following = len(fits)
    table = []
    for at in range(len(fits) - 1, -1, -1):
        if fits[at]:
            following = at
        table.append(following)
    table.reverse()
    return table


def read(content: str) -> Split | None:
    """Return what splits text as an expression does; None for one that is not understood."""
    pieces: list[_Piece] = []
    groups: list[tuple[int, int]] = []
    begin: int | None = None
    at = 0
    while at < len(content):
        found = _PIECE.match(content, at)
        if found is None:
            return None
        at = found.end()
        match found.lastgroup if found["kind"] is None else "kind":
            case "open" if begin is None:
                begin = len(pieces)
            case "close" if begin is not None:
                groups.append((begin, len(pieces)))
                begin = None
            case "slash" if begin is None:
                pieces.append(_Slash())
            case "end" if at == len(content) and begin is None:
                return Split(pieces, groups)
            case "words":
                words = re.split(r"(?<!\\)\|", found["words"])
                pieces.append(_Words([_unescaped(word) for word in words]))
            case "kind" if _is_fixed(found):
                text = _unescaped(found["kind"])
                last = pieces[-1] if pieces else None
                # Fixed text is one piece, but where an argument begins or ends.
                edges = (begin, groups[-1][1] if groups else None)
                if isinstance(last, _Words) and last.is_text and len(pieces) not in edges:
                    text = last.words[0] + text
                    pieces.pop()
                pieces.append(_Words([text], is_text=True))
            case "kind":
                pieces.append(_run(found))
            case _:
                return None
    return None


def _is_fixed(found: re.Match[str]) -> bool:
    """Tell whether a piece is one character, which stands for itself."""
    kind = found["kind"]
    is_one = found["least"] is None and found["sign"] is None
    return is_one and (
        (len(kind) == 1 and kind != ".") or (kind[0] == "\\" and not kind[1].isalnum())
    )


def _run(found: re.Match[str]) -> _Run:
    """Return the piece of a kind of characters and how many of them there may be."""
    if found["least"] is None:
        least, most = _SIGNS[found["sign"]]
    else:
        least = int(found["least"])
        most = int(found["most"]) if found["most"] else None if found["comma"] else least
    return _Run(found["kind"], least, most, is_lazy=found["lazy"] is not None)


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)
