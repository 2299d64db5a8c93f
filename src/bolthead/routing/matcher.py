"""Finds a path's rule fast: a dictionary for static paths, a tree by segment for the rest.

It stands before Werkzeug's matcher and gives the same answers or none: whatever is rare (other
hosts, redirects, wrong methods, unusual rules, characters beyond ASCII) it leaves to Werkzeug. A
property test throws random maps and paths at both.
"""

from __future__ import annotations

import re
import sys
import typing as t

from werkzeug.routing import (
    IntegerConverter,
    Map,
    PathConverter,
    Rule,
    UnicodeConverter,
    ValidationError,
)

from .map import CountedMap

Found = tuple[Rule, dict[str, t.Any]]

UNSURE: Found = t.cast(Found, object())
"""The answer that Werkzeug must give."""

Test = t.Callable[[str], t.Any]


def argument_of(segment: str) -> str | None:
    """Return the name in a segment of a rule that is one argument and nothing else.

    That is <name>, <converter:name> or <converter(arguments):name>.
    """
    inside = segment[1:-1]
    if segment[:1] != "<" or segment[-1:] != ">" or "<" in inside or ">" in inside:
        return None
    name = inside.rpartition(":")[2]
    return name if name.isidentifier() else None


class _Node:
    """A place in the tree: what may come next there, and the rules that end there."""

    __slots__ = ("arguments", "ends_unsure", "rest", "rules", "static", "unsure")

    def __init__(self) -> None:
        self.static: dict[str, _Node] = {}
        # Tests of a segment, the narrowest converter first, with where they lead to.
        self.arguments: list[tuple[int, str, Test, _Node]] = []
        self.rules: list[_Entry] = []
        # Rules whose last argument takes all of the path that is left.
        self.rest: list[_Entry] = []
        # A rule goes on from here, or ends here, that the tree does not hold.
        self.unsure = False
        self.ends_unsure = False


class _Entry:
    """A rule in the tree, with the arguments it takes from the path, in order."""

    __slots__ = ("converters", "defaults", "rule")

    def __init__(self, rule: Rule, converters: list[tuple[str, Test | None]]) -> None:
        self.rule = rule
        self.converters = tuple(converters)
        self.defaults = dict(rule.defaults) if rule.defaults else None

    def values(self, segments: t.Sequence[str]) -> dict[str, t.Any]:
        found: dict[str, t.Any] = {}
        for (name, to_python), segment in zip(self.converters, segments, strict=True):
            found[name] = segment if to_python is None else to_python(segment)
        if self.defaults is not None:
            found.update(self.defaults)
        return found


def make_matcher(url_map: CountedMap) -> Matcher | None:
    """Return the matcher of a map, or None where only Werkzeug can match it.

    The map must serve any host: neither host nor subdomain matching.
    """
    if url_map.host_matching or not url_map.merge_slashes:
        return None
    if url_map.matcher is not None:
        kept: Matcher = url_map.matcher
        return kept
    matcher = Matcher()
    for rule in url_map.in_order:
        if rule.subdomain != url_map.default_subdomain:
            continue  # never matched where subdomains are not
        matcher.add(rule, url_map)
    url_map.matcher = matcher
    return matcher


class Matcher:
    """The rules of one map at one moment."""

    def __init__(self) -> None:
        # The places of the paths that rules name whole.
        self._static: dict[str, _Node] = {}
        self._root = _Node()
        self.longest = sys.maxsize
        """Beyond how many characters a path is left to whoever refuses it."""

    def add(self, rule: Rule, url_map: Map) -> None:
        """Take a rule into the tree, or mark its place as one to leave to Werkzeug."""
        if rule.build_only:
            return
        node = self._root
        converters: list[tuple[str, Test | None]] = []
        segments = rule.rule.split("/")[1:]
        simple = _is_simple(rule, url_map)
        for number, segment in enumerate(segments):
            if "<" not in segment and ">" not in segment:
                node = node.static.setdefault(segment, _Node())
                continue
            name = argument_of(segment)
            converter = None if name is None else rule._converters.get(name)
            if name is None or converter is None or not simple:
                node.unsure = True
                return
            last = number == len(segments) - 1
            if type(converter) is PathConverter and last:
                converters.append((name, None))
                node.rest.append(_Entry(rule, converters))
                return
            if not converter.part_isolating:
                node.unsure = True
                return
            node = _argument(node, converter)
            converters.append((name, _to_python(converter)))
        if not simple:
            node.ends_unsure = True
            return
        node.rules.append(_Entry(rule, converters))
        if not converters:
            self._static[rule.rule] = node

    def find(self, method: str, path: str) -> Found | None:
        """Return the rule and arguments of a path, None where nothing matches, or UNSURE."""
        # PERF: most paths of most apps are static; see benchmarks/growth.py.
        node = self._static.get(path)
        if node is not None:
            if not node.ends_unsure:
                for entry in node.rules:
                    methods = entry.rule.methods
                    if methods is None or method in methods:
                        return entry.rule, {} if entry.defaults is None else dict(entry.defaults)
            return UNSURE
        if not path.isascii() or path[:1] != "/" or "//" in path or "\n" in path:
            return UNSURE
        if path[self.longest :]:
            return UNSURE
        try:
            return _search(self._root, path.split("/"), 1, method, [])
        except (ValidationError, ValueError):
            return UNSURE


