"""Werkzeug's URL map, which notes when a rule is added, so that compiled plans stay true."""

from __future__ import annotations

import typing as t

from werkzeug.routing import Map, Rule

from ..made import made
from ..registry import Changes


class CountedMap(Map):
    """A URL map whose additions are noted."""

    changes: Changes | None = None

    @made
    def in_order(self) -> list[Rule]:
        """The rules in the order in which they were added, which decides between equal ones."""
        return []

    def add(self, rulefactory: t.Any) -> None:
        """Add a rule, or the rules of a factory."""
        for rule in rulefactory.get_rules(self):
            super().add(rule)
            self.in_order.append(rule)
        if self.changes is not None:
            self.changes.note()
