"""Werkzeug's URL map, which notes when a rule is added, so that compiled plans stay true."""

from __future__ import annotations

import typing as t

from werkzeug.routing import Map, Rule
from werkzeug.routing.matcher import StateMachineMatcher

from ..made import made
from ..registry import Changes
from .linear import LinearMatcher

# Attributes of a map by which matching and building go.
_SETTINGS = frozenset(
    {"default_subdomain", "host_matching", "merge_slashes", "sort_key", "sort_parameters"}
)


class CountedMap(Map):
    """A URL map whose additions are noted, and whose rules match in linear time."""

    changes: Changes | None = None

    matcher: t.Any = None
    """What stands before this map, made for the rules that it has by now; None until then."""

    def __setattr__(self, name: str, value: t.Any) -> None:
        if name == "_matcher" and type(value) is StateMachineMatcher:
            value = LinearMatcher(value.merge_slashes)
        super().__setattr__(name, value)
        if name in _SETTINGS and self.changes is not None:
            super().__setattr__("matcher", None)
            self.changes.note()

    def __repr__(self) -> str:
        """Show a map as Werkzeug does: whether additions are noted is nothing to a reader."""
        text = super().__repr__()
        return text.removeprefix("Counted") if type(self) is CountedMap else text

    @made
    def in_order(self) -> list[Rule]:
        """The rules in the order in which they were added, which decides between equal ones."""
        return []

    def add(self, rulefactory: t.Any) -> None:
        """Add a rule, or the rules of a factory."""
        for rule in rulefactory.get_rules(self):
            super().add(rule)
            self.in_order.append(rule)
        self.matcher = None
        if self.changes is not None:
            self.changes.note()