def _search(
    node: _Node, segments: list[str], at: int, method: str, taken: list[str]
) -> Found | None:
    """Return what the segments from one on find below a node; static ones come first."""
    if at == len(segments):
        return _ending(node, method, taken)
    segment = segments[at]
    child = node.static.get(segment)
    if child is not None:
        found = _search(child, segments, at + 1, method, taken)
        if found is not None:
            return found
    if node.unsure or not segment:
        # Without a segment: a slash at the end, that rules may take or ask to leave out.
        return UNSURE
    for _, _, test, child in node.arguments:
        if test(segment):
            found = _search(child, segments, at + 1, method, [*taken, segment])
            if found is not None:
                return found
    if not node.rest:
        return None
    if not segments[-1]:
        return UNSURE
    return _chosen(node.rest, method, [*taken, "/".join(segments[at:])])


def _ending(node: _Node, method: str, taken: list[str]) -> Found | None:
    """Return the rule that ends at a node, where the path does too."""
    if node.ends_unsure:
        return UNSURE
    if node.rules:
        return _chosen(node.rules, method, taken)
    # A rule that ends in a slash asks for a redirect.
    return UNSURE if "" in node.static else None


def _chosen(entries: list[_Entry], method: str, taken: list[str]) -> Found:
    """Return the first rule that takes the method, or UNSURE."""
    for entry in entries:
        methods = entry.rule.methods
        if methods is None or method in methods:
            return entry.rule, entry.values(taken)
    return UNSURE


def _is_simple(rule: Rule, url_map: Map) -> bool:
    """Tell whether a rule that matches is the answer: no redirect, no WebSocket, no subclass."""
    if type(rule) is not Rule or rule.websocket or rule.redirect_to or rule.alias:
        return False
    if rule.merge_slashes is False or "|" in rule.rule or "//" in rule.rule:
        return False
    if not rule.rule.isascii():
        return False
    # An earlier rule of the endpoint whose defaults give these arguments is the one to go to.
    for other in url_map.iter_rules(rule.endpoint):
        if other is not rule and other.defaults:
            return False
    return True


def _argument(node: _Node, converter: t.Any) -> _Node:
    """Return where a segment leads that a converter takes; converters alike lead to one place."""
    weight, pattern = converter.weight, converter.regex
    for known_weight, known_pattern, _, child in node.arguments:
        if (known_weight, known_pattern) == (weight, pattern):
            return child
    child = _Node()
    node.arguments.append((weight, pattern, _segment_test(converter), child))
    node.arguments.sort(key=lambda argument: argument[0])
    return child


def _segment_test(converter: t.Any) -> Test:
    # PERF: a string method in place of the regular expressions of the two common converters.
    if type(converter) is UnicodeConverter and converter.regex == r"[^/]{1,}":
        return bool
    if type(converter) is IntegerConverter and converter.regex == r"\d+":
        return str.isdigit
    return re.compile(converter.regex).fullmatch


def _to_python(converter: t.Any) -> Test | None:
    """Return what makes a segment a value, or None where it is one already."""
    if type(converter) is UnicodeConverter:
        return None
    plain = IntegerConverter(converter.map)
    if type(converter) is IntegerConverter and vars(converter) == vars(plain):
        return int
    return t.cast(Test, converter.to_python)
