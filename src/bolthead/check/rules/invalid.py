"""Settings that cannot be what they are."""

from __future__ import annotations

import typing as t

from ...plan.settings import find_invalid
from ..finding import Found, Severity, rule
from ..subject import Subject


@rule(
    "B035",
    "A setting has a value that it cannot have",
    Severity.ERROR,
    why="Every request that comes to it is answered with a 500. 'bolthead run' and 'bolthead serve'"
    " refuse such an app; other servers do not know.",
    fix="Set it to one of the values that the finding names.",
)
def invalid_settings(subject: Subject) -> t.Iterator[Found]:
    """Look at the settings that plans are compiled with, and at the limits."""
    for setting, what in find_invalid(subject.app.config):
        yield subject.place_of(setting), what
