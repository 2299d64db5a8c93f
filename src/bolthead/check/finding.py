"""What a check finds, and the rules by which: id, severity, why it matters, what to do."""

from __future__ import annotations

import enum
import typing as t
from dataclasses import dataclass

from .place import Place, shorten
from .subject import Subject


class Severity(enum.StrEnum):
    """How bad a finding is; an error makes the command end with status 1."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, at one place."""

    id: str
    severity: Severity
    place: Place
    what: str
    why: str
    fix: str

    def as_dict(self) -> dict[str, t.Any]:
        """Return the finding as ``bolthead check --json`` prints it."""
        return {
            "id": self.id,
            "severity": str(self.severity),
            "file": None if self.place.file is None else shorten(self.place.file),
            "line": self.place.line,
            "setting": self.place.setting,
            "what": self.what,
            "why": self.why,
            "fix": self.fix,
        }


Found = tuple[Place, str]
"""What a rule's function yields: where, and a sentence that says what is wrong there."""

Search = t.Callable[[Subject], t.Iterable[Found]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of finding: its id, what all findings of it have in common, and how they are found.

    ``only_deploy``: it is looked for with ``--deploy`` only.
    """

    id: str
    title: str
    severity: Severity
    why: str
    fix: str
    search: Search
    only_deploy: bool = False

    def findings(self, subject: Subject) -> t.Iterator[Finding]:
        """Yield the findings of this kind in an app, each place and text once."""
        for place, what in dict.fromkeys(self.search(subject)):
            yield Finding(self.id, self.severity, place, what, self.why, self.fix)


def rule(
    id: str,
    title: str,
    severity: Severity,
    *,
    why: str,
    fix: str,
    only_deploy: bool = False,
) -> t.Callable[[Search], Rule]:
    """Return a decorator that makes a function which searches an app a rule."""

    def make(search: Search) -> Rule:
        return Rule(id, title, severity, why, fix, search, only_deploy)

    return make
