"""Rules of several arguments, matched in the time of the path's length, not of its square.

An expression with several arguments goes back and tries each end of each: two take a segment's
square, three its cube. Short paths are left to Werkzeug's matcher. In a long one such expressions
are read piece by piece (``split.py``); of one that is not understood, a long segment is no match.
"""

from __future__ import annotations

import re
import typing as t

from werkzeug.routing import RequestAliasRedirect, ValidationError
from werkzeug.routing.exceptions import NoMatch, RequestPath
from werkzeug.routing.matcher import StateMachineMatcher

from .split import Split, read

if t.TYPE_CHECKING:
    from werkzeug.routing import Rule
    from werkzeug.routing.matcher import State
    from werkzeug.routing.rules import RulePart

_Found = tuple["Rule", list[str]]

# How long a segment may be for an expression with so many arguments that is not understood: the
# longest takes 0.2 s.
_LONGEST = {2: 2048, 3: 512}
_LONGEST_OF_MORE = 96


class LinearMatcher(StateMachineMatcher):
    """Werkzeug's matcher, which reads long paths in its own way."""

    few = 200_000
    """Up to how many steps an expression may take that goes back: a millisecond or two."""

    def __init__(self, merge_slashes: bool) -> None:
        super().__init__(merge_slashes)
        # By the content of a part of several arguments: what reads it, or None.
        self._splits: dict[str, Split | None] = {}
        self._most = 1

    def add(self, rule: Rule) -> None:
        """Add a rule that is bound to a map."""
        super().add(rule)
        for part in rule._parts:
            count = part.content.count("(?P<__werkzeug_")
            if not part.static and count > 1:
                self._splits[part.content] = read(part.content)
                self._most = max(self._most, count)

    def match(
        self, domain: str, path: str, method: str, websocket: bool
    ) -> tuple[Rule, t.MutableMapping[str, t.Any]]:
        """Return the rule of a path and its arguments; Werkzeug's errors where there is none."""
        if self._most == 1 or max(len(path), len(domain)) ** self._most <= self.few:
            return super().match(domain, path, method, websocket)
        walk = _Walk(self._splits, method, is_socket=websocket)
        found = walk.find(self._root, domain, path)
        if found is None:
            if self.merge_slashes:
                merged = re.sub("/{2,}", "/", path)
                found = walk.find(self._root, domain, merged)
                if found is not None and found[0].merge_slashes is not False:
                    raise RequestPath(merged)
            raise NoMatch(walk.allowed, walk.is_mismatch)
        return _with_arguments(*found, walk)


def _with_arguments(rule: Rule, values: list[str], walk: _Walk) -> tuple[Rule, dict[str, t.Any]]:
    """Return a rule with what its converters make of the values."""
    arguments: dict[str, t.Any] = {}
    for (name, converter), value in zip(rule._converters.items(), values, strict=False):
        try:
            arguments[name] = converter.to_python(value)
        except ValidationError as error:
            raise NoMatch(walk.allowed, walk.is_mismatch) from error
    if rule.defaults:
        arguments.update(rule.defaults)
    if rule.alias and rule.map.redirect_defaults:
        raise RequestAliasRedirect(arguments, rule.endpoint)
    return rule, arguments


class _NeedsSlash(Exception):
    """A rule would match with a slash at the end."""


class _Walk:
    """One search for a rule, from segment to segment; the first that is found counts."""

    def __init__(
        self, splits: t.Mapping[str, Split | None], method: str, *, is_socket: bool
    ) -> None:
        self._splits = splits
        self._method = method
        self._is_socket = is_socket
        self.allowed: set[str] = set()
        self.is_mismatch = False
        """Whether a rule matched but for being a WebSocket's, or none."""

    def find(self, root: State, domain: str, path: str) -> _Found | None:
        """Return the rule of a path and its values, or None; RequestPath for one with a slash."""
        try:
            return self._find(root, [domain, *path.split("/")], 0, [])
        except _NeedsSlash:
            raise RequestPath(f"{path}/") from None

    def _find(self, state: State, parts: list[str], at: int, values: list[str]) -> _Found | None:
        if at == len(parts):
            return self._end(state, values)
        child = state.static.get(parts[at])
        found = None if child is None else self._find(child, parts, at + 1, values)
        if found is not None:
            return found
        for part, child in state.dynamic:
            target = "/".join(parts[at:]) if part.final else parts[at]
            taken = self._take(part, target)
            if taken is None:
                continue
            groups, has_slash = taken
            rest, begin = (parts, at + 1) if not part.final else ([""] * has_slash, 0)
            found = self._find(child, rest, begin, values + groups)
            if found is not None:
                return found
        if at == len(parts) - 1 and not parts[at]:
            # What is left is a slash at the end, which these rules do not mind.
            loose = (rule for rule in state.rules if not rule.strict_slashes)
            return self._first(loose, values)
        return None

    def _end(self, state: State, values: list[str]) -> _Found | None:
        found = self._first(state.rules, values)
        slash = state.static.get("")
        if found is not None or slash is None:
            return found
        for rule in slash.rules:
            takes = rule.methods is None or self._method in rule.methods
            if takes and rule.websocket == self._is_socket:
                if rule.strict_slashes:
                    raise _NeedsSlash
                return rule, values
        return None

    def _first(self, rules: t.Iterable[Rule], values: list[str]) -> _Found | None:
        """Return the first rule that takes the method; remember why others do not."""
        for rule in rules:
            if rule.methods is not None and self._method not in rule.methods:
                self.allowed.update(rule.methods)
            elif rule.websocket != self._is_socket:
                self.is_mismatch = True
            else:
                return rule, values
        return None

    def _take(self, part: RulePart, target: str) -> tuple[list[str], bool] | None:
        """Return what a part of a rule takes, and whether a slash is left; None for no match."""
        content = part.content
        split = self._splits.get(content)
        if split is not None:
            return split.take(target)
        if content in self._splits:
            count = content.count("(?P<__werkzeug_")
            if len(target) > _LONGEST.get(count, _LONGEST_OF_MORE):
                return None
        match = re.compile(content).match(target)
        if match is None:
            return None
        named = (item for item in match.groupdict().items() if item[0].startswith("__werkzeug_"))
        groups = [value for _, value in sorted(named, key=lambda item: int(item[0][11:]))]
        return groups, part.suffixed and match.groups()[-1] == "/"
