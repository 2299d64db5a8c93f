"""Rules whose regular expressions would take a long path's square, made to take its length.

A ``path`` converter may end anywhere, so that a rule with two of them is tried at every pair of
places by Werkzeug's expressions. Where only fixed text or whole segments stand between them, the
first place is as good as any later one, and the expression need not go back: it becomes an atomic
group. Of what cannot be made so (several arguments in one segment) a long segment is no match.
"""

from __future__ import annotations

import dataclasses
import itertools
import typing as t

from werkzeug.routing import PathConverter
from werkzeug.routing.matcher import StateMachineMatcher

from ..made import Pattern

if t.TYPE_CHECKING:
    from werkzeug.routing import Rule
    from werkzeug.routing.rules import RulePart

_ARGUMENT = Pattern(r"\(\?P<__werkzeug_\d+>")
# How long a segment with so many arguments may be, for the longest to take no more than 0.2 s.
_LONGEST = {2: 2048, 3: 512}
_LONGEST_OF_MORE = 96

_PATH = PathConverter.regex


class LinearMatcher(StateMachineMatcher):
    """Werkzeug's matcher; the expressions of its rules are changed for ones that do not go back."""

    def __init__(self, merge_slashes: bool) -> None:
        super().__init__(merge_slashes)
        self._given: list[tuple[Rule, list[RulePart]]] = []
        self._plain: StateMachineMatcher | None = None

    def add(self, rule: Rule) -> None:
        """Add a rule that is bound to a map."""
        self._given.append((rule, rule._parts))
        self._plain = None
        rule._parts = [linear(part) for part in rule._parts]
        super().add(rule)

    def match(
        self, domain: str, path: str, method: str, websocket: bool
    ) -> tuple[Rule, t.MutableMapping[str, t.Any]]:
        """Return the rule of a path and its arguments; Werkzeug's errors where there is none."""
        # A path argument may begin with a line break and have no other, so that with one in it a
        # later place may be better than the first.
        if "\n" in path and len(path) <= _LONGEST[2]:
            return self._unchanged().match(domain, path, method, websocket)
        return super().match(domain, path, method, websocket)

    def _unchanged(self) -> StateMachineMatcher:
        """Return a matcher of the same rules with Werkzeug's own expressions."""
        if self._plain is None:
            plain = StateMachineMatcher(self.merge_slashes)
            for rule, parts in self._given:
                changed, rule._parts = rule._parts, parts
                try:
                    plain.add(rule)
                finally:
                    rule._parts = changed
            plain.update()
            self._plain = plain
        self._plain.merge_slashes = self.merge_slashes
        return self._plain


def linear(part: RulePart) -> RulePart:
    """Return a part of a rule whose expression takes linear, or bounded, time."""
    if part.static or len(_ARGUMENT.findall(part.content)) < 2:
        return part
    content = _without_return(part.content)
    return part if content is None else dataclasses.replace(part, content=content)


def _without_return(content: str) -> str | None:
    """Return an expression that takes the first place where a path may end; None for itself."""
    pieces = _pieces(content)
    paths = [at for at, (is_path, _) in enumerate(pieces) if is_path]
    head, between, tail = _around(pieces, paths)
    simple = [head, tail, *between]
    if not paths or not all(map(_ends_by_itself, simple)):
        count = len(_ARGUMENT.findall(content))
        longest = _LONGEST.get(count, _LONGEST_OF_MORE)
        return f"(?!(?s:.{{{longest + 1}}})){_looks_at_the_end(pieces)}{content}"
    if len(paths) < 2:
        return None
    groups = [
        f"(?>{pieces[at][1]}{''.join(text for _, text in pieces[at + 1 : following])}(?=[^/]))"
        for at, following in itertools.pairwise(paths)
    ]
    first, last = paths[0], paths[-1]
    before = "".join(text for _, text in pieces[:first])
    return before + "".join(groups) + "".join(text for _, text in pieces[last:])


def _looks_at_the_end(pieces: list[tuple[bool, str]]) -> str:
    """Return what sees at once that the fixed text at the end is not there."""
    end = pieces[-1][1]
    return "" if end == r"\Z" or "(" in end else f"(?=(?s:.)*{end})"


def _around(
    pieces: list[tuple[bool, str]], paths: list[int]
) -> tuple[list[str], list[list[str]], list[str]]:
    """Return what stands before, between and after the paths."""
    texts = [text for _, text in pieces]
    if not paths:
        return texts, [], []
    between = [texts[a + 1 : b] for a, b in itertools.pairwise(paths)]
    return texts[: paths[0]], between, texts[paths[-1] + 1 :]


def _ends_by_itself(texts: list[str]) -> bool:
    """Tell whether what matches these texts is the same wherever it begins and however it goes on.

    So it is for fixed text, and for arguments that fill a segment: a slash before and after.
    """
    for at, text in enumerate(texts):
        if not text.startswith("(?P<"):
            continue
        if "/" in text.replace("[^/]", ""):
            return False  # a converter that takes slashes, too
        before = texts[at - 1] if at else ""
        after = texts[at + 1] if at + 1 < len(texts) else ""
        is_first = at == 0
        ends = after.startswith(("/", r"\Z", "(?<!/)(/?)"))
        if not ((is_first or before.endswith("/")) and ends):
            return False
    return True


def _pieces(content: str) -> list[tuple[bool, str]]:
    """Return the arguments of an expression and the text between them; True marks a path."""
    pieces = []
    at = 0
    while at < len(content):
        match = _ARGUMENT.match(content, at)
        if match is None:
            following = _ARGUMENT.search(content, at)
            end = len(content) if following is None else following.start()
            pieces.append((False, content[at:end]))
        else:
            end = _closing(content, at)
            pieces.append((content[match.end() : end - 1] == _PATH, content[at:end]))
        at = end
    return pieces


def _closing(content: str, at: int) -> int:
    """Return where the group that opens there ends."""
    depth = 0
    in_class = False
    while at < len(content):
        char = content[at]
        if char == "\\":
            at += 1
        elif in_class:
            in_class = char != "]"
        elif char == "[":
            in_class = True
            # A bracket that closes may stand first, as itself.
            at += content.startswith("^", at + 1)
            at += content.startswith("]", at + 1)
        elif char in "()":
            depth += 1 if char == "(" else -1
            if not depth:
                return at + 1
        at += 1
    return at
